# SPDX-License-Identifier: MIT
"""What can be done with every kind of subject: its cases are explained, shrunk, reported and waived, changes reviewed,
and the commit of a case found."""

from __future__ import annotations

import html
import json
import re
import subprocess
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from kernel_trees import VERSIONS, tree, variant
from linux_repository import LinuxRepository, linux_repository
from test_subjects import CASE, ROOT, findings, fuzz, walkdiff, written
from walkdiff_driver.program import program

Json = dict[str, Any]
KVM = "arch/arm64/kvm"


@dataclass(frozen=True)
class Kind:
    """What the tests need to know of a kind."""

    name: str
    defect: str  # of the model
    signature: str  # that it shows
    cases: int  # in which it does
    parts: str  # the member of a case that shrinking takes pieces out of
    told: str  # what explain says
    file: str  # of KVM, and a mistake in it
    was: str
    now: str
    broken: str  # the signature that it shows
    case: Json  # in this case

    @property
    def model(self) -> str:
        return f"model:{self.name}"

    @property
    def defective(self) -> str:
        return f"{self.model},defect={self.defect}"

    @property
    def rule(self) -> str:
        return self.signature.partition(":")[0]


KINDS = [
    Kind(
        "abort",
        "IP-03",
        "ABORT_SIZE_FAULT: fault status in ESR_EL1: Address size fault, level 0 -> external abort",
        3000,
        "regs",
        "beyond PARange",
        f"{KVM}/mmu.c",
        "return kvm_inject_sea(vcpu, is_iabt, fault_ipa);",
        "return kvm_inject_sea(vcpu, false, fault_ipa);",
        "ABORT_CLASS: EC: Instruction Abort from the same Exception level -> Data Abort from the same Exception level",
        {**CASE, "esr": "0x82000004", "far": CASE["ipa"]},
    ),
    Kind(
        "tlbi",
        "TL-04-stage",
        "ALL_OF_VMID: S12: stage1",
        3000,
        "entries",
        "at the guest's EL2",
        f"{KVM}/nested.c",
        "if (!ttl || !kvm_has_feat(kvm, ID_AA64MMFR2_EL1, TTL, IMP)) {",
        "if (!ttl) {",
        "TTL_RES0: stage2",
        {
            "kind": "tlbi",
            "instruction": "IPAS2E1IS",
            "operand": "0x60000e900000",
            "regs": {"VTTBR_EL2": "0x1000000000000", "ID_AA64MMFR0_EL1": "0x2"},
            "contexts": [{"vttbr": "0x1000000000000", "vtcr": "0x4000"}],
            "entries": [
                {
                    "type": "stage2",
                    "of": 0,
                    "address": "0xe900000000",
                    "granule": "64K",
                    "level": 2,
                    "leaf": "0xe90660b000",
                }
            ],
        },
    ),
    Kind(
        "idmap",
        "PT-04",
        "PINNED_KEPT: fault",
        500,
        "operations",
        "An identity map for",
        f"{KVM}/hyp/nvhe/mem_protect.c",
        "if (!range_included(&cur, range) && level < KVM_PGTABLE_LAST_LEVEL)",
        "if (0)",
        "IN_REGION: fault",
        {
            "kind": "idmap",
            "bits": 40,
            "regions": [["0x80000000", "0x1000"]],
            "operations": [{"op": "fault", "addr": "0x80200000"}],
        },
    ),
    Kind(
        "pgtable",
        "split",
        "SPLIT_SAME: split: MemAttr",
        1500,
        "operations",
        "Stage 2 tables for",
        f"{KVM}/hyp/pgtable.c",
        "\tif (granule > (ctx->end - ctx->addr))\n\t\treturn false;\n",
        "",
        "OUTSIDE_KEPT: map: mapped",
        {
            "kind": "pgtable",
            "ia_bits": 40,
            "operations": [{"op": "map", "addr": "0x0", "size": "0x1000", "phys": "0x40000000"}],
        },
    ),
]
each_kind = pytest.mark.parametrize("kind", KINDS, ids=[kind.name for kind in KINDS])


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A run of each kind's model with its defect, not shrunk."""
    made = {}
    for kind in KINDS:
        made[kind.name] = tmp_path_factory.mktemp("runs") / kind.name
        fuzz(made[kind.name], kind.defective, "--cases", kind.cases, "--no-shrink")
    return made


