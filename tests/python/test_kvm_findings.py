# SPDX-License-Identifier: MIT
"""docs/findings/kvm-7.3.md: what it says of KVM's walker holds for the tree, and what it says of the rules for us."""

from __future__ import annotations

import json
import lzma
import re
import subprocess
import tomllib
from collections import Counter
from pathlib import Path

import pytest
from kernel_trees import tree
from walkdiff_driver.program import program

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "findings" / "kvm-7.3.md"
WAIVERS = PAGE.with_suffix("")  # what a guest can reach
NO_GUEST = WAIVERS / "no-guest"
ALL = ("--waivers", str(WAIVERS), "--waivers", str(NO_GUEST))
FOLDER = ROOT / "cases" / "findings" / "kvm-7.3"
CASES = sorted(path.stem for path in FOLDER.glob("*.json"))


def entries(folder: Path) -> list[dict[str, object]]:
    return tomllib.loads((folder / "kvm.toml").read_text(encoding="utf-8"))["waiver"]


ENTRIES = entries(WAIVERS)
FOUND = {entry["id"]: entry for entry in ENTRIES + entries(NO_GUEST) if entry["id"].startswith("kvm-7.3-")}


def replay(walker: str, *more: str) -> dict[str, dict[str, object]]:
    """Judgements of the page's cases, by id."""
    files = [str(FOLDER / f"{name}.json") for name in CASES]
    command = [str(program(ROOT)), "replay", "--walker", walker, "--json", *more, *files]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode in (0, 1), done.stderr
    return {judgement["id"]: judgement for judgement in map(json.loads, done.stdout.splitlines())}


