# SPDX-License-Identifier: MIT
"""The search: `git bisect`, in a repository of ours that borrows the user's objects, told what each commit answers."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field

from linuxgit import Commit, PatchError, Repository, transplant

from walkdiff_driver.bisect_session import Outcome, Plan, Session
from walkdiff_driver.bisect_subjects import Tester
from walkdiff_driver.verb import VerbError

FOUND = re.compile(r"^([0-9a-f]{40,64}) is the first \S+ commit$", re.MULTILINE)
LEFT = re.compile(r"^Bisecting: (\d+) revisions? left to test after this \(roughly (\d+) steps?\)$", re.MULTILINE)
SHA = re.compile(r"^([0-9a-f]{40,64})$", re.MULTILINE)

# What git is to call the older and the newer state: words of its own mean more to it.
TERMS = {"bad": ("good", "bad"), "good": ("broken", "repaired")}
# The state of the newer commits, by what is looked for.
NEWER = {"bad": "wrong", "good": "right"}
OLDER = {"bad": "right", "good": "wrong"}

MOST_ALONE = 16  # commits that are tried by themselves, where skipped ones are left


def _left(match: re.Match[str]) -> str:
    """How much is left after this commit."""
    commits, steps = int(match[1]), int(match[2])
    if not commits:
        return "the last step"
    more = f"{steps} more step{'' if steps == 1 else 's'}"
    return f"{commits} commit{'' if commits == 1 else 's'} left after it, about {more}"


@dataclass
class Result:
    """What the search ended with."""

    culprits: list[Commit]  # one; or those among which it is, the oldest first
    after: Outcome  # of the newest of them
    before: tuple[Commit, Outcome]  # the last of the other state before them
    alone: dict[str, Outcome] = field(default_factory=dict)  # by commit: put by itself on `before`
    steps: int = 0


class NotHere(VerbError):
    """The search has ended, and found no commit."""


class Search:
    """A bisection under way. `tell` gets a line of progress."""

    def __init__(
        self, repository: Repository, session: Session, tester: Tester, tell: Callable[[Commit, Outcome, str], None]
    ) -> None:
        self.repository, self.session, self.tester, self._tell = repository, session, tester, tell
        self.plan: Plan = session.plan
        self.tested: dict[str, Outcome] = {}
        self._git_folder = session.folder / "git"
        self._said: set[str] = set()

    # ------------------------------------------------------------ testing

    def test(self, commit: Commit, where: str = "") -> Outcome:
        """What a commit answers; told once."""
        outcome = self.tester.test(commit)
        if commit.sha not in self._said:
            self._said.add(commit.sha)
            self.tested[commit.sha] = outcome
            self._tell(commit, outcome, where)
        return outcome

    # ------------------------------------------------------------ git bisect

    def _bisect(self, *arguments: str) -> str:
        """Runs `git bisect` in a bare repository of the session: there is nothing to check out."""
        done = self.repository.git("bisect", *arguments, environment=self._environment())
        output = done.stdout.decode(errors="replace") + done.stderr.decode(errors="replace")
        if done.returncode and "We cannot bisect more!" not in output:
            raise VerbError(f"git bisect {arguments[0]}: {output.strip()}")
        return output

    def _environment(self) -> dict[str, str]:
        return {"GIT_DIR": str(self._git_folder)}

    def _start(self, old: str, new: str) -> str:
        shutil.rmtree(self._git_folder, ignore_errors=True)
        self.repository.make_bare(self._git_folder)
        self.repository.borrow(self._git_folder, [*self.repository.objects, str(self.repository.folder / "objects")])
        shallow = self.repository.folder / "shallow"
        if shallow.exists():
            shutil.copy(shallow, self._git_folder / "shallow")
        (self._git_folder / "HEAD").write_text(f"{new}\n")
        terms = TERMS[self.plan.first]
        words = () if self.plan.first == "bad" else (f"--term-old={terms[0]}", f"--term-new={terms[1]}")
        return self._bisect("start", "--no-checkout", *words, new, old, "--", *self.plan.paths)

    def _mark(self, outcome: Outcome) -> str:
        older, newer = TERMS[self.plan.first]
        if outcome.state == "skip":
            return self._bisect("skip", outcome.commit)
        return self._bisect(newer if outcome.state == NEWER[self.plan.first] else older, outcome.commit)

    def run(self) -> Result:
        """Bisects to the end. What the session knows already is not asked again. Raises VerbError."""
        ends = {"bad": (self.plan.good, self.plan.bad), "good": (self.plan.bad, self.plan.good)}[self.plan.first]
        output = self._start(*ends)
        while True:
            found = FOUND.search(output)
            if found:
                return self._found([self.repository.commit(found[1])])
            if "We cannot bisect more!" in output:
                return self._found(self._in_order(SHA.findall(output)))
            left = LEFT.search(output)
            at = self.repository.commit(self._at())
            output = self._mark(self.test(at, _left(left) if left else ""))

    def _at(self) -> str:
        done = self.repository.git("rev-parse", "--verify", "BISECT_HEAD", environment=self._environment())
        if done.returncode:
            raise VerbError("git bisect does not say what is to be tested")
        return done.stdout.decode().strip()

    def _in_order(self, shas: list[str]) -> list[Commit]:
        """The oldest first."""
        known = {commit.sha: commit for commit in self.repository.commits_of(shas)}
        listed = self.repository.ask("rev-list", "--topo-order", "--reverse", *shas, "--not", self._older_end())
        return [known[sha] for sha in listed.split() if sha in known]

    def _older_end(self) -> str:
        return self.plan.good if self.plan.first == "bad" else self.plan.bad

    # ------------------------------------------------------------ the end

    def _found(self, culprits: list[Commit]) -> Result:
        steps = len(self.tested)
        newest = culprits[-1]
        before = self._before(culprits)
        result = Result(culprits, self.test(newest), before, steps=steps)
        if len(culprits) > 1:
            self._single_out(result)
        return result

    def _before(self, culprits: list[Commit]) -> tuple[Commit, Outcome]:
        """The parent of the oldest, asked if it was not; or else the older end."""
        inside = {commit.sha for commit in culprits}
        parents = [parent for commit in culprits for parent in commit.parents if parent not in inside]
        for sha in [*parents, self._older_end()]:
            commit = self.repository.commit(sha)
            outcome = self.test(commit, "the one before")
            if outcome.state == OLDER[self.plan.first]:
                return commit, outcome
            if outcome.state == NEWER[self.plan.first] and self.plan.paths:
                raise NotHere(
                    f"{culprits[0].title} is the first that touches {' '.join(self.plan.paths)}, but {commit.short} "
                    "before it answers the same: leave the paths out"
                )
        raise VerbError(f"the older end, {self._older_end()}, does not answer as it did")

    def _single_out(self, result: Result) -> None:
        """Where commits that cannot be tested are left: the one that makes the change by itself, if just one does."""
        if len(result.culprits) > MOST_ALONE or any(len(commit.parents) != 1 for commit in result.culprits):
            return
        base = result.before[0]
        for commit in result.culprits:
            if commit.parents[0] == base.sha:  # it is alone there
                result.alone[commit.sha] = self.test(commit)
                continue
            try:
                alone = transplant(self.repository, commit, base)
            except PatchError:
                continue
            result.alone[commit.sha] = self.test(alone, f"{commit.short} alone on {base.short}")
        doing = [sha for sha, outcome in result.alone.items() if outcome.state == NEWER[self.plan.first]]
        if len(doing) == 1:
            result.culprits = [commit for commit in result.culprits if commit.sha == doing[0]]
            result.after = result.alone[doing[0]]
