# SPDX-License-Identifier: MIT
"""`walkdiff review`: patches with a bug, patches without, what cannot be applied or built, and that nothing of the
user's is touched."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
import xmlschema
from linux_repository import AT, NESTED, LinuxRepository, linux_repository
from walkdiff_driver.program import program

ROOT = Path(__file__).resolve().parents[2]
JUNIT = xmlschema.XMLSchema(str(ROOT / "tests/schema/junit.xsd"))
Json = dict[str, Any]

# Enough for what is looked for: the project's own cases of known defects come first.
FEW = ("--cases", "4096", "--stored", str(ROOT / "cases/findings"), "--stored", str(ROOT / "cases/seed-defects"))


def command(folder: Path, *arguments: str) -> list[str]:
    return [str(program(ROOT)), "review", "--state", str(folder / "state"), *arguments]


def review(folder: Path, *arguments: str, stdin: str = "", status: int) -> subprocess.CompletedProcess[str]:
    """Runs it, with its state in a folder."""
    folder.mkdir(exist_ok=True)
    words = command(folder, "--quiet", *arguments)
    done = subprocess.run(words, input=stdin, capture_output=True, text=True, cwd=folder, timeout=300)
    assert done.returncode == status, f"status {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


@pytest.fixture(scope="module")
def linux(tmp_path_factory: pytest.TempPathFactory) -> LinuxRepository:
    """A user's repository with the trees."""
    return linux_repository(tmp_path_factory.mktemp("review") / "linux")


def mail(linux: LinuxRepository, base: str, head: str) -> str:
    """The commits as a mailbox."""
    return linux.git("format-patch", "--stdout", "--no-signature", f"{base}..{head}") + "\n"


def pairs(done: subprocess.CompletedProcess[str]) -> list[Json]:
    return json.loads(done.stdout)["compared"]


def worse(pair: Json) -> list[Json]:
    return [change for change in pair["changes"] if change["worse"]]


def names(told: list[Json]) -> set[str]:
    return {line["text"].strip() for line in told}


# Patches that look harmless: what they change, and the rule that says what is wrong.
BUGS = {
    "the mask of an address for 16K alone": (
        AT,
        "		return desc & GENMASK_ULL(47, wi->pgshift);",
        "		return desc & GENMASK_ULL(47, wi->pgshift == 14 ? 15 : wi->pgshift);",
        "LEAF_OUTPUT_ADDRESS",
    ),
    "PAN looks at the user's write alone": (AT, "(wr->ur || wr->uw ||", "(wr->uw ||", "PAN"),
    "16K blocks at level 1": (
        AT,
        "valid_block = level == 2 || (wi->pa52bit && level == 1);",
        "valid_block = level == 2 || level == 1;",
        "BLOCK_NOT_SUPPORTED",
    ),
    "APTable of the user forgotten": (
        AT,
        "			wr->pw = wr->uw = false;\n			break;\n		case 0b11:\n			wr->pw = wr->ur",
        "			wr->pw = false;\n			break;\n		case 0b11:\n			wr->pw = wr->ur",
        "APTABLE_TWO_PRIVILEGES",
    ),
    "stage 2 writable where it is readable": (
        NESTED,
        "	out->writable = desc & KVM_PTE_LEAF_ATTR_LO_S2_S2AP_W;\n	out->level = level;",
        "	out->writable = desc & KVM_PTE_LEAF_ATTR_LO_S2_S2AP_R;\n	out->level = level;",
        "S2_WALK_NOT_WRITABLE",
    ),
}


