"""A clock that is ten years off or steps: what is built stays believed, what is used stays, and nothing is built twice."""

from __future__ import annotations

import itertools
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from faults.conftest import Tally
from support.index import Index
from support.sandbox import CLI, UserSandbox, user_at

STEPS = "steps"
"""Each command sees another time. What steps is the clock on the wall: no deadline of ours is read off it."""
LIES = {
    "ten years ahead": ("+0", "+3650d"),
    "ten years behind": ("+0", "-3650d"),
    "was ten years ahead": ("+3650d", "+0"),
    "was ten years behind": ("-3650d", "+0"),
    "steps with every command": (STEPS, STEPS),
    "says 1980": ("@1980-01-01 00:00:00", "@1980-01-01 00:00:00"),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_clock_that_lies_moves_neither_store_nor_collection(
    lie: str, toy_index: Index, tmp_path: Path, tally: Tally, need: Callable[..., None]
) -> None:
    need("clock", "linux", "faketime")
    first, then = LIES[lie]
    me = user_at(tmp_path / "me", toy_index.url)
    sandbox = UserSandbox(folder=tmp_path / "w", home=me.home, index_url=toy_index.url)
    sandbox.folder.mkdir()
    for name, pin in (("n.ipynb", "alpha==1.0"), ("gone.ipynb", "beta==1.0")):
        sandbox.notebook(pin, name=name)

    steps = itertools.cycle(("+3650d", "-3650d", "+1h", "-30d", "+0"))

    def dep(clock: str, *words: str) -> None:
        clock = next(steps) if clock == STEPS else clock
        # files get the kernel's true times: as on a disk that was written when the clock was right
        argv = ["faketime", "-f", clock, *CLI, *words]
        done = subprocess.run(
            argv, cwd=sandbox.folder, env=me.environ(), capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr

    for name in ("n.ipynb", "gone.ipynb"):
        dep(first, "lock", name)
        dep(first, "sync", name)
    store = sandbox.services().store
    before = {one.key for one in store.all()}
    assert len(before) == 2
    dep(then, "env", "gc")
    assert {one.key for one in store.all()} == before, "what projects use was collected"
    toy_index.clear()
    dep(then, "sync", "n.ipynb", "--offline")
    dep(then, "status", "n.ipynb")
    assert {one.key for one in store.all()} == before and not toy_index.requests
    assert not any(store.has_changed(one) for one in store.all())
    (sandbox.folder / "gone.ipynb").unlink()
    abandoned = store.root / "e" / "0123456789"
    abandoned.mkdir()
    os.utime(abandoned, (0, 0) if "behind" in lie else (1 << 32, 1 << 32))
    dep(then, "env", "gc")
    assert len(store.all()) == 1 and not abandoned.exists(), "what nobody uses stays for ever"
    dep("+0", "add", "n.ipynb", "beta")
    tally("clock", cases=1, held=1)
