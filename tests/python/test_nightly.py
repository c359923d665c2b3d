# SPDX-License-Identifier: MIT
"""`walkdiff nightly` and `walkdiff waive`: what is new is said once, nothing is lost, and the rest is quiet."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from walkdiff_driver.program import program
from walkdiff_driver.store import Store

sys.path.insert(0, str(Path(__file__).parent))
from nightly_kills import Trial

ROOT = Path(__file__).resolve().parents[2]
ONE_DEFECT = "sample,defect=S1-05"
TWO_DEFECTS = "sample,defect=S1-05+S1-06"
SETTINGS = {"time": "1h", "cases": 20000, "jobs": 1, "seed": 1, "references": []}


def toml(value: object) -> str:
    return json.dumps(value)


def configure(folder: Path, walkers: dict[str, str], tables: str = "", **settings: object) -> Path:
    """Writes a configuration."""
    text = "".join(f"{name} = {toml(value)}\n" for name, value in (SETTINGS | settings).items())
    text += tables
    text += "".join(f"[[walker]]\nname = {toml(name)}\nspec = {toml(spec)}\n" for name, spec in walkers.items())
    path = folder / "nightly.toml"
    path.write_text(text, encoding="utf-8")
    return path


def walkdiff(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(program(ROOT)), *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)


def nightly(folder: Path, *options: str, status: int | None = None) -> dict[str, Any]:
    """Runs with the folder's configuration; what it tells as JSON."""
    done = walkdiff(folder, "nightly", "--config", "nightly.toml", "--json", *options)
    assert done.stdout, done.stderr
    result = json.loads(done.stdout)
    assert status is None or done.returncode == status, (done.returncode, result, done.stderr)
    return result


def rules(findings: list[dict[str, Any]]) -> set[str]:
    return {finding["rule"] for finding in findings}


# ------------------------------------------------------------ what is new


def test_a_second_run_on_the_same_code_says_nothing_new_and_a_regression_is_named_alone(tmp_path: Path) -> None:
    configure(tmp_path, {"w": ONE_DEFECT})
    first = nightly(tmp_path, status=1)
    assert rules(first["new"]) == {"VA_LOWER_RANGE"}  # and all of its family

    done = walkdiff(tmp_path, "nightly", "--config", "nightly.toml", "--quiet")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "nothing new"
    assert f"{len(first['new'])} known" in done.stdout

    regressed = nightly(tmp_path, "--walker", f"w={TWO_DEFECTS}", status=1)
    assert rules(regressed["new"]) == {"EPD"}
    assert regressed["back"] == []
    assert regressed["states"]["known"] == len(first["new"])

    mended = nightly(tmp_path, status=0)
    assert rules(mended["fixed"]) == {"EPD"}
    again = nightly(tmp_path, "--walker", f"w={TWO_DEFECTS}", status=1)
    assert (rules(again["back"]), again["new"]) == ({"EPD"}, [])
    assert nightly(tmp_path, "--walker", f"w={TWO_DEFECTS}", status=0)["back"] == []


def test_a_right_walker_has_nothing_new(tmp_path: Path) -> None:
    configure(tmp_path, {"w": "sample"})
    assert nightly(tmp_path, status=0)["states"] == {}


def test_what_was_said_once_is_replayed_first_in_a_tenth_of_the_time(tmp_path: Path) -> None:
    configure(tmp_path, {"w": ONE_DEFECT})
    count = len(nightly(tmp_path)["new"])
    replayed = nightly(tmp_path, "--cases", "1", status=0)  # one case finds nothing: it is the replay
    assert replayed["states"] == {"known": count}
    with Store.open_for_reading(tmp_path / "walkdiff.sqlite") as store:
        assert len(store.corpus("w")) > 20
        assert store.corpus("w", run=2) == []


def test_the_corpus_finds_what_few_cases_do_not(tmp_path: Path) -> None:
    configure(tmp_path, {"w": "sample"})
    nightly(tmp_path, status=0)
    found = nightly(tmp_path, "--cases", "1", "--walker", f"w={ONE_DEFECT}", status=1)
    assert rules(found["new"]) >= {"VA_LOWER_RANGE", "VA_SINGLE_RANGE"}


