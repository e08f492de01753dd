"""TOML that a stranger may have written, and TOML that we write for the engine.

Whatever is wrong with a stranger's is one kind of error, and told in reasonable time. Where no format has to be preserved,
writing takes a tenth of tomlkit's time.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from datetime import date, time
from typing import Any

_PARTS = 64
_LONG_KEY = re.compile(rf"""(?<![\w"'-])(?:(?:[\w-]+|"[^"\n]*"|'[^'\n]*')[ \t]*\.[ \t]*){{{_PARTS}}}""", re.ASCII)


def loads(text: str) -> dict[str, Any]:
    """The document of a text. Errors: `tomllib.TOMLDecodeError` and no other.

    A key of very many parts costs the standard library's reader their square: 40 kB kept it busy for 20 s.
    """
    if any(_LONG_KEY.search(line) for line in text.split("\n") if line.count(".") >= _PARTS):
        raise tomllib.TOMLDecodeError(f"a key has more than {_PARTS} parts")
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        raise
    except RecursionError as error:
        raise tomllib.TOMLDecodeError("it is nested too deeply") from error
    except ValueError as error:  # an integer with more digits than Python converts
        raise tomllib.TOMLDecodeError("a number is too long") from error


def inline(value: object) -> str:
    """A value on one line: text, numbers, truth values, moments, lists, and tables of them."""
    if isinstance(value, str):
        # a JSON string is a TOML string but for DEL, which TOML wants escaped
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{inline(str(key))} = {inline(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(inline(item) for item in value) + "]"
    raise TypeError(f"{type(value).__name__} has no place in what we write")


def table(header: str, values: Mapping[str, object]) -> str:
    """One table, a key a line; `header` is its line (`[[package]]`), empty for the document's own keys."""
    lines = [header] if header else []
    return "\n".join([*lines, *(f"{inline(key)} = {inline(value)}" for key, value in values.items())]) + "\n"
