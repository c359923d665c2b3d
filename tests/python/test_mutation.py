# SPDX-License-Identifier: MIT
"""bench/mutation: the edits, and a few mutants of the sample walker from edit to finding."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
from walkdiff_driver.program import build_folder

ROOT = Path(__file__).resolve().parents[2]
MUTATION = ROOT / "bench/mutation"

SOURCE = """\
static const int table[] = {7};
int f(int a, int b)
{
    if (a < b && b)
        return table[0];
    a = 1;
    return !b ? 0x10 : 3;
}
"""


@pytest.fixture(scope="module")
def edits(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[int, str, str]]:
    """Line, what was there and what is there instead, of every edit of SOURCE."""
    spec = importlib.util.spec_from_file_location("mutation_edits", MUTATION / "edits.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    path = tmp_path_factory.mktemp("edits") / "f.c"
    path.write_text(SOURCE)
    found = module.edits_of(path, "f.c")
    for edit in found:
        assert edit.apply(SOURCE.encode()).decode().count("\n") == SOURCE.count("\n")
    return [(edit.line, edit.was, edit.now) for edit in found]


def test_every_operator_number_condition_and_statement_has_its_edits(edits: list[tuple[int, str, str]]) -> None:
    assert (1, "7", "8") in edits and (1, "7", "6") in edits
    assert (4, "<", "<=") in edits and (4, "<", ">=") in edits
    assert (4, "&&", "||") in edits
    assert (4, "(a < b && b)", "(!(a < b && b))") in edits
    assert (5, "0", "1") in edits and (5, "0", "-1") not in edits
    assert (6, "a = 1;", ";") in edits
    assert (7, "!b", "(b)") in edits
    assert (7, "0x10", "0x11") in edits and (7, "3", "2") in edits
    assert (7, "!b ? 0x10 : 3", "(!b) ? 3 : 0x10") in edits
    assert len(edits) == len(set(edits))


def mutate(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs bench/mutation on the sample walker, with little coverage: that is what takes its time."""
    command = [sys.executable, str(MUTATION), "--build", str(build_folder(ROOT)), "--coverage-cases", "20000"]
    return subprocess.run([*command, *arguments], capture_output=True, text=True, cwd=ROOT)


def test_a_sample_of_mutants_is_found() -> None:
    done = mutate("--count", "8", "--seed", "2", "--limit", "20")
    assert done.returncode == 0, done.stdout + done.stderr
    outcomes = [line.split()[0] for line in done.stdout.splitlines()[1:] if line]
    assert outcomes.count("found") >= 6, done.stdout


def test_a_mutant_that_nothing_shows_is_not_found_and_fails_the_campaign_unless_it_is_explained() -> None:
    """The trace is for people to read: it is not judged."""
    only = ("if (result->read_count < WD_READS_MAX): (result->read_count < WD_READS_MAX) ->",)
    done = mutate("--limit", "0.5", "--only", *only)
    assert "not found " in done.stdout, done.stdout + done.stderr
    assert done.returncode == 1
