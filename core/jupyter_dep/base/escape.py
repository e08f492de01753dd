"""Escape untrusted text: nothing in it can move the cursor, colour, hide or reorder what a person reads."""

from __future__ import annotations

from bisect import bisect_right

from jupyter_dep.data.invisible import BOUNDS


def escape_untrusted(text: str, *, lines: bool = False) -> str:
    r"""Write invisible and reordering characters as `\u202e`, beyond the basic plane as `\U000e0100`.

    Line ends stay only in a text that may have several `lines`: otherwise a file's name could add lines to a message.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        _escape(character) if bisect_right(BOUNDS, ord(character)) % 2 and not (lines and character == "\n") else character
        for character in text
    )


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
