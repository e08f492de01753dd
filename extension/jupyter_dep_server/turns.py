"""How soon the server's loop gets its turn while threads of ours compute beside it."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

INTERVAL = 0.0005
"""Seconds after which Python asks a computing thread to let another one go on. Its own 5 ms are waited for each time that
the loop comes back from a system call, which under load made 100 ms of an answer (`bench/server_load.py`)."""

_settled = False
_working = 0
_before = 0.0


@contextmanager
def short() -> Iterator[None]:
    """Short turns inside, what was set before afterwards. Only for the thread of the server's loop."""
    global _working, _before
    _settle()
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


def _settle() -> None:
    """Once: what the server is made of is not looked through for garbage any more.

    It lives as long as the server does, and is so much that one look at all of it stops everything for 100 ms and more;
    what a hundred readings leave behind is enough to cause one.
    """
    global _settled
    if not _settled:
        _settled = True
        gc.freeze()
