# SPDX-License-Identifier: MIT
"""The kind of subject `pgtable`: builders of stage 2 tables, walkdiff's own model and those of Linux trees."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from kernel_trees import tree, variant
from test_subjects import ROOT, fuzz, walkdiff, written

MODEL = "model:pgtable"
BUILDER = "arch/arm64/kvm/hyp/pgtable.c"

# How each defect of the model shows, those of the seeds first.
DEFECTS = {
    "PT-01": "OUTSIDE_KEPT: unmap: not mapped",
    "PT-02": "pgtable: crash: an operation that comes to no end",
    "PT-03": "RESULT_REFUSED: map: result",
    "PT-04": "OUTSIDE_KEPT: map: address",
    "PT-05": "OUTSIDE_KEPT: map: mapped",
    "live": "BREAK_BEFORE_MAKE: map: leaf",
    "no-tlbi": "MAKE_BEFORE_TLBI: map: leaf",
    "wrong-level": "MAKE_BEFORE_TLBI: map: leaf",
    "late-tlbi": "FREED_BEFORE_TLBI: unmap: table entry",
    "reachable": "FREED_REACHABLE: map: table entry",
    "reference": "REFERENCE_COUNT: annotate: table entry",
    "leak": "LEAKED: map: table entry",
    "tables": "UNMAP_TABLES: unmap: table entry",
    "no-dsb": "NOT_OBSERVED: map",
    "clean": "NOT_CLEANED: map: leaf",
    "icache": "NOT_INVALIDATED_ICACHE: map: leaf",
    "split": "SPLIT_SAME: split: MemAttr",
    "protect": "WRPROTECT_EXACT: wrprotect: AF",
    "relax": "RELAX_UNION: relax: S2AP",
    "relax-tlbi": "RELAX_TLBI: relax: leaf",
    "young": "AGE_ANSWER: age: result",
    "annotation": "ANNOTATION_KEPT: annotate: not mapped",
    "address": "MAP_EXACT: map: address",
    "force": "MAP_LEVEL: map: level",
    "old": "MKYOUNG_EXACT: mkyoung: AF",
    "mkold": "AGE_EXACT: age: AF",
    "type": "MALFORMED: map: leaf",
    "other": "ANNOTATE_EXACT: annotate: annotation",
    "keeps": "UNMAP_NOTHING_LEFT: unmap: annotation",
    "twice": "USED_FREED: unmap: table entry",
    "once": "SPLIT_PAGES: split: level",
    "error": "RESULT_NO_CAUSE: map: result",
    "permissions": "MAP_ABORTED: map: S2AP",
    "gives-up": "SPLIT_BEST_EFFORT: split: result",
}

# What KVM does otherwise: docs/findings/kvm-pgtable.md.
KVM = {
    "7.3": {
        "LEFT_STALE: unmap: leaf",
        "RELAX_UNION: relax: XN",
        "SPLIT_SAME: split: AF",
        "SPLIT_SAME: split: MemAttr",
    },
    "6.12": {"LEFT_STALE: unmap: leaf", "SPLIT_SAME: split: AF", "SPLIT_SAME: split: MemAttr"},
}

# Edits of the tree's file, and how each shows: text, what is in its place, signature.
EDITS = [
    (
        "kvm_pgtable_walk(pgt, addr, size, &walker);\n\tif (stage2_unmap_defer",
        "kvm_pgtable_walk(pgt, addr, addr + size, &walker);\n\tif (stage2_unmap_defer",
        "OUTSIDE_KEPT: unmap: not mapped",  # PT-01: the range's end where its size is wanted
    ),
    (
        "\tif (!childp)\n\t\treturn -ENOMEM;\n\n\tif (!stage2_try_break_pte",
        "\twhile (!childp) {\n\t\tWRITE_ONCE(*ctx->ptep, ctx->old);\n\t\tchildp = mm_ops->zalloc_page(data->memcache);"
        "\n\t}\n\n\tif (!stage2_try_break_pte",
        "pgtable: crash: BUG an operation that comes to no end",  # PT-02: no progress
    ),
    (
        "\t\treturn -EINVAL;\n\tcase KVM_PGTABLE_PROT_DEVICE:",
        "\t\tbreak;\n\tcase KVM_PGTABLE_PROT_DEVICE:",
        "RESULT_REFUSED: map: result",  # PT-03: what is contradictory is compatible
    ),
    (
        "\tif (granule > (ctx->end - ctx->addr))\n\t\treturn false;\n",
        "",
        "OUTSIDE_KEPT: map: mapped",  # PT-04, PT-05: what lies beside the range is overridden, or mapped
    ),
]

CASE: dict[str, Any] = {
    "kind": "pgtable",
    "id": "split",
    "ia_bits": 40,
    "operations": [
        {"op": "map", "addr": "0x0", "size": "0x200000", "phys": "0x40000000", "prot": ["R", "W", "DEVICE"]},
        {"op": "split", "addr": "0x0", "size": "0x1000"},
    ],
}


def test_nothing_is_found_in_the_model_without_a_defect(tmp_path: Path) -> None:
    assert fuzz(tmp_path / "run", MODEL, "--cases", 8000, status=0) == []


def test_the_list_of_defects_is_that_of_the_model() -> None:
    table = (ROOT / "harness/subjects/pgtable/pgtable_defects.def").read_text()
    assert re.findall(r'^WD_PGTABLE_DEFECT\(\w+, "([^"]+)"', table, re.MULTILINE) == list(DEFECTS)


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_defect_is_found_under_its_rule(defect: str, tmp_path: Path) -> None:
    found = fuzz(tmp_path / "run", f"{MODEL},defect={defect}", "--cases", 600, "--no-shrink")
    assert DEFECTS[defect] in {one["signature"] for one in found}


def test_every_rule_is_broken_by_a_defect_but_for_two_that_the_next_test_has() -> None:
    table = (ROOT / "include/walkdiff/pgtable.def").read_text()
    rules = set(re.findall(r"^WD_PGTABLE_RULE\((\w+)", table, re.MULTILINE))
    shown = {signature.partition(":")[0] for signature in DEFECTS.values()}
    assert rules - shown == {"LEFT_STALE", "MAP_PARTIAL"}


def test_what_is_wrong_after_an_error_and_what_stays_in_a_tlb_is_found(tmp_path: Path) -> None:
    found = fuzz(tmp_path / "address", f"{MODEL},defect=address", "--cases", 3000, "--no-shrink")
    assert "MAP_PARTIAL: map: address" in {one["signature"] for one in found}
    found = fuzz(tmp_path / "stale", f"{MODEL},defect=wrong-level", "--cases", 3000, "--no-shrink")
    assert "LEFT_STALE: unmap: leaf" in {one["signature"] for one in found}


def test_a_sequence_is_shrunk_operation_by_operation(tmp_path: Path) -> None:
    found = fuzz(tmp_path / "run", f"{MODEL},defect=split", "--cases", 1500)
    (finding,) = (one for one in found if one["signature"] == DEFECTS["split"])
    case = finding["case"]
    assert finding["shrunk"] and [one["op"] for one in case["operations"]] == ["map", "split"], case
    assert "features" not in case
    assert json.loads(walkdiff("shrink", tmp_path / "run/findings.jsonl").stdout.splitlines()[0]) == case


def test_the_answer_tells_results_and_leaves(tmp_path: Path) -> None:
    answer = json.loads(walkdiff("run", "--walker", MODEL, stdin=json.dumps(CASE)).stdout)
    assert answer == {
        "id": "split",
        "results": [0, 0],
        "leaves": [["0x0", 3, 512, "0x400000400007c7"]],
    }


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"ia_bits": 49}, "ia_bits: "),
        ({"operations": [{"op": "maps", "addr": "0x0"}]}, "operations[0].op: there is no operation maps"),
        ({"operations": [{"op": "map"}]}, "operations[0]: "),
        ({"operations": [{"op": "map", "addr": "0x0", "prot": ["Q"]}]}, "operations[0].prot[0]: there is no Q"),
        ({"operations": [{"op": "map", "addr": "0x0", "phys": "0x7f0000000000"}]}, "operations[0]: phys: "),
        ({"operations": [{"op": "age", "addr": "0x10000000000", "size": "0x1"}]}, "operations[0]: age: "),
        ({"operations": [{"op": "unmap", "addr": "0x0"}] * 13}, "operations: "),
    ],
)
def test_a_case_that_cannot_be_is_refused_by_file_line_and_member(
    change: dict[str, Any], words: str, tmp_path: Path
) -> None:
    path = written(tmp_path / "bad.jsonl", CASE, {**CASE, "id": "bad", **change})
    assert f"bad.jsonl:2: {words}" in walkdiff("replay", "--walker", MODEL, path, status=2).stderr


@pytest.mark.parametrize("version", KVM)
def test_kvm_builds_tables_as_its_findings_say(version: str, tmp_path: Path) -> None:
    subject = f"kvm:{tree(version)},subject=pgtable"
    found = fuzz(tmp_path / "run", subject, "--cases", 6000, "--no-shrink")
    assert {one["signature"] for one in found} == KVM[version]
    walkdiff("replay", "--walker", subject, ROOT / "docs/findings/kvm-pgtable.jsonl", status=1)


@pytest.mark.parametrize("edit", EDITS, ids=["PT-01", "PT-02", "PT-03", "PT-04 and PT-05"])
def test_a_planted_mistake_in_kvms_builder_is_found(edit: tuple[str, str, str], tmp_path: Path) -> None:
    was, now, signature = edit
    changed = variant(tree("7.3"), tmp_path / "tree", BUILDER, lambda text: text.replace(was, now, 1))
    found = fuzz(tmp_path / "run", f"kvm:{changed},subject=pgtable", "--cases", 600, "--no-shrink")
    assert signature in {one["signature"] for one in found}
