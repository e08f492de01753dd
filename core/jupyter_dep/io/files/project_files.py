"""Find the notebooks and Python files of a folder's project, without following links out of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.io.system.os_errors import explain_os_error
from jupyter_dep.model.manifest.manifest import is_project

from . import read_write
from .manifest_paths import MANIFEST

_SKIPPED = frozenset({"node_modules", "build", "dist", "__pycache__", "site-packages"})
_MODULE_ENDS = (".py", ".pyi", ".pyx", ".so", ".pyd")


@frozen_dataclass
class ProjectFiles:
    """The files below `root`, as sorted relative paths with `/`.

    `nested` are folders that are projects of their own, which are not entered; `unread` those that could not be.
    """

    root: Path
    notebooks: tuple[str, ...]
    modules: tuple[str, ...]
    nested: tuple[str, ...]
    unread: tuple[DepError, ...]
    packages: frozenset[str]
    """Names of the top-level packages, wherever they lie."""
    stems: frozenset[str]
    """Names of all Python files."""
    _beside: dict[str, frozenset[str]] = field(repr=False)

    def is_own(self, module: str, file: str) -> bool:
        """Whether an import in a file finds something of the folder: a package of it, or what lies beside or above the file."""
        top = module.partition(".")[0]
        if top in self.packages:
            return True
        return any(top in self._beside.get(folder, frozenset()) for folder in _above(file))


def _above(file: str) -> Iterator[str]:
    folder = file
    while folder:
        folder = folder.rpartition("/")[0]
        yield folder
        yield f"{folder}/src" if folder else "src"


def find_project_files(root: Path) -> ProjectFiles:
    """Walk a folder; hidden folders, environments, build results and npm's packages are left out."""
    walk = _Walk(base=os.path.realpath(root))
    while walk.waiting:
        walk.enter(walk.waiting.pop())
    packages = {
        folder.rpartition("/")[2] for folder in walk.with_init if folder and folder.rpartition("/")[0] not in walk.with_init
    }
    return ProjectFiles(
        root=root,
        notebooks=tuple(sorted(walk.notebooks)),
        modules=tuple(sorted(walk.modules)),
        nested=tuple(sorted(walk.nested)),
        unread=tuple(walk.unread),
        packages=frozenset(packages),
        stems=frozenset(path.rpartition("/")[2].removesuffix(".py") for path in walk.modules),
        _beside={folder: frozenset(found) for folder, found in walk.beside.items()},
    )


@dataclass(slots=True)
class _Walk:
    """What a walk through the real folder `base` has found, and the folders that are `waiting`."""

    base: str
    waiting: list[str] = field(default_factory=lambda: [""])
    notebooks: list[str] = field(default_factory=list)
    modules: list[str] = field(default_factory=list)
    nested: list[str] = field(default_factory=list)
    unread: list[DepError] = field(default_factory=list)
    with_init: set[str] = field(default_factory=set)
    beside: dict[str, set[str]] = field(default_factory=dict)

    def enter(self, folder: str) -> None:
        """Read one folder."""
        try:
            with os.scandir(os.path.join(self.base, folder)) as listed:
                entries = sorted(listed, key=lambda entry: entry.name)
        except OSError as error:
            self.unread.append(explain_os_error(error, Path(folder or "."), "reading"))
            return
        names = {entry.name for entry in entries}
        if folder and "pyvenv.cfg" in names:
            return
        if folder and MANIFEST in names and _is_nested(Path(self.base, folder, MANIFEST)):
            self.nested.append(folder)
            return
        if "__init__.py" in names or "__init__.pyi" in names:
            self.with_init.add(folder)
        for entry in entries:
            path = f"{folder}/{entry.name}" if folder else entry.name
            if entry.is_dir(follow_symlinks=False):
                if not entry.name.startswith(".") and entry.name not in _SKIPPED and not entry.name.endswith(".egg-info"):
                    self.waiting.append(path)
            elif entry.name.endswith((".ipynb", *_MODULE_ENDS)) and _is_inside(entry, self.base):
                self._add_file(path)

    def _add_file(self, path: str) -> None:
        if path.endswith(".ipynb"):
            self.notebooks.append(path)
            return
        if path.endswith(".py"):
            self.modules.append(path)
        folder, _, name = path.rpartition("/")
        _add_module(self.beside, folder, name.partition(".")[0])


def files_beside(notebook: Path) -> ProjectFiles:
    """Find what a notebook without a folder project can import: modules beside it, and folders there that hold modules."""
    folder = notebook.parent
    found: set[str] = set()
    stems: set[str] = set()
    for name in read_write.list_readable(folder):
        if name.endswith(_MODULE_ENDS):
            found.add(name.partition(".")[0])
            stems.add(name.partition(".")[0])
        elif "." not in name and name not in _SKIPPED and _holds_modules(folder / name):
            found.add(name)
    return ProjectFiles(
        root=folder,
        notebooks=(notebook.name,),
        modules=(),
        nested=(),
        unread=(),
        packages=frozenset(),
        stems=frozenset(stems),
        _beside={"": frozenset(found)},
    )


def _holds_modules(folder: Path) -> bool:
    return any(name.endswith(_MODULE_ENDS) for name in read_write.list_readable(folder))


def _add_module(beside: dict[str, set[str]], folder: str, stem: str) -> None:
    """A module lies in its folder, and each folder above is a namespace package to those beside it."""
    beside.setdefault(folder, set()).add(stem)
    while folder:
        outer, _, name = folder.rpartition("/")
        seen = beside.setdefault(outer, set())
        if name in seen:
            return
        seen.add(name)
        folder = outer


def _is_nested(manifest: Path) -> bool:
    try:
        return is_project((read_write.read_if_there(manifest, limit=1 << 20) or b"").decode("utf-8", "replace"))
    except DepError:
        return False


def _is_inside(entry: os.DirEntry[str], base: str) -> bool:
    """Whether a file is one of the folder: a link out of it is a stranger's way to have other files read."""
    if not entry.is_symlink():
        return entry.is_file(follow_symlinks=False)
    real = os.path.realpath(entry.path)
    return os.path.isfile(real) and os.path.commonpath([real, base]) == base
