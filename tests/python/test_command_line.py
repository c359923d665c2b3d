# SPDX-License-Identifier: MIT
"""docs/command-line.md: every verb and every option is there, and nothing that the program does not have."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from walkdiff_driver.program import program

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
OF_THE_LAUNCHER = ("setup", "doctor", "test")
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")


def help_of(*verb: str) -> str:
    done = subprocess.run([str(program(ROOT)), "help", *verb], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def sections() -> dict[str, str]:
    """The sections of the page, by their headings."""
    parts = re.split(r"^## (.+)$", PAGE, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def verbs() -> list[str]:
    """The verbs that the program lists."""
    return re.findall(r"^  ([a-z]+)\b", help_of(), re.MULTILINE)


def described_options(section: str) -> set[str]:
    """The options that have a line in a section's table."""
    return set(re.findall(r"^\| `(--[a-z-]+)", section, re.MULTILINE))


def test_every_verb_has_a_section() -> None:
    assert verbs()
    assert set(verbs()) <= set(sections())


def test_every_section_but_those_of_the_launcher_is_a_verb() -> None:
    assert set(sections()) - {", ".join(OF_THE_LAUNCHER), "Environment"} <= set(verbs())


@pytest.mark.parametrize("verb", [name for name in sections() if name.isalpha() and name.islower()])
def test_a_section_describes_exactly_the_options_of_its_verb(verb: str) -> None:
    usage = help_of(verb)
    offered = {line.split()[0] for line in usage.splitlines() if line.startswith("  --")}
    assert described_options(sections()[verb]) == offered


@pytest.mark.parametrize("verb", [name for name in sections() if name.isalpha() and name.islower()])
def test_a_section_shows_the_usage_line_of_its_verb(verb: str) -> None:
    usage = help_of(verb).splitlines()[0].removeprefix("usage: ")
    assert f"```\n{usage}\n```" in sections()[verb]


def test_the_launchers_verbs_are_described() -> None:
    launcher = (ROOT / "walkdiff").read_text(encoding="utf-8")
    for verb in OF_THE_LAUNCHER:
        assert re.search(rf"^    {verb}\)$", launcher, re.MULTILINE), f"the launcher has no verb {verb}"
        assert f"./walkdiff {verb}" in sections()[", ".join(OF_THE_LAUNCHER)]


@pytest.mark.parametrize("page", sorted((ROOT / "docs").glob("*.md")), ids=lambda page: page.name)
def test_every_option_that_a_page_names_exists(page: Path) -> None:
    known = set(OPTION.findall(" ".join([help_of(), *(help_of(verb) for verb in verbs())])))
    examples = "\n".join(re.findall(r"walkdiff (?:fuzz|replay|run|explain|walkers|manual)\b[^`\n]*", page.read_text()))
    assert set(OPTION.findall(examples)) <= known | {"--help"}
