# SPDX-License-Identifier: GPL-2.0-only
"""`python -m kvmbuild.recipe TREE[@REV][,OPTION…]`: builds, and tells how, for whoever exchanges a file of the tree.

The output is one JSON object: `library`, the walker; `sources`, by its path in the tree each file that was compiled,
with its place (`path`), the `command` that compiles it but for `-o OBJECT SOURCE`, and its `object`; `link`, the
command that links but for `-o LIBRARY OBJECTS…`; `objects`, all that are linked. A file of the tree that is compiled
inside one of the adapter's, which includes it by its place in KVM's folder, has that one's place too (`inside`), and is
compiled by it.
"""

import json
import re
import sys
from pathlib import Path

from .__main__ import OWN, cache_folder, parse, turn
from .compile import Compiler
from .configure import configure
from .errors import CannotBuild, WrongUse
from .store import Store
from .subjects import SUBJECTS, Subject
from .toolchain import Toolchain
from .trees import find_source, lay_out, version_of

# As Compiler.library() links.
LINK_FLAGS = ("-shared", "-Wl,-z,defs", "-Wl,-Bsymbolic", "-Wl,--gc-sections")


class Recorder(Compiler):
    """Builds as ever, and remembers how."""

    def __init__(self, store: Store, toolchain: Toolchain, subject: Subject) -> None:
        super().__init__(store, toolchain, subject)
        self.compiled: dict[str, dict[str, object]] = {}

    def run(self, step: str, command: list[str], source: str, output: str) -> Path:
        made = super().run(step, command, source, output)
        if step == "tree":
            self.compiled[source.removeprefix("tree:")] = {
                "path": str(self.store.path_of(source)),
                "command": [self.toolchain.path, *self._filled(command)],
                "object": str(made),
            }
        elif step == "tree half":
            self._note_included(command, source, made)
        return made

    def _note_included(self, command: list[str], source: str, made: Path) -> None:
        for name in re.findall(r'^#include "([\w/]+\.c)"$', self.store.path_of(source).read_text(), re.MULTILINE):
            file = f"arch/arm64/kvm/{name}"
            self.compiled[file] = {
                "path": str(self.store.roots["tree"] / file),
                "inside": str(self.store.path_of(source)),
                "command": [self.toolchain.path, *self._filled(command)],
                "object": str(made),
            }

    def recipe(self, version: str) -> dict[str, object]:
        objects = self.build(version)
        return {
            "library": str(self.library(objects)),
            "sources": self.compiled,
            "link": [self.toolchain.path, *LINK_FLAGS],
            "objects": [str(path) for path in objects],
        }


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print("usage: kvmbuild.recipe TREE[@REV][,OPTION...]", file=sys.stderr)
        return 2
    try:
        spec = parse(arguments[0])
        cache = cache_folder()
        source = find_source(spec.tree, cache)
        with turn(cache, source):
            tree = lay_out(source)
            toolchain = Toolchain(spec.compiler, spec.sanitize)
            store = Store(cache, {"tree": tree.root, "own": OWN})
            store.roots["generated"] = configure(store, tree)
            recorder = Recorder(store, toolchain, SUBJECTS[spec.subject])
            print(json.dumps(recorder.recipe(f"{version_of(tree)} ({toolchain.version})")))
    except WrongUse as error:
        print(f"kvmbuild.recipe: {error}", file=sys.stderr)
        return 2
    except CannotBuild as error:
        print(f"kvmbuild.recipe: {error}", file=sys.stderr)
        return 125
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
