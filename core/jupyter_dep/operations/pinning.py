"""The versions that a lock pins, also one with conflict markers, and whether an index still serves the same files."""

from __future__ import annotations

import re
from collections.abc import Mapping

from packaging.utils import canonicalize_name

from ..engine import Pin
from ..errors import DepError
from ..model import lockfile
from ..model.declaration import Declaration
from ..model.lockfile import Lock
from ..model.policy import files_of
from ..services import Services

_CONFLICT_SIDES = re.compile(
    rb"^<{7} [^\n]*\n(.*?)(?:^\|{7}[^\n]*\n.*?)?^={7}\r?\n(.*?)^>{7} [^\n]*(?:\n|\Z)", re.DOTALL | re.MULTILINE
)


def pins_of(old: bytes, declaration: Declaration, services: Services) -> tuple[Pin, ...]:
    """The versions of a lock as pins; of a lock with conflict markers, those of both sides."""
    locks = _readable_sides(old)
    if not locks:
        return ()
    default = services.engine.default_index()
    declared = frozenset(str(index["url"]).rstrip("/") for index in declaration.indexes if "url" in index)
    found: dict[str, Pin] = {}
    seen: set[str] = set()
    for lock in locks:
        here = {pin.name for pin in _pins(lock, default, declared)}
        for pin in _pins(lock, default, declared):
            if pin.name not in seen:
                found[f"{pin.name} {pin.version} {pin.markers}"] = pin
        seen |= here
    return tuple(found.values())


def sides(data: bytes) -> list[bytes]:
    if not _CONFLICT_SIDES.search(data):
        return [data]
    return [_CONFLICT_SIDES.sub(lambda match, side=side: match[side], data) for side in (1, 2)]  # type: ignore[misc]


def check_same_files(
    old: bytes, new: Lock, pins: tuple[Pin, ...], upgrade: bool | tuple[str, ...], context: Mapping[str, str | int]
) -> None:
    """Our lock decides what a pinned version's files are: an index that replaced one is told of (`hash-changed`)."""
    if upgrade is True:
        return
    moving = {canonicalize_name(name) for name in (upgrade if isinstance(upgrade, tuple) else ())}
    source = {(pin.name, pin.version): pin.index.rstrip("/") for pin in pins}
    known: dict[tuple[str, str, str], set[str]] = {}
    for lock in _readable_sides(old):
        for package in lock.packages:
            for file in files_of(package):
                if digest := str(file.hashes.get("sha256", "")):
                    known.setdefault((package.name, str(package.version), file.filename), set()).add(digest)
    for package in new.packages:
        version = str(package.version)
        if package.name in moving or source.get((package.name, version)) != (package.index or "").rstrip("/"):
            continue
        for file in files_of(package):
            if known.get((package.name, version, file.filename), set()) - {str(file.hashes.get("sha256", ""))}:
                raise DepError(
                    "hash-changed",
                    f"the index serves other bytes as `{file.filename}` than are locked for {package.name} {version}",
                    hint="nothing was changed; a published file should never change, so ask whoever runs the index. If it is "
                    f"meant, `jupyter dep update NOTEBOOK {package.name}` locks what it serves now",
                    context={**context, "package": package.name, "artifact": file.filename},
                )


def _readable_sides(data: bytes) -> list[Lock]:
    """The lock, or both of a merge with conflict markers, as far as they can be read."""
    locks = []
    for text in sides(data):
        try:
            locks.append(lockfile.read(text, context={}))
        except DepError:
            continue
    return locks


def _pins(lock: Lock, default: str, declared: frozenset[str]) -> list[Pin]:
    count: dict[str, int] = {}
    for package in lock.packages:
        count[package.name] = count.get(package.name, 0) + 1
    return [
        Pin(
            name=package.name,
            version=str(package.version),
            index=package.index if package.index and package.index.rstrip("/") in declared else default,
            markers=(str(package.marker),) if count[package.name] > 1 and package.marker else (),
        )
        for package in lock.packages
        if package.version is not None and package.index is not None
    ]
