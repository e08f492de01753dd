"""The pool of worker processes: jobs and readings are done there, one at a time in each.

A thread that computes beside the server's loop takes the interpreter's lock away from it. Why processes, and what that
costs: docs/decisions.
"""

from __future__ import annotations

import itertools
import logging
import os
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Protocol

import msgspec

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.progress import CancelToken, Reporter, cancelled
from jupyter_dep_server import problems

from .protocol import Done, JobOrder, ReadAnswer, ReadOrder, refuse
from .worker_process import POLL, WorkerProcess

COMMAND = (sys.executable, "-I" if sys.flags.isolated else "-P", "-m", "jupyter_dep_server.jobs.worker")
END_SECONDS = 0.5
"""Seconds that a worker without work gets to end by itself."""
READ_SECONDS = 0.2
"""Seconds for which no reading has ended before one more worker is started beside those that read: most take less."""
NOTE_LENGTH = 2000
"""Characters of one line of a worker's stderr that are logged."""


class Runner(Protocol):
    """What does the work of a server. No method raises an exception."""

    def run(self, order: JobOrder, reporter: Reporter, cancel: CancelToken) -> Done:
        """Do a job, and wait for it."""

    def read(self, order: ReadOrder) -> ReadAnswer:
        """Make a page, and wait for it."""

    def prepare(self) -> None:
        """Get ready, since work is likely to come; does not wait."""

    def close(self) -> None:
        """End everything that still runs. Nothing is done after."""


