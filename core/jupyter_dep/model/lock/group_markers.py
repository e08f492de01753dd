"""Which locked package belongs to the dependencies, to an extra, a group or the kernel, and the marker that says so.

PEP 751 has `extras` and `dependency_groups` in markers; the engine's export has none. The engine's tree tells under which
environment markers each part of a project leads to a package, so that what is conditional in one part only stays so.
"""

from __future__ import annotations

import difflib
from collections import deque
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from packaging.utils import canonicalize_name

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.base.steps import NAME, Hint, step

from .graph import Node

KERNEL_GROUP = "jupyter-dep-kernel"
"""The group of the kernel's packages; a folder may not have one of its own by this name."""

_MOST = 24
"""Ways with different conditions that are told apart; beyond them a package counts as always needed by its part."""

Way = frozenset[str]
"""Environment markers that all hold on one way from a part to a package; none: always."""
Ways = frozenset[Way]
_ALWAYS: Ways = frozenset({frozenset()})


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Part:
    """One part of a project; `name` is normalised, and empty for the dependencies."""

    kind: Literal["default", "extra", "group", "kernel"]
    name: str = ""

    def marker(self) -> str:
        """The marker that holds where this part was asked for; the dependencies always are, so they have none."""
        if self.kind == "default":
            return ""
        return f"'{self.name}' in {'extras' if self.kind == 'extra' else 'dependency_groups'}"


DEFAULT = Part(kind="default")


@frozen_dataclass
class GroupMarkers:
    """For each locked package the parts that need it, with the ways to it."""

    ways: Mapping[Node, Mapping[Part, Ways]]

    def parts(self, node: Node) -> tuple[Part, ...]:
        return tuple(sorted(self.ways.get(node, {})))

    def marker(self, node: Node) -> str:
        """Beside the engine's own marker, when a package is wanted: empty for always.

        A part whose ways are all the ways that there are needs no condition of its own: the engine's marker is just that.
        """
        ways = self.ways.get(node, {})
        everywhere = _shortest(way for part in ways.values() for way in part)
        default = ways.get(DEFAULT, frozenset())
        if not ways or default == everywhere:
            return ""
        pieces = [_alternatives(default)] if default else []
        for part, own in sorted(ways.items()):
            if part == DEFAULT or _shortest((*default, *own)) == default:
                continue
            pieces.append(part.marker() if own == everywhere else f"({part.marker()} and {_bracketed(_alternatives(own))})")
        return " or ".join(pieces)


def from_engine_tree(tree: Mapping[str, Any]) -> GroupMarkers:
    """The membership of the engine's JSON tree: every root is a part of the project, extras of packages are nodes of their own.

    The format is the engine's preview; the engine's version is pinned, and a test reads a real one.
    """
    resolution: Mapping[str, Any] = tree["resolution"]
    found: dict[Node, dict[Part, Ways]] = {}
    for listed in tree["roots"]:
        root = listed["id"]
        part = _part(resolution[root]["kind"])
        for identity, ways in _reached(root, resolution).items():
            entry = resolution[identity]
            if _is_project(entry):
                continue
            node = canonicalize_name(entry["name"]), str(entry.get("version") or "")
            known = found.setdefault(node, {}).get(part, frozenset())
            found[node][part] = _shortest((*known, *ways))
    return GroupMarkers(ways=found)


def no_such_part(
    kind: Literal["extra", "group"], name: str, known: Collection[str], context: Mapping[str, str | int]
) -> DepError:
    """The error for an extra or a group that a project has not, with those that it has."""
    close = difflib.get_close_matches(name, known, n=3) or sorted(known)
    shown = ", ".join(f"`{one}`" for one in close)
    making = step("add", f"--{'optional' if kind == 'extra' else 'group'}", name, NAME)
    hint = f"there is {shown}" if shown else Hint(making, " makes one")
    return DepError(
        "no-such-extra" if kind == "extra" else "no-such-group",
        f"there is no {kind} `{name}`",
        hint=hint,
        context={**context, kind: name},
    )


def both(one: str, other: str) -> str:
    """The marker that holds where both do; an empty one always does."""
    if not one or not other:
        return one or other
    return f"{_bracketed(one)} and {_bracketed(other)}"


def environment_part(marker: str) -> str:
    """A marker that `both` made, without what is asked of extras and groups."""
    return " and ".join(part for part in _conjuncts(marker) if " in extras" not in part and " in dependency_groups" not in part)


def _is_project(entry: Mapping[str, Any]) -> bool:
    return "name" not in entry or "virtual" in (entry.get("source") or {})


def _part(kind: object) -> Part:
    if not isinstance(kind, Mapping):
        return DEFAULT
    if "extra" in kind:
        return Part(kind="extra", name=str(canonicalize_name(kind["extra"])))
    name = str(canonicalize_name(kind["group"]))
    return Part(kind="kernel" if name == KERNEL_GROUP else "group", name=name)


def _reached(root: str, resolution: Mapping[str, Any]) -> dict[str, Ways]:
    """Everything that a root leads to, with the ways to it; a circle adds nothing, since its ways are longer ones."""
    ways: dict[str, Ways] = {root: _ALWAYS}
    waiting = deque([root])
    while waiting:
        here = waiting.popleft()
        for dependency in resolution[here].get("dependencies", ()):
            there = dependency["id"]
            if _is_project(resolution[there]):
                continue  # an extra asks for the dependencies, which are always there
            conditions = _conjuncts(dependency.get("marker") or "")
            known = ways.get(there, frozenset())
            now = _shortest((*known, *(way.union(conditions) for way in ways[here])))
            if len(now) > _MOST:
                now = _ALWAYS
            if now != known:
                ways[there] = now
                waiting.append(there)
    return ways


def _shortest(ways: Iterable[Way]) -> Ways:
    """The ways without those that ask for more than another one."""
    kept: list[Way] = []
    for way in sorted(set(ways), key=len):
        if not any(other <= way for other in kept):
            kept.append(way)
    return frozenset(kept)


def _conjuncts(marker: str) -> tuple[str, ...]:
    """The operands of a marker's outermost `and`, the marker itself if its outermost operator is `or`, none of an empty one."""
    depth, quote, start = 0, "", 0
    found: list[str] = []
    for place, letter in enumerate(marker):
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"":
            quote = letter
        elif letter in "()":
            depth += 1 if letter == "(" else -1
        elif depth == 0 and marker.startswith(" or ", place):
            return (marker,)
        elif depth == 0 and marker.startswith(" and ", place):
            found.append(marker[start:place])
            start = place + len(" and ")
    return (*found, marker[start:]) if marker else ()


def _alternatives(ways: Ways) -> str:
    texts = [" and ".join(_bracketed(condition) for condition in sorted(way)) for way in ways]
    texts.sort()
    return texts[0] if len(texts) == 1 else " or ".join(f"({text})" if " and " in text else text for text in texts)


def _bracketed(marker: str) -> str:
    """The marker as an operand of `and`."""
    return f"({marker})" if " or " in marker and len(_conjuncts(marker)) == 1 and not _is_group(marker) else marker


def _is_group(marker: str) -> bool:
    """Whether one pair of brackets stands around all of it."""
    if not (marker.startswith("(") and marker.endswith(")")):
        return False
    depth = 0
    for place, letter in enumerate(marker):
        depth += (letter == "(") - (letter == ")")
        if depth == 0:
            return place == len(marker) - 1
    return False
