"""What the engine says while it installs, as progress."""

from __future__ import annotations

import re
from collections.abc import Mapping

from jupyter_dep.base.progress import Progress, Reporter

_SIZE = re.compile(r"^\s*(Downloading|Downloaded) (\S+)")


class Listener:
    """Turns the engine's lines into progress; only files of over a megabyte are announced by it."""

    def __init__(self, sizes: Mapping[str, int], reporter: Reporter) -> None:
        self.sizes = sizes
        self.reporter = reporter
        self.started: dict[str, int] = {}
        self.ended: dict[str, int] = {}

    def __call__(self, line: str) -> None:
        match = _SIZE.match(line)
        if match:
            into = self.started if match[1] == "Downloading" else self.ended
            into[match[2]] = self.sizes.get(match[2], 0)
            self.reporter(
                Progress(
                    phase="downloading",
                    detail=match[2],
                    done=len(self.ended),
                    total=len(self.started),
                    bytes_done=sum(self.ended.values()),
                    bytes_total=sum(self.started.values()),
                )
            )
        elif line.startswith("Prepared "):
            self.reporter(Progress(phase="linking"))