class Workers:
    """A runner in processes; every method may be called in several threads. What workers write to stderr goes to `log`.

    A worker ends by itself after `idle` seconds without work.
    """

    def __init__(self, log: logging.Logger, *, command: Sequence[str] = COMMAND, idle: float | None = None) -> None:
        self._log = log
        self._command = (*command, *([str(idle)] if idle is not None else []))
        # a worker's life is bound to the thread that starts it, so one thread starts them all and stays
        self._starter = ThreadPoolExecutor(1, thread_name_prefix="jupyter-dep-start")
        self._changed = threading.Condition()
        self._free: list[WorkerProcess] = []
        self._all: set[WorkerProcess] = set()
        self._failures: list[Exception] = []
        """Why workers could not be started: each is for one of those who wait."""
        self._starting = self._waiting = self._reading = 0
        self._read_at = 0.0
        """When the last reading ended."""
        self._closed = False
        self._ids = itertools.count(1)

    @property
    def processes(self) -> tuple[WorkerProcess, ...]:
        """The workers that have not ended."""
        with self._changed:
            return tuple(worker for worker in self._all if not worker.ended)

    def run(self, order: JobOrder, reporter: Reporter, cancel: CancelToken) -> Done:
        """Do a job in a worker of its own. A worker that dies is a failure, `worker-died`, of this job alone."""
        order = msgspec.structs.replace(order, id=next(self._ids))
        kind = order.request.kind
        try:
            while True:
                worker = self._take(cancel)
                self.prepare()  # a job may take minutes, and pages are read meanwhile
                with suppress(_GoneError):  # a kept worker that had just ended, as idle ones do
                    return self._run(worker, order, reporter, cancel)
        except DepError as error:
            return Done(failure=problems.failure(error, kind))
        except Exception:  # noqa: BLE001  a line that is not of the protocol must not end the queue
            self._log.exception("jupyter-dep: the worker of the job `%s` sent a line that cannot be read", kind)
            return Done(failure=problems.failure(problems.internal(), kind))

    def read(self, order: ReadOrder) -> ReadAnswer:
        """Make a page in a worker. If a kept worker dies, another one does it, since reading changes nothing."""
        order = msgspec.structs.replace(order, id=next(self._ids))
        try:
            while True:
                worker = self._take()
                kept = worker.used
                try:
                    return self._read(worker, order)
                except EOFError as error:
                    if not kept:
                        raise self._explain_death(worker, order) from error
        except DepError as error:
            return refuse(error, order)
        except Exception:  # noqa: BLE001  as in `run`
            self._log.exception("jupyter-dep: the worker that reads `%s` sent a line that cannot be read", order.view)
            return refuse(problems.internal(), order)

    def prepare(self) -> None:
        """Start a worker if none is free or soon will be; does not wait for it."""
        with self._changed:
            if not self._closed and not self._starting and not self._reading and all(worker.ended for worker in self._free):
                self._start()

    def close(self) -> None:
        """End all workers, those that still work by force; takes `END_SECONDS` at most."""
        with self._changed:
            self._closed = True
            free, every = list(self._free), list(self._all)
            self._changed.notify_all()
        for worker in free:
            worker.hang_up()
        deadline = time.monotonic() + END_SECONDS
        for worker in every:
            worker.end(max(0.0, deadline - time.monotonic()) if worker in free else 0.0)
        self._starter.shutdown(wait=False)

    def _run(self, worker: WorkerProcess, order: JobOrder, reporter: Reporter, cancel: CancelToken) -> Done:
        kept, done = worker.used, None
        try:
            done = worker.run(order, reporter, cancel)
            return done
        except EOFError as error:
            worker.end(END_SECONDS)
            if cancel.is_set:
                raise cancelled() from error
            if kept and not worker.begun:
                raise _GoneError from error
            self._log.error(
                "jupyter-dep: worker %d ended with %s during `%s`", worker.pid, worker.returncode, order.request.kind
            )
            context: dict[str, str | int] = {"file": Path(os.fsdecode(order.notebook)).name}
            raise _died(worker.returncode, "the process that did this ended before it was done", context) from error
        finally:
            self._put_back(worker, keep=done is not None)

    def _read(self, worker: WorkerProcess, order: ReadOrder) -> ReadAnswer:
        answer = None
        with self._changed:
            self._reading += 1
        try:
            answer = worker.read(order)
            return answer
        finally:
            with self._changed:
                self._reading -= 1
                self._read_at = time.monotonic()
            self._put_back(worker, keep=answer is not None)

    def _explain_death(self, worker: WorkerProcess, order: ReadOrder) -> DepError:
        with self._changed:
            if self._closed:
                return stopping()
        self._log.error("jupyter-dep: worker %d ended with %s while it read `%s`", worker.pid, worker.returncode, order.view)
        return DepError(
            "worker-died",
            "the process that reads this ended before it was done",
            hint="try again; if it happens again, see the server's log, and whether memory is short",
        )

    def _take(self, cancel: CancelToken | None = None) -> WorkerProcess:
        """Wait for a free worker: one that is given back, or a new one. Only a job has `cancel`.

        While some read, none is started for `READ_SECONDS`; for a reading, that time begins anew with each that ends: where
        many wait for a busy machine, one more worker would only make it busier.
        """
        began = time.monotonic()
        with self._changed:
            self._waiting += 1
            try:
                while True:
                    if self._closed:
                        raise stopping()
                    if (worker := self._pop_free()) is not None:
                        return worker
                    if cancel is not None and cancel.is_set:
                        self._changed.notify()  # another one may take what this one was woken for
                        raise cancelled("before it began")
                    if self._failures:
                        raise self._failures.pop()
                    since = began if cancel is not None else max(began, self._read_at)
                    left = since + READ_SECONDS - time.monotonic()
                    if self._reading and left > 0:
                        self._changed.wait(left)
                        continue
                    if self._starting < self._waiting:
                        self._start()
                    self._changed.wait(POLL if cancel is not None else None)
            finally:
                self._waiting -= 1
                if not self._waiting:
                    self._failures.clear()  # no caller is left whom they concern

    def _pop_free(self) -> WorkerProcess | None:
        while self._free:
            worker = self._free.pop()
            if worker.environ == dict(os.environ) and not worker.ended:
                return worker
            worker.hang_up()  # the server's environment of now counts for what comes next
        return None

    def _put_back(self, worker: WorkerProcess, *, keep: bool) -> None:
        with self._changed:
            keep = keep and not self._closed
            if keep:
                self._free.append(worker)
                self._changed.notify()
        if not keep:
            worker.end()

    def _start(self) -> None:
        """Have one more worker started; the condition is held."""
        self._starting += 1
        self._starter.submit(self._create)

    def _create(self) -> None:
        try:
            worker = WorkerProcess(self._command, os.environ, self._log_note)
        except DepError as error:
            self._fail_start(error)
            return
        with self._changed:
            self._all = {one for one in self._all if not one.ended} | {worker}
        # beside the thread that starts them, so that several get ready at the same time
        threading.Thread(target=self._await_ready, args=(worker,), name=f"jupyter-dep-ready-{worker.pid}", daemon=True).start()

    def _await_ready(self, worker: WorkerProcess) -> None:
        """Count a new worker as free once it is ready: until then, one that is given back comes sooner."""
        try:
            worker.wait_until_ready()
        except EOFError:
            worker.end(END_SECONDS)
            if not self._closed:
                self._log.error("jupyter-dep: worker %d ended with %s before it was ready", worker.pid, worker.returncode)
            self._fail_start(_died(worker.returncode, "the process for this ended before it was ready"))
        except Exception as error:  # noqa: BLE001  a line that is not of the protocol is for the caller to report
            worker.end()
            self._fail_start(error)
        else:
            with self._changed:
                self._starting -= 1
                self._put_back(worker, keep=True)

    def _fail_start(self, error: Exception) -> None:
        with self._changed:
            self._starting -= 1
            if self._waiting:
                self._failures.append(error)
                self._changed.notify()

    def _log_note(self, line: str) -> None:
        shown = "".join(char if char.isprintable() else " " for char in line[:NOTE_LENGTH])
        self._log.warning("jupyter-dep: a worker says: %s", shown)


class _GoneError(Exception):
    """A worker had ended before it took a job."""


def stopping() -> DepError:
    """Refuse work because the server ends."""
    return DepError("server-stopping", "the server is ending", hint="try again when it is back")


def _died(code: int | None, what: str, context: dict[str, str | int] | None = None) -> DepError:
    how = f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
    return DepError(
        "worker-died",
        f"{what} ({how})",
        hint="do the same again, every file is whole; if it happens again, see the server's log, and whether memory is short",
        context=context,
    )
