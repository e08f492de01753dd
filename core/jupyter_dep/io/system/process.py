"""Start programs: argument lists only, a clean environment, a deadline, an end with ours. Only `line_process` starts others.

A child gets a session of its own, so that it and what it starts can be killed as a group, and, on Linux, a
parent-death signal, so that it does not outlive us after a SIGKILL.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.base.progress import CancelToken, cancelled
from jupyter_dep.base.steps import DOCTOR, Hint, Text

_PR_SET_PDEATHSIG = 1
_IGNORED_BY_PYTHON = [getattr(signal, name) for name in ("SIGPIPE", "SIGXFSZ") if hasattr(signal, name)]
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


_unattended: list[subprocess.Popen[bytes]] = []
"""Children that nobody waits for; those that have ended are taken off at the next start."""


@frozen_dataclass
class Completed:
    """How a program ended, and what it wrote."""

    returncode: int
    stdout: str
    stderr: str


def _die_with_parent(parent: int) -> Callable[[], None] | None:
    if _libc is None:
        return None
    libc = _libc

    def before_exec() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # the parent died between fork and prctl
            os._exit(1)

    return before_exec


def isolation(platform: str = sys.platform) -> dict[str, Any]:
    """The `Popen` arguments that put a child in a group of its own and bind its life to ours."""
    if platform == "win32":
        return {"creationflags": 0x00000200}  # CREATE_NEW_PROCESS_GROUP
    return {"start_new_session": True, "preexec_fn": _die_with_parent(os.getpid())}


def kill_group(process: subprocess.Popen[str]) -> None:
    """End a child and what it started; nothing happens if it is gone."""
    if sys.platform == "win32":
        process.kill()
    else:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass
    process.wait()


def run(
    argv: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    timeout: float,
    on_line: Callable[[str], None] | None = None,
    cancel: CancelToken | None = None,
) -> Completed:
    """Run a program to its end and give back what it wrote.

    `timeout` is the whole run's, in seconds. `on_line` gets each line of stderr as it comes. Errors: `cancelled`,
    `engine-timeout`, `program-missing`.
    """
    process = _start(argv, cwd=cwd, env=env)
    out: list[str] = []
    err: list[str] = []

    def read_out() -> None:
        assert process.stdout is not None
        out.append(process.stdout.read())

    def read_err() -> None:
        assert process.stderr is not None
        for line in process.stderr:
            err.append(line)
            if on_line is not None:
                on_line(line.rstrip("\n"))

    readers = [threading.Thread(target=read, daemon=True) for read in (read_out, read_err)]
    for reader in readers:
        reader.start()
    try:
        _wait_until(process, readers, timeout, cancel)
    except subprocess.TimeoutExpired:
        kill_group(process)
        raise DepError(
            "engine-timeout",
            f"`{Path(argv[0]).name}` did not finish within {timeout:.0f} s",
            hint="look at the network, then run the same again: what was downloaded is kept",
        ) from None
    except BaseException:
        kill_group(process)
        raise
    for reader in readers:
        reader.join(5)
    return Completed(returncode=process.returncode, stdout="".join(out), stderr="".join(err))


def _start(argv: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> subprocess.Popen[str]:
    try:
        return subprocess.Popen(  # noqa: S603  an argument list that our pure builders made
            list(argv),
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            **isolation(),
        )
    except OSError as error:
        raise explain_start(argv[0], error, Hint("run ", DOCTOR, " to see what is installed where")) from error


def _wait_until(
    process: subprocess.Popen[str], readers: Sequence[threading.Thread], timeout: float, cancel: CancelToken | None
) -> None:
    """Wait for the end of a program. Errors: `cancelled`, `TimeoutExpired`."""
    deadline = time.monotonic() + timeout
    while True:
        try:
            return _wait(process, readers, 0.05 if cancel is not None else min(1.0, timeout))
        except subprocess.TimeoutExpired:
            if cancel is not None and cancel.is_set:
                raise cancelled() from None
            if time.monotonic() > deadline:
                raise


def explain_start(program: str, error: OSError, hint: Text) -> DepError:
    """Give the error of a program that cannot be started: `program-missing`."""
    what = f"`{Path(program).name}` could not be started: {error.strerror}"
    return DepError("program-missing", what, hint=hint, context={"file": program})


def _wait(process: subprocess.Popen[str], readers: Sequence[threading.Thread], timeout: float) -> None:
    """Wait for the end of a program, and learn of it at once: `Popen.wait(timeout)` looks only every 50 ms.

    A program that ends closes its output, which ends the readers; one that closes it early is waited for as ever.
    """
    end = time.monotonic() + timeout
    for reader in readers:
        reader.join(max(0.0, end - time.monotonic()))
    process.wait(max(0.001, end - time.monotonic()))


def replace_or_supervise(argv: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> int:
    """Become another program where the system can; else run it as a child in our terminal and give its exit code."""
    if sys.platform != "win32":
        os.chdir(cwd)
        sys.stdout.flush()
        for name in _IGNORED_BY_PYTHON:  # what is ignored stays so in another program, which then misses the end of a pipe
            signal.signal(name, signal.SIG_DFL)
        os.execve(argv[0], list(argv), dict(env))  # noqa: S606
    return run_foreground(argv, cwd=cwd, env=env)  # type: ignore[unreachable]


def run_foreground(argv: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> int:
    """Run a program on our own terminal (its stdin, stdout and stderr are ours) and give its exit code."""
    try:
        process = subprocess.Popen(list(argv), cwd=cwd, env=dict(env))  # noqa: S603
    except OSError as error:
        raise explain_start(argv[0], error, "check the spelling; programs of the environment are found first") from error
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:  # the child got the same Ctrl-C: it decides
            continue


def start_unattended(argv: Sequence[str], *, keep_open: Sequence[int] = ()) -> bool:
    """Start a program that outlives us and that nobody waits for; it inherits the descriptors `keep_open`.

    False where the system cannot do that, or refuses.
    """
    if sys.platform == "win32":
        return False
    _unattended[:] = [child for child in _unattended if child.poll() is None]
    try:
        child = subprocess.Popen(  # noqa: S603  an argument list of ours
            list(argv),
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            pass_fds=tuple(keep_open),
        )
    except OSError:
        return False
    _unattended.append(child)
    return True


def lower_priority() -> None:
    """Let everything else on this machine run first, where the system knows priorities."""
    if hasattr(os, "nice"):
        os.nice(10)
