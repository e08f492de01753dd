"""A folder's `pyproject.toml` as a document that is edited: what is not touched keeps its bytes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from difflib import SequenceMatcher
from typing import Any

from packaging.utils import canonicalize_name

from jupyter_dep.base.errors import DepError

from .manifest import Manifest, parse

Place = tuple[str, ...]
"""The keys that lead to a table or a value."""


def edit_document(text: str, edit: Callable[[Any, Manifest], None]) -> str:
    """The text after an edit of its document.

    Lines that stay the same keep their bytes, others get the text's line end. Errors: those of `manifest.parse`, for the text
    and for the result.
    """
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    manifest = parse(text)
    ending = "\r\n" if re.match(r"[^\n]*\r\n", text) else "\n"
    closed = text if text.endswith("\n") or not text else text + ending
    plain = closed.replace("\r\n", "\n")
    try:
        document = tomlkit.parse(plain)
        edit(document, manifest)
        made = tomlkit.dumps(document)
    except (TOMLKitError, ValueError) as error:  # such as a table inside an inline one
        raise DepError(
            "bad-toml",
            f"`pyproject.toml` cannot be edited: {error}",
            hint="write the change into the file by hand",
        ) from error
    changed = _in_place(closed, plain, made, ending)
    if closed != text:
        changed = changed.removesuffix(ending)
    parse(changed)
    return changed


def _in_place(text: str, plain: str, made: str, ending: str) -> str:
    """What was made of the text with line feeds, in the text's own line ends; a comment that went with a table stays."""
    raw, old, new = (_lines(one) for one in (text, plain, made))
    comments = Counter(line.strip() for line in old if line.lstrip().startswith("#"))
    lost = {comment: count - made.count(comment) for comment, count in comments.items()}
    result: list[str] = []
    for tag, first, last, start, stop in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            result += raw[first:last]
            continue
        result += [line.removesuffix("\n") + ending * line.endswith("\n") for line in new[start:stop]]
        for place in range(first, last):
            if lost.get(comment := old[place].strip(), 0) > 0:
                lost[comment] -= 1
                result.append(raw[place])
    return "".join(result)


def _lines(text: str) -> list[str]:
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def spelling(names: Mapping[str, Any], name: str) -> str | None:
    """How a name is written in a table."""
    wanted = canonicalize_name(name)
    return next((key for key in names if canonicalize_name(key) == wanted), None)


def table(document: Any, place: Place) -> Any:
    """The table at a place, made where it is missing, as a section of its own."""
    import tomlkit

    found = document
    for depth, key in enumerate(place, 1):
        if key not in found:
            found[key] = tomlkit.table(is_super_table=depth < len(place) or place == ("tool", "uv"))
        found = found[key]
    return found


def drop_empty(document: Any, place: Place) -> None:
    """Take out a table that has become empty, and those around it."""
    for depth in range(len(place), 0, -1):
        outer = document
        for key in place[: depth - 1]:
            outer = outer[key]
        if outer[place[depth - 1]]:
            return
        del outer[place[depth - 1]]
