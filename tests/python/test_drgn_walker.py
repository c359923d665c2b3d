# SPDX-License-Identifier: MIT
"""harness/walkers/drgn: a debugger's walker, asked through its Python package, and what docs/findings/drgn.md says."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from walkdiff_driver.program import program, replay

ROOT = Path(__file__).resolve().parents[2]
ADAPTER = ROOT / "harness" / "walkers" / "drgn"
PACKAGE = ROOT / ".deps" / "drgn"
FINDINGS = ROOT / "docs" / "findings" / "drgn.jsonl"
CASES = [json.loads(line) for line in FINDINGS.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def walker() -> str:
    """The spec of drgn's walker, with the package that CI fetches."""
    if not (PACKAGE / "drgn").is_dir():
        reason = f"no drgn in {PACKAGE}: docs/walkers.md says how to get it"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    path, python, script = map(shlex.quote, (str(PACKAGE), sys.executable, str(ADAPTER / "drgn_walker.py")))
    return f"exec:PYTHONPATH={path} {python} {script}"


def test_the_architecture_gives_the_answers_that_the_findings_expect() -> None:
    assert {judgement.id: judgement.verdict for judgement in replay(ROOT, "oracle", FINDINGS)} == {
        case["id"]: "agree" for case in CASES
    }


def test_every_case_of_the_findings_is_told_of() -> None:
    page = FINDINGS.with_suffix(".md").read_text(encoding="utf-8")
    assert [case["id"] for case in CASES if f"`{case['id']}`" not in page] == []


def test_drgn_answers_each_case_of_the_findings_wrongly(walker: str) -> None:
    judgements = replay(ROOT, walker, FINDINGS)
    assert {judgement.id: judgement.verdict for judgement in judgements} == {case["id"]: "deviation" for case in CASES}


def test_drgn_is_wrong_in_random_cases_only_as_the_findings_say(walker: str) -> None:
    told = {
        "ACCESS_FLAG",
        "BLOCK_NOT_SUPPORTED",
        "TABLE_BASE_ADDRESS_SIZE",
        "NEXT_TABLE_ADDRESS_SIZE",
        "LEAF_ADDRESS_SIZE",
    }
    command = [str(program(ROOT)), "fuzz", "--walker", walker, "--ref", "none", "--profile", "n1", "--seed", "1"]
    done = subprocess.run([*command, "--cases", "20000", "--json"], capture_output=True, text=True, timeout=120)
    summary = json.loads(done.stdout)
    assert summary["walkers"][0]["verdicts"]["agree"] > 200
    wrong = {finding["signature"].split()[0] for finding in summary["findings"]}
    assert wrong <= told | {"LEAF_OUTPUT_ADDRESS", "SUCCESS"}  # 64K pages with bits 15:12 that are RES0
    assert "ACCESS_FLAG" in wrong


def test_the_package_that_is_asked_is_the_one_that_the_findings_are_of() -> None:
    pinned = (ADAPTER / "requirements.in").read_text(encoding="utf-8").strip()
    assert pinned.replace("==", " ") in FINDINGS.with_suffix(".md").read_text(encoding="utf-8")