def line_of(kind: Kind, run: Path) -> int:
    """Which line of the findings is that of the kind's signature."""
    return 1 + [one["signature"] for one in findings(run)].index(kind.signature)


def status_of(*arguments: object) -> int:
    """The exit status of the program."""
    return subprocess.run([program(ROOT), *map(str, arguments)], capture_output=True, cwd=ROOT).returncode


def shows(kind: Kind, path: Path) -> bool:
    """Whether the model with the defect answers the case of a file in the way that is known."""
    command = ("replay", "--bisect", "--signature", kind.signature, "--walker", kind.defective, "--quiet", path)
    return status_of(*command) == 1


# ---------------------------------------------------------------- with the models


@each_kind
def test_a_finding_is_explained_and_replayed_as_what_it_was_found_as(kind: Kind, runs: dict[str, Path]) -> None:
    stored = runs[kind.name] / "findings.jsonl"
    line = line_of(kind, runs[kind.name])
    finding = findings(runs[kind.name])[line - 1]
    done = walkdiff("replay", "--walker", kind.defective, "--json", f"{stored}:{line}", status=1)
    judgement = json.loads(done.stdout)
    for name in ("verdict", "rule", "signature", "expected", "got"):
        assert judgement[name] == finding[name]
    walkdiff("replay", "--walker", kind.model, stored)
    told = walkdiff("explain", "--walker", kind.model, "--walker", kind.defective, f"{stored}:{line}").stdout
    assert kind.told in told and f"signature {kind.signature}" in told
    assert re.search(rf"^{kind.model}: (agree|permitted)", told, re.MULTILINE)
    assert f"{kind.defective}: deviation" in told


@each_kind
def test_a_case_is_shrunk_until_no_piece_can_be_taken_out(kind: Kind, runs: dict[str, Path], tmp_path: Path) -> None:
    line = line_of(kind, runs[kind.name])
    done = walkdiff("shrink", "--quiet", f"{runs[kind.name] / 'findings.jsonl'}:{line}")
    case = json.loads(done.stdout)
    before = findings(runs[kind.name])[line - 1]["case"]
    assert 0 < len(case[kind.parts]) <= len(before[kind.parts]) and len(json.dumps(case)) < len(json.dumps(before))
    assert shows(kind, written(tmp_path / "whole.json", case))
    pieces = list(case[kind.parts])
    for piece in range(len(pieces)):
        left = [one for i, one in enumerate(pieces) if i != piece]
        less = {**case, kind.parts: {name: case[kind.parts][name] for name in left} if kind.parts == "regs" else left}
        path = written(tmp_path / "less.json", less)
        can_be = status_of("run", "--walker", kind.model, path) == 0
        assert not can_be or not shows(kind, path), f"{pieces[piece]} can be left out of {case}"


@each_kind
@pytest.mark.parametrize("form", ["text", "html", "junit", "ktap", "json"])
def test_a_report_tells_the_bucket_in_every_format(form: str, kind: Kind, runs: dict[str, Path]) -> None:
    report = walkdiff("report", runs[kind.name], "--format", form, "--quiet").stdout
    assert kind.rule in report
    if form == "html":
        assert kind.told in html.unescape(report)


@each_kind
def test_a_waiver_waives_its_bucket_alone_and_goes_stale(kind: Kind, runs: dict[str, Path], tmp_path: Path) -> None:
    folder = tmp_path / "waivers"
    line = line_of(kind, runs[kind.name])
    reason = ("--reason", "for a test", "--link", "https://example.org")
    walkdiff("waive", line, "--from", runs[kind.name] / "findings.jsonl", "--waivers", folder, *reason)
    options = ("--cases", kind.cases, "--no-shrink", "--waivers", folder)
    others = {one["signature"] for one in findings(runs[kind.name])} - {kind.signature}
    rest = fuzz(tmp_path / "waived", kind.defective, *options, status=1 if others else 0)
    assert {one["signature"] for one in rest} == others
    walkdiff("waive", "--check", "--waivers", folder, "--walker", kind.defective)
    walkdiff("waive", "--check", "--waivers", folder, "--walker", kind.model, status=1)


def review(folder: Path, *arguments: object, status: int) -> str:
    """What a review says."""
    return walkdiff("review", "--quiet", "--state", folder / "state", *arguments, status=status).stdout


