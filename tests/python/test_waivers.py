# SPDX-License-Identifier: MIT
"""cases/waivers/: each waiver is for one thing, says why, and is shown by a case; with them nothing is left to find."""

from __future__ import annotations

import fnmatch
import json
import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from kernel_trees import tree
from walkdiff_driver.program import build_folder, program

ROOT = Path(__file__).resolve().parents[2]
CASES = ROOT / "cases"
FOLDER = CASES / "waivers"
INCLUDE = ROOT / "include" / "walkdiff"

CITATION = re.compile(r"\b[RI]_[A-Z]{5}\b|\b[A-K]\d+(\.\d+)+\b|\b[A-Z][A-Z0-9]*_EL[012]\b")


def load() -> list[dict[str, str]]:
    """Every waiver that there is."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.toml"))]
    return [waiver for text in texts for waiver in tomllib.loads(text)["waiver"]]


WAIVERS = load()
each_waiver = pytest.mark.parametrize("waiver", WAIVERS, ids=[waiver["id"] for waiver in WAIVERS])


def walkdiff(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(program(ROOT)), *arguments], cwd=ROOT, capture_output=True, text=True, timeout=300)


def needs(walker: str) -> None:
    """Skips a test whose walker cannot be had here; CI, which installs everything, fails."""
    if walker == "qemu":
        if not shutil.which("qemu-system-aarch64"):
            (pytest.fail if os.environ.get("CI") else pytest.skip)("QEMU is not installed: see ./walkdiff doctor")
        version = subprocess.run(
            ["qemu-system-aarch64", "--version"], capture_output=True, text=True, check=True
        ).stdout
        if " 10.0." not in version:
            pytest.skip(f"the waivers are for QEMU 10.0, this is another: {version.splitlines()[0]}")
        return
    module = build_folder(ROOT) / "walkers" / f"{walker}.so"
    if not module.exists():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{module} is not built: its library was not found")


def spec_of(walker: str) -> str:
    """A walker that the waivers of this name are of, if it can be had here."""
    if walker == "kvm":
        return f"kvm:{tree('7.3')}"
    needs(walker)
    return walker


def names(header: str, macro: str) -> list[str]:
    """The first argument of each entry of a table."""
    return re.findall(rf"^{macro}\((\w+),", (INCLUDE / header).read_text(encoding="utf-8"), re.MULTILINE)


def cause_signatures() -> list[str]:
    """The signatures of all causes that the judge can name, as harness/judge/causes.c makes them."""
    mistakes = (INCLUDE / "mistakes.def").read_text(encoding="utf-8")
    left_out = [f"{rule} s{stage} fault → not checked" for rule in names("rules.def", "WD_RULE") for stage in (1, 2)]
    return left_out + [
        f"{rule} s{stage} {words}"
        for stage, rule, words in re.findall(r'^WD_MISTAKE\(\w+, (\d), (\w+),\s+"(.*)"\)$', mistakes, re.MULTILINE)
    ]


def test_there_are_waivers() -> None:
    assert len(WAIVERS) > 10


@each_waiver
def test_a_waiver_names_a_rule_and_only_findings_of_it(waiver: dict[str, str]) -> None:
    first = waiver["signature"].split(" ", 1)[0]
    if first in ("warn:", "crash:"):  # the cause is a place in the walker's code
        assert waiver["rule"] == "NONE"
        return
    assert waiver["rule"] in names("rules.def", "WD_RULE") + names("choices.def", "WD_CHOICE")
    assert first in (waiver["rule"], "inconsistent:")


@each_waiver
def test_a_waiver_cites_the_architecture_and_tells_what_the_walker_does(waiver: dict[str, str]) -> None:
    assert CITATION.search(waiver["reason"]), "no rule, section or register is cited"
    assert len(waiver["reason"]) > 40
    assert len(waiver["instead"]) > 10
    assert waiver["link"].startswith("https://")


@each_waiver
def test_a_waiver_matches_one_cause_that_no_other_matches(waiver: dict[str, str]) -> None:
    if waiver["rule"] == "NONE":  # a place in the walker's code, or its last words
        assert sum(waiver["signature"] == other["signature"] for other in WAIVERS) == 1
        return
    matched = [text for text in cause_signatures() if fnmatch.fnmatchcase(text, waiver["signature"])]
    assert len({re.sub(r" s[12] ", " ", text, count=1) for text in matched}) == 1, "one cause, in one stage or both"
    for other in WAIVERS:
        if other is not waiver and other["walker"] == waiver["walker"]:
            assert not any(fnmatch.fnmatchcase(text, other["signature"]) for text in matched), other["id"]


@each_waiver
def test_the_case_of_a_waiver_is_waived_by_it(waiver: dict[str, str]) -> None:
    spec = waiver.get("spec", spec_of(waiver["walker"]))
    done = walkdiff("replay", "--walker", spec, "--json", str(CASES / waiver["case"]))
    assert done.returncode == 0, done.stdout + done.stderr
    (line,) = done.stdout.splitlines()
    judgement = json.loads(line)
    assert (judgement["verdict"], judgement["waiver"]) == ("waived", waiver["id"])
    assert judgement["rule"] == waiver["rule"]


def test_every_case_beside_the_waivers_belongs_to_one() -> None:
    stored = {str(path.relative_to(CASES)) for path in FOLDER.rglob("*.json*")}
    assert stored == {waiver["case"] for waiver in WAIVERS}


@pytest.mark.parametrize("profile", ["v80", "n1", "lva64", "v92"])
def test_unicorn_departs_from_the_architecture_only_as_its_waivers_say(profile: str) -> None:
    needs("unicorn")
    done = walkdiff(
        *("fuzz", "--walker", "unicorn", "--ref", "none", "--profile", profile),
        *("--seed", "7", "--cases", "20000", "--json"),
    )
    summary = json.loads(done.stdout)
    assert [finding["signature"] for finding in summary["findings"]] == []
    assert done.returncode == 0, done.stderr
    assert summary["walkers"][0]["verdicts"]["waived"] > 100


def answers() -> dict[str, str]:
    """What QEMU 10.0.2 answers to the cases of its waivers, by their ids: lines of results."""
    lines = (ROOT / "tests" / "python" / "answers" / "qemu-10.0.2.jsonl").read_text(encoding="utf-8").splitlines()
    return {json.loads(line)["id"]: line for line in lines}


QEMU_WAIVERS = [waiver for waiver in WAIVERS if waiver["walker"] == "qemu"]


@pytest.mark.parametrize("waiver", QEMU_WAIVERS, ids=[waiver["id"] for waiver in QEMU_WAIVERS])
def test_the_judge_finds_the_cause_of_what_qemu_answered(waiver: dict[str, str], tmp_path: Path) -> None:
    """Without QEMU: its answer is stored. What two mistakes explain is of the one that comes first."""
    result = json.loads(answers()[waiver["id"]])
    if "crash" in result:
        return
    (tmp_path / "answer").write_text(json.dumps({**result, "id": "0"}) + "\n", encoding="utf-8")
    (tmp_path / "waivers").mkdir()
    text = (FOLDER / "qemu.toml").read_text(encoding="utf-8")
    (tmp_path / "waivers" / "exec.toml").write_text(
        text.replace('walker = "qemu"', 'walker = "exec"').replace('versions = ">=10.0, <10.1"', 'versions = "*"'),
        encoding="utf-8",
    )
    done = walkdiff(
        *("replay", "--json", "--waivers", str(tmp_path / "waivers")),
        *("--walker", f"exec:read line; cat {tmp_path}/answer", str(CASES / waiver["case"])),
    )
    judgement = json.loads(done.stdout)
    assert (judgement["verdict"], judgement.get("waiver")) == ("waived", waiver["id"]), done.stdout


@pytest.mark.parametrize(("model", "profile"), [("max", "v92"), ("max", "v9xs"), ("neoverse-n1", "n1")])
def test_qemu_departs_from_the_architecture_only_as_its_waivers_say(model: str, profile: str) -> None:
    needs("qemu")
    done = walkdiff(
        *("fuzz", "--walker", f"qemu,cpu={model}", "--ref", "none", "--profile", profile),
        *("--seed", "7", "--cases", "10000", "--json"),
    )
    summary = json.loads(done.stdout)
    assert [finding["signature"] for finding in summary["findings"]] == []
    assert done.returncode == 0, done.stderr
    assert summary["walkers"][0]["verdicts"]["waived"] > 100


def test_every_mistake_is_told_by_some_test() -> None:
    tests = (ROOT / "tests" / "unit" / "test_diagnosis.c").read_text(encoding="utf-8")
    told = set(re.findall(r",\s+CAUSE\((\w+)\)\);", tests))
    told |= set(re.findall(r"wd_mistake_bit\(WD_MISTAKE_(\w+)\)", tests))  # variants, which have one name
    shown = {waiver["signature"] for waiver in WAIVERS}  # by the tests of waivers above
    mistakes = (INCLUDE / "mistakes.def").read_text(encoding="utf-8")
    for name, stage, rule, words in re.findall(r'^WD_MISTAKE\((\w+), (\d), (\w+),\s+"(.*)"\)$', mistakes, re.MULTILINE):
        assert name in told or f"{rule} s{stage} {words}" in shown, name
