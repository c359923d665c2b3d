# SPDX-License-Identifier: MIT
"""The manual: docs/reference/ is what `walkdiff manual` prints, and every link leads somewhere."""

from __future__ import annotations

import difflib
import re
import subprocess
from pathlib import Path

import pytest
from walkdiff_driver.program import program

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "docs" / "reference"
MANUAL = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
PAGES = ("registers", "features", "rules", "choices", "mistakes", "verdicts", "operations", "profiles", "kinds")


def walkdiff(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(program(ROOT)), *arguments], capture_output=True, text=True, timeout=60)


def anchors(page: Path) -> set[str]:
    """What a link to a heading of a page may end in, by GitHub's rules."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links(page: Path) -> list[str]:
    """The links of a page to files of the tree and to headings."""
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    return [link for link in re.findall(r"\]\(([^)\s]+)\)", text) if not re.match(r"\w+:", link)]


@pytest.mark.parametrize("page", PAGES)
def test_a_reference_page_is_what_the_program_prints(page: str) -> None:
    file = REFERENCE / f"{page}.md"
    printed = walkdiff("manual", page)
    assert printed.returncode == 0, printed.stderr
    written = file.read_text(encoding="utf-8") if file.exists() else ""
    difference = list(difflib.unified_diff(written.splitlines(), printed.stdout.splitlines(), str(file), "now", n=0))
    if difference:
        command = f"./walkdiff manual {page} > {file.relative_to(ROOT)}"
        pytest.fail("\n".join([*difference[:20], f"to write the page anew: {command}"]), pytrace=False)


def test_the_usage_names_every_page_and_no_other() -> None:
    usage = walkdiff("manual", "--help").stdout
    assert tuple(re.findall(r"^  (\w+) ", usage, re.MULTILINE)) == PAGES
    assert usage.splitlines()[0] == f"usage: walkdiff manual [--json] {'|'.join(PAGES)}"


def test_every_reference_page_is_one_of_the_programs() -> None:
    assert {file.stem for file in REFERENCE.glob("*.md")} == set(PAGES)


@pytest.mark.parametrize("arguments", [(), ("nothing",), ("rules", "choices")])
def test_what_is_no_page_is_used_wrongly(arguments: tuple[str, ...]) -> None:
    done = walkdiff("manual", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert "usage: walkdiff manual" in done.stderr


@pytest.mark.parametrize("page", MANUAL, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{link}: there is no {target.relative_to(ROOT)}"
        assert not anchor or anchor in anchors(target), f"{link}: {target.relative_to(ROOT)} has no such heading"


def test_every_page_can_be_reached_from_the_index() -> None:
    index = ROOT / "docs" / "index.md"
    reached = {index, *((index.parent / link.partition("#")[0]).resolve() for link in links(index))}
    assert set((ROOT / "docs").rglob("*.md")) <= reached