def section(name: str) -> str:
    """The text of the page in which a case is told of."""
    sections = re.split(r"^## ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    (found,) = [text for text in sections if f"`{name}`" in text and not text.startswith("How sure")][:1] or [""]
    return found


def test_the_architecture_gives_the_answers_that_the_cases_expect() -> None:
    judgements = replay("oracle")
    assert len(judgements) == len(CASES) > 30
    assert {identifier for identifier, judgement in judgements.items() if judgement["verdict"] != "agree"} == set()


@pytest.mark.parametrize("name", CASES)
def test_the_page_tells_of_a_case_where_its_waiver_links_to(name: str) -> None:
    entry = FOUND[f"kvm-7.3-{name}"]
    assert entry["case"] == f"findings/kvm-7.3/{name}.json"
    title = section(name).splitlines()[0]
    anchor = re.sub(r"[^\w -]", "", title.lower().replace("−", "")).replace(" ", "-")
    assert entry["link"].endswith(f"#{anchor}")


def test_every_waiver_of_the_page_has_a_case() -> None:
    assert set(FOUND) == {f"kvm-7.3-{name}" for name in CASES}


def test_the_waiver_of_what_is_intended_is_the_one_that_is_always_in_force() -> None:
    usual = tomllib.loads((ROOT / "cases/waivers/kvm.toml").read_text(encoding="utf-8"))["waiver"]
    assert [entry for entry in ENTRIES if entry["id"] not in FOUND] == usual


def test_kvm_answers_each_case_wrongly_and_for_the_cause_that_the_page_gives() -> None:
    judgements = replay(f"kvm:{tree('7.3')}", *ALL)
    told = {identifier: (judgement["verdict"], judgement.get("waiver")) for identifier, judgement in judgements.items()}
    assert told == {identifier: ("waived", identifier) for identifier in FOUND}


def test_without_the_waivers_of_the_page_each_case_is_a_finding() -> None:
    verdicts = {judgement["verdict"] for judgement in replay(f"kvm:{tree('7.3')}").values()}
    assert verdicts <= {"deviation", "exception-mismatch", "retry", "warn"}


def test_what_no_guest_can_reach_is_what_the_page_says() -> None:
    judgements = replay(f"kvm:{tree('7.3')},as-exposed", "--waivers", str(WAIVERS))
    reached = {identifier for identifier, judgement in judgements.items() if judgement.get("waiver") == identifier}
    others = {judgement["verdict"] for identifier, judgement in judgements.items() if identifier not in reached}
    unreachable = {name for name in CASES if section(name).startswith("What no guest reaches")}
    assert set(FOUND) - reached == {f"kvm-7.3-{name}" for name in unreachable}
    assert others <= {"unsupported", "agree", "waived"}  # for what else is wrong with it
    assert {entry["id"] for entry in entries(NO_GUEST)} == {f"kvm-7.3-{name}" for name in unreachable}


def test_the_vectors_as_a_guest_has_them_show_each_cause_as_often_as_the_page_says(tmp_path: Path) -> None:
    vectors = [lzma.decompress(path.read_bytes()) for path in sorted((ROOT / "cases/vectors").glob("*.xz"))]
    (tmp_path / "vectors.jsonl").write_bytes(b"".join(vectors))
    walker, exposed = f"kvm:{tree('7.3')}", tmp_path / "exposed.jsonl"
    command = [str(program(ROOT)), "expose", "--walker", walker, str(tmp_path / "vectors.jsonl")]
    exposed.write_text(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout)
    command = [str(program(ROOT)), "replay", "--walker", f"{walker},as-exposed", "--waivers", str(WAIVERS), "--json"]
    done = subprocess.run([*command, str(exposed)], cwd=ROOT, capture_output=True, text=True, timeout=300)
    judgements = [json.loads(line) for line in done.stdout.splitlines()]
    told = Counter(judgement["verdict"] for judgement in judgements)
    assert set(told) <= {"agree", "permitted", "waived", "unsupported"}
    text = PAGE.read_text(encoding="utf-8")
    (cases,) = re.findall(r"The ([\d,]+) cases of", text)
    (refused,) = re.findall(r"([\d,]+) of\sthem are refused", text)
    assert (f"{len(judgements):,}", f"{told['unsupported']:,}") == (cases, refused)
    links = {entry["id"]: str(entry["link"]).rpartition("#")[2] for entry in ENTRIES}
    counted = Counter(links[judgement["waiver"]] for judgement in judgements if judgement["verdict"] == "waived")
    figures = re.findall(r"^\| \[\d+\]\(#([\w-]+)\) \|[^|]+\| ([\d,]*)", text, re.MULTILINE)
    assert {anchor: figure for anchor, figure in figures if figure} == {
        anchor: f"{count:,}" for anchor, count in counted.items() if not anchor.startswith("https:")
    }


@pytest.mark.parametrize("profile", ["v80", "n1", "lva64", "v92", "v94pie", "v9xs", "max", "random"])
def test_fuzzing_finds_nothing_that_is_not_on_the_page(profile: str) -> None:
    command = [str(program(ROOT)), "fuzz", "--walker", f"kvm:{tree('7.3')}", *ALL]
    done = subprocess.run(
        [*command, "--ref", "none", "--profile", profile, "--seed", "3", "--cases", "40000", "--json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    summary = json.loads(done.stdout)
    assert [finding["signature"] for finding in summary["findings"]] == []
    assert summary["walkers"][0]["verdicts"]["waived"] > 1000


OLDER = ROOT / "docs/findings/kvm-6.12.md"
OLDER_CASES = sorted(path.stem for path in (ROOT / "cases/findings/kvm-6.12").glob("*.json"))


def test_each_case_of_the_page_of_6_12_is_answered_wrongly_for_the_cause_that_it_gives_and_in_a_guest() -> None:
    files = [str(ROOT / f"cases/findings/kvm-6.12/{name}.json") for name in OLDER_CASES]
    text = OLDER.read_text(encoding="utf-8").partition("## What not even its limits let through")[0]
    told = re.findall(r"^\| `([\w-]+)` \|", text, re.MULTILINE)
    assert sorted(told) == OLDER_CASES
    for options in ("", ",as-exposed"):
        command = [str(program(ROOT)), "replay", "--walker", f"kvm:{tree('6.12')}{options}", "--json", *files]
        command += ["--waivers", str(OLDER.with_suffix(""))]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
        waivers = {judgement["id"]: judgement.get("waiver") for judgement in map(json.loads, done.stdout.splitlines())}
        assert waivers == {f"kvm-6.12-{name}": f"kvm-6.12-{name}" for name in OLDER_CASES}


def test_the_waivers_of_6_12_are_of_this_version_and_name_cases_that_there_are() -> None:
    entries_612 = entries(OLDER.with_suffix(""))
    for entry in entries_612:
        assert (ROOT / "cases" / str(entry["case"])).is_file()
        assert entry["id"] == "kvm-abort-in-par" or entry["versions"] == ">=6.12, <6.13"
    assert {entry["id"] for entry in entries_612} >= {f"kvm-6.12-{name}" for name in OLDER_CASES}


OLDER_ALL = ("--waivers", str(OLDER.with_suffix("")), "--waivers", str(OLDER.with_suffix("") / "no-guest"))
OLDER_NO_GUEST = sorted(path.stem for path in (ROOT / "cases/findings/kvm-6.12/no-guest").glob("*.json"))


def test_what_the_limits_of_6_12_do_not_let_through_is_what_its_page_says() -> None:
    told = OLDER.read_text(encoding="utf-8").rpartition("## What not even its limits let through")[2]
    assert sorted(re.findall(r"`([\w-]+)`", told)) == OLDER_NO_GUEST
    assert {str(entry["id"]) for entry in entries(OLDER.with_suffix("") / "no-guest")} == {
        f"kvm-6.12-{name}" for name in OLDER_NO_GUEST
    }
    files = [str(ROOT / f"cases/findings/kvm-6.12/no-guest/{name}.json") for name in OLDER_NO_GUEST]
    waivers: dict[str, dict[str, str | None]] = {}
    for options in ("", ",as-exposed"):
        command = [str(program(ROOT)), "replay", "--walker", f"kvm:{tree('6.12')}{options}", "--json", *OLDER_ALL]
        done = subprocess.run([*command, *files], cwd=ROOT, capture_output=True, text=True, timeout=120)
        judgements = [json.loads(line) for line in done.stdout.splitlines()]
        waivers[options] = {judgement["id"]: judgement.get("waiver") for judgement in judgements}
    assert waivers[""] == {f"kvm-6.12-{name}": f"kvm-6.12-{name}" for name in OLDER_NO_GUEST}
    assert [identifier for identifier, waiver in waivers[",as-exposed"].items() if identifier == waiver] == []


@pytest.mark.parametrize("profile", ["v80", "v92", "v94pie", "random"])
def test_fuzzing_6_12_finds_nothing_that_is_not_on_its_page(profile: str) -> None:
    command = [str(program(ROOT)), "fuzz", "--walker", f"kvm:{tree('6.12')}", *OLDER_ALL, "--ref", "none"]
    done = subprocess.run(
        [*command, "--profile", profile, "--seed", "3", "--cases", "40000", "--json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    summary = json.loads(done.stdout)
    assert [finding["signature"] for finding in summary["findings"]] == []
    assert summary["walkers"][0]["verdicts"]["waived"] > 1000
