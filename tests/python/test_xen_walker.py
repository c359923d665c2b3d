# SPDX-License-Identifier: MIT
"""harness/walkers/xen: a walker that somebody else wrote. docs/findings/xen.md tells what it does wrongly."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from walkdiff_driver.program import program, replay

ROOT = Path(__file__).resolve().parents[2]
ADAPTER = ROOT / "harness" / "walkers" / "xen"
SOURCE = Path(os.environ.get("WALKDIFF_XEN", ROOT / ".deps" / "xen" / "source"))
FINDINGS = ROOT / "docs" / "findings" / "xen.jsonl"
CASES = [json.loads(line) for line in FINDINGS.read_text(encoding="utf-8").splitlines()]


def build(tree: Path, library: Path) -> subprocess.CompletedProcess[str]:
    command = [str(ADAPTER / "build"), str(tree), str(library)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


@pytest.fixture(scope="module")
def walker(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The spec of Xen's walker, built from the source that `fetch` left."""
    if not (SOURCE / "xen").is_dir():
        reason = f"no source of Xen in {SOURCE}: harness/walkers/xen/fetch .deps/xen gets it"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    library = tmp_path_factory.mktemp("xen") / "xen.so"
    built = build(SOURCE, library)
    assert built.returncode == 0, built.stderr
    return f"so:{library}"


def test_the_architecture_gives_the_answers_that_the_findings_expect() -> None:
    assert {judgement.id: judgement.verdict for judgement in replay(ROOT, "oracle", FINDINGS)} == {
        case["id"]: "agree" for case in CASES
    }


def test_every_case_of_the_findings_is_told_of() -> None:
    page = FINDINGS.with_suffix(".md").read_text(encoding="utf-8")
    assert [case["id"] for case in CASES if f"`{case['id']}`" not in page] == []


def test_xen_answers_each_case_of_the_findings_wrongly(walker: str) -> None:
    judgements = replay(ROOT, walker, FINDINGS)
    assert {judgement.id: judgement.verdict for judgement in judgements} == {case["id"]: "deviation" for case in CASES}


def test_xen_never_dies_and_is_judged_by_the_address_alone(walker: str) -> None:
    command = [str(program(ROOT)), "fuzz", "--walker", walker, "--ref", "none", "--seed", "1", "--cases", "200000"]
    done = subprocess.run([*command, "--json"], cwd=ROOT, capture_output=True, text=True, timeout=120)
    summary = json.loads(done.stdout)
    verdicts = summary["walkers"][0]["verdicts"]
    assert verdicts["agree"] > 5000
    assert not verdicts.keys() & {"crash", "hang", "retry", "warn"}
    signatures = [finding["signature"] for finding in summary["findings"]]
    assert signatures
    assert not [signature for signature in signatures if " ATTR: " in signature or " SH: " in signature]


def test_a_folder_that_is_no_tree_of_xen_cannot_be_built(tmp_path: Path) -> None:
    built = build(tmp_path, tmp_path / "xen.so")
    assert (built.returncode, built.stdout) == (125, "")
    assert "not a tree of Xen's source" in built.stderr
    assert not (tmp_path / "xen.so").exists()


def test_a_tree_whose_walker_does_not_compile_cannot_be_built_and_says_why(tmp_path: Path, walker: str) -> None:
    for name in ("Config.mk", "config", "xen"):
        subprocess.run(["cp", "-r", str(SOURCE / name), str(tmp_path)], check=True)
    broken = tmp_path / "xen" / "arch" / "arm" / "guest_walk.c"
    broken.write_text(broken.read_text(encoding="utf-8").replace("output_size", "output size"), encoding="utf-8")
    built = build(tmp_path, tmp_path / "xen.so")
    assert built.returncode == 125
    assert "guest_walk.c" in built.stderr and "error:" in built.stderr
