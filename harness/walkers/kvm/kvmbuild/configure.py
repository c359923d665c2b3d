# SPDX-License-Identifier: GPL-2.0-only
"""The tree's own configuration and generated headers, made by the tree's own scripts, outside the tree."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from .errors import CannotBuild
from .store import Store
from .toolchain import Toolchain
from .trees import Tree

KCONFIG_CC = Path(__file__).resolve().parents[1] / "kernel/kconfig-cc"
ASM_GENERATED = "arch/arm64/include/generated/asm"

# Headers that arch/arm64/tools/Makefile makes: name, interpreter, script, its arguments.
TOOLS = (
    ("cpucap-defs.h", ("awk", "-f"), "gen-cpucaps.awk", ("arch/arm64/tools/cpucaps",)),
    ("sysreg-defs.h", ("awk", "-f"), "gen-sysreg.awk", ("arch/arm64/tools/sysreg",)),
    ("kernel-hwcap.h", ("/bin/sh", "-e"), "gen-kernel-hwcaps.sh", ("arch/arm64/include/uapi/asm/hwcap.h",)),
)

# What the configuration depends on beside the Kconfig files that it names itself.
FILES = (
    "Makefile",
    "Kbuild",
    "arch/arm64/Makefile",
    "arch/arm64/configs/defconfig",
    "include/asm-generic/Kbuild",
    "include/uapi/asm-generic/Kbuild",
)
FOLDERS = ("scripts", "scripts/kconfig", "scripts/basic", "scripts/include", "arch/arm64/tools")
LISTED = ("arch/arm64/include/asm", "arch/arm64/include/uapi/asm", "include/asm-generic", "include/uapi/asm-generic")


def say(text: str) -> None:
    print(f"walkdiff: {text}", file=sys.stderr, flush=True)


def say_before_the_first_time(cache: Path, tree: Path) -> None:
    """That the tree's own programs will run here: once for each tree, however many of its revisions are built."""
    told = cache / "told" / hashlib.sha256(str(tree).encode()).hexdigest()[:16]
    if not told.exists():
        say(f"{tree}: building a tree runs its build scripts (make, Kconfig, awk, sh), as you, on this machine")
        told.parent.mkdir(exist_ok=True)
        told.touch()


def configure(store: Store, tree: Tree) -> Path:
    """A folder with include/generated/autoconf.h and the headers that Kbuild would generate first.

    The configuration is that of one compiler, whichever compiles: builds with different ones differ in nothing else.
    """
    toolchain = Toolchain("gcc")

    def run(made: Path) -> Iterable[str]:
        say_before_the_first_time(store.folder, tree.path)
        say(f"{tree.name}: configures it (about 10 s)")
        return _configure(store, toolchain, made)

    here = store.hash_of("own:harness/walkers/kvm/kvmbuild/configure.py")
    return store.step(
        ("configuration", here, store.hash_of("own:harness/walkers/kvm/kernel/kconfig-cc"), *toolchain.identity), run
    )


def _configure(store: Store, toolchain: Toolchain, made: Path) -> Iterable[str]:
    root = store.roots["tree"]
    shadow, out = made.parent / "shadow", made.parent / "out"
    _shadow(root, shadow)
    out.mkdir()
    for targets in (["defconfig"], ["syncconfig", "asm-generic"]):
        _make(shadow, out, toolchain, targets)
    for folder in ("include/generated", "arch/arm64/include/generated"):
        shutil.copytree(out / folder, made / folder)
    inputs = {f"tree:{path}" for path in _kconfig_files(out)} | {f"tree:{path}" for path in FILES}
    for folder in FOLDERS:
        inputs.update(f"tree:{folder}/{file.name}" for file in _sources(root / folder))
    for folder in LISTED:
        inputs.add(f"tree:{folder}/")
        inputs.add(f"tree:{folder}/Kbuild")
    for name, interpreter, script, arguments in TOOLS:
        if (root / "arch/arm64/tools" / script).is_file():
            _generate(root, made / ASM_GENERATED / name, [*interpreter, f"arch/arm64/tools/{script}", *arguments])
            inputs.update(f"tree:{argument}" for argument in arguments)
    inputs.add("tree:kernel/time/timeconst.bc")
    hz = re.search(r"^#define CONFIG_HZ (\d+)$", (made / "include/generated/autoconf.h").read_text(), re.MULTILINE)
    if hz:
        timeconst = made / "include/generated/timeconst.h"
        _generate(root, timeconst, ["bc", "-q", "kernel/time/timeconst.bc"], hz[1] + "\n")
    return inputs


