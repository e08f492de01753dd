"""TOML that a stranger may have written: whatever is wrong with it is one kind of error, and told in reasonable time."""

from __future__ import annotations

import re
import tomllib
from typing import Any

_PARTS = 64
_LONG_KEY = re.compile(rf"""(?<![\w"'-])(?:(?:[\w-]+|"[^"\n]*"|'[^'\n]*')[ \t]*\.[ \t]*){{{_PARTS}}}""", re.ASCII)


def loads(text: str) -> dict[str, Any]:
    """The document of a text. Errors: `tomllib.TOMLDecodeError` and no other.

    A key of very many parts costs the standard library's reader their square: 40 kB kept it busy for 20 s.
    """
    if _LONG_KEY.search(text):
        raise tomllib.TOMLDecodeError(f"a key has more than {_PARTS} parts")
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        raise
    except RecursionError as error:
        raise tomllib.TOMLDecodeError("it is nested too deeply") from error
    except ValueError as error:  # an integer with more digits than Python converts
        raise tomllib.TOMLDecodeError("a number is too long") from error
