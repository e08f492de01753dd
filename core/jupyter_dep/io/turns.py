"""One writer at a time for a small file that several processes of this user change: a wait of milliseconds, with an end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import DepError
from .files import explain
from .leases import Lease

PATIENCE = 30.0
"""Seconds to wait for a writer, each of whom needs some milliseconds."""


@contextmanager
def turn(file: Path) -> Iterator[None]:
    """Nobody else changes `file` meanwhile. Errors: `memory-busy` after `PATIENCE`: a holder is stuck; what `explain` says."""
    lock = file.with_suffix(".lock")
    try:
        lease = Lease.wait(lock, PATIENCE)
    except OSError as error:
        raise explain(error, file, "waiting for a turn") from error
    if lease is None:
        raise DepError(
            "memory-busy",
            f"another process has held `{lock}` for {PATIENCE:.0f} seconds",
            hint="end that process, then run the same again",
            context={"file": str(file)},
        )
    with lease:
        yield
