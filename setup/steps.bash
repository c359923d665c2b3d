# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154
#
# The steps of set-up, for ../walkdiff, which defines root, build, program, python, stamp, say() and fingerprint().
# Each step looks first whether its work is done, so set-up can be run, stopped and run again at any time.

log=$root/build/setup.log
wanted=(run test) # the lines of packages.txt that count; --ci adds ci
missing=()        # Debian packages whose work nothing on this machine does
wheels=()         # Python packages that do it instead of some of them
left_out=()       # those that only tests need
essential=()      # those that nothing makes up for
said=             # what the step that just ran has to say

# Source packages that Debian 12 has in a version from which we want a newer one, of its backports. Where that can not be
# had, the older one does.
from_backports=(qemu)

# ---- what the machine has ----

# newer_or_equal <version> <minimum>
newer_or_equal() {
    printf '%s\n%s\n' "$2" "$1" | sort -V -C
}

# has_command <name>[>=<version>]
has_command() {
    local name=${1%%>=*} output
    command -v "$name" >/dev/null || return 1
    [[ $1 == *">="* ]] || return 0
    output=$("$name" --version 2>&1)
    [[ $output =~ [0-9]+(\.[0-9]+)+ ]] && newer_or_equal "${BASH_REMATCH[0]}" "${1##*>=}"
}

has_header() {
    command -v cc >/dev/null && printf '#include <%s>\n' "$1" | cc -E - >/dev/null 2>&1
}

# has_library <name>>=<version>
has_library() {
    command -v pkg-config >/dev/null && pkg-config --exists "${1%%>=*} >= ${1##*>=}"
}

clang_links_with() {
    command -v clang >/dev/null &&
        printf 'int LLVMFuzzerTestOneInput(void) { return 0; }\n' | clang "$1" -x c - -o /dev/null 2>/dev/null
}

# Prints the first Python that is new enough and can make virtual environments.
find_python() {
    local name
    for name in python3 /usr/bin/python3 python3.{14,13,12,11}; do
        if "$name" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            printf '%s\n' "$name"
            return
        fi
    done
    return 1
}

# is_there <kind>:<what>, as in packages.txt
is_there() {
    local what=${1#*:}
    case $1 in
        command:*) has_command "$what" ;;
        header:*) has_header "$what" ;;
        library:*) has_library "$what" ;;
        file:*) [[ -e $what ]] ;;
        python:venv) find_python >/dev/null ;;
        clang:*) clang_links_with "$what" ;;
        *) say "setup/packages.txt: $1: unknown kind" && exit 2 ;;
    esac
}

# each_package <function>: calls it with the fields of each line of packages.txt.
each_package() {
    local package purpose see wheel text
    while IFS='|' read -r package purpose see wheel text; do
        [[ $package == "#"* ]] || "$1" "${package// /}" "${purpose// /}" "${see// /}" "${wheel// /}" "${text# }"
    done <"$root/setup/packages.txt"
}

note_if_missing() {
    [[ " ${wanted[*]} " == *" $2 "* ]] || return 0
    is_there "$3" && return
    missing+=("$1")
    if [[ $4 != - ]]; then
        [[ " ${wheels[*]} " == *" $4 "* ]] || wheels+=("$4")
    elif [[ $2 == test ]]; then
        left_out+=("$1")
    else
        essential+=("$1")
    fi
}

find_missing() {
    missing=() wheels=() left_out=() essential=()
    each_package note_if_missing
}

has_apt() {
    command -v apt-get >/dev/null
}

# Prints the command that runs another as root; fails if there is none that works without a question.
as_root() {
    if [[ $(id -u) == 0 ]]; then
        echo env
    elif sudo -n true 2>/dev/null; then
        echo sudo env
    else
        return 1
    fi
}

install_line() {
    if has_apt; then
        printf 'sudo apt-get install -y --no-install-recommends %s' "${missing[*]}"
    else
        printf 'install, by the names of your distribution: %s' "${missing[*]}"
    fi
}

# ---- the steps ----

# step <name> <what it does> <function> [<exit status>]: one line on the terminal, everything else in the log. If it
# fails, set-up ends, with status 2 if no other is given.
step() {
    local name=$1 begin=$SECONDS status=0 taken
    said=
    [[ ! -t 2 ]] || printf 'setup: %-9s %s …' "$name" "$2" >&2
    printf '\n== %s\n' "$name" >>"$log"
    "$3" >>"$log" 2>&1 </dev/null || status=$?
    [[ ! -t 2 ]] || printf '\r\033[K' >&2
    if ((status)); then
        say "setup: $name FAILED:"
        sed "1,/^== $name\$/d" "$log" | tail -n 30 | sed 's/^/    | /' >&2
        say "(the whole log: $log)"
        say "When that is mended, run the same command again; what is done stays done."
        exit "${4:-2}"
    fi
    taken=$((SECONDS - begin))
    ((taken == 0)) || said+=" ($taken s)"
    say "$(printf 'setup: %-9s %s' "$name" "$said")"
}

