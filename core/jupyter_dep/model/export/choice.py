"""Which of a lock's packages go out: the choice of extras and groups answered, and what is left of each package's marker."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from ..lockfile import Lock
from ..membership import KERNEL_GROUP, no_such_part
from ..selection import WHOLE, Choice
from .markers import decided

if TYPE_CHECKING:
    from packaging.pylock import Package


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """One package that goes out, under the marker that is left (`""`: everywhere)."""

    package: Package
    marker: str = ""


def chosen(lock: Lock, choice: Choice = WHOLE) -> tuple[Chosen, ...]:
    """The packages of a choice, by name and version; platforms and Pythons stay open.

    What it takes is what `selection.select` takes, for every interpreter at once. Errors: `no-such-extra`, `no-such-group`.
    """
    extras, groups = frozenset(choice.extras), _groups(lock, choice)
    for extra in choice.extras:
        if extra not in (lock.pylock.extras or ()):
            raise no_such_part("extra", extra, list(lock.pylock.extras or ()), {})
    # a notebook's lock has no groups: there a list of names tells what only the kernel needs
    unwanted = frozenset() if choice.kernel or lock.table is None else frozenset(lock.table.kernel)
    wanted = None if choice.default else _reached(lock, choice, extras, groups)
    found = []
    for package in lock.packages:
        text = str(package.marker) if package.marker is not None else ""
        marker = decided(text, extras=extras, groups=groups) if text else True
        if marker is False or package.name in unwanted or (wanted is not None and package.name not in wanted):
            continue
        found.append(Chosen(package=package, marker=marker if isinstance(marker, str) else ""))
    return tuple(sorted(found, key=lambda one: (one.package.name, str(one.package.version or ""), one.marker)))


def _groups(lock: Lock, choice: Choice) -> frozenset[str]:
    listed, defaults = lock.pylock.dependency_groups or (), lock.pylock.default_groups or ()
    if choice.groups is None:
        groups = {*listed, *defaults}
    else:
        for group in choice.groups:
            if group not in listed:
                raise no_such_part("group", group, [one for one in listed if one != KERNEL_GROUP], {})
        # a default group that is not listed stands for the dependencies themselves (PEP 751)
        own = {name for name in defaults if name == KERNEL_GROUP or (choice.default and name not in listed)}
        groups = {*choice.groups, *own}
    return frozenset(groups if choice.kernel else groups - {KERNEL_GROUP})


def _reached(lock: Lock, choice: Choice, extras: frozenset[str], groups: frozenset[str]) -> frozenset[str]:
    """Names that the extras and groups need, and the kernel if it is wanted.

    A package that the dependencies need too has no marker that names a group, so markers alone do not tell.
    """
    graph = lock.graph()
    roots = lock.names_of(extras=extras, groups=groups)
    reached = graph.reachable(node for node in graph.edges if node[0] in roots)
    kernel = graph.reachable(graph.kernel_roots) if choice.kernel else frozenset()
    return frozenset(name for name, _ in reached | kernel)


def public_address(url: str) -> str:
    """The address without userinfo, query and fragment: what may stand in a file that is handed on."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
