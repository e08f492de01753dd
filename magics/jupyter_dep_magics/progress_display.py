"""Progress in the cell: one display that becomes the result, or lines where displays cannot be updated.

What a notebook saves of it is the result alone: no step, no time.
"""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING, Dict, Optional

from .document import line_bundle
from .text import visible

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

SILENCE = 0.3
"""Seconds before anything is shown: a faster command needs no progress."""
INTERVAL = 0.2
"""Seconds between two updates."""


class ProgressDisplay:
    """The progress of one request; its methods may be called any number of times a second.

    `replaceable`: the front end keeps outputs in a notebook, so that it knows updates of a display; terminals ignore them.
    """

    def __init__(self, shell: InteractiveShell, *, replaceable: bool) -> None:
        self._shell = shell
        self._replaceable = replaceable
        self._can_update = getattr(shell, "kernel", None) is not None
        self._id = "jupyter-dep-" + uuid.uuid4().hex
        self._start = time.monotonic()
        self._shown_at: Optional[float] = None
        self._pending: Optional[str] = None
        self._phase = ""

    def update(self, text: str) -> None:
        """Show this text when the next update is due."""
        self._pending = text
        self.tick()

    def tick(self) -> None:
        """Show the latest text if it is due."""
        if self._pending is None:
            return
        now = time.monotonic()
        due = self._start + SILENCE if self._shown_at is None else self._shown_at + INTERVAL
        if now >= due:
            text, self._pending = self._pending, None
            self._show(text, now)

    def finish(self, result: Optional[Dict[str, str]] = None) -> bool:
        """Put the result, or nothing, in the place of the progress; returns whether the result is shown."""
        if self._shown_at is None or not self._can_update:
            return False
        placed = result is not None and self._replaceable
        self._publish(result if result is not None and placed else {"text/plain": ""})
        return placed

    def _show(self, text: str, now: float) -> None:
        if self._can_update:
            self._publish(line_bundle(text))
        else:
            # one line for each phase: "downloading 3 of 12" is printed once
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
