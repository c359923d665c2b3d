# SPDX-License-Identifier: MIT
"""The launcher ./walkdiff: in a tree that counts as set up, and on a machine that has nothing."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2]

# Builds the program from one file; `compile` takes a moment and fails if it meets another that runs.
BUILD_NINJA = """
rule compile
  command = ../../compile $in $out
build harness/walkdiff: compile ../../source
"""
COMPILE = """#!/bin/sh
mkdir ../../compiling || { echo "two compile at once"; exit 1; }
trap 'rmdir ../../compiling' EXIT
trap 'exit 1' INT TERM
echo started >>../../compiled
sleep 0.3
if grep -q mistake "$1"; then echo "source:1: a mistake"; exit 1; fi
cp "$1" "$2"
chmod +x "$2"
"""
SHOW_CALL = '#!/bin/sh\necho "called in $PWD with $*"\nexit 7\n'

# What the launcher itself runs; nothing else is in PATH on the bare machine.
BARE_COMMANDS = (
    "bash",
    "cat",
    "date",
    "dirname",
    "env",
    "flock",
    "mkdir",
    "nproc",
    "readlink",
    "sed",
    "sha256sum",
    "sort",
    "uname",
)


def write_executable(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    """A fresh clone, as far as the launcher looks."""
    tree = tmp_path / "tree"
    tree.mkdir()
    shutil.copy(SOURCE / "walkdiff", tree)
    shutil.copytree(SOURCE / "setup", tree / "setup")
    return tree


@pytest.fixture
def ready(fresh: Path) -> Path:
    """A tree that counts as set up, and whose build is ours."""
    build = fresh / "build" / "release"
    (build / "harness").mkdir(parents=True)
    (build / "build.ninja").write_text(BUILD_NINJA)
    write_executable(fresh / "compile", COMPILE)
    write_executable(fresh / "source", SHOW_CALL)
    (fresh / ".venv" / "bin").mkdir(parents=True)
    write_executable(fresh / ".venv" / "bin" / "python", SHOW_CALL)
    files = sorted((fresh / "setup").iterdir(), key=lambda file: file.name)
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
    (build / "set-up").write_text(f"{fresh} {digest}  -\n")
    return fresh


@pytest.fixture
def bare(tmp_path: Path) -> dict[str, str]:
    """The environment of a Debian machine where nothing is installed and nobody is root."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for command in BARE_COMMANDS:
        (folder / command).symlink_to(shutil.which(command) or command)
    write_executable(folder / "id", "#!/bin/sh\necho 1000\n")
    write_executable(folder / "apt-get", '#!/bin/sh\necho "apt-get must not be called"\nexit 99\n')
    return {"PATH": str(folder)}


def launch(
    tree: Path, *arguments: str, cwd: Path | None = None, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(tree / "walkdiff"), *arguments], cwd=cwd or tree, env=env, capture_output=True, text=True, timeout=60
    )


