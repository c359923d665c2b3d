# SPDX-License-Identifier: MIT
"""`walkdiff export`: a case becomes a program, which plain QEMU runs and any assembler makes from its text."""

from __future__ import annotations

import json
import lzma
import os
import shlex
import shutil
import struct
import subprocess
from pathlib import Path

import pytest
from walkdiff_driver.program import program

ROOT = Path(__file__).resolve().parents[2]
QEMU = "qemu-system-aarch64"
CASES = ROOT / "tests" / "export" / "cases.jsonl"
IDS = [json.loads(line)["id"] for line in CASES.read_text(encoding="utf-8").splitlines()]
ASSEMBLERS = {
    "GNU": ["aarch64-linux-gnu-as"],
    "LLVM": ["clang", "--target=aarch64-none-elf", "-c"],
}


def export(*arguments: str | Path, case: str = "") -> subprocess.CompletedProcess[bytes]:
    command = [str(program(ROOT)), "export", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, input=case.encode(), capture_output=True, timeout=60)


def changed(name: str, **members: object) -> str:
    """A case of the file with other members."""
    case = next(case for case in map(json.loads, CASES.read_text(encoding="utf-8").splitlines()) if case["id"] == name)
    return json.dumps({**case, **members})


@pytest.fixture(scope="module")
def answers() -> dict[str, str]:
    """What `walkdiff run --walker qemu` prints of each case."""
    if not shutil.which(QEMU):
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{QEMU} is not installed: see ./walkdiff doctor")
    command = [str(program(ROOT)), "run", "--walker", "qemu,cpu=max", str(CASES)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return {json.loads(line)["id"]: line for line in done.stdout.splitlines()}


def run_in_qemu(told: str) -> subprocess.CompletedProcess[str]:
    """Runs a program by the command that `export` tells."""
    command = shlex.split(told.partition("to run it:")[2].replace("\\\n", " "))
    assert command[0] == QEMU
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("name", IDS)
def test_the_program_prints_in_plain_qemu_what_the_walker_answers(
    name: str, answers: dict[str, str], tmp_path: Path
) -> None:
    assert "unsupported" not in json.loads(answers[name])
    written = export("--id", name, "--format", "bin", "--output", tmp_path / "case.bin", CASES)
    assert written.returncode == 0, written.stderr.decode()
    done = run_in_qemu(written.stderr.decode())
    if "crash" in json.loads(answers[name]):
        assert done.returncode < 0, "the walker says that QEMU dies of it"
    else:
        assert done.stdout == answers[name] + "\n", done.stderr
        assert done.returncode == 0


def test_vectors_as_programs_print_on_a_neoverse_n1_what_the_walker_answers(
    answers: dict[str, str], tmp_path: Path
) -> None:
    """Every so many of the vectors of that CPU's profile, whatever kind they are of."""
    lines = lzma.decompress((ROOT / "cases" / "vectors" / "n1.jsonl.xz").read_bytes()).decode().splitlines()
    file = tmp_path / "some.jsonl"
    file.write_text("\n".join(lines[:: len(lines) // 15]), encoding="utf-8")
    walker = ["run", "--walker", "qemu,cpu=neoverse-n1", str(file)]
    wanted = subprocess.run([str(program(ROOT)), *walker], capture_output=True, text=True, timeout=120).stdout
    compared = 0
    for want in wanted.splitlines():
        result = json.loads(want)
        if "unsupported" in result or "crash" in result:
            continue
        image = ["--cpu", "neoverse-n1", "--format", "bin", "--output", tmp_path / "case.bin"]
        written = export("--id", result["id"], *image, file)
        assert written.returncode == 0, written.stderr.decode()
        assert run_in_qemu(written.stderr.decode()).stdout == want + "\n"
        compared += 1
    assert compared >= 10


def text_section(elf: bytes) -> bytes:
    """The section .text of a little-endian ELF64 file."""
    (offset,) = struct.unpack_from("<Q", elf, 0x28)
    size, count, names = struct.unpack_from("<HHH", elf, 0x3A)
    headers = [struct.unpack_from("<IIQQQQ", elf, offset + i * size) for i in range(count)]
    strings = elf[headers[names][4] :]
    for header in headers:
        if strings[header[0] :].split(b"\0", 1)[0] == b".text":
            return elf[header[4] : header[4] + header[5]]
    raise AssertionError("no .text")


@pytest.mark.parametrize("assembler", ASSEMBLERS)
def test_an_assembler_makes_the_image_of_the_text(assembler: str, tmp_path: Path) -> None:
    if not shutil.which(ASSEMBLERS[assembler][0]):
        pytest.skip(f"{ASSEMBLERS[assembler][0]} is not installed")
    for name in IDS[:: len(IDS) // 5]:
        source, built = tmp_path / "case.s", tmp_path / "case.o"
        assert export("--id", name, "--output", source, CASES).returncode == 0
        done = subprocess.run([*ASSEMBLERS[assembler], "-o", built, source], capture_output=True, text=True, timeout=60)
        assert (done.returncode, done.stderr) == (0, "")
        assert text_section(built.read_bytes()) == export("--id", name, "--format", "bin", CASES).stdout


def test_the_text_says_what_each_part_of_it_is() -> None:
    text = export("--id", "both-stages", CASES).stdout.decode()
    answer = subprocess.run(
        [str(program(ROOT)), "run", "--walker", "oracle", "-"],
        input=changed("both-stages"),
        capture_output=True,
        text=True,
        timeout=60,
    ).stdout
    assert text.startswith("// AT S12E")
    for words in [
        f'"par":"{json.loads(answer)["par"]}"',
        "40-bit physical addresses",
        "-bios case.bin",
        "msr vbar_el3, x3",
        "at s12e1w, x2",
        "VTCR_EL2: T0SZ=",
        "stage 1, level 1: 0x",
        "stage 2, level ",
    ]:
        assert words in text, words


def test_a_case_from_standard_input_is_exported_alone() -> None:
    case = changed("success-4k", id='a "strange" id \\ é')
    written = export("--format", "bin", "-", case=case)
    assert written.returncode == 0
    assert rb'"a \"strange\" id \\ \u00e9"' in written.stdout or 'a \\"strange\\" id \\\\ é'.encode() in written.stdout


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([CASES], "there are several cases; --id says which"),
        (["--id", "nobody", CASES], "no case has this id"),
        (["--format", "elf", CASES], "--format 'elf': asm or bin is wanted"),
        (["--cpu", "max;ls", CASES], "--cpu 'max;ls': a CPU model of QEMU is wanted"),
        ([], "one file is wanted"),
        ([CASES, CASES], "one file is wanted"),
        (["nowhere.json"], "nowhere.json"),
        (["--id", IDS[0], "--output", "no/such/folder/case.s", CASES], "no/such/folder/case.s"),
    ],
    ids=str,
)
def test_a_wrong_command_is_refused_and_writes_nothing(arguments: list[str | Path], complaint: str) -> None:
    written = export(*arguments)
    assert (written.returncode, written.stdout) == (2, b"")
    assert complaint in written.stderr.decode()


@pytest.mark.parametrize(
    ("case", "complaint"),
    [
        (changed("success-4k", ram=[], mem=[]), "has memory and the case has none"),
        (changed("success-4k", op="S1E2R", el=1), "UNDEFINED at EL1"),
        (
            changed("access-flag-update", ram=[["0x40000000", "0x1000000", "ro"]]),
            "hardware may update descriptors, and QEMU has no memory that refuses it",
        ),
    ],
    ids=["memory", "instruction", "read-only"],
)
def test_a_case_that_qemu_cannot_be_made_like_is_refused_with_the_reason(case: str, complaint: str) -> None:
    written = export("-", case=case)
    assert (written.returncode, written.stdout) == (2, b"")
    assert complaint in written.stderr.decode()


def test_memory_that_the_case_does_not_list_is_0_though_qemu_leaves_a_device_tree_there(
    answers: dict[str, str], tmp_path: Path
) -> None:
    """Every entry of the table at the beginning of main memory, where nothing is listed, is an invalid descriptor."""
    case = {
        "id": "nothing",
        "op": "S1E1R",
        "regs": {"SCTLR_EL1": "0x5", "TCR_EL1": "0x580190019", "TTBR0_EL1": "0x40000000", "ID_AA64MMFR0_EL1": "0x5"},
        "ram": [["0x40000000", "0x1000000"]],
    }
    for index in (46, 47, 48, 100, 300):
        va = hex(index << 30)
        written = export("--format", "bin", "--output", tmp_path / "case.bin", "-", case=json.dumps({**case, "va": va}))
        assert written.returncode == 0, written.stderr.decode()
        assert json.loads(run_in_qemu(written.stderr.decode()).stdout)["par"] == "0x000000000000080b"
