# SPDX-License-Identifier: MIT
#
# The libraries that walkdiff stands on, each as an imported (or, for yyjson's sources, built) target:
#
#   yyjson::yyjson      always: the system's, or the sources that `./walkdiff setup` puts under WALKDIFF_DEPS_DIR
#   unicorn::unicorn    where libunicorn is found; without it the unicorn walker is not built
#   capstone::capstone  where libcapstone is found
#   cmocka::cmocka      where cmocka is found; without it the C unit tests are not built
#
# A user of an optional library asks `if(TARGET unicorn::unicorn)`.

set(WALKDIFF_DEPS_DIR ${PROJECT_SOURCE_DIR}/.deps CACHE PATH "where ./walkdiff setup unpacks library sources")
set(WALKDIFF_UNICORN_DIR "" CACHE PATH "the Python package `unicorn` to link with, instead of the system's library")
set(WALKDIFF_CAPSTONE_DIR "" CACHE PATH "the Python package `capstone` to link with, instead of the system's library")

find_package(PkgConfig QUIET)

# walkdiff_system_library(<name> <pkg-config query>): defines <name>::<name> if pkg-config finds the library.
function(walkdiff_system_library name query)
  if(NOT PkgConfig_FOUND)
    return()
  endif()
  pkg_check_modules(WALKDIFF_${name} QUIET IMPORTED_TARGET GLOBAL ${query})
  if(WALKDIFF_${name}_FOUND)
    add_library(${name}::${name} ALIAS PkgConfig::WALKDIFF_${name})
    message(STATUS "${name}: system library ${WALKDIFF_${name}_VERSION}")
  endif()
endfunction()

# walkdiff_wheel_library(<name> <folder>): defines <name>::<name> from the headers and the shared library that the Python
# package <name> carries in include/ and lib/. The file there need not have the name that the loader will look for: a
# link in the build folder has it.
function(walkdiff_wheel_library name folder)
  file(GLOB library ${folder}/lib/lib${name}.so*)
  if(NOT library OR NOT EXISTS ${folder}/include/${name}/${name}.h)
    message(FATAL_ERROR "${folder}: no include/${name}/${name}.h and lib/lib${name}.so* there")
  endif()
  list(GET library 0 library)
  execute_process(COMMAND ${CMAKE_READELF} -d ${library} OUTPUT_VARIABLE dynamic COMMAND_ERROR_IS_FATAL ANY)
  if(NOT dynamic MATCHES "SONAME[^[]*\\[([^]]+)\\]")
    message(FATAL_ERROR "${library} has no SONAME")
  endif()
  set(link ${PROJECT_BINARY_DIR}/wheels/${CMAKE_MATCH_1})
  file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/wheels)
  file(CREATE_LINK ${library} ${link} SYMBOLIC)
  add_library(${name}::${name} SHARED IMPORTED GLOBAL)
  set_target_properties(${name}::${name} PROPERTIES
    IMPORTED_LOCATION ${link}
    IMPORTED_SONAME ${CMAKE_MATCH_1}
    INTERFACE_INCLUDE_DIRECTORIES ${folder}/include)
  message(STATUS "${name}: ${library}")
endfunction()

walkdiff_system_library(yyjson "yyjson >= 0.9")
if(NOT TARGET yyjson::yyjson)
  set(yyjson_dir ${WALKDIFF_DEPS_DIR}/yyjson)
  if(NOT EXISTS ${yyjson_dir}/yyjson.c)
    message(FATAL_ERROR "yyjson is missing: no system library >= 0.9 and no ${yyjson_dir}/yyjson.c. Run ./walkdiff setup.")
  endif()
  add_library(yyjson STATIC ${yyjson_dir}/yyjson.c)
  target_compile_options(yyjson PRIVATE -w) # not ours to mend
  set_target_properties(yyjson PROPERTIES POSITION_INDEPENDENT_CODE ON)
  target_include_directories(yyjson SYSTEM INTERFACE ${yyjson_dir})
  add_library(yyjson::yyjson ALIAS yyjson)
  message(STATUS "yyjson: sources in ${yyjson_dir}")
endif()

foreach(name unicorn capstone)
  string(TOUPPER ${name} upper)
  if(WALKDIFF_${upper}_DIR)
    walkdiff_wheel_library(${name} ${WALKDIFF_${upper}_DIR})
  elseif(name STREQUAL unicorn)
    walkdiff_system_library(unicorn "unicorn >= 2.0.1")
  else()
    walkdiff_system_library(capstone "capstone >= 4.0")
  endif()
  if(NOT TARGET ${name}::${name})
    message(STATUS "${name}: not found")
  endif()
endforeach()

walkdiff_system_library(cmocka "cmocka >= 1.1")
