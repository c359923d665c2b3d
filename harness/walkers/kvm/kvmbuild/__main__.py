# SPDX-License-Identifier: GPL-2.0-only
"""`python -m kvmbuild TREE[@REV][,OPTION…]`: builds, and prints what the walker's process is to load.

The output is two lines, for harness/host/built_walker.c: "library" or "command", and the path or the command; "error"
(the spec is not right) or "cannot" (the tree gives no walker), and the reason. The exit status is 0, 2 or 125.
"""

import contextlib
import fcntl
import os
import shlex
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from linuxgit import cache_folder

from .compile import Compiler
from .configure import configure, say
from .errors import CannotBuild, DoesNotCompile, WrongUse
from .store import Store
from .subjects import AT, SUBJECTS
from .toolchain import Toolchain
from .trees import Source, find_source, lay_out, version_of

OWN = Path(__file__).resolve().parents[4]


@dataclass(frozen=True)
class Spec:
    tree: str
    compiler: str = "gcc"
    sanitize: bool = False
    cover: bool = False  # notes which blocks run (harness/host/line_coverage.h)
    subject: str = "at"  # for those who build another one with this program
    debug: bool = False  # for a debugger; `walkdiff debug` asks for it
    own_options: str = ""  # what the walker is opened with, where it is a program


def parse(text: str) -> Spec:
    tree, *options = text.split(",")
    chosen: dict[str, str | bool] = {}
    for option in options:
        key, _, value = option.partition("=")
        if option == "as-exposed":  # the walker's own
            chosen["own_options"] = option
        elif option == "san":
            chosen["sanitize"] = True
        elif option == "debug":
            chosen["debug"] = True
        elif option == "cover":
            chosen["cover"] = True
        elif key == "subject" and value in SUBJECTS:
            chosen["subject"] = value
        elif key == "cc" and value:
            chosen["compiler"] = value
        else:
            raise WrongUse(f"'{option}' is no option of kvm: (as-exposed, san, cover, cc=COMPILER)")
    if chosen.get("cover") and chosen.get("sanitize"):
        raise WrongUse("kvm: 'cover' and 'san' do not go together: a program of its own tells nobody what it runs")
    subject = str(chosen.get("subject", AT.name))
    if subject != AT.name and {"own_options", "compiler"} & chosen.keys():
        raise WrongUse(f"kvm: 'as-exposed' and 'cc=' are for KVM's walker, and 'subject={subject}' is none")
    if not tree:
        raise WrongUse("kvm: needs a Linux tree: kvm:TREE or kvm:TREE@REVISION")
    return Spec(tree, **chosen)  # type: ignore[arg-type]


@contextlib.contextmanager
def turn(cache: Path, source: Source) -> Iterator[None]:
    """One build of a tree at a time: the second finds most of its work done, and revisions share a place for files."""
    (cache / "locks").mkdir(exist_ok=True)
    with (cache / "locks" / source.place).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"{source.path}: another build of it is under way: waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def build(spec: Spec) -> tuple[str, str]:
    """What the walker's process is to load or to run: "library" or "command", and the path or the command."""
    cache = cache_folder()
    toolchain = Toolchain(spec.compiler, spec.sanitize, spec.debug)
    source = find_source(spec.tree, cache)
    # With a debugger the files of the revision are wanted, too: they are laid out.
    known = None if spec.debug else find_built(spec, source, toolchain, cache)
    if known:
        return known  # without waiting for a turn
    with turn(cache, source):
        return build_tree(spec, source, toolchain, cache)


def key_of(spec: Spec, toolchain: Toolchain) -> tuple[str, ...]:
    return (
        "whole",
        spec.subject,
        *toolchain.identity,
        str(spec.sanitize),
        *(["debug"] if spec.debug else []),
        *(["cover"] if spec.cover else []),
        spec.own_options,
    )


def find_built(spec: Spec, source: Source, toolchain: Toolchain, cache: Path) -> tuple[str, str] | None:
    """What an earlier build of the very same files, or of the same revision's tree, gave."""
    key = key_of(spec, toolchain)
    if source.repository:
        result = Store(cache, {"own": OWN}).find((*key, source.tree))
    else:
        lay_out(source)
        result = Store(cache, {"tree": source.path, "own": OWN}).find(key)
    if not result:
        return None
    kind, what, file = (result / "answer").read_text().split("\n")
    if kind == "cannot":
        raise CannotBuild(what)
    if not Path(file).is_file():
        return None
    os.utime(Path(file).parent)
    return kind, what


def build_tree(spec: Spec, source: Source, toolchain: Toolchain, cache: Path) -> tuple[str, str]:
    tree = lay_out(source)
    store = Store(cache, {"tree": tree.root, "own": OWN})
    store.roots["generated"] = configure(store, tree)
    compiler = Compiler(store, toolchain, SUBJECTS[spec.subject], spec.cover)
    try:
        objects = compiler.build(f"{version_of(tree)} ({toolchain.version})")
    except DoesNotCompile as error:
        if source.repository:
            note_failure(store, (*key_of(spec, toolchain), source.tree), str(error))
        raise
    if toolchain.is_foreign or (spec.sanitize and compiler.subject.is_walker):
        file = compiler.program(objects)
        made = "command", command_of(file, toolchain, spec.own_options)
    else:
        file = compiler.library(objects)
        made = "library", str(file)

    def note(folder: Path) -> set[str]:
        (folder / "answer").write_text("\n".join((*made, str(file))))
        inputs = {name for name in store.used if name.startswith(("tree:", "own:", "system:"))} | {"tree:Makefile"}
        inputs.update(f"tree:{source.path}" for source in compiler.subject.sources)
        inputs.update(f"own:{path.relative_to(OWN)}" for path in Path(__file__).parent.glob("*.py"))
        return inputs

    key = key_of(spec, toolchain)
    store.step(key, note)
    if source.repository:
        store.step((*key, source.tree), lambda made: {name for name in note(made) if not name.startswith("tree:")})
    store.tidy()
    return made


def note_failure(store: Store, key: tuple[str, ...], reason: str) -> None:
    """Keeps that a revision does not compile, as long as nothing of ours changes: who bisects comes by again."""

    def note(folder: Path) -> set[str]:
        (folder / "answer").write_text(f"cannot\n{' '.join(reason.split())}\n")
        ours = (path for path in Path(__file__).parents[1].rglob("*.[chp]*") if "__pycache__" not in path.parts)
        return {f"own:{path.relative_to(OWN)}" for path in ours}

    store.step(key, note)


def command_of(program: Path, toolchain: Toolchain, options: str) -> str:
    """A shell's command that runs the program here."""
    command = f"exec {shlex.quote(str(program))}"
    if toolchain.is_foreign:
        emulator = f"qemu-{toolchain.machine.split('-')[0]}"
        if not shutil.which(emulator):
            raise CannotBuild(f"cc={toolchain.command}: its programs need {emulator}, which is not installed")
        command = f"exec {emulator} {shlex.quote(str(program))}"
    command = f"{command} {options}".rstrip()
    return f"ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=print_stacktrace=0 {command}" if toolchain.sanitize else command


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print("usage: kvmbuild TREE[@REV][,OPTION...]", file=sys.stderr)
        return 2
    try:
        print(*build(parse(arguments[0])), sep="\n")
    except WrongUse as error:
        print("error", error, sep="\n")
        return 2
    except CannotBuild as error:
        print("cannot", error, sep="\n")
        return 125
    except OSError as error:
        print("error", f"the builder: {error}", sep="\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
