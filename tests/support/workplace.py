"""A user's desk: a folder of notebooks, a home of its own, and the services that a command of this user would have."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import pytest

from jupyter_dep.base.engine_port import Engine
from jupyter_dep.io.python.interpreters import Interpreters
from jupyter_dep.model.declaration import script_block
from jupyter_dep.model.lock import lockfile
from jupyter_dep.model.lock.lockfile import Lock
from jupyter_dep.model.notebook.notebook import blank
from jupyter_dep.operations.project.context import CommandContext
from jupyter_dep.services import Services

MINOR = f"{sys.version_info[0]}.{sys.version_info[1]}"
PYTHONS = "pythons.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """`folder` holds the notebooks, `home` everything that is remembered, `index` is the user's package index."""

    folder: Path
    home: Path
    index: str

    @classmethod
    def at(cls, root: Path, index: str, *, home: str = "home") -> Desk:
        desk = cls(folder=root / "work", home=root / home, index=index)
        desk.folder.mkdir(parents=True, exist_ok=True)
        state = desk.home / "state"
        state.mkdir(parents=True)
        (state / PYTHONS).write_bytes(_searched_once())
        return desk

    @property
    def environ(self) -> dict[str, str]:
        """All that a command of this user sees: nothing of who runs the tests."""
        kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "TEMP", "TMPDIR") if name in os.environ}
        return kept | {"HOME": str(self.home), "JUPYTER_DEP_HOME": str(self.home), "UV_DEFAULT_INDEX": self.index}

    def services(self, engine: Engine | None = None, **environ: str) -> Services:
        """Fresh services, as each command makes them; with `engine` they never start the real one."""
        everything = {**self.environ, **environ}
        if engine is None:
            return Services.of_user(everything)
        return Services.of_user(everything, engine_factory=lambda _: engine)

    def notebook(self, name: str = "n.ipynb", *requirements: str, tables: str = "") -> Path:
        """A notebook that declares these for the running minor; `tables` is TOML that follows."""
        path = self.folder / name
        path.write_bytes(blank(block(*requirements, tables=tables), "dep", "Python (dep)"))
        return path

    def lock_path(self, notebook: Path) -> Path:
        return notebook.with_name(lockfile.lock_name(notebook.stem))

    def lock(self, notebook: Path) -> Lock:
        return lockfile.read(self.lock_path(notebook).read_bytes(), context={})

    def listing(self) -> dict[str, bytes]:
        """Every file in the folder: what must be as it was."""
        return {path.name: path.read_bytes() for path in sorted(self.folder.iterdir()) if path.is_file()}


def block(*requirements: str, tables: str = "", python: str = f">={MINOR}") -> str:
    text = script_block.new(list(requirements), python)
    if not tables:
        return text
    head, _, _ = text.rpartition("\n# ///")
    return "\n".join([head, "#", *(f"# {line}".rstrip() for line in tables.strip().splitlines()), "# ///"])


def rewritten(notebook: Path, text: str) -> None:
    """The author replaces the block by hand in an editor."""
    notebook.write_bytes(blank(text, "dep", "Python (dep)"))


def asking(command: str = "test", **changes: object) -> CommandContext:
    return replace(CommandContext(command=command), **changes)  # type: ignore[arg-type]


def versions(lock: Lock, *without: str) -> Mapping[str, str]:
    left_out = {"ipykernel", "ipywidgets", *without}
    return {name: version for name, version in lock.versions().items() if name not in left_out}


def other_python() -> tuple[str, bytes]:
    """Another minor of this machine, and all that is known of its Pythons; skips where there is none."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / PYTHONS
        found = Interpreters(file, environ=dict(os.environ)).all()
        others = [one.minor for one in found if one.minor != MINOR and one.plain and one.minor in ("3.10", "3.12", "3.13")]
        if not others:
            pytest.skip(f"no Python but {MINOR} on this machine")
        return others[0], file.read_bytes()


@cache
def _searched_once() -> bytes:
    """The search starts every Python of the machine; its answer is the same for each test."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / PYTHONS
        Interpreters(file, environ={"HOME": folder, "PATH": os.environ.get("PATH", "")}).all()
        return file.read_bytes()
