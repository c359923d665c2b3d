# SPDX-License-Identifier: MIT
"""`walkdiff bisect`: which commit made a case go wrong, or repaired it."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from linuxgit import Commit, Repository, RepositoryError, cache_folder, find_path

from walkdiff_driver import one_case
from walkdiff_driver.bisect_search import NotHere, Result, Search
from walkdiff_driver.bisect_session import Outcome, Plan, Session
from walkdiff_driver.bisect_subjects import BuiltSubject, Subject, Tester
from walkdiff_driver.one_case import OneCase
from walkdiff_driver.store import StoreError
from walkdiff_driver.verb import DEFAULT_STORE, NOTHING_FOUND, Parser, VerbError, complain, parse_seconds, use_utf8

USAGE = f"""\
usage: walkdiff bisect --linux TREE --good REV --bad REV --case CASE [OPTIONS] [-- PATH...]

Finds the commit that made KVM's walker of a Linux git tree answer a case wrongly, by `git bisect` in a repository of
walkdiff's own, which borrows the tree's objects: nothing is written to the tree. Both ends are asked first. Bad is the
answer that the bad end gives, by the signature of its finding; a commit that is wrong in another way, that cannot be
built, or that cannot express the case, is skipped. If the bad end is the older one, it finds the commit that repaired
it.

  --linux TREE     the folder of the tree; building it runs its build scripts
  --good REV       a commit that answers as the architecture permits
  --bad REV        one that does not
  --case CASE      the case: FILE, or FILE:LINE, of cases or of a findings.jsonl
  --finding N      instead: a finding of a store
  --store FILE     the store (default: {DEFAULT_STORE})
  --signature S    what is looked for, instead of what the finding says or the bad end shows
  --any            any wrong answer is bad
  --options O      of the walker, like as-exposed (kvm:TREE,O)
  --git REPOSITORY instead of --linux: a repository of any walker, with --build and --walker
  --build CMD      the command that builds it, run in a work tree of walkdiff's own; if it fails the commit is skipped
  --walker W       the walker that was built, like so:build/my.so, called in that work tree
  --timeout TIME   without an answer after which the walker hangs (default 5s)
  --resume         goes on with the last bisection that was interrupted (of the tree, if one is named)
  --json           the result as one JSON object
  --quiet          only the result

