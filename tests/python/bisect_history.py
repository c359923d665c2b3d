# SPDX-License-Identifier: MIT
"""A history of Linux with walker bugs for `walkdiff bisect`: what each commit does stands beside it."""

from __future__ import annotations

import json
import re
from pathlib import Path

from linux_repository import AT, NESTED, LinuxRepository, linux_repository

NESTED_HEADER = "arch/arm64/include/asm/kvm_nested.h"

ACCESS_FLAG_OF_6_12 = """\
	va_bottom += contiguous_bit_shift(desc, wi, level);

	wr->failed = false;
"""
ACCESS_FLAG = """\
	if (!(desc & PTE_AF)) {
		fail_s1_walk(wr, ESR_ELx_FSC_ACCESS_L(level), false, false);
		return -EACCES;
	}

"""
OFFSET = "wr->pa |= va & GENMASK_ULL(va_bottom - 1, 0);"
BROKEN_OFFSET = OFFSET.replace("- 1", "- 2")
SHAREABILITY = "sh = compute_s1_sh(wi, wr, mair);"
NON_CACHEABLE = "if (!(sctlr & SCTLR_EL1_C) && !MEMATTR_IS_DEVICE(mair))"


def history(target: Path) -> tuple[LinuxRepository, dict[str, str]]:
    """A repository whose branch main has all of it, and its commits by a name of ours."""
    linux = linux_repository(target)
    at = {"v6.12": linux.git("rev-parse", "v6.12")}
    last = "v6.12"

    def add(name: str, subject: str, file: str, old: str, new: str) -> None:
        nonlocal last
        at[name] = linux.replace(at[last], subject, file, old, new)
        last = name

    def remark(name: str, file: str = AT) -> None:
        nonlocal last
        at[name] = linux.change(at[last], f"KVM: arm64: {name}", file, lambda text: f"{text}/* {name} */\n")
        last = name

    remark("a remark")
    add(
        "repairs AF",
        "KVM: arm64: nv: report Access flag faults",
        AT,
        ACCESS_FLAG_OF_6_12,
        ACCESS_FLAG + ACCESS_FLAG_OF_6_12,
    )
    remark("a second remark", NESTED)
    remark("a third remark")
    at["v7.3"] = linux.commit(at[last], "Linux 7.3", {}, linux.git("rev-parse", "v7.3^{tree}"))
    last = "v7.3"
    linux.git("tag", "-f", "v7.3", at[last])
    remark("a fourth remark")
    add("breaks OA", "KVM: arm64: nv: tidy up the output address", AT, OFFSET, BROKEN_OFFSET)
    add("breaks SH", "KVM: arm64: nv: do not compute the shareability twice", AT, SHAREABILITY, "sh = 0;")
    remark("a fifth remark", NESTED)
    add("repairs SH", "KVM: arm64: nv: compute the shareability after all", AT, "sh = 0;", SHAREABILITY)
    add("breaks C", "KVM: arm64: nv: SCTLR_ELx.C is for data alone", AT, NON_CACHEABLE, "if (false)")
    remark("a sixth remark", NESTED_HEADER)
    broken = "#include <linux/kvm_host.h>\n"
    add(
        "does not build",
        "KVM: arm64: nv: use the new helpers",
        NESTED,
        broken,
        f"{broken}#error they are not there yet\n",
    )
    add(
        "breaks AF",
        "KVM: arm64: nv: blocks are always young",
        AT,
        "if (!(desc & PTE_AF)) {",
        "if (!(desc & PTE_AF) && level == 3) {",
    )
    remark("a seventh remark")
    add("builds again", "KVM: arm64: nv: add the new helpers", NESTED, "#error they are not there yet\n", "")
    remark("an eighth remark")
    linux.check_out(at[last])
    return linux, {**at, "head": at[last]}


def case(**members: object) -> str:
    """AT S1E1R through a 2M block at 0x80000000."""
    whole = {
        "id": "case",
        "op": "S1E1R",
        "va": "0x201234",
        "regs": {
            "ID_AA64MMFR0_EL1": "0x5",
            "SCTLR_EL1": "0x5",
            "TCR_EL1": "0x500000019",
            "MAIR_EL1": "0xff",
            "TTBR0_EL1": "0x40000000",
        },
        "ram": [["0x40000000", "0x10000"]],
        "mem": [["0x40000000", "0x40001003"], ["0x40001008", "0x80000401"]],
    }
    registers = members.pop("regs", {})
    return json.dumps({**whole, **members, "regs": {**whole["regs"], **registers}}) + "\n"  # type: ignore[dict-item]


CASES = {
    "offset": case(id="offset", va="0x301234"),
    "cacheability": case(id="cacheability", regs={"SCTLR_EL1": "0x1"}),
    "access-flag": case(id="access-flag", mem=[["0x40000000", "0x40001003"], ["0x40001008", "0x80000001"]]),
}


def commands_of(page: Path) -> list[tuple[str, str]]:
    """The commands of a page that stand behind "$ ", each with the output that the page shows."""
    blocks = re.findall(r"```\n(\$ .*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    commands = (part for block in blocks for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:])
    found = []
    for part in commands:
        match = re.match(r"((?:[^\n]*\\\n)*[^\n]*)\n(.*)", part, re.DOTALL)
        assert match
        found.append((match[1].strip(), match[2]))
    return found


def alike(text: str) -> str:
    """What bisect and debug print, without what differs from run to run and machine to machine."""
    names: dict[str, str] = {}

    def name(match: re.Match[str]) -> str:
        return names.setdefault(match[0][:12], f"commit-{len(names) + 1}")

    text = re.sub(r"\b[0-9a-f]{40}\b|\b[0-9a-f]{12}\b", name, text)
    text = re.sub(r"\S*/kvm/repositories/[0-9a-f]{16}/", "CACHE/", text)
    text = re.sub(r"\b0x[0-9a-f]{12,16}\b|(?<=breakpoint 1 at )0x[0-9a-f]+", "N", text)
    text = re.sub(r"(?<=: file )\S*(/in_process.c, line )\d+", r"walkdiff\1N", text)
    text = re.sub(r"(?<=\(process )\d+|(?<=libthread_db library )\"[^\"]*\"", "N", text)
    text = "".join(line for line in text.splitlines(keepends=True) if not line.startswith("walkdiff: "))
    return re.sub(r"\d+\.\d s\b", "N s", text)
