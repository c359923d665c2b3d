# SPDX-License-Identifier: MIT
"""`walkdiff report`: every format but HTML, of every kind of run."""

from __future__ import annotations

import functools
import json
import os
import pty
import re
import subprocess
from pathlib import Path
from xml.etree import ElementTree as Xml

import ktap_parser
import pytest
import report_runs
import xmlschema
from jsonschema import Draft202012Validator
from report_runs import KINDS, ROOT, WALKER, walkdiff
from walkdiff_driver.program import program

FORMATS = ("junit", "ktap", "json", "text")
SCHEMA = json.loads((ROOT / "cases" / "schema" / "report.schema.json").read_text(encoding="utf-8"))
JUNIT = xmlschema.XMLSchema(str(ROOT / "tests" / "schema" / "junit.xsd"))


@functools.cache
def report(run: Path, form: str, *options: str) -> str:
    done = walkdiff("report", str(run), "--format", form, *options)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def titles(run: Path) -> list[str]:
    return [finding["title"] for finding in report_runs.read(run)[1]]


# ---------------------------------------------------------------- JSON, and the order


@pytest.mark.parametrize("kind", KINDS)
def test_the_json_report_fits_its_schema_and_has_every_bucket(runs: dict[str, Path], kind: str) -> None:
    told = json.loads(report(runs[kind], "json"))
    Draft202012Validator(SCHEMA).validate(told)
    summary, findings = report_runs.read(runs[kind])
    assert told["run"] == summary
    assert sorted(f["signature"] for f in told["findings"]) == sorted(f["signature"] for f in findings)
    assert [f["rank"] for f in told["findings"]] == list(range(1, len(findings) + 1))


def test_what_puts_the_oracle_in_doubt_comes_first_then_the_worst(runs: dict[str, Path]) -> None:
    told = json.loads(report(runs["of every kind"], "json"))["findings"]
    verdicts = [f["verdict"] for f in told]
    assert {f["signature"] for f in told[:3]} == {"both of a test", "alone of a test"}
    assert [f["against_all"] for f in told[:4]] == [True, True, True, False]
    order = ["reference-conflict", "crash", "hang", "deviation", "inconsistent", "retry", "warn", verdicts[-1]]
    assert [v for i, v in enumerate(verdicts) if v in order and i >= 3 and v not in verdicts[3:i]] == order
    assert verdicts[-1] == "a verdict of the future"


def test_of_deviations_those_come_first_that_let_an_access_through(real_run: Path, tmp_path: Path) -> None:
    summary, findings = report_runs.read(real_run)
    success = {"par": "0xff00000040000b80"}
    fault = {"par": "0x0000000000000809"}
    answers = {
        "lets through": (fault, success),
        "wrong address": (success, {"par": "0xff00000080000b80"}),
        "refuses": (success, fault),
        "wrong update": (success, {**success, "mem": [["0x40000000", "0x1"]]}),
        "wrong attributes": (success, {"par": "0x4400000040000b80"}),
        "misreports": (fault, {"par": "0x000000000000080b"}),
        "reserved bits": (success, {"par": "0xff00000040000b82"}),
    }
    made = [
        {**findings[0], "expected": expected, "got": got, "count": count, "signature": impact}
        for count, (impact, (expected, got)) in enumerate(answers.items())
    ]
    told = json.loads(report(report_runs.write(tmp_path, summary, made), "json"))["findings"]
    assert [f["impact"] for f in told] == list(answers)
    assert [f["signature"] for f in told] == list(answers)


def test_among_equals_the_larger_bucket_comes_first(real_run: Path, tmp_path: Path) -> None:
    summary, findings = report_runs.read(real_run)
    made = [{**findings[0], "signature": str(count), "count": count} for count in (2, 30, 1, 4)]
    told = json.loads(report(report_runs.write(tmp_path, summary, made), "json"))["findings"]
    assert [f["count"] for f in told] == [30, 4, 2, 1]


