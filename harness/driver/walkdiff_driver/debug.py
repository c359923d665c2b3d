# SPDX-License-Identifier: MIT
"""`walkdiff debug`: opens gdb where a walker begins to answer a case."""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from walkdiff_driver import one_case
from walkdiff_driver.store import StoreError
from walkdiff_driver.verb import NOTHING_FOUND, Parser, VerbError, check_is_walker, complain, use_utf8, walkdiff_program

USAGE = """\
usage: walkdiff debug CASE --walker W [OPTIONS]

Opens gdb where a walker begins to answer a case: in the function of the tree's KVM that emulates the instruction, for
kvm:, else in the walker's function `answer`. CASE is FILE, or FILE:LINE, of cases or of a findings.jsonl. kvm: is built
anew for it, so that variables can be seen; the files of a revision are laid out in walkdiff's cache.

  --walker W       the walker; those that are programs of their own (exec:, qemu) are refused
  --command C      a gdb command to be given there; several are several options
  --batch          gives these, or else `backtrace` and `info args`, has the case answered, and ends
  --gdb GDB        another gdb
  --print          shows the command and what gdb is told, and starts nothing

Exit status: 0, 2 used wrongly, or there is no gdb or no such case, 125 the walker cannot be built; else gdb's own.
"""

CANNOT_BUILD = 125
ENTRIES_OF_KVM = ("__kvm_at_s1e01", "__kvm_at_s1e2", "__kvm_at_s12")
# By its name, where it has one: gdb then stops behind what the compiler puts before the first line.
ENTRY_OF_OTHERS = (
    'python f = gdb.block_for_pc(int(gdb.parse_and_eval("(long)api->answer"))); f = f and f.function; '
    'gdb.execute(f"tbreak -source {f.symtab.filename} -function {f.name}" if f else "tbreak *api->answer")'
)
PROGRAMS = {"exec": "its command", "qemu": "qemu-system-aarch64"}


class CannotBuild(VerbError):
    """The walker is not to be had."""


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = Parser("debug", USAGE)
    parser.add_argument("case")
    parser.add_argument("--walker")
    parser.add_argument("--command", action="append", default=[])
    parser.add_argument("--gdb", default="gdb")
    parser.add_argument("--batch", action="store_true")
    parser.add_argument("--print", action="store_true")
    given = parser.parse_args()
    if not given.walker:
        parser.error("--walker is missing")
    return given


def built(walker: str) -> str:
    """The spec that loads the walker of kvm:, built for a debugger. Raises VerbError."""
    spec = walker.removeprefix("kvm:")
    command = [sys.executable, "-P", "-m", "kvmbuild", f"{spec},debug"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    kind, _, what = done.stdout.strip().partition("\n")
    if kind == "library":
        exposed = ",as-exposed" if "as-exposed" in spec.split(",")[1:] else ""
        return f"so:{what}{exposed}"
    if kind == "command":
        raise VerbError(f"walker '{walker}': is a program of its own: gdb --args {what.removeprefix('exec ')}")
    message = f"walker '{walker}': {what or 'its builder failed'}"
    raise CannotBuild(f"cannot be built: {message}") if done.returncode == CANNOT_BUILD else VerbError(message)


def script(is_kvm: bool, commands: list[str], batch: bool) -> list[str]:
    """What gdb is told, a line a command."""
    entries = [f"tbreak {name}" for name in ENTRIES_OF_KVM] if is_kvm else [ENTRY_OF_OTHERS]
    lines = ["set confirm off", "set pagination off", "set debuginfod enabled off", "set print thread-events off"]
    lines += ["tbreak wd_call_walker", "commands", "silent", "end", "run", *entries, "continue"]
    lines += commands or (["backtrace", "info args"] if batch else [])
    return [*lines, *(["delete", "continue"] if batch else [])]


def debug(given: argparse.Namespace) -> int:
    """Starts gdb. @return the exit status"""
    name = given.walker.split(":")[0].split(",")[0]
    check_is_walker("debug", given.walker)
    if name in PROGRAMS:
        raise VerbError(
            f"walker '{given.walker}': is a program of its own, {PROGRAMS[name]}: start that with your debugger, and "
            f"give it the case on its standard input, or attach to it"
        )
    case = one_case.from_file(given.case).case
    gdb = shutil.which(given.gdb)
    if not gdb and not given.print:
        raise VerbError(f"{given.gdb} is not there: on Debian and Ubuntu `apt-get install gdb`, else name one by --gdb")
    spec = built(given.walker) if name == "kvm" else given.walker
    with tempfile.TemporaryDirectory(prefix="walkdiff-debug-") as scratch:
        file, told = Path(scratch, "case.json"), Path(scratch, "commands")
        one_case.write(file, case)
        lines = script(name == "kvm", given.command, given.batch)
        told.write_text("".join(f"{line}\n" for line in lines))
        options = ["-q", "-batch"] if given.batch else ["-q"]
        program = [walkdiff_program(), "run", "--in-process", "--walker", spec, str(file)]
        command = [gdb or given.gdb, *options, "-nx", "-x", str(told), "--args", *program]
        if given.print:
            shown = [shlex.quote(given.case) if word == str(file) else shlex.quote(word) for word in command]
            print(" ".join(shown))
            print("".join(f"  {line}\n" for line in lines), end="")
            return NOTHING_FOUND
        signal.signal(signal.SIGINT, lambda *_: None)  # Ctrl-C is gdb's: it stops the walker there
        return subprocess.run(command, env={**os.environ, "LC_ALL": "C.UTF-8"}).returncode


def main() -> int:
    """The verb."""
    use_utf8()
    given = arguments()
    try:
        return debug(given)
    except CannotBuild as error:
        complain(f"debug: {error}")
        return CANNOT_BUILD
    except (VerbError, StoreError) as error:
        return complain(f"debug: {error}")
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
