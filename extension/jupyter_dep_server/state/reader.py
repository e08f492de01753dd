"""Coalesced reading: work beside the loop, once for all callers who wait for the same answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar, cast

T = TypeVar("T")


class Reader:
    """A small pool of threads. A caller joins the next reading of the same `key`, never one that is already running."""

    def __init__(self, threads: int = 2) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="jupyter-dep-read")
        self._running: dict[Hashable, asyncio.Task[object]] = {}
        self._next: dict[Hashable, asyncio.Task[object]] = {}

    async def read(self, key: Hashable, work: Callable[[], T]) -> T:
        """Return what `work` gives. `key` stands for everything that the answer depends on."""
        coming = self._next.get(key)
        if coming is None:
            coming = asyncio.ensure_future(self._run(key, self._running.get(key), work))
            self._next[key] = coming
        return cast(T, await asyncio.shield(coming))

    async def _run(self, key: Hashable, before: asyncio.Task[object] | None, work: Callable[[], object]) -> object:
        if before is not None:
            await asyncio.wait([before])
        mine = self._running[key] = self._next.pop(key)
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        finally:
            if self._running.get(key) is mine:
                del self._running[key]

    def close(self) -> None:
        """Start nothing that still waits; do not wait for what runs."""
        self._pool.shutdown(wait=False, cancel_futures=True)
