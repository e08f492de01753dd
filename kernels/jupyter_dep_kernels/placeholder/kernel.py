"""The kernel that runs while the environment is not ready.

It answers questions at once, keeps requests that have an effect, and shows the progress of the build in the first kept
cell. Then it is replaced by the real kernel, on the same ports, which runs the kept requests. If the environment cannot
be had, it stays and answers each cell with the reason and the next steps: it never exits by itself, because Jupyter
restarts a kernel that exits.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from jupyter_dep.base.progress import Progress
from jupyter_dep.messages.comm import HoldingState
from jupyter_dep.operations.kernel_start.result import ConsentPrompt, Ready, Refused
from jupyter_dep_kernels.start.exec_replace import orphan_watch

from . import diagnosis, page_comm
from .build_thread import BuildThread, StartedKernel
from .cell_replies import CellReplies
from .progress_output import ProgressOutput
from .sockets import KernelSockets, Request
from .static_replies import answer

_TICK = 0.05
"""Seconds between two polls of the build; a client's message is answered without waiting for it."""
_IDLE_TICK = 0.5
_JOIN = 2.0
"""Seconds that a cancelled build gets to clean up."""
_KEPT_TYPES = frozenset({"execute_request", "comm_open", "comm_msg", "comm_close"})
"""Requests with an effect, which wait for the real kernel; all others are questions that are answered at once."""


