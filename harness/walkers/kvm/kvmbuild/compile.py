# SPDX-License-Identifier: GPL-2.0-only
"""Compiles a subject: the tree's files and the two halves of the adapter, each a step of the store."""

import re
import subprocess
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .errors import CannotBuild, DoesNotCompile
from .store import Store
from .subjects import Source, Subject
from .toolchain import Toolchain

ADAPTERS = "harness/walkers/kvm"

# How a tree's file is compiled. Warnings are the tree's affair. -fcommon, because a global register variable is a plain
# one here, and every object has it.
TREE_FLAGS = [
    "-std=gnu11",
    "-O2",
    "-g1",
    "-fPIC",
    "-w",
    "-nostdinc",
    "-fno-strict-aliasing",
    "-fcommon",
    "-fshort-wchar",
    "-funsigned-char",
    "-fwrapv",
    "-fms-extensions",
    "-fno-stack-protector",
    "-fno-asynchronous-unwind-tables",
    "-ffunction-sections",
    "-fdata-sections",
    "-fvisibility=hidden",
    "-D__KERNEL__",
    "-DCC_USING_PATCHABLE_FUNCTION_ENTRY",
    "-DKASAN_SHADOW_SCALE_SHIFT=",
]
# How a file is compiled of which we want to know what lines run: a call at the begin of each block, and blocks that are
# those of the source, in its order.
COVER_FLAGS = (
    "-Og",
    "-fsanitize-coverage=trace-pc",
    "-fdebug-prefix-map={tree}=/linux",  # so that they are found by their place in the tree
    "-fno-inline-functions-called-once",
    "-fno-reorder-blocks",
    "-fno-ssa-phiopt",
    "-fno-if-conversion",
    "-fno-if-conversion2",
    "-fno-crossjumping",
    "-fno-tree-tail-merge",
    "-fno-tree-sink",
    "-fno-thread-jumps",
)
HOST_FLAGS = ["-std=gnu11", "-O2", "-g1", "-fPIC", "-ffunction-sections", "-fvisibility=hidden"]

# The runner, and the reader and writer of case files (harness/casefile/case_file.cmake).
RUNNER_SOURCES = (
    "own:harness/walkers/kvm/host/runner.c",
    *(f"own:harness/casefile/case_{part}.c" for part in ("file", "ids", "members", "result", "words", "write")),
    *(f"own:harness/support/json_{part}.c" for part in ("in", "out", "parser")),
)

# Kbuild makes these with the compiler: header, the source whose DEFINE()s it holds. The first is needed by the rest.
OFFSETS = (("bounds.h", "kernel/bounds.c"), ("rq-offsets.h", "kernel/sched/rq-offsets.c"))

# Where kernel code may use the C library's functions, because they are the same.
FROM_LIBRARY = frozenset(
    [
        "memcpy",
        "memmove",
        "memset",
        "memcmp",
        "memchr",
        "strlen",
        "strcmp",
        "strncmp",
        "strchr",
        "strrchr",
        "strnlen",
        "strstr",
    ]
)


