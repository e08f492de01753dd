"""The placeholder kernel's build, in a thread of its own."""

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
    """The build of an environment has started."""

    headline: str


Event = StartedKernel | Progress | Ready | Refused


class BuildThread:
    """One attempt to get an environment. Its last event is one `Ready` or one `Refused`.

    `reuse_key` names the environment to start again after a crash; with `build` False a missing one is not built.
    """

    def __init__(self, look: Look, match: NotebookMatch, *, reuse_key: str | None = None, build: bool = True) -> None:
        self._look = look
        self._match = match
        self._reuse_key = reuse_key
        self._build = build
        self._events: SimpleQueue[Event] = SimpleQueue()
        self._cancel = CancelToken()
        # a daemon: a build that ignores the cancel must not keep a terminated process alive
        self._thread = Thread(target=self._run, name="jupyter-dep-build", daemon=True)

    def start(self) -> None:
        """Begin to look up and build the environment."""
        self._thread.start()

    def cancel(self) -> None:
        """Ask the build to stop; its last event follows."""
        self._cancel.set()

    def join(self, timeout: float) -> None:
        """Wait up to `timeout` seconds for a cancelled build to end."""
        self._thread.join(timeout)

    def events(self) -> Iterator[Event]:
        """Yield the events since the last call."""
        while True:
            try:
                yield self._events.get_nowait()
            except Empty:
                return

    def _run(self) -> None:
        try:
            self._events.put(self._find_or_build())
        except Exception as error:  # noqa: BLE001  every error ends in a diagnosis; a thread that dies would end in none
            if not hasattr(error, "hint"):
                sys.stderr.write("".join(traceback.format_exception(error)))
            self._events.put(diagnosis.CANCELLED if self._cancel.is_set else diagnosis.of_error(error, self._match.notebook))

    def _find_or_build(self) -> Ready | Refused:
        start = self._look(self._match.notebook, self._match.cwd, reuse_key=self._reuse_key)
        if not isinstance(start, NeedsBuild):
            return start
        if not self._build:
            return diagnosis.DIED
        self._events.put(StartedKernel(headline=start.headline))
        return start.build(self._events.put, self._cancel)
