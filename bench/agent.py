"""The agent as the magics use it: one process, one line for a request, lines until its answer."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jupyter_dep.messages import PROTOCOL

from .sandbox import NOTEBOOK, Sandbox


class Agent:
    """A running agent; `ask` gives the seconds of one request."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._count = 0

    def ask(self, line: str, folder: Path) -> float:
        """Seconds from a line for the folder's notebook to its outcome. Raises if it failed."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._count += 1
        verb, _, rest = line.partition(" ")
        request = {
            "type": "request",
            "id": self._count,
            "line": f"{verb} {NOTEBOOK} {rest}".strip(),
            "cwd": str(folder),
            "protocol": PROTOCOL,
        }
        started = time.perf_counter()
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        for answer in self._process.stdout:
            message = json.loads(answer)
            if message["type"] == "failure":
                raise RuntimeError(f"`{line}` failed: {message['message']}; {message['hint']}")
            if message["type"] == "outcome":
                return time.perf_counter() - started
        raise RuntimeError(f"the agent ended during `{line}`")

    def peak(self) -> float | None:
        """The most memory that the process itself has held so far, in MB; None where the system does not tell."""
        try:
            lines = Path(f"/proc/{self._process.pid}/status").read_text(encoding="ascii").splitlines()
        except OSError:
            return None
        found = [line.split()[1] for line in lines if line.startswith("VmHWM:")]
        return int(found[0]) * 1024 / 1e6 if found else None


@contextmanager
def agent(sandbox: Sandbox) -> Iterator[Agent]:
    """An agent that ends with the block, however that ends."""
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "jupyter_dep_cli.agent"],
        env=sandbox.environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
    )
    try:
        yield Agent(process)
    finally:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.close()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()
