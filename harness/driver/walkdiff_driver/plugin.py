# SPDX-License-Identifier: MIT
"""The pytest plugin: what the project's tests are made of becomes items. See docs/testing.md."""

from __future__ import annotations

from pathlib import Path

import pytest

from walkdiff_driver.cases import CaseFile, is_case_file
from walkdiff_driver.fuzz_corpora import FuzzTargetFile, is_fuzz_target
from walkdiff_driver.golden import REWRITTEN, GoldenFile, is_golden_test
from walkdiff_driver.triage import TriageFile, is_triage_file
from walkdiff_driver.unit_tests import NO_CMOCKA, UnitTestFile, has_cmocka, is_unit_test

COLLECTORS = (
    (is_triage_file, TriageFile),
    (is_case_file, CaseFile),
    (is_unit_test, UnitTestFile),
    (is_fuzz_target, FuzzTargetFile),
    (is_golden_test, GoldenFile),
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Our options."""
    group = parser.getgroup("walkdiff")
    group.addoption("--walker", default="oracle", metavar="SPEC", help="walker that the cases judge (default: oracle)")
    group.addoption("--each", action="store_true", help="make each case of a packed file (*.jsonl.xz) an item")
    group.addoption(
        "--update-golden", action="store_true", help="rewrite what the golden command-line and triage tests expect"
    )


def pytest_report_header(config: pytest.Config) -> str:
    """Which walker is judged."""
    return f"walker: {config.getoption('walker')}"


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Takes the files that are ours."""
    for is_ours, collector in COLLECTORS:
        if is_ours(parent.config, file_path):
            return collector.from_parent(parent, path=file_path)
    return None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Says aloud what was left out, and what was rewritten."""
    units = any(isinstance(item.parent, UnitTestFile) for item in terminalreporter._session.items)
    if units and not has_cmocka(config.rootpath):
        terminalreporter.section("THE C UNIT TESTS WERE NOT RUN", red=True, bold=True)
        terminalreporter.line(NO_CMOCKA)
    if config.getoption("update_golden"):
        terminalreporter.section("golden files rewritten")
        for file in config.stash.get(REWRITTEN, []) or ["none: every output is as expected"]:
            terminalreporter.line(file)
