"""The difference of two locks: packages added, removed or changed, and what requires them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from jupyter_dep.base.fast_dataclass import frozen_dataclass

from .graph import Graph

ChangeKind = Literal["added", "removed", "changed"]


@frozen_dataclass
class Change:
    """What became of one package from one lock to the next; versions are empty where it is absent.

    `via` are its direct requirers, empty for a declared one.
    """

    name: str
    kind: ChangeKind
    before: str = ""
    after: str = ""
    declared: bool = False
    via: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The change as JSON-like values."""
        return {
            "name": self.name,
            "change": self.kind,
            "before": self.before,
            "after": self.after,
            "declared": self.declared,
            "via": list(self.via),
        }


def changes(
    before: Mapping[str, str], after: Mapping[str, str], *, graph: Graph, declared: frozenset[str]
) -> tuple[Change, ...]:
    """The difference of two sets of locked versions: declared ones first, then by name."""
    found = []
    for name in before.keys() | after.keys():
        old, new = before.get(name, ""), after.get(name, "")
        if old == new:
            continue
        kind: ChangeKind = "added" if not old else "removed" if not new else "changed"
        via = () if name in declared else graph.required_by(name)
        found.append(Change(name=name, kind=kind, before=old, after=new, declared=name in declared, via=via))
    return tuple(sorted(found, key=lambda change: (not change.declared, change.name)))
