"""A worker process: it does the jobs and makes the pages that the server orders, one after another.

It speaks `protocol` on stdin and stdout; stderr goes to the server's log. It ends when its stdin ends (a running job is
cancelled, and has some seconds to stop), and after a while without work. `python -m jupyter_dep_server.jobs.worker [IDLE]`
starts one; IDLE are the seconds of that while.
"""

from __future__ import annotations

import os
import queue
import sys
import threading
import time
import traceback
from io import TextIOWrapper
from pathlib import Path
from typing import TextIO

import msgspec

from jupyter_dep.base.progress import CancelToken
from jupyter_dep.services import Services
from jupyter_dep_server.version import VERSION

from .dispatch import MakeServices, execute
from .jobs import throttle
from .protocol import Begun, CancelJob, Hello, JobOrder, Line, Order, ProgressEvent, ReadOrder, read, write
from .reading import read_page

IDLE = 300.0
"""Seconds without work after which a worker ends."""
PROGRESS_INTERVAL = 0.05
"""Seconds between two lines about progress."""
STOP_SECONDS = 3.0
"""Seconds that a job has to stop after the server has gone."""


class Worker:
    """Takes orders from `source` and writes the answers to `sink`; `make_services` is called for each."""

    def __init__(self, source: TextIO, sink: TextIO, make_services: MakeServices, *, idle: float = IDLE) -> None:
        self._source, self._sink, self._make_services, self._idle = source, sink, make_services, idle
        self._orders: queue.Queue[Order | None] = queue.Queue()
        self._writing = threading.Lock()
        self._cancels: dict[int, CancelToken] = {}

    def serve(self) -> None:
        """Work in the calling thread until `source` ends, or until there was no work for `idle` seconds."""
        threading.Thread(target=self._listen, name="orders", daemon=True).start()
        self._send(Hello(version=VERSION))
        while True:
            try:
                order = self._orders.get(timeout=self._idle)
            except queue.Empty:
                return
            if order is None:
                return
            self.handle(order)

    def handle(self, order: Order) -> None:
        """Do one order, and send its answer."""
        if isinstance(order, JobOrder):
            self._run(order)
        else:
            self._send(msgspec.structs.replace(read_page(order, self._make_services), id=order.id))

    def _listen(self) -> None:
        try:
            for line in self._source:
                message = read(line)
                if isinstance(message, JobOrder):
                    self._cancels[message.id] = CancelToken()
                if isinstance(message, JobOrder | ReadOrder):
                    self._orders.put(message)
                elif isinstance(message, CancelJob) and (cancel := self._cancels.get(message.id)) is not None:
                    cancel.set()
        finally:
            self._stop()

    def _stop(self) -> None:
        for cancel in list(self._cancels.values()):
            cancel.set()
        self._orders.put(None)
        time.sleep(STOP_SECONDS)
        os._exit(1)  # what runs does not stop; everything that it writes is whole at any moment

    def _run(self, order: JobOrder) -> None:
        cancel = self._cancels.setdefault(order.id, CancelToken())
        self._send(Begun(id=order.id))
        done = execute(
            order,
            self._make_services,
            throttle(lambda progress: self._send(ProgressEvent(id=order.id, progress=progress)), interval=PROGRESS_INTERVAL),
            cancel,
        )
        del self._cancels[order.id]
        self._send(msgspec.structs.replace(done, id=order.id))

    def _send(self, line: Line) -> None:
        with self._writing:
            try:
                self._sink.write(write(line) + "\n")
                self._sink.flush()
            except OSError:  # the server has gone: the end of stdin says so, too
                pass


def main(make_services: MakeServices = Services.of_user, *, idle: float = IDLE) -> None:
    """Be a worker on the stdin and stdout of this process; does not return."""
    sink = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
    source = os.fdopen(os.dup(0), encoding="utf-8")
    os.dup2(2, 1)  # what a library prints goes to the log, not into the protocol
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)  # and goes there at once: `os._exit` drops what waits
    with Path(os.devnull).open() as nothing:
        os.dup2(nothing.fileno(), 0)
    try:
        Worker(source, sink, make_services, idle=idle).serve()
    except BaseException:  # noqa: BLE001  the end of the process: whatever it is goes to the log
        traceback.print_exc()
        os._exit(1)
    os._exit(0)  # the thread that reads cannot be ended otherwise


if __name__ == "__main__":
    main(idle=float(sys.argv[1]) if len(sys.argv) > 1 else IDLE)
