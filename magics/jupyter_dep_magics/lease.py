"""The shared lock that protects an environment from garbage collection while this process and its workers live."""

from __future__ import annotations

import errno
import os
import sys
import time
from typing import List

from .failure import DepFailure

_held: List[int] = []
_WITHOUT_LOCKS = frozenset(
    getattr(errno, name) for name in ("ENOSYS", "ENOLCK", "EOPNOTSUPP", "ENOTSUP", "EINVAL") if hasattr(errno, name)
)


def hold(path: str, *, seconds: float = 2.0) -> None:
    """Take the shared lock of `path` and keep it until the process ends; workers inherit it.

    Errors: `environment-going` if garbage collection holds the lock for longer than `seconds`. On a file system without
    locks the file is only kept open.
    """
    if not path:
        return
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError as error:
        raise DepFailure(
            "environment-going",
            "cannot lock the new environment: {}".format(error.strerror or error),
            hint="restart the kernel to start it on the locked environment",
            context={"file": path},
        ) from None
    # on Windows an open file cannot be removed, which is enough
    if sys.platform != "win32" and not (_lock(descriptor, seconds) and _is_same_file(path, descriptor)):
        os.close(descriptor)
        raise DepFailure(
            "environment-going",
            "the new environment is being removed by another process",
            hint="run the line again",
            context={"file": path},
        )
    os.set_inheritable(descriptor, True)  # noqa: FBT003  takes no keywords
    _held.append(descriptor)


def _is_same_file(path: str, descriptor: int) -> bool:
    """Check that the file was not removed between opening and locking it."""
    try:
        return os.path.samestat(os.stat(path), os.fstat(descriptor))
    except OSError:
        return False


def _lock(descriptor: int, seconds: float) -> bool:
    import fcntl

    deadline = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        except OSError as error:
            # a file system without locks, where nothing is collected; any other failure holds nothing
            return error.errno in _WITHOUT_LOCKS
