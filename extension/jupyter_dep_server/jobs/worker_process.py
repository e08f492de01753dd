"""The server's side of one worker process: send it an order, and read lines until its answer."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.progress import CancelToken, Reporter
from jupyter_dep.io.system.line_process import LineProcess
from jupyter_dep_server.version import VERSION

from .protocol import Begun, CancelJob, Done, Hello, JobOrder, Line, ProgressEvent, ReadAnswer, ReadOrder, read, write

POLL = 0.05
"""Seconds between two checks whether a job has been cancelled."""
START_SECONDS = 60.0
"""Seconds that a worker may take until it is ready."""
CANCEL_SECONDS = 10.0
"""Seconds that a cancelled job may take to stop; then its worker is killed, which leaves every file whole."""


class WorkerProcess:
    """One process. Only one thread at a time may use it. Errors of its methods: `EOFError` where it has ended."""

    def __init__(self, command: Sequence[str], environ: Mapping[str, str], on_note: Callable[[str], None]) -> None:
        self.environ = dict(environ)
        self.ready = False
        self.used = False
        """Whether it has answered an order."""
        self.begun = False
        """Whether it has taken the last job that it was sent."""
        self._process = LineProcess(command, env=self.environ, on_note=on_note)
        self._deadline = time.monotonic() + START_SECONDS

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """What it ended with, -N for signal N; None while it runs."""
        return self._process.returncode

    @property
    def ended(self) -> bool:
        """Whether it has ended."""
        return self._process.returncode is not None

    def wait_until_ready(self) -> None:
        """Wait until it takes orders. Errors: `other-protocol`, `worker-died`."""
        while not self.ready:
            line = self._receive()
            if isinstance(line, Hello):
                self.ready = True
                if line.version != VERSION:
                    raise _upgraded(line.version)
            elif time.monotonic() > self._deadline:
                raise DepError(
                    "worker-died",
                    f"the worker process did not start within {START_SECONDS:.0f} s",
                    hint="the machine may be overloaded: try again; if that does not help, look at the server's log",
                )

    def run(self, order: JobOrder, reporter: Reporter, cancel: CancelToken) -> Done:
        """Have a job done by a worker that is ready. Errors: `cancelled`."""
        self.begun = False
        self._send(order)
        cancelled_at: float | None = None
        while True:
            if cancel.is_set and cancelled_at is None:
                cancelled_at = time.monotonic()
                self._send(CancelJob(id=order.id))
            if cancelled_at is not None and time.monotonic() - cancelled_at > CANCEL_SECONDS:
                raise _killed(order)
            line = self._receive()
            if isinstance(line, Done) and line.id == order.id:
                self.used = True
                return line
            if isinstance(line, Begun):
                self.begun = True
            elif isinstance(line, ProgressEvent) and line.id == order.id:
                reporter(line.progress)

    def read(self, order: ReadOrder) -> ReadAnswer:
        """Have a page made by a worker that is ready."""
        self._send(order)
        while True:
            line = self._receive()
            if isinstance(line, ReadAnswer) and line.id == order.id:
                self.used = True
                return line

    def hang_up(self) -> None:
        """End its input, which tells it to end."""
        self._process.close_input()

    def end(self, seconds: float = 0.0) -> None:
        """Wait for its end; kill it after that time."""
        self._process.end(seconds)

    def _send(self, line: Line) -> None:
        try:
            self._process.send(write(line))
        except OSError as error:
            raise EOFError from error

    def _receive(self) -> Line | None:
        text = self._process.receive(POLL)
        return None if text is None else read(text)


def _killed(order: JobOrder) -> DepError:
    return DepError(
        "cancelled",
        f"it did not stop within {CANCEL_SECONDS:.0f} s after it was cancelled, so its process was killed",
        hint="every file is whole; look at the project, and do the same again when you like",
        context={"file": Path(os.fsdecode(order.notebook)).name},
    )


def _upgraded(version: str) -> DepError:
    return DepError(
        "other-protocol",
        f"jupyter-dep was upgraded while this server ran: it is {VERSION}, its new worker {version}",
        hint="restart the Jupyter server",
    )
