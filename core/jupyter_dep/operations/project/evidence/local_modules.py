"""Which files of the user's own an import or a `%run` line loads, looked up as the notebook's kernel would."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.io.files import look
from jupyter_dep.model.notebook.code_runs import Script

_SETUP = ("pyproject.toml", "setup.py", "setup.cfg")
_HIGHEST = 8
"""Folders above a notebook in which its repository's root is looked for."""


@frozen_dataclass
class LocalFiles:
    """The files that are loaded; `package` is the folder whose project brings them, where no search path does."""

    files: tuple[Path, ...]
    package: Path | None = None


def find_module(dotted: str, search: Sequence[Path]) -> tuple[Path, ...]:
    """The files that importing a dotted name loads from the first folder that has its top module, () where none has it."""
    for folder in search:
        found = tuple(_files_of(dotted.split("."), folder))
        if found:
            return found
    return ()


def find_own_package(dotted: str, notebook_folder: Path) -> LocalFiles | None:
    """The files of a module that a project above the notebook brings once it is installed, as a repository's own package."""
    for folder in _above(notebook_folder):
        if not any(look.is_there(folder / name) for name in _SETUP):
            continue
        for root in (folder, folder / "src"):
            top = dotted.partition(".")[0]
            if look.is_there(root / top / "__init__.py") and (found := tuple(_files_of(dotted.split("."), root))):
                return LocalFiles(files=found, package=folder)
    return None


def find_script(script: Script, folder: Path, search: Sequence[Path]) -> tuple[Path, ...]:
    """The file that a line runs; a name without an ending is a `.py`, as for `%run`."""
    if script.module:
        return find_module(script.module, search) or find_module(f"{script.module}.__main__", search)
    path = look.joined_path(folder, script.path)
    for candidate in (path, path.with_name(path.name + ".py")):
        if look.is_there(candidate) and look.is_file(candidate):
            return (candidate,)
    return ()


def _above(folder: Path) -> Iterator[Path]:
    for _, parent in zip(range(_HIGHEST), (folder, *folder.parents), strict=False):
        yield parent
        if look.is_there(parent / ".git"):
            return


def _files_of(parts: Sequence[str], folder: Path) -> Iterator[Path]:
    """A package's `__init__.py` files and the module's own, as deep as they are there."""
    here = folder
    for part in parts:
        module, initial = here / f"{part}.py", here / part / "__init__.py"
        if look.is_there(initial):
            yield initial
        elif look.is_there(module):
            yield module
            return
        elif not look.is_there(here / part):
            return
        here = here / part
