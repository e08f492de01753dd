"""Sixteen kernels at once, twenty that cannot start, then SIGTERM for the server: all ready, all told, nobody left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from faults.conftest import Tally
from support.index import Index
from support.kernel_client import alive
from support.server import Page, Server
from support.user_environment import user_environment
from support.wheels import build_wheel

pytestmark = [pytest.mark.kernel, pytest.mark.timeout(600)]

KERNELS, FAILING = 16, 20
GONE_IN = 5.0
ROOT = Path(__file__).parents[2]


def marked(word: str) -> set[int]:
    """The processes that carry this word in their environment: children inherit it, whoever their parent is by now."""
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                environ = (entry / "environ").read_bytes()
            except OSError:
                continue
            if word.encode() in environ and alive(int(entry.name)):
                found.add(int(entry.name))
    return found


def test_many_kernels_many_failures_and_the_servers_end(
    kernel_index: Index, tmp_path: Path, tally: Tally, need: Callable[..., None]
) -> None:
    need("kernels", "linux")
    build_wheel(kernel_index.folder, "weather", "1.0", files={"weather/__init__.py": "TALE = 'sun'\n"})
    work = tmp_path / "work"
    work.mkdir()
    mark = f"BATTERY_MARK={os.urandom(8).hex()}"
    name, _, value = mark.partition("=")
    env = user_environment(tmp_path / "home", kernel_index.url, **{name: value})
    spec = tmp_path / "home" / ".local" / "share" / "jupyter" / "kernels"
    spec.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cp", "-r", ROOT / "kernels" / "share" / "kernels" / "dep", spec / "dep"], check=True)
    for line in (["init", "n0.ipynb"], ["add", "n0.ipynb", "weather"]):
        done = subprocess.run(
            [sys.executable, "-m", "jupyter_dep_cli.main", *line], cwd=work, env=env, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
    notebook, lock = (work / "n0.ipynb").read_bytes(), (work / "pylock.n0.toml").read_bytes()
    for at in range(1, KERNELS):
        (work / f"n{at}.ipynb").write_bytes(notebook)
        (work / f"pylock.n{at}.toml").write_bytes(lock)
    broken = (lock[: len(lock) // 2], b"", b"\xff\xfe", lock.replace(b"sha256", b"md5"), b"lock-version = '9'\n")
    for at in range(FAILING):
        (work / f"bad{at}.ipynb").write_bytes(notebook)
        (work / f"pylock.bad{at}.toml").write_bytes(broken[at % len(broken)])

    server = Server(work, env)
    with server:

        def good(at: int) -> str:
            page = Page(server, f"n{at}.ipynb")
            return page.run("import weather; print(weather.TALE)", timeout=120).text.strip()

        def bad(at: int) -> str:
            page = Page(server, f"bad{at}.ipynb")
            return page.run("import weather; print(weather.TALE)", timeout=120).status

        started = time.monotonic()
        with ThreadPoolExecutor(KERNELS) as pool:
            said = list(pool.map(good, range(KERNELS)))
        took = time.monotonic() - started
        assert said == ["sun"] * KERNELS
        with ThreadPoolExecutor(8) as pool:
            failed = list(pool.map(bad, range(FAILING)))
        assert failed == ["error"] * FAILING
        assert server.call("GET", "api/status")["kernels"] == KERNELS + FAILING
        assert len(marked(mark)) > KERNELS + FAILING, "the mark is not inherited: this test would not see an orphan"
        ending = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        try:
            server.process.wait(60)
        finally:
            gone = time.monotonic() - ending
    left = marked(mark)
    until = time.monotonic() + 2  # a process that is just ending is no orphan
    while left and time.monotonic() < until:
        time.sleep(0.1)
        left = marked(mark)
    shown = {pid: Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()[:200] for pid in left}
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    held = gone <= GONE_IN and not left
    note = f"{KERNELS} kernels ready in {took:.0f} s, server gone in {gone:.1f} s"
    tally("kernels", cases=1, held=int(held), note=note)
    assert not left, shown
    assert gone <= GONE_IN, f"the server took {gone:.1f} s to end"
