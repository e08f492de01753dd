"""Compose a lock from the engine's export: add the graph and our table, keep the artifacts as exported.

A folder's lock gets its extras and groups too, in the words of PEP 751, and paths that are relative to it.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Mapping

from packaging.utils import canonicalize_name

from jupyter_dep.base import toml
from jupyter_dep.model.packages.markers import both

from .graph import Graph, Node
from .group_markers import KERNEL_GROUP, GroupMarkers
from .lockfile import FORMAT, LockTable

_HEADER = re.compile(r'\[\[packages\]\]\nname = "([^"]+)"\n(?:version = "([^"]+)"\n)?')
_PACKAGE = re.compile(_HEADER.pattern + r"(?P<dependencies>dependencies = [^\n]*\n)?(?P<marker>marker = [^\n]*\n)?")
_PATH = re.compile(r"(?P<before>(?:directory|archive|sdist|wheels) = \[?\s*\{ (?:[^{}\n]*, )?path = )(?P<path>\"[^\"\n]*\")")


def compose(
    export: str, graph: Graph, table: LockTable, *, membership: GroupMarkers | None = None, folder: str | None = None
) -> bytes:
    """Write the lock's bytes from the engine's export, the graph and our table.

    `export` is the engine's pylock without header comment; order and lines are kept, so that the same answer gives the same
    bytes. `membership` makes it a folder's lock, whose extras and groups are those of the table's declaration. `folder` is the
    absolute path, with slashes, that the export's paths become relative to.
    """
    text = export.replace('created-by = "uv"', 'created-by = "jupyter-dep"', 1).rstrip("\n") + "\n"
    names: Counter[str] = Counter(canonicalize_name(match[1]) for match in _HEADER.finditer(text))
    known = _find_unique_nodes(graph) if membership is not None else {}

    def node_of(match: re.Match[str]) -> Node:
        name = canonicalize_name(match[1])
        # what comes from another source than an index is exported without a version
        return known.get(name, (name, "")) if membership is not None and not match[2] else (name, match[2] or "")

    def with_dependencies(match: re.Match[str]) -> str:
        needed = graph.edges.get(node_of(match), ())
        if not needed:
            return match[0]
        entries = ", ".join(
            f'{{ name = "{name}", version = "{version}" }}' if names[name] > 1 and version else f'{{ name = "{name}" }}'
            for name, version in needed
        )
        return f"{match[0]}dependencies = [{entries}]\n"

    def with_marker(match: re.Match[str]) -> str:
        assert membership is not None
        own = membership.marker(node_of(match))
        if not own:
            return match[0]
        engines = tomllib.loads(match["marker"])["marker"] if match["marker"] else ""
        kept = match[0].removesuffix(match["marker"] or "")
        return f"{kept}marker = {toml.inline(both(engines, own))}\n"

    text = _HEADER.sub(with_dependencies, text)
    if membership is not None:
        text = _PACKAGE.sub(with_marker, _insert_parts(text, table))
    if folder is not None:
        text = _PATH.sub(lambda match: match["before"] + _make_relative(match["path"], folder), text)
    return (text + "\n" + _write_table(table)).encode()


def _insert_parts(text: str, table: LockTable) -> str:
    """The keys that name a folder's extras and groups, behind `requires-python`.

    The kernel's group is the default one, so that who asks for nothing gets a set that works. It stands among the groups
    too: an installer that is asked for another group leaves the defaults out, and takes only names that are listed.
    """
    groups = [*sorted(table.declaration.get("groups", {})), KERNEL_GROUP]
    lines = [f"extras = {toml.inline(sorted(table.declaration.get('extras', {})))}"]
    lines += [f"dependency-groups = {toml.inline(groups)}", f"default-groups = {toml.inline([KERNEL_GROUP])}"]
    head, line, rest = re.split(r"^(requires-python = [^\n]*\n)", text, maxsplit=1, flags=re.MULTILINE)
    return head + line + "\n".join(lines) + "\n" + rest


def _find_unique_nodes(graph: Graph) -> dict[str, Node]:
    """The node of each name that has only one."""
    count = Counter(name for name, _ in graph.edges)
    return {name: (name, version) for name, version in graph.edges if count[name] == 1}


def _make_relative(quoted: str, folder: str) -> str:
    """An absolute path, as TOML, as it is seen from a folder; another drive's, or one that is relative, stays."""
    path = tomllib.loads(f"path = {quoted}")["path"]
    there, here = path.rstrip("/").split("/"), folder.rstrip("/").split("/")
    if there[0] != here[0] or not (path.startswith("/") or re.match(r"[A-Za-z]:/", path)):
        return quoted
    same = 0
    while same < min(len(there), len(here)) and there[same] == here[same]:
        same += 1
    return toml.inline("/".join([".."] * (len(here) - same) + there[same:]) or ".")


def _write_table(table: LockTable) -> str:
    raw: dict[str, object] = {"format": FORMAT, "notebook": table.notebook, "python": table.python}
    if table.cutoff:
        raw["cutoff"] = table.cutoff
    raw["kernel"] = sorted(table.kernel)
    declaration = {key: value for key, value in table.declaration.items() if value is not None}
    raw["declaration"] = {key: _simplify(value) for key, value in declaration.items()}
    if table.unavailable:
        raw["unavailable"] = {key: sorted(names) for key, names in sorted(table.unavailable.items())}
    import tomlkit

    return tomlkit.dumps({"tool": {"jupyter-dep": raw}})


def _simplify(value: object) -> object:
    """Only what both TOML and JSON hold, so that the digest of what is read back is the digest of what was written."""
    if isinstance(value, Mapping):
        return {str(key): _simplify(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [_simplify(item) for item in value]
    return value if isinstance(value, bool | int | float) else str(value)
