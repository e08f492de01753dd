"""Edits of one TOML array as text: entries come, change and go, comments and layout stay.

Entries are texts and, in a dependency group, inline tables.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

_TOKEN = re.compile(
    r'''"""(?:\\.|[^\\])*?"""|\'{3}.*?\'{3}|"(?:\\.|[^"\\])*"|'[^']*'|\{(?:"(?:\\.|[^"\\])*"|'[^']*'|[^}"'])*\}|\#[^\n]*|,|\s+''',
    re.DOTALL,
)


def basic_string(text: str) -> str:
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


def _split(array: str) -> tuple[list[_Entry], str]:
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


def _joined(entries: Iterable[_Entry], tail: str) -> str:
    return "[" + "".join(entry.text() for entry in entries) + tail + "]"


def replace_item(array: str, texts: Mapping[int, str]) -> str:
    entries, tail = _split(array)
    for place, text in texts.items():
        entries[place].item = basic_string(text)
    return _joined(entries, tail)


def append_item(array: str, texts: Sequence[str]) -> str:
    if not texts:
        return array
    entries, tail = _split(array)
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
    return _joined([*entries, *added], closing)


def remove_item(array: str, places: set[int]) -> str:
    entries, tail = _split(array)
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
    return _joined(kept, _below(kept, carried, tail))


def _below(kept: Sequence[_Entry], comments: str, text: str) -> str:
    """The text behind comments that stayed: on a line of its own, or the last comment would swallow it."""
    open_comment = "#" in comments + (kept[-1].after + kept[-1].trail if kept else "")
    apart = "\n" if open_comment and not text.lstrip(" \t").startswith("\n") else ""
    return comments + apart + text
