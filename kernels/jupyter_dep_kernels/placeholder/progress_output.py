"""The progress of a build, as an output of the first kept cell."""

from __future__ import annotations

import time
from html import escape

from jupyter_dep.base.escape import escape_untrusted
from jupyter_dep.base.progress import Progress

from .sockets import KernelSockets, Request

_SHOW_EVERY = 0.25
"""Seconds between two states of the progress: four a second are read as movement, more only load the browser."""
_LOOKING = "looking for this notebook's environment"
_LOOKS_SLOW = 1.0
"""Seconds of looking, which takes hundredths, after which it is shown."""


class ProgressOutput:
    """One output, brought up to date until the work is over."""

    def __init__(self, wire: KernelSockets) -> None:
        self._wire = wire
        self._request: Request | None = None
        self._shown = ""
        self._last = 0.0
        self._began = time.monotonic()
        self.headline = _LOOKING
        self.progress: Progress | None = None

    def place(self, request: Request) -> None:
        if self._request is None:
            self._request = request

    def show(self) -> None:
        """Bring the output up to date, if there is something new and the last time is not too near."""
        now = time.monotonic()
        if self._request is None or now - self._last < _SHOW_EVERY:
            return
        if self.headline == _LOOKING and now - self._began < _LOOKS_SLOW:
            return
        self._publish(escape_untrusted(f"{self.headline}: {self.progress.text()}" if self.progress else self.headline))

    def finish(self, *, built: bool = True) -> None:
        """Say that it is over. The next output of the cell takes the place of this one."""
        if self._request is not None and self._shown:
            seconds = time.monotonic() - self._began
            self.progress = None
            self._publish(f"environment built in {seconds:.0f} s" if built else "environment not built")
            self._wire.publish("clear_output", {"wait": True}, self._request)
        self._request, self._shown = None, ""

    def _publish(self, text: str) -> None:
        if text == self._shown:
            return
        # keyed by the request: two kernels of one front end must not share a display
        display = f"jupyter-dep-{self._request.header['msg_id']}" if self._request else ""
        data = {"text/plain": text, "text/html": self._html(text)}
        content = {"data": data, "metadata": {}, "transient": {"display_id": display}}
        self._wire.publish("update_display_data" if self._shown else "display_data", content, self._request)
        self._shown, self._last = text, time.monotonic()

    def _html(self, text: str) -> str:
        bar = ""
        if self.progress is not None:
            done, total = self.progress.bytes_done, self.progress.bytes_total
            if not total:
                done, total = self.progress.done, self.progress.total
            bar = f'<progress max="{total}" value="{done}"></progress> ' if total else "<progress></progress> "
        return f"<div>{bar}{escape(text)}</div>"
