"""One writer at a time for a small file that several processes of this user change: a wait of milliseconds, with an end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import DepError
from .files import explain

PATIENCE = 30.0
"""Seconds to wait for a writer, each of whom needs some milliseconds."""


@contextmanager
def turn(file: Path) -> Iterator[None]:
    """Nobody else changes `file` meanwhile. Errors: `memory-busy` after `PATIENCE`: a holder is stuck, or no lock works."""
    from filelock import FileLock, Timeout

    lock = FileLock(file.with_suffix(".lock"), mode=0o600, timeout=PATIENCE)
    try:
        lock.acquire()
    except Timeout as error:
        raise DepError(
            "memory-busy",
            f"another process has held `{lock.lock_file}` for {PATIENCE:.0f} seconds, or this file system knows no locks",
            hint="end that process, or name a folder on a local disk with `JUPYTER_DEP_HOME`",
            context={"file": str(file)},
        ) from error
    except OSError as error:
        raise explain(error, file, "waiting for a turn") from error
    try:
        yield
    finally:
        lock.release()