def test_the_command_of_a_bucket_makes_its_first_case_again(runs: dict[str, Path]) -> None:
    finding = json.loads(report(runs["real"], "json"))["findings"][0]
    command = finding["command"].split()
    assert command[0] == "walkdiff"
    done = walkdiff(*command[1:])
    made = json.loads(done.stdout.splitlines()[0])
    assert finding["case"]["id"] == f"{made['id']}, shrunk"
    assert finding["signature"] in done.stdout


# ---------------------------------------------------------------- JUnit


@pytest.mark.parametrize("kind", KINDS)
def test_the_junit_report_fits_its_schema_and_counts_what_it_holds(runs: dict[str, Path], kind: str) -> None:
    text = report(runs[kind], "junit")
    JUNIT.validate(text)
    root = Xml.fromstring(text)
    cases = root.findall(".//testcase")
    assert int(root.get("tests", "")) == len(cases)
    for attribute, kind_of_child in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        assert int(root.get(attribute, "")) == len(root.findall(f".//testcase/{kind_of_child}"))
    found = root.findall(".//testcase/failure") + root.findall(".//testcase/error")
    walkers = {walker["walker"] for walker in report_runs.read(runs[kind])[0]["walkers"]}
    assert len(found) == sum(f["walker"] in walkers for f in report_runs.read(runs[kind])[1])


def test_a_crash_is_an_error_of_junit_and_a_deviation_a_failure(runs: dict[str, Path]) -> None:
    root = Xml.fromstring(report(runs["of every kind"], "junit"))
    kinds = {(e.get("type"), e.tag) for e in root.iter() if e.tag in ("failure", "error")}
    assert {("crash", "error"), ("hang", "error"), ("deviation", "failure"), ("warn", "failure")} <= kinds


def test_cases_that_are_unsupported_are_no_pass_of_junit(real_run: Path, tmp_path: Path) -> None:
    summary, _ = report_runs.read(real_run)
    summary["walkers"] = [{"walker": "w", "version": "", "role": "under test", "verdicts": {"unsupported": 7}}]
    root = Xml.fromstring(report(report_runs.write(tmp_path, summary, []), "junit"))
    assert root.get("skipped") == "1"
    assert (
        "7" in (root.find(".//skipped") or Xml.Element("none")).get("message", "") or "7" in Xml.tostring(root).decode()
    )


# ---------------------------------------------------------------- KTAP


@pytest.mark.parametrize("kind", KINDS)
def test_the_ktap_report_is_ktap_version_1_and_fails_where_there_are_findings(runs: dict[str, Path], kind: str) -> None:
    tests = ktap_parser.parse(report(runs[kind], "ktap"))
    summary, findings = report_runs.read(runs[kind])
    assert len(tests) == len(summary["walkers"])
    for test, walker in zip(tests, summary["walkers"], strict=True):
        of_walker = [f for f in findings if f["walker"] == walker["walker"]]
        assert test.passed is not bool(of_walker)
        assert sum(subtest.failed for subtest in test.subtests) == len(of_walker)


def test_ktap_says_that_a_walker_hung_or_died_in_its_own_words(runs: dict[str, Path]) -> None:
    tests = ktap_parser.parse(report(runs["of every kind"], "ktap"))
    directives = {subtest.description.split(":")[0]: subtest.directive for subtest in tests[0].subtests}
    assert directives["hang"] == "TIMEOUT"
    assert directives["crash"] == "ERROR"


@pytest.mark.parametrize(
    "text",
    [
        "KTAP version 1\n1..1\n",
        "KTAP version 1\nok 1 a\n",
        "TAP version 13\n1..0\n",
        "KTAP version 1\n1..1\nok 2 a\n",
        "KTAP version 1\n1..1\nok 1 a\nok 2 b\n",
        "KTAP version 1\n1..1\nok 1 a # TIMEOUT late\n",
        "KTAP version 1\n1..1\n  KTAP version 1\n  1..1\n  not ok 1 a\nok 1 b\n",
        "KTAP version 1\n1..1\nok 1 a # SKIP b\x1b\n",
        "KTAP version 1\n1..1\nhello\nok 1 a\n",
        "KTAP version 1\n1..1\nok 1 a",
    ],
)
def test_the_parser_of_ktap_refuses_what_is_no_ktap(text: str) -> None:
    with pytest.raises(ktap_parser.KtapError):
        ktap_parser.parse(text)


