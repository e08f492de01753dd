"""The work behind a holding kernel, in a thread: look, build, and tell what happens."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator
from queue import Empty, SimpleQueue
from threading import Thread

from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.base.progress import CancelToken, Progress
from jupyter_dep.operations.kernel_start.result import NeedsBuild, Ready, Refused
from jupyter_dep_kernels.start.launch_spec import Look
from jupyter_dep_kernels.start.notebook_discovery import NotebookMatch

from . import diagnosis


@frozen_dataclass
class StartedKernel:
    """An environment is being built."""

    headline: str


Event = StartedKernel | Progress | Ready | Refused


class BuildThread:
    """One attempt to get an environment. It ends with one `Ready` or one `Refused`."""

    def __init__(self, look: Look, found: NotebookMatch, *, reuse_key: str | None = None, build: bool = True) -> None:
        self._look = look
        self._found = found
        self._reuse_key = reuse_key
        self._build = build
        self._events: SimpleQueue[Event] = SimpleQueue()
        self._cancel = CancelToken()
        # a daemon: a build that does not hear must not keep a process that was told to end
        self._thread = Thread(target=self._run, name="jupyter-dep-build", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def cancel(self) -> None:
        self._cancel.set()

    def join(self, timeout: float) -> None:
        """Wait at most `timeout` seconds for what was cancelled to end."""
        self._thread.join(timeout)

    def events(self) -> Iterator[Event]:
        """What has happened since the last call."""
        while True:
            try:
                yield self._events.get_nowait()
            except Empty:
                return

    def _run(self) -> None:
        try:
            self._events.put(self._outcome())
        except Exception as error:
            if not hasattr(error, "hint"):
                sys.stderr.write("".join(traceback.format_exception(error)))
            self._events.put(diagnosis.CANCELLED if self._cancel.is_set else diagnosis.of_error(error))

    def _outcome(self) -> Ready | Refused:
        opening = self._look(self._found.notebook, self._found.cwd, reuse_key=self._reuse_key)
        if not isinstance(opening, NeedsBuild):
            return opening
        if not self._build:
            return diagnosis.DIED
        self._events.put(StartedKernel(headline=opening.headline))
        return opening.build(self._events.put, self._cancel)
