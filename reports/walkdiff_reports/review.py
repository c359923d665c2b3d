# SPDX-License-Identifier: MIT
"""`walkdiff review`: what a change of a walker does to its answers, and whether that is for the better."""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from walkdiff_driver.review_run import Interrupted, Pair, Plan, fingerprint, is_worse
from walkdiff_driver.review_sides import CannotBuild, Side, of_spec
from walkdiff_driver.verb import (
    FOUND,
    NOTHING_FOUND,
    Parser,
    VerbError,
    complain,
    kind_of,
    parse_number,
    parse_seconds,
    use_utf8,
    walkdiff_program,
)

from walkdiff_reports import review_html, review_junit, review_text
from walkdiff_reports.review_view import Review, make
from walkdiff_reports.run import ReportError

if TYPE_CHECKING:
    from linuxgit import Commit, Repository

USAGE = """\
usage: walkdiff review [--linux TREE] [--patch FILE] [OPTIONS] [BASE..HEAD]

Gives the same cases to a walker before and after a change, judges where the answers differ, and sorts it: what the
change fixes, what it makes worse, and what it merely does otherwise. Says which of the changed lines ran, and which
did not. What is compared is one of:

  --linux TREE BASE..HEAD           KVM's walker in two revisions of a git repository
  --linux TREE --patch FILE [BASE]  a mailbox, a mail or a diff (`-`: standard input) on BASE, else on the base-commit
                                    that it names, else on HEAD
  --before W --after W              any two walkers, see `walkdiff walkers`

Nothing is written to TREE. To build it runs its build scripts.

  --linux TREE     a git repository of Linux
  --patch FILE     what is to be applied
  --before W       the walker before the change
  --after W        the walker after it
  --each           each commit, or patch, of the series by itself
  --kvm OPTIONS    options of kvm: for both sides, like as-exposed; subject=KIND for another piece of KVM
  --time T         how long to compare, all pairs together (default: 60s)
  --cases N        instead: how many cases to make for each pair
  --seed S         the same seed and --cases give the same result (default: 1)
  --jobs J         so many processes at once (default: 1)
  --profile P      what implementations to draw cases from; several are several options
  --stored PATH    stored cases to begin with, instead of walkdiff's own; `none`: none; several are several options
  --waivers DIR    folder of waivers instead of walkdiff's own; several are several options
  --no-shrink      shows the first case of each change as it was found
  --timeout TIME   without an answer after which a walker hangs (default 5s)
  --format FORMAT  text, for a mail; html; junit; json (default: by FILE's end, or text)
  --out FILE       where the report goes (default: standard output)
  --state DIR      folder for what is needed to go on (default: in walkdiff's cache)
  --resume         goes on where the same review was stopped
  --quiet          no progress

Exit status: 0 nothing is worse, 1 a regression, or a crash, hang, retry or warning more, 2 used wrongly (a patch does
not apply, no such revision), 125 one side cannot be built, 130 stopped.
"""

STOPPED, CANNOT_BUILD = 130, 125

FORMATS: dict[str, Callable[[Review], str]] = {
    "text": review_text.write,
    "html": review_html.write,
    "junit": review_junit.write,
    "json": lambda review: json.dumps(review.document(), indent=1) + "\n",
}
BY_SUFFIX = {".html": "html", ".htm": "html", ".xml": "junit", ".json": "json"}


