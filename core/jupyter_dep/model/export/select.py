"""The packages of a lock that an export contains, with extras and groups in their markers answered."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.model.lock.lockfile import Lock
from jupyter_dep.model.lock.select import DEFAULT_SELECTION, Selection, groups_of, reachable_without_default, require_known
from jupyter_dep.model.packages.markers import partial_evaluate

if TYPE_CHECKING:
    from packaging.pylock import Package


@frozen_dataclass
class Chosen:
    """One exported package, with its remaining marker (`""`: everywhere)."""

    package: Package
    marker: str = ""


def chosen(lock: Lock, choice: Selection = DEFAULT_SELECTION) -> tuple[Chosen, ...]:
    """The packages of a choice, by name and version; platforms and Pythons stay open.

    What it takes is what `selection.select` takes, for every interpreter at once. Errors: `no-such-extra`, `no-such-group`.
    """
    extras, groups = frozenset(choice.extras), frozenset(groups_of(lock, choice, {}))
    require_known("extra", choice.extras, lock.pylock.extras or (), {})
    # a notebook's lock has no groups: there a list of names tells what only the kernel needs
    unwanted = frozenset() if choice.kernel or lock.table is None else frozenset(lock.table.kernel)
    wanted = reachable_without_default(lock, choice, groups)
    found = []
    for package in lock.packages:
        text = str(package.marker) if package.marker is not None else ""
        marker = partial_evaluate(text, extras=extras, groups=groups) if text else True
        if marker is False or package.name in unwanted or (wanted is not None and package.name not in wanted):
            continue
        found.append(Chosen(package=package, marker="" if isinstance(marker, bool) else str(marker)))
    return tuple(sorted(found, key=lambda one: (one.package.name, str(one.package.version or ""), one.marker)))


def public_address(url: str) -> str:
    """The address without userinfo, query and fragment: what may stand in a file that is handed on."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