def test_the_minimal_case_of_a_new_finding_shows_it(tmp_path: Path) -> None:
    configure(tmp_path, {"w": "sample,defect=S1-27"})
    nightly(tmp_path, status=1)
    cases = tmp_path / "cases.jsonl"
    cases.write_text(walkdiff(tmp_path, "findings", "--case").stdout)
    done = walkdiff(tmp_path, "replay", "--walker", "sample,defect=S1-27", "--json", str(cases))
    shown = [json.loads(line) for line in done.stdout.splitlines()]
    with Store.open_for_reading(tmp_path / "walkdiff.sqlite") as store:
        for bucket, judgement in zip(store.buckets(), shown, strict=True):
            assert (judgement["verdict"], judgement["signature"]) == (bucket.verdict, bucket.signature)
            if walkdiff(tmp_path, "help", "shrink").returncode == 0:
                assert bucket.minimal_case, f"{bucket.signature} was not shrunk"


def test_the_folder_of_a_run_is_what_report_reads(tmp_path: Path) -> None:
    configure(tmp_path, {"w": ONE_DEFECT})
    first = nightly(tmp_path)
    folder = tmp_path / "walkdiff-nightly" / "run-1"
    lines = [json.loads(line) for line in (folder / "findings.jsonl").read_text().splitlines()]
    assert {line["signature"] for line in lines} == {finding["signature"] for finding in first["new"]}
    assert {(line["walker"], line["state"]) for line in lines} == {(ONE_DEFECT, "new")}
    done = walkdiff(tmp_path, "report", str(folder), "--format", "json")
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)["findings"]) == len(lines)


# ------------------------------------------------------------ running again

FICKLE = """
import json, os, sys
for line in sys.stdin:
    with open("asked", "a") as asked:
        asked.write(".")
    wrong = os.path.getsize("asked") <= 21  # one case by the look at the walker, 20 by the run
    answer = {"par": "0x0000000000000000"} if wrong else {"unsupported": "not again"}
    print(json.dumps({"id": json.loads(line)["id"], **answer}), flush=True)
"""


def test_a_finding_that_does_not_show_when_it_is_run_again_is_flaky_and_not_new(tmp_path: Path) -> None:
    (tmp_path / "fickle.py").write_text(FICKLE)
    configure(tmp_path, {"w": f"exec:{sys.executable} fickle.py"}, cases=20)
    found = nightly(tmp_path, status=0)
    assert len(found["flaky"]) == found["states"]["flaky"] > 0
    assert found["new"] == []


def test_a_walker_that_dies_is_a_finding_and_the_run_goes_on(tmp_path: Path) -> None:
    (tmp_path / "dying.py").write_text("import os, sys\nfor line in sys.stdin:\n    os.kill(os.getpid(), 11)\n")
    configure(tmp_path, {"w": f"exec:{sys.executable} dying.py", "right": "sample"}, cases=10)
    found = nightly(tmp_path, status=1)
    assert {finding["verdict"] for finding in found["new"]} == {"crash"}
    assert found["cases"] == 20
    assert found["ending"] == "complete"


def change_stored_answer(folder: Path, got: dict[str, Any]) -> None:
    """Makes the store believe that its findings were answered otherwise."""
    with Store.open(folder / "walkdiff.sqlite") as store:
        for bucket in store.buckets():
            store.show(bucket.id, minimal=bucket.minimal_case, expected=bucket.expected, got=got or bucket.expected)


def test_a_finding_whose_answer_is_judged_otherwise_now_is_retracted(tmp_path: Path) -> None:
    configure(tmp_path, {"w": ONE_DEFECT})
    nightly(tmp_path)
    change_stored_answer(tmp_path, {})  # as if what is now expected had been answered then, and been wrong
    found = nightly(tmp_path, "--walker", "w=sample", "--cases", "1", status=0)
    assert rules(found["retracted"]) == {"VA_LOWER_RANGE"}
    assert found["fixed"] == []


# ------------------------------------------------------------ waivers


