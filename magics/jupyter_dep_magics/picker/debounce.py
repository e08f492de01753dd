"""Background work of the form: a thread that runs only the newest of its jobs, so that typing never waits."""

from __future__ import annotations

import sys
import threading
import time
import traceback
from contextvars import Context, copy_context
from typing import Callable, NamedTuple, Optional

Job = Callable[[threading.Event], None]
"""Gets the event that is set when its result is not wanted any more."""
_IDLE = 30.0
"""Seconds after which a thread without work ends."""


class _Waiting(NamedTuple):
    due: float
    job: Job
    context: Context


class DebouncedWorker:
    """Runs a job when no newer one was submitted for `delay` seconds."""

    def __init__(self, name: str, delay: float = 0.0) -> None:
        self._name = name
        self._delay = delay
        self._changed = threading.Condition()
        self._waiting: Optional[_Waiting] = None
        self._running: Optional[threading.Event] = None
        self._thread: Optional[threading.Thread] = None

    def submit(self, job: Job) -> None:
        """Replace the waiting job and cancel the running one."""
        # with its context: what the job sends is then a reply to the message that caused it
        waiting = _Waiting(time.monotonic() + self._delay, job, copy_context())
        with self._changed:
            self._waiting = waiting
            if self._running is not None:
                self._running.set()
            if self._thread is None:
                self._thread = threading.Thread(target=self._serve, name="jupyter-dep-" + self._name, daemon=True)
                self._thread.start()
            self._changed.notify()

    def cancel(self) -> None:
        """Drop the waiting job and cancel the running one."""
        with self._changed:
            self._waiting = None
            if self._running is not None:
                self._running.set()

    def _serve(self) -> None:
        while True:
            taken = self._take()
            if taken is None:
                return
            waiting, cancelled = taken
            try:
                waiting.context.run(waiting.job, cancelled)
            except Exception:  # noqa: BLE001  a bug in one job must not end the thread that later jobs need
                sys.stderr.write(traceback.format_exc())

    def _take(self) -> "Optional[tuple[_Waiting, threading.Event]]":
        """Wait for the next job and return it when it is due, None after a long time without one."""
        with self._changed:
            self._running = None
            while True:
                waiting = self._waiting
                if waiting is None:
                    if not self._changed.wait(_IDLE) and self._waiting is None:
                        self._thread = None
                        return None
                    continue
                left = waiting.due - time.monotonic()
                if left <= 0:
                    self._waiting, self._running = None, threading.Event()
                    return waiting, self._running
                self._changed.wait(left)
