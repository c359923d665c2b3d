# SPDX-License-Identifier: MIT
"""The walker `qemu`: what it answers, and what becomes of a run when QEMU is not there, dies, or is killed."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
from pathlib import Path

import pytest
from reference_kills import trial
from walkdiff_driver.program import build_folder, program

ROOT = Path(__file__).resolve().parents[2]
CASES = ROOT / "cases"
QEMU = "qemu-system-aarch64"


def needs_qemu() -> None:
    """Skips a test where QEMU is not installed; CI, which installs it, fails."""
    if not shutil.which(QEMU):
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{QEMU} is not installed: see ./walkdiff doctor")


def walkdiff(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(program(ROOT)), *arguments], cwd=ROOT, capture_output=True, text=True, timeout=300)


def results(text: str) -> dict[str, dict[str, object]]:
    return {result["id"]: result for result in map(json.loads, text.splitlines())}


def test_qemu_translates_through_each_stage_and_reports_its_faults() -> None:
    needs_qemu()
    files = [str(CASES / "examples" / name) for name in ("stage1.jsonl", "stage2.jsonl")]
    got = results(walkdiff("run", "--walker", "qemu,cpu=max", *files).stdout)
    want = results(walkdiff("run", "--walker", "oracle", *files).stdout)
    assert got.keys() == want.keys()
    for name, result in got.items():
        if "par" in want[name]:
            assert int(str(result["par"]), 16) & ~0x600 == int(str(want[name]["par"]), 16) & ~0x600, name
        else:
            assert result["exception"] == {"fst": "0x06", "stage2": 1, "s1ptw": 1}, name


def test_what_devices_answer_and_read_only_memory_are_unsupported() -> None:
    needs_qemu()
    files = [str(CASES / "examples" / name) for name in ("faults.jsonl", "read-only.jsonl")]
    got = results(walkdiff("run", "--walker", "qemu,cpu=max", *files).stdout)
    unsupported = {name: result["unsupported"] for name, result in got.items() if "unsupported" in result}
    assert unsupported == {
        "example-fault-external-abort": "a table walk could read what is a device in QEMU",
        "example-read-only": "an update in memory that is read-only",
    }


def test_a_walk_that_tge_does_not_turn_off_is_unsupported_where_devices_are(tmp_path: Path) -> None:
    """QEMU ignores TGE (waiver qemu-tge-ignored). Of tables at 0x36ae0000 devices make valid descriptors, all ones."""
    needs_qemu()
    case = {
        "id": "low-tables",
        "op": "S12E1R",
        "el": 2,
        "pan": 0,
        "va": "0x5e4",
        "regs": {
            "SCTLR_EL1": "0x81005",
            "TCR_EL1": "0x20003559e486a26",
            "MAIR_EL1": "0x97964b05bb8affff",
            "TTBR0_EL1": "0x36ae0000",
            "HCR_EL2": "0x88000000",
            "ID_AA64MMFR0_EL1": "0x100005",
            "ID_AA64MMFR1_EL1": "0x10202122",
            "ID_AA64MMFR2_EL1": "0x1",
        },
        "ram": [["0x0", "0x40000000"]],
        "mem": [],
    }
    off = case | {"id": "off", "regs": case["regs"] | {"SCTLR_EL1": "0x81004"}}
    (tmp_path / "low.jsonl").write_text(f"{json.dumps(case)}\n{json.dumps(off)}\n")
    got = results(walkdiff("run", "--walker", "qemu,cpu=neoverse-n1", str(tmp_path / "low.jsonl")).stdout)
    assert got["low-tables"].get("unsupported") == "a table walk could read what is a device in QEMU"
    assert int(got["off"]["par"], 16) & 1 == 0


def test_memory_of_qemu_that_the_case_has_not_is_unsupported_behind_an_exception_too(tmp_path: Path) -> None:
    """A base beyond the output size, of which QEMU makes no fault: its stage 2 table is where QEMU has zeros."""
    needs_qemu()
    case = {
        "id": "base",
        "op": "S1E1R",
        "el": 1,
        "pan": 1,
        "va": "0x0001325a6cae1600",
        "regs": {
            "SCTLR_EL1": "0x200000000801005",
            "TCR_EL1": "0x8000125de1bb80e",
            "MAIR_EL1": "0x50ee09ff0c4005da",
            "TTBR0_EL1": "0x1a192db0004",
            "TTBR1_EL1": "0xffffff01003c",
            "SCTLR_EL2": "0x5",
            "HCR_EL2": "0x400080000001",
            "HCRX_EL2": "0xc000",
            "VTCR_EL2": "0x180075057",
            "VTTBR_EL2": "0x1c86ffffff4c0000",
            "ID_AA64MMFR0_EL1": "0x2100032310201126",
            "ID_AA64MMFR1_EL1": "0x110112010312122",
            "ID_AA64MMFR2_EL1": "0x1221011112011011",
            "ID_AA64MMFR3_EL1": "0x1000000000000000",
            "ID_AA64PFR0_EL1": "0x1301001121112222",
            "ID_AA64PFR1_EL1": "0x1001000121",
            "ID_AA64ISAR1_EL1": "0x111211110211502",
            "ID_AA64ISAR2_EL1": "0x110012",
        },
        "ram": [["0xfffffff000000", "0x1000000"]],
        "mem": [],
    }
    (tmp_path / "base.jsonl").write_text(json.dumps(case) + "\n")
    got = results(walkdiff("run", "--walker", "qemu,cpu=max", str(tmp_path / "base.jsonl")).stdout)
    assert got["base"].get("unsupported") == "a table walk could read memory that QEMU has and the case has not"


def test_memory_of_qemu_that_the_case_has_not_is_unsupported_at_level_minus_1_too(tmp_path: Path) -> None:
    """A block with nT = 1, of which QEMU makes no fault, leads to memory that is none of the case's: QEMU reads 0."""
    needs_qemu()
    case = {
        "id": "nT",
        "op": "S1E1R",
        "el": 2,
        "va": "0x0",
        "regs": {
            "SCTLR_EL1": "0x1",
            "TCR_EL1": "0x80000040000000c",
            "TTBR0_EL1": "0x800000000",
            "HCR_EL2": "0x80000001",
            "VTCR_EL2": "0x80000058",
            "VTTBR_EL2": "0x40000000",
            "ID_AA64MMFR0_EL1": "0x10000004",
            "ID_AA64MMFR2_EL1": "0x10000000000000",
        },
        "ram": [["0x40000000", "0x1000"]],
        "mem": [["0x40000000", "0x0000000041010441"], ["0x40000100", "0x0000000040000003"]],
    }
    file = tmp_path / "case.json"
    file.write_text(json.dumps(case), encoding="utf-8")
    (result,) = results(walkdiff("run", "--walker", "qemu,cpu=max", str(file)).stdout).values()
    assert result.get("unsupported") == "a table walk could read memory that QEMU has and the case has not", result


