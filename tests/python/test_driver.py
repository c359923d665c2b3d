# SPDX-License-Identifier: MIT
"""The pytest driver, against a program that says what the test wants."""

from __future__ import annotations

import json
import lzma
import sys
from pathlib import Path

import pytest

# Judges each case as its id says: "<verdict> <anything>". "broken" ends it as a bad file does, "lost" is left out.
FAKE_REPLAY = """#!PYTHON
import json, lzma, pathlib, sys

verb, option, walker, as_json, file = sys.argv[1:]
assert (verb, option, as_json) == ("replay", "--walker", "--json")
with open("replays", "a") as counter:
    counter.write(walker + "\\n")
content = pathlib.Path(file).read_bytes()
text = (lzma.decompress(content) if file.endswith(".xz") else content).decode()
for line in [text] if file.endswith(".json") else text.splitlines():
    name = json.loads(line)["id"]
    if name == "broken":
        print(f"{file}:1: op: missing", file=sys.stderr)
        sys.exit(2)
    if name == "lost":
        continue
    verdict = name.split()[0]
    got = {"unsupported": "no such granule"} if verdict == "unsupported" else {"par": "0x1"}
    print(json.dumps({"id": name, "verdict": verdict, "rule": "SOME_RULE", "expected": {"par": "0x2"}, "got": got}))
""".replace("PYTHON", sys.executable)


