# SPDX-License-Identifier: MIT
"""The walker of a commit, and what it answers: KVM's, or one that a command builds."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from linuxgit import Commit, Repository, RepositoryError

from walkdiff_driver import one_case
from walkdiff_driver.bisect_session import Outcome, Plan, Session
from walkdiff_driver.tasks import end_with_parent
from walkdiff_driver.verb import VerbError, walkdiff_program

RIGHT, WRONG, CANNOT_TEST = 0, 1, 125  # exit statuses of `replay --bisect`
STATES = {RIGHT: "right", WRONG: "wrong", CANNOT_TEST: "skip"}

# What the builder of kvm: says while it works, and the user is to see at once.
PROGRESS = re.compile(r"walkdiff: .*(runs its build scripts|waiting for it)")
CONFIGURES = "configures it (about 10 s)"  # of each commit that has another configuration: part of a step


class CannotTest(Exception):
    """A commit that has no walker; the message is why."""


class Subject:
    """Where the walker of a commit comes from: KVM's is built by walkdiff."""

    def __init__(self, repository: Repository, plan: Plan) -> None:
        self.repository, self.plan = repository, plan

    def spec(self, commit: Commit) -> str:
        """The walker's spec. Raises CannotTest."""
        return self.repository.walker(commit, self.plan.options)

    def folder(self) -> Path | None:
        """Where walkdiff is to be called."""
        return None


class BuiltSubject(Subject):
    """A walker that a command builds, in a work tree of ours."""

    def __init__(self, repository: Repository, plan: Plan, session: Session) -> None:
        super().__init__(repository, plan)
        self._files, self._session = session.folder / "files", session

    def spec(self, commit: Commit) -> str:
        self._files.mkdir(exist_ok=True)
        environment = {"GIT_INDEX_FILE": str(self._session.folder / "index"), "GIT_WORK_TREE": str(self._files)}
        (self._session.folder / "index.lock").unlink(missing_ok=True)  # of a bisection that was killed
        arguments = ("-c", "core.sparseCheckout=false", "read-tree", "--reset", "-u", commit.tree)
        done = self.repository.git(*arguments, environment=environment)
        if done.returncode:
            raise CannotTest(f"its files cannot be read from git: {done.stderr.decode(errors='replace').strip()}")
        log = self._session.folder / "build.log"
        with log.open("wb") as output:
            built = subprocess.run(
                ["/bin/sh", "-c", self.plan.build or ""],
                cwd=self._files,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                preexec_fn=end_with_parent,
            )
        if built.returncode:
            raise CannotTest(f"cannot be built: {_reason(log.read_text(errors='replace'))}")
        return self.plan.walker or ""

    def folder(self) -> Path:
        return self._files


def _reason(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if re.search(r"\berror\b", line, re.IGNORECASE)]
    return (errors or lines[-1:] or ["the command fails and does not say why"])[0]


class Tester:
    """Asks the walkers of commits, and keeps what they answered in the session."""

    def __init__(self, subject: Subject, session: Session, signature: str | None) -> None:
        self.subject, self.session = subject, session
        self.signature = signature  # that counts; None: each
        self._case = session.folder / "case.json"
        one_case.write(self._case, session.plan.case)
        (session.folder / "no-waivers").mkdir(exist_ok=True)  # a known deviation is one that can be looked for, too

    def test(self, commit: Commit) -> Outcome:
        """What a commit answers, if need be by asking it. Raises VerbError."""
        known = self.session.outcomes.get(commit.sha)
        if known is None:
            began = time.monotonic()
            state, reason, judgement = self._ask(commit)
            known = Outcome(commit.sha, state, reason, round(time.monotonic() - began, 2), judgement)
            self.session.note(known)
        return known

    def _ask(self, commit: Commit) -> tuple[str, str, dict[str, Any]]:
        try:
            spec = self.subject.spec(commit)
        except (CannotTest, RepositoryError) as error:
            return "skip", str(error), {}
        command = [walkdiff_program(), "replay", "--bisect", "--json", "--words", "--walker", spec]
        command += ["--waivers", str(self.session.folder / "no-waivers"), "--timeout", self.session.plan.timeout]
        command += ["--signature", self.signature] if self.signature else []
        status, output, told = _run([*command, str(self._case)], self.subject.folder())
        judgement = json.loads(output) if output.strip() else {}
        if status not in STATES:
            raise VerbError(told or f"replay ended with status {status}")
        if status == CANNOT_TEST:
            return "skip", self._why(judgement, told), judgement
        return STATES[status], "", judgement

    @staticmethod
    def _why(judgement: dict[str, Any], told: str) -> str:
        if judgement.get("verdict") == "unsupported":
            reasons = (judgement.get(member, {}).get("unsupported") for member in ("got", "expected"))
            return f"cannot express the case: {next((reason for reason in reasons if reason), 'unsupported')}"
        if judgement:
            return f"wrong in another way: {judgement.get('signature') or judgement['verdict']}"
        return re.sub(r"^walker '.*?': ", "", told.splitlines()[0] if told else "the walker cannot be opened")


def _run(command: list[str], folder: Path | None) -> tuple[int, str, str]:
    """Runs walkdiff. @return exit status, standard output, and what it complained of"""
    told = []
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            preexec_fn=end_with_parent,
        )
        assert process.stderr
        try:
            for line in process.stderr:
                if PROGRESS.match(line):
                    print(line, end="", file=sys.stderr, flush=True)
                elif not line.rstrip().endswith(CONFIGURES):
                    told.append(line.removeprefix("walkdiff: ").rstrip())
            status = process.wait()
        except BaseException:
            process.kill()
            process.wait()
            raise
        output.seek(0)
        return status, output.read().decode(errors="replace"), "\n".join(told)
