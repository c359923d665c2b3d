# SPDX-License-Identifier: MIT
"""The sample walker as a subject of mutation: built as a shared library, a file of it exchanged."""

from __future__ import annotations

import gzip
import json
import subprocess
from collections import defaultdict
from pathlib import Path

from edits import Edit, edits_of, text_of
from tree_sitter import Node

STUB = """
#include "harness/walkers/sample/sample.h"
wd_walker_entry walkdiff_walker;
const struct wd_walker_api *walkdiff_walker(void) { return wd_walker_sample(); }
"""

# The same, but what was executed is written down after every batch: walkers' processes are killed at their end.
COVERAGE_STUB = """
#include "harness/walkers/sample/sample.h"
void __gcov_dump(void);
void __gcov_reset(void);
static void answer(void *walker, const struct wd_case *const *cases, struct wd_result *results, size_t count,
                   volatile uint32_t *done)
{
    wd_walker_sample()->answer(walker, cases, results, count, done);
    __gcov_dump();
    __gcov_reset();
}
wd_walker_entry walkdiff_walker;
const struct wd_walker_api *walkdiff_walker(void)
{
    static struct wd_walker_api api;
    api = *wd_walker_sample();
    api.answer = answer;
    return &api;
}
"""


def has_defect_on(node: Node | None) -> bool:
    """Whether an expression is true only with one of the walker's defects switched on."""
    text = text_of(node) if node is not None else ""
    return "has_defect(" in text.replace("!has_defect(", "")


def only_with_a_defect(node: Node) -> bool:
    """Whether nothing but a defect leads to a node, or it is the question for one itself."""
    if "has_defect(" in text_of(node):
        return True  # that is what defect=ID does
    at = node
    while at.parent is not None and at.type != "function_definition":
        parent = at.parent
        if parent.type == "call_expression" and text_of(parent).startswith("has_defect("):
            return True
        condition = parent.child_by_field_name("condition")
        if parent.type == "binary_expression" and any(
            has_defect_on(sibling) for sibling in parent.children if sibling.id != at.id
        ):
            return True
        if parent.type in ("conditional_expression", "if_statement") and has_defect_on(condition):
            consequence = parent.child_by_field_name("consequence")
            if consequence is not None and consequence.id == at.id:
                return True
        at = parent
    return False


class SampleWalker:
    """The subject."""

    name = "sample"
    title = "the sample walker"
    files = ("attributes.c", "par.c", "permissions.c", "stage1.c", "stage2.c", "tables.c", "translate.c")
    options = ("--profile", "all")
    deviates = False

    def __init__(self, root: Path, build: Path, work: Path) -> None:
        self.root, self.work = root, work
        self.folder = root / "harness/walkers/sample"
        self.oracle = build / "oracle/libwd_oracle.a"
        work.mkdir(parents=True, exist_ok=True)
        (work / "stub.c").write_text(STUB)
        (work / "coverage_stub.c").write_text(COVERAGE_STUB)
        self.objects = {
            name: self._compile(self.folder / name, work / f"{name}.o") for name in (*self.files, "sample.c")
        }
        self.stub = self._compile(work / "stub.c", work / "stub.o")

    def _compile(self, source: Path, target: Path, *options: str) -> Path:
        command = ["cc", "-D_GNU_SOURCE", "-std=c11", "-O1", "-w", "-fPIC", *options]
        command += [f"-I{folder}" for folder in (self.root / "include", self.root, self.folder)]
        subprocess.run([*command, "-c", source, "-o", target], check=True, capture_output=True, text=True)
        return target

    def _link(self, objects: list[Path], target: Path, *options: str) -> Path:
        command = ["cc", "-shared", "-o", target, *objects, self.oracle, *options]
        subprocess.run(command, check=True, capture_output=True, text=True)
        return target

    def walker(self, library: Path) -> str:
        """The walker's spec."""
        return f"so:{library}"

    def unchanged(self) -> Path:
        """The walker without an edit."""
        return self._link([*self.objects.values(), self.stub], self.work / "unchanged.so")

    def build(self, edit: Edit, folder: Path) -> Path | None:
        """A mutant; None if the edit leaves the machine code as it was."""
        folder.mkdir(parents=True, exist_ok=True)
        source = folder / edit.file
        source.write_bytes(edit.apply((self.folder / edit.file).read_bytes()))
        mutated = self._compile(source, folder / "mutated.o")
        if mutated.read_bytes() == self.objects[edit.file].read_bytes():
            return None
        others = [path for name, path in self.objects.items() if name != edit.file]
        return self._link([mutated, *others, self.stub], folder / "mutant.so")

    def covered(self, program: Path, cases: int) -> dict[str, set[int]]:
        """The lines of each file that random cases execute."""
        folder = self.work / "coverage"
        folder.mkdir(exist_ok=True)
        for old in folder.glob("*.gcda"):
            old.unlink()
        objects = [
            self._compile(self.folder / name, folder / f"{name}.o", "--coverage", "-O0") for name in self.objects
        ]
        objects.append(self._compile(self.work / "coverage_stub.c", folder / "stub.o"))
        library = self._link(objects, folder / "coverage.so", "--coverage")
        command = [program, "fuzz", "--walker", self.walker(library), "--ref", "none", "--seed", "1"]
        subprocess.run([*command, "--cases", str(cases), "--quiet", *self.options], check=True, capture_output=True)
        subprocess.run(["gcov", "--json-format", *[f"{name}.gcda" for name in self.files]], cwd=folder, check=True,
                       capture_output=True)  # fmt: skip
        lines: dict[str, set[int]] = defaultdict(set)
        for report in folder.glob("*.gcov.json.gz"):
            for file in json.loads(gzip.decompress(report.read_bytes()))["files"]:
                executed = {line["line_number"] for line in file["lines"] if line["count"]}
                lines[Path(file["file"]).name] |= executed
        return lines

    def edits(self, lines: dict[str, set[int]]) -> list[Edit]:
        """All edits in lines that were executed."""
        return [
            edit
            for name in self.files
            for edit in edits_of(self.folder / name, name, lines.get(name, set()), only_with_a_defect)
        ]
