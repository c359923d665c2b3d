# SPDX-License-Identifier: MIT
#
# The sources of the reader and writer of case files, for those who build them: the library wd_harness, and the fuzz
# targets, which need them with a compiler's instrumentation. They need yyjson::yyjson and wd_oracle.
set(WD_CASE_FILE_SOURCES
  ${CMAKE_CURRENT_LIST_DIR}/case_file.c
  ${CMAKE_CURRENT_LIST_DIR}/case_ids.c
  ${CMAKE_CURRENT_LIST_DIR}/case_members.c
  ${CMAKE_CURRENT_LIST_DIR}/case_result.c
  ${CMAKE_CURRENT_LIST_DIR}/case_words.c
  ${CMAKE_CURRENT_LIST_DIR}/case_write.c
  ${CMAKE_CURRENT_LIST_DIR}/../support/json_in.c
  ${CMAKE_CURRENT_LIST_DIR}/../support/json_out.c
  ${CMAKE_CURRENT_LIST_DIR}/../support/json_parser.c)
