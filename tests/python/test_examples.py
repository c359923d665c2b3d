# SPDX-License-Identifier: MIT
"""docs/examples/: the walkers that docs/walkers.md shows. They are short, complete, and right as far as they go."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from walkdiff_driver.program import program, replay

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "docs" / "examples"
LANGUAGES = {".c": "c", ".py": "python"}
CASES = ROOT / "cases" / "examples" / "stage1.jsonl"
SUPPORTED = "example-s1-off"  # the one case of that file in which stage 1 is off


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The C example, built by the command that the manual gives."""
    built = tmp_path_factory.mktemp("examples") / "identity_walker.so"
    page = (ROOT / "docs" / "walkers.md").read_text(encoding="utf-8")
    command = next(line for line in page.splitlines() if line.startswith("cc "))
    compiler, *arguments = shlex.split(command.replace("build/identity_walker.so", str(built)))
    strict = ["-Wall", "-Wextra", "-Wmissing-prototypes", "-Werror"]
    done = subprocess.run(
        [os.environ.get("CC", compiler), *strict, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return built


@pytest.fixture(params=["so", "exec"])
def walker(request: pytest.FixtureRequest) -> str:
    """The spec of each example."""
    if request.param == "so":
        return f"so:{request.getfixturevalue('library')}"
    return f"exec:{shlex.quote(sys.executable)} {shlex.quote(str(EXAMPLES / 'identity_walker.py'))}"


def fuzz(walker: str, cases: int) -> dict[str, int]:
    """The counts of the verdicts on a walker."""
    command = [str(program(ROOT)), "fuzz", "--walker", walker, "--ref", "none", "--seed", "1", "--cases", str(cases)]
    done = subprocess.run([*command, "--json"], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)["walkers"][0]["verdicts"]


@pytest.mark.parametrize(("name", "most"), [("identity_walker.c", 60), ("identity_walker.py", 30)])
def test_an_example_is_short(name: str, most: int) -> None:
    assert len((EXAMPLES / name).read_text(encoding="utf-8").splitlines()) <= most


@pytest.mark.parametrize("example", sorted(EXAMPLES.glob("*.*")), ids=lambda example: example.name)
def test_the_manual_shows_an_example_as_it_is(example: Path) -> None:
    page = (ROOT / "docs" / "walkers.md").read_text(encoding="utf-8")
    text = example.read_text(encoding="utf-8")
    shown = f"<!-- {example.relative_to(ROOT)} -->\n```{LANGUAGES[example.suffix]}\n{text}```\n"
    assert shown in page, f"docs/walkers.md does not show {example.name} as it is"


def test_an_example_answers_what_it_supports_and_nothing_else(walker: str) -> None:
    verdicts = {judgement.id: judgement.verdict for judgement in replay(ROOT, walker, CASES)}
    assert verdicts.pop(SUPPORTED) == "agree"
    assert Counter(verdicts.values()) == {"unsupported": len(verdicts)}


def test_an_example_never_deviates_in_random_cases(walker: str) -> None:
    verdicts = fuzz(walker, cases=20000)
    assert set(verdicts) == {"agree", "unsupported"}
    assert verdicts["agree"] >= 200


def test_both_examples_support_the_same_random_cases(library: Path) -> None:
    program_spec = f"exec:{shlex.quote(sys.executable)} {shlex.quote(str(EXAMPLES / 'identity_walker.py'))}"
    assert fuzz(f"so:{library}", cases=20000) == fuzz(program_spec, cases=20000)
