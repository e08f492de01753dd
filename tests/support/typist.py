"""Somebody who types: a program on a terminal of its own, and what it wrote there."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import signal
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

import pytest

REQUIRED = "JUPYTER_DEP_REQUIRE_SHELLS"
"""Names the shells that have to be there: without them a part of the tests would be passed over."""


def shell_program(name: str) -> str:
    """The program of a shell; a test of one that is not here is skipped, unless it is required."""
    found = shutil.which(name)
    if found is None and name in os.environ.get(REQUIRED, "").split():
        pytest.fail(f"{name} is required here and not installed")
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


class Typist:
    """A program on a pseudo terminal; `text` is all that it wrote, without the terminal's own sequences."""

    def __init__(self, argv: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> None:
        self._raw = b""
        self.process, self._terminal = pty.fork()
        if self.process == 0:
            try:
                os.chdir(cwd)
                os.execvpe(argv[0], list(argv), dict(env))
            finally:
                os._exit(127)

    def __enter__(self) -> Typist:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            os.kill(self.process, signal.SIGKILL)
            os.waitpid(self.process, 0)
        except (ProcessLookupError, ChildProcessError):
            pass
        os.close(self._terminal)

    @property
    def text(self) -> str:
        plain = re.sub(rb"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[=>78()][B0]?", b"", self._raw)
        return plain.decode("utf-8", "replace").replace("\r\n", "\n")

    def type(self, line: str) -> None:
        os.write(self._terminal, line.encode() + b"\r")

    def wait_for(self, pattern: str, *, since: int = 0, seconds: float = 30) -> re.Match[str]:
        """Until what it wrote behind the first `since` characters matches; the match."""
        end = time.monotonic() + seconds
        while True:
            if (found := re.compile(pattern).search(self.text, since)) is not None:
                return found
            if not self._listen(end):
                raise AssertionError(f"{pattern!r} did not come:\n{self.text[-3000:]}")

    def say(self, line: str, pattern: str) -> re.Match[str]:
        """Type a line and wait for an answer that matches, below the line itself."""
        since = len(self.text)
        self.type(line)
        return self.wait_for(pattern, since=since)

    def ended(self, seconds: float = 20) -> int:
        """Its exit code, once it has ended."""
        end = time.monotonic() + seconds
        while True:
            process, status = os.waitpid(self.process, os.WNOHANG)
            if process:
                return os.waitstatus_to_exitcode(status)
            if not self._listen(end) and time.monotonic() > end:
                raise AssertionError(f"it did not end:\n{self.text[-3000:]}")

    def _listen(self, end: float) -> bool:
        ready, _, _ = select.select([self._terminal], [], [], 0.05)
        if ready:
            try:
                found = os.read(self._terminal, 65536)
            except OSError:
                found = b""
            if not found:
                time.sleep(0.02)
                return time.monotonic() < end
            self._raw += found
            # what a terminal answers when it is asked where the cursor is, and what it is
            for asked, answer in ((b"\x1b[6n", b"\x1b[1;1R"), (b"\x1b[c", b"\x1b[?62;c"), (b"\x1b[0c", b"\x1b[?62;c")):
                for _ in range(found.count(asked)):
                    os.write(self._terminal, answer)
        return time.monotonic() < end
