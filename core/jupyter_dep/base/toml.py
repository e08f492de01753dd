"""TOML that a stranger may have written, TOML written for the engine, and edits of one array that keep its layout.

Every fault of a text from outside is one kind of error, found in reasonable time. Where no format has to be preserved,
writing takes a tenth of tomlkit's time.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import Any

_PARTS = 64
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
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
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(str(key))} = {inline(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(inline(item) for item in value) + "]"
    raise TypeError(f"{type(value).__name__} has no place in what we write")


def _key(text: str) -> str:
    return text if _BARE_KEY.fullmatch(text) else inline(text)


def table(header: str, values: Mapping[str, object]) -> str:
    """One table, a key a line; `header` is its line (`[[package]]`), empty for the document's own keys."""
    lines = [header] if header else []
    return "\n".join([*lines, *(f"{_key(key)} = {inline(value)}" for key, value in values.items())]) + "\n"


# Edits of one array as text: entries come, change and go, comments and layout stay. Entries are texts and, in a dependency
# group, inline tables. tomlkit's own arrays are not used: an appended entry loses the trailing comma of the list, and behind
# `"x" , # why` it lands inside the comment.

_TOKEN = re.compile(
    r'''"""(?:\\.|[^\\])*?"""|\'{3}.*?\'{3}|"(?:\\.|[^"\\])*"|'[^']*'|\{(?:"(?:\\.|[^"\\])*"|'[^']*'|[^}"'])*\}|\#[^\n]*|,|\s+''',
    re.DOTALL,
)


def basic_string(text: str) -> str:
    """Write a text as a TOML string."""
    import tomlkit

    return tomlkit.string(text.strip()).as_string()


@dataclass(slots=True, kw_only=True)
class _Entry:
    """One entry of an array as it is written: what stands before it, itself, and what follows up to the next one.

    `after` stands before its comma, `trail` (a comment on the same line) behind it.
    """

    before: str
    item: str
    after: str = ""
    comma: bool = False
    trail: str = ""

    def text(self) -> str:
        return self.before + self.item + self.after + ("," if self.comma else "") + self.trail


def _split_entries(array: str) -> tuple[list[_Entry], str]:
    """The entries of an array, and what stands between the last one and the closing bracket."""
    entries: list[_Entry] = []
    gap = ""
    for piece in _TOKEN.findall(array[1:-1]):
        last = entries[-1] if entries else None
        if piece[0] in "\"'{":
            entries.append(_Entry(before=gap, item=piece))
            gap = ""
        elif last is not None and piece == ",":
            last.after, last.comma, gap = last.after + gap, True, ""
        elif last is not None and piece[0] == "#" and "\n" not in gap:
            if last.comma:
                last.trail += gap + piece
            else:
                last.after += gap + piece
            gap = ""
        else:
            gap += piece
    return entries, gap


def _join_entries(entries: Iterable[_Entry], tail: str) -> str:
    return "[" + "".join(entry.text() for entry in entries) + tail + "]"


def replace_item(array: str, texts: Mapping[int, str]) -> str:
    """Replace entries of an array, by position."""
    entries, tail = _split_entries(array)
    for place, text in texts.items():
        entries[place].item = basic_string(text)
    return _join_entries(entries, tail)


def append_item(array: str, texts: Sequence[str]) -> str:
    """Append texts to an array."""
    if not texts:
        return array
    entries, tail = _split_entries(array)
    comments = tail.rstrip()
    if not entries:
        return f"[{comments}" + "".join(f"\n    {basic_string(text)}," for text in texts) + "\n]"
    last = entries[-1]
    trailing = last.comma
    indent = last.before[len(last.before.rstrip()) :] or " "
    if "\n" in indent:
        indent = "\n" + indent.rpartition("\n")[2]
    elif comments or "#" in last.after + last.trail:
        indent = "\n    "
    if not last.comma:
        last.comma, last.after, last.trail = True, "", last.after
    closing = tail[len(comments) :]
    added = [_Entry(before=indent, item=basic_string(text), comma=True) for text in texts]
    added[0].before = comments + indent
    added[-1].comma = trailing
    return _join_entries([*entries, *added], closing)


def remove_item(array: str, places: set[int]) -> str:
    """Remove the entries at these positions from an array; comments above them stay."""
    entries, tail = _split_entries(array)
    if not places or not entries:
        return array
    kept: list[_Entry] = []
    carried, first = "", entries[0].before
    for place, entry in enumerate(entries):
        if place in places:
            carried += entry.before.rstrip()
            continue
        if not kept and "\n" not in first + entry.before:
            entry.before = first
        entry.before = _below(kept, carried, entry.before)
        carried = ""
        kept.append(entry)
    if not kept:
        tail = _below(kept, carried, tail)
        return f"[{tail}]" if "#" in tail else "[]"
    if not entries[-1].comma:
        kept[-1].comma, kept[-1].after = False, kept[-1].after.rstrip()
    return _join_entries(kept, _below(kept, carried, tail))


def _below(kept: Sequence[_Entry], comments: str, text: str) -> str:
    """The text behind comments that stayed: on a line of its own, or the last comment would swallow it."""
    open_comment = "#" in comments + (kept[-1].after + kept[-1].trail if kept else "")
    apart = "\n" if open_comment and not text.lstrip(" \t").startswith("\n") else ""
    return comments + apart + text
