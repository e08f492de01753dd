"""The process on the Jupyter side that carries the verbs out: started once, spoken to in JSON lines.

It lives in its own session, so that the kernel's interrupt reaches us and not it, and ends when our end of its stdin
is closed, however this kernel ends. A thread reads its stdout into a queue: an interrupted wait loses no line.
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
from typing import IO, Any, Callable, Dict, List, Mapping, Optional, Sequence, Union

from .failure import DepFailure
from .wire import Failure, Outcome, Progress, parse

CANCEL_SECONDS = 5.0
"""How long a cancelled agent may take to answer before it is ended."""
_TICK_SECONDS = 0.1

Answer = Union[Outcome, Failure]


def environment_for_agent(environ: Mapping[str, str], hidden: Sequence[str], *, sealed: bool = True) -> Dict[str, str]:
    """The agent's variables: those of this kernel without what points into the notebook's environment.

    `hidden` are folders that must not be on its PATH: the environments' scripts and the guards. `sealed`: the kernel
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
        self._lines: "queue.Queue[Optional[str]]" = queue.Queue()
        self._process: Optional["subprocess.Popen[str]"] = None
        self._log: Optional[IO[bytes]] = None
        self._last_id = 0
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._forget)

    def ask(
        self,
        request: Mapping[str, Any],
        on_progress: Callable[[str], None],
        on_tick: Callable[[], None],
    ) -> Answer:
        """The answer to `request` (the wire's fields without `id` and `type`).

        `on_progress` gets each progress text, `on_tick` is called about ten times a second. KeyboardInterrupt asks the
        agent to cancel and waits shortly for its answer; a second one ends the agent. Raises `DepFailure` where there
        is no agent to answer.
        """
        with self._lock:
            self._ensure()
            self._last_id += 1
            number = self._last_id
            self._send({"type": "request", "id": number, **request})
            return self._await(number, on_progress, on_tick)

    def close(self) -> None:
        """End the agent: it leaves by itself when its stdin is closed."""
        process, self._process = self._process, None
        if process is None:
            return
        try:
            if process.stdin is not None:
                process.stdin.close()
            process.wait(timeout=1)
        except (OSError, subprocess.TimeoutExpired):
            process.kill()
            process.wait()

    def _await(self, number: int, on_progress: Callable[[str], None], on_tick: Callable[[], None]) -> Answer:
        deadline: Optional[float] = None
        while True:
            try:
                line = self._next_line()
                message = parse(line) if line else None
                if message is not None and message.id == number:
                    if not isinstance(message, Progress):
                        return message
                    on_progress(message.text)
                on_tick()
            except KeyboardInterrupt:
                if deadline is not None:
                    deadline = 0.0
                else:
                    self._send({"type": "cancel", "id": number})
                    deadline = time.monotonic() + CANCEL_SECONDS
                    on_progress("cancelling")
            if deadline is not None and time.monotonic() > deadline:
                self.close()
                return Failure(
                    id=number,
                    code="cancelled",
                    message="interrupted: the agent did not answer the cancel and was ended",
                    context={},
                    hint="look at what was done with `%dep status`",
                )

    def _next_line(self) -> str:
        try:
            line = self._lines.get(timeout=_TICK_SECONDS)
        except queue.Empty:
            return ""
        if line is None:
            raise self._died()
        return line

    def _ensure(self) -> None:
        process = self._process
        if process is not None and process.poll() is None:
            return
        if process is not None:
            self._note("the agent had ended (exit code {}) and was started again".format(process.returncode))
        self._lines = queue.Queue()
        self._log = tempfile.TemporaryFile()  # noqa: SIM115  (read when the agent dies)
        flags: Dict[str, Any] = {"start_new_session": True}
        if sys.platform == "win32":
            flags = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}
        try:
            self._process = subprocess.Popen(  # noqa: S603  (an argument list from our own launcher)
                self._argv,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._log,
                env=dict(self._environ()),
                encoding="utf-8",
                errors="replace",
                **flags,
            )
        except OSError as error:
            raise DepFailure(
                "agent-not-started",
                "the agent cannot be started: {}".format(error.strerror or error),
                hint="is jupyter-dep still installed there? Restart the kernel after `jupyter dep doctor`",
                context={"file": self._argv[0] if self._argv else ""},
            ) from None
        threading.Thread(target=_read, args=(self._process.stdout, self._lines), name="jupyter-dep-agent", daemon=True).start()

    def _send(self, message: Mapping[str, Any]) -> None:
        process = self._process
        try:
            if process is None or process.stdin is None:
                raise BrokenPipeError
            process.stdin.write(json.dumps(message, separators=(",", ":")) + "\n")
            process.stdin.flush()
        except (OSError, ValueError):
            raise self._died() from None

    def _died(self) -> DepFailure:
        process, self._process = self._process, None
        code: Union[int, str] = "unknown"
        if process is not None:
            try:
                code = process.wait(timeout=1)
            except subprocess.TimeoutExpired:
                process.kill()
                code = process.wait()
        words = "the agent ended while it worked (exit code {})".format(code)
        last = self._last_words()
        return DepFailure(
            "agent-died",
            "\n".join([words, *("  " + line for line in last)]),
            hint="run the line again, a new agent is started for it; `jupyter dep doctor` checks the installation",
        )

    def _last_words(self) -> List[str]:
        if self._log is None:
            return []
        size = self._log.seek(0, os.SEEK_END)
        self._log.seek(max(0, size - 4096))
        return self._log.read().decode("utf-8", "replace").splitlines()[-5:]

    def _forget(self) -> None:
        """In a forked child: let go of our end of the pipe, which would keep the agent alive after the kernel."""
        process, self._process = self._process, None
        if process is not None:
            process.returncode = 0
            if process.stdin is not None:
                process.stdin.close()


def _read(stream: Optional[IO[str]], lines: "queue.Queue[Optional[str]]") -> None:
    if stream is not None:
        try:
            for line in stream:
                lines.put(line)
        except ValueError:  # closed under us
            pass
    lines.put(None)


def _normal(folder: str) -> str:
    return os.path.normcase(os.path.normpath(folder))
