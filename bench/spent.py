"""What a command takes: time, processor and memory, with everything that it starts and waits for."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """One run. `cpu` is user and system time of the whole tree of processes, in seconds.

    `peak` is the most memory that a single process of the tree held, in MB: the sum over processes that live at the same
    time is not told by the system. Both are None where the system tells nothing (Windows).
    """

    seconds: float
    cpu: float | None = None
    peak: float | None = None


def spend(
    argv: Sequence[str | Path], cwd: Path, env: Mapping[str, str], *, codes: tuple[int, ...] = (0,), told: Path | None = None
) -> Spent:
    """Run a program to its end; what it says is shown only where its exit code is none of `codes`.

    `told` is a file that takes its standard output. Raises RuntimeError for another exit code.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        started = time.perf_counter()
        process = subprocess.Popen(
            [os.fspath(word) for word in argv], cwd=cwd, env=dict(env), stdin=subprocess.DEVNULL, stdout=out, stderr=err
        )
        try:
            spent = _wait(process, started)
        except BaseException:
            process.kill()
            process.wait()
            raise
        out.seek(0)
        said = out.read()
        if process.returncode not in codes:
            err.seek(0)
            lines = (said + err.read()).decode(errors="replace").strip().split("\n")
            words = " ".join(os.path.basename(os.fspath(word)) for word in argv[:4])
            raise RuntimeError(f"`{words} …` ended with exit code {process.returncode}: {' / '.join(lines[-6:])}")
        if told is not None:
            told.write_bytes(said)
    return spent


def _wait(process: subprocess.Popen[bytes], started: float) -> Spent:
    if sys.platform == "win32":
        process.wait()
        return Spent(seconds=time.perf_counter() - started)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)  # so that `Popen` does not wait for it a second time
    unit = 1 if sys.platform == "darwin" else 1024
    return Spent(seconds=seconds, cpu=usage.ru_utime + usage.ru_stime, peak=usage.ru_maxrss * unit / 1e6)
