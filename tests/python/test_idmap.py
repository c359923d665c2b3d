# SPDX-License-Identifier: MIT
"""The kind of subject `idmap`: builders of an identity map, walkdiff's own model and pKVM's."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from kernel_trees import tree, variant
from test_subjects import ROOT, fuzz, walkdiff, written

MODEL = "model:idmap"
PROTECT = "arch/arm64/kvm/hyp/nvhe/mem_protect.c"

CASE: dict[str, Any] = {
    "kind": "idmap",
    "id": "two",
    "bits": 40,
    "regions": [["0x40000000", "0x400000"]],
    "operations": [{"op": "fault", "addr": "0x40212345"}, {"op": "own", "addr": "0x40001000"}],
}

# How each defect of the model shows, those of the seeds first.
DEFECTS = {
    "PT-01": "NOTHING_ELSE: fault",
    "PT-02": "idmap: hang",
    "PT-03": "ATTRIBUTES: fault",
    "PT-04": "PINNED_KEPT: fault",
    "PT-05": "IN_REGION: fault",
    "PT-05-report": "COVERS: fault",
    "small": "LARGEST: fault",
    "again": "RESULT_MAPPED: fault",
    "takes": "RESULT_PINNED: fault",
    "shifted": "IDENTITY: fault",
    "drops": "MEMORY_KEPT: fault",
    "owns": "RESULT_REFUSED: own",
    "less": "OWNED: own",
    "fails": "RESULT_NO_CAUSE: fault",
}

# Edits of the tree's file, and how each shows: text, what is in its place, signature.
EDITS = [
    ("start, end - start, start,", "start, end, start,", "NOTHING_ELSE: fault"),
    ("if (!range_included(&cur, range) && level < KVM_PGTABLE_LAST_LEVEL)", "if (0)", "IN_REGION: fault"),
    ("\tif (pte) {\n\t\tWARN_ON(", "\tif (0) {\n\t\tWARN_ON(", "RESULT_PINNED: fault"),
]


def test_nothing_is_found_in_the_model_without_a_defect(tmp_path: Path) -> None:
    assert fuzz(tmp_path / "run", MODEL, "--cases", 20000, status=0) == []


def test_the_list_of_defects_is_that_of_the_model_and_every_rule_is_broken() -> None:
    table = (ROOT / "harness/subjects/idmap/idmap_defects.def").read_text()
    assert re.findall(r'^WD_IDMAP_DEFECT\(\w+, "([^"]+)"', table, re.MULTILINE) == list(DEFECTS)
    rules = set(re.findall(r"^WD_IDMAP_RULE\((\w+)", (ROOT / "include/walkdiff/idmap.def").read_text(), re.MULTILINE))
    assert rules == {one.partition(":")[0] for one in DEFECTS.values()} - {"idmap"}


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_defect_is_found_under_its_rule(defect: str, tmp_path: Path) -> None:
    some = ("--cases", 200, "--timeout", "0.2s", "--until-finding") if defect == "PT-02" else ("--cases", 2000)
    found = fuzz(tmp_path / "run", f"{MODEL},defect={defect}", *some, "--no-shrink")
    assert DEFECTS[defect] in {one["signature"] for one in found}


def test_a_sequence_is_shrunk_operation_by_operation_and_explained(tmp_path: Path) -> None:
    found = fuzz(tmp_path / "run", f"{MODEL},defect=PT-04", "--cases", 500)
    number = [one["signature"] for one in found].index("PINNED_KEPT: fault")
    assert [one["op"] for one in found[number]["case"]["operations"]] == ["own", "fault"]
    told = walkdiff("explain", f"{tmp_path / 'run/findings.jsonl'}:{number + 1}").stdout
    assert "An identity map for" in told and "1. fault" in told


def test_the_answer_tells_results_and_leaves() -> None:
    answer = json.loads(walkdiff("run", "--walker", MODEL, stdin=json.dumps(CASE)).stdout)
    leaves = [["0x40001000", 3, "0x4"], ["0x40200000", 2, "0x402004fd"]]
    assert answer == {"id": "two", "results": [0, 0], "leaves": leaves}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"bits": 33}, "bits: "),
        ({"regions": [["0x1", "0x1000"]]}, "regions[0]: whole pages"),
        ({"regions": [["0x2000", "0x1000"], ["0x1000", "0x1000"]]}, "regions[1]: regions are in the order"),
        ({"operations": [{"op": "own", "addr": "0x1"}]}, "operations[0]: addr"),
        ({"operations": [{"op": "map", "addr": "0x0"}]}, "operations[0].op: there is no operation map"),
    ],
)
def test_a_case_that_cannot_be_is_refused_by_file_line_and_member(
    change: dict[str, Any], words: str, tmp_path: Path
) -> None:
    path = written(tmp_path / "bad.jsonl", CASE, {**CASE, "id": "bad", **change})
    assert f"bad.jsonl:2: {words}" in walkdiff("replay", "--walker", MODEL, path, status=2).stderr


def test_nothing_is_found_in_pkvm_of_linux_7_3(tmp_path: Path) -> None:
    assert fuzz(tmp_path / "run", f"kvm:{tree('7.3')},subject=idmap", "--cases", 20000, status=0) == []


def test_pkvm_of_linux_6_12_maps_as_its_findings_say(tmp_path: Path) -> None:
    subject = f"kvm:{tree('6.12')},subject=idmap"
    wanted = {"NOTHING_ELSE: fault", "RESULT_REFUSED: own"}
    found = fuzz(tmp_path / "run", subject, "--cases", 1500, "--no-shrink")
    assert {one["signature"] for one in found} == wanted
    stored = ROOT / "docs/findings/kvm-idmap.jsonl"
    done = walkdiff("replay", "--walker", subject, "--json", stored, status=1)
    assert {json.loads(line)["signature"] for line in done.stdout.splitlines()} == wanted
    walkdiff("replay", "--walker", f"kvm:{tree('7.3')},subject=idmap", stored)


@pytest.mark.parametrize("edit", EDITS, ids=["PT-01", "PT-05", "PT-04"])
def test_a_planted_mistake_in_pkvm_is_found(edit: tuple[str, str, str], tmp_path: Path) -> None:
    was, now, signature = edit
    changed = variant(tree("7.3"), tmp_path / "tree", PROTECT, lambda text: text.replace(was, now, 1))
    found = fuzz(tmp_path / "run", f"kvm:{changed},subject=idmap", "--cases", 1000, "--no-shrink")
    assert signature in {one["signature"] for one in found}, {one["signature"] for one in found}
