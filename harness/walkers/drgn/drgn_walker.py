# SPDX-License-Identifier: MIT
"""The walker `exec:python3 harness/walkers/drgn/drgn_walker.py`: drgn's walk of a kernel's page tables.

drgn is a debugger of the Linux kernel. It is told a kernel's VMCOREINFO and given its physical memory, here both made
of a case, and finds the physical address behind a virtual one. It tells the address, or that there is none; no
permissions, no attributes, no fault status. Big-endian kernels are among those that it knows.

What a Linux kernel never does is `unsupported`: other regimes than EL1&0, stage 2, unprivileged accesses, PAN; stage 1
off, walks that EPDn turns off; 52-bit addresses with 4K and 16K pages where the range is not 52 bits. So are accesses
that must write: a debugger asks for none.

Needs drgn (requirements.txt beside this file).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

import drgn
from _drgn import _linux_helper_follow_phys as follow_phys

M, EE = 1 << 0, 1 << 25  # SCTLR_EL1
VM, DC, TGE, AT = 1 << 0, 1 << 12, 1 << 27, 1 << 44  # HCR_EL2
TCR2_EN = 1 << 14  # HCRX_EL2
PIE, POE, HAFT = 1 << 1, 1 << 3, 1 << 11  # TCR2_EL1
EPD, TBI, DS = (1 << 7, 1 << 23), (1 << 37, 1 << 38), 1 << 59  # TCR_EL1, of each range
PAGE_SHIFT = ({0: 12, 1: 16, 2: 14}, {1: 14, 2: 12, 3: 16})  # by TG0 and TG1
OUTPUT_ADDRESS = 0x00FFFFFFFFFFF000  # PAR_EL1
TOLD_OF_SUCCESS, TOLD_OF_FAULT = OUTPUT_ADDRESS | 1, 1
ALL_BITS = (1 << 64) - 1
TABLE = 0xFFFF << 48  # where the kernel sees its first table, whatever physical address that has: both ranges' end
LOWER_TABLE = 1 << 54  # the same of a process, outside both ranges; drgn drops bits 63:56


class Unsupported(Exception):
    """drgn cannot be asked; the message says why."""


class NoMemory(Exception):
    """A descriptor is read where the case has no memory."""


def bits(value: int, msb: int, lsb: int) -> int:
    return value >> lsb & (1 << msb - lsb + 1) - 1


class Memory:
    """The memory of a case."""

    def __init__(self, case: dict[str, Any]) -> None:
        self.ranges = [(int(entry[0], 16), int(entry[1], 16)) for entry in case["ram"]]
        self.words = {int(pa, 16): int(value, 16) for pa, value in case["mem"]}
        self.read_nothing = False

    def read(self, pa: int, count: int) -> bytes:
        word = pa & ~7
        if not any(base <= word < base + size for base, size in self.ranges):
            self.read_nothing = True
            raise drgn.FaultError("no memory", pa)
        return self.words.get(word, 0).to_bytes(8, "little")[pa - word : pa - word + count]


def reader(memory: Memory, moved_by: int) -> Callable[[int, int, int, bool], bytes]:
    """What drgn calls: an address that it wants, and by how much that is moved from the physical one."""
    return lambda address, count, offset, physical: memory.read(address - moved_by, count)


def registers_of(case: dict[str, Any]) -> dict[str, int]:
    return {name: int(value, 16) for name, value in case["regs"].items()}


def check_supported(case: dict[str, Any], regs: dict[str, int], upper: bool) -> None:
    hcr, tcr = regs.get("HCR_EL2", 0), regs.get("TCR_EL1", 0)
    if case["op"] not in ("S1E1R", "S1E1A"):
        raise Unsupported("not AT S1E1R or S1E1A: no other permission than to read as the kernel")
    if hcr & (VM | DC | TGE) or (case["el"] == 1 and hcr & AT):
        raise Unsupported("HCR_EL2.VM, DC, TGE or AT: stage 1 of EL1&0 alone")
    if not regs.get("SCTLR_EL1", 0) & M:
        raise Unsupported("stage 1 is off")
    if tcr & EPD[upper]:
        raise Unsupported("TCR_EL1.EPDn: the walk is off")
    if regs.get("HCRX_EL2", 0) & TCR2_EN and regs.get("TCR2_EL1", 0) & (PIE | POE | HAFT):
        raise Unsupported("TCR2_EL1.PIE, POE or HAFT: what may be read, and table descriptors, mean something else")


def implements(regs: dict[str, int], page_shift: int) -> bool:
    """Whether there is such a granule: a kernel that asks for another one does not start."""
    mmfr0 = regs.get("ID_AA64MMFR0_EL1", 0)
    return {12: bits(mmfr0, 31, 28) != 15, 14: bits(mmfr0, 23, 20) != 0, 16: bits(mmfr0, 27, 24) != 15}[page_shift]


def first_table_size(page_shift: int, va_bits: int) -> int:
    """In bytes, and what it is aligned to: 64 at least."""
    index_bits = (va_bits - page_shift - 1) % (page_shift - 3) + 1
    return max(8 << index_bits, 64)


def vmcoreinfo(page_shift: int, va_bits: int, table: int) -> str:
    """What the kernel would say of itself; `table` is the physical address of its first one."""
    facts = {
        "OSRELEASE": "6.12.0",
        "PAGESIZE": str(1 << page_shift),
        "SYMBOL(swapper_pg_dir)": f"{TABLE:x}",
        "NUMBER(VA_BITS)": str(va_bits),
        "NUMBER(TCR_EL1_T1SZ)": f"{64 - va_bits:#x}",
        "NUMBER(kimage_voffset)": f"{TABLE - table & ALL_BITS:#x}",
    }
    return "".join(f"{name}={value}\n" for name, value in facts.items())


def kernel_of(case: dict[str, Any], regs: dict[str, int], upper: bool, memory: Memory) -> tuple[drgn.Program, int]:
    """A program for drgn, and the address of its first table."""
    tcr, mmfr0 = regs.get("TCR_EL1", 0), regs.get("ID_AA64MMFR0_EL1", 0)
    page_shift = PAGE_SHIFT[upper].get(bits(tcr, 31, 30) if upper else bits(tcr, 15, 14))
    va_bits = 64 - (bits(tcr, 21, 16) if upper else bits(tcr, 5, 0))
    if page_shift is None or not implements(regs, page_shift):
        raise Unsupported("a granule that is reserved or not implemented")
    has_lpa2 = {12: bits(mmfr0, 31, 28) == 1, 14: bits(mmfr0, 23, 20) == 2, 16: False}[page_shift]
    if page_shift != 16 and (bool(tcr & DS) and has_lpa2) != (va_bits == 52):
        raise Unsupported("4K or 16K pages: TCR_EL1.DS, but the range is not 52 bits, or the reverse")
    if va_bits < 25 or (page_shift != 16 and 48 < va_bits < 52):
        raise Unsupported("a range that no kernel has")
    if page_shift == 16 and va_bits > 48 and not bits(regs.get("ID_AA64MMFR2_EL1", 0), 19, 16):
        raise Unsupported("64K pages: the range is larger than 48 bits, without FEAT_LVA")
    table = regs.get("TTBR1_EL1" if upper else "TTBR0_EL1", 0) & 0x0000FFFFFFFFFFFE
    if va_bits == 52 if page_shift != 16 else bits(mmfr0, 3, 0) >= 6 and bits(tcr, 34, 32) == 6:
        table = table & ~63 | bits(table, 5, 2) << 48
    if table & first_table_size(page_shift, va_bits) - 1:
        raise Unsupported("a first table that is not aligned to its size")
    flags = drgn.PlatformFlags.IS_64_BIT
    if not regs.get("SCTLR_EL1", 0) & EE:
        flags |= drgn.PlatformFlags.IS_LITTLE_ENDIAN
    program = drgn.Program(drgn.Platform(drgn.Architecture.AARCH64, flags))
    program.set_linux_kernel_custom(vmcoreinfo(page_shift, va_bits, table), False)
    program.add_memory_segment(0, 1 << 56, reader(memory, 0), physical=True)
    if upper:
        return program, TABLE
    program.add_memory_segment(LOWER_TABLE, 1 << 17, reader(memory, LOWER_TABLE - table))
    return program, LOWER_TABLE


def answer(case: dict[str, Any]) -> dict[str, Any]:
    """A result, without its id."""
    regs, va = registers_of(case), int(case["va"], 16)
    upper = bool(va >> 55 & 1)
    check_supported(case, regs, upper)
    memory = Memory(case)
    program, table = kernel_of(case, regs, upper, memory)
    if regs.get("TCR_EL1", 0) & TBI[upper]:  # as whoever has a pointer with a tag does before he asks
        va = va & (1 << 56) - 1 | (0xFF << 56 if upper else 0)
    try:
        pa = follow_phys(program, table, va)
    except drgn.FaultError:
        unanswered = f"{ALL_BITS & ~TOLD_OF_FAULT:#x}"
        if memory.read_nothing:
            return {"exception": {"fst": "0x0", "stage2": 0, "s1ptw": 0}, "unanswered": unanswered}
        return {"par": "0x1", "unanswered": unanswered}
    except drgn.BadDataError as error:
        raise Unsupported(f"drgn: {error}"[:90]) from None
    return {"par": f"{pa & OUTPUT_ADDRESS:#x}", "unanswered": f"{ALL_BITS & ~TOLD_OF_SUCCESS:#x}"}


def main() -> None:
    for line in sys.stdin:
        case = json.loads(line)
        try:
            result = answer(case)
        except Unsupported as reason:
            result = {"unsupported": str(reason)}
        print(json.dumps({"id": case.get("id", ""), **result}), flush=True)


main()
