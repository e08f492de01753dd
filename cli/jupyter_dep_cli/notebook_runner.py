"""Executing a notebook from start to end in a sealed environment, through nbclient and the environment's own kernel."""

from __future__ import annotations

import asyncio
import os
import re
import tempfile
import threading
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.base.progress import Progress, Reporter
from jupyter_dep.base.steps import Hint, step
from jupyter_dep.io.store.store import Sealed
from jupyter_dep.operations.kernel_start.result import Ready
from jupyter_dep_kernels.start import launch_spec

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


@frozen_dataclass
class Executed:
    """What came of it: the notebook's bytes with outputs, the number of code cells that ran, the 1-based cell that failed."""

    notebook: bytes
    cells: int
    failed_cell: int | None = None
    error: str = ""


class _DiedError(Exception):
    """The kernel is gone; the text is what it said last, ready to follow a phrase."""


def _read_last_line(log: IO[bytes]) -> str:
    log.seek(0)
    said = log.read().decode("utf-8", "replace").splitlines()
    lines = [line.strip() for line in said if line.strip() and "running over TCP without encryption" not in line]
    return f": {lines[-1]}" if lines else ""


def _run_in_thread(work: Coroutine[Any, Any, None]) -> None:
    """Run it to its end on a loop of another thread: nbclient takes Ctrl-C for itself on the main one, and breaks by it.

    Ctrl-C ends the work in order, kernel included, and goes on as `KeyboardInterrupt`.
    """
    loop = asyncio.new_event_loop()
    task = loop.create_task(work)
    thread = threading.Thread(target=_run_until_done, args=(loop, task), daemon=True)
    thread.start()
    try:
        while thread.is_alive():
            thread.join(0.2)
    except KeyboardInterrupt:
        loop.call_soon_threadsafe(task.cancel)
        thread.join(15)
        raise
    task.result()


def _run_until_done(loop: asyncio.AbstractEventLoop, task: asyncio.Task[None]) -> None:
    with suppress(BaseException):  # the task keeps what went wrong
        loop.run_until_complete(task)
    with suppress(RuntimeError):
        loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()


def execute(notebook: Path, sealed: Sealed, data: bytes, *, timeout: float | None, reporter: Reporter) -> Executed:
    """Run every code cell in order and stop at the first error. `timeout`: seconds a cell may take, None for no limit."""
    import nbformat
    from jupyter_client.kernelspec import KernelSpec
    from jupyter_client.manager import AsyncKernelManager
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    node = nbformat.reads(  # type: ignore[no-untyped-call]
        data.decode("utf-8-sig"), as_version=4
    )
    ready = Ready(key=sealed.key, path=sealed.path, python=sealed.python, notebook=str(notebook), lease=sealed.lock_file)
    launch = launch_spec.launch_environment(ready, "{connection_file}", dict(os.environ))
    manager = AsyncKernelManager(kernel_name="dep")
    # this spec is not on disk, and `kernel_spec` has no setter (jupyter_client#58)
    manager._kernel_spec = KernelSpec(argv=list(launch.argv), display_name="dep", language="python")
    total = sum(cell.cell_type == "code" for cell in node.cells)
    state = {"cell": 0, "count": 0}

    def starting(cell: Any, cell_index: int) -> None:
        state["cell"] = cell_index + 1
        if cell.cell_type == "code":
            state["count"] += 1
            reporter(Progress(phase="running", done=state["count"], total=total, detail=f"cell {cell_index + 1}"))

    client = NotebookClient(
        node,
        km=manager,
        timeout=timeout,
        resources={"metadata": {"path": str(notebook.parent)}},
        on_cell_start=starting,
    )
    error, failed = "", None

    async def run(log: Any) -> None:
        try:
            await client.async_execute(env=dict(launch.env), stderr=log)
        finally:
            if manager.has_kernel:  # who starts the manager also ends the kernel
                await manager.shutdown_kernel()

    try:
        # what the kernel itself says (warnings about its transport, a crash) is not output of the notebook
        with tempfile.TemporaryFile() as log:
            try:
                _run_in_thread(run(log))
            except DeadKernelError as problem:
                raise _DiedError(_read_last_line(log)) from problem
    except CellExecutionError as problem:
        failed, error = state["cell"], f"{problem.ename}: {_COLOURS.sub('', str(problem.evalue))}"
    except CellTimeoutError:
        failed, error = state["cell"], f"took longer than {timeout:g} s"
    except _DiedError as problem:
        failed, error = state["cell"], f"the kernel died{problem}"
    except RuntimeError as problem:
        raise DepError(
            "kernel-failed",
            f"the kernel did not start: {problem}",
            hint=Hint("run ", step("doctor", target=None)),
            context={"file": notebook.name},
        ) from problem
    text: str = nbformat.writes(node)  # type: ignore[no-untyped-call]
    return Executed(notebook=(text + "\n").encode(), cells=state["count"], failed_cell=failed, error=error)