def start(tree: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [str(tree / "walkdiff"), *arguments],
        cwd=tree,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def compilations(tree: Path) -> int:
    log = tree / "compiled"
    return len(log.read_text().splitlines()) if log.exists() else 0


def test_the_program_gets_the_arguments_and_the_folder_and_gives_its_status(ready: Path, tmp_path: Path) -> None:
    done = launch(ready, "replay", "a file", "--json", cwd=tmp_path)
    assert done.stdout == f"called in {tmp_path} with replay a file --json\n"
    assert done.returncode == 7


def test_tests_are_run_by_pytest_in_the_tree(ready: Path, tmp_path: Path) -> None:
    done = launch(ready, "test", "-k", "walk", cwd=tmp_path)
    assert done.stdout == f"called in {ready} with -m pytest -k walk\n"
    assert done.returncode == 7


def test_nothing_is_compiled_or_said_when_nothing_changed(ready: Path) -> None:
    launch(ready, "run")
    done = launch(ready, "run")
    assert compilations(ready) == 1
    assert done.stderr == ""


def test_what_changed_is_compiled_before_the_program_runs(ready: Path) -> None:
    launch(ready, "run")
    write_executable(ready / "source", "#!/bin/sh\necho changed\n")
    done = launch(ready, "run")
    assert done.stdout == "changed\n"
    assert done.stderr.startswith("setup: build")


def test_a_compilation_that_fails_shows_why_and_ends_with_125(ready: Path) -> None:
    (ready / "source").write_text("mistake\n")
    done = launch(ready, "run")
    assert done.returncode == 125
    assert done.stdout == ""
    assert "source:1: a mistake" in done.stderr
    assert "build/setup.log" in done.stderr


def test_two_at_once_compile_once(ready: Path) -> None:
    both = [start(ready, "run"), start(ready, "run")]
    errors = [process.communicate(timeout=60)[1] for process in both]
    assert [process.returncode for process in both] == [7, 7], errors
    assert compilations(ready) == 1
    assert sum("waiting" in error for error in errors) == 1


def test_an_interrupted_compilation_says_so_and_the_next_run_takes_it_up(ready: Path) -> None:
    process = start(ready, "run")
    while not compilations(ready):
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "interrupted" in errors
    done = launch(ready, "run")
    assert done.returncode == 7, done.stderr
    assert compilations(ready) == 2


def test_help_before_set_up_names_the_two_commands_and_sets_up_nothing(fresh: Path) -> None:
    for arguments in ((), ("--help",)):
        done = launch(fresh, *arguments)
        assert done.returncode == 0
        assert "./walkdiff fuzz" in done.stdout
        assert "./walkdiff test" in done.stdout
    assert not (fresh / "build").exists()


def test_set_up_refuses_arguments_that_it_does_not_know(fresh: Path) -> None:
    done = launch(fresh, "setup", "--fast")
    assert done.returncode == 2
    assert done.stderr == "usage: ./walkdiff setup [--ci]\n"


def test_without_root_and_compiler_set_up_prints_the_one_line_to_run(fresh: Path, bare: dict[str, str]) -> None:
    done = launch(fresh, "fuzz", env=bare)
    assert done.returncode == 2
    line = next(line for line in done.stderr.splitlines() if "apt-get" in line)
    assert line.startswith("    sudo apt-get install -y --no-install-recommends gcc libc6-dev cmake ninja-build")
    assert not (fresh / ".venv").exists()


def test_where_there_is_no_apt_the_packages_are_named(fresh: Path, bare: dict[str, str]) -> None:
    Path(bare["PATH"], "apt-get").unlink()
    done = launch(fresh, "fuzz", env=bare)
    assert done.returncode == 2
    assert "by the names of your distribution: gcc" in done.stderr


def test_doctor_says_what_is_missing_and_changes_nothing(fresh: Path, bare: dict[str, str]) -> None:
    done = launch(fresh, "doctor", env=bare)
    assert done.returncode == 1
    assert "  missing  gcc              run   compiles the program" in done.stdout
    assert "sudo apt-get install" in done.stdout
    assert "not set up" in done.stdout
    assert not (fresh / "build").exists()


def test_doctor_leaves_out_of_the_line_what_is_there(fresh: Path, bare: dict[str, str]) -> None:
    write_executable(Path(bare["PATH"], "cmake"), "#!/bin/sh\necho 'cmake version 3.25.1'\n")
    done = launch(fresh, "doctor", env=bare)
    assert "  ok       cmake" in done.stdout
    assert " cmake " not in next(line for line in done.stdout.splitlines() if "apt-get" in line)


def test_a_tool_that_is_too_old_counts_as_missing(fresh: Path, bare: dict[str, str]) -> None:
    write_executable(Path(bare["PATH"], "cmake"), "#!/bin/sh\necho 'cmake version 3.9.6'\n")
    assert "  missing  cmake" in launch(fresh, "doctor", env=bare).stdout


def test_no_file_of_set_up_names_a_package_registry() -> None:
    for file in (SOURCE / "setup").iterdir():
        assert "://" not in file.read_text(), f"{file.name} names a host"
