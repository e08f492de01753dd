"""The environment key and the consent fingerprint: pure functions of what they stand for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from .audit import files_of
from .lockfile import Lock
from .select import Artifact

if TYPE_CHECKING:
    from packaging.pylock import Package

LAYOUT = 2
"""Counts up when the way environments are built changes, so that old ones are not taken for new ones."""


def environment_key(artifacts: Iterable[Artifact], interpreter: str) -> str:
    """The key of the environment: same artifacts and same interpreter, same environment. 40 hexadecimal digits."""
    content = sorted((item.name, item.version, item.kind, item.sha256 or item.url, item.subdirectory) for item in artifacts)
    return _digest([LAYOUT, interpreter, content])[:40]


def fingerprint(lock: Lock) -> str:
    """What a consent is given to: everything that could be installed or asked on any platform, no spelling, no names.

    32 hexadecimal digits.
    """
    content: list[Any] = []
    hosts: set[str] = set()
    for package in lock.packages:
        artifacts = files_of(package)
        hosts |= {urlsplit(item.url or "").netloc for item in artifacts}
        if package.index:
            hosts.add(package.index)
        direct = _direct(package)
        content.append(
            [
                package.name,
                str(package.version or ""),
                str(package.marker or ""),
                sorted([item.filename, *sorted(f"{k}:{v}" for k, v in item.hashes.items())] for item in artifacts),
                direct,
            ]
        )
    python = lock.table.python if lock.table else ""
    return _digest([sorted(content, key=json.dumps), sorted(hosts), python, str(lock.pylock.requires_python or "")])[:32]


def _direct(package: Package) -> list[Any]:
    """A source other than an index, field by field: what a library prints of it may change with its version."""
    if (vcs := package.vcs) is not None:
        return ["vcs", vcs.type, vcs.url, vcs.path, vcs.commit_id, vcs.subdirectory]
    if (folder := package.directory) is not None:
        return ["directory", folder.path, folder.editable, folder.subdirectory]
    if (archive := package.archive) is not None:
        return ["archive", archive.url, archive.path, sorted(archive.hashes.items()), archive.subdirectory]
    return []


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
