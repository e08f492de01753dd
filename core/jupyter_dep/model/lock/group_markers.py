"""Which locked package belongs to the dependencies, to an extra, a group or the kernel, and the marker that says so.

PEP 751 has `extras` and `dependency_groups` in markers; the engine's export has none. The engine's tree tells under which
environment markers each part of a project leads to a package, so that what is conditional in one part only stays so.
"""

from __future__ import annotations

import difflib
from collections import deque
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import and_, or_
from typing import TYPE_CHECKING, Any, Literal

from packaging.utils import canonicalize_name

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.base.steps import NAME, Hint, step
from jupyter_dep.model.packages.markers import conjuncts, marker_text, parse_marker

from .graph import Node

if TYPE_CHECKING:
    from packaging.markers import Marker

KERNEL_GROUP = "jupyter-dep-kernel"
"""The group of the kernel's packages; a folder may not have one of its own by this name."""

_MOST = 24
"""Ways with different conditions that are kept apart; beyond them a package counts as always needed by its part."""

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
        """The parts of the project that need a package."""
        return tuple(sorted(self.ways.get(node, {})))

    def marker(self, node: Node) -> str:
        """Beside the engine's own marker, when a package is wanted: empty for always.

        A part whose ways are all the ways that there are needs no condition of its own: the engine's marker is just that.
        """
        ways = self.ways.get(node, {})
        everywhere = _keep_shortest(way for part in ways.values() for way in part)
        default = ways.get(DEFAULT, frozenset())
        if not ways or default == everywhere:
            return ""
        pieces = [_join_ways(default)] if default else []
        for part, own in sorted(ways.items()):
            if part == DEFAULT or _keep_shortest((*default, *own)) == default:
                continue
            chosen = parse_marker(part.marker())
            pieces.append(chosen if own == everywhere else chosen & _join_ways(own))
        return marker_text(reduce(or_, pieces))


def from_engine_tree(tree: Mapping[str, Any]) -> GroupMarkers:
    """The membership of the engine's JSON tree: every root is a part of the project, extras of packages are nodes of their own.

    The format is the engine's preview; the engine's version is pinned, and a test reads a real one.
    """
    resolution: Mapping[str, Any] = tree["resolution"]
    found: dict[Node, dict[Part, Ways]] = {}
    for listed in tree["roots"]:
        root = listed["id"]
        part = _parse_part(resolution[root]["kind"])
        for identity, ways in _find_ways(root, resolution).items():
            entry = resolution[identity]
            if _is_project(entry):
                continue
            node = canonicalize_name(entry["name"]), str(entry.get("version") or "")
            known = found.setdefault(node, {}).get(part, frozenset())
            found[node][part] = _keep_shortest((*known, *ways))
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
        f"unknown {kind} `{name}`",
        hint=hint,
        context={**context, kind: name},
    )


def _is_project(entry: Mapping[str, Any]) -> bool:
    return "name" not in entry or "virtual" in (entry.get("source") or {})


def _parse_part(kind: object) -> Part:
    if not isinstance(kind, Mapping):
        return DEFAULT
    if "extra" in kind:
        return Part(kind="extra", name=str(canonicalize_name(kind["extra"])))
    name = str(canonicalize_name(kind["group"]))
    return Part(kind="kernel" if name == KERNEL_GROUP else "group", name=name)


def _find_ways(root: str, resolution: Mapping[str, Any]) -> dict[str, Ways]:
    """Everything that a root leads to, with the ways to it; a circle adds nothing, since its ways are longer ones."""
    ways: dict[str, Ways] = {root: _ALWAYS}
    waiting = deque([root])
    while waiting:
        here = waiting.popleft()
        for dependency in resolution[here].get("dependencies", ()):
            there = dependency["id"]
            if _is_project(resolution[there]):
                continue  # an extra asks for the dependencies, which are always there
            conditions = conjuncts(dependency.get("marker") or "")
            known = ways.get(there, frozenset())
            now = _keep_shortest((*known, *(way.union(conditions) for way in ways[here])))
            if len(now) > _MOST:
                now = _ALWAYS
            if now != known:
                ways[there] = now
                waiting.append(there)
    return ways


def _keep_shortest(ways: Iterable[Way]) -> Ways:
    """The ways without those that ask for more than another one."""
    kept: list[Way] = []
    for way in sorted(set(ways), key=len):
        if not any(other <= way for other in kept):
            kept.append(way)
    return frozenset(kept)


def _join_ways(ways: Ways) -> Marker:
    """The marker that holds where one of the ways does; each has a condition."""
    texts = [marker_text(reduce(and_, map(parse_marker, sorted(way)))) for way in ways]
    return reduce(or_, map(parse_marker, sorted(texts)))
