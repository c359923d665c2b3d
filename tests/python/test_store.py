# SPDX-License-Identifier: MIT
"""The findings store: states, counts, several writers, deaths, versions."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from walkdiff_driver import store as store_module
from walkdiff_driver.program import program
from walkdiff_driver.store import Sighting, Store, StoreError, Walker, add_counts

ROOT = Path(__file__).resolve().parents[2]


def finding(signature: str = "EPD fault → not checked", **members: object) -> dict[str, Any]:
    return {
        "signature": signature,
        "title": f"S1E1R EL1&0 4K: {signature}",
        "verdict": "deviation",
        "rule": signature.split()[0],
        "walker": "sample,defect=S1-06",
        "first": {"seed": 1, "index": 7},
        "expected": {"par": "0x809"},
        "got": {"par": "0x800"},
        "case": {"id": "seed 1 case 7", "op": "S1E1R", "va": "0x0"},
        **members,
    }


def sighting(count: int = 1, signature: str = "EPD fault → not checked", **members: object) -> Sighting:
    return Sighting("sample", finding(signature, **members), count, {"granule": {"4K": count}})


def begin(store: Store, name: str = "test") -> int:
    return store.begin_run(
        name=name,
        mode="nightly",
        walkdiff="0.1.0",
        seed=2**64 - 1,
        shard="1/1",
        fingerprint="f",
        config={"time": 60},
        walkers=[Walker("sample", "sample,defect=S1-06", "1.0", "under test")],
    )


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "store.sqlite") as opened:
        yield opened


def test_a_finding_of_a_later_run_is_known_and_of_the_same_run_is_still_new(store: Store) -> None:
    first = begin(store)
    bucket = store.see(first, None, sighting())
    assert bucket.state == "unconfirmed"
    store.set_state(bucket.id, "new", first, "shown three times")
    assert store.see(first, None, sighting()).state == "new"
    store.end_run(first, "complete")
    second = begin(store)
    assert store.see(second, None, sighting()).state == "known"
    assert [night.states for night in store.trend()] == [{"new": 1}, {"known": 1}]


def test_what_a_run_filed_that_died_before_it_could_say_so_is_still_new(store: Store) -> None:
    first, second = begin(store), begin(store)
    store.set_state(store.see(first, None, sighting()).id, "new", first, "shown")
    assert store.see(second, None, sighting()).state == "new"  # the first is alive, and has said nothing yet
    store.end_run(first, "died")
    assert store.see(second, None, sighting()).state == "new"
    assert store.seen_in(second)[0][1] == "new"


def test_what_a_run_calls_fixed_by_one_case_and_then_sees_in_another_was_never_gone(store: Store) -> None:
    first, second = begin(store), begin(store)
    number = store.see(first, None, sighting()).id
    store.set_state(number, "new", first, "shown")
    store.end_run(first, "complete")
    store.set_state(number, "fixed", second, "its case is answered rightly")
    other = {"id": "another", "op": "S1E0R", "va": "0x1000"}
    bucket = store.see(second, None, sighting(case=other))
    assert (bucket.state, bucket.case) == ("known", other)


@pytest.mark.parametrize("state", ["fixed", "retracted", "waived"])
def test_what_was_gone_and_is_seen_again_is_back_and_then_known(store: Store, state: str) -> None:
    first, second, third, fourth = (begin(store) for _ in range(4))
    number = store.see(first, None, sighting()).id
    store.set_state(number, "new", first, "shown")
    store.set_state(number, state, second, "its case says so")
    assert store.see(third, None, sighting()).state == "back"
    assert store.see(third, None, sighting()).state == "back"
    store.end_run(third, "complete")
    assert store.see(fourth, None, sighting()).state == "known"
    assert [change.became for change in store.changes(number)] == ["unconfirmed", "new", state, "back", "known"]


def test_a_leg_tells_its_counts_from_its_begin_and_they_are_counted_once(store: Store) -> None:
    run = begin(store)
    leg = store.begin_leg(run, "sample", 0, 0)
    for count in (3, 3, 8):
        bucket = store.see(run, leg, sighting(count))
    store.end_leg(leg, "complete")
    assert (bucket.count, bucket.facets) == (8, {"granule": {"4K": 8}})
    again = store.begin_leg(run, "sample", 0, 100)
    assert store.see(run, again, sighting(2)).count == 10
    assert store.seen_in(run)[0][2] == 10
    assert store.check() == []


def test_what_a_leg_sorts_otherwise_when_it_knows_more_leaves_nothing_behind(store: Store) -> None:
    run = begin(store)
    leg = store.begin_leg(run, "sample", 0, 0)
    number = store.see(run, leg, sighting(3, "EPD a")).id
    store.see(run, leg, sighting(9, "EPD b"))
    assert store.see(run, leg, Sighting("sample", finding("EPD a"), 0)).count == 0
    assert [bucket.id for bucket in store.drop_explained(run)] == [number]
    assert [bucket.signature for bucket in store.buckets()] == ["EPD b"]
    assert store.check() == []


def test_what_a_finding_that_is_there_explains_as_well_is_not_filed(store: Store) -> None:
    run = begin(store)
    known = store.see(run, None, sighting(5, "REGIME b")).id
    store.set_state(known, "new", run, "shown")
    assert store.see(run, None, sighting(2, "EPD a", also=["REGIME b"])).id == known
    assert store.bucket(known).count == 5
    assert store.see(run, None, sighting(2, "EPD c", also=["REGIME d"])).signature == "EPD c"


def test_what_belongs_to_the_family_of_a_finding_that_is_there_is_not_filed(store: Store) -> None:
    run = begin(store)
    known = store.see(run, None, sighting(5, "LOWER a", families=["LOWER f"])).id
    store.set_state(known, "new", run, "shown")
    assert store.see(run, None, sighting(2, "UPPER a", families=["LOWER f"])).id != known  # it is of no family yet
    store.see(run, None, sighting(6, "LOWER a", family="LOWER f", title="f — a"))
    assert (store.bucket(known).family, store.bucket(known).title) == ("LOWER f", "f — a")
    assert store.see(run, None, sighting(2, "SINGLE a", families=["OTHER f", "LOWER f"])).id == known
    store.see(run, None, sighting(1, "LOWER a", families=["LOWER f"]))  # of one case alone, which is of no family
    assert (store.bucket(known).family, store.bucket(known).count) == ("LOWER f", 12)
    store.set_state(known, "fixed", run, "gone")
    assert store.see(run, None, sighting(2, "SINGLE a", families=["LOWER f"])).signature == "SINGLE a"


def test_of_two_findings_that_explain_each_other_the_larger_one_stays(store: Store) -> None:
    run = begin(store)
    small = store.see(run, None, sighting(2, "EPD a", also=["REGIME b"])).id
    large = store.see(run, None, sighting(5, "REGIME b", also=["EPD a"])).id
    for number in (small, large):
        store.set_state(number, "new", run, "shown")
    assert [bucket.id for bucket in store.drop_explained(run)] == [small]


def test_a_finding_that_another_explains_in_some_cases_alone_stays(store: Store) -> None:
    run = begin(store)
    first = store.see(run, None, sighting(2, "EPD a", also=["REGIME b"])).id
    store.see(run, None, sighting(1, "EPD a", also=[]))
    store.set_state(store.see(run, None, sighting(5, "REGIME b")).id, "new", run, "shown")
    assert store.drop_explained(run) == []
    assert store.bucket(first).also == []


@pytest.mark.parametrize("verdict", ["exception-mismatch", "retry"])
def test_what_a_cause_leads_to_beside_deviations_is_one_finding_with_them(store: Store, verdict: str) -> None:
    run = begin(store)
    number = store.see(run, None, sighting(1, verdict=verdict)).id
    bucket = store.see(run, None, sighting(1))
    assert (bucket.id, bucket.verdict, bucket.count) == (number, "deviation", 2)


def test_the_summary_of_a_run_is_the_sum_of_its_legs(store: Store) -> None:
    run = begin(store)
    for cases in (10, 5):
        leg = store.begin_leg(run, "sample", 0, 0)
        for done in (1, cases):
            summary = {"cases": done, "seconds": 1.5, "coverage": {"EPD": {"stage1": {"4K": done}}}, "resolved": [done]}
            store.advance_leg(leg, summary)
        store.end_leg(leg, "complete")
    store.end_run(run, "complete")
    summary = store.run(run).summary
    assert summary == {"cases": 15, "seconds": 3.0, "coverage": {"EPD": {"stage1": {"4K": 15}}}, "resolved": [15]}
    assert store.trend()[0].cells == 1


def test_seeds_have_all_their_64_bits(store: Store) -> None:
    assert store.run(begin(store)).seed == 2**64 - 1


def test_a_step_that_fails_leaves_nothing_behind(store: Store) -> None:
    run = begin(store)

    def fail() -> None:
        with store.transaction():
            store.see(run, None, sighting())
            raise KeyError("half way")

    with pytest.raises(KeyError):
        fail()
    assert store.buckets() == []
    assert store.see(run, None, sighting()).id == 1


# A writer that files findings until it is killed, and says which transactions were committed.
WRITER = """
import sys
import threading
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from walkdiff_driver.store import Store, Sighting
finding = {"title": "t", "verdict": "deviation", "rule": "r", "expected": {}, "got": {}, "case": {"op": "S1E1R"}}
with Store.open(Path(sys.argv[1])) as store:
    for i in range(int(sys.argv[4])):
        with store.transaction():
            store.see(1, None, Sighting("sample", {**finding, "signature": f"{sys.argv[3]} {i}"}, 1))
            store.see(1, None, Sighting("sample", {**finding, "signature": "shared"}, 1))
        print(i, flush=True)
