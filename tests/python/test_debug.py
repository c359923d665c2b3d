# SPDX-License-Identifier: MIT
"""walkdiff debug: gdb stops where the walker begins to answer the case."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from linux_repository import AT, LinuxRepository, linux_repository
from walkdiff_driver.program import program

ROOT = Path(__file__).resolve().parents[2]
CASE = "cases/examples/stage1-page.json"


def debug(*arguments: str, status: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [str(program(ROOT)), "debug", *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == status, done.stdout + done.stderr
    return done


@pytest.fixture
def gdb() -> None:
    if not shutil.which("gdb"):
        if os.environ.get("CI"):
            pytest.fail("gdb is not here")
        pytest.skip("no gdb")


@pytest.mark.usefixtures("gdb")
def test_it_stops_where_a_walker_in_this_process_answers() -> None:
    told = debug(CASE, "--walker", "sample,defect=S1-05", "--batch").stdout
    assert re.search(r"^#0  sample_answer \(walker=", told, re.MULTILINE)
    assert re.search(r"^count = 1$", told, re.MULTILINE)
    assert '{"id":"example-s1-page","par":"0xff00001234567980"' in told


@pytest.mark.usefixtures("gdb")
def test_it_stops_where_a_library_answers(tmp_path: Path) -> None:
    library = tmp_path / "walker.so"
    source = ROOT / "docs/examples/identity_walker.c"
    command = ["cc", "-g", "-shared", "-fPIC", "-I", str(ROOT), "-I", str(ROOT / "include"), "-o", str(library)]
    subprocess.run([*command, str(source)], check=True, cwd=ROOT)
    told = debug(CASE, "--walker", f"so:{library}", "--batch", "--command", "print/x cases[0]->va").stdout
    assert re.search(r"answer \(walker=.* at \S*identity_walker.c:\d+", told)
    assert "$1 = 0x8080604abc" in told


@pytest.mark.usefixtures("gdb")
def test_it_stops_in_the_function_of_the_tree(tmp_path: Path) -> None:
    """Also of a revision, whose files are laid out for it."""
    user = linux_repository(tmp_path / "linux")
    commands = ("--command", "print/x vaddr", "--command", "list __kvm_at_s1e01", "--command", "backtrace")
    told = debug(CASE, "--walker", f"kvm:{user.path}@v7.3", "--batch", *commands).stdout
    assert re.search(rf"^#0  __kvm_at_s1e01 \(vcpu=.* at \S*{AT}:\d+$", told, re.MULTILINE)
    assert "$1 = 0x8080604abc" in told
    assert "__kvm_at_s1e01(struct kvm_vcpu *vcpu, u32 op, u64 vaddr)" in told
    assert '{"id":"example-s1-page","par":"0xff00001234567980"}' in told


def test_what_gdb_is_told_can_be_seen() -> None:
    told = debug(CASE, "--walker", "sample", "--print", "--gdb", "no-gdb", "--command", "info args").stdout
    assert told.startswith("no-gdb -q -nx -x ") and f"run --in-process --walker sample {CASE}" in told
    assert "  tbreak wd_call_walker\n  commands\n  silent\n  end\n  run\n" in told and told.endswith(
        "  continue\n  info args\n"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--walker", "sample", "--gdb", "no-gdb"), "no-gdb is not there: on Debian and Ubuntu `apt-get install gdb`"),
        (("--walker", "exec:python3 w.py"), "is a program of its own, its command: start that with your debugger"),
        (("--walker", "kvm:nowhere"), "nowhere: no such folder"),
        ((), "--walker is missing"),
    ],
)
def test_what_cannot_be_debugged_is_told(arguments: tuple[str, ...], message: str) -> None:
    assert message in debug(CASE, *arguments, status=2).stderr


def test_a_tree_that_cannot_be_built_ends_with_125(tmp_path: Path) -> None:
    user = linux_repository(tmp_path / "linux")
    broken = user.change("v7.3", "broken", AT, lambda text: f"#error broken\n{text}")
    before = user.snapshot()
    assert "#error broken" in debug(CASE, "--walker", f"kvm:{user.path}@{broken}", status=125).stderr
    assert user.snapshot() == before


# ---------------------------------------------------------------- safety


def begun(walker: str, folder: Path, *commands: str) -> subprocess.Popen[str]:
    """A debug that goes on, in a process group of its own."""
    words = [str(program(ROOT)), "debug", str(ROOT / CASE), "--walker", walker, "--batch"]
    words += [word for command in commands for word in ("--command", command)]
    told = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "stdin": subprocess.DEVNULL}
    return subprocess.Popen(words, text=True, cwd=folder, start_new_session=True, **told)  # type: ignore[call-overload]


def wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "what was waited for did not come"
        time.sleep(0.01)


def never_built(user: LinuxRepository) -> str:
    """A walker that no cache knows: it has to be built."""
    remark = f"/* {time.time_ns()} */\n"
    return f"kvm:{user.path}@{user.change('v7.3', 'a remark', AT, lambda text: text + remark)}"


def compiles(group: int) -> bool:
    """Whether a compiler runs in a process group."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            name, _, rest = (process / "stat").read_text().partition("(")[2].rpartition(")")
        except OSError:
            continue
        if rest.split()[2] == str(group) and re.search(r"cc1$|gcc", name):
            return True
    return False


@pytest.mark.usefixtures("gdb")
def test_nothing_of_the_users_repository_is_touched_whatever_ends_it(tmp_path: Path) -> None:
    """Killed while it builds, killed while gdb is open, and with success."""
    user = linux_repository(tmp_path / "linux")
    walker = never_built(user)
    before = user.snapshot()
    process = begun(walker, tmp_path)
    wait_for(lambda: compiles(process.pid))
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert user.snapshot() == before

    process = begun(walker, tmp_path, "shell touch stopped", "shell sleep 60")
    wait_for((tmp_path / "stopped").exists)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert user.snapshot() == before

    told, _ = begun(walker, tmp_path, "print/x vaddr").communicate()
    assert "$1 = 0x8080604abc" in told and '"par":"0xff00001234567980"' in told
    assert user.snapshot() == before


@pytest.mark.usefixtures("gdb")
def test_ctrl_c_is_left_to_gdb(tmp_path: Path) -> None:
    """It is how one stops a walker that does not end; it does not end gdb."""
    process = begun("sample", tmp_path, "shell touch stopped; while [ ! -e go ]; do sleep 0.01; done", "info args")
    wait_for((tmp_path / "stopped").exists)
    process.send_signal(signal.SIGINT)
    time.sleep(0.5)  # as long as it took subprocess to kill gdb, and more
    (tmp_path / "go").touch()
    told, _ = process.communicate(timeout=60)
    assert process.returncode == 0 and "count = 1" in told, told
