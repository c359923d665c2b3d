# SPDX-License-Identifier: GPL-2.0-only
"""The cache: results of steps, found by the content of all files that each step read.

A step is known by a key (its command, the compiler); each of its results has a manifest, which lists the files that it
was made from with their hashes. So a result is taken again if and only if these files have the same content, in
whatever tree they lie. Results are never changed: they are made in a folder of their own and renamed.
"""

import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

KEPT_MANIFESTS = 48  # of one step
KEPT_BYTES = 1 << 30
KEPT_SECONDS = 3600  # a result that was used within the hour is never removed


class Store:
    def __init__(self, folder: Path, roots: dict[str, Path]) -> None:
        """`roots`: names of the folders that inputs lie in, such as "tree"; more can be added later."""
        self.folder = folder
        self.roots = roots
        self.used: set[str] = set()  # inputs of all steps whose results were taken
        self._hashes: dict[str, str] = {}
        for name in ("steps", "results"):
            (folder / name).mkdir(parents=True, exist_ok=True)

    def path_of(self, name: str) -> Path:
        root, _, rest = name.partition(":")
        return self.roots[root] / rest

    def name_of(self, path: str) -> str:
        """`root:relative path`, the same wherever the tree lies."""
        for root, folder in self.roots.items():
            prefix = f"{folder}/"
            if path.startswith(prefix):
                return f"{root}:{os.path.normpath(path[len(prefix) :])}"
        return f"system:{path}"

    def hash_of(self, name: str) -> str:
        """Of a file's content, of the names in a folder (`root:folder/`), or "" of what is not there."""
        known = self._hashes.get(name)
        if known is None:
            known = self._hashes[name] = self._hash(name)
        return known

    def _hash(self, name: str) -> str:
        path = self.path_of(name) if not name.startswith("system:") else Path(name[len("system:") :])
        try:
            content = "\n".join(sorted(os.listdir(path))).encode() if name.endswith("/") else path.read_bytes()
        except OSError:
            return ""
        return hashlib.sha256(content).hexdigest()

    def find(self, key: Iterable[str]) -> Path | None:
        """The result of a step whose inputs are all as they were, or None."""
        for manifest in self._manifests(self._step_folder(key)):
            try:
                known = json.loads(manifest.read_text())
            except (OSError, ValueError):
                continue
            result = self.folder / "results" / known["result"]
            if all(self.hash_of(name) == value for name, value in known["inputs"].items()) and result.is_dir():
                now = time.time()
                os.utime(manifest, (now, now))
                os.utime(result, (now, now))
                self.used.update(known["inputs"])
                return result
        return None

    def step(self, key: Iterable[str], run: Callable[[Path], Iterable[str]]) -> Path:
        """The result of a step, run if need be: `run` makes it in a folder and tells the names of its inputs."""
        key = tuple(key)
        result = self.find(key)
        if result:
            return result
        with tempfile.TemporaryDirectory(dir=self.folder, prefix="new-") as scratch:
            made = Path(scratch) / "result"
            made.mkdir()
            inputs = {name: self.hash_of(name) for name in sorted(set(run(made)))}
            self.used.update(inputs)
            return self._keep(self._step_folder(key), made, inputs)

    def _step_folder(self, key: Iterable[str]) -> Path:
        return self.folder / "steps" / hashlib.sha256("\0".join(key).encode()).hexdigest()[:32]

    @staticmethod
    def _manifests(step: Path) -> list[Path]:
        return sorted(step.glob("*.json"), key=lambda path: -path.stat().st_mtime)

    def _keep(self, step: Path, made: Path, inputs: dict[str, str]) -> Path:
        text = json.dumps({"inputs": inputs})
        name = hashlib.sha256((step.name + text).encode()).hexdigest()[:32]
        result = self.folder / "results" / name
        try:
            os.rename(made, result)
        except OSError:
            if not result.is_dir():  # else somebody else was first
                raise
        step.mkdir(exist_ok=True)
        manifest = step / f"{name}.json"
        new = step / f"{name}.{os.getpid()}"
        new.write_text(json.dumps({"result": name, "inputs": inputs}))
        os.rename(new, manifest)
        for old in self._manifests(step)[KEPT_MANIFESTS:]:
            old.unlink(missing_ok=True)
        return result

    def tidy(self) -> None:
        """Removes what was not used for longest, and what an interrupted build left."""
        now = time.time()
        for left in self.folder.glob("new-*"):
            if now - left.stat().st_mtime > KEPT_SECONDS:
                shutil.rmtree(left, ignore_errors=True)
        used = sorted((self.folder / "results").iterdir(), key=lambda path: -path.stat().st_mtime)
        total = 0
        for result in used:
            total += sum(file.stat().st_size for file in result.rglob("*") if file.is_file())
            if total > KEPT_BYTES and now - result.stat().st_mtime > KEPT_SECONDS:
                shutil.rmtree(result, ignore_errors=True)