"""


def start_writer(store: Store, name: str, count: int) -> subprocess.Popen[str]:
    driver = str(ROOT / "harness" / "driver")
    command = [sys.executable, "-c", WRITER, str(store.path), driver, name, str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_two_processes_write_at_once_and_neither_loses_anything(store: Store) -> None:
    begin(store)
    writers = [start_writer(store, name, 40) for name in ("a", "b")]
    for writer in writers:
        writer.communicate(timeout=60)
        assert writer.returncode == 0
    counts = {bucket.signature: bucket.count for bucket in store.buckets()}
    assert counts == {"shared": 80} | {f"{name} {i}": 1 for name in "ab" for i in range(40)}
    assert store.check() == []


@pytest.mark.parametrize("after", [1, 5, 17])
def test_a_killed_writer_loses_nothing_that_it_had_committed(store: Store, after: int) -> None:
    begin(store)
    with start_writer(store, "a", 10**6) as writer:
        assert writer.stdout
        for _ in range(after):
            writer.stdout.readline()
        os.kill(writer.pid, signal.SIGKILL)
        rest = writer.stdout.read().splitlines()
    told = after + len(rest)
    counts = {bucket.signature: bucket.count for bucket in store.buckets()}
    committed = counts.pop("shared")
    assert committed in (told, told + 1)
    assert set(counts) == {f"a {i}" for i in range(committed)}
    assert store.check() == []


def test_a_store_that_has_reached_its_cap_says_so_and_stays_intact(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    with Store.open(path, most_bytes=300_000) as store:
        run = begin(store)
        with pytest.raises(StoreError, match="the disk is full, or the store has reached its cap"):
            for i in range(10**4):
                store.see(run, None, sighting(signature=f"EPD {i}", title="long " * 200))
        known = len(store.buckets())
        assert store.check() == []
    with Store.open(path) as store:
        assert len(store.buckets()) == known > 0
        store.see(run, None, sighting(signature="one more"))


def test_what_is_no_store_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a database, and longer than a header of one would be; " * 4)
    with pytest.raises(StoreError, match=r"notes\.txt: is no findings store"):
        Store.open(path)
    assert path.read_text().startswith("not a database")


def test_a_store_of_a_later_version_is_refused(store: Store) -> None:
    with sqlite3.connect(store.path) as connection:
        connection.execute("PRAGMA user_version = 99")
    for opening in (Store.open, Store.open_for_reading):
        with pytest.raises(StoreError, match="version 99 of the store"):
            opening(store.path)


def test_a_store_of_an_earlier_version_is_brought_up_to_date(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    begin(store)
    later = (*store_module.MIGRATIONS, "ALTER TABLE runs ADD COLUMN mood TEXT DEFAULT 'good';")
    monkeypatch.setattr(store_module, "MIGRATIONS", later)
    with pytest.raises(StoreError, match=f"version {len(later) - 1} of the store"):
        Store.open_for_reading(store.path)
    Store.open(store.path).close()
    with sqlite3.connect(store.path) as connection:
        assert connection.execute("SELECT mood FROM runs").fetchall() == [("good",)]
        assert connection.execute("PRAGMA user_version").fetchone() == (len(later),)


def test_the_corpus_keeps_a_case_for_what_no_other_reaches(store: Store) -> None:
    run = begin(store)
    cells = [("EPD", "stage1", granule) for granule in ("4K", "16K", "64K")]
    assert store.keep(run, {"id": "a", "op": "S1E1R", "va": "0x0"}, cells[:2])
    assert not store.keep(run, {"id": "b", "op": "S1E1R", "va": "0x1"}, cells[:1])
    assert store.keep(run, {"id": "c", "op": "S1E1R", "va": "0x2"}, cells)
    assert [entry.cells for entry in store.corpus()] == [tuple(sorted(cells[:2])), (cells[2],)]
    assert store.prune_corpus(1) == 1
    assert [entry.case["va"] for entry in store.corpus()] == ["0x0"]
    assert store.cells() == set(cells[:2])


def test_counts_are_added_member_by_member() -> None:
    one = {"a": 1, "b": {"c": 2, "d": 3}, "e": [1, 2]}
    assert add_counts(one, {"b": {"c": 5, "x": 1}, "e": [1, 1, 1]}) == {
        "a": 1,
        "b": {"c": 7, "d": 3, "x": 1},
        "e": [2, 3, 1],
    }
    assert add_counts(one, {"b": {"c": 2}}, -1)["b"] == {"d": 3}


# ------------------------------------------------------------ walkdiff findings


@pytest.fixture
def filled(store: Store) -> Store:
    """A store with two runs and three findings."""
    first = begin(store)
    for signature in ("EPD a", "EPD b", "PAN c"):
        store.set_state(store.see(first, None, sighting(4, signature)).id, "new", first, "shown")
    store.end_run(first, "complete")
    second = begin(store)
    store.see(second, None, sighting(1, "EPD a"))
    store.set_state(2, "fixed", second, "its case is answered rightly")
    store.show(3, minimal={"op": "S1E0R", "va": "0x0"}, expected={"par": "0x1"}, got={"par": "0x2"})
    store.end_run(second, "complete")
    return store


def findings(store: Store, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(program(ROOT)), "findings", "--store", str(store.path), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_findings_lists_what_is_new_first(filled: Store) -> None:
    done = findings(filled)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()[1:]
    assert [line.split()[:3] for line in lines] == [
        ["3", "new", "sample"],
        ["1", "known", "sample"],
        ["2", "fixed", "sample"],
    ]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--state", "fixed"], [2]),
        (["--state", "fixed", "--state", "known"], [1, 2]),
        (["--rule", "EPD*"], [1, 2]),
        (["--walker", "kvm*"], []),
        (["--verdict", "deviation"], [3, 1, 2]),
        (["--run", "1"], [1, 2, 3]),
        (["--run", "2"], [1, 2]),
        (["2", "1"], [2, 1]),
    ],
    ids=lambda value: " ".join(map(str, value)),
)
def test_findings_filters(filled: Store, options: list[str], expected: list[int]) -> None:
    done = findings(filled, "--json", *options)
    assert done.returncode == 0, done.stderr
    assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == expected


def test_findings_tells_all_of_one(filled: Store) -> None:
    text = findings(filled, "2").stdout
    for part in (
        "finding 2: S1E1R EL1&0 4K: EPD b",
        "fixed (its case is answered rightly)",
        '"0x809"',
        "seed 1 case 7",
    ):
        assert part in text


def test_findings_gives_the_minimal_case_alone(filled: Store) -> None:
    case = json.loads(findings(filled, "--case", "3").stdout)
    assert case == {"id": "finding 3", "op": "S1E0R", "va": "0x0"}


def test_findings_lists_runs_and_checks_the_store(filled: Store) -> None:
    runs = [json.loads(line) for line in findings(filled, "--runs", "--json").stdout.splitlines()]
    assert [run["states"] for run in runs] == [{"new": 3}, {"known": 1, "fixed": 1}]
    assert runs[0]["walkers"][0]["version"] == "1.0"
    assert findings(filled, "--check").stdout == f"{filled.path}: intact\n"


def test_findings_complains_of_what_is_not_there(filled: Store, tmp_path: Path) -> None:
    done = findings(filled, "17")
    assert (done.returncode, done.stderr) == (2, f"walkdiff: {filled.path}: there is no finding 17\n")
    done = subprocess.run(
        [str(program(ROOT)), "findings", "--store", str(tmp_path / "none")], capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (2, f"walkdiff: {tmp_path / 'none'}: there is no such store\n")


def test_many_may_make_a_store_at_once(tmp_path: Path) -> None:
    """SQLite does not wait where two connections turn a new file into a store."""
    for attempt in range(60):
        barrier = threading.Barrier(6)

        def make(path: Path = tmp_path / f"{attempt}.sqlite", barrier: threading.Barrier = barrier) -> None:
            barrier.wait()
            Store.open(path).close()

        with ThreadPoolExecutor(6) as pool:
            for made in [pool.submit(make) for _ in range(6)]:
                made.result()
