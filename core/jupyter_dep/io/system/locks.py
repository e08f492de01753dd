"""File locks: shared and exclusive, held by a process and inherited by its children, and waiting for one with a time limit.

`flock` on an open descriptor, because it is inherited with the descriptor and freed by the system however the holders end.
Garbage collection reads from these locks which environments are in use.
"""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from jupyter_dep.base.errors import DepError

from .os_errors import explain_os_error

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

if TYPE_CHECKING:
    from jupyter_dep.base.progress import CancelToken, Reporter

STATE_SECONDS = 30.0
"""How long a state file's lock is waited for; each writer needs some milliseconds."""
BUILD_SECONDS = 2400.0
"""How long another process's build of the same environment is waited for."""

_BYTES = 1 << 30
_HELD = {errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES, errno.EDEADLK}
"""What the systems answer where another process has the lock."""
_PAUSE = 0.01
_REPORT_EVERY = 0.3


def lock_descriptor(handle: int) -> bool | None:
    """Lock an open file exclusively until its descriptor is closed.

    False where another process holds it, None where the system cannot lock.
    """
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
    """A shared (in use) or exclusive (being built, being removed) lock on one file; child processes may inherit it."""

    def __init__(self, file: Path, handle: int) -> None:
        self.file = file
        self.handle = handle

    @classmethod
    def try_acquire(cls, file: Path, *, exclusive: bool = False, inheritable: bool = False) -> FileLock | None:
        """Take the lock, or give None if another process holds one that excludes it; never waits.

        Errors: OSError where locks do not work.
        """
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
    def acquire(cls, file: Path, seconds: float, *, exclusive: bool = True) -> FileLock | None:
        """Wait up to `seconds` for the lock; None if it was not free by then. Errors: as `try_acquire`."""
        deadline = time.monotonic() + seconds
        while (lock := cls.try_acquire(file, exclusive=exclusive)) is None and time.monotonic() < deadline:
            time.sleep(_PAUSE)
        return lock

    def release(self) -> None:
        """Give the lock up; a second call does nothing."""
        if self.handle >= 0:
            handle, self.handle = self.handle, -1
            try:
                if sys.platform != "win32" and not os.get_inheritable(handle):
                    # a child that is just being started has the descriptor too, until it becomes another program
                    fcntl.flock(handle, fcntl.LOCK_UN)
            finally:
                os.close(handle)

    def hand_over(self) -> None:
        """Close our descriptor and leave the lock to the child that inherited it."""
        handle, self.handle = self.handle, -1
        os.close(handle)

    def __enter__(self) -> FileLock:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.release()


@contextmanager
def exclusive_lock(file: Path) -> Iterator[None]:
    """Keep other processes from changing a small state file meanwhile.

    Errors: `memory-busy` after `STATE_SECONDS`; those of `explain_os_error`.
    """
    path = file.with_suffix(".lock")
    try:
        lock = FileLock.acquire(path, STATE_SECONDS)
    except OSError as error:
        raise explain_os_error(error, file, "waiting for a lock") from error
    if lock is None:
        raise DepError(
            "memory-busy",
            f"another process has held `{path}` for {STATE_SECONDS:.0f} seconds",
            hint="end that process, then run the same again",
            context={"file": str(file)},
        )
    with lock:
        yield


@contextmanager
def build_lock(path: Path, reporter: Reporter, cancel: CancelToken | None) -> Iterator[None]:
    """Build alone: wait, reporting it, while another process builds the same environment.

    Errors: `cancelled`, `build-deadline` after `BUILD_SECONDS`, OSError where locks do not work.
    """
    from jupyter_dep.base.progress import Progress, cancelled  # with threads, which the fast path of `run` does without

    deadline = time.monotonic() + BUILD_SECONDS
    lock = FileLock.try_acquire(path, exclusive=True)
    while lock is None:
        reporter(Progress(phase="waiting", detail="another process builds the same environment"))
        lock = FileLock.acquire(path, _REPORT_EVERY)
        if lock is not None:
            break
        if cancel is not None and cancel.is_set:
            raise cancelled("while waiting")
        if time.monotonic() > deadline:
            raise DepError(
                "build-deadline",
                f"another process has been building this environment for {BUILD_SECONDS / 60:.0f} minutes",
                hint="end that process, then run the same again",
            )
    with lock:
        yield
