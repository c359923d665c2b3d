# SPDX-License-Identifier: MIT
"""kvm:TREE: KVM's walker out of Linux trees (tests/trees/fetch gets them; without them these tests are skipped)."""

from __future__ import annotations

import ctypes
import json
import lzma
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from kernel_trees import VERSIONS, commit, git, repository, tree, variant
from linuxgit import cache_folder
from walkdiff_driver.program import program

ROOT = Path(__file__).resolve().parents[2]
AT = "arch/arm64/kvm/at.c"


def walkdiff(*arguments: str, stdin: str = "", status: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([str(program(ROOT)), *arguments], input=stdin, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == status, done.stdout[-2000:] + done.stderr[-2000:]
    return done


def answers(walker: str, cases: str) -> dict[str, dict[str, Any]]:
    """Results by id."""
    lines = walkdiff("run", "--walker", walker, stdin=cases).stdout.splitlines()
    return {result["id"]: result for result in map(json.loads, lines)}


def examples() -> str:
    return "".join(path.read_text() for path in sorted((ROOT / "cases/examples").glob("*.jsonl")))


def vectors(every: int) -> str:
    """Every n-th case of all stored vectors."""
    files = sorted((ROOT / "cases/vectors").glob("*.xz"))
    lines = "".join(lzma.decompress(file.read_bytes()).decode() for file in files).splitlines(keepends=True)
    return "".join(lines[::every])


def case(**members: object) -> str:
    """A stage 1 walk of one 2M block, at EL2 for EL1&0."""
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


@pytest.mark.parametrize("version", VERSIONS)
def test_a_tree_walks_tables(version: str) -> None:
    assert answers(f"kvm:{tree(version)}", case()) == {"case": {"id": "case", "par": "0xff00000080001800"}}


def test_the_manual_tells_how_many_vectors_a_tree_answers_and_it_is_all_that_its_code_can_express() -> None:
    command = [str(ROOT / "tests/trees/answered"), *(str(tree(version)) for version in VERSIONS)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout in (ROOT / "docs/walkers-kvm.md").read_text(encoding="utf-8")
    shares = re.findall(r"([\d.]+)% of", done.stdout)
    assert len(shares) == len(VERSIONS) and all(float(share) >= 99 for share in shares)


class Direct:
    """The tree's own functions, called from here: the subject at-direct."""

    def __init__(self, path: Path) -> None:
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "harness/walkers/kvm")}
        command = [sys.executable, "-m", "kvmbuild", f"{path},subject=at-direct"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        self.library = ctypes.CDLL(done.stdout.splitlines()[1])
        self.words: dict[int, int] = {}
        self.ranges: list[tuple[int, int, bool]] = []
        word = ctypes.c_uint64
        self._read = ctypes.CFUNCTYPE(ctypes.c_int, word, ctypes.POINTER(word))(self.read)
        self._swap = ctypes.CFUNCTYPE(ctypes.c_int, word, word, word)(self.swap)
        self.library.wd_direct_open()
        self.library.wd_direct_memory(self._read, self._swap)

    def read(self, address: int, value: ctypes._Pointer[ctypes.c_uint64]) -> int:
        if not any(base <= address < end for base, end, _ in self.ranges):
            return 0
        value[0] = self.words.get(address, 0)
        return 1

    def swap(self, address: int, old: int, new: int) -> int:
        writable = [written for base, end, written in self.ranges if base <= address < end]
        if not writable:
            return -1
        if self.words.get(address, 0) != old:
            return 0
        if not writable[0]:
            return -2
        self.words[address] = new
        return 1

    def answer(self, line: str, names: list[str]) -> dict[str, Any] | None:
        """PAR_EL1 and the words that changed, "retry", or None: the tree has no such register or instruction."""
        told = json.loads(line)
        registers = {"HCR_EL2": "0x80000000", **told["regs"]}
        for name in names:
            value = int(registers.get(name, "0"), 16)
            known = self.library.wd_direct_register(name.encode(), ctypes.c_uint64(value)) == 0
            if value and not known:
                return None
        self.ranges = [(int(base, 16), int(base, 16) + int(size, 16), not ro) for base, size, *ro in told["ram"]]
        before = {int(address, 16): int(value, 16) for address, value in told.get("mem", [])}
        self.words = dict(before)
        error, par = ctypes.c_int(), ctypes.c_uint64()
        size = told.get("host", {}).get("ipa_bits", 0)
        arguments = (told["op"].encode(), ctypes.c_uint64(int(told["va"], 16)), told.get("el", 2), told.get("pan", 0))
        if self.library.wd_direct_at(*arguments, size, ctypes.byref(error), ctypes.byref(par)):
            return None
        if error.value:
            return {"retry": True}
        changed = sorted(address for address in self.words if self.words[address] != before.get(address, 0))
        mem = [[f"{address:#x}", f"{self.words[address]:#018x}"] for address in changed]
        return {"par": f"{par.value:#018x}", **({"mem": mem} if mem else {})}


@pytest.mark.parametrize("version", VERSIONS)
def test_par_is_what_the_trees_functions_write_when_they_are_called_directly(version: str) -> None:
    names = re.findall(r"^WD_REGISTER\((\w+),", (ROOT / "include/walkdiff/registers.def").read_text(), re.M)
    cases, direct, compared = vectors(2).splitlines(), Direct(tree(version)), 0
    results = answers(f"kvm:{tree(version)}", "\n".join(cases) + "\n")
    for line in cases:
        result = results[json.loads(line)["id"]]
        if "unsupported" in result:
            continue
        told = {name: result[name] for name in ("par", "retry", "mem") if name in result}
        if "retry" in told:
            told = {"retry": True}
        assert told == direct.answer(line, names), line
        compared += 1
    assert compared > 0.9 * len(cases)


@pytest.mark.parametrize("option", ["cc=clang", "san", "cc=aarch64-linux-gnu-gcc"])
def test_every_build_gives_the_same_answers(option: str) -> None:
    compiler = option.removeprefix("cc=")
    if "=" in option and not shutil.which(compiler):
        pytest.skip(f"no {compiler}")
    if compiler.startswith("aarch64") and not shutil.which("qemu-aarch64"):
        pytest.skip("no qemu-aarch64")
    path, cases = tree("7.3"), vectors(20) + examples()
    assert answers(f"kvm:{path},{option}", cases) == answers(f"kvm:{path}", cases)


def test_a_tree_that_does_not_compile_ends_with_125_and_the_first_error(tmp_path: Path) -> None:
    broken = variant(
        tree("7.3"), tmp_path / "broken", AT, lambda text: text.replace("return 64 - wi->txsz;", "return 64 -")
    )
    for verb in (["run"], ["fuzz", "--ref", "none"], ["replay", "--bisect"]):
        files = [] if verb[0] == "fuzz" else ["cases/examples/stage1-page.json"]
        done = walkdiff(*verb, "--walker", f"kvm:{broken}", *files, status=125)
        assert re.search(rf"cannot be built: the tree's own code does not compile: {AT}:\d+:\d+: expected", done.stderr)
        assert str(tmp_path) not in done.stderr.replace(f"kvm:{broken}", "")


def test_a_tree_without_a_walker_ends_with_125(tmp_path: Path) -> None:
    old = variant(tree("7.3"), tmp_path / "old", AT, lambda text: text + "\n")
    (old / AT).unlink()
    done = walkdiff("run", "--walker", f"kvm:{old}", status=125)
    assert "the tree has no arch/arm64/kvm/at.c: KVM emulates AT in software since Linux 6.12" in done.stderr


def test_what_the_kernel_code_does_wrongly_is_told_by_its_place(tmp_path: Path) -> None:
    """A WARN is a warning beside the answer, a BUG and the use of what nobody defines are crashes with a name."""

    def change(text: str) -> str:
        text = re.sub(
            r"(__kvm_at_s1e2\([^;{]*\{)",
            r"\1 extern int nowhere_at_all(void); if (vaddr == 8) nowhere_at_all();",
            text,
        )
        return re.sub(
            r"(__kvm_at_s1e01\([^;{]*\{)",
            r"\1 if (vaddr == 0) BUG(); if (WARN_ON(vaddr == 8)) return -EAGAIN; WARN_ON_ONCE(vaddr & 16);",
            text,
        )

    walker = f"kvm:{variant(tree('7.3'), tmp_path / 'variant', AT, change)}"
    cases = "".join(
        case(id=name, op=op, va=va)
        for name, op, va in (
            ("bug", "S1E1R", "0x0"),
            ("retry", "S1E1R", "0x8"),
            ("warn", "S1E1R", "0x201010"),
            ("again", "S1E1R", "0x201010"),
            ("fine", "S1E1R", "0x201000"),
            ("nowhere", "S1E2R", "0x8"),
        )
    )
    results = answers(walker, cases)
    assert re.fullmatch(rf"BUG {AT}:\d+", results["bug"]["crash"])
    assert results["nowhere"]["crash"] == "uses nowhere_at_all"
    assert results["retry"]["retry"] is True
    assert re.fullmatch(rf"{AT}:\d+", results["warn"]["warn"][0])
    assert results["again"]["warn"] == results["warn"]["warn"]
    assert "warn" not in results["fine"]


def test_undefined_behaviour_is_a_warning_with_its_place(tmp_path: Path) -> None:
    shift = "{ int wd_by = (int)(vaddr & 63); if ((1 << wd_by) == 77) return -EAGAIN;"
    changed = variant(
        tree("7.3"), tmp_path / "variant", AT, lambda text: re.sub(r"(__kvm_at_s1e01\([^;{]*)\{", rf"\1{shift}", text)
    )
    results = answers(f"kvm:{changed},san", case(id="large", va="0x201020") + case(id="small", va="0x201001"))
    assert re.fullmatch(rf"invalid-shift-exponent at {AT}:\d+", results["large"]["warn"][0])
    assert "warn" not in results["small"]


def test_the_machine_below_limits_addresses() -> None:
    walker, base = f"kvm:{tree('7.3')}", "0x1000000000"
    far = {"ram": [[base, "0x10000"]], "mem": [[base, "0x1000001003"], ["0x1000001008", "0x80000401"]]}
    wide = case(id="wide", regs={"TTBR0_EL1": base}, **far)
    narrow = case(id="narrow", regs={"TTBR0_EL1": base}, host={"ipa_bits": 36}, **far)
    odd = case(id="odd", host={"ipa_bits": 37})
    results = answers(walker, wide + narrow + odd)
    assert int(results["wide"]["par"], 16) & 1 == 0
    assert int(results["narrow"]["par"], 16) & 0x7F == 1  # Address size fault, level 0
    assert "host.ipa_bits" in results["odd"]["unsupported"]


def test_as_exposed_refuses_what_no_guest_can_have() -> None:
    walker = f"kvm:{tree('7.3')},as-exposed"
    vhe = {"ID_AA64MMFR1_EL1": "0x100", "HCR_EL2": "0x480000000"}
    cases = [
        case(id="e2h", regs=vhe),
        case(id="no e2h"),
        case(id="52 bits", regs={"ID_AA64MMFR0_EL1": "0x6"}),
        case(id="vhe without e2h", regs={"ID_AA64MMFR1_EL1": "0x100"}),
    ]
    results = answers(walker, "".join(cases))
    assert "par" in results["e2h"] and results["e2h"]["par"] == results["no e2h"]["par"]
    assert results["52 bits"]["unsupported"] == "no guest is given FEAT_LPA"
    assert results["vhe without e2h"]["unsupported"] == "no guest is given FEAT_VHE"


def test_a_case_is_made_into_what_a_guest_has_of_it(tmp_path: Path) -> None:
    file = tmp_path / "cases.jsonl"
    file.write_text(case(id="52 bits", regs={"ID_AA64MMFR0_EL1": "0x6"}))
    (exposed,) = walkdiff("expose", "--walker", f"kvm:{tree('7.3')}", str(file)).stdout.splitlines()
    assert json.loads(exposed)["regs"]["ID_AA64MMFR0_EL1"].endswith("5")
    assert "par" in answers(f"kvm:{tree('7.3')},as-exposed", exposed + "\n")["52 bits"]


def test_findings_say_whether_a_guest_can_reach_them(tmp_path: Path) -> None:
    """PAR_EL1.F is inverted: for a guest too. Of an implementation that no guest has it cannot be said."""
    changed = variant(
        tree("7.3"),
        tmp_path / "variant",
        AT,
        lambda text: text.replace(
            "vcpu_write_sys_reg(vcpu, par, PAR_EL1)", "vcpu_write_sys_reg(vcpu, par ^ 2, PAR_EL1)"
        ),
    )
    fuzz = ("fuzz", "--walker", f"kvm:{changed}", "--ref", "none", "--profile", "n1", "--seed", "1", "--cases", "300")
    walkdiff(*fuzz, "--out", str(tmp_path / "out"), status=1)
    walkdiff("reach", str(tmp_path / "out"))
    findings = [json.loads(line) for line in (tmp_path / "out/findings.jsonl").read_text().splitlines()]
    reached = [finding for finding in findings if "reaches it" in finding["facets"]["guest"]]
    assert reached and all(sum(finding["facets"]["guest"].values()) == finding["count"] for finding in findings)
    assert len((tmp_path / "out/guest.jsonl").read_text().splitlines()) == len(findings)


def test_a_revision_is_taken_from_git_and_its_repository_left_alone(tmp_path: Path) -> None:
    walker = f"kvm:{tree('7.3')}"
    expected = answers(walker, examples())
    inputs = {
        name.removeprefix("tree:")
        for manifest in (cache_folder() / "steps").glob("*/*.json")
        for name in json.loads(manifest.read_text())["inputs"]
        if name.startswith("tree:")
    }
    linux = repository(tree("7.3"), inputs, tmp_path / "linux")
    good = git(linux, "rev-parse", "HEAD")
    (linux / AT).write_text((linux / AT).read_text().replace("#include <linux/kvm_host.h>", "#error broken"))
    bad = commit(linux, "broken")
    before = (
        sorted(str(path) for path in linux.rglob("*")),
        git(linux, "status", "--porcelain"),
        git(linux, "rev-parse", "HEAD"),
    )
    assert answers(f"kvm:{linux}@{good}", examples()) == expected
    assert "#error broken" in walkdiff("run", "--walker", f"kvm:{linux}@HEAD", status=125).stderr
    assert answers(f"kvm:{linux}@{bad}~1", examples()) == expected
    after = (
        sorted(str(path) for path in linux.rglob("*")),
        git(linux, "status", "--porcelain"),
        git(linux, "rev-parse", "HEAD"),
    )
    assert after == before


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("kvm:", "needs a tree: kvm:TREE or kvm:TREE@REVISION"),
        ("kvm:nowhere", "nowhere: no such folder"),
        ("kvm:cases", "cases: not a Linux tree: it has no arch/arm64/kvm"),
        ("kvm:cases,as-seen", "'as-seen' is no option of kvm:"),
        ("kvm:.@no-such-revision", "Needed a single revision"),
    ],
)
def test_a_spec_that_is_wrong_ends_with_2(spec: str, message: str) -> None:
    assert message in walkdiff("run", "--walker", spec, status=2).stderr
