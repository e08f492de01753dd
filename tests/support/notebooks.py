"""Notebooks as their authors write them, and what a test says about them and their locks."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from jupyter_dep.model.lock.lockfile import Lock, lock_name
from jupyter_dep.operations.project.context import CommandContext

MINOR = f"{sys.version_info[0]}.{sys.version_info[1]}"
PINNED = f"=={MINOR}.*"


def block(*dependencies: str, toml: str = "", python: str = f">={MINOR}") -> str:
    """A notebook's declaration; `toml` follows the dependencies."""
    lines = [f'requires-python = "{python}"', f"dependencies = {json.dumps(list(dependencies))}", *toml.strip().splitlines()]
    return "\n".join(["# /// script", *(f"# {line}".rstrip() for line in lines), "# ///"])


def notebook(folder: Path, *dependencies: str, name: str = "nb", toml: str = "", python: str = f">={MINOR}") -> Path:
    """Write a notebook whose block declares these; `toml` follows the dependencies."""
    return raw_notebook(folder, [block(*dependencies, toml=toml, python=python), "print('hello')"], name=name)


def raw_notebook(folder: Path, sources: Sequence[str], *, name: str = "nb") -> Path:
    """Write a notebook of these cells; its name may be given without `.ipynb`."""
    path = folder / (name if name.endswith(".ipynb") else f"{name}.ipynb")
    folder.mkdir(parents=True, exist_ok=True)
    rewrite(path, *sources)
    return path


def rewrite(notebook: Path, *sources: str) -> None:
    """The author replaces all cells in an editor."""
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
    notebook.write_text(json.dumps(content, indent=1) + "\n", "utf-8")


def lock_path(notebook: Path) -> Path:
    return notebook.with_name(lock_name(notebook.stem))


def sent(notebook: Path, folder: Path, name: str | None = None) -> Path:
    """Copy a notebook and its lock to another folder, as a colleague gets them; returns the copied notebook."""
    folder.mkdir(parents=True, exist_ok=True)
    copied = folder / f"{name or notebook.stem}.ipynb"
    shutil.copy(lock_path(notebook), lock_path(copied))
    return Path(shutil.copy(notebook, copied))


def snapshot(folder: Path) -> dict[str, tuple[int, int, int, bytes]]:
    """Everything under a folder with mode, size, time of change and bytes: equal if nothing was written there."""
    found = {}
    for path in sorted([folder, *folder.rglob("*")]):
        status = path.lstat()
        data = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
        found[str(path.relative_to(folder))] = (status.st_mode, status.st_size, status.st_mtime_ns, data)
    return found


def command_context(command: str = "test", **changes: object) -> CommandContext:
    return replace(CommandContext(command=command), **changes)  # type: ignore[arg-type]


def versions(lock: Lock, *without: str) -> Mapping[str, str]:
    """The locked versions, without the kernel's packages and these."""
    left_out = {"ipykernel", "ipywidgets", *without}
    return {name: version for name, version in lock.versions().items() if name not in left_out}
