"""Add, run, remove, again and again on one server: processes, descriptors and memory stay where they were."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from faults.conftest import Tally
from support.index import Index
from support.server import Page, Server
from support.user_environment import user_environment
from support.wheels import build_wheel

pytestmark = [pytest.mark.kernel, pytest.mark.timeout(3600)]

ROOT = Path(__file__).parents[2]
WARM = 10
"""Rounds until everything is imported, and every pool and cache has its size."""
GROWTH = 0.15
"""Of the resident memory: allocators round up; what leaks a little each round is beyond this in 300 rounds."""
SLACK = 4


def _tree(pid: int) -> set[int]:
    """A process and everything below it."""
    found, todo = set(), [pid]
    while todo:
        one = todo.pop()
        found.add(one)
        try:
            for task in Path(f"/proc/{one}/task").iterdir():
                todo += map(int, (task / "children").read_text().split())
        except OSError:
            continue
    return found


def _looked_at(server: Server) -> tuple[int, int, float]:
    """Processes below the server, descriptors of the server, its resident megabytes."""
    pid = server.process.pid
    resident = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return len(_tree(pid)), len(os.listdir(f"/proc/{pid}/fd")), int(resident.split()[1]) / 1024


def _job(server: Server, kind: str, names: list[str]) -> None:
    made: dict[str, Any] = server.call("POST", "jupyter-dep/jobs", {"kind": kind, "path": "n.ipynb", "names": names})
    until = time.monotonic() + 120
    while True:
        found = server.call("GET", f"jupyter-dep/jobs/{made['id']}")
        if found["ended"]:
            assert found["state"] == "done", found
            return
        assert time.monotonic() < until
        time.sleep(0.05)


def _settled(server: Server) -> tuple[int, int, float]:
    """What is there when nothing is going on any more: a kernel's end and a socket's take a moment."""
    last = _looked_at(server)
    for _ in range(30):
        time.sleep(0.1)
        now = _looked_at(server)
        if now[:2] == last[:2]:
            return now
        last = now
    return last


def test_adding_running_and_removing_for_long_leaves_the_server_as_it_was(
    kernel_index: Index, tmp_path: Path, tally: Tally, need: Callable[..., None], volume: Callable[[int, int], int]
) -> None:
    rounds = volume(50, 300)
    need("soak", "linux", cases=rounds)
    for name in ("weather", "sky"):
        build_wheel(kernel_index.folder, name, "1.0")
    work = tmp_path / "work"
    work.mkdir()
    env = user_environment(tmp_path / "home", kernel_index.url)
    spec = tmp_path / "home" / ".local" / "share" / "jupyter" / "kernels"
    spec.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cp", "-r", ROOT / "kernels" / "share" / "kernels" / "dep", spec / "dep"], check=True)
    seen: list[tuple[int, int, float]] = []
    with Server(work, env) as server:
        path = server.new_notebook()
        server.call("PATCH", f"api/contents/{path}", {"path": "n.ipynb"})
        _job(server, "add", ["sky"])
        for _ in range(rounds):
            _job(server, "add", ["weather"])
            page = Page(server, "n.ipynb")
            assert page.run("import weather, sky; print('ok')").text.strip() == "ok"
            page.close()
            _job(server, "remove", ["weather"])
            seen.append(_settled(server))
    early, late = seen[WARM : WARM + 10], seen[-10:]
    processes, descriptors = (max(one[at] for one in late) - max(one[at] for one in early) for at in (0, 1))
    first, last = (statistics.median(one[2] for one in some) for some in (early, late))
    note = (
        f"{rounds} rounds: processes {early[0][0]} → {late[-1][0]}, descriptors {early[0][1]} → {late[-1][1]}, "
        f"memory {first:.0f} → {last:.0f} MB"
    )
    held = processes <= SLACK and descriptors <= SLACK and last <= first * (1 + GROWTH)
    tally("soak", cases=rounds, held=rounds if held else 0, note=note)
    assert held, note + f" {seen}"
