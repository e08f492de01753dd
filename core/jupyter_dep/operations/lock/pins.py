"""The versions that a lock pins, also one with conflict markers, and whether an index still serves the same files."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from packaging.utils import canonicalize_name

from jupyter_dep.base.engine_port import Pin
from jupyter_dep.base.errors import DepError
from jupyter_dep.base.steps import Hint, step
from jupyter_dep.model.declaration.declaration import Declaration
from jupyter_dep.model.lock import lockfile
from jupyter_dep.model.lock.audit import files_of
from jupyter_dep.model.lock.digest import LockDigest, pins
from jupyter_dep.model.lock.lockfile import Lock
from jupyter_dep.services import Services

_CONFLICT_SIDES = re.compile(
    rb"^<{7} [^\n]*\n(.*?)(?:^\|{7}[^\n]*\n.*?)?^={7}\r?\n(.*?)^>{7} [^\n]*(?:\n|\Z)", re.DOTALL | re.MULTILINE
)


def pins_of(old: bytes, summary: LockDigest | None, declaration: Declaration, services: Services) -> tuple[Pin, ...]:
    """The versions of a lock as pins; of a lock with conflict markers, those of both sides. `summary` is `old`'s."""
    known = [summary.pins] if summary is not None else [pins(lock) for lock in readable_sides(old)]
    if not known:
        return ()
    default = services.engine.default_index()
    declared = frozenset(str(index["url"]).rstrip("/") for index in declaration.indexes if "url" in index)
    found: dict[tuple[str, str, str], Pin] = {}
    seen: set[str] = set()
    for side in known:
        for name, version, index, marker in side:
            if name not in seen:
                found[name, version, marker] = Pin(
                    name=name,
                    version=version,
                    index=index if index.rstrip("/") in declared else default,
                    markers=(marker,) if marker else (),
                )
        seen |= {name for name, *_ in side}
    return tuple(found.values())


def sides(data: bytes) -> list[bytes]:
    """Split a lock with conflict markers into its two sides; any other lock is its only one."""
    if not _CONFLICT_SIDES.search(data):
        return [data]
    return [_CONFLICT_SIDES.sub(lambda match, side=side: match[side], data) for side in (1, 2)]  # type: ignore[misc]


def check_same_files(
    old: Sequence[Lock], new: Lock, pins: tuple[Pin, ...], *, upgrade: bool | tuple[str, ...], context: Mapping[str, str | int]
) -> None:
    """Check that the index still serves the locked files of every pinned version. Errors: `hash-changed`."""
    if upgrade is True:
        return
    moving = {canonicalize_name(name) for name in (upgrade if isinstance(upgrade, tuple) else ())}
    source = {(pin.name, pin.version): pin.index.rstrip("/") for pin in pins}
    known: dict[tuple[str, str, str], set[str]] = {}
    for lock in old:
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
                    hint=Hint(
                        "nothing was changed; a published file should never change, so ask the index's administrator. ",
                        "If it is meant, ",
                        step("update", package.name),
                        " locks what it serves now",
                    ),
                    context={**context, "package": package.name, "artifact": file.filename},
                )


def readable_sides(data: bytes) -> list[Lock]:
    """The lock, or both of a merge with conflict markers, as far as they can be read."""
    locks = []
    for text in sides(data):
        try:
            locks.append(lockfile.read(text, context={}))
        except DepError:
            continue
    return locks
