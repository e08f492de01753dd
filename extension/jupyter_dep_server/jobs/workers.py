"""The server's side of the workers: processes that are kept for a while, and one job at a time for each.

A job computes, and a thread that computes beside the server's loop takes its turns away. Why processes, and what that
costs: docs/decisions.
"""

from __future__ import annotations

import itertools
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Protocol

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.progress import CancelToken, Reporter, cancelled
from jupyter_dep.io.system.process import LineProcess
from jupyter_dep.messages import CancelRequest
from jupyter_dep_server import __version__
from jupyter_dep_server.api import problems

from .protocol import Begun, Done, Hello, JobOrder, Line, ProgressEvent, read, write

COMMAND = (sys.executable, "-I" if sys.flags.isolated else "-P", "-m", "jupyter_dep_server.jobs.worker")
LOOK = 0.05
"""Seconds between two looks whether a job has been cancelled."""
START = 60.0
"""Seconds that a worker may take to say that it can begin."""
PATIENCE = 10.0
"""Seconds that a cancelled job may take to stop; then its worker is killed, which leaves every file whole."""
ENDING = 0.5
"""Seconds that a worker without a job gets to end by itself."""
NOTE = 2000
"""Characters of one line of a worker's stderr that are logged."""


class JobRunner(Protocol):
    """Who does the jobs."""

    def carry(self, order: JobOrder, reporter: Reporter, cancel: CancelToken) -> Done:
        """Do one, and wait for it. Nothing escapes."""

    def expect(self) -> None:
        """A job is likely to come."""

    def close(self) -> None:
        """End everything that still runs. Nothing is done after."""


class Workers:
    """Jobs in processes: `carry` may be called in several threads. What workers say beside goes to `log`."""

    def __init__(self, log: logging.Logger, *, command: Sequence[str] = COMMAND) -> None:
        self._log, self._command = log, tuple(command)
        # a worker's life is bound to the thread that starts it, so one thread starts them all and stays
        self._starter = ThreadPoolExecutor(1, thread_name_prefix="jupyter-dep-start")
        self._guard = threading.Lock()
        self._free: list[_Worker] = []
        self._all: set[_Worker] = set()
        self._ids = itertools.count(1)
        self._closed = self._coming = False

    def carry(self, order: JobOrder, reporter: Reporter, cancel: CancelToken) -> Done:
        """Do a job in a worker of its own, a kept one if there is one.

        A worker that dies is a failure, `worker-died`, of this job alone.
        """
        order = replace(order, id=next(self._ids))
        kind = order.request.kind
        try:
            try:
                return self._carry(self._take(), order, reporter, cancel)
            except _GoneError:  # a kept one, which had just ended, as it does where nobody wants it for long
                return self._carry(self._start(), order, reporter, cancel)
        except DepError as error:
            return Done(result=problems.failure(error, kind))
        except Exception:
            self._log.exception("jupyter-dep: the worker of the job `%s` could not be understood", kind)
            return Done(result=problems.failure(problems.internal(), kind))

    def expect(self) -> None:
        """Have a worker ready; comes back at once."""
        with self._guard:
            if not self._closed and not self._coming and all(worker.ended() for worker in self._all):
                self._coming = True
                self._starter.submit(self._foresee)

    def close(self) -> None:
        """End all workers, those that still work by force; takes half a second at most."""
        with self._guard:
            self._closed = True
            free, every = list(self._free), list(self._all)
        for worker in free:
            worker.companion.hang_up()
        deadline = time.monotonic() + ENDING
        for worker in every:
            worker.companion.end(max(0.0, deadline - time.monotonic()) if worker in free else 0.0)
        self._starter.shutdown(wait=False)

    def _carry(self, worker: _Worker, order: JobOrder, reporter: Reporter, cancel: CancelToken) -> Done:
        kept, done = worker.greeted, None
        try:
            done = worker.carry(order, reporter, cancel)
            return done
        except EOFError as error:
            worker.companion.end(ENDING)
            if cancel.is_set:
                raise cancelled() from error
            if kept and not worker.begun:
                raise _GoneError from error
            self._log.error(
                "jupyter-dep: worker %d ended with %s during `%s`",
                worker.companion.pid, worker.companion.returncode, order.request.kind,
            )  # fmt: skip
            raise _died(worker.companion.returncode, order) from error
        finally:
            self._put_back(worker, keep=done is not None)

    def _take(self) -> _Worker:
        with self._guard:
            while self._free:
                worker = self._free.pop()
                if worker.environ == dict(os.environ) and not worker.ended():
                    return worker
                worker.companion.hang_up()  # what the server's environment says now counts for the next job
        return self._start()

    def _put_back(self, worker: _Worker, *, keep: bool) -> None:
        with self._guard:
            keep = keep and not self._closed
            if keep:
                self._free.append(worker)
        if not keep:
            worker.companion.end()

    def _start(self) -> _Worker:
        with self._guard:
            if self._closed:
                raise stopping()
            coming = self._starter.submit(self._new)
        return coming.result()

    def _new(self) -> _Worker:
        worker = _Worker(self._command, self._note)
        with self._guard:
            self._all = {one for one in self._all if not one.ended()} | {worker}
            closed = self._closed
        if closed:
            worker.companion.end()
            raise stopping()
        return worker

    def _foresee(self) -> None:
        try:
            worker = self._new()
        except DepError:
            return  # the job that comes will say so
        finally:
            self._coming = False
        self._put_back(worker, keep=True)

    def _note(self, line: str) -> None:
        shown = "".join(one if one.isprintable() else " " for one in line[:NOTE])
        self._log.warning("jupyter-dep: a worker says: %s", shown)


