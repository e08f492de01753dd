"""The part of a lock that kernel starts and `status` need, JSON-like, so that a big lock is parsed only once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.model.packages.markers import environment_part

from . import audit, keys
from .audit import ConsentScope
from .lockfile import Lock

VERSION = 6
"""Counts up when this value's form or the policy behind it changes: remembered summaries are then made anew."""


@frozen_dataclass
class LockDigest:
    """A valid lock in short. `ours`: it carries our table; `missing_dependencies`: what the graph needs and the lock lacks."""

    digest: str
    ours: bool
    fingerprint: str
    python: str
    requires_python: str
    declaration: Mapping[str, Any]
    declaration_digest: str
    cutoff: str | None
    kernel: tuple[str, ...]
    versions: Mapping[str, str]
    items: tuple[tuple[str, str], ...]
    missing_dependencies: tuple[str, ...]
    unavailable: Mapping[str, tuple[str, ...]]
    sizes: Mapping[str, int]
    pins: tuple[tuple[str, str, str, str], ...] = ()
    """What is locked from an index: name, version, the index's URL, and the marker where a name has several versions."""

    def as_json(self) -> dict[str, Any]:
        """The digest as JSON-like values, which `from_json` reads."""
        return {"version": VERSION, **asdict(self)}

    @classmethod
    def from_json(cls, raw: Any) -> LockDigest | None:
        """The remembered value, None if it is of another version or damaged."""
        if not isinstance(raw, dict) or raw.pop("version", None) != VERSION:
            return None
        try:
            return cls(
                **{
                    **raw,
                    "kernel": tuple(raw["kernel"]),
                    "items": tuple((kind, value) for kind, value in raw["items"]),
                    "missing_dependencies": tuple(raw["missing_dependencies"]),
                    "pins": tuple(tuple(pin) for pin in raw["pins"]),
                    "unavailable": {key: tuple(names) for key, names in raw["unavailable"].items()},
                }
            )
        except (KeyError, TypeError, ValueError):
            return None

    @property
    def unusual(self) -> tuple[ConsentScope, ...]:
        """What needs a consent of its own."""
        return tuple(ConsentScope(kind=kind, value=value) for kind, value in self.items)  # type: ignore[arg-type]


def digest_lock(lock: Lock, *, context: Mapping[str, str | int]) -> LockDigest:
    """Examine a lock and put it in short. Errors: `unsafe-lock`."""
    items = audit.audit_lock(lock, context=context)
    table = lock.table
    sizes: dict[str, int] = {}
    for package in lock.packages:
        known = [wheel.size for wheel in package.wheels or () if wheel.size]
        sizes[package.name] = max(known, default=0)
    return LockDigest(
        digest=lock.digest,
        ours=table is not None,
        fingerprint=keys.fingerprint(lock),
        python=table.python if table else "",
        requires_python=str(lock.pylock.requires_python or ""),
        declaration=table.declaration if table else {},
        declaration_digest=table.declaration_digest() if table else "",
        cutoff=table.cutoff if table else None,
        kernel=table.kernel if table else (),
        versions=lock.versions(),
        items=tuple((item.kind, item.value) for item in items),
        missing_dependencies=lock.missing_dependencies(),
        unavailable=(table.unavailable or {}) if table else {},
        sizes=sizes,
        pins=pins(lock),
    )


def pins(lock: Lock) -> tuple[tuple[str, str, str, str], ...]:
    """`LockDigest.pins` of a lock."""
    count = Counter(package.name for package in lock.packages)
    return tuple(
        (
            package.name,
            str(package.version),
            package.index,
            environment_part(str(package.marker)) if count[package.name] > 1 and package.marker else "",
        )
        for package in lock.packages
        if package.version is not None and package.index is not None
    )


def problem(error: DepError) -> str:
    """`unmerged` or `invalid`: the state that a lock with this error is in."""
    return "unmerged" if error.code == "unmerged-lock" else "invalid"
