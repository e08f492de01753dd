"""Which distribution of an environment brings which module, read off its RECORD files; nothing of it is started."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from pathlib import Path

from packaging.utils import canonicalize_name

from jupyter_dep.io.files import read_write
from jupyter_dep.model.checking.imports import ModuleProviders

_EXTENSIONS = (".so", ".pyd")
_LIMIT = 64 << 20


def module_providers(site: Path) -> ModuleProviders:
    """What the wheels in a site-packages bring. A RECORD that cannot be read brings nothing."""
    modules: dict[str, set[str]] = {}
    plugged: set[str] = set()
    names: set[str] = set()
    for folder in read_write.list_readable(site):
        if not folder.endswith(".dist-info"):
            continue
        name = str(canonicalize_name(folder.removesuffix(".dist-info").rpartition("-")[0]))
        names.add(name)
        if os.path.exists(site / folder / "entry_points.txt"):
            plugged.add(name)
        for module in _modules(_paths(site / folder / "RECORD")):
            modules.setdefault(module, set()).add(name)
    return ModuleProviders(
        modules={module: frozenset(found) for module, found in modules.items()},
        plugged=frozenset(plugged),
        names=frozenset(names),
    )


def _paths(record: Path) -> list[str]:
    try:
        with record.open(encoding="utf-8", newline="") as lines:
            if os.fstat(lines.fileno()).st_size > _LIMIT:
                return []
            return [row[0] for row in csv.reader(lines) if row]
    except (OSError, ValueError, csv.Error):
        return []


def _modules(paths: list[str]) -> Iterator[str]:
    """Dotted names of what a distribution owns: regular packages and modules, below the namespaces that it shares."""
    packages = {path.rpartition("/")[0] for path in paths if path.endswith(("/__init__.py", "/__init__.pyi"))}
    for path in {_owner(path, packages) for path in paths if path.endswith((".py", *_EXTENSIONS))}:
        if path:
            yield path.replace("/", ".")


def _owner(path: str, packages: set[str]) -> str:
    """The outermost package of a module's path, else the module itself; empty for what is no module."""
    if path.startswith(("..", "/")) or ".dist-info/" in path or ".data/" in path:
        return ""
    parts = path.split("/")
    for count in range(1, len(parts)):
        if "/".join(parts[:count]) in packages:
            return "/".join(parts[:count])
    stem = parts[-1].partition(".")[0]
    return "/".join([*parts[:-1], stem]) if all(part.isidentifier() for part in (*parts[:-1], stem)) else ""
