"""What another tool's file declares, written into a notebook's script block; what only a folder can say is listed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from packaging.utils import canonicalize_name

from jupyter_dep.base.steps import Hint, Placeholder, step
from jupyter_dep.model.declaration import requirement, script_block

from . import ImportedManifest, Unsupported
from .merge import Merged, unknown
from .merge_log import Imported

_PATH = "it is a path, which means nothing on another machine; publish it, or use a folder"
_FOLDERS = Hint("a notebook has none; ", step("init", target=None, terminal=True), " in its folder makes a project that has")


def merge_into_block(block: str, imported: ImportedManifest) -> Merged:
    """The block with the file's dependencies, constraints, indexes and sources. Errors: those of `inline.parse`."""
    declaration = script_block.parse(block)
    unsupported = [*imported.unsupported, *_report_folder_parts(imported, declaration.requires_python)]
    paths = {str(canonicalize_name(name)) for name, tables in imported.sources.items() if any("path" in one for one in tables)}
    wanted = []
    for text in imported.dependencies:
        if str(canonicalize_name(requirement.parse(text).name)) in paths:
            unsupported.append(Unsupported(what=text, why=_PATH))
        else:
            wanted.append(text)
    fresh, differing = unknown(wanted, [str(one) for one in declaration.dependencies])
    unsupported += [Unsupported(what=one, why=f"`{there}` is declared already") for one, there in differing]
    text = script_block.add(block, fresh) if fresh else block
    taken = Imported(origin=imported.origin, dependencies=tuple(fresh))
    names = {str(canonicalize_name(requirement.parse(one).name)) for one in fresh}

    listed = declaration.uv.get("constraint-dependencies", [])
    there = list(listed) if isinstance(listed, list) else []
    constraints = tuple(one for one in imported.constraints if one not in there)
    if constraints:
        text = script_block.set_uv(text, "constraint-dependencies", [*there, *constraints])
    if imported.prerelease and "prerelease" not in declaration.uv:
        text = script_block.set_uv(text, "prerelease", imported.prerelease)
    known = {str(index.get("name", "")): str(index.get("url", "")).rstrip("/") for index in declaration.indexes}
    indexes = [dict(index) for index in imported.indexes if index["name"] not in known]
    unsupported += [
        Unsupported(what=f"the index {index['name']} at {index['url']}", why="another index of that name is declared already")
        for index in imported.indexes
        if known.get(str(index["name"]), str(index["url"]).rstrip("/")) != str(index["url"]).rstrip("/")
    ]
    if indexes:
        text = script_block.set_uv(text, "index", [*(dict(index) for index in declaration.indexes), *indexes])
    sources = {
        name: dict(tables[0]) if len(tables) == 1 else [dict(one) for one in tables]
        for name, tables in imported.sources.items()
        if name in names
    }
    if sources:
        own = declaration.uv.get("sources", {})
        text = script_block.set_uv(text, "sources", {**(own if isinstance(own, Mapping) else {}), **sources})
    taken = replace(
        taken, constraints=constraints, indexes=tuple(str(index["name"]) for index in indexes), sources=tuple(sources)
    )
    found = (taken,) if replace(taken, origin="") != Imported(origin="") or text != block else ()
    return Merged(text=text, taken=found, unsupported=tuple((imported.origin, item) for item in unsupported))


def _report_folder_parts(imported: ImportedManifest, requires_python: str | None) -> list[Unsupported]:
    parts = {f"the group {name}": group.requirements for name, group in imported.groups.items()}
    parts |= {f"the extra {name}": texts for name, texts in imported.extras.items()}
    found = [Unsupported(what=f"{part} ({', '.join(texts) or 'empty'})", why=_FOLDERS) for part, texts in parts.items()]
    present = [key for key in ("name", "version", "description") if getattr(imported, key)]
    if present := [*present, *imported.metadata]:
        found.append(Unsupported(what=", ".join(present), why="it describes a package, and a notebook is none"))
    if imported.requires_python and imported.requires_python != requires_python:
        change = step("python", Placeholder(name="VERSION"))
        found.append(
            Unsupported(
                what=f"requires-python `{imported.requires_python}`",
                why=Hint(f"the notebook says `{requires_python}`; ", change, " changes it"),
            )
        )
    return found
