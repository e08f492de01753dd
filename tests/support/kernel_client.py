"""A kernel that a test starts, and what a front end would see of it."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from queue import Empty
from typing import Any

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import KernelManager

ROOT = Path(__file__).parents[2]
ROOMS = os.pathsep.join(str(ROOT / room) for room in ("core", "kernels", "cli", "magics", "tests"))
LOOK = "support.kernel_looks:look"


class Front:
    """A client that collects messages by the request that caused them."""

    def __init__(self, manager: KernelManager) -> None:
        self.manager = manager
        self.client = manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=30)
        self.outputs: dict[str, list[dict[str, Any]]] = {}
        self.replies: dict[str, dict[str, Any]] = {}
        self.prompts: list[dict[str, Any]] = []

    @property
    def pid(self) -> int:
        return int(self.manager.provisioner.pid)  # type: ignore[union-attr]

    def execute(self, code: str, **options: Any) -> str:
        options.setdefault("allow_stdin", False)
        return str(self.client.execute(code, **options))

    def pump(self, seconds: float = 0.05) -> None:
        """Take in what comes within `seconds`."""
        end = time.monotonic() + seconds
        while True:
            for get in (self.client.get_iopub_msg, self.client.get_shell_msg, self.client.get_stdin_msg):
                try:
                    message = get(timeout=0.005)
                except Empty:
                    continue
                parent = message["parent_header"].get("msg_id", "")
                if message["msg_type"].endswith("_reply"):
                    self.replies[parent] = message["content"]
                elif message["msg_type"] == "input_request":
                    self.prompts.append(message["content"])
                else:
                    self.outputs.setdefault(parent, []).append(message)
            if time.monotonic() > end:
                return

    def until(self, condition: Any, timeout: float = 30) -> None:
        end = time.monotonic() + timeout
        while not condition():
            assert time.monotonic() < end, f"nothing came: {self.replies} {self.outputs}"
            self.pump(0.02)

    def done(self, *requests: str, timeout: float = 30) -> None:
        """Wait for the reply and the idle of each."""
        self.until(lambda: all(r in self.replies and self.states(r)[-1:] == ["idle"] for r in requests), timeout)

    def states(self, request: str) -> list[str]:
        return [m["content"]["execution_state"] for m in self.of(request, "status")]

    def of(self, request: str, kind: str) -> list[dict[str, Any]]:
        return [m for m in self.outputs.get(request, []) if m["msg_type"] == kind]

    def text(self, request: str) -> str:
        return "".join(m["content"]["text"] for m in self.of(request, "stream"))

    def run(self, code: str) -> str:
        """Run one cell to its end; its stream output."""
        request = self.execute(code)
        self.done(request)
        assert self.replies[request]["status"] == "ok", self.replies[request]
        return self.text(request)


@contextmanager
def kernel(argv: Sequence[str], cwd: Path, env: Mapping[str, str]) -> Iterator[Front]:
    """A real kernel of a plain kernelspec; ended at the end, whatever happened."""
    manager = KernelManager(connection_file=str(cwd / "connection.json"))
    manager._kernel_spec = KernelSpec(argv=list(argv), display_name="test", language="python")
    manager.start_kernel(cwd=str(cwd), env=dict(env))
    front = None
    try:
        front = Front(manager)
        yield front
    finally:
        if front is not None:
            front.client.stop_channels()
        manager.shutdown_kernel(now=True)


def environment(cwd: Path, **more: str) -> dict[str, str]:
    """What a process of ours needs to find the rooms and the fakes, beside what every process has."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("JPY_", "JUPYTER_DEP_"))}
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    return {**kept, "PYTHONPATH": ROOMS, "FAKE_MARK": str(cwd / "calls"), **more}


def module(name: str, *arguments: str) -> list[str]:
    return [
        sys.executable,
        "-P",
        "-m",
        f"jupyter_dep_kernels.{name}",
        "-f",
        "{connection_file}",
        "--look",
        LOOK,
        *arguments,
    ]


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # a process that nobody has waited for yet is no orphan
    stat = Path(f"/proc/{pid}/stat")
    return not (stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z")


def gone(pid: int, timeout: float = 10) -> bool:
    end = time.monotonic() + timeout
    while alive(pid):
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True
