"""The pages that hold the notebook while its kernel is held: who they are, and telling them what is waited for.

A page announces itself by opening a comm to the target `jupyter-dep` with a `Holds`. From then on it gets each
`HoldingState` as the data of a fresh `comm_open` to its target of the same name, closed at once. Who has not announced
itself gets nothing: a front end reports a comm to a target that it does not know as an error. A page opens its comm
anew when it is told `ready`, so nothing of this is handed on to the real kernel.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from dataclasses import asdict

from jupyter_dep.base.progress import Progress
from jupyter_dep.messages.web import HoldingState, JobProgress, Problem
from jupyter_dep.operations.kernel_start.result import Refused

from .sockets import KernelSockets, Request

TARGET = "jupyter-dep"
_EVERY = 0.2
"""Seconds between two states of one build."""


class PageComm:
    """True while a page holds the notebook."""

    def __init__(self, wire: KernelSockets) -> None:
        self._wire = wire
        self._holds: dict[str, bool] = {}
        self._told: HoldingState | None = None
        self._last = 0.0

    def __bool__(self) -> bool:
        return any(self._holds.values())

    def takes(self, request: Request) -> bool:
        """Whether the message belongs to a page's comm; what it says is taken in."""
        content = request.content
        comm, data = str(content.get("comm_id")), content.get("data")
        if request.type == "comm_open" and content.get("target_name") == TARGET:
            self._holds[comm] = True
        elif comm not in self._holds:
            return False
        if request.type == "comm_close":
            del self._holds[comm]
        elif isinstance(data, Mapping) and "holds" in data:
            self._holds[comm] = bool(data["holds"])
        if request.type == "comm_open":
            self.again()
        return True

    def again(self) -> None:
        """Somebody listens who may have missed what was told: tell the same once more."""
        self._told = None

    def tell(self, state: HoldingState) -> None:
        """Send the state if it is news; a build's progress waits its turn, the next call brings it."""
        if not self or state == self._told:
            return
        now = time.monotonic()
        if self._told is not None and state.state == self._told.state == "building" and now - self._last < _EVERY:
            return
        comm = uuid.uuid4().hex
        self._wire.publish("comm_open", {"comm_id": comm, "target_name": TARGET, "data": asdict(state)}, None)
        self._wire.publish("comm_close", {"comm_id": comm, "data": {}}, None)
        self._told, self._last = state, now


def building(headline: str, progress: Progress | None, kept: int) -> HoldingState:
    """The environment is on its way; `kept` cells wait for it."""
    moment = None
    if progress is not None:
        moment = JobProgress(
            text=progress.text(),
            phase=progress.phase,
            done=progress.done,
            total=progress.total,
            bytes_done=progress.bytes_done,
            bytes_total=progress.bytes_total,
        )
    return HoldingState(state="building", headline=headline, progress=moment, kept=kept)


def stopped(refused: Refused, kept: int, *, asking: bool) -> HoldingState:
    """There is no environment to be had; `asking`: an input request waits for somebody's yes."""
    hint = refused.steps[0] if refused.steps else "restart the kernel"
    return HoldingState(
        state="asking" if asking else "diagnosis",
        headline=refused.message,
        problem=Problem(code=refused.code, message=refused.message, hint=hint),
        steps=refused.steps,
        kept=kept,
    )
