# SPDX-License-Identifier: MIT
"""`walkdiff report`: every format, of every kind of run."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from walkdiff_driver.program import program

ROOT = Path(__file__).resolve().parents[2]


def walkdiff(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(program(ROOT)), *arguments], cwd=cwd, capture_output=True, text=True, timeout=120)


def fuzz(folder: Path, walker: str, cases: int) -> Path:
    """The folder of a run."""
    options = ["--seed", "1", "--cases", str(cases), "--out", str(folder), "--quiet"]
    done = walkdiff("fuzz", "--walker", walker, *options)
    assert done.returncode in (0, 1), done.stderr
    return folder


@pytest.fixture(scope="session")
def real_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of the sample walker with a defect that leaves several buckets."""
    return fuzz(tmp_path_factory.mktemp("report") / "run", "sample,defect=S1-43", 3000)


def test_the_json_report_has_every_bucket_of_the_run_in_the_order_of_reading(real_run: Path) -> None:
    done = walkdiff("report", str(real_run), "--format", "json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    lines = [json.loads(line) for line in (real_run / "findings.jsonl").read_text().splitlines()]
    assert lines
    assert sorted(f["signature"] for f in report["findings"]) == sorted(f["signature"] for f in lines)
    assert [f["rank"] for f in report["findings"]] == list(range(1, len(lines) + 1))
    counts = [f["count"] for f in report["findings"] if f["verdict"] == "deviation"]
    assert counts == sorted(counts, reverse=True)


def test_a_folder_that_holds_no_run_is_named(tmp_path: Path) -> None:
    done = walkdiff("report", str(tmp_path))
    assert done.returncode == 2
    assert f"{tmp_path}/summary.json: No such file or directory" in done.stderr


def test_a_line_that_is_no_finding_is_named_with_its_member(real_run: Path, tmp_path: Path) -> None:
    (tmp_path / "summary.json").write_bytes((real_run / "summary.json").read_bytes())
    (tmp_path / "findings.jsonl").write_text('\n{"signature": "a"}\n')
    done = walkdiff("report", str(tmp_path))
    assert done.returncode == 2
    assert f"{tmp_path}/findings.jsonl:2: title: is missing" in done.stderr


def test_an_installed_walkdiff_makes_reports_too(real_run: Path, tmp_path: Path) -> None:
    build = program(ROOT).parents[1]
    done = subprocess.run(["cmake", "--install", str(build), "--prefix", str(tmp_path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    done = subprocess.run(
        [str(tmp_path / "bin" / "walkdiff"), "report", str(real_run)],
        env={"PATH": "/usr/bin:/bin", "WALKDIFF_PYTHON": str(ROOT / ".venv" / "bin" / "python")},
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["findings"]
