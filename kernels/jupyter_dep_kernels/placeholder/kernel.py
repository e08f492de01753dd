"""`python -m jupyter_dep_kernels.placeholder.kernel`: the kernel that answers while the real one is not there (yet).

It answers every question at once, keeps what has an effect, and shows in the first kept cell how far the environment
is. Then it becomes the real kernel, on the same ports, with the kept requests. Where there is no environment to be had
it stays, and answers every cell with the reason and the next steps: it never ends by itself, because a kernel that ends
is started again.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType

from jupyter_dep.base.progress import Progress
from jupyter_dep.messages.web import HoldingState
from jupyter_dep.operations.kernel_start.result import ConsentPrompt, Ready, Refused
from jupyter_dep_kernels.start import launch_spec
from jupyter_dep_kernels.start.exec_replace import orphan_watch, replace_process, watch_parent_windows
from jupyter_dep_kernels.start.notebook_discovery import NotebookMatch

from . import diagnosis, page_comm, replay
from .build_thread import BuildThread, StartedKernel
from .progress_output import ProgressOutput
from .sockets import KernelSockets, Request
from .static_replies import answer

_TICK = 0.05
"""Seconds between two looks at the build; what a client sends is answered without waiting for it."""
_IDLE_TICK = 0.5
_JOIN = 2.0
"""Seconds that a cancelled build gets to clean up behind itself."""


class PlaceholderKernel:
    """What is kept, what is being built, and what is answered. One thread, one loop."""

    def __init__(self, wire: KernelSockets, work: Callable[[], BuildThread], *, notes: tuple[str, ...] = ()) -> None:
        """`work` makes a new attempt to get the environment."""
        self._wire = wire
        self._make_work = work
        self._notes = notes
        self._work: BuildThread | None = None
        self._kept: list[Request] = []
        self._refused: Refused | None = None
        self._asking: ConsentPrompt | None = None
        self._display = ProgressOutput(wire)
        self._pages = page_comm.PageComm(wire)
        self._leaving = False
        self._count = 0
        self._ended = False
        self._orphaned = orphan_watch(int(os.environ.get("JPY_PARENT_PID") or 0))
        self.interrupted = False
        self.terminated = False

    def run(self) -> Ready | None:
        """Answer until there is an environment to run in, or until told to end (None)."""
        self._wire.status("starting", None)
        self._begin()
        while not self._ended:
            for request in self._wire.receive(_TICK if self._work else _IDLE_TICK):
                self._handle(request)
            if self.interrupted:
                self.interrupted = False
                self._interrupt()
            if self.terminated or self._orphaned():
                self._ended = True
            ready = self._advance()
            if ready is not None and not self._ended:
                self._pages.tell(HoldingState(state="ready", kept=self._waiting()))
                return ready
            if self._pages:
                self._pages.tell(self._state())
        if self._work is not None:
            self._work.cancel()
            self._work.join(_JOIN)
        return None

    def hand_over(self) -> tuple[list[Request], dict[str, int]]:
        """Everything kept, with what came in up to the last moment, and which clients there are. Closes the sockets."""
        self._leaving = True
        while requests := self._wire.receive(0):
            for request in requests:
                self._handle(request)
        clients = self._wire.clients()
        late = self._wire.hang_up()
        self._wire.close()
        return self._kept + late, clients

    @property
    def ended(self) -> bool:
        return self._ended

    def _begin(self) -> None:
        self._refused = None
        self._work = self._make_work()
        self._work.start()

    def _advance(self) -> Ready | None:
        if self._work is None:
            return None
        for event in self._work.events():
            match event:
                case StartedKernel():
                    self._display.headline = event.headline
                case Progress():
                    self._display.progress = event
                case Refused():
                    self._work = None
                    self._refuse(event)
                    return None
                case Ready():
                    self._display.finish()
                    return event
        self._display.show()
        return None

    def _state(self) -> HoldingState:
        """What is waited for, as a page is told it."""
        if self._refused is None:
            return page_comm.building(self._display.headline, self._display.progress, self._waiting())
        return page_comm.stopped(self._refused, self._waiting(), asking=self._asking is not None)

    def _waiting(self) -> int:
        return sum(request.type == "execute_request" and not request.content.get("silent") for request in self._kept)

    def _refuse(self, refused: Refused) -> None:
        self._refused = refused
        self._display.finish(built=False)
        kept, self._kept = self._kept, []
        for index, request in enumerate(kept):
            self._execute(request)
            if self._asking is not None:
                self._kept += kept[index + 1 :]
                return
            if request.type == "execute_request" and request.content.get("stop_on_error", True):
                self._abort(kept[index + 1 :])
                return

    def _handle(self, request: Request) -> None:
        if request.channel == "stdin":
            if request.type == "input_reply" and self._asking is not None:
                self._answered(self._asking, str(request.content.get("value", "")))
            return
        if request.channel == "shell" and not self._leaving and self._pages.takes(request):
            self._wire.status("busy", request)
            self._end_of(request)
            return
        if request.type in replay.KEPT_TYPES and request.channel == "shell":
            if self._refused is None or self._asking is not None:
                self._keep(request)
            else:
                self._execute(request)
            return
        self._wire.status("busy", request)
        if request.type == "interrupt_request":
            self._interrupt()
        elif request.type == "kernel_info_request":
            # who asks has just come, perhaps with a page that has lost what was told before
            self._pages.again()
        elif request.type == "shutdown_request":
            self._ended = True
        kind, content = answer(request, self._wire.ports)
        self._wire.reply(request, content, status=kind)
        if request.type == "shutdown_request":
            self._wire.publish("shutdown_reply", {"status": "ok", **content}, request)
        self._end_of(request)

    def _end_of(self, request: Request) -> None:
        self._wire.status("idle", request)
        if self._kept:
            # what was handled must not look as if the kept cell were done
            self._wire.status("busy", self._kept[0])

    def _keep(self, request: Request) -> None:
        self._kept.append(request)
        if len(self._kept) == 1:
            self._wire.status("busy", request)
        if request.type == "execute_request" and not request.content.get("silent"):
            self._display.place(request)

    def _interrupt(self) -> None:
        if self._work is not None:
            self._work.cancel()
        elif self._asking is not None:
            self._decline()

    def _execute(self, request: Request) -> None:
        """Answer one request that can not run."""
        assert self._refused is not None
        if request.type != "execute_request":
            self._wire.status("busy", request)
            if request.type == "comm_open":
                self._wire.publish("comm_close", {"comm_id": request.content.get("comm_id"), "data": {}}, request)
            self._wire.status("idle", request)
            return
        question, silent = self._refused.question, bool(request.content.get("silent"))
        if question is not None and request.content.get("allow_stdin") and not silent:
            self._ask(question, request)
            return
        self._fail(request)

    def _ask(self, question: ConsentPrompt, request: Request) -> None:
        self._asking = question
        self._kept = [request]
        self._wire.status("busy", request)
        text = "\n".join((*self._notes, *question.lines, f"fingerprint {question.fingerprint}", ""))
        self._wire.publish("stream", {"name": "stdout", "text": text}, request)
        self._wire.ask(request, f"type {question.code} to allow it, anything else to leave it closed: ")

    def _answered(self, question: ConsentPrompt, value: str) -> None:
        if value.strip() != question.code:
            self._decline()
            return
        self._asking = None
        try:
            question.accept()
        except Exception as error:
            self._refuse(diagnosis.of_error(error))
            return
        self._begin()
        self._display.place(self._kept[0])

    def _decline(self) -> None:
        self._asking = None
        first, *rest = self._kept
        self._kept = []
        self._fail(first)
        if first.content.get("stop_on_error", True):
            self._abort(rest)
        else:
            for request in rest:
                self._fail(request)

    def _fail(self, request: Request) -> None:
        """The diagnosis as the result of a cell."""
        assert self._refused is not None
        silent = bool(request.content.get("silent"))
        error = diagnosis.error_content(self._refused, self._notes)
        self._wire.status("busy", request)
        if not silent:
            self._count += 1
            executed = {"code": request.content.get("code", ""), "execution_count": self._count}
            self._wire.publish("execute_input", executed, request)
            self._wire.publish("error", error, request)
        reply = {**error, "execution_count": self._count, "user_expressions": {}, "payload": []}
        self._wire.reply(request, reply, status="error")
        self._wire.status("idle", request)

    def _abort(self, requests: Sequence[Request]) -> None:
        for request in requests:
            if request.type != "execute_request":
                self._execute(request)
                continue
            self._wire.status("busy", request)
            self._wire.reply(request, {}, status="aborted")
            self._wire.status("idle", request)


def main(argv: Sequence[str] | None = None) -> None:
    """Hold a kernel's place; what is not understood here goes on to the real kernel."""
    parser = argparse.ArgumentParser(prog="jupyter_dep_kernels.placeholder.kernel", allow_abbrev=False)
    parser.add_argument("-f", dest="connection_file", required=True)
    parser.add_argument("--notebook", type=Path)
    parser.add_argument("--cwd", type=Path, default=Path())
    parser.add_argument("--note", default="")
    parser.add_argument("--reuse")
    parser.add_argument("--no-build", dest="build", action="store_false")
    parser.add_argument("--look", default=launch_spec.LOOK)
    options, extra = parser.parse_known_args(argv)

    look = launch_spec.load_look(options.look)
    found = NotebookMatch(notebook=options.notebook, cwd=options.cwd.absolute(), why=options.note)

    def work() -> BuildThread:
        return BuildThread(look, found, reuse_key=options.reuse, build=options.build)

    notes = (found.why,) if found.why else ()
    kernel = PlaceholderKernel(KernelSockets(Path(options.connection_file)), work, notes=notes)

    def on_signal(number: int, _: FrameType | None) -> None:
        if number == signal.SIGINT:
            kernel.interrupted = True
        else:
            kernel.terminated = True

    signal.signal(signal.SIGINT, on_signal)
    signal.signal(signal.SIGTERM, on_signal)
    if sys.platform == "win32" and os.environ.get("JPY_PARENT_PID"):
        watch_parent_windows(int(os.environ["JPY_PARENT_PID"]))

    ready = kernel.run()
    kept, clients = kernel.hand_over()
    if ready is None or kernel.ended:
        return
    folder = Path(options.connection_file).parent
    file = replay.write(folder, kept, clients=clients)
    replace_process(
        launch_spec.launch_environment(ready, options.connection_file, os.environ, kept=file, notes=notes, extra=extra)
    )


if __name__ == "__main__":
    main()
