# SPDX-License-Identifier: MIT
"""The kind of subject `tlbi`: emulations of TLB maintenance, walkdiff's own model and those of Linux trees."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from kernel_trees import tree, variant
from test_subjects import ROOT, fuzz, walkdiff, written

MODEL = "model:tlbi"

# A guest's page, of which two pieces are held, and what stage 1 makes of it.
CASE: dict[str, Any] = {
    "kind": "tlbi",
    "id": "page",
    "instruction": "IPAS2E1IS",
    "operand": "0x40001",
    "regs": {"VTTBR_EL2": "0x1000000000000"},
    "contexts": [{"vttbr": "0x1000000000000", "vtcr": "0x8000"}],
    "entries": [
        {"type": "stage2", "of": 0, "address": "0x40000000", "granule": "16K", "leaf": "0x40000000"},
        {"type": "stage2", "of": 0, "address": "0x40000000", "granule": "16K", "leaf": "0x40003000"},
        {"type": "stage1", "of": 0, "address": "0x400000", "asid": "0x1"},
    ],
}

# How each defect of the model shows, those of the seeds first.
DEFECTS = {
    "TL-01": "TAGGED_ADDRESS: stage1",
    "TL-02": "LOW_BITS_RES0: stage2",
    "TL-03": "TTL_RES0: stage2",
    "TL-04": "IPA_MATCH: IPA: stage2",
    "TL-04-asid": "VA_MATCH: VA: vncr",
    "TL-04-vmid": "ALL_OF_VMID: S12: stage2",
    "TL-04-level": "IPA_MATCH: IPA: stage2",
    "TL-04-stage": "ALL_OF_VMID: S12: stage1",
    "TL-04-range": "RANGE_MATCH: IPA: stage2",
    "TL-04-regime": "ASID_MATCH: ASID: vncr",
    "TL-04-alle1": "ALL_OF_EL1: ALLE1: stage2",
    "TL-04-vaa": "VA_ANY_ASID: VAA: stage1",
    "TL-04-all": "ALL_OF_REGIME: ALL: stage1",
    "vmid": "VMID_SIZE: stage2",
    "feature": "NOT_IMPLEMENTED: VA of RANGE",
    "os": "IMPLEMENTED: IPA of OS",
    "stuck": "FINISHED: IPA of RANGE",
}

# What KVM does otherwise: docs/findings/kvm-tlbi.md.
ALWAYS = {
    "NOT_IMPLEMENTED: IPA of RANGE",
    "NOT_IMPLEMENTED: IPA of RANGE XS",
    "TTL_RES0: stage1",
    "VMID_SIZE: stage1",
    "VMID_SIZE: stage2",
}
KVM = {
    "7.3": ALWAYS | {"tlbi: warn: arch/arm64/kvm/mmu.c:345"},
    "6.12": ALWAYS | {"tlbi: warn: arch/arm64/kvm/mmu.c:327"},
}

# Edits of the tree's files, and how each shows: the seed's defect, file, text, what is in its place, signature.
SYS_REGS, NESTED = "arch/arm64/kvm/sys_regs.c", "arch/arm64/kvm/nested.c"
TLB = "arch/arm64/kvm/hyp/vhe/tlb.c"
EDITS = [
    (
        "TL-01",  # the operand's address as where TBI is 0: its top byte counts, of which an operand has none
        NESTED,
        "#define tlbi_va_s1_to_va(v)\t(u64)sign_extend64((v) << 12, 48)",
        "#define tlbi_va_s1_to_va(v)\t((u64)(v) << 12)",
        "VA_MATCH: VA: vncr",
    ),
    (
        "TL-02",
        SYS_REGS,
        "base_addr &= ~(max_size - 1);",
        "max_size = max_size < SZ_2M ? SZ_4K : max_size;",
        "LOW_BITS_RES0: stage2",
    ),
    (
        "TL-03",
        NESTED,
        "if (!ttl || !kvm_has_feat(kvm, ID_AA64MMFR2_EL1, TTL, IMP)) {",
        "if (!ttl) {",
        "TTL_RES0: stage2",
    ),
    (
        "TL-04",
        NESTED,
        "\t\tif (vmid == get_vmid(mmu->tlb_vttbr))\n\t\t\ttlbi_callback(mmu, info);",
        "\t\tif (vmid == get_vmid(mmu->tlb_vttbr)) {\n\t\t\ttlbi_callback(mmu, info);\n\t\t\tbreak;\n\t\t}",
        "ALL_OF_VMID: S12: stage2",
    ),
    (
        "TL-04 of global entries",
        NESTED,
        "if (vt->wr.nG && vt->wr.asid != scope->asid)",
        "if (vt->wr.asid != scope->asid)",
        "VA_MATCH: VA: vncr",
    ),
    (
        "no barrier between table and TLB",
        TLB,
        "\tdsb(ishst);\n\n\t/* Switch to requested VMID */\n\tenter_vmid_context(mmu, &cxt);\n\n\t/*\n\t * We could",
        "\tenter_vmid_context(mmu, &cxt);\n\n\t/*\n\t * We could",
        "IPA_MATCH: IPA: stage2",
    ),
    (
        "stage 1 before stage 2 is complete",
        TLB,
        "\tdsb(ish);\n\t__tlbi(vmalle1is);",
        "\t__tlbi(vmalle1is);",
        "ALL_OF_VMID: S12: stage1",
    ),
]


def test_nothing_is_found_in_the_model_without_a_defect_or_that_invalidates_everything(tmp_path: Path) -> None:
    assert fuzz(tmp_path / "run", MODEL, "--cases", 30000, status=0) == []
    assert fuzz(tmp_path / "everything", f"{MODEL},defect=everything", "--cases", 30000, status=0) == []
    summary = json.loads((tmp_path / "everything/summary.json").read_text())
    assert summary["walkers"][0]["verdicts"]["permitted"] > 10000


def test_the_list_of_defects_is_that_of_the_model() -> None:
    table = (ROOT / "harness/subjects/tlbi/tlbi_defects.def").read_text()
    ids = re.findall(r'^WD_TLBI_DEFECT\(\w+, "([^"]+)"', table, re.MULTILINE)
    assert ids == [*DEFECTS, "everything"]


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_defect_is_found_under_its_rule(defect: str, tmp_path: Path) -> None:
    found = fuzz(tmp_path / "run", f"{MODEL},defect={defect}", "--cases", 8000, "--no-shrink")
    assert DEFECTS[defect] in {one["signature"] for one in found}


def test_every_rule_is_broken_by_a_defect() -> None:
    table = (ROOT / "include/walkdiff/tlbi.def").read_text()
    rules = set(re.findall(r"^WD_TLBI_RULE\((\w+)", table, re.MULTILINE))
    assert rules == {signature.partition(":")[0] for signature in DEFECTS.values()}


def test_a_case_is_shrunk_entry_by_entry(tmp_path: Path) -> None:
    found = fuzz(tmp_path / "run", f"{MODEL},defect=TL-04-stage", "--cases", 3000)
    (finding,) = (one for one in found if one["signature"] == DEFECTS["TL-04-stage"])
    case = finding["case"]
    assert finding["shrunk"] and [one["type"] for one in case["entries"]] == ["stage2", "stage1"], case
    assert len(case["contexts"]) == 1 and case["operand"] == "0x0" and "host" not in case
    again = walkdiff("shrink", f"{tmp_path / 'run/findings.jsonl'}:{found.index(finding) + 1}")
    assert json.loads(again.stdout.splitlines()[0]) == case


def test_the_answer_tells_what_is_gone(tmp_path: Path) -> None:
    answer = json.loads(walkdiff("run", "--walker", MODEL, stdin=json.dumps(CASE)).stdout)
    assert answer == {"id": "page", "outcome": "done", "gone": [0, 1]}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"instruction": "VAE3"}, "instruction: there is no instruction TLBI VAE3"),
        ({"regs": {"HCR_EL2": "0x10"}}, "regs.HCR_EL2: "),
        ({"regs": {"ID_AA64MMFR0_EL1": "0x6"}}, "regs.ID_AA64MMFR0_EL1: "),
        ({"contexts": []}, "entries[0]: of: "),
        ({"contexts": [{"vttbr": "0x1", "vtcr": "0x8000"}]}, "contexts[0]: vttbr: "),
        ({"contexts": [{"vttbr": "0x0", "vtcr": "0x0"}]}, "entries[0]: granule: "),
        ({"entries": [{"type": "vncr", "address": "0x1000"}]}, "entries[0]: type: "),
        ({"entries": [{"type": "stage1", "address": "0x1000"}]}, "entries[0]: of: "),
        ({"entries": [{**CASE["entries"][0], "leaf": "0x40004000"}]}, "entries[0]: leaf: "),
        ({"entries": [CASE["entries"][0], CASE["entries"][0]]}, "entries[1]: leaf: "),
        ({"entries": [{**CASE["entries"][0], "address": "0x100000000", "leaf": "0x100000000"}]}, "entries[0]: address"),
        ({"host": ["X"]}, "host[0]: there is no X"),
    ],
)
def test_a_case_that_cannot_be_is_refused_by_file_line_and_member(
    change: dict[str, Any], words: str, tmp_path: Path
) -> None:
    path = written(tmp_path / "bad.jsonl", CASE, {**CASE, "id": "bad", **change})
    assert f"bad.jsonl:2: {words}" in walkdiff("replay", "--walker", MODEL, path, status=2).stderr


@pytest.mark.parametrize("version", KVM)
def test_kvm_invalidates_as_its_findings_say(version: str, tmp_path: Path) -> None:
    subject = f"kvm:{tree(version)},subject=tlbi"
    found = fuzz(tmp_path / "run", subject, "--cases", 60000, "--no-shrink")
    assert {one["signature"] for one in found} == KVM[version]
    stored = ROOT / "docs/findings/kvm-tlbi.jsonl"
    done = walkdiff("replay", "--walker", subject, "--json", stored, status=1)
    assert {json.loads(line)["signature"] for line in done.stdout.splitlines()} == KVM[version]


def test_kvm_emulates_every_instruction_of_the_table(tmp_path: Path) -> None:
    names = re.findall(r"^WD_TLBI\((\w+)", (ROOT / "include/walkdiff/tlbi.def").read_text(), re.MULTILINE)
    features = {"ID_AA64ISAR0_EL1": "0x200000000000000", "ID_AA64ISAR1_EL1": "0x100000000000000"}
    cases = [
        {"kind": "tlbi", "id": name + end, "instruction": name + end, "regs": features}
        for name in names
        for end in ("", "NXS")
    ]
    path = written(tmp_path / "all.jsonl", *cases)
    done = walkdiff("run", "--walker", f"kvm:{tree('7.3')},subject=tlbi", path)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == 126 and {one["outcome"] for one in answers} == {"done"}


@pytest.mark.parametrize("edit", EDITS, ids=[edit[0] for edit in EDITS])
def test_a_planted_mistake_in_kvms_emulation_is_found(edit: tuple[str, str, str, str, str], tmp_path: Path) -> None:
    _, file, was, now, signature = edit
    changed = variant(tree("7.3"), tmp_path / "tree", file, lambda text: text.replace(was, now, 1))
    found = fuzz(tmp_path / "run", f"kvm:{changed},subject=tlbi", "--cases", 20000, "--no-shrink")
    assert signature in {one["signature"] for one in found}
