"""Read what a notebook imports and installs, through the files of the user's own that it loads."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from importlib.util import decode_source
from pathlib import Path

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.io.files import look, read_write
from jupyter_dep.model.notebook import code_imports, code_runs
from jupyter_dep.model.notebook.notebook import Notebook
from jupyter_dep.model.notebook.standard_modules import is_standard

from .local_modules import find_module, find_own_package, find_script

_FILE_LIMIT = 4 << 20
_MOST_FILES = 500
_Place = Callable[[int], str]
"""The place of a line: a cell has one for all of its lines."""


@frozen_dataclass
class FoundImport:
    """A module that comes from no file of the user's own, and where it is imported: `cell 3`, `helpers.py line 4`.

    `optional`: each place goes on without it.
    """

    module: str
    places: tuple[str, ...]
    optional: bool = False


@frozen_dataclass
class Evidence:
    """What a notebook needs by its own code.

    `installs` are the requirements of its install lines with their places, `files` the user's own files that were read,
    relative to the notebook, `packages` the folders of projects above it whose modules it imports, `unread` what was no text.
    """

    imports: tuple[FoundImport, ...]
    installs: tuple[tuple[str, str], ...] = ()
    files: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()


def gather(notebook: Notebook, path: Path) -> Evidence:
    """Read a notebook that lies at `path`, and the files of the user's own that it imports and runs. Nothing is run."""
    walk = _Walk(folder=look.real_path(path).parent)
    cells = [(f"cell {cell.index + 1}", cell.source) for cell in notebook.code_cells]
    walk.search = [walk.folder, *(look.joined_path(walk.folder, one) for _, text in cells for one in _additions(text))]
    for place, source in cells:
        walk.read_cell(place, source)
    walk.follow()
    return walk.evidence([source for _, source in cells], cells)


def _additions(source: str) -> tuple[str, ...]:
    return code_runs.path_additions(source)


def _line_of(name: str, line: int) -> str:
    return f"{name} line {line}" if line else name


@dataclass(slots=True, kw_only=True)
class _Walk:
    """The state of one reading: what was found, and the files that wait to be read."""

    folder: Path
    search: list[Path] = field(default_factory=list)
    found: dict[str, dict[str, bool]] = field(default_factory=dict)
    waiting: list[Path] = field(default_factory=list)
    read: dict[Path, None] = field(default_factory=dict)
    packages: dict[str, None] = field(default_factory=dict)
    unread: dict[str, None] = field(default_factory=dict)

    def read_cell(self, place: str, source: str) -> None:
        self._read_source(source, self.folder, lambda _: place)
        for module in code_imports.loaded_by_magics(source):
            self._resolve(module, place, optional=False)

    def follow(self) -> None:
        """Read the files that wait, and those that they load."""
        while self.waiting and len(self.read) < _MOST_FILES:
            path = self.waiting.pop(0)
            if path in self.read:
                continue
            self.read[path] = None
            name = look.relative_path(path, self.folder)
            for source in self._sources(path, name):
                self.search += [
                    folder for one in _additions(source) if (folder := look.joined_path(self.folder, one)) not in self.search
                ]
                self._read_source(source, path.parent, partial(_line_of, name))

    def _sources(self, path: Path, name: str) -> Iterable[str]:
        try:
            data = read_write.read_if_there(path, limit=_FILE_LIMIT)
            if data is None:
                return ()
            if path.suffix == ".ipynb":
                return [cell.source for cell in Notebook.parse(data, context={"file": name}).code_cells]
            return [decode_source(data)]
        except (DepError, SyntaxError, UnicodeDecodeError):
            self.unread[name] = None
            return ()

    def _read_source(self, source: str, folder: Path, place: _Place) -> None:
        own: set[str] = set()
        for level, dotted in code_runs.import_targets(source):
            files = self._own_files(level, dotted, folder)
            if files:
                own.add(dotted.partition(".")[0])
                self.waiting += files
        for found in code_imports.imports_of(source):
            if found.module.partition(".")[0] not in own:
                self._resolve(found.module, place(found.line), optional=found.optional)
        for module in code_runs.dynamic_imports(source):
            self._resolve(module, place(0), optional=False)
        for script in code_runs.run_scripts(source):
            files = find_script(script, self.folder, self.search)
            self.waiting += files
            if script.module and not files:
                self._resolve(script.module, place(0), optional=False)

    def _own_files(self, level: int, dotted: str, folder: Path) -> tuple[Path, ...]:
        if level:
            base = folder
            for _ in range(level - 1):
                base = base.parent
            return find_module(dotted, [base]) if dotted else ()
        return find_module(dotted, [*self.search, folder])

    def _resolve(self, module: str, place: str, *, optional: bool) -> None:
        """Note a module, or the files of the user's own that bring it."""
        if is_standard(module):
            return
        if files := find_module(module, self.search):
            self.waiting += files
        elif (own := find_own_package(module, self.folder)) is not None and own.package is not None:
            self.packages[look.relative_path(own.package, self.folder)] = None
            self.search.append(own.files[0].parent.parent)
            self.waiting += own.files
        else:
            self.found.setdefault(module, {}).setdefault(place, optional)

    def evidence(self, sources: list[str], cells: list[tuple[str, str]]) -> Evidence:
        installs = dict.fromkeys(code_imports.installed_by_lines(sources), "")
        for place, source in cells:
            for text in code_imports.installed_by_lines([source]):
                installs[text] = installs.get(text) or place
        return Evidence(
            imports=tuple(
                FoundImport(module=module, places=tuple(places), optional=all(places.values()))
                for module, places in self.found.items()
            ),
            installs=tuple((text, place) for text, place in installs.items() if place),
            files=tuple(look.relative_path(path, self.folder) for path in self.read),
            packages=tuple(self.packages),
            unread=tuple(self.unread),
        )
