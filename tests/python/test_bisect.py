# SPDX-License-Identifier: MIT
"""walkdiff bisect, on a history of Linux with bugs in it (bisect_history.py)."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from bisect_history import BROKEN_OFFSET, CASES, OFFSET, alike, commands_of, history
from kernel_trees import commit, git
from linux_repository import AT, LinuxRepository
from linuxgit import cache_folder
from walkdiff_driver.program import program
from walkdiff_driver.store import Sighting, Store, Walker

ROOT = Path(__file__).resolve().parents[2]
MANUAL = ROOT / "docs/bisect.md"


@dataclass
class Place:
    """A user's repository, and a folder with cases."""

    linux: LinuxRepository
    at: dict[str, str]
    folder: Path

    def bisect(self, *arguments: str, status: int = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(self.command(*arguments), capture_output=True, text=True, cwd=self.folder)
        assert done.returncode == status, done.stdout[-3000:] + done.stderr[-3000:]
        return done

    @staticmethod
    def command(*arguments: str) -> list[str]:
        return [str(program(ROOT)), "bisect", *arguments]

    def search(self, good: str, bad: str, case: str, *more: str) -> tuple[str, ...]:
        """The arguments of a bisection between commits named as in bisect_history.py."""
        ends = ("--good", self.at[good], "--bad", self.at[bad])
        return ("--linux", str(self.linux.path), *ends, "--case", f"{case}.json", *more)

    def found(self, good: str, bad: str, case: str, *more: str, status: int = 0) -> dict[str, Any]:
        """Bisects, and tells what was found; the repository is as it was."""
        before = self.linux.snapshot()
        done = self.bisect(*self.search(good, bad, case, "--json", *more), status=status)
        assert self.linux.snapshot() == before
        return json.loads(done.stdout)

    def named(self, found: dict[str, Any]) -> list[str]:
        """The names of the commits that were found."""
        names = {sha: name for name, sha in self.at.items()}
        return [names[culprit["sha"]] for culprit in found["culprits"]]

    def states(self, found: dict[str, Any]) -> dict[str, str]:
        """What was said of the commits that were asked, by their names."""
        names = {sha: name for name, sha in self.at.items()}
        return {names.get(told["commit"], "made"): told["state"] for told in found["tested"]}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    folder = tmp_path_factory.mktemp("bisect")
    linux, at = history(folder / "linux")
    for name, text in CASES.items():
        (folder / f"{name}.json").write_text(text)
    return Place(linux, at, folder)


def test_the_commit_that_brought_a_bug_is_found(place: Place) -> None:
    """From 6.12, which has another configuration and other headers, to commits that do not build."""
    found = place.found("v6.12", "head", "offset")
    assert place.named(found) == ["breaks OA"]
    assert found["before"]["judgement"]["got_words"].startswith("success: PA 0x80101000, ")
    assert found["after"]["judgement"]["got_words"].startswith("success: PA 0x80001000, ")
    assert found["signature"] == "LEAF_OUTPUT_ADDRESS s1 PA: right address → another address"


def test_the_commit_that_repaired_a_bug_is_found(place: Place) -> None:
    """The bad end is the older one. Nothing was planted: 6.12 has no Access flag faults."""
    found = place.found("breaks C", "v6.12", "access-flag")
    assert (found["first"], place.named(found)) == ("good", ["repairs AF"])
    assert found["after"]["judgement"]["verdict"] == "agree"
    assert found["before"]["commit"] == place.at["a remark"]


def test_another_bug_in_the_way_is_not_the_one(place: Place) -> None:
    found = place.found("v6.12", "head", "cacheability")
    assert place.named(found) == ["breaks C"]
    states = place.states(found)
    assert "skip" in (states.get("breaks SH"), states.get("a fifth remark"))
    reason = next(told["reason"] for told in found["tested"] if told["commit"] == place.at["breaks SH"])
    assert reason.startswith("wrong in another way: SHAREABILITY")


def test_with_any_wrong_answer_the_other_bug_is_found(place: Place) -> None:
    assert place.named(place.found("v7.3", "a fifth remark", "cacheability", "--any")) == ["breaks SH"]


def test_commits_that_do_not_build_beside_the_culprit_do_not_hide_it(place: Place) -> None:
    """It does not build itself. Put by itself on the last one that does, it alone makes the case go wrong."""
    found = place.found("repairs SH", "head", "access-flag")
    assert place.named(found) == ["breaks AF"]
    assert {place.states(found)[name] for name in ("does not build", "breaks AF", "a seventh remark")} == {"skip"}
    alone = {sha: outcome["state"] for sha, outcome in found["alone"].items()}
    assert alone[place.at["does not build"]] == "skip" and alone[place.at["breaks AF"]] == "wrong"


def test_paths_leave_out_commits_that_do_not_touch_them(place: Place) -> None:
    """And paths that the culprit does not touch are noticed."""
    found = place.found("v7.3", "repairs SH", "offset", "--", "arch/arm64/kvm/at.c")
    assert place.named(found) == ["breaks OA"]
    assert "a fifth remark" not in place.states(found)
    wrong = place.search("v7.3", "repairs SH", "offset", "--", "arch/arm64/kvm/nested.c")
    assert "answers the same: leave the paths out" in place.bisect(*wrong, status=2).stderr


@pytest.mark.parametrize(
    ("good", "bad", "case", "status", "message"),
    [
        (
            "v7.3",
            "a fourth remark",
            "offset",
            2,
            r"the bad end, .* answers as the architecture permits: success: PA 0x8010",
        ),
        ("breaks OA", "repairs SH", "offset", 2, r"the good end, .* is bad as well: success: PA 0x80001000"),
        ("breaks SH", "breaks C", "cacheability", 125, r"the good end, .*: wrong in another way: SHAREABILITY"),
        (
            "v7.3",
            "does not build",
            "access-flag",
            125,
            r"the bad end, .*: cannot be built: .*nested.c:\d+:2: #error they are not",
        ),
        ("v7.3", "v7.3", "offset", 2, "both ends are"),
    ],
)
def test_an_end_that_is_not_what_it_is_said_to_be_is_told(
    place: Place, good: str, bad: str, case: str, status: int, message: str
) -> None:
    before = place.linux.snapshot()
    assert re.search(message, place.bisect(*place.search(good, bad, case), status=status).stderr)
    assert place.linux.snapshot() == before


def test_a_finding_of_a_store_is_looked_for_by_its_signature(place: Place) -> None:
    store = place.folder / "store.sqlite"
    spec = f"kvm:{place.linux.path}@{place.at['head']}"
    common = {"mode": "nightly", "walkdiff": "0.1.0", "seed": 1, "shard": "1/1", "fingerprint": "f", "config": {}}
    finding = {
        "signature": "LEAF_OUTPUT_ADDRESS s1 PA: right address → another address",
        "title": "another address",
        "verdict": "deviation",
        "rule": "LEAF_OUTPUT_ADDRESS",
        "walker": "kvm",
        "facets": {},
        "count": 1,
        "first": {"seed": 1, "index": 1},
        "expected": {"par": "0x1"},
        "got": {"par": "0x2"},
        "case": json.loads(CASES["offset"]),
    }
    with Store.open(store) as opened:
        run = opened.begin_run(name="night", walkers=[Walker("kvm", spec, "1", "under test")], **common)
        opened.see(run, None, Sighting("kvm", finding, 1, {}))
        opened.end_run(run, "complete")
    ends = ("--good", "v7.3", "--bad", place.at["breaks OA"])
    linux = ("--linux", str(place.linux.path))
    done = place.bisect(*linux, *ends, "--finding", "1", "--store", "store.sqlite", "--json")
    assert place.named(json.loads(done.stdout)) == ["breaks OA"]
    (place.folder / "findings.jsonl").write_text(json.dumps({**finding, "signature": "ACCESS_FLAG s1 no such"}) + "\n")
    done = place.bisect(*linux, *ends, "--case", "findings.jsonl:1", status=125)
    assert "wrong in another way: LEAF_OUTPUT_ADDRESS" in done.stderr


def wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "what was waited for did not come"
        time.sleep(0.01)


def never_built(place: Place) -> tuple[str, str, str]:
    """The ends of some commits that no cache knows: each has to be built. The name of the one that breaks something."""
    salt = time.time_ns()
    last = place.at["v7.3"]
    for number in range(3):
        remark = f"/* {salt} {number} */\n"
        last = place.linux.change(
            last,
            f"commit {number}",
            AT,
            lambda text, remark=remark, breaks=number == 1: (
                (text.replace(OFFSET, BROKEN_OFFSET) if breaks else text) + remark
            ),
        )
        if number == 1:
            place.at["breaks OA anew"] = last
    place.at["never built"] = last
    return "v7.3", "never built", "breaks OA anew"


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_what_was_interrupted_is_resumed_where_it_was(place: Place, how: signal.Signals) -> None:
    """Killed in the middle of a step, most of which is a build: the first one, after both ends."""
    good, bad, culprit = never_built(place) if how == signal.SIGKILL else ("v6.12", "head", "breaks OA")
    before = place.linux.snapshot()
    sessions = cache_folder().parent / "bisect"
    known = set(sessions.glob("*"))
    arguments = place.search(good, bad, "offset")
    process = subprocess.Popen(place.command(*arguments), stderr=subprocess.PIPE, text=True, cwd=place.folder)

    def journal() -> list[str]:
        new = [folder for folder in sessions.glob("*") if folder not in known and (folder / "journal.jsonl").exists()]
        return (new[0] / "journal.jsonl").read_text().splitlines() if new else []

    wait_for(lambda: len(journal()) >= 2)
    time.sleep(0.3)
    process.send_signal(how)
    assert process.stderr
    told = process.stderr.read()
    assert process.wait() == (130 if how == signal.SIGINT else -9)
    if how == signal.SIGINT:
        assert "interrupted: `walkdiff bisect --resume` goes on" in told and "Traceback" not in told
    assert place.linux.snapshot() == before
    asked = [json.loads(line)["commit"] for line in journal()]
    done = place.bisect("--resume", "--linux", str(place.linux.path), "--json")
    found = json.loads(done.stdout)
    assert place.named(found) == [culprit]
    again = [json.loads(line)["commit"] for line in journal()]
    assert again[: len(asked)] == asked and len(set(again)) == len(again), "no commit is asked twice"
    assert place.linux.snapshot() == before
    assert "no bisection to be resumed" in place.bisect("--resume", "--linux", str(place.linux.path), status=2).stderr


def test_a_journal_that_was_cut_by_a_kill_is_read_to_its_last_whole_line(place: Place) -> None:
    sessions = cache_folder().parent / "bisect"
    known = set(sessions.glob("*"))
    arguments = place.search("v7.3", "breaks OA", "offset")
    place.bisect(*arguments)
    (session,) = (folder for folder in sessions.glob("*") if folder not in known)
    (session / "finished").unlink()
    text = (session / "journal.jsonl").read_bytes()
    (session / "journal.jsonl").write_bytes(text[:-40])
    found = json.loads(place.bisect("--resume", "--linux", str(place.linux.path), "--json").stdout)
    assert place.named(found) == ["breaks OA"]
    assert len((session / "journal.jsonl").read_bytes().splitlines()) == len(text.splitlines())


@pytest.mark.parametrize("repaired", [True, False])
def test_a_walker_of_another_kind_is_built_by_a_command(tmp_path: Path, repaired: bool) -> None:
    """It is a script; its build is a command that fails where the script is broken. No Linux is needed.

    Where the commit with the bug is also the one that makes the script work again, it may be either of the two.
    """
    repository = tmp_path / "walker"
    repository.mkdir()
    git(repository, "init", "-q", "-b", "main")
    script = (ROOT / "docs/examples/identity_walker.py").read_text()
    bug = script.replace("| 0x900", "| 0x800")
    assert bug != script
    texts = {
        "first": script,
        "remark": script + "# a remark\n",
        "broken": script + "(\n",
        **({"repaired": script} if repaired else {}),
        "bug": bug,
        "last": bug + "# the last\n",
    }
    shas = {}
    for name, text in texts.items():
        (repository / "walker.py").write_text(text)
        shas[name] = commit(repository, name)
    (repository / "walker.py").write_text("dirty")
    snapshot = {str(path): path.read_bytes() for path in repository.rglob("*") if path.is_file()}
    lines = (ROOT / "cases/examples/stage1.jsonl").read_text().splitlines()
    cases = [json.loads(line) for line in lines if line]
    case = tmp_path / "case.json"
    case.write_text(json.dumps(next(one for one in cases if one["id"] == "example-s1-off")))
    arguments = ["--git", str(repository), "--good", shas["first"], "--bad", "main", "--case", str(case), "--json"]
    arguments += ["--build", "python3 -m py_compile walker.py", "--walker", "exec:python3 walker.py"]
    done = subprocess.run(Place.command(*arguments), capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == (0 if repaired else 1), done.stderr
    found = json.loads(done.stdout)
    assert [culprit["subject"] for culprit in found["culprits"]] == (["bug"] if repaired else ["broken", "bug"])
    (skipped,) = (told for told in found["tested"] if told["state"] == "skip")
    assert skipped["commit"] == shas["broken"]
    assert "cannot be built: " in skipped["reason"] and "SyntaxError" in skipped["reason"]
    assert {str(path): path.read_bytes() for path in repository.rglob("*") if path.is_file()} == snapshot


def test_git_bisect_run_finds_the_commit_with_the_exit_statuses_of_replay(place: Place, tmp_path: Path) -> None:
    """As the manual says, in a clone: `git bisect` is the user's own there."""
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", "--no-checkout", "--shared", str(place.linux.path), str(clone))
    git(clone, "bisect", "start", "--no-checkout", place.at["head"], place.at["v7.3"])
    replay = [str(program(ROOT)), "replay", "--bisect", "--quiet", "--walker"]
    signature = "C_NON_CACHEABLE s1 Non-cacheable → as MAIR has it"
    command = f"{shlex.join(replay)} kvm:{clone}@$(git rev-parse BISECT_HEAD) --signature {shlex.quote(signature)}"
    told = git(clone, "bisect", "run", "sh", "-c", f"{command} {place.folder}/cacheability.json")
    assert f"{place.at['breaks C']} is the first bad commit" in told


@pytest.mark.parametrize("number", range(len(commands_of(MANUAL))))
def test_the_manuals_walkthrough_is_what_happens(place: Place, number: int) -> None:
    """Its commands are run in order; its output is what they print, but for times and the names of commits."""
    command, expected = commands_of(MANUAL)[number]
    if command.startswith("walkdiff debug") and not shutil.which("gdb") and not os.environ.get("CI"):
        pytest.skip("no gdb")
    path = f"{program(ROOT).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["/bin/sh", "-c", command.replace("~/linux", str(place.linux.path))],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=place.folder,
        env={**os.environ, "PATH": path},
    )
    printed = done.stdout.replace(str(place.linux.path), "~/linux")
    assert alike(printed) == alike(expected)
