"""Locks that a process holds for its life, and its children after it: what garbage collection looks at.

`flock` on an open descriptor, because it is inherited with the descriptor and freed by the system however the holders end.
"""

from __future__ import annotations

import errno
import os
import sys
import time
from pathlib import Path
from types import TracebackType

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl


_BYTES = 1 << 30
_HELD = {errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES, errno.EDEADLK}
"""What the systems answer where somebody else has the lock."""
_PAUSE = 0.01


def hold(handle: int) -> bool | None:
    """Hold an open file alone until its descriptor is closed: False if somebody else holds it, None where nobody can."""
    if sys.platform == "win32":
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


class FileLock:
    """A shared (in use) or exclusive (being built, being removed) hold on one file; `inheritable` for child processes."""

    def __init__(self, file: Path, handle: int) -> None:
        self.file = file
        self.handle = handle

    @classmethod
    def take(cls, file: Path, *, exclusive: bool = False, inheritable: bool = False) -> FileLock | None:
        """The lease, or None if somebody holds what excludes it; never waits. Errors: OSError where no lock works."""
        handle = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            if sys.platform == "win32":
                # one byte of its own for each process that uses it, all of them for the one that wants it alone
                os.lseek(handle, 0 if exclusive else os.getpid() % _BYTES, os.SEEK_SET)
                msvcrt.locking(handle, msvcrt.LK_NBLCK, _BYTES if exclusive else 1)
            else:
                fcntl.flock(handle, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except OSError as error:
            os.close(handle)
            if error.errno in _HELD:
                return None
            raise
        os.set_inheritable(handle, inheritable)
        return cls(file, handle)

    @classmethod
    def wait(cls, file: Path, seconds: float) -> FileLock | None:
        """The exclusive lease as soon as it can be had, None if that is not within `seconds`. Errors as `take`."""
        until = time.monotonic() + seconds
        while (lease := cls.take(file, exclusive=True)) is None and time.monotonic() < until:
            time.sleep(_PAUSE)
        return lease

    def release(self) -> None:
        if self.handle >= 0:
            handle, self.handle = self.handle, -1
            try:
                if sys.platform != "win32" and not os.get_inheritable(handle):
                    # a child that is just being started has the descriptor too, until it becomes another program
                    fcntl.flock(handle, fcntl.LOCK_UN)
            finally:
                os.close(handle)

    def __enter__(self) -> FileLock:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.release()
