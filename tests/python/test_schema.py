# SPDX-License-Identifier: MIT
"""cases/schema/: the schema knows every register, accepts every stored case and refuses what the format refuses."""

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = {path.name: json.loads(path.read_text()) for path in (ROOT / "cases" / "schema").glob("*.schema.json")}
REGISTRY: Registry = Registry().with_resources(
    (schema["$id"], Resource.from_contents(schema)) for schema in SCHEMAS.values()
)
NOT_CASES = ("schema", "waivers")


def validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(SCHEMAS[f"{name}.schema.json"], registry=REGISTRY)


def described_names(header: str, macro: str) -> list[str]:
    """The first argument of each use of a macro in a header, in order, without the definition of the macro itself."""
    text = (ROOT / "include" / "walkdiff" / header).read_text()
    return re.findall(rf"^{macro}\((\w+), [^\n]*\)$", text, re.MULTILINE)


def stored_cases() -> Iterator[object]:
    for path in sorted((ROOT / "cases").rglob("*.json*")):
        if path.suffix not in (".json", ".jsonl") or path.relative_to(ROOT / "cases").parts[0] in NOT_CASES:
            continue
        text = path.read_text()
        documents = [text] if path.suffix == ".json" else [line for line in text.splitlines() if line.strip()]
        for number, document in enumerate(documents, start=1):
            yield pytest.param(json.loads(document), id=f"{path.relative_to(ROOT)}:{number}")


def test_the_schemas_are_schemas() -> None:
    assert sorted(SCHEMAS) == ["case.schema.json", "report.schema.json", "result.schema.json"]
    for schema in SCHEMAS.values():
        Draft202012Validator.check_schema(schema)


def test_the_schema_lists_the_registers_of_registers_def() -> None:
    names = described_names("registers.def", "WD_REGISTER")
    assert len(names) > 30
    assert list(SCHEMAS["case.schema.json"]["properties"]["regs"]["properties"]) == names


def test_the_schema_lists_the_operations_of_operations_def() -> None:
    operations = SCHEMAS["case.schema.json"]["properties"]["op"]["enum"]
    assert operations == described_names("operations.def", "WD_AT")


@pytest.mark.parametrize("case", list(stored_cases()))
def test_the_schema_accepts_a_stored_case(case: object) -> None:
    validator("case").validate(case)


CASE: dict[str, object] = {"op": "S1E1R", "va": "0x0", "ram": []}
READ = ["0x0", "0x0", 1, -1]
EXCEPTION = {"fst": "0x15", "stage2": 0, "s1ptw": 0}

REFUSED_MEMBERS = [
    {"foo": 1},
    {"id": 7},
    {"id": "a\0"},
    {"op": "S1E1X"},
    {"el": 0},
    {"el": "1"},
    {"pan": 2},
    {"pan": True},
    {"va": 0},
    {"va": "0x"},
    {"va": "12"},
    {"va": "0X1"},
    {"va": "0x10000000000000000"},
    {"regs": {"TCR_EL9": "0x0"}},
    {"regs": {"TCR_EL1": 1}},
    {"regs": {"HCR_EL2": "0x1"}},
    {"regs": {"HCR_EL2": "0x700000000"}},
    {"ram": {}},
    {"ram": [["0x0"]]},
    {"ram": [["0x4", "0x8"]]},
    {"ram": [["0x0", "0x9"]]},
    {"ram": [["0x0", "0x00"]]},
    {"ram": [["0x0", "0x8", "rw"]]},
    {"ram": [["0x0", "0x8", "ro", 1]]},
    {"mem": [["0x4", "0x0"]]},
    {"mem": [["0x0", 0]]},
    {"mem": [["0x0"]]},
    {"mem": [["0x0", "0x0", "0x0"]]},
    {"host": {"ipa": 40}},
    {"host": {"ipa_bits": 31}},
    {"host": {"ipa_bits": 53}},
    {"choices": "a"},
    {"tags": [1]},
    {"expect": {}},
    {"expect": {"par": "0x0", "retry": True}},
    {"expect": {"par": "0x0", "id": "a"}},
    {"expect": {"par": "0x0", "choice": "a"}},
    {"expect": {"retry": False}},
    {"expect": {"exception": {"fst": "0x15", "stage2": 0}}},
    {"expect": {"exception": {"undefined": 1, "ipa": "0x0"}}},
    {"expect": {"exception": {**EXCEPTION, "fst": "0x40"}}},
    {"expect": {"par": "0x0", "warn": [""] * 5}},
    {"expect": {"par": "0x0", "unanswered": "0x3"}},
    {"expect": {"par": "0x0", "trace": [READ[:3]]}},
    {"expect": {"par": "0x0", "trace": [["0x0", "0x0", 1, -2]]}},
    {"permitted": [{"choice": "a"}]},
    {"permitted": [{"par": "0x0", "choice": 1}]},
    {"permitted": [{"par": "0x0", "choice": {"a": -1}}]},
    {"permitted": [{"par": "0x0", "choice": {"a": {}}}]},
]

ACCEPTED_MEMBERS = [
    {"va": "0xFfFf000000000000"},
    {"regs": {"HCR_EL2": "0x80000000"}},
    {"regs": {"HCR_EL2": "0xffffffffffffffff"}},
    {"ram": [["0xfffffffffffffff8", "0x8", "ro"], ["0x0", "0x10"]]},
    {"host": {}},
    {"expect": {"exception": {**EXCEPTION, "ipa": "0x20"}, "mem": [["0x8", "0x0"]]}},
    {"expect": {"exception": {"undefined": 1}}},
    {"expect": {"par": "0x0", "warn": ["at.c:1"], "trace": [READ]}},
    {"expect": {"par": "0x0", "unanswered": "0xff00000000000ffe"}},
    {"permitted": [{"hang": True, "choice": {"a": 1, "b": "c"}}, {"crash": "SIGSEGV", "choice": "d"}]},
]


def with_members(members: dict[str, object]) -> dict[str, object]:
    return {**copy.deepcopy(CASE), **members}


@pytest.mark.parametrize("members", REFUSED_MEMBERS, ids=json.dumps)
def test_the_schema_refuses_a_case_with(members: dict[str, object]) -> None:
    assert not validator("case").is_valid(with_members(members))


@pytest.mark.parametrize("members", ACCEPTED_MEMBERS, ids=json.dumps)
def test_the_schema_accepts_a_case_with(members: dict[str, object]) -> None:
    validator("case").validate(with_members(members))


@pytest.mark.parametrize("member", ["op", "va", "ram"])
def test_the_schema_refuses_a_case_without(member: str) -> None:
    assert not validator("case").is_valid({name: value for name, value in CASE.items() if name != member})


def test_the_schema_of_results_takes_an_id_and_nothing_else_beside_the_answer() -> None:
    assert validator("result").is_valid({"id": "a", "par": "0x0"})
    assert validator("result").is_valid({"unsupported": "why", "trace": []})
    assert not validator("result").is_valid({"id": "a"})
    assert not validator("result").is_valid({"par": "0x0", "choice": "a"})
    assert not validator("result").is_valid({"par": "0x0", "note": "a"})


def test_the_examples_of_the_manual_fit_the_schemas() -> None:
    blocks = re.findall(r"```json\n(.*?)```", (ROOT / "docs" / "format.md").read_text(), re.DOTALL)
    assert len(blocks) >= 2
    for block in blocks:
        example = json.loads(block)
        validator("case" if "op" in example else "result").validate(example)