def _sources(folder: Path) -> list[Path]:
    """Its files, without what a build in the tree left there."""
    if not folder.is_dir():
        return []
    return [file for file in folder.iterdir() if file.is_file() and not _is_built(file)]


def _is_built(file: Path) -> bool:
    if file.name.startswith(".") or file.suffix in (".o", ".a", ".so"):
        return True
    with file.open("rb") as stream:
        return stream.read(4) == b"\x7fELF"


def _link_all(source: Path, target: Path, leave_out: Iterable[str]) -> None:
    target.mkdir(parents=True)
    for entry in source.iterdir():
        if entry.name not in leave_out:
            (target / entry.name).symlink_to(entry)


def _shadow(root: Path, shadow: Path) -> None:
    """The tree as if it were clean: a tree that something was built in cannot be configured elsewhere."""
    _link_all(root, shadow, (".config", ".git", "include", "arch", "scripts"))
    _link_all(root / "include", shadow / "include", ("config", "generated"))
    _link_all(root / "arch", shadow / "arch", ("arm64",))
    _link_all(root / "arch/arm64", shadow / "arch/arm64", ("include",))
    _link_all(root / "arch/arm64/include", shadow / "arch/arm64/include", ("generated",))
    for folder, _, _ in os.walk(root / "scripts"):
        target = shadow / Path(folder).relative_to(root)
        target.mkdir(parents=True)
        for file in _sources(Path(folder)):
            (target / file.name).symlink_to(file)


def _environment() -> dict[str, str]:
    """Without what would steer Kbuild."""
    hidden = re.compile(
        r"(MAKE|KBUILD_|KCONFIG_|KCFLAGS|LLVM|CROSS_COMPILE|ARCH$|CC$|HOSTCC|HOSTCFLAGS|CFLAGS|LD|srctree|objtree|O$|V$)"
    )
    return {key: value for key, value in os.environ.items() if not hidden.match(key)} | {"LC_ALL": "C"}


def _make(shadow: Path, out: Path, toolchain: Toolchain, targets: list[str]) -> None:
    command = ["make", "-s", "-C", str(shadow), f"O={out}", "ARCH=arm64", f"CC={KCONFIG_CC}", *targets]
    environment = _environment() | {"WD_CC": toolchain.path}
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    except FileNotFoundError as error:
        raise CannotBuild("make is not installed; the tree's configuration needs make, flex, bison and bc") from error
    if done.returncode:
        raise CannotBuild(
            f"the tree cannot be configured: make {' '.join(targets)}: {_reason(done.stdout + done.stderr)}"
        )


def _reason(output: str) -> str:
    """The line that says why make failed."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    for line in lines:
        missing = re.search(r"(\S+): (?:command )?not found", line)
        if missing:
            return f"{missing[1]} is not installed ({line})"
    told = [line for line in lines if not line.startswith("make")]
    return (told or lines or ["it does not say why"])[-1]


def _kconfig_files(out: Path) -> set[str]:
    """The files that the configuration was read from, as it notes itself."""
    text = (out / "include/config/auto.conf.cmd").read_text()
    listed = re.search(r"^deps_config := \\\n((?:.*\\\n)*.*)", text, re.MULTILINE)
    if not listed:
        raise CannotBuild("the tree's configuration does not tell what it was made from (include/config/auto.conf.cmd)")
    return {word for word in listed[1].replace("\\", " ").split() if not word.startswith("/")}


def _generate(root: Path, target: Path, command: list[str], standard_input: str = "") -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        done = subprocess.run(
            command, cwd=root, env=_environment(), capture_output=True, text=True, input=standard_input
        )
    except FileNotFoundError as error:
        raise CannotBuild(f"{command[0]} is not installed; the tree makes {target.name} with it") from error
    if done.returncode:
        raise CannotBuild(f"the tree's script for {target.name} failed: {_reason(done.stderr)}")
    target.write_text(done.stdout)
