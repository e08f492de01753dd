"""The comm between the placeholder kernel and the pages that have the notebook open.

A page announces itself by opening a comm to the target `jupyter-dep` with a `Holds`. From then on it gets each
`HoldingState` as the data of a new `comm_open` to its target of the same name, which is closed at once. Other front
ends get nothing: they report a comm to an unknown target as an error. A page reopens its comm at the state `ready`, so
the real kernel does not need these comms. A `RetryOrder` on its comm asks for another attempt.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import asdict

from jupyter_dep.base.progress import Progress
from jupyter_dep.messages.comm import HoldingState
from jupyter_dep.messages.jobs import JobProgress
from jupyter_dep.messages.web import Problem
from jupyter_dep.operations.kernel_start.result import Refused

from .sockets import KernelSockets, Request

TARGET = "jupyter-dep"
_EVERY = 0.2
"""Seconds between two progress messages of one build."""


class PageComm:
    """The pages that are open; true while there is one. `on_retry` is called when a page asks for another attempt."""

    def __init__(self, sockets: KernelSockets, on_retry: Callable[[], None] = lambda: None) -> None:
        self._sockets = sockets
        self._on_retry = on_retry
        self._comms: dict[str, bool] = {}
        self._sent: HoldingState | None = None
        self._last = 0.0

    def __bool__(self) -> bool:
        return any(self._comms.values())

    def handle(self, request: Request) -> bool:
        """Read a message of a page's comm; returns False for any other message."""
        content = request.content
        comm, data = str(content.get("comm_id")), content.get("data")
        if request.type == "comm_open" and content.get("target_name") == TARGET:
            self._comms[comm] = True
        elif comm not in self._comms:
            return False
        if request.type == "comm_close":
            del self._comms[comm]
        elif isinstance(data, Mapping) and "holds" in data:
            self._comms[comm] = bool(data["holds"])
        elif isinstance(data, Mapping) and data.get("type") == "retry":
            self._on_retry()
        if request.type == "comm_open":
            self.resend()
        return True

    def resend(self) -> None:
        """Send the last state again, for pages that have just connected."""
        self._sent = None

    def send_state(self, state: HoldingState) -> None:
        """Send the state if it has changed; progress that comes too soon is left to the next call."""
        if not self or state == self._sent:
            return
        now = time.monotonic()
        if self._sent is not None and state.state == self._sent.state == "building" and now - self._last < _EVERY:
            return
        comm = uuid.uuid4().hex
        self._sockets.publish("comm_open", {"comm_id": comm, "target_name": TARGET, "data": asdict(state)}, None)
        self._sockets.publish("comm_close", {"comm_id": comm, "data": {}}, None)
        self._sent, self._last = state, now


def building(headline: str, progress: Progress | None, kept: int) -> HoldingState:
    """Describe a build that is under way; `kept` cells wait for it."""
    job = None
    if progress is not None:
        job = JobProgress(
            text=progress.text(),
            phase=progress.phase,
            done=progress.done,
            total=progress.total,
            bytes_done=progress.bytes_done,
            bytes_total=progress.bytes_total,
        )
    return HoldingState(state="building", headline=headline, progress=job, kept=kept)


def stopped(refused: Refused, kept: int, *, asking: bool) -> HoldingState:
    """Describe a kernel that has not started; `asking`: the cell waits for the user's consent."""
    hint = refused.steps[0] if refused.steps else "restart the kernel"
    return HoldingState(
        state="asking" if asking else "diagnosis",
        headline=refused.message,
        problem=Problem(code=refused.code, message=refused.message, hint=hint),
        steps=refused.steps,
        kept=kept,
    )
