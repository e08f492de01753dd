"""Requests that are kept for the real kernel, and the file that hands them over (read by `launcher.py`)."""

from __future__ import annotations

import base64
import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from .sockets import Request

KEPT_TYPES = frozenset({"execute_request", "comm_open", "comm_msg", "comm_close"})
"""What has an effect, so that it waits its turn; everything else is a question that is answered at once."""


def write(folder: Path, kept: Sequence[Request], *, clients: Mapping[str, int]) -> Path:
    """A file that only this user can read; the launcher removes it as soon as it has read it."""
    text = json.dumps(
        {
            "clients": dict(clients),
            "messages": [[base64.b64encode(frame).decode() for frame in request.frames] for request in kept],
        }
    )
    descriptor, name = tempfile.mkstemp(prefix="kept-", suffix=".json", dir=folder)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text)
    return Path(name)
