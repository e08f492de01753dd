r"""Write the table of characters that are made visible in text from outside: `python -m tools.invisible_characters`.

The core, the magics and the page each get a copy in their own language; tests hold the copies to this and, with
`tests/data/escape_cases.json`, to one behaviour. Escapes are Python's: `\u202e`, beyond the basic plane `\U000e0100`.
"""

from __future__ import annotations

import sys
import textwrap
import unicodedata
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]

_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
"""Controls, formats (bidirectional, zero width), surrogates, private use, line and paragraph separators."""

_IGNORABLE = (
    (0x034F, 0x034F), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x2060, 0x206F), (0x3164, 0x3164),
    (0xFE00, 0xFE0F), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8), (0xE0000, 0xE0FFF),
)  # fmt: skip
"""What Unicode calls Default_Ignorable_Code_Point beyond those categories; `unicodedata` does not know the property."""

_LATER_FORMATS = ((0x13430, 0x1343F),)
"""Formats that Unicode 15 added, so that Python 3.11 writes the same table."""

_BLANK = ((0x2800, 0x2800),)
"""What looks like a space and is none of Unicode's: the empty Braille pattern."""

_SPACE = " "


def is_invisible(code: int) -> bool:
    """Whether a code point is shown as an escape: nothing, a blank other than a space, or another order would be seen."""
    category = unicodedata.category(chr(code))
    return (
        category in _CATEGORIES
        or (category == "Zs" and chr(code) != _SPACE)
        or code & 0xFFFE == 0xFFFE
        or 0xFDD0 <= code <= 0xFDEF
        or any(first <= code <= last for first, last in (*_IGNORABLE, *_LATER_FORMATS, *_BLANK))
    )


def ranges() -> list[tuple[int, int]]:
    """The table, as first and last code points."""
    found: list[tuple[int, int]] = []
    for code in range(sys.maxunicode + 1):
        if not is_invisible(code):
            continue
        if found and found[-1][1] == code - 1:
            found[-1] = (found[-1][0], code)
        else:
            found.append((code, code))
    return found


def python_module() -> str:
    """The table as one sorted tuple, for bisection: a compiled pattern would cost milliseconds at its first use."""
    numbers = [f"0x{bound:04X}," for first, last in ranges() for bound in (first, last + 1)]
    lines = textwrap.wrap(" ".join(numbers), width=124, initial_indent="    ", subsequent_indent="    ")
    return "\n".join(
        [
            '"""The characters that are made visible. Written by `python -m tools.invisible_characters`: do not edit."""',
            "",
            "BOUNDS = (",
            *lines,
            ")  # fmt: skip",
            '"""The first code point of each range, and the first behind it."""',
            "",
        ]
    )


def page_module() -> str:
    """The same for the page."""
    written = "".join(_escape(first) if first == last else f"{_escape(first)}-{_escape(last)}" for first, last in ranges())
    return (
        "// The characters that are made visible. Written by `python -m tools.invisible_characters`: do not edit.\n\n"
        f"export const INVISIBLE =\n  /[{written}]/gu;\n"
    )


def copies() -> Iterator[tuple[Path, str]]:
    """Each committed copy, with its text."""
    yield ROOT / "core" / "jupyter_dep" / "data" / "invisible.py", python_module()
    yield ROOT / "magics" / "jupyter_dep_magics" / "invisible.py", python_module()
    yield ROOT / "labext" / "src" / "status" / "invisible.ts", page_module()


def _escape(code: int) -> str:
    return f"\\u{{{code:x}}}"


if __name__ == "__main__":
    for path, text in copies():
        path.write_text(text, encoding="utf-8")