def waive(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return walkdiff(folder, "waive", "--waivers", "known", *arguments)


@pytest.fixture
def found(tmp_path: Path) -> Path:
    """A folder whose store has the findings of one defect; waivers in the folder `known` are in force."""
    (tmp_path / "known").mkdir()
    configure(tmp_path, {"w": "sample,defect=S1-06"}, waivers=["known"])
    assert len(nightly(tmp_path, status=1)["new"]) >= 1
    return tmp_path


def test_a_finding_is_waived_and_the_waiver_is_stale_once_the_walker_is_right(found: Path) -> None:
    with Store.open_for_reading(found / "walkdiff.sqlite") as store:
        numbers = {bucket.signature: bucket.id for bucket in store.buckets()}
    done = [
        waive(found, str(n), "--reason", "R_BNDVG: EPD", "--link", "https://example.org/") for n in numbers.values()
    ]
    written = sum(one.returncode == 0 for one in done)
    assert written >= 1
    assert all(one.returncode == 0 or "matches it already" in one.stderr for one in done), done
    quiet = nightly(found, status=0)
    assert set(quiet["states"]) <= {"waived"}
    assert sum(quiet["waived"].values()) > 100

    mended = nightly(found, "--walker", "w=sample", status=1)
    assert mended["new"] == []
    assert len(mended["stale_waivers"]) == written
    assert "answered rightly" in mended["stale_waivers"][0]

    assert waive(found, "--check", "--walker", "sample,defect=S1-06").returncode == 0
    done = waive(found, "--check", "--walker", "sample")
    assert (done.returncode, done.stdout.count("stale: ")) == (1, written)

    (found / "known" / "sample.toml").unlink()
    assert rules(nightly(found, status=1)["back"]) == {"EPD"}


def test_a_waiver_that_would_not_waive_is_not_kept(found: Path) -> None:
    done = waive(found, "1", "--reason", "r", "--link", "l", "--facet", "granule=none")
    assert done.returncode == 2
    assert "is still judged" in done.stderr
    assert [path for path in (found / "known").rglob("*") if path.is_file()] == []


def test_two_waivers_do_not_have_one_name(found: Path) -> None:
    assert waive(found, "1", "--reason", "r", "--link", "l", "--id", "mine").returncode == 0
    before = (found / "known" / "sample.toml").read_text()
    for name, said in (("mine", "there is a waiver 'mine'"), ("other", "waiver 'mine' matches it already")):
        done = waive(found, "1", "--reason", "r", "--link", "l", "--id", name)
        assert (done.returncode, said in done.stderr) == (2, True), done.stderr
    assert (found / "known" / "sample.toml").read_text() == before


def test_a_finding_of_a_fuzzing_run_is_waived_without_a_store(tmp_path: Path) -> None:
    fuzz = ("fuzz", "--walker", "sample,defect=S1-06", "--ref", "none", "--seed", "1", "--cases", "3000", "--quiet")
    walkdiff(tmp_path, *fuzz, "--out", "run")
    done = waive(tmp_path, "1", "--from", "run/findings.jsonl", "--reason", 'a "quoted" \\ reason', "--link", "l")
    assert done.returncode == 0, done.stderr
    count = len((tmp_path / "run" / "findings.jsonl").read_text().splitlines())
    again = walkdiff(tmp_path, *fuzz, "--waivers", "known", "--json")
    assert len(json.loads(again.stdout)["findings"]) < count


# ------------------------------------------------------------ deaths, and several at once


def test_a_run_that_is_killed_goes_on_and_counts_everything_once(tmp_path: Path) -> None:
    trial = Trial(tmp_path, seed=1, cases=400_000, jobs=2)
    chance = random.Random(7)
    kills = sum(trial.kill_once(chance.uniform(0.3, 1.5)) for _ in range(4) if not trial.complete)
    if not trial.complete:
        trial.finish()
    assert kills


def test_a_run_that_is_asked_to_end_ends_in_good_order_and_can_be_resumed(tmp_path: Path) -> None:
    configure(tmp_path, {"w": ONE_DEFECT}, cases=10**9)
    command = [str(program(ROOT)), "nightly", "--config", "nightly.toml", "--json"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        deadline = time.monotonic() + 60
        while not has_cases(tmp_path) and time.monotonic() < deadline:
            time.sleep(0.05)
        run.send_signal(signal.SIGTERM)
        out, err = run.communicate(timeout=60)
    assert run.returncode == 1, err
    result = json.loads(out)
    assert (result["ending"], rules(result["new"]) >= {"VA_LOWER_RANGE"}) == ("interrupted", True)
    assert result["cases"] > 0


def has_cases(folder: Path) -> bool:
    """Whether the run in a folder has run cases."""
    path = folder / "walkdiff.sqlite"
    if not path.exists() or not path.stat().st_size:
        return False
    with Store.open(path) as store:
        return any(leg["cases"] for run in store.runs() for leg in store.legs(run.id))


def test_a_run_that_was_interrupted_is_resumed_with_the_same_seed(tmp_path: Path) -> None:
    configure(tmp_path, {"w": "sample"}, cases=3000, seed="random")
    nightly(tmp_path, status=0)
    with Store.open(tmp_path / "walkdiff.sqlite") as store:  # as if it had been killed before its last thousand cases
        store._write("UPDATE runs SET ended = NULL, ending = 'running'")
        store._write("UPDATE legs SET cases = 2000")
        seed = store.run(1).seed
    again = nightly(tmp_path, status=0)
    assert (again["run"], again["seed"], again["resumed"], again["cases"]) == (1, seed, 1, 4000)
    assert nightly(tmp_path, "--fresh", status=0)["run"] == 2


def test_a_run_that_could_not_tell_what_is_new_tells_it_when_it_is_resumed(tmp_path: Path) -> None:
    configure(tmp_path, {"w": "sample,defect=S1-06"}, cases=3000)
    command = [str(program(ROOT)), "nightly", "--config", "nightly.toml", "--json", "--quiet"]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, text=True, timeout=120)
    assert (done.returncode, "No space left on device" in done.stderr) == (2, True), done.stderr
    again = nightly(tmp_path, status=1)
    assert (again["run"], rules(again["new"])) == (1, {"EPD"})


def test_two_at_once_on_one_store_do_not_disturb_each_other(tmp_path: Path) -> None:
    configure(tmp_path, {"w": ONE_DEFECT}, cases=60_000)
    command = [str(program(ROOT)), "nightly", "--config", "nightly.toml", "--json"]
    pipe = subprocess.PIPE
    runs = [subprocess.Popen(command, cwd=tmp_path, stdout=pipe, stderr=pipe, text=True) for _ in range(2)]
    results = []
    for run in runs:
        out, err = run.communicate(timeout=120)
        assert run.returncode in (0, 1), err
        results.append(json.loads(out))
    assert {result["run"] for result in results} == {1, 2}
    assert [result["cases"] for result in results] == [60_000] * 2
    assert 1 in [run.returncode for run in runs]
    with Store.open(tmp_path / "walkdiff.sqlite") as store:
        assert store.check() == []
        counts = [{b.signature + b.verdict: n for b, _, n in store.seen_in(run)} for run in (1, 2)]
        assert set(counts[0]) == set(counts[1])
        assert {bucket.state for bucket in store.buckets()} <= {"new", "known"}
        assert len(store.buckets()) == len(counts[0])
    assert list(tmp_path.glob("*.lock")) == []


def test_shards_share_the_work_without_overlap(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("whole", "one", "two")]
    for folder in folders:
        folder.mkdir()
        configure(folder, {"w": ONE_DEFECT}, cases=9001)
    whole, one, two = (
        nightly(folder, *options, status=1)
        for folder, options in zip(folders, ([], ["--shard", "1/2"], ["--shard", "2/2"]), strict=True)
    )
    assert one["cases"] + two["cases"] == whole["cases"] == 9001
    counts = [{f["signature"] + f["verdict"]: f["count"] for f in result["new"]} for result in (whole, one, two)]
    assert counts[0] == {key: counts[1].get(key, 0) + counts[2].get(key, 0) for key in counts[1] | counts[2]}


def test_walkers_take_turns(tmp_path: Path) -> None:
    configure(tmp_path, {"a": "sample", "b": "oracle"}, time="3s", cases=10**9)
    nightly(tmp_path, status=0)
    with Store.open_for_reading(tmp_path / "walkdiff.sqlite") as store:
        assert {leg["walker"] for leg in store.legs(1) if leg["cases"]} == {"a", "b"}


# ------------------------------------------------------------ full disks


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of half a megabyte."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if not shutil.which("mount") or os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", folder], capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip(f"a small disk cannot be mounted here: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def test_a_full_disk_is_said_and_what_was_written_stays_intact(small_disk: Path) -> None:
    configure(small_disk, {"w": "sample,defect=S1-18"}, cases=100_000)
    done = walkdiff(small_disk, "nightly", "--config", "nightly.toml", "--quiet")
    assert done.returncode == 2, done.stdout + done.stderr
    assert "the disk is full" in done.stderr or "No space left on device" in done.stderr
    assert "Traceback" not in done.stderr
    subprocess.run(["mount", "-o", "remount,size=64m", small_disk], check=True)
    with Store.open(small_disk / "walkdiff.sqlite") as store:
        assert store.check() == []
    result = nightly(small_disk, status=1)
    assert (result["ending"], result["cases"]) == ("complete", 100_000)


def test_a_store_that_has_reached_its_cap_ends_the_run_with_an_error(tmp_path: Path) -> None:
    configure(tmp_path, {"w": "sample,defect=S1-18"}, tables='[disk]\nstore = "200k"\n')
    done = walkdiff(tmp_path, "nightly", "--config", "nightly.toml", "--quiet")
    assert (done.returncode, done.stdout) == (2, "")
    assert "walkdiff.sqlite: the disk is full, or the store has reached its cap" in done.stderr
    with Store.open(tmp_path / "walkdiff.sqlite") as store:
        assert store.check() == []


def test_folders_of_old_runs_go_when_there_are_too_many(tmp_path: Path) -> None:
    configure(tmp_path, {"w": "sample"}, tables="[disk]\nruns = 2\n", cases=10)
    for _ in range(3):
        nightly(tmp_path, status=0)
    assert sorted(path.name for path in (tmp_path / "walkdiff-nightly").iterdir()) == ["run-2", "run-3"]


# ------------------------------------------------------------ a change of a walker


def test_code_change_mode_reports_what_is_new_and_leaves_the_store_alone(tmp_path: Path) -> None:
    configure(tmp_path, {"w": ONE_DEFECT})
    nightly(tmp_path, status=1)
    with Store.open_for_reading(tmp_path / "walkdiff.sqlite") as store:
        before = (store.buckets(), store.runs())
    assert nightly(tmp_path, "--code-change", status=0)["new"] == []
    for _ in range(2):  # what a change does is not known the next time
        changed = nightly(tmp_path, "--code-change", "--walker", f"w={TWO_DEFECTS}", status=1)
        assert rules(changed["new"]) == {"EPD"}
    with Store.open_for_reading(tmp_path / "walkdiff.sqlite") as store:
        assert (store.buckets(), store.runs()) == before
    assert list((tmp_path / "walkdiff-nightly").glob("*.sqlite*")) == []


def test_code_change_mode_without_a_store_compares_with_the_base(tmp_path: Path) -> None:
    configure(tmp_path, {"w": TWO_DEFECTS})
    changed = nightly(tmp_path, "--code-change", "--base", ONE_DEFECT, status=1)
    assert rules(changed["new"]) == {"EPD"}
    assert nightly(tmp_path, "--code-change", "--base", TWO_DEFECTS, status=0)["new"] == []


# ------------------------------------------------------------ mistakes

WRONG = [
    ("time = 5\n[[walker]]\nspec = 'sample'", "time: a time is wanted, like 30s, 10m or 2h"),
    ("time = 'soon'\n[[walker]]\nspec = 'sample'", "time: 'soon': a time is wanted"),
    ("jobs = 0\n[[walker]]\nspec = 'sample'", "jobs: 1 to 128 are possible"),
    ("seed = -1\n[[walker]]\nspec = 'sample'", "seed: a whole number is wanted"),
    ("tyme = '5s'\n[[walker]]\nspec = 'sample'", "tyme: there is no such setting"),
    ("disk.stor = 5\n[[walker]]\nspec = 'sample'", "disk.stor: there is no such setting"),
    ("time = '5s'", "walker: at least one table [[walker]] is wanted"),
    ("[[walker]]\nname = 'x'", "walker 1: spec: a text is wanted"),
    ("[[walker]]\nspec = 'sample'\n[[walker]]\nspec = 'sample'", "walker: two have the name 'sample'"),
    ("[[walker]\n", "line 1"),
    ("[[walker]]\nspec = 'none-such'", "walker 'none-such'"),
    ("profiles = ['v1']\n[[walker]]\nspec = 'sample'", "--profile 'v1'"),
    ("waivers = ['nowhere']\n[[walker]]\nspec = 'sample'", "nowhere: there is no such folder"),
]


@pytest.mark.parametrize(("text", "said"), WRONG, ids=[said for _, said in WRONG])
def test_a_wrong_configuration_is_named_before_anything_runs(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "nightly.toml").write_text(text)
    done = walkdiff(tmp_path, "nightly", "--config", "nightly.toml")
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "walkdiff.sqlite").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--shard", "3/2"], "--shard '3/2'"),
        (["--walker", "nobody=sample"], "--walker 'nobody=sample'"),
        (["--time", "never"], "--time 'never': a time is wanted"),
        (["--jobs", "many"], "--jobs a whole number is wanted"),
        (["--base", "sample"], "--base is for --code-change"),
        (["--config", "none.toml"], "none.toml: No such file"),
        (["--no-such"], "unrecognized arguments: --no-such"),
    ],
    ids=str,
)
def test_wrong_options_are_named(tmp_path: Path, options: list[str], said: str) -> None:
    configure(tmp_path, {"w": "sample"})
    done = walkdiff(tmp_path, "nightly", "--config", "nightly.toml", *options)
    assert done.returncode == 2
    assert said in done.stderr


def test_check_opens_the_walkers_and_leaves_nothing(tmp_path: Path) -> None:
    configure(tmp_path, {"w": ONE_DEFECT, "o": "oracle"})
    done = walkdiff(tmp_path, "nightly", "--config", "nightly.toml", "--check")
    assert done.returncode == 0, done.stderr
    assert [line.split()[:3] for line in done.stdout.splitlines()] == [["under", "test", "w:"], ["under", "test", "o:"]]
    assert [path.name for path in tmp_path.iterdir()] == ["nightly.toml"]
