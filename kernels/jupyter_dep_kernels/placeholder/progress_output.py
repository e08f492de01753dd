"""The progress of a build, shown as an output of the first kept cell."""

from __future__ import annotations

import time
from html import escape

from jupyter_dep.base.escape import escape_untrusted
from jupyter_dep.base.progress import Progress

from .sockets import KernelSockets, Request

_SHOW_EVERY = 0.25
"""Seconds between two updates: four a second look like movement, more only load the browser."""
_SEARCHING = "looking up this notebook's environment"
_SLOW_SEARCH = 1.0
"""Seconds after which a look-up is shown; it usually takes hundredths of a second."""


class ProgressOutput:
    """One output that is updated until the build has ended."""

    def __init__(self, sockets: KernelSockets) -> None:
        self._sockets = sockets
        self._request: Request | None = None
        self._shown = ""
        self._last = 0.0
        self._started = time.monotonic()
        self.headline = _SEARCHING
        self.progress: Progress | None = None

    def place(self, request: Request) -> None:
        """Show the progress under this cell, if it is the first."""
        if self._request is None:
            self._request = request

    def show(self) -> None:
        """Update the output if its text has changed and the last update is long enough ago."""
        now = time.monotonic()
        if self._request is None or now - self._last < _SHOW_EVERY:
            return
        if self.headline == _SEARCHING and now - self._started < _SLOW_SEARCH:
            return
        self._publish(escape_untrusted(f"{self.headline}: {self.progress.text()}" if self.progress else self.headline))

    def finish(self) -> None:
        """Remove it: nothing of it belongs into the saved notebook."""
        if self._request is not None and self._shown:
            self.progress = None
            self._sockets.publish("clear_output", {"wait": False}, self._request)
        self._request, self._shown = None, ""

    def _publish(self, text: str) -> None:
        if text == self._shown:
            return
        # the request's id: two kernels of one front end must not share a display
        display = f"jupyter-dep-{self._request.header['msg_id']}" if self._request else ""
        data = {"text/plain": text, "text/html": self._html(text)}
        content = {"data": data, "metadata": {}, "transient": {"display_id": display}}
        self._sockets.publish("update_display_data" if self._shown else "display_data", content, self._request)
        self._shown, self._last = text, time.monotonic()

    def _html(self, text: str) -> str:
        bar = ""
        if self.progress is not None:
            done, total = self.progress.bytes_done, self.progress.bytes_total
            if not total:
                done, total = self.progress.done, self.progress.total
            bar = f'<progress max="{total}" value="{done}"></progress> ' if total else "<progress></progress> "
        return f"<div>{bar}{escape(text)}</div>"
