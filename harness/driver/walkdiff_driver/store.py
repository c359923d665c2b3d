# SPDX-License-Identifier: MIT
"""The findings store: an SQLite file with runs, buckets and their states, coverage and the corpus. See docs/nightly.md.

Several processes may have a store open at once, to read and to write. What a transaction has committed survives the
death of the process and of the machine; what it has not is gone as a whole.
"""

from __future__ import annotations

import contextlib
import json
import socket
import sqlite3
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

BUSY_SECONDS = 60  # how long a writer waits for another one

UNCONFIRMED = "unconfirmed"  # seen and written down, but not run again yet
NEW = "new"  # first filed by the run that is its `last_run`
KNOWN = "known"  # filed by an earlier run, and still there
WAIVED = "waived"  # a waiver matches it
FIXED = "fixed"  # its case is answered rightly now
BACK = "back"  # was fixed, retracted or waived, and is there again
FLAKY = "flaky"  # when it was run again it did not show each time
RETRACTED = "retracted"  # the answer is what it was, and we judge it otherwise now: the mistake was ours
STATES = (NEW, KNOWN, WAIVED, FIXED, BACK, FLAKY, RETRACTED, UNCONFIRMED)
# Of a signature these are one bucket: a cause leads to exceptions in some cases, to none in others, and where a walker
# asks for the instruction again instead of reporting a fault, to that.
WRONG_ANSWERS = ("deviation", "exception-mismatch", "retry")
REPORTED = (NEW, BACK)  # what makes a nightly run fail
GONE = (FIXED, RETRACTED, WAIVED)  # a bucket in such a state that is seen again is back

# Each script brings a store from the version of its index to the next one.
MIGRATIONS = (
    """
    CREATE TABLE runs (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL,                     -- of the configuration
        mode TEXT NOT NULL,                     -- nightly, code-change
        began TEXT NOT NULL,                    -- UTC, ISO 8601
        ended TEXT,
        ending TEXT NOT NULL DEFAULT 'running', -- running, complete, interrupted, failed, died
        error TEXT,
        host TEXT NOT NULL,
        walkdiff TEXT NOT NULL,                 -- version
        seed TEXT NOT NULL,                     -- 64 bits, decimal
        shard TEXT NOT NULL,                    -- i/n
        fingerprint TEXT NOT NULL,              -- of what a resumed run must have in common with this
        config TEXT NOT NULL,                   -- JSON
        seconds REAL NOT NULL DEFAULT 0,        -- spent, without the time in which it was dead
        resumed INTEGER NOT NULL DEFAULT 0,     -- how often
        summary TEXT NOT NULL DEFAULT '{}'      -- JSON: the ended legs, added up
    );
    CREATE TABLE walkers (
        run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
        name TEXT NOT NULL,
        spec TEXT NOT NULL,
        version TEXT NOT NULL,
        role TEXT NOT NULL,                     -- under test, reference
        PRIMARY KEY (run, name)
    ) WITHOUT ROWID;
    CREATE TABLE legs (                         -- a stretch of one seed's indices, fuzzed by one process
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
        walker TEXT NOT NULL,
        segment INTEGER NOT NULL,
        first INTEGER NOT NULL,                 -- index
        cases INTEGER NOT NULL DEFAULT 0,       -- done: first to first + cases - 1
        seconds REAL NOT NULL DEFAULT 0,
        ending TEXT NOT NULL DEFAULT 'running',
        summary TEXT NOT NULL DEFAULT '{}'      -- JSON, while the leg is not in the summary of its run
    );
    CREATE INDEX legs_of_run ON legs (run);
    CREATE TABLE buckets (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        walker TEXT NOT NULL,                   -- its name in the configuration, not its spec
        verdict TEXT NOT NULL,
        signature TEXT NOT NULL,
        title TEXT NOT NULL,
        rule TEXT NOT NULL,
        state TEXT NOT NULL,
        first_run INTEGER NOT NULL REFERENCES runs,
        last_run INTEGER NOT NULL REFERENCES runs,
        first_seen TEXT NOT NULL,
        last_seen TEXT NOT NULL,
        count INTEGER NOT NULL DEFAULT 0,       -- cases, over all runs
        facets TEXT NOT NULL DEFAULT '{}',      -- JSON, likewise
        seed TEXT,                              -- of the first case
        first_index INTEGER,
        first_case TEXT NOT NULL,               -- JSON, as it was found
        minimal_case TEXT,                      -- JSON, shrunk; NULL: not yet
        expected TEXT NOT NULL,                 -- JSON, of the minimal case, or of the first while there is no such
        got TEXT NOT NULL,                      -- likewise
        waiver TEXT,                            -- id, if its state is waived
        note TEXT NOT NULL DEFAULT '',
        UNIQUE (walker, verdict, signature)
    );
    CREATE TABLE sightings (                    -- of a bucket by a leg; what is counted once is known by this
        leg INTEGER NOT NULL REFERENCES legs ON DELETE CASCADE,
        bucket INTEGER NOT NULL REFERENCES buckets ON DELETE CASCADE,
        count INTEGER NOT NULL,
        facets TEXT NOT NULL,
        PRIMARY KEY (leg, bucket)
    ) WITHOUT ROWID;
    CREATE TABLE run_buckets (                  -- what a run saw of a bucket, and as what
        run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
        bucket INTEGER NOT NULL REFERENCES buckets ON DELETE CASCADE,
        state TEXT NOT NULL,
        count INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (run, bucket)
    ) WITHOUT ROWID;
    CREATE TABLE changes (                      -- of buckets' states
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        bucket INTEGER NOT NULL REFERENCES buckets ON DELETE CASCADE,
        run INTEGER REFERENCES runs,
        at TEXT NOT NULL,
        was TEXT,
        became TEXT NOT NULL,
        why TEXT NOT NULL
    );
    CREATE INDEX changes_of_bucket ON changes (bucket);
    CREATE TABLE corpus (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        text TEXT NOT NULL UNIQUE,              -- the case, JSON without its id
        added_run INTEGER NOT NULL
    );
    CREATE TABLE replays (                      -- of the corpus: the last run that had a walker answer a case
        walker TEXT NOT NULL,
        entry INTEGER NOT NULL REFERENCES corpus ON DELETE CASCADE,
        run INTEGER NOT NULL,
        PRIMARY KEY (walker, entry)
    ) WITHOUT ROWID;
    CREATE TABLE cells (                        -- of the coverage: which case of the corpus reached each
        rule TEXT NOT NULL,
        stage TEXT NOT NULL,
        granule TEXT NOT NULL,
        entry INTEGER NOT NULL REFERENCES corpus ON DELETE CASCADE,
        PRIMARY KEY (rule, stage, granule)
    ) WITHOUT ROWID;
    CREATE INDEX cells_of_entry ON cells (entry);
    """,
    "ALTER TABLE buckets ADD COLUMN also TEXT NOT NULL DEFAULT '[]'; -- JSON: signatures that explain all of it, too",
    "ALTER TABLE buckets ADD COLUMN family TEXT NOT NULL DEFAULT ''; -- signature of its family of checks",
)