# has_missing_backport: whether something is missing that would better come from Debian 12's backports.
has_missing_backport() {
    [[ " ${missing[*]} " == *" qemu-system-arm "* && -r /etc/os-release ]] &&
        (. /etc/os-release && [[ ${VERSION_CODENAME-} == bookworm ]])
}

# Adds the suite of backports, from where the machine gets bookworm itself, with so low a priority that nothing comes
# from it but from_backports.
add_backports() {
    local su=$1 suite=bookworm-backports site name=walkdiff-backports package
    local source=/etc/apt/sources.list.d/$name.sources pins=/etc/apt/preferences.d/$name
    [[ ! -e $source ]] || return 0
    site=$(apt-get indextargets --format '$(SITE) $(CODENAME) $(ORIGIN) $(COMPONENT)' 'Created-By: Packages' |
        sed -n 's/ bookworm Debian main$//p' | head -n 1)
    [[ -n $site ]] || { printf 'no source of Debian 12 is known to apt: backports are not used\n'; return 0; }
    {
        printf 'Package: *\nPin: release n=%s\nPin-Priority: 1\n' "$suite"
        for package in "${from_backports[@]}"; do
            printf '\nPackage: src:%s\nPin: release n=%s\nPin-Priority: 500\n' "$package" "$suite"
        done
    } | $su tee "$pins" >/dev/null || return
    printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: main\nSigned-By: %s\n' "$site" "$suite" \
        /usr/share/keyrings/debian-archive-keyring.gpg | $su tee "$source" >/dev/null || return
    if ! $su apt-get -q update -o Dir::Etc::sourcelist="$source" -o Dir::Etc::sourceparts=/dev/null \
        -o APT::Get::List-Cleanup=false -o APT::Update::Error-Mode=any; then
        printf '%s can not be had: it is left out\n' "$suite"
        $su rm -f "$source" "$pins"
    fi
}

install_packages() {
    local su available=() package
    su=$(as_root) || return
    ! has_missing_backport || add_backports "$su" || return
    $su dpkg --configure -a && # an interrupted installation stops the next one otherwise
        $su apt-get -q update || return
    for package in "${missing[@]}"; do
        [[ ! $(LC_ALL=C apt-cache policy "$package") =~ Candidate:\ [0-9] ]] || available+=("$package")
    done
    $su DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 \
        install --no-install-recommends "${available[@]}" || return
    hash -r
    said="installed ${available[*]}"
}