class Compiler:
    def __init__(self, store: Store, toolchain: Toolchain, subject: Subject, cover: bool = False) -> None:
        self.cover = cover
        self.known_symbols: dict[Path, dict[str, set[str]]] = {}
        self.store = store
        self.toolchain = toolchain
        self.subject = subject

    # ------------------------------------------------------------ commands

    def tree_command(self, flags: Iterable[str]) -> list[str]:
        """For a file that sees the tree's headers; {root} stands for a folder of the store."""
        include = [
            "{own}/harness/walkers/kvm/kernel",
            "{tree}/arch/arm64/include",
            "{generated}/arch/arm64/include/generated",
            "{offsets}/include",
            "{generated}/include",
            "{tree}/include",
            "{tree}/arch/arm64/include/uapi",
            "{generated}/arch/arm64/include/generated/uapi",
            "{tree}/include/uapi",
            "{generated}/include/generated/uapi",
            "{tree}/arch/arm64/kvm",
            "{probed}",
        ]
        return [
            *TREE_FLAGS,
            *self.toolchain.to_arm64,
            *self.toolchain.sanitizers,
            *self.toolchain.debugging,
            "-fmacro-prefix-map={tree}/=",
            "-isystem",
            self.toolchain.builtin_headers,
            "-include",
            "{own}/harness/walkers/kvm/kernel/force.h",
            *(f"-I{folder}" for folder in include),
            "-iquote",
            "{own}",
            *(word for name in ("compiler-version", "kconfig", "compiler_types") for word in self._first(name)),
            *flags,
        ]

    @staticmethod
    def _first(name: str) -> tuple[str, str]:
        return "-include", f"{{tree}}/include/linux/{name}.h"

    def _filled(self, command: Iterable[str]) -> list[str]:
        return [re.sub(r"\{(\w+)\}", lambda root: str(self.store.roots[root[1]]), word) for word in command]

    def run(self, step: str, command: list[str], source: str, output: str) -> Path:
        """Compiles a file (named as in the store). @return the output"""

        def compile_it(made: Path) -> Iterable[str]:
            depends = made.parent / "depends"
            arguments = [*self._filled(command), "-MD", "-MF", str(depends), "-o", str(made / output)]
            done = subprocess.run(
                [self.toolchain.path, *arguments, str(self.store.path_of(source))],
                capture_output=True,
                text=True,
                env={"LC_ALL": "C", "PATH": "/usr/local/bin:/usr/bin:/bin"},
            )
            if done.returncode:
                raise DoesNotCompile(self._meaning(step, source, done.stderr))
            return {self.store.name_of(path) for path in _dependencies(depends.read_text())}

        key = (step, source, output, *self.toolchain.identity, *command)
        return self.store.step(key, compile_it) / output

    def _meaning(self, step: str, source: str, output: str) -> str:
        """The compiler's first error, and whose fault it is."""
        line = next((line for line in output.splitlines() if re.search(r"\b(fatal )?error: ", line)), output.strip())
        where, _, what = line.partition("error: ")
        names = {f"{folder}/": "" if root == "tree" else f"{root}:" for root, folder in self.store.roots.items()}
        for folder, name in sorted(names.items(), key=lambda pair: -len(pair[0])):
            where = where.replace(folder, name)
        where = where.replace("fatal ", "").strip().rstrip(":")
        missing = re.match(r"generated/(\S+): No such file", what)
        if missing:
            means = f"the tree generates {missing[1]} in a way that this builder does not know"
        elif re.search(r"No such file", what):
            means = "the tree lacks a header that its own code or the adapter includes"
        elif where.startswith("own:") or (step == "tree half" and source.startswith("own:")):
            means = "the tree's KVM has changed in a way that the adapter does not know"
        else:
            means = "the tree's own code does not compile"
        return f"{means}: {where}: {what}" if what else f"{means}: {line}"

    # ------------------------------------------------------------ steps

    def offsets(self) -> Path:
        """A folder with the generated/*.h that hold sizes."""
        parts = []
        for header, source in OFFSETS:
            if not (self.store.roots["tree"] / source).is_file():
                continue
            assembly = self.run("offsets", self.tree_command(["-S"]), f"tree:{source}", "offsets.s")
            found = re.findall(r"->(\w+) [$#]*(-?\d+) ", assembly.read_text())
            if not found:
                raise CannotBuild(f"the tree's {source} does not define {header} as it used to")
            parts.append((header, "".join(f"#define {name} {value}\n" for name, value in found)))
            self.store.roots["offsets"] = self._folder({f"include/generated/{name}": text for name, text in parts})
        return self.store.roots["offsets"]

    def _folder(self, files: dict[str, str]) -> Path:
        """A folder with files of a given content."""

        def write(made: Path) -> Iterable[str]:
            for name, text in files.items():
                path = made / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            return ()

        return self.store.step(("files", *(part for pair in files.items() for part in pair)), write)

    def probe(self) -> None:
        """Looks in the tree's headers for what differs between trees; root "probed" has what it found."""
        self.store.roots["probed"] = self._folder({"empty": ""})
        headers = ("linux/kvm_host.h", "asm/kvm_asm.h", "asm/kvm_mmu.h", "asm/kvm_nested.h", "asm/sysreg.h")
        self.store.roots["probe"] = self._folder({"probe.c": "".join(f"#include <{name}>\n" for name in headers)})
        text = self.run("probe", self.tree_command(["-E", "-dD"]), "probe:probe.c", "probe.i").read_text()
        registers = re.search(r"\benum vcpu_sysreg \{(.*?)\};", text, re.DOTALL)
        if not registers:
            raise CannotBuild("the tree's kvm_host.h has no enum vcpu_sysreg")
        known = set(re.findall(r"\b[A-Z]\w*_EL[0-3]\b", registers[1]))
        ids = set(re.findall(r"^#define SYS_(ID_\w+)[ \t]", text, re.MULTILINE))
        lines = ["/* Made by kvmbuild/compile.py. */\n"]
        tables = "".join((self.store.roots["own"] / table).read_text() for table in self.subject.registers)
        for name in re.findall(r"^WD_(?:REGISTER|\w+_IN|\w+_OUT)\((\w+_EL\d)[,)]", tables, re.MULTILINE):
            how = "IDREG" if name in ids else "SYSREG" if name in known else "NONE"
            lines.append(f"#define WD_IN_TREE_{name} {how}\n")
        for name in self.subject.probes:
            lines.append(f"#define WD_DECLARES_{name} {int(bool(re.search(rf'{chr(92)}b{name}{chr(92)}(', text)))}\n")
        for name in self.subject.names:
            lines.append(f"#define WD_HAS_{name} {int(bool(re.search(rf'{chr(92)}b{name}{chr(92)}b', text)))}\n")
        self.store.roots["probed"] = self._folder({"probed.h": "".join(lines)})

    def sources(self) -> list[Source]:
        found = []
        for source in self.subject.sources:
            if (self.store.roots["tree"] / source.path).is_file():
                found.append(source)
            elif not source.optional:
                raise CannotBuild(f"the tree has no {source.path}: {self.subject.missing}")
        return found

    def objects(self) -> tuple[list[Path], list[Path]]:
        """Of the tree's side and of the host's."""
        jobs: list[tuple[str, list[str], str]] = []
        for source in self.sources():
            flags = [*source.flags, *(COVER_FLAGS if self.cover else ())]
            jobs.append(("tree", self.tree_command(["-c", *flags]), f"tree:{source.path}"))
        for file in self.subject.tree_half:
            jobs.append(
                (
                    "tree half",
                    self.tree_command(
                        [
                            "-c",
                            "-DWD_ADAPTER",
                            "-iquote",
                            "{own}/include",
                            *(f"-I{path}" for path in self.subject.include),
                            *(COVER_FLAGS if self.cover and self._includes_source(file) else ()),
                        ]
                    ),
                    f"own:{ADAPTERS}/{file}",
                )
            )
        host = [*HOST_FLAGS, *self.toolchain.sanitizers, "-c", "-I{own}", "-I{own}/include"]
        own = (*self.subject.host_half, *(("host/sanitized.c",) if self.is_sanitized_library else ()))
        for file in (*(f"{ADAPTERS}/{file}" for file in own), *self.subject.core):
            jobs.append(("host half", host, f"own:{file}"))
        with ThreadPoolExecutor(2) as pool:
            made = list(pool.map(lambda job: self.run(*job, "object.o"), jobs))
        tree_side = [path for path, job in zip(made, jobs, strict=True) if job[0] != "host half"]
        host_side = [path for path, job in zip(made, jobs, strict=True) if job[0] == "host half"]
        return tree_side, host_side

    @property
    def is_sanitized_library(self) -> bool:
        """Whether walkdiff loads the build, and sanitizers are in it."""
        return self.toolchain.sanitize and not self.subject.is_walker

    def _includes_source(self, file: str) -> bool:
        """Whether a file of the adapter has one of the tree inside."""
        text = self.store.path_of(f"own:{ADAPTERS}/{file}").read_text()
        return bool(re.search(r'^#include "[\w/]+\.c"$', text, re.MULTILINE))

    def missing(self, tree_side: list[Path], host_side: list[Path]) -> Path:
        """An object that gives each symbol that nobody defines a page of its own, and its name."""
        defined, wanted = set(), set()
        for path in tree_side:
            names = self._symbols(path)
            defined |= names["defined"]
            wanted |= names["undefined"]
        for path in host_side:
            defined |= self._symbols(path)["defined"]
        names = sorted(
            name
            for name in wanted - defined - FROM_LIBRARY
            if not name.startswith(("_GLOBAL_OFFSET_TABLE_", "__asan_", "__ubsan_", "__sanitizer_cov_", "wd_"))
        )
        zeroes = [name for name in names if self.subject.zeroes and re.fullmatch(self.subject.zeroes, name)]
        names = [name for name in names if name not in zeroes]
        lines = [f"__attribute__((aligned(4096))) char wd_missing_pages[4096 * {max(len(names), 1)}];\n"]
        lines.extend(f"__attribute__((aligned(64))) const char {name}[4096];\n" for name in zeroes)
        lines.append(f"const unsigned wd_missing_count = {len(names)};\n")
        lines.append(
            "const char *const wd_missing_names[] = {" + ", ".join(f'"{name}"' for name in [*names, ""]) + "};\n"
        )
        for i, name in enumerate(names):
            lines.append(f'__asm__(".globl {name}\\n.hidden {name}\\n.set {name}, wd_missing_pages + {4096 * i}");\n')
        self.store.roots["missing"] = self._folder({"missing.c": "".join(lines)})
        flags = ["-std=gnu11", "-fPIC", "-fvisibility=hidden", "-fno-toplevel-reorder"]
        if self.toolchain.is_clang:
            flags.pop()
        return self.run("missing", [*flags, "-c"], "missing:missing.c", "object.o")

    def _symbols(self, path: Path) -> dict[str, set[str]]:
        known = self.known_symbols.get(path)
        if known is not None:
            return known
        done = subprocess.run(["nm", "-P", str(path)], capture_output=True, text=True, check=True)
        names: dict[str, set[str]] = {"defined": set(), "undefined": set()}
        for line in done.stdout.splitlines():
            name, kind = line.split()[:2]
            if kind == "U":
                names["undefined"].add(name)
            elif kind.isupper() or kind in "wv":
                names["undefined" if kind in "wv" else "defined"].add(name)
        self.known_symbols[path] = names
        return names

    def build(self, version: str) -> list[Path]:
        """Compiles all. @return the objects of a walker"""
        self.store.roots["offsets"] = self._folder(
            {"include/generated/bounds.h": "", "include/generated/rq-offsets.h": ""}
        )
        self.store.roots["probed"] = self._folder({"empty": ""})
        self.offsets()
        self.probe()
        tree_side, host_side = self.objects()
        for function in self.subject.needs_functions:
            if not any(function in self._symbols(path)["defined"] for path in tree_side):
                raise CannotBuild(f"the tree's sources do not define {function}(): {self.subject.missing}")
        objects = [*tree_side, *host_side, self.missing(tree_side, host_side)]
        self.store.roots["version"] = self._folder({"version.c": f'const char wd_build_version[] = "{version}";\n'})
        objects.append(self.run("version", [*HOST_FLAGS, "-c"], "version:version.c", "object.o"))
        return objects

    def library(self, objects: list[Path]) -> Path:
        # What notes the coverage is walkdiff's own program.
        defined = [] if self.cover else ["-Wl,-z,defs"]
        runtime = self.toolchain.sanitizer_runtime if self.is_sanitized_library else ""
        return self._link(objects, ["-shared", *defined, "-Wl,-Bsymbolic"], "walker.so", runtime)

    def program(self, objects: list[Path]) -> Path:
        """The walker as a program that answers cases on its standard input: host/runner.c."""
        jobs = [(source, ["-I{own}", "-I{own}/include", "-I{yyjson}"]) for source in RUNNER_SOURCES]
        jobs[0][1].extend(["-DWD_SANITIZE"] if self.toolchain.sanitize else [])
        self.store.roots["yyjson"] = self.store.roots["own"] / ".deps/yyjson"
        libraries = []
        if (self.store.roots["yyjson"] / "yyjson.c").is_file():
            jobs.append(("yyjson:yyjson.c", []))
        elif self.toolchain.is_foreign or not Path("/usr/include/yyjson.h").is_file():
            raise CannotBuild("a build that is a program of its own needs yyjson: use walkdiff's source tree, set up")
        else:
            libraries.append("-lyyjson")
        flags = [*HOST_FLAGS, "-D_GNU_SOURCE", *self.toolchain.sanitizers, "-c"]
        with ThreadPoolExecutor(2) as pool:
            made = pool.map(lambda job: self.run("runner", [*flags, *job[1]], job[0], "object.o"), jobs)
            objects = [*objects, *made]
        how = ["-static"] if self.toolchain.is_foreign else ["-rdynamic", "-pie"]
        return self._link(objects, [*how, *libraries], "walker")

    def _link(self, objects: list[Path], how: list[str], name: str, runtime: str = "") -> Path:
        self.store.roots["results"] = self.store.folder / "results"
        flags = [*how, "-Wl,--gc-sections", *self.toolchain.sanitizers]

        def link(made: Path) -> Iterable[str]:
            command = [self.toolchain.path, "-o", str(made / name), *map(str, objects), *flags]
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                lines = done.stderr.strip().splitlines()
                reason = next((line for line in lines if re.search("undefined|multiple|error", line)), lines[0])
                raise CannotBuild(f"the pieces do not fit together: {reason}")
            if runtime:  # for harness/subjects/preload.c
                (made / "preload").write_text(f"{runtime}\n")
            return [self.store.name_of(str(path)) for path in objects]

        key = ("link", name, *self.toolchain.identity, *flags, *(str(path.parent.name) for path in objects))
        return self.store.step(key, link) / name


def _dependencies(text: str) -> list[str]:
    """The prerequisites of a make rule."""
    _, _, files = text.replace("\\\n", " ").partition(": ")
    return [word.replace("\\ ", " ") for word in re.split(r"(?<!\\)\s+", files.strip()) if word]
