# SPDX-License-Identifier: MIT
"""`walkdiff explain --json` and `walkdiff manual --json`: what programs are told of cases, findings and tables."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from walkdiff_driver.program import program

ROOT = Path(__file__).resolve().parents[2]
CASE = json.loads((ROOT / "cases" / "examples" / "stage1-page.json").read_text(encoding="utf-8"))
SUCCESS_AT = "0x4400000000000b80"  # F = 0, SH = Inner Shareable, ATTR = Non-cacheable


def walkdiff(*arguments: str, lines: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(program(ROOT)), *arguments], input=lines, capture_output=True, text=True, timeout=60)


def explain(*items: object) -> list[dict[str, Any]]:
    done = walkdiff("explain", "--json", "-", lines="".join(json.dumps(item) + "\n" for item in items))
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def row(explained: dict[str, Any], name: str) -> list[dict[str, Any]]:
    return next(row["cells"] for row in explained["rows"] if row["name"] == name)


def marked(explained: dict[str, Any]) -> set[str]:
    return {row["name"] for row in explained["rows"] if any(cell["differs"] for cell in row["cells"])}


def answer(case: dict[str, Any]) -> dict[str, Any]:
    """What the oracle answers to a case."""
    done = walkdiff("run", "--walker", "oracle", lines=json.dumps(case))
    return {name: value for name, value in json.loads(done.stdout).items() if name != "id"}


def with_par(bits: int) -> dict[str, str]:
    """The right answer to CASE with bits of PAR inverted."""
    return {"par": f"0x{int(answer(CASE)['par'], 16) ^ bits:016x}"}


def test_a_case_is_told_with_its_registers_its_steps_and_one_answer() -> None:
    (told,) = explain(CASE)
    assert told["operation"] == CASE["op"]
    assert {"SCTLR_EL1", "TCR_EL1"} <= {register["name"] for register in told["registers"]}
    read = [step for step in told["steps"] if step["kind"] == "descriptor"]
    assert read[-1]["type"] == "page"
    assert [step["level"] for step in read] == sorted(step["level"] for step in read)
    assert {step["rule"] for step in told["steps"] if step["kind"] == "rule"} == set(told["rules"])
    assert [a["name"] for a in told["answers"]] == ["expected"]
    assert told["answers"][0]["par"] == answer(CASE)["par"]


@pytest.mark.parametrize(
    ("bits", "names"),
    [(1 << 12, {"PA"}), (1 << 56, {"ATTR"}), (1 << 7, {"SH"}), (1 << 11, {"NSE"}), (1 << 3, {"RES0"}),
     (1 << 9 | 1 << 10, set()), (1 << 51 | 1 << 63, {"PA", "ATTR"})],
)  # fmt: skip
def test_the_fields_that_differ_are_marked_and_those_that_are_not_judged_are_not(bits: int, names: set[str]) -> None:
    (told,) = explain({"case": CASE, "expected": answer(CASE), "got": with_par(bits)})
    assert marked(told) == names
    assert bool(told["answers"][1]["differs"]) == bool(names)


def test_of_a_success_and_a_fault_the_f_bit_is_marked_alone() -> None:
    (told,) = explain({"case": CASE, "expected": answer(CASE), "got": {"par": "0x809"}})
    assert marked(told) == {"F"}
    assert told["answers"][1]["outcome"] == "fault"
    assert row(told, "FST")[0]["present"] is False
    assert row(told, "FST")[1]["words"] == "Translation fault, level 0"


def test_of_an_answer_and_an_exception_the_answer_is_marked() -> None:
    (told,) = explain({"case": CASE, "got": {"exception": {"fst": "0x15", "stage2": 0, "s1ptw": 0}}})
    assert marked(told) == {"answer"}
    assert row(told, "answer")[1]["value"] == "Data Abort"


def test_of_an_exception_the_low_bits_of_the_ipa_never_differ() -> None:
    exception = {"fst": "0x7", "stage2": 1, "s1ptw": 1}
    told = explain(*(
        {"case": CASE, "expected": {"exception": exception | {"ipa": "0x1000"}},
         "got": {"exception": exception | {"ipa": ipa}}}
        for ipa in ("0x1fff", "0x2000")
    ))  # fmt: skip
    assert [marked(one) for one in told] == [set(), {"IPA"}]


def test_bits_that_a_walker_does_not_tell_do_not_differ() -> None:
    got = {**with_par(1 << 56 | 1 << 12), "unanswered": "0xff00000000000000"}
    (told,) = explain({"case": CASE, "expected": answer(CASE), "got": got})
    assert marked(told) == {"PA"}
    assert row(told, "ATTR")[1]["value"] == "not told"


def test_a_word_that_one_walk_changes_and_the_other_does_not_differs() -> None:
    got = {**answer(CASE), "mem": [["0x40000000", "0x1"]]}
    (told,) = explain({"case": CASE, "expected": answer(CASE), "got": got})
    assert marked(told) == {"word at 0x40000000"}
    assert row(told, "word at 0x40000000")[0]["words"] == "not changed"


def test_answers_of_base_and_patch_stand_beside_the_expected_one() -> None:
    (told,) = explain({"case": CASE, "base": with_par(1 << 12), "patch": with_par(0)})
    assert [a["name"] for a in told["answers"]] == ["expected", "base", "patch"]
    assert [cell["differs"] for cell in row(told, "PA")] == [False, True, False]


def test_the_walk_that_is_told_is_the_one_that_gives_the_expected_answer() -> None:
    """AT may leave the Access flag alone: not the default, but permitted."""
    case = json.loads((ROOT / "cases" / "explain" / "access-flag-by-at.json").read_text(encoding="utf-8"))
    (default,) = explain(case)
    assert any(step["kind"] == "write" for step in default["steps"])
    taken = next(choice for choice in default["choices"] if choice["name"].endswith("AF_BY_AT"))
    assert taken["default"] is True
    permitted = {name: value for name, value in answer(case).items() if name != "mem"}
    (told,) = explain({"case": case, "expected": permitted, "got": {"hang": True}})
    assert told["walk_gives_expected"] is True
    assert any(choice["default"] is False for choice in told["choices"])
    assert not any(step["kind"] == "write" for step in told["steps"])


def test_an_answer_that_no_resolution_gives_is_said_to_be_none_of_the_walk() -> None:
    (told,) = explain({"case": CASE, "expected": {"par": SUCCESS_AT}, "got": {"retry": True}})
    assert told["walk_gives_expected"] is False


def test_a_rule_is_found_by_its_name_be_it_a_rule_or_a_choice() -> None:
    told = explain(
        {"case": CASE, "rule": "EPD", "got": {"hang": True}},
        {"case": CASE, "rule": "S1_TXSZ_HIGH", "got": {"hang": True}, "other": {"got": {"par": "0x809"}}},
        {"case": CASE, "rule": "no such rule", "got": {"hang": True}},
    )
    assert told[0]["rule"]["kind"] == "rule"
    assert told[0]["rule"]["id"]
    assert told[1]["rule"]["kind"] == "choice"
    assert told[1]["other"]["answers"][0]["words"] == "Translation fault, level 0"
    assert "rule" not in told[2]


def test_a_finding_that_cannot_be_read_costs_no_other() -> None:
    good = {"case": CASE, "got": {"hang": True}}
    lines = "\n".join([json.dumps(good), '{"case": {"op": "S1E1R"}}', "{", json.dumps({"case": CASE, "got": 1})])
    done = walkdiff("explain", "--json", "-", lines=lines + "\n" + json.dumps(good))
    assert done.returncode == 2
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [set(one) == {"error"} for one in told] == [False, True, True, True, False]
    assert "<stdin>:3: is no finding" in done.stderr
    assert "<stdin>:4: got: must be an object" in done.stderr


def test_json_asks_no_walkers() -> None:
    done = walkdiff("explain", "--json", "--walker", "sample", "-")
    assert done.returncode == 2
    assert "--json asks no walkers" in done.stderr


@pytest.mark.parametrize("page", ["rules", "choices", "verdicts"])
def test_a_page_in_json_has_the_entries_of_the_page(page: str) -> None:
    entries = json.loads(walkdiff("manual", "--json", page).stdout)
    text = walkdiff("manual", page).stdout
    assert len(entries) > 5
    assert all(entry["name"] in text for entry in entries)


def test_a_page_that_is_not_in_json_is_refused() -> None:
    done = walkdiff("manual", "--json", "profiles")
    assert done.returncode == 2
    assert "there is no page 'profiles' in JSON" in done.stderr
