"""Which cells import which packages, what is declared for nothing, and what is imported from nowhere.

What a package brings is read off its environment where that is built, and guessed from the module's name where it is not.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from packaging.utils import canonicalize_name

from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.io.files.read_write import list_readable
from jupyter_dep.messages.web import Missing
from jupyter_dep.model.notebook.code_imports import imported_modules
from jupyter_dep.model.notebook.notebook import Notebook
from jupyter_dep.model.packages.import_map import distribution_for

Modules = Mapping[str, frozenset[str]]
"""Top-level module to the normalised names of the distributions that bring it."""


@frozen_dataclass
class ImportUsage:
    """`cells`: 0-based places, among all cells of the notebook, of those that import a package, by its name.

    `complete`: every import could be told where it comes from, so that a package in no cell is really unused.
    """

    cells: Mapping[str, tuple[int, ...]]
    missing: tuple[Missing, ...]
    complete: bool


def import_usage(notebook: Notebook, folder: Path, locked: Mapping[str, str], site: str | None) -> ImportUsage:
    """What a notebook imports, against what is locked (names to versions). `folder` is the notebook's: its own modules
    are nobody's package. `site` is the site-packages folder of the sealed environment, None where it is not built."""
    sources = tuple(cell.source for cell in notebook.code_cells)
    places = tuple(cell.index for cell in notebook.code_cells)
    brought = provided(site) if site else None
    own = _own_modules(folder)
    cells: dict[str, set[int]] = {}
    missing: dict[tuple[str, str], set[int]] = {}
    complete = True
    for module, found in _imports(sources):
        top = module.partition(".")[0]
        if top in own:
            continue
        where = {places[place] for place in found}
        match = distribution_for(module)
        names = _bringing(module, match.distribution, locked, brought)
        for name in names:
            cells.setdefault(name, set()).update(where)
        if names or (brought is not None and top in brought):
            continue
        if match.certain or brought is not None or not locked:
            missing.setdefault((top, match.distribution if match.certain else ""), set()).update(where)
        else:
            complete = False  # some package of another name may bring it
    return ImportUsage(
        cells={name: tuple(sorted(where)) for name, where in cells.items()},
        missing=tuple(
            Missing(module=module, name=name, cells=tuple(sorted(where))) for (module, name), where in missing.items()
        ),
        complete=complete,
    )


def _bringing(module: str, guess: str, locked: Mapping[str, str], brought: Modules | None) -> frozenset[str]:
    """The locked packages that an import uses. Of several that share a namespace (`google`) the name decides."""
    if brought is not None:
        names = brought.get(module.partition(".")[0], frozenset()) & locked.keys()
        return frozenset({guess}) if guess in names else names
    return frozenset({guess}) & locked.keys()


def _own_modules(folder: Path) -> frozenset[str]:
    """Modules that lie beside the notebook."""
    found = set()
    for name in list_readable(folder):
        stem, suffix = os.path.splitext(name)
        if suffix == ".py":
            found.add(stem)
        elif not suffix and (folder / name).is_dir():
            found.add(name)
    return frozenset(found)


@lru_cache(maxsize=64)
def _imports(sources: tuple[str, ...]) -> tuple[tuple[str, tuple[int, ...]], ...]:
    return tuple(imported_modules(sources).items())


@lru_cache(maxsize=32)
def provided(site: str) -> Modules:
    """What the distributions of a sealed site-packages folder bring; it never changes, so it is read once."""
    found: dict[str, set[str]] = {}
    for record in Path(site).glob("*.dist-info/RECORD"):
        name = str(canonicalize_name(record.parent.name.partition("-")[0]))
        for module in _tops(record.read_text("utf-8", "replace")):
            found.setdefault(module, set()).add(name)
    return {module: frozenset(names) for module, names in found.items()}


def _tops(record: str) -> set[str]:
    found = set()
    for line in record.splitlines():
        first, slash, _ = line.partition(",")[0].strip('"').partition("/")
        stem, dot, suffix = first.partition(".")
        if slash and not dot:
            found.add(first)
        elif not slash and suffix.rpartition(".")[2] in ("py", "so", "pyd"):
            found.add(stem)
    return {name for name in found if name.isidentifier()}
