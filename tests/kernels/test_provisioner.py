"""The provisioner: it never raises, never waits long, and builds nothing after a crash."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import nbformat
import pytest
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager, KernelManager
from nbclient import NotebookClient
from support.kernel_client import LOOK, Front, environment

from jupyter_dep_kernels.start.provisioner import DepProvisioner

pytestmark = pytest.mark.kernel

SPEC = KernelSpec(argv=["never-run", "-f", "{connection_file}"], display_name="dep", language="python")


class Provisioner(DepProvisioner):
    look = LOOK


Manager = TypeVar("Manager", KernelManager, AsyncKernelManager)


def manager(kind: type[Manager], folder: Path, look: str = LOOK) -> Manager:
    made = kind(connection_file=str(folder / "connection.json"))
    made._kernel_spec = SPEC
    made.provisioner = Provisioner(kernel_id="1", kernel_spec=SPEC, parent=made)
    made.provisioner.look = look
    return made


@pytest.fixture
def managed(tmp_path: Path) -> Iterator[KernelManager]:
    made = manager(KernelManager, tmp_path)
    yield made
    if made.has_kernel:
        made.shutdown_kernel(now=True)


def begin(managed: KernelManager, folder: Path, **env: str) -> Front:
    managed.start_kernel(cwd=str(folder), env=environment(folder, **env))
    return Front(managed)


def calls(folder: Path) -> list[str]:
    return (folder / "calls").read_text().splitlines()


@pytest.fixture(autouse=True)
def _in_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The provisioner looks in this process."""
    monkeypatch.setenv("FAKE_MARK", str(tmp_path / "calls"))
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)


def test_a_sealed_environment_is_started_at_once(managed: KernelManager, tmp_path: Path) -> None:
    book = tmp_path / "a.ipynb"
    book.write_text("{}")
    front = begin(managed, tmp_path, JPY_SESSION_NAME=str(book))
    assert front.run("import sys; print(sys.executable)") == f"{sys.executable}\n"
    assert calls(tmp_path) == ["look a.ipynb -"]


def test_what_is_missing_is_built_behind_the_placeholder_kernel(
    managed: KernelManager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_LOOK", "building")
    front = begin(managed, tmp_path, FAKE_LOOK="building", FAKE_SECONDS="0.5")
    cell = front.execute("print('ran')")
    front.done(cell)
    assert front.text(cell).endswith("ran\n")


def test_a_users_restart_looks_again_and_an_automatic_one_reuses_the_key(managed: KernelManager, tmp_path: Path) -> None:
    front = begin(managed, tmp_path)
    managed.restart_kernel()
    front.client.wait_for_ready(timeout=30)
    managed.restart_kernel(now=True)
    front.client.wait_for_ready(timeout=30)
    assert calls(tmp_path) == ["look - -"] * 3
    pid = front.pid
    os.kill(pid, signal.SIGKILL)
    while managed.is_alive():
        time.sleep(0.05)
    # what jupyter_client's restarter does with a kernel that is dead
    managed.restart_kernel(now=True)
    front.client.wait_for_ready(timeout=30)
    assert calls(tmp_path)[3:] == ["look - k1"]
    managed.restart_kernel()
    front.client.wait_for_ready(timeout=30)
    assert calls(tmp_path)[4:] == ["look - -"]


@pytest.mark.parametrize("look", ["support.kernel_looks:no_such_function", "no_such_module:look"])
def test_a_look_that_fails_becomes_no_error_of_the_server(tmp_path: Path, look: str) -> None:
    made = manager(KernelManager, tmp_path, look)
    provisioner: Any = made.provisioner
    launched = asyncio.run(provisioner.pre_launch(cwd=str(tmp_path), env=dict(os.environ)))
    assert launched["cmd"][3] == "jupyter_dep_kernels.placeholder"
    made.cleanup_connection_file()


def test_a_slow_look_becomes_the_placeholder_kernel_within_its_deadline(
    managed: KernelManager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Provisioner, "deadline", 0.3)
    monkeypatch.setenv("FAKE_LOOK", "dawdling")
    began = time.monotonic()
    front = begin(managed, tmp_path, FAKE_LOOK="refused")
    assert time.monotonic() - began < 5
    cell = front.execute("1")
    front.done(cell)
    assert front.replies[cell]["status"] == "error"


@pytest.mark.parametrize("kind", ["ready", "building", "refused"])
def test_a_notebook_client_runs_or_fails_as_a_batch_run_should(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setenv("FAKE_LOOK", kind)
    cell: dict[str, object] = {
        "cell_type": "code",
        "source": "print('ran')",
        "metadata": {},
        "outputs": [],
        "execution_count": None,
    }
    plain = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 4}
    (tmp_path / "a.ipynb").write_text(json.dumps(plain))
    book = nbformat.from_dict(plain)  # type: ignore[no-untyped-call]
    (tmp_path / "b.ipynb").write_text("{}")
    made = manager(AsyncKernelManager, tmp_path)
    for name, value in environment(tmp_path, FAKE_LOOK=kind).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    client = NotebookClient(book, km=made, resources={"metadata": {"path": str(tmp_path)}}, allow_errors=True)
    client.execute()
    outputs = book.cells[0].outputs
    if kind == "refused":
        assert [(output.output_type, output.get("ename")) for output in outputs] == [("error", "DepError")]
    else:
        assert outputs[-1].text == "ran\n"
    assert calls(tmp_path)[0] == "look a.ipynb -"
