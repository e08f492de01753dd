"""A file's new content beside the file: on the disk before it is put in its place, and held while its writer lives."""

from __future__ import annotations

import errno
import os
import re
import stat
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.io.system.locks import lock_descriptor
from jupyter_dep.io.system.presence import exists

_TEMPORARY = re.compile(r"\.[0-9a-f]{8}\.tmp")


@frozen_dataclass
class Write:
    """One file's new content (None: it is removed), and what it has to hold for that (None: it must not be there).

    `private`: only its user may read it, also while it is written.
    """

    path: Path
    content: bytes | None
    expected: bytes | None
    private: bool = False


@dataclass(slots=True, kw_only=True)
class Staged:
    """New content beside its file until it is put in place, locked so that cleanup does not delete a living writer's."""

    write: Write
    target: Path
    temporary: Path = field(init=False)
    handle: int = -1

    def __post_init__(self) -> None:
        self.temporary = temporary_name(self.target)

    def discard(self) -> None:
        """Remove the temporary file, if it is still there."""
        if self.handle >= 0:
            os.close(self.handle)
            self.handle = -1
        with suppress(OSError):  # what was asked for is done or has failed by now; the next write sweeps
            self.temporary.unlink(missing_ok=True)


def temporary_name(path: Path) -> Path:
    """Give a random name beside a file for its new content."""
    return path.with_name(f".{path.name}.{os.urandom(4).hex()}.tmp")


def sweep(target: Path) -> None:
    """Remove what writers of a file have left that were killed; one that lives holds what it has staged."""
    if not sys.platform.startswith(("linux", "darwin")):
        return  # a held file cannot be renamed there, so living and dead writers cannot be distinguished
    begin = f".{target.name}"
    with suppress(OSError):  # a folder that cannot be read
        for name in os.listdir(target.parent):
            if name.startswith(begin) and _TEMPORARY.fullmatch(name, len(begin)):
                _remove_if_dead(target.with_name(name))


def _remove_if_dead(temporary: Path) -> None:
    with suppress(OSError):
        handle = os.open(temporary, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            if stat.S_ISREG(os.fstat(handle).st_mode) and lock_descriptor(handle):
                temporary.unlink()
        finally:
            os.close(handle)


def stage(staged: Staged) -> None:
    """Write the new content to the disk beside its file. Errors: OSError."""
    write, target = staged.write, staged.target
    if write.content is None:
        return
    mode = stat.S_IMODE(target.stat().st_mode) if write.expected is not None else None
    if mode is not None and not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, "read-only")
    staged.handle = _create(staged, 0o600 if write.private else 0o666)
    with os.fdopen(staged.handle, "wb", closefd=False) as file:
        file.write(write.content)
        file.flush()
        os.fsync(file.fileno())
    if sys.platform == "win32":  # an open file cannot be renamed there
        os.close(staged.handle)
        staged.handle = -1
    if mode is not None and not write.private:
        staged.temporary.chmod(mode)


def _create(staged: Staged, mode: int) -> int:
    while True:
        handle = os.open(
            staged.temporary,
            os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0),
            mode,
        )
        # between the two calls another process may have removed it as a dead writer's
        if lock_descriptor(handle) is not False and os.fstat(handle).st_nlink:
            return handle
        os.close(handle)
        staged.temporary = temporary_name(staged.target)


def publish(staged: Staged) -> None:
    """Put the staged content in its place. Errors: OSError, FileExistsError for a new file whose name was taken meanwhile."""
    if staged.write.content is None:
        staged.target.unlink(missing_ok=True)
    elif staged.write.expected is None:
        _publish_new(staged.temporary, staged.target)
    else:
        os.replace(staged.temporary, staged.target)


def _publish_new(temporary: Path, target: Path) -> None:
    try:
        os.link(temporary, target)  # fails if the name was taken meanwhile, which a rename would not
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        if exists(target, follow_links=False):
            raise FileExistsError(target) from None
        temporary.rename(target)
