# SPDX-License-Identifier: MIT
"""The tables of rules and choices: well formed, and in step with the code that applies them.

That every rule is reached by some test is asserted by tests/unit/test_rules_reached.c.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
INCLUDE = ROOT / "include" / "walkdiff"

RULE_ID = re.compile(r"[RI]_[A-Z]{5}")
SECTION = re.compile(r"[A-K]\d+(\.\d+)+")
REGISTER = re.compile(r"(?P<register>[A-Z][A-Z0-9]*_EL[012])(\.(?P<field>\w+))?")
FUNCTION = re.compile(r"(AArch64\.)?[A-Z]\w+")
KINDS = {"IMPLEMENTATION_DEFINED", "CONSTRAINED_UNPREDICTABLE", "PERMITTED"}
# Enumerators beside the table's own.
NO_RULES = {"NONE", "COUNT", "WORDS"}


@dataclass(frozen=True)
class Entry:
    """A line of a .def file: what is written as a name, and the strings after it."""

    name: str
    words: tuple[str, ...]
    strings: tuple[str, ...]

    def __str__(self) -> str:
        return self.name


def parse(text: str, macro: str) -> list[Entry]:
    """The entries of a table."""
    entries = []
    for match in re.finditer(rf'{macro}\((\w+(?:,\s*\w+)*),\s*("(?:[^"]|"\s*,?\s*")*")\)', text):
        words = tuple(word.strip() for word in match[1].split(","))
        joined = re.sub(r'"\s+"', "", match[2])
        entries.append(Entry(words[0], words[1:], tuple(re.findall(r'"([^"]*)"', joined))))
    return entries


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def code(text: str) -> str:
    """C without comments and preprocessor lines."""
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    return re.sub(r"^#(.*\\\n)*.*$", "", text, flags=re.MULTILINE)


RULES = parse(code(read(INCLUDE / "rules.def")), "WD_RULE")
CHOICES = parse(code(read(INCLUDE / "choices.def")), "WD_CHOICE")
ORACLE = "\n".join(code(read(path)) for path in sorted((ROOT / "oracle").glob("*.[ch]")))
JUDGE = code(read(ROOT / "harness" / "judge" / "judge.c"))


def fields() -> dict[str, set[str]]:
    """The fields of each register, of all its layouts."""
    text = read(INCLUDE / "registers.def")
    shared = {
        macro: re.findall(r"WD_FIELD\(layout, (\w+)", body)
        for macro, body in re.findall(r"#define (WD_\w+)\(layout[^)]*\)((?:.*\\\n)*.*)", text)
    }
    layouts = dict(re.findall(r"WD_LAYOUT\((\w+), (\w+),", text))
    found: dict[str, set[str]] = {register: set() for register in layouts.values()}
    for layout, field in re.findall(r"^WD_FIELD\((\w+), (\w+)", text, re.MULTILINE):
        found[layouts[layout]].add(field)
    for macro, layout in re.findall(r"^(WD_\w+)\((\w+)(?:, \w+)?\)$", text, re.MULTILINE):
        found[layouts[layout]].update(shared[macro])
    found["PAR_EL1"] = found.pop("RESULT")
    return found


FIELDS = fields()


def is_citation(text: str) -> bool:
    """Whether a text is a rule id, a section, or a register or field that registers.def knows."""
    if RULE_ID.fullmatch(text) or SECTION.fullmatch(text):
        return True
    match = REGISTER.fullmatch(text)
    if not match or match["register"] not in FIELDS:
        return False
    return match["field"] is None or match["field"] in FIELDS[match["register"]]


def used(prefix: str, text: str) -> set[str]:
    return set(re.findall(rf"\b{prefix}_([A-Z]\w*)\b", text))


def used_choices(text: str) -> set[str]:
    """Choices that a text names, alone or for either stage."""
    either = re.findall(r"\bWD_STAGE_CHOICE\([^,()]+, (\w+)\)", text)
    return used("WD_CHOICE", text) - {"COUNT"} | {f"S{stage}_{name}" for name in either for stage in (1, 2)}


def doubled(entries: list[Entry]) -> list[str]:
    return [name for name, count in Counter(entry.name for entry in entries).items() if count > 1]


def test_the_tables_are_read_as_a_whole() -> None:
    """Every entry that stands in the files is parsed."""
    for name, macro, entries in (("rules.def", "WD_RULE", RULES), ("choices.def", "WD_CHOICE", CHOICES)):
        assert len(entries) == len(re.findall(rf"^{macro}\(", read(INCLUDE / name), re.MULTILINE))
    assert len(RULES) >= 120
    assert len(CHOICES) >= 40


def test_no_rule_and_no_choice_stands_twice() -> None:
    assert doubled(RULES) == []
    assert doubled(CHOICES) == []


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_a_rule_cites_the_text_names_its_function_and_is_one_sentence(rule: Entry) -> None:
    citation, function, sentence = rule.strings
    assert citation == "" or is_citation(citation), f"{rule}: {citation!r} is no rule id, section or register field"
    assert FUNCTION.fullmatch(function), f"{rule}: {function!r} is no pseudocode function"
    assert sentence[0].isupper() or not sentence[0].isalpha()
    assert sentence.endswith(".")
    assert not re.search(r"[.?!] [A-Z]", sentence), f"{rule}: more than one sentence"


@pytest.mark.parametrize("choice", CHOICES, ids=str)
def test_a_choice_cites_the_text_names_its_function_and_has_two_options(choice: Entry) -> None:
    citation, function, text, *options = choice.strings
    assert choice.words[0] in KINDS
    assert is_citation(citation), f"{choice}: {citation!r} is no rule id, section or register field"
    assert FUNCTION.fullmatch(function), f"{choice}: {function!r} is no pseudocode function"
    assert text
    assert len(options) >= 2
    assert len(set(options)) == len(options)


def test_the_oracle_and_the_judge_name_only_rules_of_the_table() -> None:
    names = {rule.name for rule in RULES}
    assert used("WD_RULE", ORACLE) - NO_RULES - names == set()
    assert used("WD_RULE", JUDGE) - NO_RULES - names == set()


def test_the_oracle_applies_every_rule_of_the_table() -> None:
    assert {rule.name for rule in RULES} - used("WD_RULE", ORACLE) == set()


def test_the_oracle_consults_every_choice_of_the_table_and_no_other() -> None:
    names = {choice.name for choice in CHOICES}
    assert used_choices(ORACLE) == names


# The checks above, on tables that are wrong.


def test_a_rule_that_is_not_applied_is_noticed() -> None:
    rules = parse(
        'WD_RULE(A, NONE, "R_ABCDE", "AArch64.AT", "One.")\nWD_RULE(B, NONE, "C5.4", "AArch64.AT", "Two.")', "WD_RULE"
    )
    assert [rule.name for rule in rules] == ["A", "B"]
    assert {rule.name for rule in rules} - used("WD_RULE", "wd_apply(w, 1, WD_RULE_A, 0);") == {"B"}


def test_a_doubled_name_is_noticed() -> None:
    line = 'WD_RULE(A, NONE, "R_ABCDE", "AArch64.AT", "One,"\n        " and more.")\n'
    entries = parse(line + line, "WD_RULE")
    assert doubled(entries) == ["A"]
    assert entries[0].strings == ("R_ABCDE", "AArch64.AT", "One, and more.")


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("R_VPBBF", True),
        ("I_ZFSYQ", True),
        ("C5.4.1", True),
        ("TCR_EL1.TG0", True),
        ("TCR_EL2.HPD", True),
        ("PAR_EL1.FST", True),
        ("MAIR_EL1", True),
        ("R_VPBB", False),
        ("X_VPBBF", False),
        ("TCR_EL1.TG9", False),
        ("TCR_EL9", False),
        ("see text", False),
        ("", False),
    ],
)
def test_a_citation_is_a_rule_id_a_section_or_a_register_field(text: str, good: bool) -> None:
    assert is_citation(text) == good


def test_a_choice_of_either_stage_counts_for_both() -> None:
    text = "wd_choose(w, WD_STAGE_CHOICE(f->stage, NT)); x = WD_CHOICE_TAGGED_C0; n = WD_CHOICE_COUNT;"
    assert used_choices(text) == {"S1_NT", "S2_NT", "TAGGED_C0"}
