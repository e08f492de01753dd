"""Kernels, as a front end starts them and talks to them."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import zmq
import zmq.asyncio
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager

from .sandbox import NOTEBOOK, Sandbox, wheels_kernelspec

_PATIENCE = 120.0
_RECONNECT_MS = 2
"""A client that knocks before the kernel listens tries again after a tenth of a second, by ZeroMQ's default: that would
round every start to tenths."""


class Kernels:
    """The kernelspecs that are compared: `wheel` with the provisioner, `plain` as `setup` writes it, `bare` without us."""

    def __init__(self, sandbox: Sandbox, project: Path) -> None:
        self._sandbox, self._project = sandbox, project
        folder = sandbox.folder / "kernelspecs"
        shutil.rmtree(folder, ignore_errors=True)
        sandbox.dep("setup", cwd=project)
        shutil.copytree(wheels_kernelspec(), folder / "wheel")
        shutil.copytree(Path(sandbox.environ["JUPYTER_DATA_DIR"]) / "kernels" / "dep", folder / "plain")
        bare = [sandbox.sealed(project).python, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        _write(folder / "bare", bare)
        self._specs = KernelSpecManager(kernel_dirs=[str(folder)], ensure_native_kernel=False)
        self._env = {**sandbox.environ, "JPY_SESSION_NAME": str(project / NOTEBOOK)}

    def join(self, name: str, argv: Sequence[str], env: dict[str, str]) -> None:
        """Have one more kernel to compare with."""
        _write(self._sandbox.folder / "kernelspecs" / name, argv, env)

    async def to_info(self, name: str, cwd: Path | None = None) -> float:
        """Seconds from the request to start a kernel, in another folder if one is named, to its first reply."""
        started = time.perf_counter()
        async with self._started(name, cwd) as manager:
            await _first_reply(manager)
            return time.perf_counter() - started

    @asynccontextmanager
    async def running(self, name: str) -> AsyncIterator[Cells]:
        """A kernel that is ready for cells."""
        async with self._started(name) as manager:
            client = manager.client()
            client.start_channels()
            try:
                await client.wait_for_ready(timeout=_PATIENCE)
                yield Cells(client)
            finally:
                client.stop_channels()

    @asynccontextmanager
    async def _started(self, name: str, cwd: Path | None = None) -> AsyncIterator[AsyncKernelManager]:
        manager = AsyncKernelManager(kernel_name=name, kernel_spec_manager=self._specs)
        try:
            await manager.start_kernel(cwd=str(cwd or self._project), env=dict(self._env))
            yield manager
        finally:
            await manager.shutdown_kernel(now=True)


class Cells:
    """Runs cells in a kernel and takes the time from the request to the kernel's `idle`, when a front end shows it done."""

    def __init__(self, client: Any) -> None:
        self._client = client

    async def run(self, code: str) -> float:
        """Seconds of one cell. Raises if it failed: a fast failure is no result."""
        started = time.perf_counter()
        request = self._client.execute(code, allow_stdin=False)
        failure = ""
        while True:
            message = await asyncio.wait_for(self._client.get_iopub_msg(), _PATIENCE)
            if message["parent_header"].get("msg_id") != request:
                continue
            content = message["content"]
            if message["msg_type"] == "error":
                failure = f"{content['ename']}: {content['evalue']}"
            if message["msg_type"] == "status" and content["execution_state"] == "idle":
                break
        seconds = time.perf_counter() - started
        if failure:
            raise RuntimeError(f"`{code}` failed: {failure}")
        return seconds


def _write(folder: Path, argv: Sequence[str], env: dict[str, str] | None = None) -> None:
    folder.mkdir()
    spec = KernelSpec(argv=list(argv), display_name=folder.name, language="python", env=env or {})
    (folder / "kernel.json").write_text(spec.to_json(), encoding="utf-8")


async def _first_reply(manager: AsyncKernelManager) -> None:
    """Ask for kernel_info once, and wait for the answer of the real kernel: the holding kernel's would not count."""
    context = zmq.asyncio.Context.instance()
    socket: Any = context.socket(zmq.DEALER)
    socket.linger = 0
    socket.reconnect_ivl = _RECONNECT_MS
    try:
        info: Any = manager.get_connection_info()
        socket.connect(f"{info['transport']}://{info['ip']}:{info['shell_port']}")
        manager.session.send(socket, "kernel_info_request", {})
        frames = await asyncio.wait_for(socket.recv_multipart(), _PATIENCE)
        _, message = manager.session.feed_identities(frames)
        content: Any = manager.session.deserialize(message)["content"]
        if content.get("implementation") != "ipython":
            raise RuntimeError(f"a kernel answered that is not ipykernel: {content.get('implementation')}")
    finally:
        socket.close()
