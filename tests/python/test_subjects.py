# SPDX-License-Identifier: MIT
"""Subjects that are no walkers: the kind `abort`, by walkdiff's own model of it and out of Linux trees."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from kernel_trees import tree
from walkdiff_driver.program import program

ROOT = Path(__file__).resolve().parents[2]
MODEL = "model:abort"

# What an abort between the IPA size and PARange is: a read at EL1 of a guest with 40 bits of 44.
CASE: dict[str, Any] = {
    "kind": "abort",
    "id": "between",
    "esr": "0x92000004",
    "far": "0x1000",
    "ipa": "0x10000000000",
    "pc": "0x4000",
    "pstate": "0x5",
    "ipa_bits": 40,
    "regs": {"ID_AA64MMFR0_EL1": "0x4", "SCTLR_EL1": "0x800000"},
}

# How each defect of the seeds shows.
DEFECTS = {
    "IP-01": "ABORT_SIZE_FAULT: what happens: an exception -> a device's access",
    "IP-02": "ABORT_OUTSIDE_IPA: what happens: an exception -> a device's access",
    "IP-03": "ABORT_SIZE_FAULT: fault status in ESR_EL1: Address size fault, level 0 -> external abort",
    "IP-04": "ABORT_CLASS: EC: Instruction Abort from a lower Exception level"
    " -> Data Abort from a lower Exception level",
    "IP-05": "ABORT_SIZE_FAULT: fault status in ESR_EL1: external abort -> something else",
}

# What KVM does otherwise: docs/findings/kvm-abort.md.
KVM = {
    "7.3": {
        "ABORT_ADDRESS: fault address: the virtual address -> the intermediate physical address",
        "ABORT_NEW_STATE: PSTATE.PAN: 0 -> 1",
        "ABORT_OUTSIDE_IPA: what happens: an exception -> the same instruction again",
        "ABORT_SERROR_VECTOR: taken at: the synchronous vector -> the SError vector",
        "ABORT_SIZE_FAULT: fault status in IFSR32_EL2: Address size fault, level 0 -> external abort",
        "ABORT_SIZE_FAULT: what happens: an exception -> the same instruction again",
        "ABORT_SYNDROME: WnR: 1 -> 0",
        "ABORT_WALK_LEVEL: fault status in ESR_EL2: external abort on a walk -> external abort",
    },
    "6.12": {
        "ABORT_ADDRESS: fault address: the virtual address -> the intermediate physical address",
        "ABORT_INSTRUCTION_LENGTH: IL: 1 -> 0",
        "ABORT_NEW_STATE: PSTATE.PAN: 0 -> 1",
        "ABORT_SIZE_FAULT: fault status in ESR_EL2: Address size fault, level 0 -> external abort",
        "ABORT_SIZE_FAULT: fault status in IFSR32_EL2: Address size fault, level 0 -> external abort",
        "ABORT_SYNDROME: WnR: 1 -> 0",
        "ABORT_TARGET: taken to: EL2 -> EL1",
        "ABORT_WALK_LEVEL: fault status in ESR_EL1: external abort on a walk -> external abort",
        "ABORT_WALK_LEVEL: fault status in ESR_EL2: external abort on a walk -> external abort",
    },
}


def walkdiff(*arguments: object, stdin: str = "", status: int = 0) -> subprocess.CompletedProcess[str]:
    """Runs the program, which must end with this status."""
    command = [str(program(ROOT)), *map(str, arguments)]
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == status, done.stdout[-2000:] + done.stderr[-2000:]
    return done


def findings(folder: Path) -> list[dict[str, Any]]:
    """The lines of findings.jsonl."""
    return [json.loads(line) for line in (folder / "findings.jsonl").read_text().splitlines()]


def fuzz(folder: Path, subject: str, *arguments: object, status: int = 1) -> list[dict[str, Any]]:
    """A run with its findings."""
    walkdiff("fuzz", "--walker", subject, "--seed", 1, "--quiet", "--out", folder, *arguments, status=status)
    return findings(folder)


def written(path: Path, *cases: dict[str, Any]) -> Path:
    """A file of cases."""
    path.write_text("".join(json.dumps(case) + "\n" for case in cases))
    return path


@pytest.fixture(scope="module")
def devices(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of a model with a defect that leaves one bucket."""
    folder = tmp_path_factory.mktemp("devices") / "run"
    assert [one["rule"] for one in fuzz(folder, f"{MODEL},defect=IP-02", "--cases", 3000)] == ["ABORT_OUTSIDE_IPA"]
    return folder


