"""Decide what a kernel starts on: the cached answer, or a fresh one."""

from __future__ import annotations

from pathlib import Path

from jupyter_dep.io.system.paths import UserPaths, process_environment

from .cache import read_cached_start
from .result import StartResult


def look(notebook: Path | None, cwd: Path, *, reuse_key: str | None = None) -> StartResult:
    """What a kernel starts on, from the cache or resolved anew, as `resolve_environment` says it. Never raises."""
    if notebook is not None and reuse_key is None:
        ready = read_cached_start(notebook, UserPaths.of_user(), process_environment())
        if ready is not None:
            return ready
    from .resolve import resolve_environment

    return resolve_environment(notebook, cwd, reuse_key=reuse_key)
