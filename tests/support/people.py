"""People who share notebooks: each with a home, a package index and a command line of their own."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from jupyter_dep.model.lock.lockfile import lock_name
from jupyter_dep.operations.edit import relock
from jupyter_dep.operations.project.context import CommandContext
from jupyter_dep.services import Services

CLI = (sys.executable, "-P", "-c", "import sys; from jupyter_dep_cli.main import main; sys.exit(main())")
"""What the installed `jupyter-dep` does, without asking where its script lies."""


SECONDS = 60
"""More than any single command needs; a hostile file that keeps one busy makes its test fail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """One call of the command line."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        return self.out + self.err

    @property
    def entry(self) -> dict[str, Any]:
        """The first result of `--json`."""
        found: dict[str, Any] = json.loads(self.out)["results"][0]
        return found

    @property
    def error(self) -> dict[str, Any]:
        found: dict[str, Any] = self.entry["error"]
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody with a home of their own, who has configured one package index."""

    home: Path
    index_url: str
    settings: Mapping[str, str] = field(default_factory=dict)

    def environ(self, **more: str) -> dict[str, str]:
        kept = {
            name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "TMPDIR", "TEMP", "TMP", "LANG") if name in os.environ
        }
        mine = {
            "HOME": str(self.home),
            "USERPROFILE": str(self.home),
            "JUPYTER_DEP_HOME": str(self.home / "dep"),
            "UV_DEFAULT_INDEX": self.index_url,
        }
        return {name: text for name, text in {**kept, **mine, **self.settings, **more}.items() if text}

    def services(self, **more: str) -> Services:
        return Services.of_user(self.environ(**more))

    def cli(self, *arguments: object, cwd: Path, **more: str) -> Ran:
        """The command line in a process of its own, from the working folder `cwd`."""
        done = subprocess.run(
            [*CLI, *map(str, arguments)],
            cwd=cwd,
            env=self.environ(**more),
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Ran(code=done.returncode, out=done.stdout, err=done.stderr)

    def here(self, *arguments: object, cwd: Path, **more: str) -> Ran:
        """The same in this process: a tenth of the time, for tests that are not about the process itself."""
        from jupyter_dep_cli.main import main

        before, folder = dict(os.environ), Path.cwd()
        out, err = io.StringIO(), io.StringIO()
        try:
            os.environ.clear()
            os.environ.update(self.environ(PATH=before.get("PATH", ""), **more))
            os.chdir(cwd)
            with redirect_stdout(out), redirect_stderr(err):
                code = main([str(argument) for argument in arguments])
        finally:
            os.chdir(folder)
            os.environ.clear()
            os.environ.update(before)
        return Ran(code=code, out=out.getvalue(), err=err.getvalue())

    @property
    def consent_file(self) -> Path:
        return self.home / "dep" / "state" / "consent.json"

    def lock(self, notebook: Path, **more: str) -> Path:
        """Lock a notebook as its author does, without building its environment; returns the lock."""
        relock.relock(notebook, self.services(**more), CommandContext(command="lock", sync=False))
        return notebook.with_name(lock_name(notebook.stem))


def person(home: Path, index_url: str, **settings: str) -> Person:
    """Somebody whose machine has been searched for Pythons already: that is the same for everybody here."""
    home.mkdir(parents=True, exist_ok=True)
    found = Person(home=home, index_url=index_url, settings=settings)
    memory = home / "dep" / "state" / "pythons.json"
    if not memory.exists():
        memory.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        memory.write_bytes(_known_pythons(os.environ.get("PATH", "")))
    return found


@cache
def _known_pythons(path: str) -> bytes:
    with TemporaryDirectory() as folder:
        somebody = Person(home=Path(folder), index_url="", settings={"PATH": path})
        somebody.services().interpreters.all()
        return (Path(folder) / "dep" / "state" / "pythons.json").read_bytes()


def notebook(folder: Path, *dependencies: str, name: str = "nb", toml: str = "", python: str | None = None) -> Path:
    """Write a notebook whose block declares these; `toml` follows the dependencies."""
    minor = python or f">={sys.version_info[0]}.{sys.version_info[1]}"
    lines = [f'requires-python = "{minor}"', f"dependencies = {json.dumps(list(dependencies))}", *toml.splitlines()]
    block = "\n".join(["# /// script", *(f"# {line}" if line else "#" for line in lines), "# ///"])
    return raw_notebook(folder, [block, "print('hello')"], name=name)


def raw_notebook(folder: Path, sources: Sequence[str], *, name: str = "nb") -> Path:
    cells: list[dict[str, object]] = [
        {"cell_type": "code", "execution_count": None, "id": f"c{at}", "metadata": {}, "outputs": [], "source": source}
        for at, source in enumerate(sources)
    ]
    content = {
        "cells": cells,
        "metadata": {"kernelspec": {"name": "dep", "display_name": "Python (dep)", "language": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.ipynb"
    path.write_text(json.dumps(content, indent=1) + "\n", "utf-8")
    return path


def sent(notebook_: Path, folder: Path, name: str | None = None) -> Path:
    """Copy a notebook and its lock to another folder, as a colleague gets them; returns the copied notebook."""
    folder.mkdir(parents=True, exist_ok=True)
    stem = name or notebook_.stem
    lock = notebook_.with_name(lock_name(notebook_.stem))
    shutil.copy(lock, folder / lock_name(stem))
    return Path(shutil.copy(notebook_, folder / f"{stem}.ipynb"))


def snapshot(folder: Path) -> dict[str, tuple[int, int, int, bytes]]:
    """Everything under a folder with mode, size, time of change and bytes: equal if nobody wrote there."""
    found = {}
    for path in sorted([folder, *folder.rglob("*")]):
        status = path.lstat()
        data = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
        found[str(path.relative_to(folder))] = (status.st_mode, status.st_size, status.st_mtime_ns, data)
    return found
