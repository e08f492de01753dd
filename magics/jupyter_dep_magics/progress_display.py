"""Progress in the cell: one display that is updated in place, or lines where nothing can be updated."""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING, Dict, Optional

from .document import line_bundle
from .text import visible

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

SILENCE = 0.3
"""Seconds before anything is shown: what is done by then needs no progress."""
INTERVAL = 0.2
"""Seconds between two updates."""


class ProgressDisplay:
    """The progress of one request. `tell` takes any number of texts a second, `tick` shows what is due."""

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell = shell
        self._updates = getattr(shell, "kernel", None) is not None
        self._id = "jupyter-dep-" + uuid.uuid4().hex
        self._start = time.monotonic()
        self._shown_at: Optional[float] = None
        self._pending: Optional[str] = None
        self._phase = ""

    def tell(self, text: str) -> None:
        self._pending = text
        self.tick()

    def tick(self) -> None:
        if self._pending is None:
            return
        now = time.monotonic()
        due = self._start + SILENCE if self._shown_at is None else self._shown_at + INTERVAL
        if now >= due:
            text, self._pending = self._pending, None
            self._show(text, now)

    def done(self, words: str = "done") -> None:
        """Leave one quiet line where the progress was; nothing if nothing was shown.

        The result is a display of its own: terminals that print displays ignore updates of them.
        """
        if self._shown_at is not None and self._updates:
            self._publish(line_bundle("{} in {:.1f} s".format(words, time.monotonic() - self._start)))

    def _show(self, text: str, now: float) -> None:
        if self._updates:
            self._publish(line_bundle(text))
        else:
            # Without updates a line a phase is enough: "downloading 3 of 12" is told once.
            phase = text.split(" ", 1)[0].rstrip(":")
            if phase != self._phase:
                print(visible(text))
            self._phase = phase
        self._shown_at = now

    def _publish(self, data: Dict[str, str]) -> None:
        self._shell.display_pub.publish(
            data=data,
            metadata={},
            transient={"display_id": self._id},
            update=self._shown_at is not None,
        )
