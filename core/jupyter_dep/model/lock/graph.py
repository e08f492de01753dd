"""Who requires whom: the locked graph as values, and the questions people ask of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Any

from packaging.utils import canonicalize_name

from jupyter_dep.base.fast_dataclass import frozen_dataclass

Node = tuple[str, str]
"""Normalised name and version; a name may be locked in several versions, for different platforms."""


@frozen_dataclass
class Graph:
    """The dependency graph of a lock: `edges` lead from every locked package to what it needs.

    `roots` are the packages of the user's declaration with its extras and groups, `kernel_roots` those of the kernel.
    """

    edges: Mapping[Node, tuple[Node, ...]]
    roots: tuple[Node, ...] = ()
    kernel_roots: tuple[Node, ...] = ()
    sizes: Mapping[Node, int] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """All but the sizes, which no lock carries."""
        edges = [[*who, [list(needed) for needed in needs]] for who, needs in self.edges.items()]
        return {"edges": edges, "roots": list(map(list, self.roots)), "kernel_roots": list(map(list, self.kernel_roots))}

    @classmethod
    def from_json(cls, value: object) -> Graph | None:
        """What `as_json` gave; None for anything else."""
        try:
            assert isinstance(value, dict)
            return cls(
                edges={(str(name), str(version)): _read_nodes(needs) for name, version, needs in value["edges"]},
                roots=_read_nodes(value["roots"]),
                kernel_roots=_read_nodes(value["kernel_roots"]),
            )
        except (AssertionError, KeyError, TypeError, ValueError):
            return None

    def reachable(self, roots: Iterable[Node]) -> frozenset[Node]:
        """The roots and all that they need, directly or not."""
        seen: set[Node] = set()
        waiting = deque(roots)
        while waiting:
            node = waiting.popleft()
            if node not in seen:
                seen.add(node)
                waiting.extend(self.edges.get(node, ()))
        return frozenset(seen)

    def kernel_only(self) -> frozenset[str]:
        """Names that are locked for the kernel's sake alone."""
        users = {name for name, _ in self.reachable(self.roots)}
        return frozenset(name for name, _ in self.reachable(self.kernel_roots)) - users

    def required_by(self, name: str) -> tuple[str, ...]:
        """Names that require `name` directly, sorted."""
        return tuple(
            sorted({who for (who, _), needs in self.edges.items() if name in {needed for needed, _ in needs}} - {name})
        )

    def paths(self, name: str, roots: Iterable[str]) -> tuple[tuple[str, ...], ...]:
        """The shortest chain from each root to `name`, roots first; roots that do not need it are left out."""
        needs: dict[str, list[str]] = {}
        for (who, _), nodes in self.edges.items():
            needs.setdefault(who, []).extend(needed for needed, _ in nodes)
        found = []
        for root in roots:
            chains: deque[tuple[str, ...]] = deque([(root,)])
            seen = {root}
            while chains:
                chain = chains.popleft()
                if chain[-1] == name:
                    found.append(chain)
                    break
                for needed in sorted(set(needs.get(chain[-1], ()))):
                    if needed not in seen:
                        seen.add(needed)
                        chains.append((*chain, needed))
        return tuple(found)


def _read_nodes(pairs: Iterable[Iterable[object]]) -> tuple[Node, ...]:
    return tuple((str(name), str(version)) for name, version in pairs)


def from_engine_tree(tree: Mapping[str, object], *, kernel_group: str) -> Graph:
    """The graph of the engine's JSON tree: extras are nodes of their own there, here they belong to their package.

    The format is the engine's preview; the engine's version is pinned, and a test reads a real one.
    """
    resolution = tree["resolution"]
    roots_listed = tree["roots"]
    assert isinstance(resolution, Mapping)
    assert isinstance(roots_listed, list)

    def node(identity: str) -> Node:
        entry = resolution[identity]
        return canonicalize_name(entry["name"]), str(entry.get("version") or "")

    def is_member(identity: str) -> bool:
        entry = resolution[identity]
        return "name" not in entry or "virtual" in (entry.get("source") or {})

    def needs(entry: Mapping[str, Any]) -> list[Node]:
        return [node(needed["id"]) for needed in entry.get("dependencies", ()) if not is_member(needed["id"])]

    edges: dict[Node, set[Node]] = {}
    for identity, entry in resolution.items():
        if not is_member(identity):
            here = node(identity)
            edges.setdefault(here, set()).update(set(needs(entry)) - {here})
    users: list[Node] = []
    kernels: list[Node] = []
    for listed in roots_listed:
        entry = resolution[listed["id"]]
        group = entry["kind"].get("group") if isinstance(entry["kind"], Mapping) else None
        into = kernels if group == kernel_group else users
        into.extend(needs(entry))
    return Graph(
        edges={who: tuple(sorted(needs)) for who, needs in sorted(edges.items())},
        roots=tuple(dict.fromkeys(users)),
        kernel_roots=tuple(dict.fromkeys(kernels)),
    )
