"""Escapes and aligns untrusted text, so that it cannot hide, reorder or colour what the user reads."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from typing import List, Sequence

from .invisible import BOUNDS

_ASCII_ONLY = re.compile(r"[ -~]*\Z")


def visible(text: str, *, newlines: bool = False) -> str:
    r"""Write invisible and reordering characters of `text` as escapes, `\u202e`; newlines stay if asked for."""
    if _ASCII_ONLY.match(text):
        return text
    return "".join(
        _escape(char) if bisect_right(BOUNDS, ord(char)) % 2 and not (newlines and char == "\n") else char for char in text
    )


def width(text: str) -> int:
    """Return the columns that `text` takes in a terminal: two for East Asian wide characters, none for combining ones."""
    return sum(0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def aligned(rows: Sequence[Sequence[str]]) -> List[str]:
    """Format rows as lines with aligned columns, two spaces apart; rows may differ in length."""
    count = max((len(row) for row in rows), default=0)
    widths = [max(width(row[at]) for row in rows if at < len(row)) for at in range(count)]
    return ["  ".join(cell + " " * (widths[at] - width(cell)) for at, cell in enumerate(row)).rstrip() for row in rows]


def _escape(char: str) -> str:
    code = ord(char)
    return "\\u{:04x}".format(code) if code <= 0xFFFF else "\\U{:08x}".format(code)