def test_the_parser_of_ktap_reads_an_example() -> None:
    text = (
        "KTAP version 1\n1..2\n  KTAP version 1\n  1..2\n  # why\n  not ok 1 one # XFAIL known\n  ok 2 two # SKIP\n"
        "ok 1 all\nnot ok 2 rest # rc=3\n"
    )
    first, second = ktap_parser.parse(text)
    assert [t.directive for t in first.subtests] == ["XFAIL", "SKIP"]
    assert first.subtests[0].diagnostics == ["why"]
    assert (second.failed, second.data) == (True, "rc=3")


# ---------------------------------------------------------------- text


@pytest.mark.parametrize("kind", KINDS)
def test_no_line_of_the_text_report_is_longer_than_72_columns(runs: dict[str, Path], kind: str) -> None:
    lines = report(runs[kind], "text").split("\n")
    commands = "--" if kind != "evil" else "exec:"  # a word of a command is never broken
    assert [line for line in lines if len(line) > 72 and commands not in line] == []


def test_the_text_report_tells_how_the_others_voted(runs: dict[str, Path]) -> None:
    text = " ".join(report(runs["of every kind"], "text").split())
    assert "In 4 of these cases all who answer say the same, against the oracle: look at the oracle first." in text
    assert "unicorn in these cases: 4 the same wrong answer, 1 another answer, 2 no answer" in text


@pytest.mark.parametrize("kind", KINDS)
def test_the_text_report_tells_every_bucket(runs: dict[str, Path], kind: str) -> None:
    text = " ".join(report(runs[kind], "text").split())
    for title in titles(runs[kind]):
        assert " ".join(title.split())[:60].split("\x1b")[0] in text


def test_a_case_can_be_copied_from_the_text_report(runs: dict[str, Path]) -> None:
    text = report(runs["real"], "text")
    case = re.search(r"Case, shrunk:\n(.*?)\n +Again:", text, re.DOTALL)
    assert case
    signature = json.loads(report(runs["real"], "json"))["findings"][0]["signature"]
    done = walkdiff("replay", "--walker", WALKER, "-", lines=case[1])
    assert done.returncode == 1, done.stderr
    assert signature in done.stdout


def test_a_terminal_is_not_moved_by_what_a_walker_said(runs: dict[str, Path]) -> None:
    for form in FORMATS:
        text = report(runs["evil"], form)
        assert not set(text) & set("\x1b\u2028\u202e" if form != "junit" else "\x1b")


# ---------------------------------------------------------------- nights


def test_with_a_store_a_report_tells_which_buckets_are_known_and_the_nights(real_run: Path, store: Path) -> None:
    told = json.loads(report(real_run, "json", "--store", str(store)))
    Draft202012Validator(SCHEMA).validate(told)
    assert [night["name"] for night in told["nights"]] == ["first night", "second night"]
    assert [sum(night["states"].values()) for night in told["nights"]] == [1, 1]
    known = report_runs.read(real_run)[1][0]["signature"]
    assert {f["signature"] for f in told["findings"] if f.get("state")} == {known}


def test_what_is_new_comes_before_what_an_earlier_night_told(real_run: Path, tmp_path: Path) -> None:
    summary, findings = report_runs.read(real_run)
    states = ["known", "new", "flaky", "back", ""]
    made = [
        {**findings[0], "signature": state or "none", "state": state, "count": 9 - i} for i, state in enumerate(states)
    ]
    made.append({**findings[0], "verdict": "reference-conflict", "signature": "doubt", "state": "known"})
    told = json.loads(report(report_runs.write(tmp_path, summary, made), "json"))["findings"]
    assert [f["signature"] for f in told] == ["doubt", "new", "back", "none", "known", "flaky"]


