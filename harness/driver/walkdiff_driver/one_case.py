# SPDX-License-Identifier: MIT
"""The one case that a verb is about: of a file, a line of it, a findings.jsonl or a store."""

from __future__ import annotations

import json
import lzma
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from walkdiff_driver.store import Store
from walkdiff_driver.verb import VerbError

JUDGED_BY_ITSELF = ("expect", "permitted")  # what a case may say of its answers; a search judges each commit's


@dataclass(frozen=True)
class OneCase:
    """A case, and the signature of the finding that it shows, if it came with one."""

    case: dict[str, Any]
    signature: str | None
    name: str  # as the user would name it again


def from_store(path: Path, number: int) -> OneCase:
    """The case of a finding of a store."""
    with Store.open_for_reading(path) as store:
        bucket = store.bucket(number)
    return OneCase(bucket.case, bucket.signature, f"finding {number} of {path}")


def from_file(name: str) -> OneCase:
    """FILE, FILE:LINE or "-", of cases or of findings. Raises VerbError unless that is one."""
    file, line = name, 0
    match = re.fullmatch(r"(.+):(\d+)", name)
    if match and not Path(name).exists():
        file, line = match[1], int(match[2])
    documents = _documents(file)
    if line:
        documents = [document for document in documents if document[0] == line]
    if len(documents) != 1:
        what = f"holds {len(documents)} cases" if documents else "there is no case"
        raise VerbError(f"{name}: {what}: one is wanted, as FILE:LINE")
    return _one(documents[0][1], name)


def _documents(file: str) -> list[tuple[int, dict[str, Any]]]:
    try:
        if file == "-":
            text = sys.stdin.read()
        elif file.endswith(".xz"):
            text = lzma.decompress(Path(file).read_bytes()).decode()
        else:
            text = Path(file).read_text(encoding="utf-8")
    except (OSError, lzma.LZMAError, UnicodeDecodeError) as error:
        raise VerbError(f"{file}: {getattr(error, 'strerror', None) or error}") from error
    try:
        return [(1, json.loads(text))]  # a single case may take several lines
    except ValueError:
        pass
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                found.append((number, json.loads(line)))
            except ValueError as error:
                raise VerbError(f"{file}:{number}: is no case: {error}") from error
    return found


def _one(document: object, name: str) -> OneCase:
    if isinstance(document, dict) and isinstance(document.get("case"), dict):
        return OneCase(document["case"], document.get("signature"), name)
    if not isinstance(document, dict):
        raise VerbError(f"{name}: is no case")
    return OneCase(document, None, name)


def write(path: Path, case: dict[str, Any]) -> None:
    """Writes the case for `replay`, without what it expects."""
    bare = {name: value for name, value in case.items() if name not in JUDGED_BY_ITSELF}
    path.write_text(json.dumps(bare, ensure_ascii=False) + "\n", encoding="utf-8")
