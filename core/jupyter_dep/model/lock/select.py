"""What of a lock goes onto one interpreter: the selected artifacts, and on which platforms there would be none."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from functools import cache
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import unquote, urlsplit

from jupyter_dep.base.errors import ConflictError, DepError
from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.base.steps import Hint, step
from jupyter_dep.model.packages.markers import environment_on

from .group_markers import KERNEL_GROUP, no_such_part
from .lockfile import Lock

if TYPE_CHECKING:
    from packaging.markers import Environment
    from packaging.pylock import Package, PackageArchive, PackageDirectory, PackageSdist, PackageVcs, PackageWheel
    from packaging.tags import Tag

Kind = Literal["wheel", "sdist", "vcs", "directory", "archive"]


@frozen_dataclass
class Artifact:
    """One file (or source) that goes into an environment; `size` in bytes where the lock tells.

    Of a `directory` the `url` is its path; `editable`: it is used where it lies.
    """

    name: str
    version: str
    kind: Kind
    filename: str
    url: str
    sha256: str
    size: int | None = None
    index: str | None = None
    subdirectory: str = ""
    editable: bool = False

    def as_json(self) -> dict[str, Any]:
        """The artifact as JSON-like values, which `from_json` reads."""
        return asdict(self)

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Artifact:
        """The artifact that `as_json` gave."""
        return cls(**raw)


@frozen_dataclass
class Selection:
    """What of a folder's lock is wanted: normalised names of extras and groups (None: every group).

    `default` False leaves out what only the dependencies need, `kernel` False what only the kernel needs.
    """

    extras: tuple[str, ...] = ()
    groups: tuple[str, ...] | None = None
    default: bool = True
    kernel: bool = True

    def key(self) -> str:
        """A short text that is the same for choices that ask for the same; empty where nothing was chosen."""
        if self == DEFAULT_SELECTION:
            return ""
        groups = sorted(set(self.groups)) if self.groups is not None else None
        content = [sorted(set(self.extras)), groups, self.default, self.kernel]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]


DEFAULT_SELECTION = Selection()
"""The dependencies, every group and the kernel."""


def select(
    lock: Lock,
    *,
    environment: Environment,
    tags: Sequence[Tag],
    context: Mapping[str, str | int],
    choice: Selection = DEFAULT_SELECTION,
) -> tuple[Artifact, ...]:
    """The artifacts for one interpreter, by name.

    Errors: `not-installable-here`, and `no-such-extra`, `no-such-group` for a choice of what the lock has not.
    """
    from packaging.pylock import PylockSelectError

    groups = groups_of(lock, choice, context)
    require_known("extra", choice.extras, lock.pylock.extras or (), context)
    try:
        chosen = list(
            lock.pylock.select(environment=environment, tags=tags, extras=list(choice.extras), dependency_groups=groups)
        )
    except PylockSelectError as error:
        raise _refuse_unfit(lock, str(error), environment, context) from error
    found = sorted((_make_artifact(package, file) for package, file in chosen), key=lambda item: item.name)
    wanted = reachable_without_default(lock, choice, groups)
    return tuple(item for item in found if wanted is None or item.name in wanted)


def groups_of(lock: Lock, choice: Selection, context: Mapping[str, str | int]) -> list[str]:
    """The groups that a choice asks a lock for, the kernel's too. Errors: `no-such-group`."""
    listed, defaults = lock.pylock.dependency_groups or (), lock.pylock.default_groups or ()
    if choice.groups is None:
        chosen = {*listed, *defaults}
    else:
        require_known("group", choice.groups, listed, context)
        # a default group that is not listed stands for the dependencies themselves (PEP 751)
        chosen = {
            *choice.groups,
            *(name for name in defaults if name == KERNEL_GROUP or (choice.default and name not in listed)),
        }
    return sorted(chosen if choice.kernel else chosen - {KERNEL_GROUP})


def require_known(
    kind: Literal["extra", "group"], names: Collection[str], listed: Collection[str], context: Mapping[str, str | int]
) -> None:
    """Refuse names of extras or groups that a lock has not (`no-such-extra`, `no-such-group`)."""
    for name in names:
        if name not in listed:
            raise no_such_part(kind, name, [one for one in listed if one != KERNEL_GROUP], context)


def reachable_without_default(lock: Lock, choice: Selection, groups: Collection[str]) -> frozenset[str] | None:
    """The names that are left without the dependencies, by our lock's graph; None for all."""
    if choice.default or lock.table is None:
        return None
    graph = lock.graph()
    roots = lock.names_of(extras=choice.extras, groups=groups)
    reached = graph.reachable(node for node in graph.edges if node[0] in roots)
    kernel = graph.reachable(graph.kernel_roots) if choice.kernel else frozenset()
    return frozenset(name for name, _ in reached | kernel)