def test_the_model_without_a_defect_answers_rightly_wherever_it_is_asked(tmp_path: Path) -> None:
    assert fuzz(tmp_path / "run", MODEL, "--cases", 100_000, status=0) == []
    summary = json.loads((tmp_path / "run/summary.json").read_text())
    assert summary["walkers"][0]["verdicts"] == {"agree": 100_000}
    assert len(summary["choices"]) == 7, "every choice is consulted"


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_defect_of_the_seeds_is_found_under_its_rule(defect: str, tmp_path: Path) -> None:
    assert DEFECTS[defect] in {
        one["signature"] for one in fuzz(tmp_path / "run", f"{MODEL},defect={defect}", "--cases", 20_000)
    }


def test_what_is_found_does_not_depend_on_the_number_of_jobs(tmp_path: Path) -> None:
    one = fuzz(tmp_path / "one", f"{MODEL},defect=IP-04", "--cases", 50_000)
    assert one == fuzz(tmp_path / "two", f"{MODEL},defect=IP-04", "--cases", 50_000, "--jobs", 2)


def test_a_case_of_a_run_is_made_again_alone(devices: Path) -> None:
    first = findings(devices)[0]["first"]["index"]
    done = walkdiff("fuzz", "--walker", f"{MODEL},defect=IP-02", "--seed", 1, "--case", first, "--json", status=1)
    case, judgement = map(json.loads, done.stdout.splitlines())
    assert case["kind"] == "abort" and judgement["signature"] == findings(devices)[0]["signature"]


def test_a_finding_is_replayed_as_what_it_was_found_as(devices: Path) -> None:
    done = walkdiff("replay", "--walker", f"{MODEL},defect=IP-02", "--json", devices / "findings.jsonl", status=1)
    (judgement,) = map(json.loads, done.stdout.splitlines())
    finding = findings(devices)[0]
    assert {name: judgement[name] for name in ("verdict", "rule", "signature", "expected", "got")} == {
        name: finding[name] for name in ("verdict", "rule", "signature", "expected", "got")
    }
    walkdiff("replay", "--walker", MODEL, devices / "findings.jsonl")


def test_bisection_sees_good_bad_and_unusable(devices: Path, tmp_path: Path) -> None:
    stored = devices / "findings.jsonl"
    walkdiff("replay", "--bisect", "--walker", MODEL, stored)
    walkdiff("replay", "--bisect", "--walker", f"{MODEL},defect=IP-02", stored, status=1)
    walkdiff("replay", "--bisect", "--walker", MODEL, tmp_path / "missing.jsonl", status=128)


def test_a_shrunk_case_is_small_shows_the_same_and_cannot_be_shrunk_again(devices: Path) -> None:
    (finding,) = findings(devices)
    assert finding["shrunk"]
    assert len(finding["case"]["regs"]) <= 4, finding["case"]  # PARange, E2H, and where two levels have their vectors
    done = walkdiff("shrink", devices / "findings.jsonl")
    assert json.loads(done.stdout) == finding["case"]


def test_run_writes_the_answer_alone(tmp_path: Path) -> None:
    answer = json.loads(walkdiff("run", "--walker", MODEL, stdin=json.dumps(CASE)).stdout)
    assert answer == {
        "id": "between",
        "outcome": "guest",
        "pc": "0x200",
        "pstate": "0x3c5",
        "regs": {"ESR_EL1": "0x96000010", "FAR_EL1": "0x1000", "ELR_EL1": "0x4000", "SPSR_EL1": "0x5"},
    }


def test_a_case_is_explained_with_zone_rule_and_registers(tmp_path: Path) -> None:
    told = walkdiff("explain", written(tmp_path / "case.json", CASE)).stdout
    for words in ("between the virtual machine's IPA size and PARange", "ABORT_OUTSIDE_IPA", "ESR_EL1    0x96000010"):
        assert words in told
    asked = walkdiff("explain", "--walker", f"{MODEL},defect=IP-02", tmp_path / "case.json").stdout
    assert "a device's access" in asked


def test_a_waiver_is_written_for_a_finding_and_goes_stale(devices: Path, tmp_path: Path) -> None:
    folder, defective = tmp_path / "waivers", f"{MODEL},defect=IP-02"
    reason = ("--reason", "for this test", "--link", "https://example.org", "--facet", "zone=between")
    walkdiff("waive", 1, "--from", devices / "findings.jsonl", "--waivers", folder, *reason)
    assert fuzz(tmp_path / "run", defective, "--cases", 3000, "--waivers", folder, status=0) == []
    walkdiff("waive", "--check", "--waivers", folder, "--walker", defective)
    walkdiff("waive", "--check", "--waivers", folder, "--walker", MODEL, status=1)