get_packages() {
    find_missing
    if ((${#missing[@]})) && [[ ${WALKDIFF_APT-} != no ]] && has_apt && as_root >/dev/null; then
        step packages "installing ${#missing[@]} with apt" install_packages
        find_missing
    fi
    if ((${#essential[@]})); then
        say "setup: some packages are missing. Run this line, then ./walkdiff again:"
        say "    $(install_line)"
        exit 2
    fi
    if ((${#missing[@]})); then
        say "setup: packages  missing, but set-up goes on: ${missing[*]}"
        ((${#wheels[@]} == 0)) || say "setup:           Python packages take the place of: ${wheels[*]}"
        ((${#left_out[@]} == 0)) || say "setup:           TESTS ARE LEFT OUT for want of: ${left_out[*]}"
        say "setup:           to have them: $(install_line)"
    fi
}

# What .venv is made of: the first line of its stamp.
environment_fingerprint() {
    local files=("$root/setup/requirements.txt")
    ((${#wheels[@]} == 0)) || files+=("$root/setup/wheels.txt")
    printf '%s %s\n' "$root ${#wheels[@]}" "$(cat "${files[@]}" | sha256sum)"
}

pip() {
    "$python" -m pip --disable-pip-version-check --no-input "$@"
}

make_environment() {
    local mark=$root/.venv/set-up want files=(-r "$root/setup/requirements.txt")
    want=$(environment_fingerprint)
    ((${#wheels[@]} == 0)) || files+=(-r "$root/setup/wheels.txt")
    if [[ -f $mark && $(<"$mark") == "$want" ]] && "$python" -c 'import pytest'; then
        said="already there"
        return
    fi
    "$(find_python)" -m venv --clear "$root/.venv" &&
        pip install --require-hashes --only-binary :all: "${files[@]}" &&
        printf '%s\n' "$want" >"$mark" &&
        said="made .venv with $("$python" --version)"
}

# Debian 12 has no package of yyjson. Its sources come with a Python package, whose hash sources.txt holds.
get_yyjson() {
    local deps=$root/.deps mark=$root/.deps/yyjson/set-up want
    want=$(sha256sum <"$root/setup/sources.txt")
    if has_library "yyjson>=0.9"; then
        said="the system's library"
        return
    fi
    if [[ -f $mark && $(<"$mark") == "$want" ]]; then
        said="already there"
        return
    fi
    # pip looks into a source package before it keeps it: with our setuptools, so that nothing else is fetched.
    rm -rf "$deps/new" &&
        mkdir -p "$deps/new/yyjson" &&
        pip download --require-hashes --no-deps --no-binary :all: --no-build-isolation -d "$deps/new" \
            -r "$root/setup/sources.txt" &&
        tar -xzf "$deps"/new/*.tar.gz -C "$deps/new/yyjson" --strip-components=2 --wildcards '*/yyjson/yyjson.[ch]' &&
        printf '%s\n' "$want" >"$deps/new/yyjson/set-up" &&
        rm -rf "$deps/yyjson" &&
        mv "$deps/new/yyjson" "$deps/yyjson" &&
        rm -rf "$deps/new" &&
        said="unpacked to .deps/yyjson"
}

# wheel_folder <name> <library>: where the Python package is, if it stands in for the system's library.
wheel_folder() {
    has_library "$2" || "$python" -c 'import sys, sysconfig; print(sysconfig.get_path("platlib") + "/" + sys.argv[1])' "$1"
}

configure() {
    local cmake=cmake fresh=()
    has_command "cmake>=3.25" || cmake=$root/.venv/bin/cmake
    # A build folder belongs to the place where it was made.
    if ! grep -qsxF "CMAKE_HOME_DIRECTORY:INTERNAL=$root" "$build/CMakeCache.txt"; then fresh=(--fresh); fi
    (cd "$root" &&
        "$cmake" --preset "${build##*/}" "${fresh[@]}" \
            -DWALKDIFF_UNICORN_DIR="$(wheel_folder unicorn 'unicorn>=2.0.1')" \
            -DWALKDIFF_CAPSTONE_DIR="$(wheel_folder capstone 'capstone>=4.0')") &&
        said="build/${build##*/}"
}

compile() {
    ninja -C "$build" && said="done"
}

# From here to end_steps an interruption is told on the terminal, even from within a step, whose output is in the log.
begin_steps() {
    date '+%Y-%m-%d %H:%M:%S' >"$log"
    exec 8>&2
    trap 'say "setup: interrupted. Run the same command again; what is done stays done." 2>&8; exit 130' INT TERM
}

end_steps() {
    trap - INT TERM
    exec 8>&-
}

rebuild() {
    begin_steps
    step build "compiling what changed" compile 125
    end_steps
}

set_up() {
    [[ $* != *--ci* ]] || wanted+=(ci)
    say "setup: begins (log: build/setup.log)"
    begin_steps
    get_packages
    step python "making .venv" make_environment
    step yyjson "fetching its sources" get_yyjson
    step configure "running CMake" configure
    fingerprint >"$stamp"
    step build "compiling" compile 125
    end_steps
}

# ---- doctor ----

report_package() {
    local state=ok
    is_there "$3" || state=missing
    printf '  %-8s %-16s %-5s %s\n' "$state" "$1" "$2" "$5"
}

doctor() {
    local os=unknown
    [[ ! -r /etc/os-release ]] || os=$(. /etc/os-release && printf '%s' "$PRETTY_NAME")
    printf 'machine  %s, %s, %s processors\n\n' "$os" "$(uname -m)" "$(nproc)"
    printf '  %-8s %-16s %-5s %s\n' state package for 'what it does'
    each_package report_package
    find_missing
    printf '\ntree     %s\n' "$(is_set_up && echo 'set up' || echo 'not set up: the next ./walkdiff does it')"
    if ((${#missing[@]} == 0)); then
        printf 'packages all there\n'
        return
    fi
    printf 'packages to have all: %s\n' "$(install_line)"
    ((${#wheels[@]} == 0)) || printf 'without: set-up takes Python packages: %s\n' "${wheels[*]}"
    ((${#left_out[@]} == 0)) || printf 'without: some tests are left out\n'
    if [[ ${WALKDIFF_APT-} != no ]] && has_apt && as_root >/dev/null; then
        printf 'set-up   installs them itself\n'
    elif ((${#essential[@]})); then
        printf 'set-up   cannot go on without them\n'
    fi
    return 1
}
