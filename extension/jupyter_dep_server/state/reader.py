"""Reading files beside the loop: a small pool of threads, and one reading for everybody who waits for the same answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar, cast

from jupyter_dep_server import turns

T = TypeVar("T")


class Reader:
    """Whoever asks gets an answer that was read after they asked, never an older one: those who come while a reading of
    the same `key` is under way share the next."""

    def __init__(self, threads: int = 2) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="jupyter-dep-read")
        self._now: dict[Hashable, asyncio.Task[object]] = {}
        self._next: dict[Hashable, asyncio.Task[object]] = {}

    async def read(self, key: Hashable, work: Callable[[], T]) -> T:
        """What `work` gives. `key` stands for everything that the answer depends on."""
        coming = self._next.get(key)
        if coming is None:
            coming = asyncio.ensure_future(self._run(key, self._now.get(key), work))
            self._next[key] = coming
        return cast(T, await asyncio.shield(coming))

    async def _run(self, key: Hashable, before: asyncio.Task[object] | None, work: Callable[[], object]) -> object:
        if before is not None:
            await asyncio.wait([before])
        mine = self._now[key] = self._next.pop(key)
        try:
            with turns.short():
                return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        finally:
            if self._now.get(key) is mine:
                del self._now[key]

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