def test_what_an_earlier_night_told_of_fails_neither_junit_nor_ktap(real_run: Path, tmp_path: Path) -> None:
    summary, findings = report_runs.read(real_run)
    known = {**findings[0], "state": "known", "first_seen": "2026-03-01T00:00:00Z"}
    run = report_runs.write(tmp_path / "known", summary, [known])
    JUNIT.validate(report(run, "junit"))
    root = Xml.fromstring(report(run, "junit"))
    assert (root.get("failures"), root.get("skipped")) == ("0", "1")
    assert [e.get("message", "")[:23] for e in root.iter("skipped")] == ["known since 2026-03-01:"]
    (test,) = ktap_parser.parse(report(run, "ktap"))
    assert test.passed
    assert [subtest.directive for subtest in test.subtests] == ["", "XFAIL"]
    run = report_runs.write(tmp_path / "new", summary, [known, {**known, "state": "new", "signature": "new"}])
    assert Xml.fromstring(report(run, "junit")).get("failures") == "1"
    assert not ktap_parser.parse(report(run, "ktap"))[0].passed


def test_a_store_that_is_not_there_is_named(real_run: Path) -> None:
    done = walkdiff("report", str(real_run), "--store", "no/such.sqlite")
    assert done.returncode == 2
    assert "no/such.sqlite: there is no such store" in done.stderr


# ---------------------------------------------------------------- the verb


def test_the_end_of_the_files_name_says_which_format(real_run: Path, tmp_path: Path) -> None:
    ways = len((real_run / "findings.jsonl").read_text(encoding="utf-8").splitlines())
    assert ways > 1
    beginnings = {"r.xml": "<?xml", "r.ktap": "KTAP version 1", "r.json": "{", "r.txt": f"{ways} ways in which "}
    for name, beginning in beginnings.items():
        done = walkdiff("report", str(real_run), "--out", str(tmp_path / name))
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        assert (tmp_path / name).read_text(encoding="utf-8").startswith(beginning)


def test_a_folder_that_holds_no_run_is_named(tmp_path: Path) -> None:
    done = walkdiff("report", str(tmp_path))
    assert done.returncode == 2
    assert f"{tmp_path}/summary.json: No such file or directory" in done.stderr


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ('{"signature": "a"}', ":2: title: is missing"),
        ("{", ":2: "),
        ("[]", ":2: must be an object"),
        ('{"signature": NaN}', ":2: NaN is no JSON"),
        ('{"signature": 1}', ":2: signature: must be a string"),
    ],
)
def test_a_line_that_is_no_finding_is_named_with_its_member(
    real_run: Path, tmp_path: Path, line: str, complaint: str
) -> None:
    (tmp_path / "summary.json").write_bytes((real_run / "summary.json").read_bytes())
    (tmp_path / "findings.jsonl").write_text(f"\n{line}\n")
    done = walkdiff("report", str(tmp_path))
    assert done.returncode == 2
    assert f"{tmp_path}/findings.jsonl{complaint}" in done.stderr


def test_a_report_that_cannot_be_written_is_named(real_run: Path, tmp_path: Path) -> None:
    done = walkdiff("report", str(real_run), "--out", str(tmp_path / "none" / "r.json"))
    assert done.returncode == 2
    assert "none/r.json: No such file or directory" in done.stderr


def test_progress_shows_on_a_terminal_alone(real_run: Path, tmp_path: Path) -> None:
    master, slave = pty.openpty()
    command = [str(program(ROOT)), "report", str(real_run), "--out", str(tmp_path / "r.json")]
    subprocess.run(command, stderr=slave, stdin=subprocess.DEVNULL, env=os.environ | {"TERM": "xterm"}, check=True)
    os.close(slave)
    assert b"explaining findings" in os.read(master, 65536)
    os.close(master)


def test_an_installed_walkdiff_makes_reports_too(real_run: Path, tmp_path: Path) -> None:
    build = program(ROOT).parents[1]
    done = subprocess.run(["cmake", "--install", str(build), "--prefix", str(tmp_path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    done = subprocess.run(
        [str(tmp_path / "bin" / "walkdiff"), "report", str(real_run), "--format", "json"],
        env={"PATH": "/usr/bin:/bin", "WALKDIFF_PYTHON": str(ROOT / ".venv" / "bin" / "python")},
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["findings"]
