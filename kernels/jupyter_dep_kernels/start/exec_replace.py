"""Replace this process by another: with `exec`, or with a supervised child on Windows."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import NoReturn

from .launch_spec import Launch


def replace_process(launch: Launch, *, platform: str = sys.platform) -> NoReturn:
    """Run `launch` in place of this process, with the same process id, ports and parent. Does not return.

    SIGINT is ignored until the kernel installs its own handler, as ipykernel does whenever no cell runs: an interrupt in
    between would end the process and lose the kept cells.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    if platform == "win32":
        sys.exit(_supervise(launch))
    os.execve(launch.argv[0], list(launch.argv), dict(launch.env))  # noqa: S606


def _supervise(launch: Launch) -> int:
    """Run the launch as a child that ends with this process. It inherits the interrupt event and needs no relay."""
    import subprocess

    env = dict(launch.env)
    parent = int(env.get("JPY_PARENT_PID") or 0)
    handle = _inheritable_handle()
    if handle is not None:
        env["JPY_PARENT_PID"] = str(handle)
    # the child has to inherit the open handles
    child = subprocess.Popen(launch.argv, env=env, close_fds=False)  # noqa: S603
    if parent:
        watch_parent_windows(parent)
    return child.wait()


def orphan_watch(parent: int, *, platform: str = sys.platform) -> Callable[[], bool]:
    """Return a check for the end of the process that started this kernel.

    `parent` is its id, 0 for a kernel that outlives it.
    """
    if not parent or parent == 1 or platform == "win32":
        return lambda: False
    first = os.getppid()
    if first != parent:
        # started through another process, whose end does not matter
        return lambda: os.getppid() == 1
    return lambda: os.getppid() != first


def watch_parent_windows(parent: int) -> None:
    """End this process when its parent ends; `parent` is an inherited handle."""
    from ipykernel.parentpoller import ParentPollerWindows

    ParentPollerWindows(parent_handle=parent).start()  # type: ignore[no-untyped-call]


def _inheritable_handle() -> int | None:
    """Return a handle to this process that a child inherits and waits on, None outside Windows."""
    try:
        import _winapi
    except ImportError:
        return None
    own = _winapi.GetCurrentProcess()  # type: ignore[attr-defined,unused-ignore]
    return int(
        _winapi.DuplicateHandle(own, own, own, 0, True, _winapi.DUPLICATE_SAME_ACCESS)  # type: ignore[attr-defined,unused-ignore]  # noqa: FBT003  takes no keywords
    )