class StoreError(Exception):
    """The store cannot be used, or could not be written; the message is for the user."""


@dataclass(frozen=True)
class Walker:
    """A walker of a run."""

    name: str
    spec: str
    version: str
    role: str


@dataclass(frozen=True)
class Run:
    """A run. `summary` holds the members of fuzz's summary.json that add up: cases, verdicts, coverage, …"""

    id: int
    name: str
    mode: str
    began: str
    ended: str | None
    ending: str
    error: str | None
    host: str
    walkdiff: str
    seed: int
    shard: str
    fingerprint: str
    config: dict[str, Any]
    seconds: float
    resumed: int
    summary: dict[str, Any]
    walkers: tuple[Walker, ...]


@dataclass(frozen=True)
class Bucket:
    """A bucket; `case` is the minimal one where there is one."""

    id: int
    walker: str
    verdict: str
    signature: str
    title: str
    rule: str
    state: str
    first_run: int
    last_run: int
    first_seen: str
    last_seen: str
    count: int
    facets: dict[str, dict[str, int]]
    seed: int | None
    first_index: int | None
    first_case: dict[str, Any]
    minimal_case: dict[str, Any] | None
    expected: dict[str, Any]
    got: dict[str, Any]
    waiver: str | None
    note: str
    also: list[str]  # signatures of other causes that would explain all of it, too
    family: str  # signature of the family of checks that it is of; or ""

    @property
    def case(self) -> dict[str, Any]:
        """What shows the bucket best."""
        return self.minimal_case or self.first_case

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes it this bucket."""
        return self.walker, self.verdict, self.signature

    def as_finding(self) -> dict[str, Any]:
        """The bucket in the form of a line of findings.jsonl, with what the store knows beside."""
        return {
            "signature": self.signature,
            "title": self.title,
            "verdict": self.verdict,
            "rule": self.rule,
            "walker": self.walker,
            **({"also": self.also} if self.also else {}),
            **({"family": self.family} if self.family else {}),
            "facets": self.facets,
            "count": self.count,
            **({"first": {"seed": self.seed, "index": self.first_index}} if self.seed is not None else {}),
            "expected": self.expected,
            "got": self.got,
            "case": self.case,
            "shrunk": self.minimal_case is not None,
            "id": self.id,
            "state": self.state,
            "first_run": self.first_run,
            "last_run": self.last_run,
            "first_seen": self.first_seen,
            "last_seen": self.last_seen,
            **({"waiver": self.waiver} if self.waiver else {}),
            **({"note": self.note} if self.note else {}),
        }


@dataclass(frozen=True)
class Change:
    """A change of a bucket's state; `was` is None where it was filed."""

    bucket: int
    run: int | None
    at: str
    was: str | None
    became: str
    why: str


