"""Looks at the file system that raise no OSError, and paths computed the way the operating system computes them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from jupyter_dep.io.system import presence
from jupyter_dep.io.system.os_errors import explain_os_error
from jupyter_dep.io.system.paths import expand_home

Stamps = dict[str, list[int] | None]
"""Inode, size in bytes and modification time in nanoseconds by path, None for a file that is not there."""


def exists(path: Path) -> bool:
    """Whether a path is there; a link whose target is missing is not. Errors: those of `explain_os_error`."""
    return _look(presence.exists, path)


def is_there(path: str | Path) -> bool:
    """Whether a look shows that a path is there; one that fails, or a path that means nothing here, does not."""
    return presence.presence(path) is presence.Presence.PRESENT


def is_folder(path: Path) -> bool:
    """Whether a path is a folder or a link to one. Errors: as `exists`."""
    return _look(presence.is_folder, path)


def is_file(path: Path) -> bool:
    """Whether a path is a regular file or a link to one. Errors: as `exists`."""
    return _look(presence.is_regular_file, path)


def is_link(path: Path) -> bool:
    """Whether a path is a symbolic link. Errors: as `exists`."""
    return _look(presence.is_link, path)


def _look(question: Callable[[Path], bool], path: Path) -> bool:
    try:
        return question(path)
    except OSError as error:
        raise explain_os_error(error, path, "reading") from error


def matches(folder: Path, pattern: str) -> bool:
    """Whether anything in a folder matches a glob pattern; no pattern that means nothing here does."""
    try:
        return any(folder.glob(pattern))
    except (OSError, ValueError, NotImplementedError):
        return False


def size(path: Path) -> int:
    """The size of a file in bytes. Errors: as `exists`."""
    try:
        return os.stat(path).st_size
    except OSError as error:
        raise explain_os_error(error, path, "reading") from error


def stamps(paths: Iterable[str | Path]) -> Stamps:
    """What changes when one of these files changes. Errors: as `exists`: one that cannot be looked at is not absent."""
    found: Stamps = {}
    for path in paths:
        try:
            status = os.stat(path)
            found[str(path)] = [status.st_ino, status.st_size, status.st_mtime_ns]
        except presence.ABSENT_ERRORS:
            found[str(path)] = None
        except OSError as error:
            raise explain_os_error(error, Path(path), "reading") from error
    return found


def real_path(path: Path) -> Path:
    """The path with every link resolved, as far as it exists."""
    return Path(os.path.realpath(path))


def path_bytes(path: Path) -> bytes:
    """A path in the file system's own encoding, for a digest."""
    return os.fsencode(path)


def absolute_path(path: Path) -> Path:
    """The path from the root, without `.` and `..`; links stay."""
    return Path(os.path.abspath(path))


def typed_path(text: str, cwd: Path) -> Path:
    """The whole path of what was typed in `cwd`: `~` is the user's home."""
    return Path(os.path.normpath(cwd / expand_home(text)))


def joined_path(folder: Path, relative: str) -> Path:
    """A relative path from a folder, without `.` and `..`."""
    return Path(os.path.normpath(folder / relative))


def relative_path(path: Path, start: Path) -> str:
    """How a path is written from the folder `start`, with `/`."""
    return Path(os.path.relpath(path, start)).as_posix()
