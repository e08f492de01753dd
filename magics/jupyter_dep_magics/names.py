"""Maps modules to distributions, from the reviewed table beside this file, which is read on first use."""

from __future__ import annotations

import json
import os
from typing import Any, Dict, List, NamedTuple, Tuple

_MOST = 8
_tables: Dict[str, Any] = {}


class Match(NamedTuple):
    """`distribution` is empty if several share the module; `certain` is False if the name is only a guess."""

    distribution: str
    certain: bool


def distribution_for(module: str) -> Match:
    """Return the distribution of a dotted module name: by its longest known prefix, else its first part as a guess."""
    tables = _read_tables()
    for prefix in prefixes(module):
        if prefix in tables["names"]:
            return Match(tables["names"][prefix], certain=True)
    top = module.partition(".")[0]
    if top in tables["shared"]:
        return Match("", certain=False)
    guess = top.replace("_", "-").lower()
    return Match(guess, certain=guess in tables["same"])


def distributions_under(top: str) -> Tuple[str, ...]:
    """Return the known distributions that share the module `top`, none if they are too many to choose from."""
    found = {name for module, name in _read_tables()["names"].items() if module.startswith(top + ".")}
    return tuple(sorted(found)) if len(found) <= _MOST else ()


def names_by_path(module: str) -> Tuple[str, ...]:
    """Return the usual names of a namespace's distributions, longest first: `azure-storage-blob`, `azure-storage`."""
    parts = [part.replace("_", "-").lower() for part in module.split(".")]
    return tuple("-".join(parts[:count]) for count in range(len(parts), 1, -1))


def prefixes(module: str) -> List[str]:
    """Return a dotted name and its parents: `a.b.c`, `a.b`, `a`."""
    parts = module.split(".")
    return [".".join(parts[:count]) for count in range(len(parts), 0, -1)]


def _read_tables() -> Dict[str, Any]:
    if not _tables:
        path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "import_names.json")
        with open(path, encoding="utf-8") as file:
            _tables.update(json.load(file))
    return _tables
