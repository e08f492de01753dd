"""Markers of a lock with the question of extras and groups answered, the questions of Python and platform kept."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

_TOKEN = re.compile(r"""\s*(\(|\)|"[^"]*"|'[^']*'|not\s+in\b|[<>=!~]=?=?|[A-Za-z_][\w.]*)""")
_CHOICES = ("extras", "dependency_groups")

Known = bool | str
"""What a marker comes to: True or False where the choice decides it, else the text of what is still open."""


def partial_evaluate(marker: str, *, extras: Collection[str], groups: Collection[str]) -> Known:
    """The marker after `'x' in extras` and `'g' in dependency_groups` are answered. Errors: ValueError for no marker."""
    tokens = [" ".join(token.split()) for token in _tokens(marker)]
    value, rest = _either(tokens, {"extras": extras, "dependency_groups": groups})
    if rest:
        raise ValueError(f"`{marker}` does not end where a marker does")
    return value


def _tokens(marker: str) -> Iterator[str]:
    at = 0
    text = marker.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise ValueError(f"`{marker}` is no marker")
        yield match[1]
        at = match.end()


def _either(tokens: list[str], chosen: dict[str, Collection[str]]) -> tuple[Known, list[str]]:
    value, tokens = _both(tokens, chosen)
    found = [value]
    while tokens[:1] == ["or"]:
        value, tokens = _both(tokens[1:], chosen)
        found.append(value)
    if True in found:
        return True, tokens
    open_ones = list(dict.fromkeys(one for one in found if isinstance(one, str)))
    return (" or ".join(open_ones) if open_ones else False), tokens


def _both(tokens: list[str], chosen: dict[str, Collection[str]]) -> tuple[Known, list[str]]:
    value, tokens = _one(tokens, chosen)
    found = [value]
    while tokens[:1] == ["and"]:
        value, tokens = _one(tokens[1:], chosen)
        found.append(value)
    if False in found:
        return False, tokens
    open_ones = list(dict.fromkeys(one for one in found if isinstance(one, str)))
    if len(open_ones) > 1:
        open_ones = [f"({one})" if " or " in one else one for one in open_ones]
    return (" and ".join(open_ones) if open_ones else True), tokens


def _one(tokens: list[str], chosen: dict[str, Collection[str]]) -> tuple[Known, list[str]]:
    if tokens[:1] == ["("]:
        value, tokens = _either(tokens[1:], chosen)
        if tokens[:1] != [")"]:
            raise ValueError("a marker's bracket is not closed")
        return value, tokens[1:]
    if len(tokens) < 3:
        raise ValueError("a marker ends in the middle")
    left, operator, right = tokens[:3]
    if right in _CHOICES and operator in ("in", "not in"):
        return (left[1:-1] in chosen[right]) is (operator == "in"), tokens[3:]
    return f"{left} {operator} {right}", tokens[3:]
