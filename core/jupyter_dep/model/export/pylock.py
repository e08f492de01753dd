"""A selection of a lock as a lock of its own (PEP 751), without extras and groups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jupyter_dep.base import toml
from jupyter_dep.model.lock.lockfile import Lock
from jupyter_dep.model.lock.select import DEFAULT_SELECTION, Selection

from .select import chosen

_FILES = ("wheels", "sdist", "archive")
_ORDER = (
    "name",
    "version",
    "marker",
    "requires-python",
    "index",
    "dependencies",
    "vcs",
    "directory",
    "archive",
    "sdist",
    "wheels",
)


def pylock(lock: Lock, choice: Selection = DEFAULT_SELECTION) -> str:
    """The text of a `pylock.toml`: one file a line, packages by name. Errors: those of `chosen`."""
    selected = chosen(lock, choice)
    names = {one.package.name for one in selected}
    head: dict[str, object] = {"lock-version": "1.0", "created-by": "jupyter-dep"}
    whole = lock.pylock.to_dict()
    for key in ("environments", "requires-python"):
        if whole.get(key):
            head[key] = whole[key]
    raw = {_identify(entry): entry for entry in whole["packages"]}
    tables = []
    for one in selected:
        entry = dict(raw[_identify({"name": one.package.name, "version": one.package.version, "marker": one.package.marker})])
        entry.pop("marker", None)
        if one.marker:
            entry["marker"] = one.marker
        needed = [dependency for dependency in entry.pop("dependencies", ()) if dependency.get("name") in names]
        if needed:
            entry["dependencies"] = needed
        tables.append(_write_package(entry))
    if not tables:
        head["packages"] = []
    return "\n".join([toml.table("", head), *tables])


def _identify(entry: Mapping[str, Any]) -> tuple[str, str, str]:
    return str(entry["name"]), str(entry.get("version") or ""), str(entry.get("marker") or "")


def _write_package(entry: Mapping[str, Any]) -> str:
    lines = ["[[packages]]"]
    for key in [*_ORDER, *(key for key in sorted(entry) if key not in _ORDER and key != "tool")]:
        value = entry.get(key)
        if value is None or value == []:
            continue
        if key == "wheels":
            lines += ["wheels = [", *(f"    {toml.inline(file)}," for file in value), "]"]
        else:
            lines.append(f"{key} = {toml.inline(value)}")
    return "\n".join(lines) + "\n"