@pytest.fixture
def tree(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A tree whose program is the fake one."""
    build = pytester.path / "build" / "release"
    monkeypatch.setenv("WALKDIFF_BUILD", str(build))
    pytester.makeini("[pytest]\ntestpaths = tests cases\n")
    write_program(build / "harness" / "walkdiff", FAKE_REPLAY)
    for folder in ("cases", "tests/unit", "tests/cli"):
        (pytester.path / folder).mkdir(parents=True)
    return pytester


def write_program(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


def write_cases(path: Path, *names: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(json.dumps({"id": name}) + "\n" for name in names)
    if path.suffix == ".xz":
        path.write_bytes(lzma.compress(text.encode()))
    else:
        path.write_text(text)


def run(tree: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    return tree.runpytest_inprocess("-p", "walkdiff_driver.plugin", "-ra", *arguments)


def replays(tree: pytest.Pytester) -> list[str]:
    return (tree.path / "replays").read_text().splitlines()


@pytest.mark.parametrize("verdict", ["agree", "permitted", "waived"])
def test_a_right_or_known_answer_passes(tree: pytest.Pytester, verdict: str) -> None:
    write_cases(tree.path / "cases/a.jsonl", f"{verdict} x")
    run(tree).assert_outcomes(passed=1)


@pytest.mark.parametrize(
    "verdict",
    [
        "deviation",
        "exception-mismatch",
        "crash",
        "hang",
        "retry",
        "warn",
        "inconsistent",
        "reference-conflict",
        "unheard-of",
    ],
)
def test_every_other_verdict_fails(tree: pytest.Pytester, verdict: str) -> None:
    write_cases(tree.path / "cases/a.jsonl", f"{verdict} x")
    run(tree).assert_outcomes(failed=1)


def test_an_unsupported_case_is_skipped_with_its_reason_and_not_passed(tree: pytest.Pytester) -> None:
    write_cases(tree.path / "cases/a.jsonl", "unsupported x")
    result = run(tree)
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["SKIPPED * cases/a.jsonl:*: unsupported: no such granule"])


def test_a_failure_says_what_was_expected_and_how_to_see_it_again(tree: pytest.Pytester) -> None:
    write_cases(tree.path / "cases/sub/a.jsonl", "agree x", "deviation y")
    result = run(tree, "--walker", "sample,defect=S1-05")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "deviation y: deviation of walker sample,defect=S1-05, decided by rule SOME_RULE.",
            '*permits*{"par":"0x2"}',
            '*answers*{"par":"0x1"}',
            "*./walkdiff test --walker sample,defect=S1-05 'cases/sub/a.jsonl::deviation y'",
        ]
    )


def test_a_file_is_replayed_once_however_many_items_it_has(tree: pytest.Pytester) -> None:
    write_cases(tree.path / "cases/a.jsonl", "agree 1", "agree 2", "agree 3")
    run(tree, "--walker", "so:x.so").assert_outcomes(passed=3)
    assert replays(tree) == ["so:x.so"]


def test_one_case_can_be_named(tree: pytest.Pytester) -> None:
    write_cases(tree.path / "cases/a.jsonl", "agree 1", "deviation 2")
    run(tree, "cases/a.jsonl::agree 1").assert_outcomes(passed=1)


def test_a_single_case_file_is_an_item(tree: pytest.Pytester) -> None:
    (tree.path / "cases/a.json").write_text('{\n  "id": "agree x"\n}\n')
    run(tree).assert_outcomes(passed=1)


def test_a_packed_file_has_an_item_a_thousand_cases(tree: pytest.Pytester) -> None:
    write_cases(tree.path / "cases/v.jsonl.xz", *(f"agree {i}" for i in range(2001)))
    result = run(tree, "-v")
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(["*v.jsonl.xz::cases 2001-2001 PASSED*"])


def test_a_packed_file_has_an_item_a_case_where_that_is_asked_for(tree: pytest.Pytester) -> None:
    write_cases(tree.path / "cases/v.jsonl.xz", *(f"agree {i}" for i in range(1002)))
    run(tree, "--each").assert_outcomes(passed=1002)
    run(tree, "cases/v.jsonl.xz::agree 1001").assert_outcomes(passed=1)


def test_a_chunk_with_an_unsupported_case_does_not_pass(tree: pytest.Pytester) -> None:
    write_cases(tree.path / "cases/v.jsonl.xz", "agree 1", "unsupported 2", "unsupported 3")
    result = run(tree)
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["*2 of 3 cases unsupported: 2 × no such granule*"])


def test_a_chunk_tells_how_many_fail_and_which(tree: pytest.Pytester) -> None:
    write_cases(tree.path / "cases/v.jsonl.xz", "agree 1", "deviation 2", "unsupported 3", "crash 4")
    result = run(tree)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["2 of 4 cases fail*", "deviation 2: *", "crash 4: *"])


def test_a_file_that_the_program_refuses_fails_with_its_message(tree: pytest.Pytester) -> None:
    write_cases(tree.path / "cases/a.jsonl", "agree x", "broken")
    result = run(tree)
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["*a.jsonl:1: op: missing"])


def test_a_case_that_the_program_does_not_judge_fails_its_file(tree: pytest.Pytester) -> None:
    write_cases(tree.path / "cases/a.jsonl", "agree x", "lost")
    result = run(tree)
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["*holds 2 cases, but replay judged 1"])


def test_a_file_without_a_case_is_an_error(tree: pytest.Pytester) -> None:
    (tree.path / "cases/a.jsonl").write_text("\n")
    run(tree).assert_outcomes(errors=1)


def test_schema_and_waivers_are_no_cases(tree: pytest.Pytester) -> None:
    write_cases(tree.path / "cases/schema/case.json", "deviation x")
    write_cases(tree.path / "cases/waivers/examples.jsonl", "deviation x")
    write_cases(tree.path / "elsewhere/a.jsonl", "deviation x")
    run(tree, "cases", "elsewhere").assert_outcomes()


def test_a_case_file_elsewhere_can_be_named(tree: pytest.Pytester) -> None:
    write_cases(tree.path / "elsewhere/a.jsonl", "agree x")
    run(tree, "elsewhere/a.jsonl").assert_outcomes(passed=1)


def test_without_the_program_the_message_says_what_to_run(tree: pytest.Pytester) -> None:
    write_cases(tree.path / "cases/a.jsonl", "agree x")
    (tree.path / "build/release/harness/walkdiff").unlink()
    result = run(tree)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*is not built: run ./walkdiff setup"])


UNIT_SOURCE = """
static int up(void **state)
{
}
static void a_good_one(void **state)
{
}
static void helper(int x)
{
}
static void a_second_one(void **state)
{
}
"""


def unit_test(tree: pytest.Pytester, *output: str, status: int = 0, cmocka: bool = True) -> pytest.RunResult:
    """Runs the items of a topic whose program prints the lines."""
    (tree.path / "tests/unit/test_topic.c").write_text(UNIT_SOURCE)
    found = "1" if cmocka else ""
    (tree.path / "build/release/CMakeCache.txt").write_text(f"WALKDIFF_cmocka_FOUND:INTERNAL={found}\n")
    script = "".join(f"echo '{line}'\n" for line in output)
    write_program(tree.path / "build/release/tests/test_topic", f"#!/bin/sh\n{script}exit {status}\n")
    return run(tree)


def test_each_c_test_function_is_an_item_and_so_is_its_program(tree: pytest.Pytester) -> None:
    unit_test(tree, "1..2", "ok 1 - a_good_one", "ok 2 - a_second_one").assert_outcomes(passed=3)


def test_a_failing_c_test_shows_what_it_printed(tree: pytest.Pytester) -> None:
    result = unit_test(
        tree,
        "1..2",
        "ok 1 - a_good_one",
        "level 3",
        "not ok 2 - a_second_one",
        "# 0x1 != 0x2",
        "# t.c:9: Failure!",
        status=1,
    )
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["a_second_one:", "level 3", "0x1 != 0x2", "t.c:9: Failure!"])


def test_a_skipped_c_test_is_skipped(tree: pytest.Pytester) -> None:
    unit_test(tree, "1..2", "not ok 1 # SKIP a_good_one", "ok 2 - a_second_one").assert_outcomes(passed=2, skipped=1)


def test_a_c_test_program_that_dies_half_way_fails_what_it_did_not_reach(tree: pytest.Pytester) -> None:
    unit_test(tree, "1..2", "ok 1 - a_good_one", status=134).assert_outcomes(passed=1, failed=2)


def test_a_c_test_program_that_fails_after_its_tests_fails(tree: pytest.Pytester) -> None:
    result = unit_test(tree, "1..2", "ok 1 - a_good_one", "ok 2 - a_second_one", "LeakSanitizer: leaks", status=23)
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["*status is 23*", "*LeakSanitizer*"])


def test_a_failing_c_test_that_the_source_does_not_name_is_not_lost(tree: pytest.Pytester) -> None:
    unit_test(
        tree, "1..3", "ok 1 - a_good_one", "ok 2 - a_second_one", "not ok 3 - made_by_a_table", status=1
    ).assert_outcomes(passed=2, failed=1)


def test_a_c_test_that_runs_twice_passes_only_if_both_runs_do(tree: pytest.Pytester) -> None:
    unit_test(
        tree, "1..3", "not ok 1 - a_good_one", "ok 2 - a_good_one", "ok 3 - a_second_one", status=1
    ).assert_outcomes(passed=2, failed=1)


def test_a_c_test_that_is_not_built_says_where_it_is_registered(tree: pytest.Pytester) -> None:
    unit_test(tree, "1..0")
    (tree.path / "build/release/tests/test_topic").unlink()
    result = run(tree)
    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines(["*is wd_unit_test(topic *"])


def test_without_cmocka_the_c_tests_are_skipped_aloud(tree: pytest.Pytester) -> None:
    result = unit_test(tree, "1..0", cmocka=False)
    result.assert_outcomes(skipped=3)
    result.stdout.fnmatch_lines(["*THE C UNIT TESTS WERE NOT RUN*"])


def test_each_fuzz_target_replays_its_corpus(tree: pytest.Pytester) -> None:
    (tree.path / "tests/fuzz/corpus/reader").mkdir(parents=True)
    (tree.path / "tests/fuzz/fuzz_reader.c").touch()
    replay = tree.path / "build/release/tests/fuzz/replay_reader"
    write_program(replay, '#!/bin/sh\ntest "$1" = tests/fuzz/corpus/reader\n')
    run(tree).assert_outcomes(passed=1)
    write_program(replay, "#!/bin/sh\necho the property does not hold; exit 1\n")
    result = run(tree)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["the property does not hold"])


def golden_test(tree: pytest.Pytester, script: str, **files: str) -> None:
    (tree.path / "tests/cli/x.sh").write_text(script)
    for suffix, text in files.items():
        (tree.path / f"tests/cli/x.{suffix}").write_text(text)


def test_a_script_that_prints_what_its_files_say_passes(tree: pytest.Pytester) -> None:
    golden_test(tree, "echo out; echo err >&2; exit 3", stdout="out\n", stderr="err\n", status="3\n")
    run(tree).assert_outcomes(passed=1)


@pytest.mark.parametrize("script", ["echo out", "echo err >&2", "exit 1"])
def test_a_script_without_files_must_say_nothing_and_succeed(tree: pytest.Pytester, script: str) -> None:
    golden_test(tree, script)
    run(tree).assert_outcomes(failed=1)


def test_a_script_that_prints_something_else_fails_with_the_difference(tree: pytest.Pytester) -> None:
    golden_test(tree, "echo new", stdout="old\n")
    result = run(tree)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["-old", "+new", "*./walkdiff test --update-golden tests/cli/x.sh"])


def test_update_golden_rewrites_what_a_script_must_print(tree: pytest.Pytester) -> None:
    golden_test(tree, "echo new; exit 2", stdout="old\n", stderr="gone\n")
    result = run(tree, "--update-golden")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(
        ["*golden files rewritten*", "tests/cli/x.stdout", "tests/cli/x.stderr", "tests/cli/x.status"]
    )
    assert (tree.path / "tests/cli/x.stdout").read_text() == "new\n"
    assert (tree.path / "tests/cli/x.status").read_text() == "2\n"
    assert not (tree.path / "tests/cli/x.stderr").exists()
    run(tree).assert_outcomes(passed=1)


def test_a_script_calls_the_built_program_and_finds_the_cases(tree: pytest.Pytester) -> None:
    write_cases(tree.path / "cases/schema/a.jsonl", "agree x")
    golden_test(tree, "walkdiff replay --walker w --json cases/schema/a.jsonl >out; wc -l <out", stdout="1\n")
    run(tree).assert_outcomes(passed=1)
