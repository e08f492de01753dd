"""Three-way rebase of a pending edit onto what the author wrote meanwhile, entry by entry."""

from __future__ import annotations

from packaging.utils import canonicalize_name

from jupyter_dep.base.errors import DepError

from . import script_block
from .declaration import Declaration
from .requirement import canonical


def rebase_edit(now: str | None, base: str | None, wanted: str) -> str | None:
    """The block that `now` becomes by the edit from `base` to `wanted`; None if there is nothing left to do.

    What the author changed by hand since `base` stands: a deleted entry does not come back, and where both changed the
    same entry the author's counts. A block that was deleted altogether takes the edit with it.
    """
    if now is None:
        return wanted if base is None else None
    try:
        before = script_block.parse(base) if base is not None else Declaration()
        after, here = script_block.parse(wanted), script_block.parse(now)
        return _apply_edit(now, before, after, here)
    except DepError:
        return None  # what cannot be read is the author's to mend


def _apply_edit(now: str, before: Declaration, after: Declaration, here: Declaration) -> str | None:
    old, new, current = _group_by_name(before), _group_by_name(after), _group_by_name(here)
    untouched = {name for name in old.keys() | new.keys() if current.get(name) == old.get(name)}
    added = [
        str(item)
        for item in after.dependencies
        if (name := canonicalize_name(item.name)) in untouched and new[name] != old.get(name)
    ]
    removed = sorted(name for name in untouched if name in old and name not in new)
    text = script_block.add(script_block.remove(now, removed), added)
    if after.requires_python != before.requires_python and here.requires_python == before.requires_python:
        text = script_block.set_requires_python(text, after.requires_python or "")
    for key in sorted(before.uv.keys() | after.uv.keys()):
        if after.uv.get(key) != before.uv.get(key) and here.uv.get(key) == before.uv.get(key):
            text = script_block.set_uv(text, key, after.uv.get(key))
    return None if script_block.parse(text).digest() == here.digest() else text


def _group_by_name(declaration: Declaration) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for item in declaration.dependencies:
        name = canonicalize_name(item.name)
        found[name] = tuple(sorted((*found.get(name, ()), canonical(item))))
    return found
