# SPDX-License-Identifier: MIT
"""KVM's walker as a subject of mutation: at.c and nested.c of a Linux tree, one of them exchanged.

How the walker is built is the business of its builder: kvmbuild.recipe tells the commands, which are run again here on
another file.
"""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

from edits import Edit, edits_of

FILES = ("arch/arm64/kvm/at.c", "arch/arm64/kvm/nested.c")

DUMP = """
void __gcov_dump(void);
void __gcov_reset(void);
__attribute__((visibility("default"))) void wd_coverage_dump(void);
void wd_coverage_dump(void) { __gcov_dump(); __gcov_reset(); }
"""

# A walker in front of the one that counts: what was executed is written down after every batch.
WRAPPER = """
#include <dlfcn.h>
#include "walkdiff/walker.h"
static const struct wd_walker_api *inner;
static void (*dump)(void);
static void answer(void *walker, const struct wd_case *const *cases, struct wd_result *results, size_t count,
                   volatile uint32_t *done)
{
    inner->answer(walker, cases, results, count, done);
    dump();
}
wd_walker_entry walkdiff_walker;
const struct wd_walker_api *walkdiff_walker(void)
{
    static struct wd_walker_api api;
    void *library = dlopen(LIBRARY, RTLD_NOW);
    const struct wd_walker_api *(*entry)(void);
    if (!library)
        return 0;
    *(void **)&entry = dlsym(library, "walkdiff_walker");
    *(void **)&dump = dlsym(library, "wd_coverage_dump");
    inner = entry();
    api = *inner;
    api.answer = answer;
    return &api;
}
"""


def run(command: list[Any], **options: Any) -> subprocess.CompletedProcess[str]:  # noqa: ANN401
    """Runs a command that must succeed."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **options)
    if done.returncode:
        raise subprocess.CalledProcessError(done.returncode, str(command[0]), done.stdout, done.stderr)
    return done


class KvmWalker:
    """The subject."""

    options = ("--profile", "all")
    deviates = True  # what the walker itself does wrongly is no finding

    def __init__(self, root: Path, tree: str, work: Path) -> None:
        self.root, self.work = root, work
        work.mkdir(parents=True, exist_ok=True)
        self.name = f"kvm-{Path(tree.partition('@')[0]).name}"
        self.title = f"KVM's walker, Linux {Path(tree.partition('@')[0]).name}"
        packages = {**os.environ, "PYTHONPATH": str(root / "harness/walkers/kvm")}
        self.recipe = json.loads(run([sys.executable, "-m", "kvmbuild.recipe", tree], env=packages).stdout)
        self.unedited = {path: self._compile(path, self._source(path), work / f"{Path(path).name}.o") for path in FILES}

    def _source(self, path: str) -> Path:
        return Path(self.recipe["sources"][path]["path"])

    def _compile(self, path: str, source: Path, target: Path, *options: str) -> Path:
        """Compiles what stands for a file of the tree."""
        command = self.recipe["sources"][path]["command"]
        names = f"-fmacro-prefix-map={source.parent}/={Path(path).parent}/"  # what __FILE__ says
        run([*command, *options, names, f"-I{self._source(path).parent}", "-g0", "-o", target, source])
        return target

    def _link(self, exchanged: dict[str, Path], target: Path, *more: str | Path) -> Path:
        """Links with other objects for some files."""
        sources = self.recipe["sources"]
        instead = {str(sources[path]["object"]): str(new) for path, new in exchanged.items()}
        objects = [instead.get(path, path) for path in self.recipe["objects"]]
        run([*self.recipe["link"], "-o", target, *objects, *more])
        return target

    def walker(self, library: Path) -> str:
        """The walker's spec."""
        return f"so:{library}"

    def unchanged(self) -> Path:
        """The walker without an edit."""
        return self._link({}, self.work / "unchanged.so")

    def build(self, edit: Edit, folder: Path) -> Path | None:
        """A mutant; None if the edit leaves the machine code as it was."""
        folder.mkdir(parents=True, exist_ok=True)
        path = f"arch/arm64/kvm/{edit.file}"
        source = folder / edit.file
        source.write_bytes(edit.apply(self._source(path).read_bytes()))
        mutated = self._compile(path, source, folder / "mutated.o")
        if mutated.read_bytes() == self.unedited[path].read_bytes():
            return None
        return self._link({path: mutated}, folder / "mutant.so")

    def covered(self, program: Path, cases: int) -> dict[str, set[int]]:
        """The lines of each file that random cases execute."""
        folder = self.work / "coverage"
        folder.mkdir(exist_ok=True)
        counted = {path: folder / f"{Path(path).name}.o" for path in FILES}
        for path, target in counted.items():
            self._compile(path, self._source(path), target, "--coverage")
        (folder / "dump.c").write_text(DUMP)
        run(["cc", "-fPIC", "-c", "-o", folder / "dump.o", folder / "dump.c"])
        library = self._link(counted, folder / "counting.so", folder / "dump.o", "--coverage")
        (folder / "wrapper.c").write_text(WRAPPER)
        wrapper = folder / "wrapper.so"
        flags = ["-D_GNU_SOURCE", "-std=c11", "-shared", "-fPIC", f'-DLIBRARY="{library}"', f"-I{self.root}/include"]
        run(["cc", *flags, f"-I{self.root}", "-o", wrapper, folder / "wrapper.c", "-ldl"])
        command = [program, "fuzz", "--walker", self.walker(wrapper), "--ref", "none", "--seed", "1", "--quiet"]
        subprocess.run([*command, "--cases", str(cases), *self.options], capture_output=True)
        lines: dict[str, set[int]] = defaultdict(set)
        for path in FILES:
            name = Path(path).name
            run(["gcov", "--json-format", f"{name}.gcda"], cwd=folder)
            report = json.loads(gzip.decompress((folder / f"{name}.gcov.json.gz").read_bytes()))
            for file in report["files"]:
                if Path(file["file"]).name == name:
                    lines[name] |= {line["line_number"] for line in file["lines"] if line["count"]}
        return lines

    def edits(self, lines: dict[str, set[int]]) -> list[Edit]:
        """All edits in lines that were executed."""
        return [
            edit
            for path in FILES
            for edit in edits_of(self._source(path), Path(path).name, lines.get(Path(path).name, set()))
            if edit.function != "(table)"  # tables outside functions are of registers that AT does not look at
        ]