@each_kind
def test_a_review_sorts_what_a_model_answers_otherwise_and_shrinks_it(kind: Kind, tmp_path: Path) -> None:
    sides = ("--before", kind.model, "--after", kind.defective, "--stored", "none", "--cases", kind.cases)
    document = json.loads(review(tmp_path, *sides, "--format", "json", status=1))
    (pair,) = document["compared"]
    found = {change["signature"]: change for change in pair["changes"]}
    change = found[f"regression: right -> deviation: {kind.signature}"]
    assert change["worse"] and change["shrunk"] and change["confirmed"] and change["case"]["kind"] == kind.name
    assert change["decided_by"]["name"] == kind.rule
    assert shows(kind, written(tmp_path / "case.json", change["case"]))
    other = ("--before", kind.defective, "--after", kind.model, "--stored", "none", "--cases", kind.cases)
    text = review(tmp_path / "other", *other, "--no-shrink", status=0)
    assert re.match(r"Nothing gets worse in [\d,]+ cases; \d ways? in which it is fixed", " ".join(text.split())), text
    assert f"of the kind {kind.name}, seed 1; walkdiff" in text


def test_a_review_tells_the_same_in_every_format_and_for_every_number_of_jobs(tmp_path: Path) -> None:
    sides = ("--before", "model:tlbi,defect=everything", "--after", "model:tlbi,defect=TL-03", "--stored", "none")
    options = (*sides, "--cases", 3000, "--no-shrink")
    one = json.loads(review(tmp_path, *options, "--format", "json", status=1))["compared"][0]
    two = json.loads(review(tmp_path / "two", *options, "--format", "json", "--jobs", 2, status=1))["compared"][0]
    assert one["changes"] == two["changes"] and {"regression", "neutral"} <= one["counts"].keys()
    page = review(tmp_path / "html", *options, "--format", "html", status=1)
    assert page.count('class="bucket ') == len(one["changes"]) and "rules were applied" not in page
    bad = sum(change["worse"] for change in one["changes"])
    assert f'failures="{bad}"' in review(tmp_path / "junit", *options, "--format", "junit", status=1)


@pytest.mark.parametrize(("defect", "change"), [("dies", "crash"), ("hangs", "hang"), ("warns", "warning")])
def test_a_review_tells_of_death_silence_and_warnings(defect: str, change: str, tmp_path: Path) -> None:
    sides = ("--before", "model:abort", "--after", f"model:abort,defect={defect}", "--stored", "none")
    options = (*sides, "--cases", 200, "--timeout", "0.2s", "--no-shrink", "--format", "json")
    told = json.loads(review(tmp_path, *options, status=1))
    assert set(told["compared"][0]["counts"]) == {f"{change} gained"}


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--before", "model:tlbi", "--after", "model:idmap"), "no subjects of one kind"),
        (("--before", "model:tlbi", "--after", "sample"), "no subjects of one kind"),
        (("--before", "model:tlbi", "--after", "model:tlbi", "--profile", "v80"), "--profile is for walkers"),
        (("--before", "model:tlbi", "--after", "model:nothing"), "no subjects of one kind"),
    ],
)
def test_what_cannot_be_compared_is_refused(arguments: tuple[str, ...], reason: str, tmp_path: Path) -> None:
    done = walkdiff("review", "--state", tmp_path / "state", *arguments, "--cases", 10, status=2)
    assert reason in done.stderr


# ---------------------------------------------------------------- what is known of KVM

ENOUGH = {"abort": 60000, "tlbi": 15000, "idmap": 2000, "pgtable": 2000}  # cases to find all that there is


@each_kind
@pytest.mark.parametrize("version", VERSIONS)
def test_with_the_waivers_of_its_page_nothing_is_found_in_kvm_and_none_is_stale(
    version: str, kind: Kind, tmp_path: Path
) -> None:
    waivers = ROOT / f"docs/findings/kvm-{kind.name}"
    subject = f"kvm:{tree(version)},subject={kind.name}"
    assert fuzz(tmp_path / "run", subject, "--cases", ENOUGH[kind.name], "--waivers", waivers, status=0) == []
    waived = json.loads((tmp_path / "run/summary.json").read_text())["waived"]
    told = walkdiff("waive", "--check", "--waivers", waivers, "--walker", subject).stdout
    assert told == f"{subject}: {len(waived)} waivers, 0 stale\n"