def _refuse_unfit(lock: Lock, reason: str, environment: Environment, context: Mapping[str, str | int]) -> DepError:
    here = f"Python {environment['python_version']} on {environment['sys_platform']} {environment['platform_machine']}"
    match = re.search(r"package '([^']+)'", reason)
    package = next((one for one in lock.packages if match and one.name == match[1]), None)
    if package is None:
        message = f"the lock does not fit {here}: {reason}"
    else:
        kinds = sorted({wheel.filename.removesuffix(".whl").split("-", 2)[2] for wheel in package.wheels or ()})
        only = ", ".join(kinds[:3]) + (f" and {len(kinds) - 3} more" if len(kinds) > 3 else "")
        message = f"`{package.name}` {package.version} has no file for {here}" + (f", only for {only}" if only else "")
    return ConflictError(
        "not-installable-here",
        message,
        hint=Hint(step("python"), " shows the Pythons to choose from; or ask for another version of the package"),
        context={**context, **({"package": package.name} if package else {})},
    )


def _make_artifact(
    package: Package,
    found: PackageVcs | PackageDirectory | PackageArchive | PackageWheel | PackageSdist,
) -> Artifact:
    from packaging.pylock import PackageArchive, PackageSdist, PackageVcs, PackageWheel

    if isinstance(found, PackageWheel | PackageSdist):
        return Artifact(
            name=package.name,
            version=str(package.version or ""),
            kind="wheel" if isinstance(found, PackageWheel) else "sdist",
            filename=found.filename,
            url=found.url or found.path or "",
            sha256=str(found.hashes.get("sha256", "")),
            size=found.size,
            index=package.index,
        )
    version = str(package.version or "")
    if isinstance(found, PackageVcs):
        return Artifact(
            name=package.name,
            version=version,
            kind="vcs",
            filename="",
            url=f"{found.type}+{found.url or found.path}@{found.commit_id}",
            sha256="",
            subdirectory=found.subdirectory or "",
        )
    if isinstance(found, PackageArchive):
        address = found.url or str(found.path)
        return Artifact(
            name=package.name,
            version=version,
            kind="archive",
            filename=unquote(urlsplit(address).path.rsplit("/", 1)[-1]),
            url=address,
            sha256=str(found.hashes.get("sha256", "")),
            size=found.size,
            subdirectory=found.subdirectory or "",
        )
    return Artifact(
        name=package.name,
        version=version,
        kind="directory",
        filename="",
        url=found.path,
        sha256="",
        subdirectory=found.subdirectory or "",
        editable=bool(found.editable),
    )


@cache
def _list_platform_tags() -> dict[str, Sequence[str]]:
    """The platform tags of each reference platform."""
    from packaging.tags import mac_platforms

    linux = [f"manylinux_2_{minor}" for minor in range(28, 4, -1)]
    return {
        "linux-x86_64": [*(f"{tag}_x86_64" for tag in linux), "manylinux2014_x86_64", "linux_x86_64"],
        "linux-aarch64": [*(f"{tag}_aarch64" for tag in linux), "manylinux2014_aarch64", "linux_aarch64"],
        "macos-arm64": list(mac_platforms((14, 0), "arm64")),
        "macos-x86_64": list(mac_platforms((13, 0), "x86_64")),
        "windows-amd64": ["win_amd64"],
    }


@cache
def reference_tags(python: str) -> dict[str, frozenset[Tag]]:
    """The wheel tags of each reference platform for the Python minor `3.11`."""
    from packaging.tags import compatible_tags, cpython_tags

    minor = _split_minor(python)
    name = f"cp{minor[0]}{minor[1]}"
    abi = f"{name}{'t' if python.endswith('t') else ''}"
    return {
        key: frozenset([*cpython_tags(minor, [abi], platforms), *compatible_tags(minor, name, platforms)])
        for key, platforms in _list_platform_tags().items()
    }


def _split_minor(python: str) -> tuple[int, ...]:
    return tuple(int(part) for part in python.rstrip("t").split("."))


def without_wheels(lock: Lock, python: str) -> dict[str, tuple[str, ...]]:
    """The packages that have no wheel, for each of five common platforms on the Python minor `3.11`."""
    minor = _split_minor(python)
    ours = [
        (package, [_parse_wheel_tags(wheel.filename) for wheel in package.wheels or ()])
        for package in lock.packages
        if not (package.vcs or package.directory or package.archive)
    ]
    parts: dict[str, frozenset[str]] = {
        "extras": frozenset(lock.pylock.extras or ()),
        "dependency_groups": frozenset([*(lock.pylock.dependency_groups or ()), *(lock.pylock.default_groups or ())]),
    }
    found: dict[str, tuple[str, ...]] = {}
    for name, compatible in reference_tags(python).items():
        environment: dict[str, str | frozenset[str]] = {**environment_on(name, f"{minor[0]}.{minor[1]}.0"), **parts}
        lacking = set()
        for package, wheels in ours:
            if any(not tags.isdisjoint(compatible) for tags in wheels):
                continue
            if package.marker is None or package.marker.evaluate(environment, context="lock_file"):
                lacking.add(package.name)
        if lacking:
            found[name] = tuple(sorted(lacking))
    return found


def _parse_wheel_tags(wheel: str) -> frozenset[Tag]:
    """The tags in a wheel's file name, none for any other name."""
    from packaging.utils import InvalidWheelFilename, parse_wheel_filename

    try:
        return parse_wheel_filename(wheel)[3]
    except InvalidWheelFilename:
        return frozenset()
