"""Lists and counts in sentences."""

from __future__ import annotations

from collections.abc import Sequence


def some(names: Sequence[str], most: int) -> str:
    """The first of many names, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def verb_for(count: int, singular: str, plural: str) -> str:
    """The verb's form for so many subjects."""
    return singular if count == 1 else plural
