"""One file whose declaration is taken over: what was taken so far, and its part in `[tool.uv]`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any

from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.model.manifest import templates
from jupyter_dep.model.manifest.document import spelling, table
from jupyter_dep.model.manifest.manifest import Manifest

from . import ImportedManifest

Leave = Callable[[str, str, str], None]
"""Lists what is not carried over: the file, what stood there, why."""


@frozen_dataclass
class Imported:
    """What was carried over from one file: requirement texts, names of sources and indexes, keys of `[project]`."""

    origin: str
    keys: tuple[str, ...] = ()
    dependencies: tuple[str, ...] = ()
    extras: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    constraints: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    indexes: tuple[str, ...] = ()


class MergeLog:
    """One file, and what was taken from it so far."""

    def __init__(self, imported: ImportedManifest) -> None:
        self.imported = imported
        self.keys: list[str] = []
        self.parts: dict[tuple[str, str], tuple[str, ...]] = {}
        self.constraints: tuple[str, ...] = ()
        self.sources: list[str] = []
        self.indexes: list[str] = []
        self.refused: set[str] = set()
        """Names of package indexes that mean another one here."""

    def taken(self) -> Imported:
        """What was taken so far, as a value."""
        return Imported(
            origin=self.imported.origin,
            keys=tuple(self.keys),
            dependencies=self.parts.get(("", ""), ()),
            extras={name: texts for (kind, name), texts in self.parts.items() if kind == "extra"},
            groups={name: texts for (kind, name), texts in self.parts.items() if kind == "group"},
            constraints=self.constraints,
            sources=tuple(self.sources),
            indexes=tuple(self.indexes),
        )

    def constrain(self, uv: Any) -> None:
        """Add the file's constraints."""
        listed = list(uv.get("constraint-dependencies", []))
        self.constraints = tuple(one for one in self.imported.constraints if one not in listed)
        if self.constraints:
            uv["constraint-dependencies"] = templates.listed([*listed, *self.constraints])

    def index(self, leave: Leave, uv: Any) -> None:
        """Add the package indexes that the file names."""
        import tomlkit
        from tomlkit.items import AoT

        there = {str(one.get("name", "")): str(one.get("url", "")).rstrip("/") for one in uv.get("index", [])}
        listed = uv.setdefault("index", tomlkit.aot())
        for index in self.imported.indexes:
            name, url = str(index["name"]), str(index["url"])
            if name not in there:
                item = tomlkit.table() if isinstance(listed, AoT) else tomlkit.inline_table()
                item.update(dict(index))
                listed.append(item)
                self.indexes.append(name)
            elif there[name] != url.rstrip("/"):
                self.refused.add(name)
                what = f"the index {name} at {url}"
                leave(self.imported.origin, what, "another index of that name is declared already")

    def source(self, leave: Leave, uv: Any) -> None:
        """Add where the file takes its packages from."""
        import tomlkit

        sources = uv.setdefault("sources", tomlkit.table())
        for name, tables in self.imported.sources.items():
            wanted = [dict(one) for one in tables]
            spelled = spelling(sources, name)
            if any(one.get("index") in self.refused for one in wanted):
                leave(self.imported.origin, f"where {name} comes from", "its package index was not carried over")
                continue
            if spelled is None:
                sources[name] = templates.in_line(wanted[0]) if len(wanted) == 1 else templates.listed(wanted)
                self.sources.append(name)
                continue
            there = sources[spelled].unwrap()
            if (there if isinstance(there, list) else [there]) != wanted:
                leave(self.imported.origin, f"where {name} comes from", "`[tool.uv.sources]` says it already")
        if not sources:
            del uv["sources"]


def in_tool_uv(step: Callable[[Any], object]) -> Callable[[Any, Manifest], None]:
    """An edit of a manifest's document that works on its `[tool.uv]` table, made where it is missing."""

    def edit(document: Any, _: Manifest) -> None:
        import tomlkit
        from tomlkit.items import Table

        step(table(document, ("tool", "uv")))
        last = list(document["tool"]["uv"].values() or [None])[-1]
        if list(document)[-1] != "tool" and isinstance(last, Table) and not last.as_string().endswith("\n\n"):
            last.add(tomlkit.nl())  # what follows keeps its distance

    return edit
