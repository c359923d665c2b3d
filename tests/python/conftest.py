# SPDX-License-Identifier: MIT
"""Fixtures that several files of tests share."""

from __future__ import annotations

from pathlib import Path

import pytest
import report_runs
from report_runs import WALKER
from walkdiff_driver.store import Sighting, Store, Walker


@pytest.fixture(scope="session")
def real_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of the sample walker with a defect that leaves several buckets."""
    return report_runs.fuzz(tmp_path_factory.mktemp("report") / "run", WALKER, 3000)


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory, real_run: Path) -> dict[str, Path]:
    """Runs of every kind, by name."""
    folder = tmp_path_factory.mktemp("runs")
    summary, _ = report_runs.read(real_run)
    made = {
        "empty": (summary, []),
        "of every kind": report_runs.of_every_kind(real_run),
        "evil": report_runs.with_evil_text(real_run),
        "300 buckets": report_runs.many(real_run, 300),
    }
    return {
        "real": real_run,
        "clean": report_runs.fuzz(folder / "clean", "sample", 500),
        **{name: report_runs.write(folder / name, *run) for name, run in made.items()},
    }


@pytest.fixture
def store(tmp_path: Path, real_run: Path) -> Path:
    """A store of two nights that knows the largest bucket of the real run."""
    path = tmp_path / "store.sqlite"
    _, findings = report_runs.read(real_run)
    common = {"mode": "nightly", "walkdiff": "0.1.0", "seed": 1, "shard": "1/1", "fingerprint": "f", "config": {}}
    with Store.open(path) as opened:
        for name in ("first night", "second night"):
            run = opened.begin_run(name=name, walkers=[Walker("sample", WALKER, "1.0", "under test")], **common)
            opened.see(run, None, Sighting("sample", findings[0], 3, findings[0]["facets"]))
            opened.end_run(run, "complete")
    return path
