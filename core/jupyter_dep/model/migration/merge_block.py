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


def merge_into_block(block: str, brought: ImportedManifest) -> Merged:
    """The block with the file's dependencies, constraints, indexes and sources. Errors: those of `inline.parse`."""
    declaration = script_block.parse(block)
    left = [*brought.left, *_of_folders(brought, declaration.requires_python)]
    paths = {str(canonicalize_name(name)) for name, tables in brought.sources.items() if any("path" in one for one in tables)}
    wanted = []
    for text in brought.dependencies:
        if str(canonicalize_name(requirement.parse(text).name)) in paths:
            left.append(Unsupported(what=text, why=_PATH))
        else:
            wanted.append(text)
    fresh, differing = unknown(wanted, [str(one) for one in declaration.dependencies])
    left += [Unsupported(what=one, why=f"`{there}` is declared already") for one, there in differing]
    text = script_block.add(block, fresh) if fresh else block
    taken = Imported(origin=brought.origin, dependencies=tuple(fresh))
    names = {str(canonicalize_name(requirement.parse(one).name)) for one in fresh}

    listed = declaration.uv.get("constraint-dependencies", [])
    there = list(listed) if isinstance(listed, list) else []
    constraints = tuple(one for one in brought.constraints if one not in there)
    if constraints:
        text = script_block.set_uv(text, "constraint-dependencies", [*there, *constraints])
    if brought.prerelease and "prerelease" not in declaration.uv:
        text = script_block.set_uv(text, "prerelease", brought.prerelease)
    known = {str(index.get("name", "")): str(index.get("url", "")).rstrip("/") for index in declaration.indexes}
    indexes = [dict(index) for index in brought.indexes if index["name"] not in known]
    left += [
        Unsupported(what=f"the index {index['name']} at {index['url']}", why="another index of that name is declared already")
        for index in brought.indexes
        if known.get(str(index["name"]), str(index["url"]).rstrip("/")) != str(index["url"]).rstrip("/")
    ]
    if indexes:
        text = script_block.set_uv(text, "index", [*(dict(index) for index in declaration.indexes), *indexes])
    sources = {
        name: dict(tables[0]) if len(tables) == 1 else [dict(one) for one in tables]
        for name, tables in brought.sources.items()
        if name in names
    }
    if sources:
        own = declaration.uv.get("sources", {})
        text = script_block.set_uv(text, "sources", {**(own if isinstance(own, Mapping) else {}), **sources})
    taken = replace(
        taken, constraints=constraints, indexes=tuple(str(index["name"]) for index in indexes), sources=tuple(sources)
    )
    found = (taken,) if replace(taken, origin="") != Imported(origin="") or text != block else ()
    return Merged(text=text, taken=found, left=tuple((brought.origin, item) for item in left))


def _of_folders(brought: ImportedManifest, requires_python: str | None) -> list[Unsupported]:
    parts = {f"the group {name}": group.requirements for name, group in brought.groups.items()}
    parts |= {f"the extra {name}": texts for name, texts in brought.extras.items()}
    found = [Unsupported(what=f"{part} ({', '.join(texts) or 'empty'})", why=_FOLDERS) for part, texts in parts.items()]
    said = [key for key in ("name", "version", "description") if getattr(brought, key)]
    if said := [*said, *brought.metadata]:
        found.append(Unsupported(what=", ".join(said), why="it describes a package, and a notebook is none"))
    if brought.requires_python and brought.requires_python != requires_python:
        change = step("python", Placeholder(name="VERSION"))
        found.append(
            Unsupported(
                what=f"requires-python `{brought.requires_python}`",
                why=Hint(f"the notebook says `{requires_python}`; ", change, " changes it"),
            )
        )
    return found
