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

FOLDER = "arch/arm64/kvm"

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


# The same for a subject that is no walker: written down after every so many cases.
SUBJECT_WRAPPER = """
#include <dlfcn.h>
#include "walkdiff/subject.h"
static const struct wd_subject_api *inner;
static void (*dump)(void);
static void answer(void *subject, const void *c, void *got)
{
    static unsigned count;
    inner->answer(subject, c, got);
    if (!(++count % 64))
        dump();
}
wd_subject_entry walkdiff_subject;
const struct wd_subject_api *walkdiff_subject(void)
{
    static struct wd_subject_api api;
    void *library = dlopen(LIBRARY, RTLD_NOW);
    const struct wd_subject_api *(*entry)(void);
    if (!library)
        return 0;
    *(void **)&entry = dlsym(library, "walkdiff_subject");
    *(void **)&dump = dlsym(library, "wd_coverage_dump");
    inner = entry();
    api = *inner;
    api.answer = answer;
    return &api;
}
"""


class KvmWalker:
    """The subject."""

    files: tuple[str, ...] = ("at.c", "nested.c")  # in FOLDER
    functions: frozenset[str] | None = None  # those that the subject is about; None: all
    wrapper = WRAPPER
    kind = ""  # of subject, "" for the walker
    what = "walker"
    options = ("--profile", "all")
    deviates = True  # what the walker itself does wrongly is no finding

    def __init__(self, root: Path, tree: str, work: Path) -> None:
        self.root, self.work = root, work
        work.mkdir(parents=True, exist_ok=True)
        version = Path(tree.partition("@")[0]).name
        self.name = "-".join(filter(None, ("kvm", self.kind, version)))
        self.title = f"KVM's {self.what}, Linux {version}"
        packages = {**os.environ, "PYTHONPATH": str(root / "harness/walkers/kvm")}
        spec = f"{tree},subject={self.kind}" if self.kind else tree
        self.recipe = json.loads(run([sys.executable, "-m", "kvmbuild.recipe", spec], env=packages).stdout)
        self.unedited = {
            path: self._compile(path, self._source(path), work / f"{Path(path).name}.o") for path in self.files
        }

    def _source(self, path: str) -> Path:
        return Path(self.recipe["sources"][f"{FOLDER}/{path}"]["path"])

    def _compile(self, path: str, source: Path, target: Path, *options: str) -> Path:
        """Compiles what stands for a file of the tree."""
        command = self.recipe["sources"][f"{FOLDER}/{path}"]["command"]
        inside = self.recipe["sources"][f"{FOLDER}/{path}"].get("inside")
        if inside:  # an adapter's file that includes it is what is compiled
            around = target.with_suffix(".around.c")
            text = Path(inside).read_text()
            around.write_text(text.replace(f'#include "{path}"', f'#include "{source}"'))
            command = [*command, f"-fmacro-prefix-map={source}={FOLDER}/{path}"]
            names = f"-I{self._source(path).parent}"
            run([*command, *options, names, "-g0", "-o", target, around])
            return target
        names = f"-fmacro-prefix-map={source.parent}/={(FOLDER / Path(path)).parent}/"  # what __FILE__ says
        run([*command, *options, names, f"-I{self._source(path).parent}", "-g0", "-o", target, source])
        return target

    def _link(self, exchanged: dict[str, Path], target: Path, *more: str | Path) -> Path:
        """Links with other objects for some files."""
        sources = self.recipe["sources"]
        instead = {str(sources[f"{FOLDER}/{path}"]["object"]): str(new) for path, new in exchanged.items()}
        objects = [instead.get(path, path) for path in self.recipe["objects"]]
        run([*self.recipe["link"], "-o", target, *objects, *more])
        return target

    def walker(self, library: Path) -> str:
        """The walker's spec."""
        return f"so:{library},subject={self.kind}" if self.kind else f"so:{library}"

    def unchanged(self) -> Path:
        """The walker without an edit."""
        return self._link({}, self.work / "unchanged.so")

    def build(self, edit: Edit, folder: Path) -> Path | None:
        """A mutant; None if the edit leaves the machine code as it was."""
        folder.mkdir(parents=True, exist_ok=True)
        path = edit.file
        source = folder / Path(path).name
        source.write_bytes(edit.apply(self._source(path).read_bytes()))
        mutated = self._compile(path, source, folder / "mutated.o")
        if mutated.read_bytes() == self.unedited[path].read_bytes():
            return None
        return self._link({path: mutated}, folder / "mutant.so")

    def covered(self, program: Path, cases: int) -> dict[str, set[int]]:
        """The lines of each file that random cases execute."""
        folder = self.work / "coverage"
        folder.mkdir(exist_ok=True)
        counted = {path: folder / f"{Path(path).name}.o" for path in self.files}
        for path, target in counted.items():
            self._compile(path, self._source(path), target, "--coverage")
        (folder / "dump.c").write_text(DUMP)
        run(["cc", "-fPIC", "-c", "-o", folder / "dump.o", folder / "dump.c"])
        library = self._link(counted, folder / "counting.so", folder / "dump.o", "--coverage")
        (folder / "wrapper.c").write_text(self.wrapper)
        wrapper = folder / "wrapper.so"
        flags = ["-D_GNU_SOURCE", "-std=c11", "-shared", "-fPIC", f'-DLIBRARY="{library}"', f"-I{self.root}/include"]
        run(["cc", *flags, f"-I{self.root}", "-o", wrapper, folder / "wrapper.c", "-ldl"])
        command = [program, "fuzz", "--walker", self.walker(wrapper), "--ref", "none", "--seed", "1", "--quiet"]
        subprocess.run([*command, "--cases", str(cases), *self.options], capture_output=True)
        lines: dict[str, set[int]] = defaultdict(set)
        for path in self.files:
            name = Path(path).name
            run(["gcov", "--json-format", f"{name}.gcda"], cwd=folder)
            report = json.loads(gzip.decompress((folder / f"{name}.gcov.json.gz").read_bytes()))
            for file in report["files"]:
                if Path(file["file"]).name == name:
                    lines[path] |= {line["line_number"] for line in file["lines"] if line["count"]}
        return lines

    def edits(self, lines: dict[str, set[int]]) -> list[Edit]:
        """All edits in lines that were executed."""
        return [
            edit
            for path in self.files
            for edit in edits_of(self._source(path), path, lines.get(path, set()))
            if edit.function != "(table)"  # tables outside functions are of registers that nobody here looks at
            and (self.functions is None or edit.function in self.functions)
        ]


