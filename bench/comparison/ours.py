"""Ours in the race: a notebook's project and a folder's."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.resource_usage import Spent, spend
from bench.sandbox import LOCK, NOTEBOOK
from jupyter_dep.model.declaration import script_block
from jupyter_dep.model.notebook.notebook import blank

from .side import Side, Start, digest


class Ours(Side):
    """What both kinds share: one store, in which an environment is found by what is in it."""

    target: tuple[str, ...] = ()
    lock_name: str

    def _do(self, verb: str, folder: Path, *words: str, codes: tuple[int, ...] = (0,)) -> Spent:
        return self.peer_sandbox.ours(verb, *self.target, *words, cwd=folder, codes=codes)

    def lock(self, folder: Path) -> Spent:
        return self._do("lock", folder)

    def add(self, folder: Path, name: str) -> Spent:
        return self._do("add", folder, name)

    def remove(self, folder: Path, name: str) -> Spent:
        return self._do("remove", folder, name)

    def upgrade(self, folder: Path, name: str) -> Spent:
        return self._do("update", folder, name)

    def check(self, folder: Path) -> Spent:
        return self._do("lock", folder, "--check")

    def site(self, folder: Path) -> Path:
        sealed = self.peer_sandbox.sandbox.services().store.sealed(self.key(folder))
        if sealed is None:
            raise RuntimeError(f"`{self.name}` has no sealed environment")
        return Path(sealed.site)

    def key(self, folder: Path) -> str:
        """The key of the environment that the folder's project is locked to."""
        told = folder / "status.json"
        spend(
            [self.peer_sandbox.sandbox.program("jupyter-dep"), "status", *self.target, "--json"],
            folder,
            self.peer_sandbox.sandbox.environ,
            told=told,
        )
        key = str(json.loads(told.read_bytes())["results"][0]["environment"]["key"])
        told.unlink()
        return key

    @contextmanager
    def turn(self, start: Start) -> Iterator[Path]:
        """Inside, the store has this project's environment and no other: what a command ends with is built, not found."""
        with self._only(digest(start.folder / self.lock_name), self.key(start.folder)):
            try:
                yield start.folder
            finally:
                start.write()

    @contextmanager
    def alone(self, start: Start) -> Iterator[Path]:
        with super().alone(start) as folder, self._only("-", "-"):
            yield folder

    @contextmanager
    def _only(self, lock: str, key: str) -> Iterator[None]:
        """Put out of sight all that is sealed and known but one environment and one lock; what is new goes in the end."""
        paths = self.peer_sandbox.sandbox.services().paths
        folders = (paths.store / "k", paths.lock_cache)
        before = [file for folder in folders for file in folder.rglob("*json") if file.is_file()]
        kept = {file for file in before if file.name.startswith((lock, key))}
        hidden = [file for file in before if file not in kept]
        for file in hidden:
            file.rename(file.with_name(f"{file.name}.hidden"))
        try:
            yield
        finally:
            for folder in folders:
                for file in folder.rglob("*json"):
                    if file.is_file() and file not in kept:
                        file.unlink()
            for file in hidden:
                file.with_name(f"{file.name}.hidden").replace(file)

    @property
    def room(self) -> list[Path]:
        return [Path(self.peer_sandbox.sandbox.environ["JUPYTER_DEP_HOME"])]


class Notebook(Ours):
    name = "jupyter-dep"
    files = (NOTEBOOK, LOCK)
    target = (NOTEBOOK,)
    lock_name = LOCK

    def declare(self, folder: Path, declared: Sequence[str]) -> None:
        block = script_block.new([*declared], f">={self.peer_sandbox.minor}")
        (folder / NOTEBOOK).write_bytes(blank(block, "dep", "Python (dep)"))

    def build(self, folder: Path) -> Spent:
        return self._do("sync", folder)


class Folder(Ours):
    name = "jupyter-dep, folder"
    files = ("pyproject.toml", "pylock.toml")
    lock_name = "pylock.toml"

    def declare(self, folder: Path, declared: Sequence[str]) -> None:
        (folder / "pyproject.toml").write_text(self.peer_sandbox.our_declaration(*declared), encoding="utf-8")

    def build(self, folder: Path) -> Spent:
        return self._do("install", folder)

    def first(self, folder: Path) -> Spent:
        return self.build(folder)  # it makes the lock that is not there
