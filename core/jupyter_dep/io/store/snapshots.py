"""What a folder held at one moment; a later look reads only those of its folders in which something came or went."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Mapping
from pathlib import Path

from jupyter_dep.base.fast_dataclass import frozen_dataclass

Listing = dict[str, tuple[int, int]]
"""Relative path with `/` → size in bytes and modification time in nanoseconds; bytecode is left out."""

_CACHE = "__pycache__"
_SECOND = 1_000_000_000
_TICK = 20_000_000
"""Nanoseconds in which a folder may change twice and bear the same time: a file system's clock moves in steps."""


@frozen_dataclass
class _Folder:
    """One folder: its own time, whether a change after this reading must show in it, what is in it.

    `loose` are the files without a second hard link: they may still be written to. `bytecode`: it has a `__pycache__`.
    """

    changed: int
    settled: bool
    folders: tuple[str, ...]
    files: Listing
    loose: tuple[str, ...]
    writable: tuple[str, ...]
    bytecode: bool


@frozen_dataclass
class Snapshot:
    """What a tree of folders held.

    `files` has all but bytecode, `writable` the files with any permission to write, `caches` the folders of bytecode.
    """

    files: Listing
    writable: tuple[str, ...]
    caches: tuple[str, ...]
    folders: Mapping[str, _Folder]


def take_snapshot(root: Path, earlier: Snapshot | None = None) -> Snapshot:
    """The files below `root`, without following links.

    Of folders that bear the time of an `earlier` look, what is a hard link is taken from there: it was whole when it came.
    """
    base = os.fspath(root)
    folders: dict[str, _Folder] = {}
    files: Listing = {}
    writable: list[str] = []
    caches: list[str] = []
    waiting = [""]
    while waiting:
        prefix = waiting.pop()
        path = f"{base}/{prefix}"
        changed = os.stat(path).st_mtime_ns  # before it is read: what changes meanwhile makes the next look read it again
        known = earlier.folders.get(prefix) if earlier is not None else None
        again: tuple[str, ...] = ()
        if known is None or not known.settled or known.changed != changed:
            known = _read(path, prefix, changed)
        else:
            again = known.loose
        folders[prefix] = known
        files.update(known.files)
        for name in again:
            info = os.lstat(f"{base}/{name}")
            files[name] = (info.st_size, info.st_mtime_ns)
        writable += known.writable
        waiting += known.folders
        if known.bytecode:
            caches.append(prefix + _CACHE)
    return Snapshot(files=files, writable=tuple(writable), caches=tuple(caches), folders=folders)


def _read(path: str, prefix: str, changed: int) -> _Folder:
    tick = _TICK if changed % _SECOND else 2 * _SECOND  # a file system may know no parts of a second
    settled = changed + tick < time.time_ns()
    folders: list[str] = []
    files: Listing = {}
    loose: list[str] = []
    writable: list[str] = []
    bytecode = False
    with os.scandir(path) as entries:
        for entry in entries:
            name = entry.name
            if entry.is_dir(follow_symlinks=False):
                if name == _CACHE:
                    bytecode = True
                else:
                    folders.append(f"{prefix}{name}/")
            elif name[-4:] != ".pyc":
                info = entry.stat(follow_symlinks=False)
                file = prefix + name
                files[file] = (info.st_size, info.st_mtime_ns)
                if info.st_nlink == 1:
                    loose.append(file)
                if info.st_mode & 0o222 and not entry.is_symlink():
                    writable.append(file)
    return _Folder(
        changed=changed,
        settled=settled,
        folders=tuple(folders),
        files=files,
        loose=tuple(loose),
        writable=tuple(writable),
        bytecode=bytecode,
    )


def digest(files: Listing) -> str:
    """A digest of names, sizes and times: a later difference means that a sealed environment was changed."""
    text = "\n".join(f"{path}\0{size}\0{time}" for path, (size, time) in sorted(files.items()))
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