def test_the_version_and_the_model_are_told() -> None:
    needs_qemu()
    line = subprocess.run([QEMU, "--version"], capture_output=True, text=True, check=True).stdout.split()[3]
    done = walkdiff(
        *("fuzz", "--walker", "qemu,cpu=neoverse-n1", "--ref", "none", "--profile", "n1"),
        *("--seed", "1", "--cases", "1", "--json"),
    )
    assert json.loads(done.stdout)["walkers"][0]["version"] == f"{line} cpu=neoverse-n1"


def test_a_model_answers_only_what_its_own_id_registers_have() -> None:
    needs_qemu()
    case = json.loads((CASES / "examples" / "stage1-page.json").read_text(encoding="utf-8"))
    case["op"] = "S1E1RP"
    case["regs"]["ID_AA64MMFR1_EL1"] = "0x200000"  # FEAT_PAN2
    text = json.dumps(case)
    old, new = (
        subprocess.run(
            [str(program(ROOT)), "run", "--walker", f"qemu,cpu={model}", "-"],
            input=text,
            capture_output=True,
            text=True,
            timeout=60,
        ).stdout
        for model in ("cortex-a53", "neoverse-n1")
    )
    assert json.loads(old)["unsupported"] == "FEAT_PAN2"
    assert "unsupported" not in json.loads(new)


def test_without_qemu_the_walker_says_how_to_get_it_and_all_others_work() -> None:
    example = str(CASES / "examples" / "stage1.jsonl")
    done = walkdiff("run", "--walker", "qemu,bin=no-such-qemu", example)
    assert done.returncode == 2
    assert "no-such-qemu was not found" in done.stderr
    assert "./walkdiff doctor" in done.stderr
    assert walkdiff("run", "--walker", "oracle", example).returncode == 0


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("cpu=", "'cpu='"),
        ("cpu=a b", "'cpu=a b'"),
        ("size=3", "'size=3'"),
        ("accel=kvm", "accel=kvm"),
        ("bin=/bin/true", "/bin/true is no QEMU"),
    ],
)
def test_an_option_that_qemu_does_not_take_is_refused(option: str, message: str) -> None:
    done = walkdiff("run", "--walker", f"qemu,{option}", str(CASES / "examples" / "stage1.jsonl"))
    assert done.returncode == 2
    assert message in done.stderr


