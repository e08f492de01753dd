"""Text from outside made legible: nothing in it can move the cursor, colour, hide or reorder what a person reads."""

from __future__ import annotations

import unicodedata

_HIDDEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
_ESCAPED = "\\u{:04x}"


def escape_untrusted(text: str, *, lines: bool = False) -> str:
    """The text with control and direction-changing characters made visible: a name may hold anything.

    Line ends stay only in a text that may have several `lines`: else a file's name could write lines of ours.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        character
        if (lines and character == "\n") or unicodedata.category(character) not in _HIDDEN
        else _ESCAPED.format(ord(character))
        for character in text
    )
