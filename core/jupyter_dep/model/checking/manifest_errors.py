"""Every fault of a `pyproject.toml`, not the first alone: each is reported, left out, and the rest is read again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import InvalidName, canonicalize_name

from jupyter_dep.base.errors import DepError
from jupyter_dep.model.declaration.requirement import Context
from jupyter_dep.model.lock.group_markers import KERNEL_GROUP
from jupyter_dep.model.manifest.manifest import Manifest, of_document

_MOST = 100
_GROUPS = "dependency-groups"
_EXTRAS = "project.optional-dependencies"


def faults(document: Mapping[str, object], where: Context) -> tuple[Manifest | None, tuple[DepError, ...]]:
    """The manifest of the valid parts of a document, and an error for each fault (100 at most).

    None where a fault could not be left out. An error's `entry` counts from 1 in the list as it is written.
    """
    rest: dict[str, Any] = deepcopy(dict(document))
    gone: dict[str, list[int]] = {}
    found: list[DepError] = []
    while len(found) < _MOST:
        try:
            return of_document(rest, context=where), tuple(found)
        except DepError as error:
            left_out = _leave_out(rest, error)
            _renumber(error, gone)
            found.append(error)
            if not left_out:
                break
    return None, tuple(found)


def _renumber(error: DepError, gone: dict[str, list[int]]) -> None:
    entry, key = error.context.get("entry"), str(error.context.get("key", ""))
    if not isinstance(entry, int):
        return
    for number in sorted(gone.get(key, [])):
        entry += number <= entry
    gone.setdefault(key, []).append(entry)
    error.context["entry"] = entry


def _leave_out(rest: dict[str, Any], error: DepError) -> bool:
    """Remove the cause of an error from the document; False if nothing was removed."""
    key = str(error.context.get("key", ""))
    if error.code == "bad-group-name":
        return _drop_bad_names(rest, key)
    for kind in ("group", "extra"):
        if error.code in ("group-cycle", f"no-such-{kind}") and kind in error.context:
            return _drop_mentions(rest, kind, str(error.context[kind]))
    entry = error.context.get("entry")
    path = ["project", key] if key == "requires-python" else key.split(".")
    here: Any = rest
    outer: dict[str, Any] | None = None
    last = ""
    for part in path:
        spelled = _spelled(here, part) if isinstance(here, dict) else None
        if spelled is None:
            break
        outer, last, here = here, spelled, here[spelled]
    if outer is None:
        return False
    if isinstance(here, list) and isinstance(entry, int) and 0 < entry <= len(here):
        del here[entry - 1]
    elif key.startswith((f"{_GROUPS}.", f"{_EXTRAS}.")):
        if here == []:
            return False
        outer[last] = []  # others may include it
    else:
        del outer[last]
    return True


def _spelled(table: Mapping[str, Any], name: str) -> str | None:
    if name in table:
        return name
    return next((key for key in table if canonicalize_name(key) == name), None)


def _drop_bad_names(rest: dict[str, Any], key: str) -> bool:
    table = _table(rest, key)
    seen: set[str] = {KERNEL_GROUP} if key == _GROUPS else set()
    dropped = False
    for name in list(table):
        try:
            normal = str(canonicalize_name(name, validate=True))
        except InvalidName:
            normal = ""
        if not normal or normal in seen:
            del table[name]
            dropped = True
        seen.add(normal)
    return dropped


def _drop_mentions(rest: dict[str, Any], kind: str, name: str) -> bool:
    """Remove every mention of a group, or of an extra of the project, from the groups and extras."""
    project = str(_table(rest, "project").get("name", ""))

    def mentions(entry: object) -> bool:
        if kind == "group":
            return isinstance(entry, dict) and canonicalize_name(str(entry.get("include-group", ""))) == name
        return isinstance(entry, str) and name in _own_extras(entry, project)

    tables = [_table(rest, _GROUPS), *([_table(rest, _EXTRAS)] if kind == "extra" else [])]
    dropped = [_drop(table, part, mentions) for table in tables for part in table]  # each, not only up to the first
    return any(dropped)


def _drop(table: dict[str, Any], part: str, unwanted: Callable[[object], bool]) -> bool:
    if not isinstance(table[part], list):
        return False
    kept = [entry for entry in table[part] if not unwanted(entry)]
    dropped = len(kept) < len(table[part])
    table[part] = kept
    return dropped


def _own_extras(text: str, project: str) -> set[str]:
    try:
        item = Requirement(text)
    except InvalidRequirement:
        return set()
    if not project or canonicalize_name(item.name) != canonicalize_name(project):
        return set()
    return {str(canonicalize_name(extra)) for extra in item.extras}


def _table(rest: dict[str, Any], key: str) -> dict[str, Any]:
    here: Any = rest
    for part in key.split("."):
        here = here.get(part, {}) if isinstance(here, dict) else {}
    return here if isinstance(here, dict) else {}
