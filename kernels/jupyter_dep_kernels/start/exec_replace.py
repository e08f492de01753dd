"""One process becomes another: `exec` where there is one, a supervised child on Windows."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import NoReturn

from .launch_spec import Launch


def replace_process(launch: Launch, *, platform: str = sys.platform) -> NoReturn:
    """Run `launch` in place of this process: the same process id, ports and parent. Does not return.

    An interrupt between here and the kernel's own handler would end it and lose the kept cells, so SIGINT is ignored
    until then: ipykernel does the same whenever no cell runs.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    if platform == "win32":
        sys.exit(_supervise(launch))
    os.execve(launch.argv[0], list(launch.argv), dict(launch.env))  # noqa: S606


def _supervise(launch: Launch) -> int:
    """A child that ends with us. The interrupt event is inherited, so interrupts reach it without our help."""
    import subprocess

    env = dict(launch.env)
    parent = int(env.get("JPY_PARENT_PID") or 0)
    handle = _own_handle()
    if handle is not None:
        env["JPY_PARENT_PID"] = str(handle)
    # handles that the child has to inherit are open: they must not be closed
    child = subprocess.Popen(launch.argv, env=env, close_fds=False)  # noqa: S603
    if parent:
        watch_parent_windows(parent)
    return child.wait()


def orphan_watch(parent: int, *, platform: str = sys.platform) -> Callable[[], bool]:
    """Whether the process that wanted this kernel is gone; `parent` is its id, 0 for a kernel that outlives it."""
    if not parent or parent == 1 or platform == "win32":
        return lambda: False
    first = os.getppid()
    if first != parent:
        # started through somebody else, whose end means nothing
        return lambda: os.getppid() == 1
    return lambda: os.getppid() != first


def watch_parent_windows(parent: int) -> None:
    """End this process when the one that started it is gone (`parent` is an inherited handle)."""
    from ipykernel.parentpoller import ParentPollerWindows

    ParentPollerWindows(parent_handle=parent).start()  # type: ignore[no-untyped-call]


def _own_handle() -> int | None:
    """A handle to this process that a child inherits and waits on."""
    try:
        import _winapi
    except ImportError:
        return None
    own = _winapi.GetCurrentProcess()  # type: ignore[attr-defined,unused-ignore]
    return int(
        _winapi.DuplicateHandle(own, own, own, 0, True, _winapi.DUPLICATE_SAME_ACCESS)  # type: ignore[attr-defined,unused-ignore]
    )