@dataclass(frozen=True)
class Night:
    """What the trend shows of a run: how many buckets it saw, by the state that they had in it."""

    run: Run
    states: dict[str, int]
    cells: int  # of the coverage that it reached: rule × stage × granule


@dataclass(frozen=True)
class Entry:
    """A case of the corpus, and the cells of the coverage that it is kept for."""

    id: int
    case: dict[str, Any]
    cells: tuple[tuple[str, str, str], ...]


@dataclass
class Sighting:
    """What a leg tells of a bucket: a line of findings.jsonl, under the name that the walker has in the store."""

    walker: str
    finding: dict[str, Any]
    count: int = 1
    facets: dict[str, dict[str, int]] = field(default_factory=dict)


def now() -> str:
    """The time as the store writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def compact(value: object) -> str:
    """JSON as the store writes it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def add_counts(one: dict[str, Any], other: dict[str, Any], factor: int = 1) -> dict[str, Any]:
    """Adds nested objects and arrays of numbers, member by member; members that become 0 are left out of objects."""
    added = dict(one)
    for name, value in other.items():
        if isinstance(value, dict):
            added[name] = add_counts(added.get(name) or {}, value, factor)
        elif isinstance(value, list):
            mine = added.get(name) or []
            width = max(len(mine), len(value))
            padded = [(list(x) + [0] * width)[:width] for x in (mine, value)]
            added[name] = [a + factor * b for a, b in zip(*padded, strict=True)]
        else:
            added[name] = added.get(name, 0) + factor * value
            if added[name] == 0:
                del added[name]
    return added


def count_cells(coverage: dict[str, Any]) -> int:
    """How many cells of rule × stage × granule a summary's coverage has reached."""
    return sum(len(granules) for stages in coverage.values() for granules in stages.values())


