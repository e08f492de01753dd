"""Progress of long work. Only front ends print; the work calls a `Reporter`."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from typing import Literal

from .errors import DepError
from .fast_dataclass import frozen_dataclass

Phase = Literal["waiting", "resolving", "checking", "downloading", "linking", "sealing", "running"]


@frozen_dataclass
class Progress:
    """One moment of long work; `done` of `total` pieces and `bytes_done` of `bytes_total` where they are known."""

    phase: Phase
    detail: str = ""
    done: int = 0
    total: int | None = None
    bytes_done: int = 0
    bytes_total: int | None = None

    def text(self) -> str:
        """`downloading 3 of 12 (4.0 of 38.2 MB)`, `resolving`, `waiting for another process`."""
        words: str = self.phase
        if self.total is not None:
            words += f" {self.done} of {self.total}"
        if self.bytes_total:
            words += f" ({self.bytes_done / 1e6:.1f} of {self.bytes_total / 1e6:.1f} MB)"
        return f"{words}: {self.detail}" if self.detail else words


Reporter = Callable[[Progress], None]


def silent(_: Progress) -> None:
    """The reporter that does nothing."""


def cancelled(when: str = "") -> DepError:
    """Give the error of work that was cancelled; `when` is `before it began` and the like."""
    return DepError("cancelled", f"cancelled {when}".rstrip(), hint="nothing was changed; do it again when you like")


class CancelToken:
    """A flag that a front end sets and long work reads; work that sees it raises `cancelled()`."""

    def __init__(self) -> None:
        self._event = Event()

    def set(self) -> None:
        """Ask the work to stop."""
        self._event.set()

    @property
    def is_set(self) -> bool:
        """Whether the work should stop."""
        return self._event.is_set()
