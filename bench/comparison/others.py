"""The peers in the race: uv, Poetry, juv, and pip with venv, each by the commands that its users type."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.resource_usage import Spent, spend
from bench.sandbox import NOTEBOOK
from bench.wheelhouse import KERNEL

from .side import Side, nothing


class Uv(Side):
    name = "uv"
    files = ("pyproject.toml", "uv.lock")

    def _do(self, *words: str, folder: Path) -> Spent:
        return self.peer_sandbox.run("uv", *words, "--python", self.peer_sandbox.python, cwd=folder)

    def declare(self, folder: Path, declared: Sequence[str]) -> None:
        (folder / "pyproject.toml").write_text(self.peer_sandbox.declaration(*declared), encoding="utf-8")

    def lock(self, folder: Path) -> Spent:
        return self._do("lock", folder=folder)

    def build(self, folder: Path) -> Spent:
        return self._do("sync", folder=folder)

    def first(self, folder: Path) -> Spent:
        return self.build(folder)

    def add(self, folder: Path, name: str) -> Spent:
        return self._do("add", name, folder=folder)

    def remove(self, folder: Path, name: str) -> Spent:
        return self._do("remove", name, folder=folder)

    def upgrade(self, folder: Path, name: str) -> Spent:
        return self._do("sync", "--upgrade-package", name, folder=folder)

    def check(self, folder: Path) -> Spent:
        return self._do("lock", "--check", folder=folder)


class Poetry(Side):
    name = "poetry"
    files = ("pyproject.toml", "poetry.lock")

    def _do(self, *words: str, folder: Path) -> Spent:
        return self.peer_sandbox.run("poetry", *words, cwd=folder)

    def declare(self, folder: Path, declared: Sequence[str]) -> None:
        (folder / "pyproject.toml").write_text(self.peer_sandbox.declaration(*declared, poetry=True), encoding="utf-8")

    def lock(self, folder: Path) -> Spent:
        return self._do("lock", folder=folder)

    def build(self, folder: Path) -> Spent:
        return self._do("install", folder=folder)

    def reset(self, folder: Path) -> None:
        self._do("sync", folder=folder)

    def add(self, folder: Path, name: str) -> Spent:
        return self._do("add", name, folder=folder)

    def remove(self, folder: Path, name: str) -> Spent:
        return self._do("remove", name, folder=folder)

    def upgrade(self, folder: Path, name: str) -> Spent:
        return self._do("update", name, folder=folder)

    def check(self, folder: Path) -> Spent:
        return self._do("check", "--lock", folder=folder)


class Juv(Side):
    """Its lock lies in the notebook; the environment is `.venv` beside it."""

    name = "juv"
    files = (NOTEBOOK,)

    def _do(self, *words: str, folder: Path) -> Spent:
        return self.peer_sandbox.run("juv", *words, cwd=folder)

    def declare(self, folder: Path, declared: Sequence[str]) -> None:
        path = folder / NOTEBOOK
        if not path.exists():
            self._do("init", "--python", self.peer_sandbox.python, NOTEBOOK, folder=folder)
        names = ", ".join(f'\\"{name}\\"' for name in (*KERNEL, *declared))
        text, count = re.subn(
            r"# dependencies = \[.*?\]", lambda _: f"# dependencies = [{names}]", path.read_text(encoding="utf-8"), count=1
        )
        if not count:
            raise RuntimeError("the notebook that juv made has no dependencies in its block")
        path.write_text(text, encoding="utf-8")

    def lock(self, folder: Path) -> Spent:
        return self._do("lock", NOTEBOOK, folder=folder)

    def build(self, folder: Path) -> Spent:
        return self._do("sync", "--python", self.peer_sandbox.python, "--no-kernel", NOTEBOOK, folder=folder)

    def add(self, folder: Path, name: str) -> Spent:
        return self._do("add", NOTEBOOK, name, folder=folder) + self.build(folder)

    def remove(self, folder: Path, name: str) -> Spent:
        return self._do("remove", NOTEBOOK, name, folder=folder) + self.build(folder)

    def upgrade(self, folder: Path, name: str) -> Spent:
        return self.lock(folder) + self.build(folder)  # it has no command for one package: all move

    def check(self, folder: Path) -> Spent:
        return nothing("`juv` has no command that compares a lock with its declaration")


class Pip(Side):
    """A virtualenv by `python -m venv`; the lock is a requirements file with hashes, as `uv export` or pip-tools make it."""

    name = "pip + venv"
    files = ("requirements.in", "requirements.txt")
    locks = False

    def _python(self, folder: Path) -> Path:
        return folder / ".venv" / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")

    def _pip(self, *words: str, folder: Path) -> Spent:
        return spend([self._python(folder), "-m", "pip", *words, "--quiet"], folder, self.peer_sandbox.environ("pip"))

    def _venv(self, folder: Path) -> Spent:
        if self._python(folder).exists():
            return Spent(seconds=0, cpu=0, peak=0)
        return spend([self.peer_sandbox.python, "-m", "venv", ".venv"], folder, self.peer_sandbox.environ("pip"))

    def declare(self, folder: Path, declared: Sequence[str]) -> None:
        (folder / "requirements.in").write_text("\n".join([*KERNEL, *declared]) + "\n", encoding="utf-8")
        (folder / "requirements.txt").touch()

    def lock(self, folder: Path) -> Spent:
        """By the engine, untold: pip itself has no lock that it could keep up to date."""
        words = ["pip", "compile", "--quiet", "--generate-hashes", "requirements.in", "-o", "requirements.txt"]
        self.peer_sandbox.run("uv", *words, "--python", self.peer_sandbox.python, cwd=folder)
        return Spent(seconds=0, cpu=0, peak=0)

    def build(self, folder: Path) -> Spent:
        locked = ["install", "--require-hashes", "--no-deps", "--requirement", "requirements.txt"]
        return self._venv(folder) + self._pip(*locked, folder=folder)

    def first(self, folder: Path) -> Spent:
        return self._venv(folder) + self._pip("install", "--requirement", "requirements.in", folder=folder)

    def reset(self, folder: Path) -> None:
        """An exact environment again, which pip has no command for; the engine has one, and takes pip out with the rest."""
        words = ["pip", "sync", "--quiet", "requirements.txt", "--allow-empty-requirements"]
        self.peer_sandbox.run("uv", *words, "--python", self._python(folder), cwd=folder)
        spend([self._python(folder), "-m", "ensurepip", "--default-pip"], folder, self.peer_sandbox.environ("pip"))

    def add(self, folder: Path, name: str) -> Spent:
        return self._pip("install", name, folder=folder)

    def remove(self, folder: Path, name: str) -> Spent:
        return self._pip("uninstall", "--yes", name, folder=folder)

    def upgrade(self, folder: Path, name: str) -> Spent:
        return self._pip("install", "--upgrade", name, folder=folder)

    def check(self, folder: Path) -> Spent:
        return nothing("`pip` has no lock to compare with a declaration")
