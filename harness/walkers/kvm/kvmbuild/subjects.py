# SPDX-License-Identifier: GPL-2.0-only
"""What can be built out of a tree: which of its files, with which adapter."""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Source:
    """A file of the tree."""

    path: str
    flags: tuple[str, ...] = ()
    optional: bool = False  # a tree may lack it: the adapter has what is then missing


@dataclass(frozen=True)
class Subject:
    name: str
    sources: tuple[Source, ...]  # of the tree
    tree_half: tuple[str, ...]  # of the adapter: compiled against the tree's headers
    host_half: tuple[str, ...]  # compiled against the C library's and walkdiff's
    core: tuple[str, ...]  # of walkdiff's core, that the host's half uses
    missing: str  # what it means if a source that is not optional is not there
    needs_functions: tuple[str, ...] = ()  # that the tree must define
    zeroes: str = ""  # pattern of undefined data that may be read: it is all zeroes, as if nothing had initialised it
    registers: tuple[str, ...] = ("include/walkdiff/registers.def",)  # tables: probed.h says how the tree has each
    probes: tuple[str, ...] = ()  # functions that some trees declare: probed.h says WD_DECLARES_<name> 0 or 1
    include: tuple[str, ...] = ()  # more folders for the adapter's half that sees the tree's headers
    is_walker: bool = False  # or of another kind, which walkdiff loads even if it is built with sanitizers
    names: tuple[str, ...] = ()  # of other things that some trees have: probed.h says WD_HAS_<name> 0 or 1


AT = Subject(
    name="at",
    is_walker=True,
    sources=(
        Source("arch/arm64/kvm/at.c", ("-Dkvm_read_guest=wd_kvm_read_guest_stage1",)),
        Source("arch/arm64/kvm/nested.c", ("-Dkvm_read_guest=wd_kvm_read_guest_stage2",)),
        Source("arch/arm64/kvm/reset.c", optional=True),
        Source("arch/arm64/kvm/config.c", optional=True),
    ),
    tree_half=("kernel/seams.c", "at/tree.c"),
    host_half=("host/guard.c", "at/exposed.c", "at/walker.c"),
    core=("oracle/case.c", "oracle/features.c", "oracle/registers.c"),
    missing="KVM emulates AT in software since Linux 6.12",
    needs_functions=("__kvm_at_s1e01", "__kvm_at_s1e2", "__kvm_at_s12"),
    zeroes=r"h\w+tr2?_masks",  # of the fine-grained trap registers, on which no AT depends
    probes=("limit_nv_id_reg",),
)

# What the host's halves of those that are no walkers have in common.
HOST = ("host/guard.c", "host/subject.c")

# hyp/exception.c is the hypervisor's: it is compiled as such, and reads and writes memory (abort/entry.h).
HYP = ("-D__KVM_VHE_HYPERVISOR__", "-I{tree}/arch/arm64/kvm/hyp/include")

ABORT = Subject(
    name="abort",
    sources=(
        Source("arch/arm64/kvm/mmu.c"),
        Source("arch/arm64/kvm/inject_fault.c"),
        Source("arch/arm64/kvm/hyp/exception.c", (*HYP, "-include", "{own}/harness/walkers/kvm/abort/entry.h")),
        Source("arch/arm64/kvm/hyp/aarch32.c", HYP),
        Source("arch/arm64/kvm/at.c"),
        Source("arch/arm64/kvm/nested.c"),
        Source("arch/arm64/kvm/emulate-nested.c"),
        Source("arch/arm64/kvm/reset.c"),
    ),
    tree_half=("kernel/seams.c", "abort/tree.c"),
    host_half=(*HOST, "abort/subject.c"),
    core=(),
    missing="this kind of subject needs Linux 6.12 or later",
    needs_functions=("kvm_handle_guest_abort", "__kvm_adjust_pc", "get_kvm_ipa_limit"),
    registers=("include/walkdiff/abort.def",),
)

# The table builder as the host uses it: with __KVM_VHE_HYPERVISOR__ every walk of shared tables would fail.
PGTABLE = Subject(
    name="pgtable",
    sources=(
        Source(
            "arch/arm64/kvm/hyp/pgtable.c",
            ("-DWD_ASKS_CAPABILITY", "-include", "{own}/harness/walkers/kvm/pgtable/entry.h"),
        ),
    ),
    tree_half=("kernel/seams.c", "pgtable/tree.c"),
    host_half=(*HOST, "pgtable/subject.c"),
    core=("harness/subjects/pgtable/machine.c",),
    missing="this kind of subject needs Linux 6.12 or later",
    needs_functions=("kvm_pgtable_stage2_map", "kvm_pgtable_stage2_unmap", "kvm_pgtable_stage2_split"),
    probes=("kvm_pgtable_stage2_annotate",),
    names=("KVM_PGTABLE_PROT_PX", "KVM_PGTABLE_S2_AS_S1", "VTCR_EL2_T0SZ_MASK"),
)

# sys_regs.c and nested.c are compiled inside files of the adapter, which reach what is static in them.
TLBI_ENTRY = ("-DWD_ASKS_CAPABILITY", "-include", "{own}/harness/walkers/kvm/tlbi/entry.h")

TLBI = Subject(
    name="tlbi",
    sources=(
        Source("arch/arm64/kvm/hyp/vhe/tlb.c", (*HYP, *TLBI_ENTRY)),
        Source("arch/arm64/kvm/hyp/pgtable.c", TLBI_ENTRY),
        Source("arch/arm64/kvm/mmu.c", ("-DWD_ASKS_CAPABILITY",)),
        Source("arch/arm64/kvm/reset.c"),
    ),
    tree_half=("kernel/seams.c", "tlbi/tree.c", "tlbi/inside_nested.c", "tlbi/inside_sys_regs.c"),
    host_half=(*HOST, "tlbi/subject.c"),
    core=("harness/subjects/tlbi/decode.c",),
    missing="this kind of subject needs Linux 6.12 or later",
    needs_functions=("kvm_s2_mmu_iterate_by_vmid", "__kvm_tlbi_s1e2", "kvm_stage2_unmap_range"),
    registers=("include/walkdiff/tlbi.def",),
    probes=("ipas2e1is",),
    names=("vncr_tlb",),
)

# pKVM's hypervisor: nvhe/mem_protect.c is compiled inside a file of the adapter, which has its flags.
NVHE = ("-D__KVM_NVHE_HYPERVISOR__", "-I{tree}/arch/arm64/kvm/hyp/include")

IDMAP = Subject(
    name="idmap",
    sources=(
        Source(
            "arch/arm64/kvm/hyp/pgtable.c",
            (*NVHE, "-include", "{own}/harness/walkers/kvm/idmap/entry.h"),
        ),
    ),
    tree_half=("kernel/seams.c", "idmap/tree.c"),
    host_half=(*HOST, "idmap/subject.c"),
    core=(),
    missing="this kind of subject needs Linux 6.12 or later",
    needs_functions=("host_stage2_idmap_locked", "kvm_pgtable_stage2_map"),
    include=("{tree}/arch/arm64/kvm/hyp/include",),
)

# The same functions, without what makes answers of what they do: a test compares the two.
AT_DIRECT = replace(
    AT, name="at-direct", tree_half=("kernel/seams.c", "direct/tree.c"), host_half=("direct/host.c",), core=()
)

SUBJECTS = {subject.name: subject for subject in (AT, AT_DIRECT, ABORT, PGTABLE, TLBI, IDMAP)}