@each_kind
def test_each_case_of_a_page_of_findings_has_a_waiver_that_links_to_its_section(kind: Kind) -> None:
    page = ROOT / f"docs/findings/kvm-{kind.name}.md"
    entries = tomllib.loads((page.with_suffix("") / "kvm.toml").read_text())["waiver"]
    cases = [json.loads(line)["id"] for line in page.with_suffix(".jsonl").read_text().splitlines()]
    assert [f"kvm-{kind.name}-{case}" for case in cases] == sorted(
        {entry["id"].removesuffix("-6.12") for entry in entries},
        key=lambda name: cases.index(name[len(f"kvm-{kind.name}-") :]),
    )
    sections = re.findall(r"^## (.*)$", page.read_text(), re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in sections}
    for entry in entries:
        line = int(entry["case"].rpartition(":")[2])
        assert entry["id"].removesuffix("-6.12") == f"kvm-{kind.name}-{cases[line - 1]}"
        assert entry["link"].partition("#")[0] == f"docs/findings/{page.name}"
        assert entry["link"].partition("#")[2] in anchors


def test_undefined_behaviour_and_memory_errors_are_warnings_each_time_that_they_happen(tmp_path: Path) -> None:
    mistakes = {
        "int kvm_pgtable_stage2_unmap(": "\tvolatile int by = 64;\n\tvolatile u64 shifted = 1UL << by;\n",
        "int kvm_pgtable_stage2_wrprotect(": "\tvolatile char room[4];\n\tvolatile char *at = room;\n\tat[4] = 0;\n",
    }
    pattern = re.compile("(" + "|".join(map(re.escape, mistakes)) + r")([^;{]*\)\n\{\n)")
    changed = variant(
        tree("7.3"),
        tmp_path / "tree",
        f"{KVM}/hyp/pgtable.c",
        lambda text: pattern.sub(lambda match: f"{match[1]}{match[2]}{mistakes[match[1]]}", text),
    )
    page = {"op": "map", "addr": "0x0", "size": "0x1000", "phys": "0x40000000", "prot": ["R", "W"]}
    operations = {
        "fine": [page],
        "shift": [page, {"op": "unmap", "addr": "0x0", "size": "0x1000"}],
        "stack-buffer-overflow": [page, {"op": "wrprotect", "addr": "0x0", "size": "0x1000"}],
    }
    cases = [
        {"kind": "pgtable", "id": f"{name} {i}", "ia_bits": 40, "operations": done}
        for i in range(2)
        for name, done in operations.items()
    ]
    stored = written(tmp_path / "cases.jsonl", *cases)
    done = walkdiff("replay", "--walker", f"kvm:{changed},subject=pgtable,san", "--json", stored, status=1)
    for judgement in map(json.loads, done.stdout.splitlines()):
        name = judgement["id"].split()[0]
        if name == "fine":
            assert judgement["verdict"] == "agree"
            continue
        assert judgement["verdict"] == "warn"
        place = rf"{name} at {KVM}/hyp/pgtable\.c:\d+"
        assert any(re.fullmatch(place, warning) for warning in judgement["got"]["warn"]), judgement
    assert "AddressSanitizer" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("fuzz", "--dask", "local", "--cases", 10), "fuzz --dask is for walkers, and 'model:abort' is a subject"),
        (("debug", "CASE", "--print"), "debug is for walkers, and 'model:abort' is a subject of the kind abort"),
        (("fuzz", "--guided"), "--guided is for walkers"),
        (("fuzz", "--stream"), "--stream is for walkers"),
        (("fuzz", "--shard", "1/2"), "--shard is for walkers"),
        (("fuzz", "--ref", "sample"), "a subject has no references beside walkdiff's own model"),
    ],
)
def test_what_cannot_be_done_with_a_subject_says_so(arguments: tuple[object, ...], reason: str, tmp_path: Path) -> None:
    case = written(tmp_path / "case.json", CASE)
    words = [case if word == "CASE" else word for word in arguments]
    assert reason in walkdiff(*words, "--walker", "model:abort", status=2).stderr


@pytest.mark.parametrize("option", ["cc=clang", "as-exposed"])
def test_an_option_of_kvms_walker_alone_is_refused(option: str) -> None:
    done = walkdiff("fuzz", "--walker", f"kvm:{ROOT},subject=tlbi,{option}", "--cases", 10, status=2)
    assert "'as-exposed' and 'cc=' are for KVM's walker, and 'subject=tlbi' is none" in done.stderr


