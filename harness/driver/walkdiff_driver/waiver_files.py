# SPDX-License-Identifier: MIT
"""Files of waivers, docs/judging.md: reading, writing, and for which walkers they are. The judge reads them in C."""

from __future__ import annotations

import json
import os
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from walkdiff_driver import one_case
from walkdiff_driver.verb import VerbError

KEYS = ("id", "walker", "versions", "signature", "rule", "instead", "reason", "link", "case")


@dataclass(frozen=True)
class Waiver:
    """A waiver and where it stands."""

    file: Path
    table: dict[str, Any]

    @property
    def id(self) -> str:
        """What it is called."""
        return self.table.get("id", "")

    def case(self) -> dict[str, Any]:
        """The case that shows it: in the waiver, or in a file beside the folder of waivers or below cases/."""
        text = self.table.get("case", "")
        where = f"{self.file}: waiver {self.id}: case"
        if not text.lstrip().startswith("{"):
            return one_case.from_file(str(self._place(text))).case
        try:
            case = json.loads(text)
        except ValueError as error:
            raise VerbError(f"{where}: {error}") from error
        if not isinstance(case, dict):
            raise VerbError(f"{where}: must be an object")
        return case

    def _place(self, name: str) -> Path:
        """Where FILE or FILE:LINE is."""
        beside, own = self.file.resolve().parent.parent / name, own_folder().parent / name
        return own if not Path(re.sub(r":\d+$", "", str(beside))).exists() and own.exists() else beside

    def is_for(self, walker: str, version: str) -> bool:
        """Whether it is in force for a walker: its name in the spec, and what it tells of its version."""
        return self.table.get("walker") == walker and in_range(version, self.table.get("versions", "*"))

    def stale_by(self, judgement: dict[str, Any]) -> str | None:
        """Why the waiver is stale, by what its case was judged: None if it is not."""
        verdict, by = judgement["verdict"], judgement.get("waiver")
        if verdict in ("agree", "permitted"):
            return f"its case is answered rightly ({verdict})"
        if verdict == "waived" and by != self.id:
            return f"its case is waived by {by}"
        if verdict not in ("waived", "unsupported"):
            return f"it does not match what its case shows: {verdict}: {judgement.get('signature', '')}"
        return None


def name_in(spec: str) -> str:
    """The name in a walker's spec, by which waivers know it."""
    return re.split("[:,]", spec, maxsplit=1)[0]


def load(folders: list[Path]) -> list[Waiver]:
    """All waivers of some folders."""
    waivers = []
    for folder in folders:
        if not folder.is_dir():
            raise VerbError(f"{folder}: there is no such folder")
        for path in sorted(folder.glob("*.toml")):
            try:
                tables = tomllib.loads(path.read_text(encoding="utf-8")).get("waiver", [])
            except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
                raise VerbError(f"{path}: {error}") from error
            waivers += [Waiver(path, table) for table in tables]
    return waivers


def own_folder() -> Path:
    """The folder of waivers that comes with walkdiff."""
    data = os.environ.get("WALKDIFF_DATA")
    if not data:
        raise VerbError("WALKDIFF_DATA is not set: verbs are run as `walkdiff VERB`")
    return Path(data) / "waivers"


def _parts(text: str) -> tuple[int, ...]:
    parts = [int(part) for part in text.split(".")]
    while parts and parts[-1] == 0:
        parts.pop()
    return tuple(parts)


def in_range(version: str, versions: str) -> bool:
    """Whether what a walker tells of its version is in a range, as wd_version_in_range() of the judge has it."""
    if versions.strip() == "*":
        return True
    found = re.search(r"\d+(?:\.\d+)+", version)
    if not found:
        return False
    mine = _parts(found[0])
    compare = {
        ">=": mine.__ge__,
        "<=": mine.__le__,
        ">": mine.__gt__,
        "<": mine.__lt__,
        "=": mine.__eq__,
    }
    for condition in versions.split(","):
        match = re.fullmatch(r"\s*(>=|<=|>|<|=)\s*(\d+(?:\.\d+)*)\s*", condition)
        if not match:
            raise VerbError(f'versions: \'{versions}\' is not like ">=2.0.1, <2.1" or "*"')
        if not compare[match[1]](_parts(match[2])):
            return False
    return True


def literally(text: str) -> str:
    """A pattern as for file names that matches just this text."""
    return re.sub(r"([*?[\\])", lambda match: "\\\\" if match[1] == "\\" else f"[{match[1]}]", text)


def toml_string(text: str) -> str:
    """A basic string: its escapes are those of JSON, where DEL is none."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")


def as_toml(table: dict[str, Any]) -> str:
    """A waiver's table, as it stands in a file."""
    lines = ["[[waiver]]"]
    for key in KEYS[:5]:
        lines.append(f"{key} = {toml_string(table[key])}")
    if table.get("facets"):
        inner = ", ".join(f"{name} = {toml_string(value)}" for name, value in table["facets"].items())
        lines.append(f"facets = {{ {inner} }}")
    for key in KEYS[5:]:
        lines.append(f"{key} = {toml_string(table[key])}")
    return "\n".join(lines) + "\n"