def _typed(parse: Callable[[str], Any]) -> Callable[[str], Any]:
    def take(text: str) -> Any:  # noqa: ANN401
        try:
            return parse(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return take


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = Parser("review", USAGE)
    parser.add_argument("range", nargs="?")
    for name in ("--linux", "--patch", "--before", "--after", "--kvm"):
        parser.add_argument(name)
    for name in ("--each", "--resume", "--quiet", "--no-shrink"):
        parser.add_argument(name, action="store_true")
    parser.add_argument("--time", type=_typed(parse_seconds))
    parser.add_argument("--cases", type=_typed(parse_number))
    parser.add_argument("--seed", type=_typed(parse_number), default=1)
    parser.add_argument("--jobs", type=_typed(parse_number), default=1)
    parser.add_argument("--profile", action="append", default=[])
    parser.add_argument("--stored", action="append", default=[])
    parser.add_argument("--waivers", action="append", default=[])
    parser.add_argument("--timeout", type=_typed(parse_seconds), default=5.0)
    parser.add_argument("--format", choices=FORMATS)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--state", type=Path)
    given = parser.parse_args()
    problem = contradiction(given)
    if problem:
        parser.error(problem)
    return given


def contradiction(given: argparse.Namespace) -> str | None:
    """What is wrong with the options together."""
    if given.linux:
        if given.before or given.after:
            return "--linux compares revisions of a tree, --before and --after two walkers: one of the two"
        if not given.patch and not given.range:
            return "what is to be compared? BASE..HEAD, or --patch FILE"
        if given.patch and given.range and ".." in given.range:
            return "--patch is applied to one revision: BASE"
        return None
    if not (given.before and given.after):
        return "what is to be compared? --linux TREE BASE..HEAD, --linux TREE --patch FILE, or --before W --after W"
    if given.patch or given.range or given.each or given.kvm:
        return "--before and --after name both walkers: no revisions, --patch, --each or --kvm"
    return None


# ---------------------------------------------------------------- what is compared


@dataclass(frozen=True)
class Step:
    """A pair that is to be compared; its sides are built when it is its turn."""

    title: str
    before: Callable[[], Side]
    after: Callable[[], Side]
    changed_files: tuple[str, ...] = ()  # of a commit or patch


def steps_of(given: argparse.Namespace) -> list[Step]:
    """What is to be compared. Raises VerbError."""
    if not given.linux:
        return [Step("", lambda: of_spec(given.before), lambda: of_spec(given.after))]
    from linuxgit import PatchError, Repository, RepositoryError, find_path

    try:
        repository = Repository(find_path(given.linux))
        pairs = list(_pairs(repository, given))
        return [_step(repository, before, after, given) for before, after in pairs]
    except PatchError as error:
        hunk = f"\n{error.hunk}" if error.hunk and error.hunk not in str(error) else ""
        raise VerbError(f"{error}{hunk}") from error
    except RepositoryError as error:
        raise VerbError(str(error)) from error


def _pairs(repository: Repository, given: argparse.Namespace) -> Iterator[tuple[Commit, Commit]]:
    if given.patch:
        from linuxgit import apply_series, read_series

        series = read_series(_content(given.patch), given.patch)
        base, made = apply_series(repository, series, given.range)
        ends = [base, *made]
    else:
        first, last = repository.split_range(given.range)
        base, head = repository.commit(first), repository.commit(last)
        if given.each:
            for commit in repository.range(first, last):
                yield repository.commit(commit.parents[0]), commit
            return
        ends = [base, head]
    if not given.each:
        ends = [ends[0], ends[-1]]
    yield from itertools.pairwise(ends)


def _content(name: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise VerbError(f"{name}: {error.strerror}") from error


def _step(repository: Repository, before: Commit, after: Commit, given: argparse.Namespace) -> Step:
    def side(commit: Commit) -> Callable[[], Side]:
        return lambda: of_spec(repository.walker(commit, given.kvm or ""), commit.title)

    changed = repository.ask("diff-tree", "-r", "--name-only", "--no-renames", before.tree, after.tree)
    return Step(after.title, side(before), side(after), tuple(changed.splitlines()))


# ---------------------------------------------------------------- the state


def state_folder(given: argparse.Namespace, about: dict[str, Any]) -> Path:
    """Where a review keeps what it needs to go on: made new, unless it is to go on."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    cache = Path(os.environ.get("WALKDIFF_CACHE") or Path(base) / "walkdiff")
    folder = given.state or cache / "reviews" / fingerprint(about)
    note = folder / "review.json"
    if folder.exists() and not note.exists() and any(folder.iterdir()):
        raise VerbError(f"{folder}: holds something that no review left there")
    if given.resume and not note.exists():
        raise VerbError(f"{folder}: there is no review to go on with")
    if given.resume and json.loads(note.read_text()) != about:
        raise VerbError(f"{folder}: what is there is another review, or one by another walkdiff")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextlib.contextmanager
def kept(folder: Path, about: dict[str, Any], resume: bool) -> Iterator[None]:
    """The folder, for us alone; emptied, unless the review goes on."""
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise VerbError(f"{folder}: another review is under way there") from error
        if not resume:
            for entry in folder.glob("pair-*"):
                shutil.rmtree(entry)
        (folder / "review.json").write_text(json.dumps(about))
        yield


# ---------------------------------------------------------------- the verb


class Signals:
    """SIGINT, SIGTERM, SIGHUP: what runs ends; what is done stays done."""

    def __init__(self) -> None:
        self.came = False
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._heed)

    def _heed(self, _number: int, _frame: object) -> NoReturn:
        self.came = True
        raise Interrupted


def own_cases(kind: str) -> list[Path]:
    """The stored cases that come with walkdiff: those of its source tree; of a kind of subject, or of walkers."""
    root = Path(__file__).resolve().parents[2]
    if kind:
        found = root / "docs" / "findings" / f"kvm-{kind}.jsonl"
        return [found] if found.is_file() else []
    names = ("examples", "explain", "seed-defects", "findings", "disputed", "waivers", "vectors")
    return [root / "cases" / name for name in names if (root / "cases" / name).is_dir()]


def plan_of(given: argparse.Namespace, signals: Signals) -> Plan:
    """How much is to be run."""
    kind = kind_of(f"kvm:{given.linux},{given.kvm or ''}" if given.linux else given.after)
    stored = own_cases(kind) if not given.stored else [Path(path) for path in given.stored if path != "none"]
    missing = next((path for path in stored if not path.exists()), None)
    if missing:
        raise VerbError(f"--stored {missing}: there is no such file")
    waivers = [Path(path) for path in given.waivers]
    missing = next((path for path in waivers if not path.is_dir()), None)
    if missing:
        raise VerbError(f"--waivers {missing}: there is no such folder")
    seconds = given.time or (None if given.cases is not None else 60.0)

    def say(text: str) -> None:
        if not given.quiet:
            print(f"review: {text}", file=sys.stderr, flush=True)

    return Plan(
        program=walkdiff_program(),
        seed=given.seed,
        seconds=seconds,
        cases=given.cases,
        jobs=given.jobs,
        profiles=tuple(given.profile),
        stored=tuple(stored),
        waivers=tuple(waivers),
        timeout=given.timeout,
        shrink=not given.no_shrink,
        say=say,
        stopped=lambda: signals.came,
    )


def version_of(program: str) -> str:
    """Of walkdiff, with its oracle."""
    return subprocess.run([program, "--version"], capture_output=True, text=True).stdout.strip()


def compare(steps: list[Step], folder: Path, plan: Plan) -> tuple[list[dict[str, Any]], int]:
    """The results of all pairs, and the exit status."""
    results, status = [], NOTHING_FOUND
    left = plan.seconds
    for number, step in enumerate(steps):
        try:
            before, after = step.before(), step.after()
        except CannotBuild as error:
            complain(str(error))
            results.append({"title": step.title, "cannot_build": str(error)})
            status = max(status, CANNOT_BUILD) if status != FOUND else FOUND
            continue
        if before.kind != after.kind:
            raise VerbError(f"{before.title} and {after.title} are no subjects of one kind")
        seconds = left / (len(steps) - number) if left is not None else None
        result = Pair(before, after, folder / f"pair-{number}", plan, seconds).run()
        if left is not None and seconds is not None and not result["same_code"]:
            left -= seconds
        result["title"] = step.title
        result["changed_files"] = list(step.changed_files)
        results.append(result)
        if is_worse(result):
            status = FOUND
    return results, status


def command_of(given: argparse.Namespace, steps: list[Step]) -> list[str]:
    """The command that gives the same again."""
    words = ["walkdiff", "review"]
    for name in ("linux", "patch", "before", "after", "kvm"):
        if getattr(given, name):
            words += [f"--{name}", getattr(given, name)]
    words += ["--each"] if given.each else []
    words += [word for profile in given.profile for word in ("--profile", profile)]
    words += [word for path in given.stored for word in ("--stored", path)]
    words += [word for path in given.waivers for word in ("--waivers", path)]
    words += ["--seed", str(given.seed)]
    if given.cases is not None:
        words += ["--cases", str(given.cases)]
    elif given.time:
        words += ["--time", f"{given.time:g}s"]
    return [*words, given.range] if given.range else words


def run(given: argparse.Namespace, signals: Signals) -> int:
    """Compares and reports; the exit status."""
    plan = plan_of(given, signals)
    steps = steps_of(given)
    command = command_of(given, steps)
    about = {"walkdiff": version_of(plan.program), "command": command, **plan.identity()}
    about["steps"] = [step.title for step in steps]
    folder = state_folder(given, about)
    try:
        with kept(folder, about, given.resume):
            results, status = compare(steps, folder, plan)
            review = make(results, command)
            form = given.format or (BY_SUFFIX.get(given.out.suffix.lower()) if given.out else None) or "text"
            text = FORMATS[form](review)
    except Interrupted:
        again = " ".join([*command, "--resume", *(["--state", str(given.state)] if given.state else [])])
        complain(f"stopped; nothing of the tree was touched. To go on: {again}")
        return STOPPED
    if given.out:
        given.out.write_text(text, encoding="utf-8", errors="replace", newline="\n")
    else:
        sys.stdout.write(text)
        sys.stdout.flush()
    if not given.state:
        shutil.rmtree(folder, ignore_errors=True)
    return status


def main() -> int:
    """The verb; its exit status."""
    use_utf8()
    given = arguments()
    signals = Signals()
    try:
        return run(given, signals)
    except CannotBuild as error:
        complain(str(error))
        return CANNOT_BUILD
    except Interrupted:
        complain("stopped before anything was compared")
        return STOPPED
    except (VerbError, ReportError) as error:
        return complain(str(error))
    except BrokenPipeError:
        return complain("standard output: the reader is gone")
    except OSError as error:
        return complain(f"{error.filename or given.out or 'standard output'}: {error.strerror}")


if __name__ == "__main__":
    sys.exit(main())
