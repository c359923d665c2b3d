# SPDX-License-Identifier: MIT
"""Every source file says under which licence it is."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WITH_GPL = ("harness/walkers/unicorn", "harness/walkers/kvm", "harness/walkers/xen", "bench/bare_unicorn.c")
APART = ("harness/walkers/kvm/linuxgit",)  # uses nothing of what stands around it, and verbs import it
FOLDERS = ["include", "oracle", "generators", "harness", "reports", "tests", "setup", "cmake", "docs", "bench"]
SUFFIXES = {".c", ".h", ".def", ".py", ".sh", ".bash", ".cmake"}


def licence(source: Path) -> str:
    """The licence of a file: that of the code which it links with."""
    with_gpl = any(source.is_relative_to(folder) for folder in WITH_GPL)
    return "GPL-2.0-only" if with_gpl and not any(source.is_relative_to(folder) for folder in APART) else "MIT"


def test_sources_name_their_licence() -> None:
    sources = [
        path.relative_to(ROOT)
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("*")
        if path.suffix in SUFFIXES or path.name == "CMakeLists.txt"
    ]
    assert sources
    wrong = [
        str(source)
        for source in sources
        if f"SPDX-License-Identifier: {licence(source)}" not in (ROOT / source).read_text(encoding="utf-8")[:200]
    ]
    assert wrong == []
