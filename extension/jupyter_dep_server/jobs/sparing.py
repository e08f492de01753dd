"""Telling progress, but not too often."""

from __future__ import annotations

import time
from collections.abc import Callable

from jupyter_dep.base.progress import Progress, Reporter


def throttle(tell: Reporter, *, tick: float, clock: Callable[[], float] = time.monotonic) -> Reporter:
    """A reporter that passes on every change of the phase, and else one moment in `tick` seconds."""
    phase, last = "", 0.0

    def report(progress: Progress) -> None:
        nonlocal phase, last
        now = clock()
        if progress.phase == phase and now - last < tick:
            return
        phase, last = progress.phase, now
        tell(progress)

    return report
