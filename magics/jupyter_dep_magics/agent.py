"""The agent: a process on the Jupyter side that runs the commands, started once and spoken to in JSON lines.

It has its own process session, so that the kernel's interrupt does not reach it, and ends when its stdin is closed,
however this kernel ends. A thread reads its stdout and passes each line to the request that waits for it: an interrupted
request loses no line, and several threads may ask at once.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from typing import IO, TYPE_CHECKING, Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence, Union

from .failure import DepFailure
from .wire import Answer, Failure, Message, Progress, parse

if TYPE_CHECKING:
    _Answers = queue.Queue[Optional[Message]]

CANCEL_SECONDS = 5.0
"""Seconds that the agent gets to answer a cancel before it is stopped."""
_TICK_SECONDS = 0.1


def environment_for_agent(environ: Mapping[str, str], hidden: Sequence[str], *, sealed: bool = True) -> Dict[str, str]:
    """Return the agent's variables: those of this kernel, except what points into the notebook's environment.

    `hidden` are folders to remove from its PATH: the environments' scripts and the `pip` shim. `sealed`: the kernel runs
    in a sealed environment, whose ban on the user's site-packages does not apply to the agent.
    """
    dropped = {"VIRTUAL_ENV", "VIRTUAL_ENV_PROMPT", "PYTHONPATH", "PYTHONHOME", "__PYVENV_LAUNCHER__"}
    if sealed:
        dropped.add("PYTHONNOUSERSITE")
    kept = {name: value for name, value in environ.items() if name not in dropped}
    unwanted = {_normalize(folder) for folder in hidden if folder}
    if "PATH" in kept:
        entries = kept["PATH"].split(os.pathsep)
        kept["PATH"] = os.pathsep.join(entry for entry in entries if _normalize(entry) not in unwanted)
    return kept


class _Waiting(NamedTuple):
    """How a caller waits for its answer, see `Agent.ask`."""

    on_progress: Callable[[Progress], None]
    on_tick: Callable[[], None]
    cancelled: Optional[threading.Event]
    abandon: bool

    def is_cancelled(self) -> bool:
        return self.cancelled is not None and self.cancelled.is_set()


class Agent:
    """Sends requests to the agent's process, which is started when first needed.

    `environ` returns the variables to start it with. `note` gets a sentence when it had to be started again.
    """

    def __init__(self, argv: Sequence[str], environ: Callable[[], Mapping[str, str]], note: Callable[[str], None]) -> None:
        self._argv = list(argv)
        self._environ = environ
        self._note = note
        self._lock = threading.Lock()
        self._process: Optional[_Process] = None
        self._last_id = 0
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._detach)

    def ask(
        self,
        request: Mapping[str, Any],
        on_progress: Callable[[Progress], None],
        on_tick: Callable[[], None],
        *,
        cancelled: Optional[threading.Event] = None,
        abandon: bool = False,
    ) -> Answer:
        """Send `request` (the wire's fields without `id` and `type`) and wait for its answer; any thread may ask.

        `on_progress` gets each progress, `on_tick` is called about ten times a second. KeyboardInterrupt, or the event
        `cancelled`, asks the agent to cancel and waits a few seconds for its answer; a second interrupt stops the agent.
        With `abandon` a cancelled request returns at once. Errors: `agent-not-started`, `agent-died`.
        """
        with self._lock:
            process = self._ensure_process()
            self._last_id += 1
            number = self._last_id
            answers = process.expect(number)
        try:
            process.send({"type": "request", "id": number, **request})
            return self._await(process, number, answers, _Waiting(on_progress, on_tick, cancelled, abandon))
        finally:
            process.forget(number)

    def close(self) -> None:
        """Stop the agent."""
        process, self._process = self._process, None
        if process is not None:
            process.stop()

    def _await(self, process: _Process, number: int, answers: _Answers, waiting: _Waiting) -> Answer:
        deadline: Optional[float] = None
        while True:
            interrupted = False
            try:
                message = process.next_message(answers)
                if isinstance(message, Progress):
                    waiting.on_progress(message)
                elif message is not None:
                    return message
                waiting.on_tick()
            except KeyboardInterrupt:
                interrupted = True
            if deadline is None and (interrupted or waiting.is_cancelled()):
                process.send({"type": "cancel", "id": number})
                if waiting.abandon:
                    return _build_cancelled(number, "cancelled")
                deadline = time.monotonic() + CANCEL_SECONDS
                waiting.on_progress(Progress(number, "cancelling"))
            elif interrupted:
                deadline = 0.0
            if deadline is not None and time.monotonic() > deadline:
                self.close()
                return _build_cancelled(number, "interrupted: the agent did not react to the cancel and was stopped")

    def _ensure_process(self) -> _Process:
        process = self._process
        if process is not None and process.alive:
            return process
        if process is not None and not process.end_reported:
            self._note("the agent had exited (code {}) and was started again".format(process.exit_code))
        self._process = _Process(self._argv, self._environ())
        return self._process

    def _detach(self) -> None:
        """Close a forked child's copy of the pipe, which would keep the agent alive after the kernel."""
        self._lock = threading.Lock()  # another thread may have held it
        process, self._process = self._process, None
        if process is not None:
            process.detach()


class _Process:
    """One running agent, and the requests that wait for its messages."""

    def __init__(self, argv: Sequence[str], environ: Mapping[str, str]) -> None:
        self._answers: Dict[int, _Answers] = {}
        self._write = threading.Lock()
        self._ended = False
        self.end_reported = False
        """Whether a request has already failed because the process ended."""
        self._log: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115   read when the agent dies
        flags: Dict[str, Any] = {"start_new_session": True}
        if sys.platform == "win32":
            flags = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}
        try:
            self._process = subprocess.Popen(  # noqa: S603  the launcher's argument list
                list(argv),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._log,
                env=dict(environ),
                encoding="utf-8",
                errors="replace",
                **flags,
            )
        except OSError as error:
            raise DepFailure(
                "agent-not-started",
                "cannot start the agent: {}".format(error.strerror or error),
                hint="run `jupyter dep doctor` in a terminal, then restart the kernel",
                context={"file": argv[0] if argv else ""},
            ) from None
        threading.Thread(target=self._read, name="jupyter-dep-agent", daemon=True).start()

    @property
    def alive(self) -> bool:
        return not self._ended and self._process.poll() is None

    @property
    def exit_code(self) -> Union[int, str]:
        try:
            return self._process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def expect(self, number: int) -> _Answers:
        answers: _Answers = queue.Queue()
        self._answers[number] = answers
        if self._ended:
            answers.put(None)
        return answers

    def forget(self, number: int) -> None:
        self._answers.pop(number, None)

    def next_message(self, answers: _Answers) -> Optional[Message]:
        """Wait one tick for a message; returns None if there is none. Errors: `agent-died`."""
        try:
            message = answers.get(timeout=_TICK_SECONDS)
        except queue.Empty:
            return None
        if message is None:
            raise self._end_failure()
        return message

    def send(self, message: Mapping[str, Any]) -> None:
        try:
            if self._process.stdin is None:
                raise BrokenPipeError
            with self._write:
                self._process.stdin.write(json.dumps(message, separators=(",", ":")) + "\n")
                self._process.stdin.flush()
        except (OSError, ValueError):
            raise self._end_failure() from None

    def stop(self) -> None:
        try:
            if self._process.stdin is not None:
                self._process.stdin.close()
            self._process.wait(timeout=1)
        except (OSError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()

    def detach(self) -> None:
        self._process.returncode = 0
        if self._process.stdin is not None:
            self._process.stdin.close()

    def _read(self) -> None:
        if self._process.stdout is not None:
            try:
                for line in self._process.stdout:
                    message = parse(line)
                    answers = self._answers.get(message.id) if message is not None else None
                    if answers is not None:
                        answers.put(message)
            except ValueError:  # closed by another thread
                pass
        self._ended = True
        for answers in list(self._answers.values()):
            answers.put(None)

    def _end_failure(self) -> DepFailure:
        self._ended = self.end_reported = True
        message = "the agent exited during the command (code {})".format(self.exit_code)
        return DepFailure(
            "agent-died",
            "\n".join([message, *("  " + line for line in self._log_tail())]),
            hint="run the line again, which starts a new agent; if that does not help, run `jupyter dep doctor` in a terminal",
        )

    def _log_tail(self) -> List[str]:
        size = self._log.seek(0, os.SEEK_END)
        self._log.seek(max(0, size - 4096))
        return self._log.read().decode("utf-8", "replace").splitlines()[-5:]


def _build_cancelled(number: int, message: str) -> Failure:
    return Failure(number, "cancelled", message, {}, "`%dep status` shows what was done")


def _normalize(folder: str) -> str:
    return os.path.normcase(os.path.normpath(folder))
