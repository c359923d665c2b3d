# SPDX-License-Identifier: MIT
"""The configuration of `walkdiff nightly`: TOML, checked whole before anything runs. docs/nightly.md describes it."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from walkdiff_driver.verb import DEFAULT_STORE, VerbError, check_is_walker, parse_number, parse_seconds

DEFAULT_OUT = "walkdiff-nightly"
JOBS_MOST = 128


class Wrong(ValueError):
    """What is wrong with a value; whoever knows its place says so."""


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise Wrong("a text is wanted")
    return value


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise Wrong("a list of texts is wanted")
    return tuple(_text(item) for item in value)


def _seconds(value: object) -> float:
    try:
        return parse_seconds(_text(value))
    except Wrong as wrong:
        raise Wrong("a time is wanted, like 30s, 10m or 2h") from wrong
    except ValueError as error:
        raise Wrong(str(error)) from error


def _count(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    try:
        return parse_number(_text(value))
    except ValueError as error:
        raise Wrong("a whole number is wanted, like 1000000 or 1M") from error


def _jobs(value: object) -> int:
    jobs = _count(value)
    if not 1 <= jobs <= JOBS_MOST:
        raise Wrong(f"1 to {JOBS_MOST} are possible")
    return jobs


def _seed(value: object) -> int | str:
    if value in ("date", "random"):
        return str(value)
    try:
        seed = _count(value)
    except Wrong as wrong:
        raise Wrong('a whole number is wanted, or "date", or "random"') from wrong
    if seed >= 2**64:
        raise Wrong("a seed has 64 bits")
    return seed


def _path(value: object) -> Path:
    return Path(_text(value))


def _paths(value: object) -> tuple[Path, ...]:
    return tuple(Path(text) for text in _texts(value))


@dataclass(frozen=True)
class TestedWalker:
    """A walker under test. Findings are kept under its name, whatever its spec is."""

    __test__ = False  # for pytest: no test

    name: str
    spec: str


@dataclass(frozen=True)
class Disk:
    """What may be written."""

    store: int = 1_000_000_000  # bytes of the store
    out: int = 1_000_000_000  # bytes of the folder `out`
    runs: int = 30  # whose folders and details are kept


@dataclass(frozen=True)
class Config:
    """What a nightly run is to do."""

    name: str
    walkers: tuple[TestedWalker, ...]
    time: float = 8 * 3600
    cases: int | None = None  # for each walker; whichever of the two is reached first
    jobs: int = 1
    profiles: tuple[str, ...] = ()
    references: tuple[str, ...] | None = None  # None: what fuzz takes by itself
    seed: int | str = "date"
    timeout: float = 5
    waivers: tuple[Path, ...] = ()
    store: Path = Path(DEFAULT_STORE)
    out: Path = Path(DEFAULT_OUT)
    corpus: int = 2000  # cases
    disk: Disk = field(default_factory=Disk)
    change_time: float = 90
    base: str | None = None  # in code-change mode: the spec of the walker before the change


SETTINGS: dict[str, tuple[str, Callable[[object], Any]]] = {
    "name": ("name", _text),
    "time": ("time", _seconds),
    "cases": ("cases", _count),
    "jobs": ("jobs", _jobs),
    "profiles": ("profiles", _texts),
    "references": ("references", _texts),
    "seed": ("seed", _seed),
    "timeout": ("timeout", _seconds),
    "waivers": ("waivers", _paths),
    "store": ("store", _path),
    "out": ("out", _path),
    "corpus": ("corpus", _count),
    "code-change.time": ("change_time", _seconds),
    "code-change.base": ("base", _text),
}
DISK_SETTINGS: dict[str, tuple[str, Callable[[object], Any]]] = {
    "disk.store": ("store", _count),
    "disk.out": ("out", _count),
    "disk.runs": ("runs", _count),
}
TABLES = ("disk", "code-change")


def _flat(data: dict[str, Any]) -> dict[str, Any]:
    """The keys of the tables as `table.key`."""
    flat: dict[str, Any] = {}
    for key, value in data.items():
        if key in TABLES:
            if not isinstance(value, dict):
                raise VerbError(f"{key}: a table is wanted")
            flat |= {f"{key}.{inner}": setting for inner, setting in value.items()}
        elif key != "walker":
            flat[key] = value
    return flat


def _walkers(tables: object) -> tuple[TestedWalker, ...]:
    if not isinstance(tables, list) or not tables or not all(isinstance(table, dict) for table in tables):
        raise VerbError("walker: at least one table [[walker]] is wanted, with its spec")
    walkers = []
    for number, table in enumerate(tables, 1):
        unknown = set(table) - {"name", "spec"}
        if unknown:
            raise VerbError(f"walker {number}: {min(unknown)}: there is no such setting")
        try:
            spec = _text(table.get("spec"))
            check_is_walker(f"walker {number}: spec: nightly", spec)
            walkers.append(TestedWalker(_text(table.get("name", spec)), spec))
        except Wrong as wrong:
            raise VerbError(f"walker {number}: {'name' if table.get('spec') else 'spec'}: {wrong}") from wrong
    names = [walker.name for walker in walkers]
    for name in names:
        if names.count(name) > 1:
            raise VerbError(f"walker: two have the name '{name}'")
    return tuple(walkers)


def config_of(data: dict[str, Any], name: str) -> Config:
    """A configuration from what its file holds; raises VerbError that names the setting."""
    settings: dict[str, Any] = {"name": name}
    disk: dict[str, Any] = {}
    for key, value in _flat(data).items():
        member, read = SETTINGS.get(key) or DISK_SETTINGS.get(key) or (None, None)
        if member is None or read is None:
            raise VerbError(f"{key}: there is no such setting")
        try:
            (disk if key in DISK_SETTINGS else settings)[member] = read(value)
        except Wrong as wrong:
            raise VerbError(f"{key}: {wrong}") from wrong
    return Config(**settings, walkers=_walkers(data.get("walker")), disk=Disk(**disk))


def load(path: Path) -> Config:
    """Reads a configuration; raises VerbError that names file and setting, or line."""
    try:
        return config_of(tomllib.loads(path.read_text(encoding="utf-8")), path.stem)
    except OSError as error:
        raise VerbError(f"{path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, VerbError) as error:
        raise VerbError(f"{path}: {error}") from error