@pytest.mark.parametrize("subject", BUGS)
def test_a_patch_with_a_subtle_bug_is_a_regression_by_the_rule(
    subject: str, linux: LinuxRepository, tmp_path: Path
) -> None:
    file, old, new, rule = BUGS[subject]
    commit = linux.replace("v7.3", subject, file, old, new)
    options = ("--linux", str(linux.path), "--patch", "-", "v7.3", "--format", "json")
    pair = pairs(review(tmp_path, *options, *FEW, stdin=mail(linux, "v7.3", commit), status=1))[0]
    found = [change for change in worse(pair) if change["rule"] == rule]
    assert found, [change["signature"] for change in worse(pair)]
    assert found[0]["change"] == "regression"
    assert found[0]["shrunk"] and found[0]["confirmed"]
    assert len(found[0]["case"]["mem"]) <= 6
    before, after = found[0]["sides"]["before"], found[0]["sides"]["after"]
    assert before["verdict"] in ("agree", "permitted") and after["verdict"] == "deviation"
    assert pair["lines"]["after"]["ran"] and not pair["lines"]["after"]["did_not_run"]


REFACTORED = (
    "	va_top = get_ia_size(wi) - 1;\n\n	while (1) {",
    "	va_top = get_ia_size(wi);\n	va_top -= 1;\n\n	for (;;) {",
)


def test_a_pure_refactoring_changes_nothing_and_says_what_was_covered(linux: LinuxRepository, tmp_path: Path) -> None:
    commit = linux.replace("v7.3", "KVM: arm64: at: a loop that is one", AT, *REFACTORED)
    patch = tmp_path / "0001.patch"
    patch.write_text(mail(linux, "v7.3", commit))
    done = review(tmp_path, "--linux", str(linux.path), "--patch", str(patch), "v7.3", *FEW, status=0)
    text = done.stdout
    assert re.match(r"No change in 4,[12]\d\d cases\.\n", text), text
    assert re.search(r"^rules covered \(\d+\): ACCESS_FLAG, ", text, re.MULTILINE)
    assert re.search(r"^All \d changed lines with code ran\.$", text, re.MULTILINE), text
    assert "walkdiff review --linux" in text
    assert max(map(len, (line for line in text.splitlines() if str(tmp_path) not in line))) <= 72


def test_a_patch_that_does_not_apply_is_told_with_its_hunk(linux: LinuxRepository, tmp_path: Path) -> None:
    patch = mail(linux, "v7.3", linux.replace("v7.3", "a loop", AT, *REFACTORED))
    options = ("--linux", str(linux.path), "--patch", "-", *FEW)
    before = linux.snapshot()
    done = review(tmp_path, *options, "v6.12", stdin=patch.replace("va_top", "va_tip"), status=2)
    assert "does not apply" in done.stderr and AT in done.stderr
    assert re.search(r"^@@ -\d+,\d+ \+\d+,\d+ @@|: @@ -", done.stderr, re.MULTILINE), done.stderr
    assert "base-commit" in review(tmp_path, *options, stdin=f"{patch}\nbase-commit: {'1' * 40}\n", status=2).stderr
    assert "there is no patch in it" in review(tmp_path, *options, "v7.3", stdin="hello\n", status=2).stderr
    assert linux.snapshot() == before


def test_a_revision_that_cannot_be_built_is_status_125_with_the_reason(linux: LinuxRepository, tmp_path: Path) -> None:
    commit = linux.replace(
        "v7.3", "does not compile", AT, "	va_top = get_ia_size(wi) - 1;\n\n	while", "	va_tip = 1;\n	while"
    )
    before = linux.snapshot()
    done = review(tmp_path, "--linux", str(linux.path), f"v7.3..{commit}", *FEW, status=125)
    assert linux.snapshot() == before
    assert "the tree's own code does not compile" in done.stderr
    assert "Cannot be built" in done.stdout
    assert "nonsense" in review(tmp_path, "--linux", str(linux.path), "v7.3..nonsense", status=2).stderr


def test_each_commit_of_a_series_is_reviewed_by_itself(linux: LinuxRepository, tmp_path: Path) -> None:
    file, old, new, rule = BUGS["PAN looks at the user's write alone"]
    first = linux.commit("v7.3", "Documentation: a word", {"Documentation/arch/arm64/pan.rst": "PAN\n"})
    second = linux.replace(first, "a bug", file, old, new)
    third = linux.replace(second, "its fix", file, new, old)
    options = ("--linux", str(linux.path), f"v7.3..{third}", "--each", "--format", "json", *FEW)
    told = pairs(review(tmp_path, *options, status=1))
    assert [pair["headline"].split(":")[0].split(" in ")[0] for pair in told] == [
        "No change",
        "1 way" if len(worse(told[1])) == 1 else f"{len(worse(told[1]))} ways",
        "Nothing gets worse",
    ]
    assert told[0]["same_code"] and told[0]["changed_files"] == ["Documentation/arch/arm64/pan.rst"]
    assert {change["rule"] for change in told[2]["changes"] if change["change"] == "fix"} >= {rule}