Exit status: 0 the commit was found, 1 only some of which it is one, since they cannot be tested, 2 used wrongly, or an
end is not what it is said to be, 125 an end cannot be built or cannot express the case, 130 interrupted.
"""

SOME_LEFT, CANNOT_TEST, INTERRUPTED = 1, 125, 130


class EndCannotBeTested(VerbError):
    """An end that has no answer."""


class EndIsNot(VerbError):
    """An end that is not what it is said to be."""


def arguments() -> tuple[argparse.Namespace, tuple[str, ...]]:
    """The command line, and the paths behind "--"."""
    parser = Parser("bisect", USAGE)
    for name in ("--linux", "--good", "--bad", "--case", "--signature", "--options", "--git", "--build", "--walker"):
        parser.add_argument(name)
    parser.add_argument("--finding", type=int)
    parser.add_argument("--store", type=Path, default=Path(DEFAULT_STORE))
    parser.add_argument("--timeout", default="5s")
    for name in ("--any", "--resume", "--json", "--quiet"):
        parser.add_argument(name, action="store_true")
    words = sys.argv[1:]
    end = words.index("--") if "--" in words else len(words)
    given = parser.parse_args(words[:end])
    _check(parser, given, bool(words[end + 1 :]))
    return given, tuple(words[end + 1 :])


def _check(parser: Parser, given: argparse.Namespace, has_paths: bool) -> None:
    named = [
        name for name in ("good", "bad", "case", "finding", "signature", "build", "walker") if getattr(given, name)
    ]
    if given.linux and given.git:
        parser.error("--linux and --git: one of them")
    if given.resume:
        if named or has_paths or given.any or given.options:
            parser.error("--resume goes on with what was asked then: only --linux or --git may say of which tree")
        return
    if not given.linux and not given.git:
        parser.error("--linux TREE is missing")
    for name in ("good", "bad"):
        if not getattr(given, name):
            parser.error(f"--{name} REV is missing")
    if (given.case is None) == (given.finding is None):
        parser.error("--case or --finding is wanted")
    if given.git and not (given.build and given.walker):
        parser.error("--git needs --build and --walker")
    if given.linux and (given.build or given.walker):
        parser.error("--build and --walker are for --git")
    if given.any and given.signature:
        parser.error("--any or --signature: one of them")
    try:
        parse_seconds(given.timeout)
    except ValueError as error:
        parser.error(f"--timeout {error}")


def sessions() -> Path:
    """Where bisections are kept."""
    return cache_folder().parent / "bisect"


def plan_of(given: argparse.Namespace, paths: tuple[str, ...]) -> tuple[Repository, Plan]:
    """What is asked for, with the revisions resolved. Raises VerbError."""
    one: OneCase = one_case.from_file(given.case) if given.case else one_case.from_store(given.store, given.finding)
    repository = Repository(find_path(given.linux or given.git))
    good, bad = repository.commit(given.good), repository.commit(given.bad)
    if good.sha == bad.sha:
        raise VerbError(f"both ends are {good.title}")
    repaired = not repository.git("merge-base", "--is-ancestor", bad.sha, good.sha).returncode
    return repository, Plan(
        tree=str(repository.tree),
        good=good.sha,
        bad=bad.sha,
        first="good" if repaired else "bad",
        case=one.case,
        case_name=one.name,
        signature=None if given.any else given.signature or one.signature,
        any=given.any,
        paths=paths,
        options=given.options or (f"subject={one.case['kind']}" if "kind" in one.case else ""),
        build=given.build,
        walker=given.walker,
        timeout=given.timeout,
    )


# ---------------------------------------------------------------- what is said


def answer_text(outcome: Outcome) -> str:
    """An answer: in words, and as it was given."""
    judgement = outcome.judgement
    if not judgement:
        return outcome.reason
    got = {name: value for name, value in judgement["got"].items() if name not in ("id", "trace")}
    return f"{judgement.get('got_words', '')}  {json.dumps(got, separators=(',', ':'))}".strip()


class Teller:
    """Tells of each commit that was asked."""

    def __init__(self, quiet: bool) -> None:
        self._quiet = quiet

    def __call__(self, commit: Commit, outcome: Outcome, where: str) -> None:
        if self._quiet:
            return
        word = {"right": "good", "wrong": "bad"}.get(outcome.state, outcome.state)
        told = outcome.reason or outcome.judgement.get("got_words", "")
        more = "; ".join(part for part in (f"{outcome.seconds:.1f} s", where) if part)
        print(f"{word:<4}  {commit.title}  ({more})\n      {told}", file=sys.stderr, flush=True)


def check_ends(search: Search, plan: Plan) -> None:
    """Asks both, and finds out what is looked for. Raises VerbError unless they are what they are said to be."""
    tester, repository = search.tester, search.repository
    bad, good = repository.commit(plan.bad), repository.commit(plan.good)
    outcome = search.test(bad, "the bad end")
    if outcome.state == "skip":
        raise EndCannotBeTested(f"the bad end, {bad.title}: {outcome.reason}")
    if outcome.state == "right":
        raise EndIsNot(f"the bad end, {bad.title}, answers as the architecture permits: {answer_text(outcome)}")
    if not plan.any and not tester.signature:
        tester.signature = outcome.judgement["signature"]
    outcome = search.test(good, "the good end")
    if outcome.state == "wrong":
        raise EndIsNot(f"the good end, {good.title}, is bad as well: {answer_text(outcome)}")
    if outcome.state == "skip":
        raise EndCannotBeTested(f"the good end, {good.title}: {outcome.reason}")


def show(search: Search, result: Result) -> None:
    """The result, for people."""
    plan, repository = search.plan, search.repository
    what = f"the first {plan.first} commit" if plan.first == "bad" else "the commit that repaired it"
    culprit = result.culprits[-1]
    if len(result.culprits) == 1:
        print(f"{culprit.sha} is {what}\n")
        _row("commit", culprit.subject)
        _row("author", f"{culprit.author}, {culprit.date}")
        for line in repository.ask(
            "diff-tree", "--root", "-r", "--numstat", "--no-commit-id", culprit.sha
        ).splitlines()[:8]:
            added, removed, file = line.split("\t")
            _row("file", f"{file} (+{added} −{removed})")
    else:
        print(f"one of these {len(result.culprits)} is {what}: the others cannot be tested\n")
        for commit in result.culprits:
            _row("commit", commit.title)
    print()
    _row("before", f"{answer_text(result.before[1])}  at {result.before[0].short}")
    _row("after", answer_text(result.after))
    wrong = result.after if result.after.state == "wrong" else result.before[1]
    _row("expected", f"{wrong.judgement['expected_words']}")
    for name in ("title", "rule", "signature"):
        _row(name, wrong.judgement.get(name, ""))
    if result.alone:
        _row(
            "how",
            "commits beside it cannot be tested; of them all, put by itself on the one before, it alone does it"
            if len(result.culprits) == 1
            else "put by themselves on the one before, it is not one alone that does it",
        )
    skipped = sum(outcome.state == "skip" for outcome in search.tested.values())
    seconds = sum(outcome.seconds for outcome in search.tested.values())
    _row("tested", f"{len(search.tested)} commits, {skipped} skipped, in {seconds:.1f} s")
    if not plan.build:
        case = (
            plan.case_name if Path(plan.case_name.split(":")[0]).is_file() else str(search.session.folder / "case.json")
        )
        walker = repository.walker(culprit, plan.options)
        _row("again", f"walkdiff explain --walker {shlex.quote(walker)} {shlex.quote(case)}")


def _row(name: str, text: str) -> None:
    if text:
        print(f"  {name:<10}{text}")


def result_json(search: Search, result: Result) -> dict[str, Any]:
    """The result, for programs."""
    return {
        "first": search.plan.first,
        "culprits": [asdict(commit) for commit in result.culprits],
        "before": asdict(result.before[1]),
        "after": asdict(result.after),
        "signature": search.tester.signature,
        "alone": {sha: asdict(outcome) for sha, outcome in result.alone.items()},
        "steps": result.steps,
        "tested": [asdict(outcome) for outcome in search.tested.values()],
    }


# ---------------------------------------------------------------- the verb


def bisect(given: argparse.Namespace, session: Session, repository: Repository) -> int:
    """Searches, and tells. @return the exit status"""
    plan = session.plan
    subject = BuiltSubject(repository, plan, session) if plan.build else Subject(repository, plan)
    search = Search(repository, session, Tester(subject, session, plan.signature), Teller(given.quiet))
    try:
        check_ends(search, plan)
        result = search.run()
    except EndCannotBeTested as error:
        session.finish()
        complain(f"bisect: {error}")
        return CANNOT_TEST
    except (EndIsNot, NotHere):
        session.finish()  # there is nothing to be resumed
        raise
    session.finish()
    if given.json:
        print(json.dumps(result_json(search, result), ensure_ascii=False))
    else:
        show(search, result)
    return NOTHING_FOUND if len(result.culprits) == 1 else SOME_LEFT


def main() -> int:
    """The verb."""
    use_utf8()
    given, paths = arguments()
    try:
        if given.resume:
            tree = given.linux or given.git
            session = Session.resume(sessions(), str(find_path(tree)) if tree else None)
            repository = Repository(Path(session.plan.tree))
        else:
            repository, plan = plan_of(given, paths)
            session = Session.begin(sessions(), plan)
    except (VerbError, RepositoryError, StoreError) as error:
        return complain(f"bisect: {error}")
    try:
        return bisect(given, session, repository)
    except (VerbError, RepositoryError) as error:
        return complain(f"bisect: {error}")
    except KeyboardInterrupt:
        complain("bisect: interrupted: `walkdiff bisect --resume` goes on")
        return INTERRUPTED
    finally:
        session.close()


if __name__ == "__main__":
    sys.exit(main())
