"""Making our lock out of the engine's export: the graph and our table are added, the artifacts stay as exported."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

import tomlkit
from packaging.utils import canonicalize_name

from .graph import Graph, Node
from .lockfile import FORMAT, LockTable

_HEADER = re.compile(r'\[\[packages\]\]\nname = "([^"]+)"\n(?:version = "([^"]+)"\n)?')


def compose(export: str, graph: Graph, table: LockTable) -> bytes:
    """The lock's bytes. `export` is the engine's pylock without header comment; order and lines are kept, so that the
    same answer gives the same bytes."""
    text = export.replace('created-by = "uv"', 'created-by = "jupyter-dep"', 1).rstrip("\n") + "\n"
    names: Counter[str] = Counter(canonicalize_name(match[1]) for match in _HEADER.finditer(text))

    def with_dependencies(match: re.Match[str]) -> str:
        node: Node = (canonicalize_name(match[1]), match[2] or "")
        needed = graph.edges.get(node, ())
        if not needed:
            return match[0]
        entries = ", ".join(
            f'{{ name = "{name}", version = "{version}" }}' if names[name] > 1 and version else f'{{ name = "{name}" }}'
            for name, version in needed
        )
        return f"{match[0]}dependencies = [{entries}]\n"

    return (_HEADER.sub(with_dependencies, text) + "\n" + _table_text(table)).encode()


def _table_text(table: LockTable) -> str:
    raw: dict[str, object] = {"format": FORMAT, "notebook": table.notebook, "python": table.python}
    if table.cutoff:
        raw["cutoff"] = table.cutoff
    raw["kernel"] = sorted(table.kernel)
    declaration = {key: value for key, value in table.declaration.items() if value is not None}
    raw["declaration"] = {key: _plain(value) for key, value in declaration.items()}
    if table.unavailable:
        raw["unavailable"] = {key: sorted(names) for key, names in sorted(table.unavailable.items())}
    return tomlkit.dumps({"tool": {"jupyter-dep": raw}})


def _plain(value: object) -> object:
    """Only what both TOML and JSON hold, so that the digest of what is read back is the digest of what was written."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value if isinstance(value, bool | int | float) else str(value)
