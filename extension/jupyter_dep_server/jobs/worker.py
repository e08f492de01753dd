"""A worker: the process beside the server that carries out jobs. `lines` are what it reads from stdin and writes to stdout.

stdout belongs to the protocol, stderr to the server's log. It does one job after another, ends when its stdin ends (what
runs is cancelled, and has some seconds to stop), and by itself when nobody has wanted anything for a while.
"""

from __future__ import annotations

import os
import queue
import sys
import threading
import time
import traceback
from dataclasses import replace
from io import TextIOWrapper
from typing import TextIO

from jupyter_dep.base.progress import CancelToken
from jupyter_dep.messages import CancelRequest
from jupyter_dep.services import Services
from jupyter_dep_server import __version__

from .protocol import Begun, Hello, JobOrder, Line, ProgressEvent, read, write
from .sparing import throttle
from .working import MakeServices, work

IDLE = 300.0
"""Seconds without a job after which a worker ends."""
TICK = 0.05
"""Seconds between two moments of progress that are told."""
STOPPING = 3.0
"""Seconds that a job has to stop after the server has gone."""


class Worker:
    """Takes orders from `source`, writes what becomes of them to `sink`; `make_services` is called for each."""

    def __init__(self, source: TextIO, sink: TextIO, make_services: MakeServices, *, idle: float = IDLE) -> None:
        self._source, self._sink, self._make_services, self._idle = source, sink, make_services, idle
        self._orders: queue.Queue[JobOrder | None] = queue.Queue()
        self._writing = threading.Lock()
        self._cancels: dict[int, CancelToken] = {}

    def serve(self) -> None:
        """To the end of `source`, or of patience. Jobs are done in the thread that calls this."""
        threading.Thread(target=self._listen, name="orders", daemon=True).start()
        self._send(Hello(version=__version__))
        while True:
            try:
                order = self._orders.get(timeout=self._idle)
            except queue.Empty:
                return
            if order is None:
                return
            self._carry_out(order)

    def _listen(self) -> None:
        try:
            for line in self._source:
                said = read(line)
                if isinstance(said, JobOrder):
                    self._cancels[said.id] = CancelToken()
                    self._orders.put(said)
                elif isinstance(said, CancelRequest) and (cancel := self._cancels.get(said.id)) is not None:
                    cancel.set()
        finally:
            self._hung_up()

    def _hung_up(self) -> None:
        for cancel in list(self._cancels.values()):
            cancel.set()
        self._orders.put(None)
        time.sleep(STOPPING)
        os._exit(1)  # what runs does not stop; everything that it writes is whole at any moment

    def _carry_out(self, order: JobOrder) -> None:
        self._send(Begun(id=order.id))
        done = work(
            order,
            self._make_services,
            throttle(lambda progress: self._send(ProgressEvent(id=order.id, progress=progress)), tick=TICK),
            self._cancels[order.id],
        )
        del self._cancels[order.id]
        self._send(replace(done, id=order.id))

    def _send(self, line: Line) -> None:
        with self._writing:
            try:
                self._sink.write(write(line) + "\n")
                self._sink.flush()
            except OSError:  # nobody reads any more: the end of our stdin says so, too
                pass


def main(make_services: MakeServices = Services.of_user, *, idle: float = IDLE) -> None:
    """Be a worker on this process's stdin and stdout; does not come back."""
    sink = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
    source = os.fdopen(os.dup(0), encoding="utf-8")
    os.dup2(2, 1)  # what a library prints goes to the log, not into the protocol
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)  # and goes there at once: `os._exit` drops what waits
    with open(os.devnull) as nothing:
        os.dup2(nothing.fileno(), 0)
    try:
        Worker(source, sink, make_services, idle=idle).serve()
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)  # the thread that reads could not be ended otherwise


if __name__ == "__main__":
    main()
