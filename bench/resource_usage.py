"""What a command takes: time, processor and memory, with everything that it starts and waits for."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_TIMED_CHILD = Path(__file__).with_name("timed_child.py")


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """One run. `cpu` is user and system time of the whole tree of processes, in seconds.

    `peak` is the most memory that a single process of the tree held, in MB: the sum over processes that live at the same
    time is not told by the system. Both are None where the system tells nothing (Windows).
    """

    seconds: float
    cpu: float | None = None
    peak: float | None = None

    def __add__(self, other: Spent) -> Spent:
        """One after the other."""
        return Spent(
            seconds=self.seconds + other.seconds,
            cpu=None if self.cpu is None or other.cpu is None else self.cpu + other.cpu,
            peak=None if self.peak is None or other.peak is None else max(self.peak, other.peak),
        )


def spend(
    argv: Sequence[str | Path], cwd: Path, env: Mapping[str, str], *, codes: tuple[int, ...] = (0,), told: Path | None = None
) -> Spent:
    """Run a program to its end; what it says is shown only where its exit code is none of `codes`.

    `told` is a file that takes its standard output. Raises RuntimeError for another exit code.
    """
    with tempfile.TemporaryDirectory(prefix="jd-") as name:
        out, err = Path(name, "out"), Path(name, "err")
        code, spent = _run([os.fspath(word) for word in argv], cwd, env, out, err)
        if code not in codes:
            lines = (out.read_bytes() + err.read_bytes()).decode(errors="replace").strip().split("\n")
            words = " ".join(os.path.basename(os.fspath(word)) for word in argv[:4])
            raise RuntimeError(f"`{words} …` ended with exit code {code}: {' / '.join(lines[-6:])}")
        if told is not None:
            told.write_bytes(out.read_bytes())
    return spent


def _run(argv: list[str], cwd: Path, env: Mapping[str, str], out: Path, err: Path) -> tuple[int, Spent]:
    if sys.platform == "win32":
        with out.open("wb") as said, err.open("wb") as complained:
            started = time.perf_counter()
            done = subprocess.run(argv, cwd=cwd, env=dict(env), stdout=said, stderr=complained, check=False)
            return done.returncode, Spent(seconds=time.perf_counter() - started)
    found = shutil.which(argv[0], path=env.get("PATH"))
    if found is None:
        raise RuntimeError(f"there is no program `{argv[0]}`")
    result = out.with_name("result")
    command = [sys.executable, "-I", "-S", str(_TIMED_CHILD), str(out), str(err), str(result), found, *argv[1:]]
    subprocess.run(command, cwd=cwd, env=dict(env), stdin=subprocess.DEVNULL, check=True)
    code, seconds, cpu, peak = result.read_text(encoding="ascii").split()
    return int(code), Spent(seconds=float(seconds), cpu=float(cpu), peak=float(peak))
