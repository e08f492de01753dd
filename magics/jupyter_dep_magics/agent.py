"""The process on the Jupyter side that carries the verbs out: started once, spoken to in JSON lines.

It lives in its own session, so that the kernel's interrupt reaches us and not it, and ends when our end of its stdin
is closed, however this kernel ends. A thread reads its stdout and gives each line to who waits for it: an interrupted
wait loses no line, and several threads may ask at once.
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
from typing import IO, TYPE_CHECKING, Any, Callable, Dict, List, Mapping, Optional, Sequence, Union

from .failure import DepFailure
from .wire import Failure, Message, Outcome, Progress, parse

if TYPE_CHECKING:
    _Answers = queue.Queue[Optional[Message]]

CANCEL_SECONDS = 5.0
"""How long a cancelled agent may take to answer before it is ended."""
_TICK_SECONDS = 0.1

Answer = Union[Outcome, Failure]


def environment_for_agent(environ: Mapping[str, str], hidden: Sequence[str], *, sealed: bool = True) -> Dict[str, str]:
    """The agent's variables: those of this kernel without what points into the notebook's environment.

    `hidden` are folders that must not be on its PATH: the environments' scripts and the `pip` shim. `sealed`: the kernel
    was started by our launcher, whose ban on the user's site-packages is not for the agent.
    """
    dropped = {"VIRTUAL_ENV", "VIRTUAL_ENV_PROMPT", "PYTHONPATH", "PYTHONHOME", "__PYVENV_LAUNCHER__"}
    if sealed:
        dropped.add("PYTHONNOUSERSITE")
    kept = {name: value for name, value in environ.items() if name not in dropped}
    unwanted = {_normal(folder) for folder in hidden if folder}
    if "PATH" in kept:
        entries = kept["PATH"].split(os.pathsep)
        kept["PATH"] = os.pathsep.join(entry for entry in entries if _normal(entry) not in unwanted)
    return kept


class Agent:
    """`ask` sends one request and blocks until its answer; the process is started when first needed.

    `environ` gives the variables to start it with. `note` is told in one sentence when it had to be started again.
    """

    def __init__(self, argv: Sequence[str], environ: Callable[[], Mapping[str, str]], note: Callable[[str], None]) -> None:
        self._argv = list(argv)
        self._environ = environ
        self._note = note
        self._lock = threading.Lock()
        self._running: Optional[_Running] = None
        self._last_id = 0
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._forget)

    def ask(
        self,
        request: Mapping[str, Any],
        on_progress: Callable[[Progress], None],
        on_tick: Callable[[], None],
        *,
        cancelled: Optional[threading.Event] = None,
        abandon: bool = False,
    ) -> Answer:
        """The answer to `request` (the wire's fields without `id` and `type`); any thread may ask.

        `on_progress` gets each progress, `on_tick` is called about ten times a second. KeyboardInterrupt, or the event
        `cancelled`, asks the agent to cancel and waits shortly for its answer; a second interrupt ends the agent. With
        `abandon` nobody waits for the answer to a cancel. Raises `DepFailure` where there is no agent to answer.
        """
        with self._lock:
            running = self._ensure()
            self._last_id += 1
            number = self._last_id
            answers = running.expect(number)
        try:
            running.send({"type": "request", "id": number, **request})
            return self._await(running, number, answers, on_progress, on_tick, cancelled, abandon)
        finally:
            running.forget(number)

    def close(self) -> None:
        """End the agent: it leaves by itself when its stdin is closed."""
        running, self._running = self._running, None
        if running is not None:
            running.end()

    def _await(
        self,
        running: _Running,
        number: int,
        answers: _Answers,
        on_progress: Callable[[Progress], None],
        on_tick: Callable[[], None],
        cancelled: Optional[threading.Event],
        abandon: bool,
    ) -> Answer:
        deadline: Optional[float] = None
        while True:
            interrupted = False
            try:
                message = running.next(answers)
                if isinstance(message, Progress):
                    on_progress(message)
                elif message is not None:
                    return message
                on_tick()
            except KeyboardInterrupt:
                interrupted = True
            if deadline is None and (interrupted or (cancelled is not None and cancelled.is_set())):
                running.send({"type": "cancel", "id": number})
                if abandon:
                    return _unanswered(number, "cancelled")
                deadline = time.monotonic() + CANCEL_SECONDS
                on_progress(Progress(number, "cancelling"))
            elif interrupted:
                deadline = 0.0
            if deadline is not None and time.monotonic() > deadline:
                self.close()
                return _unanswered(number, "interrupted: the agent did not answer the cancel and was ended")

    def _ensure(self) -> _Running:
        running = self._running
        if running is not None and running.alive:
            return running
        if running is not None and not running.told:
            self._note("the agent had ended (exit code {}) and was started again".format(running.exit_code))
        self._running = _Running(self._argv, self._environ())
        return self._running

    def _forget(self) -> None:
        """In a forked child: let go of our end of the pipe, which would keep the agent alive after the kernel."""
        self._lock = threading.Lock()  # another thread may have held it
        running, self._running = self._running, None
        if running is not None:
            running.let_go()


class _Running:
    """One started agent, and who waits for what it says."""

    def __init__(self, argv: Sequence[str], environ: Mapping[str, str]) -> None:
        self._answers: Dict[int, _Answers] = {}
        self._write = threading.Lock()
        self._ended = False
        self.told = False
        """Whether somebody was told that it has ended."""
        self._log: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  (read when the agent dies)
        flags: Dict[str, Any] = {"start_new_session": True}
        if sys.platform == "win32":
            flags = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}
        try:
            self._process = subprocess.Popen(  # noqa: S603  (an argument list from our own launcher)
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
                "the agent cannot be started: {}".format(error.strerror or error),
                hint="is jupyter-dep still installed there? Restart the kernel after `jupyter dep doctor`",
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

    def next(self, answers: _Answers) -> Optional[Message]:
        """What comes within a tick, None if nothing does. Errors: `agent-died`."""
        try:
            message = answers.get(timeout=_TICK_SECONDS)
        except queue.Empty:
            return None
        if message is None:
            raise self._died()
        return message

    def send(self, message: Mapping[str, Any]) -> None:
        try:
            if self._process.stdin is None:
                raise BrokenPipeError
            with self._write:
                self._process.stdin.write(json.dumps(message, separators=(",", ":")) + "\n")
                self._process.stdin.flush()
        except (OSError, ValueError):
            raise self._died() from None

    def end(self) -> None:
        try:
            if self._process.stdin is not None:
                self._process.stdin.close()
            self._process.wait(timeout=1)
        except (OSError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()

    def let_go(self) -> None:
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
            except ValueError:  # closed under us
                pass
        self._ended = True
        for answers in list(self._answers.values()):
            answers.put(None)

    def _died(self) -> DepFailure:
        self._ended = self.told = True
        words = "the agent ended while it worked (exit code {})".format(self.exit_code)
        return DepFailure(
            "agent-died",
            "\n".join([words, *("  " + line for line in self._last_words())]),
            hint="run the line again, a new agent is started for it; `jupyter dep doctor` checks the installation",
        )

    def _last_words(self) -> List[str]:
        size = self._log.seek(0, os.SEEK_END)
        self._log.seek(max(0, size - 4096))
        return self._log.read().decode("utf-8", "replace").splitlines()[-5:]


def _unanswered(number: int, message: str) -> Failure:
    return Failure(number, "cancelled", message, {}, "look at what was done with `%dep status`")


def _normal(folder: str) -> str:
    return os.path.normcase(os.path.normpath(folder))