class _GoneError(Exception):
    """A worker had ended before it took an order."""


class _Worker:
    """One process. Only one thread at a time talks to it."""

    def __init__(self, command: Sequence[str], on_note: Callable[[str], None]) -> None:
        self.environ = dict(os.environ)
        self.greeted, self.begun = False, False
        self.companion = LineProcess(command, env=self.environ, on_note=on_note)
        self._deadline = time.monotonic() + START

    def ended(self) -> bool:
        return self.companion.returncode is not None

    def carry(self, order: JobOrder, reporter: Reporter, cancel: CancelToken) -> Done:
        """Errors: `EOFError` where it ended, `cancelled`, `other-protocol`, `worker-died`."""
        self.begun = False
        self._greet(cancel)
        self._say(order)
        asked: float | None = None
        while True:
            if cancel.is_set and asked is None:
                asked = time.monotonic()
                self._say(CancelRequest(id=order.id))
            if asked is not None and time.monotonic() - asked > PATIENCE:
                raise _forced(order)
            said = self._hear()
            if isinstance(said, Done) and said.id == order.id:
                return said
            if isinstance(said, Begun):
                self.begun = True
            elif isinstance(said, ProgressEvent) and said.id == order.id:
                reporter(said.progress)

    def _greet(self, cancel: CancelToken) -> None:
        while not self.greeted:
            said = self._hear()
            if isinstance(said, Hello):
                self.greeted = True
                if said.version != __version__:
                    raise _upgraded(said.version)
            elif cancel.is_set:
                raise cancelled("before it began")
            elif time.monotonic() > self._deadline:
                raise DepError(
                    "worker-died",
                    f"the process that does this did not start within {START:.0f} s",
                    hint="the machine may be overloaded: try again; if that does not help, look at the server's log",
                )

    def _say(self, line: Line) -> None:
        try:
            self.companion.send(write(line))
        except OSError as error:
            raise EOFError from error

    def _hear(self) -> Line | None:
        text = self.companion.receive(LOOK)
        return None if text is None else read(text)


def stopping() -> DepError:
    """What is refused, since the server ends."""
    return DepError("server-stopping", "the server is ending", hint="ask again when it is back")


def _died(code: int | None, order: JobOrder) -> DepError:
    how = f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
    return DepError(
        "worker-died",
        f"the process that did this ended before it was done ({how})",
        hint="do the same again, every file is whole; if it happens again, see the server's log, and whether memory is short",
        context={"file": os.path.basename(order.notebook)},
    )


def _forced(order: JobOrder) -> DepError:
    return DepError(
        "cancelled",
        f"it did not stop within {PATIENCE:.0f} s after it was cancelled, so its process was ended",
        hint="every file is whole; look at the project, and do the same again when you like",
        context={"file": os.path.basename(order.notebook)},
    )


def _upgraded(version: str) -> DepError:
    return DepError(
        "other-protocol",
        f"jupyter-dep was upgraded while this server ran: it is {__version__}, its new worker {version}",
        hint="restart the Jupyter server",
    )