def test_a_waiver_of_an_abort_cannot_be_limited_by_a_walkers_facet(devices: Path, tmp_path: Path) -> None:
    reason = ("--reason", "for this test", "--link", "https://example.org", "--facet", "granule=4K")
    done = walkdiff(
        "waive", 1, "--from", devices / "findings.jsonl", "--waivers", tmp_path / "waivers", *reason, status=2
    )
    assert "facets.granule: a waiver has no such key" in done.stderr


@pytest.mark.parametrize(("defect", "verdict"), [("dies", "crash"), ("hangs", "hang"), ("warns", "warn")])
def test_a_subject_that_does_not_answer_is_a_finding_and_the_run_goes_on(
    defect: str, verdict: str, tmp_path: Path
) -> None:
    (finding,) = fuzz(tmp_path / "run", f"{MODEL},defect={defect}", "--cases", 300, "--timeout", "0.2s", "--no-shrink")
    assert finding["verdict"] == verdict
    verdicts = json.loads((tmp_path / "run/summary.json").read_text())["walkers"][0]["verdicts"]
    assert verdicts == {"agree": 300 - finding["count"], verdict: finding["count"]}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"esr": "0x92000040000"}, "esr: EC is not"),
        ({"esr": "0x92000010"}, "esr: a Translation fault is wanted"),
        ({"ipa": "0x10000000800"}, "ipa: the address of a page"),
        ({"ipa_bits": 45}, "ipa_bits: more than PARange"),
        ({"pstate": "0x9"}, "pstate: M is no mode of this guest"),
        ({"regs": {"TCR_EL9": "0x1"}}, "regs.TCR_EL9: unknown register"),
        ({"colour": 1}, "colour: unknown member"),
        ({"kind": "tlbi"}, "kind: tlbi, and the subject is of the kind abort"),
    ],
)
def test_a_case_that_cannot_be_is_refused_by_file_line_and_member(
    change: dict[str, Any], words: str, tmp_path: Path
) -> None:
    path = written(tmp_path / "bad.jsonl", CASE, {**CASE, "id": "bad", **change})
    done = walkdiff("replay", "--walker", MODEL, path, status=2)
    assert f"bad.jsonl:2: {words}" in done.stderr


def test_whoever_reads_walkers_cases_refuses_one_of_a_kind(tmp_path: Path) -> None:
    done = walkdiff("replay", "--walker", "sample", written(tmp_path / "abort.jsonl", CASE), status=2)
    assert "abort.jsonl:1: " in done.stderr and "kind" in done.stderr
    walker = tmp_path / "walker.jsonl"
    walker.write_text('{"op":"S1E1R","va":"0x0","ram":[]}\n')
    assert "walker.jsonl:1: kind: " in walkdiff("replay", "--walker", MODEL, walker, status=2).stderr


@pytest.mark.parametrize("subject", ["model:weather", "kvm:somewhere,subject=weather"])
def test_a_kind_that_there_is_not_is_wrong_use(subject: str) -> None:
    assert "there is no kind of subject 'weather'" in walkdiff("fuzz", "--walker", subject, status=2).stderr


def test_options_of_walkers_alone_are_refused() -> None:
    assert "--guided is for walkers" in walkdiff("fuzz", "--walker", MODEL, "--guided", status=2).stderr


@pytest.mark.parametrize("version", KVM)
def test_kvm_handles_aborts_as_its_findings_say(version: str, tmp_path: Path) -> None:
    subject = f"kvm:{tree(version)},subject=abort"
    (tmp_path / "no waivers").mkdir()
    found = fuzz(tmp_path / "run", subject, "--cases", 100_000, "--waivers", tmp_path / "no waivers")
    assert {one["signature"] for one in found} == KVM[version]
    assert all(one["shrunk"] for one in found)


@pytest.mark.parametrize("version", KVM)
def test_the_cases_of_the_page_of_findings_show_every_bucket(version: str) -> None:
    page = ROOT / "docs/findings/kvm-abort.md"
    subject = f"kvm:{tree(version)},subject=abort"
    done = walkdiff("replay", "--walker", subject, "--json", page.with_suffix(".jsonl"), status=1)
    judged = {judgement["id"]: judgement for judgement in map(json.loads, done.stdout.splitlines())}
    assert {judgement["signature"] for judgement in judged.values() if "signature" in judgement} == KVM[version]
    assert all(f"`{name}`" in page.read_text() for name in judged)


def test_bisection_counts_one_signature_if_asked(devices: Path) -> None:
    (finding,), stored = findings(devices), devices / "findings.jsonl"
    replay = ("replay", "--bisect", "--walker", f"{MODEL},defect=IP-02", stored, "--signature")
    walkdiff(*replay, finding["signature"], status=1)
    walkdiff(*replay, "another", status=125)