class KvmAbort(KvmWalker):
    """KVM's handling of aborts: what it does itself, and not what its seams do, nor the walk for a descriptor."""

    files = ("mmu.c", "inject_fault.c", "hyp/exception.c", "emulate-nested.c")
    functions = frozenset(
        [
            "kvm_handle_guest_abort",
            "exception_target_el",
            "exception_esr_elx",
            "exception_far_elx",
            "pend_sync_exception",
            "pend_serror_exception",
            "__effective_sctlr2_bit",
            "effective_sctlr2_ease",
            "inject_abt64",
            "inject_abt32",
            "match_target_el",
            "__kvm_inject_sea",
            "kvm_sea_target_is_el2",
            "kvm_inject_sea",
            "kvm_inject_dabt",
            "kvm_inject_pabt",
            "kvm_inject_size_fault",
            "__vcpu_write_spsr",
            "__vcpu_write_spsr_abt",
            "enter_exception64",
            "get_except32_cpsr",
            "enter_exception32",
            "kvm_inject_exception",
            "__kvm_adjust_pc",
            "kvm_inject_el2_exception",
            "kvm_inject_nested",
            "kvm_inject_nested_sync",
            "kvm_inject_nested_sea",
        ]
    )
    wrapper = SUBJECT_WRAPPER
    kind = "abort"
    what = "handling of aborts"
    options: tuple[str, ...] = ()


