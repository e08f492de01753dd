"""A child process that exchanges lines of text with us."""

from __future__ import annotations

import queue
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence

from .process import explain_start, isolation, kill_group


class LineProcess:
    """A program that exchanges lines of text with us over its stdin and stdout.

    It ends with us: by what `isolation` does, and because its stdin ends. On Linux its life is bound to the THREAD that
    starts it (prctl(2), PR_SET_PDEATHSIG), so that one has to last. `on_note` gets each line of its stderr, in a thread of
    its own. Errors: `program-missing`.
    """

    def __init__(self, argv: Sequence[str], *, env: Mapping[str, str], on_note: Callable[[str], None]) -> None:
        try:
            self._process = subprocess.Popen(  # noqa: S603  an argument list, no shell
                list(argv),
                env=dict(env),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                encoding="utf-8",
                errors="replace",
                **isolation(),
            )
        except OSError as error:
            raise explain_start(argv[0], error, "too many programs may be running here: end some, then try again") from error
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        for read in (self._read_lines, lambda: self._read_notes(on_note)):
            threading.Thread(target=read, name=f"companion-{self.pid}", daemon=True).start()

    @property
    def pid(self) -> int:
        """Its process number."""
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """What it ended with, -N for signal N; None while it runs."""
        return self._process.poll()

    def send(self, line: str) -> None:
        """Write one line. Errors: `OSError` where the program no longer reads."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
        except ValueError as error:  # closed by `close_input`
            raise BrokenPipeError from error

    def receive(self, seconds: float) -> str | None:
        """The next line, None if none came within that time. Errors: `EOFError` after the last one: it has ended."""
        try:
            line = self._lines.get(timeout=seconds)
        except queue.Empty:
            return None
        if line is None:
            self._lines.put(None)  # for the next call
            raise EOFError
        return line

    def close_input(self) -> None:
        """End its stdin, which tells it to end."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.close()
        except OSError:  # it had not read everything
            pass

    def end(self, seconds: float = 0.0) -> None:
        """Wait for its end; after that time it is killed, with what it started in its group."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            kill_group(self._process)

    def _read_lines(self) -> None:
        assert self._process.stdout is not None
        try:
            for line in self._process.stdout:
                self._lines.put(line.rstrip("\n"))
        finally:
            self._lines.put(None)
            self._process.wait()  # no zombie is left of one that ended by itself

    def _read_notes(self, on_note: Callable[[str], None]) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            on_note(line.rstrip("\n"))