def test_what_a_page_of_findings_says_that_changed_between_two_versions_did(linux: LinuxRepository) -> None:
    """docs/findings/kvm-6.12-7.3.md, by its cases: each is still the change that it is said to be."""
    path = ROOT / "docs/findings/kvm-6.12-7.3.jsonl"
    said = [json.loads(line)["id"] for line in path.read_text().splitlines()]
    specs = [f"kvm:{linux.path}@{revision}" for revision in ("v7.3", "v6.12")]
    words = [str(program(ROOT)), "fuzz", "--walker", specs[0], "--against", specs[1], "--json", "--quiet"]
    done = subprocess.run([*words, "--stored", str(path)], capture_output=True, text=True, timeout=300)
    told = json.loads(done.stdout)
    assert told["cases"] == len(said)
    kinds = {kind: sum(name.startswith(f"{kind}: ") for name in said) for kind in told["changes"]}
    assert told["changes"] == kinds
    assert {kind for kind in kinds if kind.endswith("gained")} == {"retry gained", "warning gained"}


# ---------------------------------------------------------------- the manual

PAGE = ROOT / "docs/review.md"
BLOCK = re.compile(r"\$ walkdiff (review (?:[^\n]*\\\n)*[^\n]*)\n```\n.*?\n```\n(.*?)```\n", re.DOTALL)


def without_counts(text: str) -> str:
    """What does not change with every rule that the oracle learns, nor with the compiler."""
    text = re.sub(r"\d[\d,]*(?= cases?\b)|(?<=^cases   )[\d,]+", "N", text, flags=re.MULTILINE)
    text = re.sub(r"\b[0-9a-f]{40}\b|\b[0-9a-f]{12}\b", "SHA", text)
    text = re.sub(r"(?<=gcc )[\d.]+|(?<=walkdiff )\d[\d.]+", "N", text)
    text = re.sub(r"^(  [a-z]+ ?[a-z]*) +[\d,]+ +[\d,]+  ", r"\1 N ", text, flags=re.MULTILINE)
    # Cases that were wrong before, too, for one of KVM's many reasons, come and go with the names of these.
    text = re.sub(r"^  still wrong .*\n(?: {30,}.*\n)?", "", text, flags=re.MULTILINE)
    return re.sub(r"^still wrong \(.*\n(?:.+\n)*\n", "", text, flags=re.MULTILINE)


