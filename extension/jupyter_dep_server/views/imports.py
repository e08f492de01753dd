"""Which cells import which packages, what is declared and not imported, and what is imported and not there.

The rules are those of `check`: `packages.import_origin` and `checking.imports`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.io.files.read_write import list_readable
from jupyter_dep.io.store.module_index import module_providers
from jupyter_dep.messages.web import Missing
from jupyter_dep.model.checking.imports import Declared, unused_packages
from jupyter_dep.model.notebook.code_imports import imports_of, loaded_by_magics
from jupyter_dep.model.notebook.notebook import Notebook
from jupyter_dep.model.packages.import_map import is_namespace
from jupyter_dep.model.packages.import_origin import NOTHING, ModuleProviders, find_origin, unexplored


@frozen_dataclass
class ImportUsage:
    """What the imports of a notebook say about its packages.

    `cells`: 0-based places, among all cells of the notebook, of those that import a package, by its name. `missing`: modules
    that no declared or locked package brings. `unused`: declared packages that no cell imports.
    """

    cells: Mapping[str, tuple[int, ...]]
    missing: tuple[Missing, ...]
    unused: frozenset[str]


def import_usage(notebook: Notebook, folder: Path, declared: Declared, site: str | None) -> ImportUsage:
    """Compare a notebook's imports with what is declared and locked.

    Modules in `folder`, the notebook's, belong to no package. `site` is the site-packages folder of the sealed environment,
    None where it is not built.
    """
    providers = _read_providers(site) if site else NOTHING
    own = _own_modules(folder)
    cells: dict[str, set[int]] = {}
    missing: dict[tuple[str, str], set[int]] = {}
    known = declared.everything | declared.locked
    doubtful = unexplored(known, providers)
    unclear = False
    for place, (module, optional) in _imports(notebook):
        top = module.partition(".")[0]
        if top in own:
            continue
        origin = find_origin(module, known, providers)
        present = origin.distributions & known
        for name in present:
            cells.setdefault(name, set()).add(place)
        if present or optional or origin.namespace:
            continue
        if doubtful and not origin.certain:
            unclear = True  # one of these packages may bring it
            continue
        name = min(origin.distributions) if origin.certain else ""
        missing.setdefault((module if is_namespace(top) else top, name), set()).add(place)
    unused = unused_packages(cells, declared, providers, doubtful=doubtful if unclear else frozenset())
    return ImportUsage(
        cells={name: tuple(sorted(places)) for name, places in cells.items()},
        missing=tuple(
            Missing(module=module, name=name, cells=tuple(sorted(places))) for (module, name), places in missing.items()
        ),
        unused=frozenset(unused),
    )


def _imports(notebook: Notebook) -> Iterator[tuple[int, tuple[str, bool]]]:
    for cell in notebook.code_cells:
        for found in _cell_imports(cell.source):
            yield cell.index, found


@lru_cache(maxsize=1024)
def _cell_imports(source: str) -> tuple[tuple[str, bool], ...]:
    """Read the modules of a cell, and whether it goes on without them."""
    imported = ((found.module, found.optional) for found in imports_of(source))
    return (*imported, *((module, True) for module in loaded_by_magics(source)))


def _own_modules(folder: Path) -> frozenset[str]:
    """List the names of modules that lie beside the notebook."""
    found = set()
    for name in list_readable(folder):
        stem, suffix = Path(name).stem, Path(name).suffix
        if suffix == ".py":
            found.add(stem)
        elif not suffix and (folder / name).is_dir():
            found.add(name)
    return frozenset(found)


@lru_cache(maxsize=32)
def _read_providers(site: str) -> ModuleProviders:
    """Read a sealed environment once: it never changes."""
    return module_providers(Path(site))