class Store:
    """An open store. Every public function that changes something is a transaction, or joins the one that is open."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self._open = 0  # transactions, nested
        self.path = path

    # ------------------------------------------------------------ opening

    @classmethod
    def open(cls, path: Path, most_bytes: int | None = None) -> Self:
        """Opens a store to read and write; makes it if it is not there, and brings an older one up to date.

        `most_bytes` is what it may grow to: beyond, writing fails as on a full disk.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"{path}: {error.strerror}") from error
        store = cls._connect(path, str(path), uri=False)
        with store._errors():
            store._enter_wal()
            store._connection.execute("PRAGMA synchronous = FULL")
            store._connection.execute("PRAGMA foreign_keys = ON")
            store._migrate()
            if most_bytes is not None:
                (page,) = store._connection.execute("PRAGMA page_size").fetchone()
                store._connection.execute(f"PRAGMA max_page_count = {max(1, most_bytes // page)}")
                store._connection.execute("PRAGMA journal_size_limit = 4194304")
        return store

    @classmethod
    def open_for_reading(cls, path: Path) -> Self:
        """Opens a store that is there; nothing can be written."""
        if not path.is_file():
            raise StoreError(f"{path}: there is no such store")
        store = cls._connect(path, f"{path.resolve().as_uri()}?mode=ro", uri=True)
        with store._errors():
            version = store._version()
        if version != len(MIGRATIONS):
            raise StoreError(f"{path}: version {version} of the store, this walkdiff reads {len(MIGRATIONS)}")
        return store

    @classmethod
    def _connect(cls, path: Path, name: str, uri: bool) -> Self:
        try:
            connection = sqlite3.connect(name, timeout=BUSY_SECONDS, isolation_level=None, uri=uri)
        except sqlite3.Error as error:
            raise StoreError(f"{path}: {error}") from error
        connection.row_factory = sqlite3.Row
        return cls(connection, path)

    def close(self) -> None:
        """Closes it."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def copy_to(self, path: Path) -> None:
        """Writes a copy as it is at this moment."""
        with self._errors(), contextlib.closing(sqlite3.connect(path)) as copy:
            self._connection.backup(copy)

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        """Says in words what SQLite complains of."""
        try:
            yield
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            if code == sqlite3.SQLITE_FULL:
                said = "the disk is full, or the store has reached its cap: nothing of this step was written"
            elif code == sqlite3.SQLITE_IOERR:
                said = f"{error}: the disk may be full or broken; nothing of this step was written"
            elif code == sqlite3.SQLITE_NOTADB:
                said = "is no findings store"
            elif code == sqlite3.SQLITE_BUSY:
                said = f"another process has had it locked for {BUSY_SECONDS} s"
            else:
                said = str(error)
            raise StoreError(f"{self.path}: {said}") from error

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All that is done inside is committed together, or not at all."""
        if self._open:
            yield
            return
        with self._errors():
            self._connection.execute("BEGIN IMMEDIATE")
            self._open = 1
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    self._connection.execute("ROLLBACK")
                raise
            finally:
                self._open = 0

    def _enter_wal(self) -> None:
        """SQLite does not wait for others who make the same store at this moment: we do."""
        until = time.monotonic() + BUSY_SECONDS
        while True:
            try:
                self._connection.execute("PRAGMA journal_mode = WAL")
                return
            except sqlite3.OperationalError as error:
                busy = getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY
                if not busy or time.monotonic() > until:
                    raise
            time.sleep(0.01)

    def _version(self) -> int:
        return self._connection.execute("PRAGMA user_version").fetchone()[0]

    def _migrate(self) -> None:
        if self._version() == len(MIGRATIONS):
            return
        with self.transaction():
            version = self._version()  # another process may have been faster
            if version > len(MIGRATIONS):
                raise StoreError(f"{self.path}: version {version} of the store, this walkdiff knows {len(MIGRATIONS)}")
            for script in MIGRATIONS[version:]:
                for statement in _statements(script):
                    self._connection.execute(statement)
            self._connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")

    def _all(self, sql: str, *values: object) -> list[sqlite3.Row]:
        with self._errors():
            return self._connection.execute(sql, values).fetchall()

    def _one(self, sql: str, *values: object) -> sqlite3.Row | None:
        rows = self._all(sql, *values)
        return rows[0] if rows else None

    def _write(self, sql: str, *values: object) -> sqlite3.Cursor:
        with self._errors():
            return self._connection.execute(sql, values)

    def check(self) -> list[str]:
        """What SQLite and we find wrong with the store; an intact one has nothing."""
        wrong = [row[0] for row in self._all("PRAGMA integrity_check") if row[0] != "ok"]
        wrong += [
            f"{row['table']}: row {row['rowid']} refers to nothing" for row in self._all("PRAGMA foreign_key_check")
        ]
        for row in self._all(
            "SELECT b.id, b.count, (SELECT coalesce(sum(count), 0) FROM run_buckets r WHERE r.bucket = b.id) AS seen"
            " FROM buckets b"
        ):
            if row["count"] < row["seen"]:
                wrong.append(f"bucket {row['id']}: counts {row['count']}, its runs {row['seen']}")
        return wrong

    # ------------------------------------------------------------ runs

    def begin_run(
        self,
        *,
        name: str,
        mode: str,
        walkdiff: str,
        seed: int,
        shard: str,
        fingerprint: str,
        config: dict[str, Any],
        walkers: Iterable[Walker],
    ) -> int:
        """Writes down that a run begins. Returns its number."""
        with self.transaction():
            cursor = self._write(
                "INSERT INTO runs (name, mode, began, host, walkdiff, seed, shard, fingerprint, config)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                *(name, mode, now(), socket.gethostname(), walkdiff, str(seed), shard, fingerprint, compact(config)),
            )
            run = cursor.lastrowid
            assert run is not None
            for walker in walkers:
                self._write(
                    "INSERT INTO walkers (run, name, spec, version, role) VALUES (?, ?, ?, ?, ?)",
                    *(run, walker.name, walker.spec, walker.version, walker.role),
                )
        return run

    def resume_run(self, run: int) -> None:
        """Writes down that a run which died goes on."""
        with self.transaction():
            self._write("UPDATE runs SET resumed = resumed + 1 WHERE id = ?", run)

    def end_run(self, run: int, ending: str, error: str | None = None) -> None:
        """Writes down how a run ended. Legs that are under way end with it."""
        with self.transaction():
            for leg in self.running_legs(run):
                self.end_leg(leg["id"], ending)
            self._write("UPDATE runs SET ended = ?, ending = ?, error = ? WHERE id = ?", now(), ending, error, run)

    def spend(self, run: int, seconds: float) -> None:
        """Writes down how much of its time a run has spent so far."""
        with self.transaction():
            self._write("UPDATE runs SET seconds = ? WHERE id = ?", seconds, run)

    def runs(self) -> list[Run]:
        """All runs, the oldest first."""
        walkers: dict[int, list[Walker]] = {}
        for row in self._all("SELECT * FROM walkers ORDER BY role DESC, name"):
            walkers.setdefault(row["run"], []).append(Walker(row["name"], row["spec"], row["version"], row["role"]))
        return [_run_of(row, walkers.get(row["id"], [])) for row in self._all("SELECT * FROM runs ORDER BY id")]

    def run(self, run: int) -> Run:
        """A run by its number."""
        for found in self.runs():
            if found.id == run:
                return found
        raise StoreError(f"{self.path}: there is no run {run}")

    def trend(self) -> list[Night]:
        """All runs with the number of buckets that each saw, by state: the oldest first."""
        states: dict[int, dict[str, int]] = {}
        for row in self._all("SELECT run, state, count(*) AS n FROM run_buckets GROUP BY run, state"):
            states.setdefault(row["run"], {})[row["state"]] = row["n"]
        return [Night(run, states.get(run.id, {}), count_cells(run.summary.get("coverage", {}))) for run in self.runs()]

    # ------------------------------------------------------------ legs

    def begin_leg(self, run: int, walker: str, segment: int, first: int) -> int:
        """Writes down that a process begins with index `first` of the run's seed. Returns the leg's number."""
        with self.transaction():
            cursor = self._write(
                "INSERT INTO legs (run, walker, segment, first) VALUES (?, ?, ?, ?)", run, walker, segment, first
            )
            assert cursor.lastrowid is not None
            return cursor.lastrowid

    def advance_leg(self, leg: int, summary: dict[str, Any]) -> None:
        """Takes what a leg has done so far, all of it, in place of what it had done before."""
        with self.transaction():
            self._write(
                "UPDATE legs SET cases = ?, seconds = ?, summary = ? WHERE id = ?",
                *(summary["cases"], summary["seconds"], compact(summary), leg),
            )

    def end_leg(self, leg: int, ending: str) -> None:
        """A leg has ended: its summary is added to the run's."""
        with self.transaction():
            row = self._one("SELECT * FROM legs WHERE id = ?", leg)
            assert row is not None
            summary = json.loads(row["summary"])
            run = self._one("SELECT summary FROM runs WHERE id = ?", row["run"])
            assert run is not None
            self._write(
                "UPDATE runs SET summary = ? WHERE id = ?",
                *(compact(add_counts(json.loads(run["summary"]), summary)), row["run"]),
            )
            self._write("UPDATE legs SET ending = ?, summary = '{}' WHERE id = ?", ending, leg)
            self._write("DELETE FROM sightings WHERE leg = ?", leg)

    def legs(self, run: int) -> list[sqlite3.Row]:
        """The legs of a run: id, walker, segment, first, cases, seconds, ending."""
        return self._all("SELECT id, walker, segment, first, cases, seconds, ending FROM legs WHERE run = ?", run)

    def running_legs(self, run: int) -> list[sqlite3.Row]:
        """Those that have not ended."""
        return [leg for leg in self.legs(run) if leg["ending"] == "running"]

    def leg_summary(self, leg: int) -> str:
        """What a leg that has not ended has told so far, JSON."""
        row = self._one("SELECT summary FROM legs WHERE id = ?", leg)
        return row["summary"] if row else "{}"

    # ------------------------------------------------------------ buckets

    def buckets(self, *, walker: str | None = None, states: Iterable[str] = ()) -> list[Bucket]:
        """Buckets, in the order of their numbers: of a walker, or of all; in some states, or in any."""
        wanted = set(states)
        rows = self._all("SELECT * FROM buckets WHERE ? IS NULL OR walker = ? ORDER BY id", walker, walker)
        return [_bucket_of(row) for row in rows if not wanted or row["state"] in wanted]

    def bucket(self, number: int) -> Bucket:
        """A bucket by its number."""
        row = self._one("SELECT * FROM buckets WHERE id = ?", number)
        if row is None:
            raise StoreError(f"{self.path}: there is no finding {number}")
        return _bucket_of(row)

    def find(self, walker: str, verdict: str, signature: str) -> Bucket | None:
        """The bucket of a walker, a verdict and a signature."""
        verdicts = WRONG_ANSWERS if verdict in WRONG_ANSWERS else (verdict,)
        places = ", ".join("?" * len(verdicts))
        row = self._one(
            f"SELECT * FROM buckets WHERE walker = ? AND verdict IN ({places}) AND signature = ?",
            *(walker, *verdicts, signature),
        )
        return _bucket_of(row) if row else None

    def seen_in(self, run: int) -> list[tuple[Bucket, str, int]]:
        """What a run saw: buckets, the state of each in it, how many cases."""
        rows = self._all(
            "SELECT b.*, r.state AS then_state, r.count AS then_count"
            " FROM run_buckets r JOIN buckets b ON b.id = r.bucket WHERE r.run = ? ORDER BY b.id",
            run,
        )
        return [(_bucket_of(row), row["then_state"], row["then_count"]) for row in rows]

    def changes(self, bucket: int | None = None, run: int | None = None) -> list[Change]:
        """Changes of states, the oldest first: of a bucket, of a run, or all."""
        rows = self._all(
            "SELECT * FROM changes WHERE (? IS NULL OR bucket = ?) AND (? IS NULL OR run = ?) ORDER BY id",
            *(bucket, bucket, run, run),
        )
        return [Change(row["bucket"], row["run"], row["at"], row["was"], row["became"], row["why"]) for row in rows]

    def see(self, run: int, leg: int | None, sighting: Sighting) -> Bucket:
        """Files what a run saw of a bucket. A leg tells its counts from its begin; they are counted once.

        A bucket that was not known is `unconfirmed`; whoever files it runs it again and then says what it is. One that
        was gone is back; one that an earlier run has reported is known.
        """
        finding = sighting.finding
        with self.transaction():
            bucket = self.find(sighting.walker, finding["verdict"], finding["signature"])
            if bucket is None:
                other = self._explaining(sighting.walker, finding.get("also") or [])
                other = other or self._of_family(sighting.walker, finding.get("families") or [])
                if other:  # nothing that is not known
                    return self.see(run, None, Sighting(other.walker, other.as_finding(), 0))
                bucket = self._file(run, sighting)
            elif bucket.state in GONE:
                self._see_again(run, bucket)
            elif bucket.state in REPORTED and self._was_reported(bucket, run):
                self.set_state(bucket.id, KNOWN, run, "seen again by a later run")
            if sighting.count:
                also = [signature for signature in bucket.also if signature in (finding.get("also") or [])]
                deviation = WRONG_ANSWERS[0] if finding["verdict"] == WRONG_ANSWERS[0] else bucket.verdict
                self._write(
                    "UPDATE buckets SET also = ?, verdict = ? WHERE id = ?", compact(also), deviation, bucket.id
                )
            family = finding.get("family") or ""
            if sighting.count and family != bucket.family and (family or leg is not None):  # one case cannot tell
                self._write(
                    "UPDATE buckets SET family = ?, title = ? WHERE id = ?",
                    *(family, finding["title"], bucket.id),
                )
            if sighting.count and bucket.state in (*GONE, FLAKY):
                show = {name: finding[name] for name in ("case", "expected", "got", "title")}
                self.show(bucket.id, **show)
            self._count(run, leg, bucket.id, sighting)
            return self.bucket(bucket.id)

    def _explaining(self, walker: str, signatures: Iterable[str]) -> Bucket | None:
        """A bucket that is there, of one of some causes."""
        for signature in signatures:
            bucket = self.find(walker, WRONG_ANSWERS[0], signature)
            if bucket and bucket.state in (NEW, KNOWN, BACK):
                return bucket
        return None

    def _of_family(self, walker: str, families: Iterable[str]) -> Bucket | None:
        """A bucket that is there, of one of some families of checks: what each of its checks lets pass is no news."""
        wanted = set(families)
        return next((b for b in self.buckets(walker=walker, states=(NEW, KNOWN, BACK)) if b.family in wanted), None)

    def drop_explained(self, run: int) -> list[Bucket]:
        """Removes what a run filed first and what then turned out to be nothing by itself. Returns what went.

        That is a bucket that no case is counted for any more, or that another one explains, which has more cases.
        """
        gone = []
        with self.transaction():
            for bucket, state, _ in self.seen_in(run):
                if bucket.first_run != run or state not in (NEW, UNCONFIRMED, FLAKY):
                    continue
                other = self._explaining(bucket.walker, bucket.also)
                larger = other and (other.count, -other.id) > (bucket.count, -bucket.id)
                if larger or bucket.count == 0:
                    self._write("DELETE FROM buckets WHERE id = ?", bucket.id)
                    gone.append(bucket)
        return gone

    def _see_again(self, run: int, bucket: Bucket) -> None:
        last = self.changes(bucket=bucket.id)[-1]
        if last.run == run and last.was not in (None, *GONE):  # this run said so, by one case alone
            was = KNOWN if last.was in (NEW, BACK) else last.was
            self.set_state(bucket.id, was, run, "its case does not show it any more, but others do")
        else:
            self.set_state(bucket.id, BACK, run, "seen again")

    def _was_reported(self, bucket: Bucket, run: int) -> bool:
        """Whether an earlier run filed the bucket in its state, and came to its end: nobody heard of one that died."""
        filed = [change for change in self.changes(bucket=bucket.id) if change.became == bucket.state][-1]
        if filed.run is None or filed.run == run:
            return filed.run is None
        row = self._one("SELECT ending FROM runs WHERE id = ?", filed.run)
        return row is not None and row["ending"] not in ("running", "died")

    def _file(self, run: int, sighting: Sighting) -> Bucket:
        finding = sighting.finding
        shrunk = bool(finding.get("shrunk"))
        first = finding.get("first") or {}
        case = compact(finding["case"])
        seed, time = first.get("seed"), now()
        cursor = self._write(
            "INSERT INTO buckets (walker, verdict, signature, title, rule, state, first_run, last_run, first_seen,"
            " last_seen, seed, first_index, first_case, minimal_case, expected, got, also,"
            " family)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            *(sighting.walker, finding["verdict"], finding["signature"], finding["title"], finding["rule"]),
            *(UNCONFIRMED, run, run, time, time, None if seed is None else str(seed), first.get("index"), case),
            *(case if shrunk else None, compact(finding["expected"]), compact(finding["got"])),
            *(compact(finding.get("also") or []), finding.get("family") or ""),
        )
        assert cursor.lastrowid is not None
        self._note_change(cursor.lastrowid, run, None, UNCONFIRMED, "seen for the first time")
        return self.bucket(cursor.lastrowid)

    def _count(self, run: int, leg: int | None, bucket: int, sighting: Sighting) -> None:
        before = self._one("SELECT * FROM sightings WHERE leg = ? AND bucket = ?", leg, bucket)
        more = sighting.count - (before["count"] if before else 0)
        row = self._one("SELECT * FROM buckets WHERE id = ?", bucket)
        assert row is not None
        facets = add_counts(json.loads(row["facets"]), sighting.facets)
        if before:
            facets = add_counts(facets, json.loads(before["facets"]), -1)
        self._write(
            "UPDATE buckets SET count = count + ?, facets = ?, last_run = ?, last_seen = ? WHERE id = ?",
            *(more, compact(facets), max(run, row["last_run"]), now(), bucket),
        )
        if leg is not None:
            self._write(
                "INSERT OR REPLACE INTO sightings (leg, bucket, count, facets) VALUES (?, ?, ?, ?)",
                *(leg, bucket, sighting.count, compact(sighting.facets)),
            )
        self._write(
            "INSERT INTO run_buckets (run, bucket, state, count) VALUES (?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET count = count + excluded.count, state = excluded.state",
            *(run, bucket, row["state"], more),
        )

    def set_state(self, bucket: int, state: str, run: int | None, why: str, waiver: str | None = None) -> None:
        """Changes the state of a bucket, and writes down why. Nothing happens if it has that state."""
        with self.transaction():
            was = self.bucket(bucket)
            if was.state != state:
                self._write("UPDATE buckets SET state = ?, waiver = ? WHERE id = ?", state, waiver, bucket)
                self._note_change(bucket, run, was.state, state, why)
            if run is not None:
                self._write(
                    "INSERT INTO run_buckets (run, bucket, state) VALUES (?, ?, ?)"
                    " ON CONFLICT DO UPDATE SET state = excluded.state",
                    *(run, bucket, state),
                )

    def _note_change(self, bucket: int, run: int | None, was: str | None, became: str, why: str) -> None:
        self._write(
            "INSERT INTO changes (bucket, run, at, was, became, why) VALUES (?, ?, ?, ?, ?, ?)",
            *(bucket, run, now(), was, became, why),
        )

    def show(
        self,
        bucket: int,
        *,
        case: dict[str, Any] | None = None,
        minimal: dict[str, Any] | None = None,
        expected: dict[str, Any],
        got: dict[str, Any],
        title: str | None = None,
    ) -> None:
        """Shows a bucket by another case than before: by one as it was found, or by a shrunk one."""
        with self.transaction():
            self._write(
                "UPDATE buckets SET first_case = coalesce(?, first_case), minimal_case = ?, expected = ?, got = ?,"
                " title = coalesce(?, title) WHERE id = ?",
                *(compact(case) if case else None, compact(minimal) if minimal else None),
                *(compact(expected), compact(got), title, bucket),
            )

    # ------------------------------------------------------------ corpus

    def corpus(self, walker: str = "", run: int | None = None) -> list[Entry]:
        """The cases that are kept, those that a walker was not asked for longest first.

        With `run`: those alone that are still to be replayed in it; those that it added itself are not.
        """
        cells: dict[int, list[tuple[str, str, str]]] = {}
        for row in self._all("SELECT * FROM cells"):
            cells.setdefault(row["entry"], []).append((row["rule"], row["stage"], row["granule"]))
        rows = self._all(
            "SELECT c.id, c.text FROM corpus c LEFT JOIN replays r ON r.entry = c.id AND r.walker = ?"
            " WHERE ? IS NULL OR (r.run IS NOT ? AND c.added_run <> ?) ORDER BY coalesce(r.run, 0), c.id",
            *(walker, run, run, run),
        )
        return [Entry(row["id"], json.loads(row["text"]), tuple(sorted(cells.get(row["id"], [])))) for row in rows]

    def cells(self) -> set[tuple[str, str, str]]:
        """The cells of the coverage that the corpus reaches."""
        return {(row["rule"], row["stage"], row["granule"]) for row in self._all("SELECT * FROM cells")}

    def keep(self, run: int, case: dict[str, Any], cells: Iterable[tuple[str, str, str]]) -> bool:
        """Puts a case into the corpus for those of the cells that no other case was kept for. Returns whether it is."""
        text = compact({name: value for name, value in case.items() if name != "id"})
        with self.transaction():
            missing = set(cells) - self.cells()
            if not missing:
                return False
            self._write("INSERT OR IGNORE INTO corpus (text, added_run) VALUES (?, ?)", text, run)
            entry = self._one("SELECT id FROM corpus WHERE text = ?", text)
            assert entry is not None
            for cell in sorted(missing):
                self._write("INSERT INTO cells (rule, stage, granule, entry) VALUES (?, ?, ?, ?)", *cell, entry["id"])
        return True

    def replayed(self, run: int, walker: str, entries: Iterable[int]) -> None:
        """Writes down which cases of the corpus a walker was asked in a run."""
        with self.transaction():
            for entry in entries:
                self._write("INSERT OR REPLACE INTO replays (walker, entry, run) VALUES (?, ?, ?)", walker, entry, run)

    def prune_corpus(self, most: int) -> int:
        """Leaves at most `most` cases: those that reach the most cells. Returns how many went."""
        with self.transaction():
            entries = self.corpus()
            entries.sort(key=lambda entry: (-len(entry.cells), len(compact(entry.case)), entry.id))
            gone = [entry for i, entry in enumerate(entries) if i >= most or not entry.cells]
            for entry in gone:
                self._write("DELETE FROM corpus WHERE id = ?", entry.id)
        return len(gone)

    # ------------------------------------------------------------ size

    def size(self) -> int:
        """Bytes on the disk, with the files beside it."""
        files = [self.path, *(self.path.with_name(self.path.name + suffix) for suffix in ("-wal", "-shm"))]
        return sum(file.stat().st_size for file in files if file.exists())

    def forget_details(self, keep_runs: int) -> None:
        """Frees what was kept of runs but the last ones: legs and summaries. Runs, buckets and changes stay."""
        with self.transaction():
            old = "(SELECT id FROM runs WHERE ended IS NOT NULL ORDER BY id DESC LIMIT -1 OFFSET ?)"
            self._write(f"DELETE FROM legs WHERE run IN {old}", keep_runs)
            self._write(f"UPDATE runs SET summary = '{{}}' WHERE id IN {old}", keep_runs)
        self._write("VACUUM")
        self._write("PRAGMA wal_checkpoint(TRUNCATE)")


def _statements(script: str) -> Iterator[str]:
    """The statements of a script, which sqlite3's own executescript() would run outside of the transaction."""
    statement = ""
    for line in script.splitlines():
        statement += line + "\n"
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _run_of(row: sqlite3.Row, walkers: list[Walker]) -> Run:
    members = {name: row[name] for name in tuple(row.keys())}
    for name in ("config", "summary"):
        members[name] = json.loads(members[name])
    return Run(**{**members, "seed": int(row["seed"]), "walkers": tuple(walkers)})


def _bucket_of(row: sqlite3.Row) -> Bucket:
    members = {name: row[name] for name in Bucket.__dataclass_fields__}
    for name in ("facets", "first_case", "expected", "got", "also"):
        members[name] = json.loads(members[name])
    members["minimal_case"] = json.loads(row["minimal_case"]) if row["minimal_case"] else None
    members["seed"] = int(row["seed"]) if row["seed"] is not None else None
    return Bucket(**members)