class PlaceholderKernel:
    """The kept requests, the build, and the replies, in one thread with one loop.

    `new_build` makes one attempt to get the environment; `notes` are shown with a refusal.
    """

    def __init__(self, sockets: KernelSockets, new_build: Callable[[], BuildThread], *, notes: tuple[str, ...] = ()) -> None:
        self._sockets = sockets
        self._new_build = new_build
        self._build: BuildThread | None = None
        self._kept: list[Request] = []
        self._refusal: Refused | None = None
        self._asking: tuple[Refused, ConsentPrompt] | None = None
        self._cells = CellReplies(sockets, notes)
        self._progress = ProgressOutput(sockets)
        self._pages = page_comm.PageComm(sockets, self._retry)
        self._handing_over = False
        self._ended = False
        self._is_orphaned = orphan_watch(int(os.environ.get("JPY_PARENT_PID") or 0))
        self.interrupted = False
        self.terminated = False

    def run(self) -> Ready | None:
        """Answer until the environment is ready, or until the kernel has to end (None)."""
        self._sockets.status("starting", None)
        self._start_build()
        while not self._ended:
            for request in self._sockets.receive(_TICK if self._build else _IDLE_TICK):
                self._handle(request)
            if self.interrupted:
                self.interrupted = False
                self._interrupt()
            if self.terminated or self._is_orphaned():
                self._ended = True
            ready = self._poll_build()
            if ready is not None and not self._ended:
                self._pages.send_state(HoldingState(state="ready", kept=self._count_waiting()))
                return ready
            if self._pages:
                self._pages.send_state(self._state())
        if self._build is not None:
            self._build.cancel()
            self._build.join(_JOIN)
        return None

    def hand_over(self) -> tuple[list[Request], dict[str, int]]:
        """Return all kept requests, up to the last moment, and the number of clients. Closes the sockets."""
        self._handing_over = True
        while requests := self._sockets.receive(0):
            for request in requests:
                self._handle(request)
        clients = self._sockets.clients()
        late = self._sockets.drain_and_half_close()
        self._sockets.close()
        return self._kept + late, clients

    @property
    def ended(self) -> bool:
        """Whether the kernel has to end instead of becoming the real one."""
        return self._ended

    def _start_build(self) -> None:
        self._refusal = None
        self._build = self._new_build()
        self._build.start()

    def _poll_build(self) -> Ready | None:
        if self._build is None:
            return None
        for event in self._build.events():
            match event:
                case StartedKernel():
                    self._progress.headline = event.headline
                case Progress():
                    self._progress.progress = event
                case Refused():
                    self._build = None
                    self._refuse(event)
                    return None
                case Ready():
                    self._progress.finish()
                    return event
        self._progress.show()
        return None

    def _state(self) -> HoldingState:
        """Build the state that pages are sent."""
        if self._refusal is None:
            return page_comm.building(self._progress.headline, self._progress.progress, self._count_waiting())
        return page_comm.stopped(self._refusal, self._count_waiting(), asking=self._asking is not None)

    def _count_waiting(self) -> int:
        return sum(request.type == "execute_request" and not request.content.get("silent") for request in self._kept)

    def _handle(self, request: Request) -> None:
        if request.channel == "stdin":
            if request.type == "input_reply" and self._asking is not None:
                self._check_input(*self._asking, str(request.content.get("value", "")))
            return
        if request.channel == "shell" and not self._handing_over and self._pages.handle(request):
            self._sockets.status("busy", request)
            self._finish(request)
            return
        if request.type in _KEPT_TYPES and request.channel == "shell":
            if self._refusal is None or self._asking is not None:
                self._keep(request)
            else:
                self._refuse_request(request, self._refusal)
            return
        self._sockets.status("busy", request)
        self._answer(request)
        self._finish(request)

    def _answer(self, request: Request) -> None:
        """Answer a question, and do what an interrupt or a shutdown asks for."""
        if request.type == "interrupt_request":
            self._interrupt()
        elif request.type == "kernel_info_request":
            # a client that has just connected, perhaps with a page that has missed earlier states
            self._pages.resend()
        elif request.type == "shutdown_request":
            self._ended = True
        status, content = answer(request, self._sockets.ports)
        self._sockets.reply(request, content, status=status)
        if request.type == "shutdown_request":
            self._sockets.publish("shutdown_reply", {"status": "ok", **content}, request)

    def _finish(self, request: Request) -> None:
        self._sockets.status("idle", request)
        if self._kept:
            # a front end must not take the kept cell for finished
            self._sockets.status("busy", self._kept[0])

    def _keep(self, request: Request) -> None:
        self._kept.append(request)
        if len(self._kept) == 1:
            self._sockets.status("busy", request)
        if request.type == "execute_request" and not request.content.get("silent"):
            self._progress.place(request)

    def _interrupt(self) -> None:
        if self._build is not None:
            self._build.cancel()
        elif self._asking is not None:
            self._decline(self._asking[0])

    def _refuse(self, refusal: Refused) -> None:
        """Answer the kept requests, which cannot run; a prompt keeps those behind it until it is answered."""
        self._refusal = refusal
        self._progress.finish()
        kept, self._kept = self._kept, []
        for index, request in enumerate(kept):
            self._refuse_request(request, refusal)
            if self._asking is not None:
                self._kept += kept[index + 1 :]
                return
            if request.type == "execute_request" and request.content.get("stop_on_error", True):
                self._cells.abort(kept[index + 1 :])
                return

    def _refuse_request(self, request: Request, refusal: Refused) -> None:
        prompt, content = refusal.question, request.content
        can_ask = request.type == "execute_request" and content.get("allow_stdin") and not content.get("silent")
        if prompt is not None and can_ask:
            self._asking = (refusal, prompt)
            self._kept = [request]
            self._cells.ask(request, prompt)
        else:
            self._cells.fail(request, refusal)

    def _check_input(self, refusal: Refused, prompt: ConsentPrompt, value: str) -> None:
        if value.strip() != prompt.code:
            self._decline(refusal)
            return
        self._asking = None
        try:
            prompt.accept()
        except Exception as error:  # noqa: BLE001  the cell shows it; a kernel that exits would be restarted
            self._refuse(diagnosis.of_error(error))
            return
        self._start_build()
        self._progress.place(self._kept[0])

    def _retry(self) -> None:
        """Try again with the kept requests: something has changed elsewhere. A cell's question is taken back."""
        if self._build is not None or self._refusal is None:
            return
        if self._asking is not None:
            self._asking = None
            self._cells.take_back(self._kept[0])
        self._start_build()
        if self._kept:
            self._progress.place(self._kept[0])

    def _decline(self, refusal: Refused) -> None:
        """Fail the cell that asked, and those behind it: the consent was not given."""
        first, *rest = self._kept
        self._asking, self._kept = None, []
        self._cells.fail(first, refusal)
        if first.content.get("stop_on_error", True):
            self._cells.abort(rest)
            return
        for request in rest:
            self._cells.fail(request, refusal)
