"""The shared lock that keeps an environment from being collected while this process, or a worker of it, lives."""

from __future__ import annotations

import os
import sys
import time
from typing import List

from .failure import DepFailure

_held: List[int] = []


def hold(path: str, *, seconds: float = 2.0) -> None:
    """Take the lease at `path` and keep it until the process ends; workers inherit it.

    Raises `DepFailure("environment-going")` if a collector holds it for longer than `seconds`. Where the file system
    knows no locks, the open file is all there is.
    """
    if not path:
        return
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError as error:
        raise DepFailure(
            "environment-going",
            "the new environment cannot be held: {}".format(error.strerror or error),
            hint="restart the kernel: it opens on the environment that the lock names",
            context={"file": path},
        ) from None
    # On Windows an open file cannot be removed, which is what the lease is for.
    if sys.platform != "win32" and not (_lock(descriptor, seconds) and _is_still(path, descriptor)):
        os.close(descriptor)
        raise DepFailure(
            "environment-going",
            "the new environment is being removed by another process",
            hint="run the line again",
            context={"file": path},
        )
    os.set_inheritable(descriptor, True)
    _held.append(descriptor)


def _is_still(path: str, descriptor: int) -> bool:
    """Whether the file was not removed between its opening and its locking."""
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
        except OSError:  # a file system without locks
            return True