class KvmPgtable(KvmWalker):
    """KVM's builder of stage 2 tables: what hyp/pgtable.c has of stage 2, and the walk."""

    files = ("hyp/pgtable.c",)
    wrapper = SUBJECT_WRAPPER
    kind = "pgtable"
    what = "builder of stage 2 tables"
    options: tuple[str, ...] = ()

    def edits(self, lines: dict[str, set[int]]) -> list[Edit]:
        """All but those of the hypervisor's own stage 1 and of VTCR_EL2."""
        others = ("hyp_", "kvm_pgtable_hyp_", "kvm_get_vtcr")
        return [edit for edit in super().edits(lines) if not edit.function.startswith(others)]


class KvmTlbi(KvmWalker):
    """KVM's emulation of TLB maintenance: what the table of system instructions leads to."""

    files = ("sys_regs.c", "nested.c", "mmu.c", "hyp/vhe/tlb.c")
    functions = frozenset(
        [
            "kvm_supported_tlbi_s12_op",
            "kvm_supported_tlbi_ipas2_op",
            "handle_alle1is",
            "handle_vmalls12e1is",
            "handle_ripas2e1is",
            "handle_ipas2e1is",
            "handle_tlbi_el1",
            "handle_tlbi_el2",
            "s2_mmu_unmap_range",
            "s2_mmu_unmap_ipa",
            "s2_mmu_tlbi_s1e1",
            "vtcr_to_tg0_pgshift",
            "__ttl_to_size",
            "ttl_to_size",
            "pgshift_level_to_ttl",
            "get_guest_mapping_ttl",
            "compute_tlb_inval_range",
            "kvm_s2_mmu_iterate_by_vmid",
            "vncr_tlb_intersects",
            "invalidate_vncr",
            "invalidate_vncr_va",
            "compute_s1_tlbi_range",
            "kvm_handle_s1e2_tlbi",
            "kvm_nested_s2_unmap",
            "stage2_apply_range",
            "__unmap_stage2_range",
            "kvm_stage2_unmap_range",
            "__kvm_tlb_flush_vmid_ipa",
            "__kvm_tlb_flush_vmid_range",
            "__kvm_tlb_flush_vmid",
            "__kvm_tlbi_s1e2",
        ]
    )
    wrapper = SUBJECT_WRAPPER
    kind = "tlbi"
    what = "emulation of TLB maintenance"
    options: tuple[str, ...] = ()


class KvmIdmap(KvmWalker):
    """pKVM's identity map of its host: faults and donations, and of the builder underneath what maps and annotates."""

    files = ("hyp/nvhe/mem_protect.c", "hyp/pgtable.c")
    functions = frozenset(
        [
            "host_s2_zalloc_pages_exact",
            "host_s2_zalloc_page",
            "host_stage2_unmap_dev_all",
            "find_mem_range",
            "is_in_mem_range",
            "range_is_memory",
            "__host_stage2_idmap",
            "host_stage2_try",
            "range_included",
            "host_stage2_adjust_range",
            "host_stage2_idmap_locked",
            "__host_update_page_state",
            "host_stage2_set_owner_metadata_locked",
            "host_stage2_set_owner_locked",
            "host_stage2_force_pte_cb",
            "host_stage2_idmap",
            "kvm_pgtable_get_leaf",
            "leaf_walker",
            "kvm_pgtable_stage2_map",
            "kvm_pgtable_stage2_annotate",
            "stage2_set_prot_attr",
            "stage2_leaf_mapping_allowed",
            "stage2_map_walker_phys_addr",
            "stage2_map_walker_try_leaf",
            "stage2_map_walk_leaf",
            "stage2_map_walk_table_pre",
            "stage2_map_walker",
            "stage2_block_is_allowed",
            "stage2_pte_needs_update",
            "stage2_pte_is_counted",
            "kvm_block_mapping_supported",
            "kvm_phys_is_valid",
        ]
    )
    wrapper = SUBJECT_WRAPPER
    kind = "idmap"
    what = "identity map of its host"
    options: tuple[str, ...] = ()