def test_the_walkthrough_of_the_manual_gives_what_the_manual_says(
    linux: LinuxRepository, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    file, old, new = AT, "	pan = wi->pan && (wr->ur || wr->uw ||\n", "	pan = wi->pan && (wr->uw ||\n"
    commit = linux.replace("v7.3", "KVM: arm64: nv: Simplify the check for PAN", file, old, new)
    (tmp_path / "pan.mbox").write_text(mail(linux, "v7.3", commit))
    (tmp_path / "linux").symlink_to(linux.path)
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    page = PAGE.read_text()
    match = BLOCK.search(page)
    assert match, f"{PAGE} has no walkthrough"
    done = review(tmp_path, *match[1].replace("\\\n", " ").split()[1:], status=1)
    said = done.stdout.replace(str(linux.path), "/home/you/linux")
    if pytestconfig.getoption("update_golden"):
        PAGE.write_text(page[: match.start(2)] + said + page[match.end(2) :])
        return
    # What else there is depends on the cases that are stored, which become more: the first change, and all around it.
    blocks = [without_counts(text).split("\n\n") for text in (match[2], said)]
    expected, found = blocks
    assert re.match(r"\d+ ways? in which it gets worse, in N cases\.", found[0])
    assert found[3].startswith("Known by waivers, and no less wrong: ") and expected[3].startswith("Known by waivers")
    for number in (1, 4, 5, -1):
        assert expected[number] == found[number]
    for text in (match[2], said):
        assert set(re.findall(r"^    Rule: (\w+) \(", text, re.MULTILINE)) == {"PAN", "INDIRECT_PAN"}


# ---------------------------------------------------------------- safety


def test_nothing_of_the_users_repository_is_touched_whatever_ends_a_review(
    linux: LinuxRepository, tmp_path: Path
) -> None:
    file, old, new, _ = BUGS["PAN looks at the user's write alone"]
    patch = mail(linux, "v7.3", linux.replace("v7.3", "a bug", file, old, new))
    (tmp_path / "a.patch").write_text(patch)
    before = linux.snapshot()
    options = ("--linux", str(linux.path), "--patch", str(tmp_path / "a.patch"), "v7.3", "--format", "json", *FEW)
    note = tmp_path / "state/pair-0/coverage-after"
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        note.unlink(missing_ok=True)
        process = subprocess.Popen(
            command(tmp_path, *options), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path
        )
        deadline = time.monotonic() + 120
        while not note.exists() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(number)
        _, told = process.communicate(timeout=60)
        assert process.returncode == (-9 if number == signal.SIGKILL else 130), told
        if number != signal.SIGKILL:
            assert "--resume" in told
        assert linux.snapshot() == before
    resumed = json.loads(review(tmp_path, *options, "--resume", status=1).stdout)
    again = json.loads(review(tmp_path, *options, status=1).stdout)
    for found in (resumed, again):
        found["compared"][0].pop("seconds")
    assert resumed["compared"][0]["changes"] == again["compared"][0]["changes"]
    assert linux.snapshot() == before


def test_a_review_is_not_resumed_as_another_one(tmp_path: Path) -> None:
    options = ("--before", "sample", "--after", "sample,defect=S1-15", "--stored", "none")
    review(tmp_path, *options, "--cases", "100", "--no-shrink", status=0)
    done = review(tmp_path, *options, "--cases", "200", "--resume", status=2)
    assert "another review" in done.stderr
    assert "no review to go on with" in review(tmp_path / "other", *options, "--resume", status=2).stderr


# ---------------------------------------------------------------- any two walkers


def test_two_walkers_whose_lines_nobody_knows_are_compared_and_that_is_said(tmp_path: Path) -> None:
    options = ("--before", "sample", "--after", "sample,defect=S1-15", "--cases", "30000", "--stored", "none")
    text = review(tmp_path, *options, status=1).stdout
    assert "WHICH LINES RAN IS NOT KNOWN" in text
    assert re.search(r"^ 1\. REGRESSION: lets through", text, re.MULTILINE)
    assert "Rule: PAN (R_" in text
    assert max(map(len, text.splitlines())) <= 72


WAIVER = """\
[[waiver]]
id = "sample-pan"
walker = "sample"
versions = "*"
signature = "PAN s1 *"
rule = "PAN"
instead = "looks at the user's write alone"
reason = "a test"
link = "a test"
case = "seed-defects/S1-15.json"
"""


def test_an_answer_that_a_waiver_tells_of_is_counted_and_no_less_wrong(tmp_path: Path) -> None:
    (tmp_path / "known").mkdir()
    (tmp_path / "known/sample.toml").write_text(WAIVER)
    options = ("--before", "sample", "--after", "sample,defect=S1-15", "--cases", "30000", "--stored", "none")
    options = (*options, "--no-shrink", "--waivers", "known")
    pair = pairs(review(tmp_path, *options, "--format", "json", status=1))[0]
    known = [change for change in worse(pair) if change["rule"] == "PAN"]
    assert [change["change"] for change in known] == ["regression"]
    assert (known[0]["sides"]["after"]["verdict"], known[0]["sides"]["after"]["waiver"]) == ("deviation", "sample-pan")
    assert pair["waived"] == {"sample-pan": known[0]["count"]}
    text = review(tmp_path, *options, status=1).stdout
    assert f"no less wrong: {known[0]['count']} of these answers (sample-pan {known[0]['count']})." in " ".join(
        text.split()
    )
    assert "wrong, and known:" in text and "--waivers known" in text
    assert "no such folder" in review(tmp_path, *options, "--waivers", "nowhere", status=2).stderr


@pytest.fixture(scope="module")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A walker whose sources lie in two folders, before and after a change, compiled so that it tells what it runs."""
    source = (ROOT / "docs/examples/identity_walker.c").read_text()
    folder = tmp_path_factory.mktemp("libraries")
    made = {}
    for name, extra in (
        ("before", ""),
        ("after", "        if (cases[i]->va == 12345)\n            results[i].par = 1;\n"),
    ):
        (folder / name).mkdir()
        path = folder / name / "identity_walker.c"
        assert source.count("        *done = ") == 1
        path.write_text(source.replace("        *done = ", f"{extra}        *done = "))
        made[name] = folder / name / "walker.so"
        words = ["gcc", "-shared", "-fPIC", "-g", "-Og", "-fsanitize-coverage=trace-pc", f"-I{ROOT / 'include'}"]
        subprocess.run([*words, "-o", str(made[name]), str(path)], check=True)
    return made


def test_changed_lines_that_no_case_ran_are_told_loudly(libraries: dict[str, Path], tmp_path: Path) -> None:
    options = ("--before", f"so:{libraries['before']}", "--after", f"so:{libraries['after']}", "--stored", "none")
    text = review(tmp_path, *options, "--cases", "2000", status=0).stdout
    assert "1 OF 2 CHANGED LINES WITH CODE DID NOT RUN:" in text
    assert re.search(r"^ +\d+ \+ +results\[i\]\.par = 1;$", text, re.MULTILINE), text
    assert "No change in 2,000 cases." in text


def test_a_library_that_is_the_same_is_not_run(libraries: dict[str, Path], tmp_path: Path) -> None:
    same = f"so:{libraries['before']}"
    assert review(tmp_path, "--before", same, "--after", same, status=0).stdout.startswith(
        "No change: the walker's code is the same."
    )


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ((), "what is to be compared?"),
        (("--before", "sample"), "what is to be compared?"),
        (("--before", "sample", "--after", "nonsense"), "there is no walker 'nonsense'"),
        (("--before", "sample", "--after", "oracle", "--each"), "no revisions"),
        (("--linux", "/nonexistent", "a..b"), "no such folder"),
        (("--before", "so:/nonexistent.so", "--after", "sample"), "there is no such file"),
        (("--before", "sample", "--after", "oracle", "--stored", "/nonexistent"), "there is no such file"),
    ],
)
def test_what_cannot_be_compared_is_status_2_and_says_why(
    arguments: tuple[str, ...], reason: str, tmp_path: Path
) -> None:
    assert reason in review(tmp_path, *arguments, status=2).stderr


# ---------------------------------------------------------------- formats


def test_every_format_tells_the_same_changes(tmp_path: Path) -> None:
    options = ("--before", "sample,defect=S1-27", "--after", "sample,defect=S1-15", "--cases", "20000")
    options = (*options, "--stored", "none", "--no-shrink")
    document = json.loads(review(tmp_path, *options, "--format", "json", status=1).stdout)
    changes = document["compared"][0]["changes"]
    assert {"regression", "fix"} <= {change["change"] for change in changes}
    page = tmp_path / "review.html"
    review(tmp_path, *options, "--out", str(page), status=1)
    html = page.read_text()
    assert html.count('class="bucket ') == len(changes)
    assert "<script src" not in html and "http-equiv" in html
    junit = tmp_path / "review.xml"
    review(tmp_path, *options, "--out", str(junit), status=1)
    JUNIT.validate(str(junit))
    bad = sum(change["worse"] for change in changes)
    assert f'failures="{bad}"' in junit.read_text()
    text = review(tmp_path, *options, status=1).stdout
    assert re.search(rf"^{bad} ways? in which it gets worse, in 20,000 cases\.", text)
