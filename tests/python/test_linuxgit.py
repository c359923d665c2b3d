# SPDX-License-Identifier: MIT
"""A repository of ours that borrows the objects of somebody's, and commits made of patches; no Linux tree is needed."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from kernel_trees import commit, git
from linux_repository import AT, linux_repository
from linuxgit import PatchError, Repository, RepositoryError, apply_series, read_series
from walkdiff_driver.program import program

ROOT = Path(__file__).resolve().parents[2]
FILE = "arch/arm64/kvm/at.c"
LINES = [f"line {i}\n" for i in range(1, 61)]


def snapshot(folder: Path) -> dict[str, tuple[int, bytes]]:
    """All of a folder, byte for byte, with the times."""
    return {
        str(path.relative_to(folder)): (path.lstat().st_mtime_ns, path.read_bytes() if path.is_file() else b"")
        for path in folder.rglob("*")
    }


def write(linux: Path, **changed: str) -> None:
    """The file, with some lines changed (`line_7="…"`)."""
    lines = [changed.get(f"line_{i}", line.rstrip("\n")) + "\n" for i, line in enumerate(LINES, 1)]
    (linux / FILE).parent.mkdir(parents=True, exist_ok=True)
    (linux / FILE).write_text("".join(lines))


@pytest.fixture
def linux(tmp_path: Path) -> Path:
    """A repository of two commits with settings that must not reach ours."""
    folder = tmp_path / "linux"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    git(folder, "config", "core.autocrlf", "true")
    write(folder)
    commit(folder, "first")
    write(folder, line_7="seven")
    commit(folder, "KVM: second")
    return folder


@pytest.fixture
def ours(linux: Path, tmp_path: Path) -> Repository:
    return Repository(linux, tmp_path / "cache")


def mails(linux: Path, *arguments: str) -> bytes:
    """Two patches on the second commit, as a mailbox; the branch is left behind."""
    git(linux, "checkout", "-q", "-b", "work")
    write(linux, line_7="seven", line_20="twenty")
    commit(linux, "KVM: third, twenty")
    write(linux, line_7="seven", line_20="twenty", line_50="fifty")
    commit(linux, "KVM: fourth")
    text = git(linux, "format-patch", "--stdout", "--base=main", "--cover-letter", *arguments, "main..work")
    git(linux, "checkout", "-q", "main")
    git(linux, "branch", "-q", "-D", "work")
    return text.encode() + b"\n"


def test_a_series_becomes_commits_of_ours_and_theirs_is_as_it_was(linux: Path, ours: Repository) -> None:
    mailbox = mails(linux)
    before = snapshot(linux)
    base, made = apply_series(ours, read_series(mailbox, "x.mbox"))
    assert base == ours.commit("main")
    assert [patch.subject for patch in made] == ["KVM: third, twenty", "KVM: fourth"]
    assert made[1].parents == (made[0].sha,)
    assert made[0].author == "test <test@example.com>"
    content = ours.file(made[1].sha, FILE)
    assert content and b"seven\n" in content and b"twenty\n" in content and b"fifty\n" in content
    assert ours.range("main", made[1].sha) == made
    assert (ours.lay_out(made[0].tree) / FILE).read_text().splitlines()[19] == "twenty"
    assert snapshot(linux) == before


def test_the_same_patches_on_the_same_base_are_the_same_commits(linux: Path, ours: Repository, tmp_path: Path) -> None:
    series = read_series(mails(linux), "x.mbox")
    elsewhere = Repository(linux, tmp_path / "another cache")
    assert apply_series(ours, series) == apply_series(elsewhere, series)


def test_a_mailbox_is_put_in_order_by_the_numbers_of_its_patches(linux: Path, ours: Repository) -> None:
    parts = re.split(rb"(?m)^(?=From [0-9a-f]{40} )", mails(linux))[1:]
    assert len(parts) == 3
    series = read_series(b"".join(reversed(parts)), "x.mbox")
    assert [patch.number for patch in series.patches] == [1, 2]
    assert len(apply_series(ours, series)[1]) == 2


def test_the_base_is_the_series_own_unless_one_is_named(linux: Path, ours: Repository) -> None:
    mailbox = mails(linux)
    second = ours.commit("HEAD")
    write(linux, line_7="seven", line_40="forty")
    third = commit(linux, "another third")
    series = read_series(mailbox, "x.mbox")
    assert apply_series(ours, series)[0] == second
    assert apply_series(ours, series, "HEAD")[0].sha == third
    lost = read_series(mailbox.replace(second.sha.encode(), b"1" * 40), "x.mbox")
    with pytest.raises(PatchError, match=f"x.mbox: its base-commit {'1' * 40} is not in"):
        apply_series(ours, lost)


def test_a_patch_that_does_not_apply_is_told_with_its_hunk(linux: Path, ours: Repository) -> None:
    mailbox = mails(linux)
    write(linux, line_7="seven", line_50="another fifty")
    commit(linux, "in the way")
    with pytest.raises(PatchError) as raised:
        apply_series(ours, read_series(mailbox, "x.mbox"), "HEAD")
    assert re.fullmatch(
        rf'x.mbox: patch 2 of 2, “KVM: fourth” does not apply to \w{{12}} \("in the way"\): {FILE}: @@ -47,7 .*',
        str(raised.value),
    )
    assert raised.value.hunk.splitlines()[4:6] == ["-line 50", "+fifty"]
    assert len(raised.value.hunk.splitlines()) == 9


@pytest.mark.parametrize("words", [b"", b"Some words before it.\n\n"])
def test_a_plain_diff_is_a_patch_too(linux: Path, ours: Repository, words: bytes) -> None:
    write(linux, line_7="seven", line_20="twenty")
    diff = git(linux, "diff").encode() + b"\n"
    git(linux, "checkout", "-q", ".")
    base, (made,) = apply_series(ours, read_series(words + diff, "fix.diff"))
    assert base.subject == "KVM: second"
    assert made.subject == ("Some words before it." if words else "fix.diff")
    assert b"twenty" in (ours.file(made.sha, FILE) or b"")


@pytest.mark.parametrize("content", [b"", b"nothing\n", b"From: a\nSubject: [PATCH] b\n\nwords alone\n"])
def test_what_holds_no_patch_is_refused(content: bytes) -> None:
    with pytest.raises(PatchError, match="x: there is no patch in it"):
        read_series(content, "x")


def test_revisions_are_in_the_users_words_or_commits_of_ours(linux: Path, ours: Repository) -> None:
    (made, _) = apply_series(ours, read_series(mails(linux), "x.mbox"))[1]
    assert ours.commit("HEAD@{0}") == ours.commit("main")
    assert ours.commit("main~1").subject == "first"
    assert ours.commit(made.short) == made
    assert ours.split_range("main~1..") == (ours.commit("main~1").sha, ours.commit("main").sha)
    for revision in ("nowhere", "--all", "", "0" * 40):
        with pytest.raises(RepositoryError, match="revision"):
            ours.commit(revision)


def test_linked_work_trees_share_ours_and_shallow_clones_work(linux: Path, ours: Repository, tmp_path: Path) -> None:
    git(linux, "worktree", "add", "-q", str(tmp_path / "linked"), "main~1")
    linked = Repository(tmp_path / "linked", tmp_path / "cache")
    assert linked.folder == ours.folder
    assert linked.commit("HEAD").subject == "first"
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{linux}", "shallow")
    shallow = Repository(tmp_path / "shallow", tmp_path / "cache")
    listed = shallow.ask("rev-list", shallow.resolve("HEAD")).split()
    assert [found.subject for found in shallow.commits_of(listed)] == ["KVM: second"]


def test_what_the_user_has_set_for_git_is_not_for_ours(linux: Path, ours: Repository) -> None:
    files = ours.lay_out(ours.tree_of("main"))
    assert (files / FILE).read_bytes().count(b"\r") == 0
    assert not (ours.folder / "hooks").exists()
    assert ours.ask("config", "gc.auto") == "0"


def test_a_commit_made_of_a_patch_is_a_walker(tmp_path: Path) -> None:
    """kvm:TREE@COMMIT, where COMMIT is in a repository of ours alone; the user's is as it was."""
    user = linux_repository(tmp_path / "linux")
    fixed = user.replace("v7.3", "KVM: refactoring", AT, "return 64 - wi->txsz;", "return 60 + 4 - wi->txsz;")
    diff = user.git("diff", "v7.3", fixed) + "\n"
    before = user.snapshot()
    ours = Repository(user.path)
    made = apply_series(ours, read_series(diff.encode(), "fix.diff"), "v7.3")[1]
    command = [str(program(ROOT)), "replay", "--walker", ours.walker(made[0]), "cases/examples/stage1-page.json"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert (done.returncode, done.stdout) == (0, "1 case: 1 agree\n"), done.stderr
    assert user.snapshot() == before
