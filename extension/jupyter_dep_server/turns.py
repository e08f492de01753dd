"""How soon the server's loop gets its turn while threads of ours compute beside it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

INTERVAL = 0.0005
"""Seconds after which Python asks a computing thread to let another one go on. Its own 5 ms are waited for each time that
the loop comes back from a system call, which under load made 100 ms of an answer (`bench/server_load.py`)."""

_working = 0
_before = 0.0


@contextmanager
def short() -> Iterator[None]:
    """Short turns inside, what was set before afterwards. Only for the thread of the server's loop."""
    global _working, _before
    if _working == 0:
        _before = sys.getswitchinterval()
        sys.setswitchinterval(min(_before, INTERVAL))
    _working += 1
    try:
        yield
    finally:
        _working -= 1
        if _working == 0:
            sys.setswitchinterval(_before)
