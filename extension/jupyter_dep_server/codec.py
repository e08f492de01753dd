"""Messages as JSON, by msgspec; the schemas of the same classes are in `schema`."""

from __future__ import annotations

import json

import msgspec


def encode(message: object) -> bytes:
    """Write a message of `jupyter_dep.messages` as JSON.

    A path may hold bytes that are not text (surrogates in Python), which UTF-8 cannot say: such a message is escaped.
    """
    try:
        return msgspec.json.encode(message)
    except UnicodeEncodeError:
        return json.dumps(msgspec.to_builtins(message), separators=(",", ":")).encode()