def test_nightly_runs_are_of_walkers_alone(tmp_path: Path) -> None:
    config = tmp_path / "nightly.toml"
    config.write_text('[[walker]]\nname = "tables"\nspec = "model:pgtable"\n')
    done = walkdiff("nightly", "--config", config, "--check", status=2)
    assert "nightly is for walkers, and 'model:pgtable' is a subject of the kind pgtable" in done.stderr


# ---------------------------------------------------------------- with a history of KVM


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> tuple[LinuxRepository, dict[str, str]]:
    """A commit that breaks each kind, two that cannot be built, and remarks. Commits by kind."""
    linux = linux_repository(tmp_path_factory.mktemp("kinds") / "linux")
    at = {"begin": linux.git("rev-parse", "v7.3")}
    last = at["begin"]
    table, include = f"{KVM}/hyp/pgtable.c", "#include <linux/bitfield.h>\n"
    by_name = {kind.name: kind for kind in KINDS}

    def add(name: str, file: str, was: str, now: str) -> None:
        nonlocal last
        at[name] = last = linux.replace(last, f"KVM: arm64: {name}", file, was, now)

    def break_kind(name: str) -> None:
        add(name, by_name[name].file, by_name[name].was, by_name[name].now)

    break_kind("abort")
    break_kind("tlbi")
    add("does not build", table, include, f"{include}#error not yet\n")
    break_kind("idmap")
    add("builds again", table, "#error not yet\n", "")
    break_kind("pgtable")
    linux.check_out(last)
    return linux, {**at, "end": last}


@each_kind
def test_the_commit_of_a_case_is_found_and_nothing_of_the_tree_is_touched(
    kind: Kind, history: tuple[LinuxRepository, dict[str, str]], tmp_path: Path
) -> None:
    linux, at = history
    untouched = linux.snapshot()
    ends = ("--linux", linux.path, "--good", at["begin"], "--bad", at["end"])
    case = written(tmp_path / "case.json", kind.case)
    result = json.loads(walkdiff("bisect", *ends, "--case", case, "--json", "--quiet").stdout)
    assert [commit["sha"] for commit in result["culprits"]] == [at[kind.name]]
    assert result["signature"] == kind.broken
    assert kind.name != "idmap" or any(outcome["state"] == "skip" for outcome in result["tested"])
    assert linux.snapshot() == untouched


@pytest.mark.parametrize("kind", KINDS[1::2], ids=["tlbi", "pgtable"])
def test_a_review_of_a_commit_says_what_gets_worse_and_which_lines_ran(
    kind: Kind, history: tuple[LinuxRepository, dict[str, str]], tmp_path: Path
) -> None:
    linux, at = history
    untouched = linux.snapshot()
    stored = written(tmp_path / "case.json", kind.case)
    options = ("--kvm", f"subject={kind.name}", "--cases", 1500, "--stored", stored, "--format", "json")
    patch = tmp_path / "0001.patch"
    patch.write_text(linux.git("format-patch", "--stdout", f"{at[kind.name]}^..{at[kind.name]}") + "\n")
    sides = ("--linux", linux.path, "--patch", patch, f"{at[kind.name]}^")
    (pair,) = json.loads(review(tmp_path, *sides, *options, status=1))["compared"]
    wanted = f"regression: right -> deviation: {kind.broken}"
    (change,) = (one for one in pair["changes"] if one["signature"] == wanted)
    assert change["shrunk"] and change["confirmed"] and len(change["case"][kind.parts]) == 1
    ran = [line["file"] for side in pair["lines"].values() for line in side["ran"]]
    assert ran and set(ran) == {kind.file} and not pair["lines"]["after"]["did_not_run"]
    assert linux.snapshot() == untouched


def test_a_revision_without_such_a_subject_is_status_125(
    history: tuple[LinuxRepository, dict[str, str]], tmp_path: Path
) -> None:
    linux, at = history
    revisions = f"{at['does not build']}..{at['builds again']}"
    arguments = ("--linux", linux.path, revisions, "--kvm", "subject=pgtable", "--cases", 10)
    done = walkdiff("review", "--quiet", "--state", tmp_path / "state", *arguments, status=125)
    assert "not yet" in done.stderr
