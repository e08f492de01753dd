"""Index the modules of an environment by distribution, from its RECORD files and without running any of its code."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from jupyter_dep.io.files import read_write
from jupyter_dep.model.packages.import_origin import ModuleProviders

from .record import RECORD, distribution_of, read_record

_EXTENSIONS = (".so", ".pyd")
_NAMESPACE_LIMIT = 4096


def module_providers(site: Path) -> ModuleProviders:
    """Read which modules the distributions in a site-packages provide; an unreadable RECORD provides none."""
    modules: dict[str, set[str]] = {}
    plugged: set[str] = set()
    names: set[str] = set()
    for folder in read_write.list_readable(site):
        distribution = distribution_of(folder)
        if distribution is None:
            continue
        name = distribution[0]
        names.add(name)
        if os.path.exists(site / folder / "entry_points.txt"):
            plugged.add(name)
        files = _read_sizes(site / folder / RECORD)
        for module in _modules(list(files), _shared_packages(site, files)):
            modules.setdefault(module, set()).add(name)
    return ModuleProviders(
        modules={module: frozenset(found) for module, found in modules.items()},
        plugged=frozenset(plugged),
        names=frozenset(names),
    )


def _read_sizes(record: Path) -> dict[str, str]:
    """The paths of a RECORD with the sizes that it names; none where it cannot be read."""
    try:
        return {row.path: row.size for row in read_record(record)}
    except OSError:
        return {}


def _shared_packages(site: Path, files: Mapping[str, str]) -> set[str]:
    """Packages that are namespaces by code of their own, as before PEP 420: several distributions write the same file."""
    shared: set[str] = set()
    for path in sorted(files, key=len):
        package, _, name = path.rpartition("/")
        parent = package.rpartition("/")[0]
        if name != "__init__.py" or (parent and parent not in shared) or not files[path].isdecimal():
            continue
        if int(files[path]) <= _NAMESPACE_LIMIT and _is_namespace_code(site / path):
            shared.add(package)
    return shared


def _is_namespace_code(file: Path) -> bool:
    try:
        code = file.read_bytes()
    except OSError:
        return False
    return b"extend_path" in code or b"declare_namespace" in code


def _modules(paths: list[str], shared: set[str]) -> Iterator[str]:
    """Dotted names of what a distribution owns: regular packages and modules, below the namespaces that it shares."""
    packages = {path.rpartition("/")[0] for path in paths if path.endswith(("/__init__.py", "/__init__.pyi"))}
    packages -= shared
    for path in {_owner(path, packages) for path in paths if path.endswith((".py", *_EXTENSIONS))}:
        if path:
            yield path.replace("/", ".")


def _owner(path: str, packages: set[str]) -> str:
    """The outermost package of a module's path, else the module itself; empty for anything else."""
    if path.startswith(("..", "/")) or ".dist-info/" in path or ".data/" in path:
        return ""
    parts = path.split("/")
    for count in range(1, len(parts)):
        if "/".join(parts[:count]) in packages:
            return "/".join(parts[:count])
    stem = parts[-1].partition(".")[0]
    if stem == "__init__":
        return ""
    return "/".join([*parts[:-1], stem]) if all(part.isidentifier() for part in (*parts[:-1], stem)) else ""