def test_a_model_that_qemu_does_not_know_is_refused_in_qemus_words() -> None:
    needs_qemu()
    done = walkdiff("run", "--walker", "qemu,cpu=no-such-model", str(CASES / "examples" / "stage1.jsonl"))
    assert done.returncode == 2
    assert "no-such-model" in done.stderr


@pytest.mark.parametrize("walker", ["qemu,cpu=neoverse-n1", "unicorn"])
def test_killing_processes_of_a_walker_changes_no_verdict_and_no_order(walker: str, tmp_path: Path) -> None:
    """QEMU, a copy of it, or the process that the walker runs in, also while it starts."""
    if walker.startswith("qemu"):
        needs_qemu()
    elif not (build_folder(ROOT) / "walkers" / "unicorn.so").exists():
        (pytest.fail if os.environ.get("CI") else pytest.skip)("unicorn is not built: its library was not found")
    done = trial(walker, 5, tmp_path, every=3, pause=0.2, seed=random.randrange(1 << 32))
    assert done.same, done.explanation()
    assert done.killed.total() >= 1


STARTS = """#!/bin/sh
echo started >>{log}
{before}
exec {qemu} "$@"
"""


@pytest.mark.parametrize("forks", [True, False])
def test_a_death_of_qemu_costs_no_start_unless_it_cannot_copy_itself(forks: bool, tmp_path: Path) -> None:
    """Without the library that we load into it each death is a start. The answers are the same."""
    needs_qemu()
    log, wrapper = tmp_path / "log", tmp_path / "qemu"
    before = "" if forks else "unset LD_PRELOAD"
    wrapper.write_text(STARTS.format(log=log, qemu=shutil.which(QEMU), before=before), encoding="utf-8")
    wrapper.chmod(0o755)
    case = json.loads((CASES / "waivers" / "qemu" / "dies.json").read_text(encoding="utf-8"))
    good = json.loads((CASES / "examples" / "stage1-page.json").read_text(encoding="utf-8"))
    cases = [{**(case if i % 2 else good), "id": str(i)} for i in range(10)]
    file = tmp_path / "cases.jsonl"
    file.write_text("".join(json.dumps(case) + "\n" for case in cases), encoding="utf-8")
    got = results(walkdiff("run", "--walker", f"qemu,cpu=max,bin={wrapper}", str(file)).stdout)
    assert ["crash" in result for result in got.values()] == [False, True] * 5
    assert all("SIGABRT" in str(result["crash"]) for result in got.values() if "crash" in result)
    # It is asked for its version, started to learn what the CPU is, and started with the memory that this CPU can have.
    assert log.read_text().count("started") == 3 + (0 if forks else 5)


def test_tables_of_cases_that_qemu_died_of_are_gone_when_the_next_ones_are_asked(tmp_path: Path) -> None:
    """In main memory, which outlives the copy that died, and in a module."""
    needs_qemu()
    fatal = json.loads((CASES / "waivers" / "qemu" / "dies.json").read_text(encoding="utf-8"))
    cases = []
    for base in (0x40000000, 1 << 47):
        regs = fatal["regs"] | {"VTTBR_EL2": hex(base)}
        full = fatal | {"regs": regs, "mem": [[hex(base), fatal["mem"][0][1]]]}
        # More than a batch: in one batch, cases that QEMU may die of are asked behind the others.
        cases += [full, full] + 300 * [full | {"mem": []}]
    file = tmp_path / "cases.jsonl"
    file.write_text("".join(json.dumps(case | {"id": str(i)}) + "\n" for i, case in enumerate(cases)), encoding="utf-8")
    got = results(walkdiff("run", "--walker", "qemu,cpu=max", str(file)).stdout)
    crashes = [int(name) for name, result in got.items() if "crash" in result]
    assert crashes == [0, 1, 302, 303]
    # No table: a Translation fault of stage 2 at level 2, where the walk begins.
    assert {result["par"] for name, result in got.items() if int(name) not in crashes} == {"0x0000000000000a0d"}


def test_a_walker_that_is_killed_a_dozen_times_before_it_is_open_answers_all_the_same(tmp_path: Path) -> None:
    needs_qemu()
    done = trial("qemu,cpu=neoverse-n1", 12, tmp_path, every=20, pause=0.01, seed=1)
    assert done.same, done.explanation()
    assert done.killed.total() == 12
