# SPDX-License-Identifier: GPL-2.0-only
"""What can be built out of a tree: which of its files, with which adapter."""

from dataclasses import dataclass, field


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
    missing: str  # what it means if a source that is not optional is not there
    needs_functions: tuple[str, ...] = field(default=())  # that the tree must define


AT = Subject(
    name="at",
    sources=(
        Source("arch/arm64/kvm/at.c", ("-Dkvm_read_guest=wd_kvm_read_guest_stage1",)),
        Source("arch/arm64/kvm/nested.c", ("-Dkvm_read_guest=wd_kvm_read_guest_stage2",)),
        Source("arch/arm64/kvm/reset.c", optional=True),
        Source("arch/arm64/kvm/config.c", optional=True),
    ),
    tree_half=("kernel/seams.c", "at/tree.c"),
    host_half=("host/guard.c", "at/walker.c"),
    missing="KVM emulates AT in software since Linux 6.12",
    needs_functions=("__kvm_at_s1e01", "__kvm_at_s1e2", "__kvm_at_s12"),
)

SUBJECTS = {subject.name: subject for subject in (AT,)}
