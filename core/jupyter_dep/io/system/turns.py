"""Who comes next: one writer at a time for a small file, one build at a time for an environment. Every wait has an end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.progress import CancelToken, Progress, Reporter, cancelled
from jupyter_dep.io.files.read_write import explain

from .locks import FileLock

BUILD_DEADLINE = 2400.0
PATIENCE = 30.0
"""Seconds to wait for a writer, each of whom needs some milliseconds."""


@contextmanager
def exclusive_lock(file: Path) -> Iterator[None]:
    """Nobody else changes `file` meanwhile. Errors: `memory-busy` after `PATIENCE`: a holder is stuck; what `explain` says."""
    lock = file.with_suffix(".lock")
    try:
        lease = FileLock.wait(lock, PATIENCE)
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


class BuildLock:
    """One build at a time for a key: waits visibly, can be cancelled, has a deadline."""

    def __init__(self, lock: Path, reporter: Reporter, cancel: CancelToken | None) -> None:
        self.lock, self.reporter, self.cancel = lock, reporter, cancel
        self.lease: FileLock | None = None

    def __enter__(self) -> None:
        deadline = time.monotonic() + BUILD_DEADLINE
        self.lease = FileLock.take(self.lock, exclusive=True)
        while self.lease is None:
            self.reporter(Progress(phase="waiting", detail="another process builds the same environment"))
            self.lease = FileLock.wait(self.lock, 0.3)
            if self.lease is not None:
                return
            if self.cancel is not None and self.cancel.is_set:
                raise cancelled("while waiting")
            if time.monotonic() > deadline:
                raise DepError(
                    "build-deadline",
                    f"another process has been building this environment for {BUILD_DEADLINE / 60:.0f} minutes",
                    hint="end that process, then run the same again",
                )

    def __exit__(self, *_: Any) -> None:
        if self.lease is not None:
            self.lease.release()
