"""Environment markers: combine them, answer them in part, and the reference platforms that they are tried on.

packaging combines and evaluates markers; it neither takes one apart nor answers a part of one, which is done here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import lru_cache, reduce
from operator import and_, or_
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from packaging.markers import Marker

PLATFORMS: Mapping[str, Mapping[str, str]] = {
    name: {"sys_platform": platform, "platform_system": system, "os_name": os_name, "platform_machine": machine}
    for name, platform, system, os_name, machine in (
        ("linux-x86_64", "linux", "Linux", "posix", "x86_64"),
        ("linux-aarch64", "linux", "Linux", "posix", "aarch64"),
        ("macos-arm64", "darwin", "Darwin", "posix", "arm64"),
        ("macos-x86_64", "darwin", "Darwin", "posix", "x86_64"),
        ("windows-amd64", "win32", "Windows", "nt", "AMD64"),
    )
}
"""The five common platforms, with the marker variables that tell them apart."""

_TOKEN = re.compile(r"""\s*(\(|\)|"[^"]*"|'[^']*'|not\s+in\b|[<>=!~]=?=?|[A-Za-z_][\w.]*)""")
_PART_VARIABLES = ("extras", "dependency_groups")


def environment_on(platform: str, python: str) -> dict[str, str]:
    """The marker variables of CPython `3.12.0` on one of `PLATFORMS`."""
    return {
        "implementation_name": "cpython",
        "implementation_version": python,
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_version": "",
        "python_full_version": python,
        "python_version": ".".join(python.split(".")[:2]),
        **PLATFORMS[platform],
    }


@lru_cache(maxsize=1024)
def parse_marker(text: str) -> Marker:
    """The marker of a text. Errors: `InvalidMarker`."""
    from packaging.markers import Marker

    return Marker(text)


def marker_text(marker: Marker) -> str:
    """The marker with single quotes, which need no escape in TOML."""
    text = str(marker)
    return text if "'" in text else text.replace('"', "'")


def both(one: str, other: str) -> str:
    """The marker that holds where both do; an empty one always does."""
    if not one or not other:
        return one or other
    return marker_text(parse_marker(one) & parse_marker(other))


def conjuncts(marker: str) -> tuple[str, ...]:
    """The operands of a marker's outermost `and`; the marker itself if its outermost operator is `or`; none of an empty one."""
    depth, start = 0, 0
    found: list[str] = []
    for match in _TOKEN.finditer(marker):
        piece = match[1]
        depth += (piece == "(") - (piece == ")")
        if depth == 0 and piece == "or":
            return (marker,)
        if depth == 0 and piece == "and":
            found.append(marker[start : match.start(1)].strip())
            start = match.end(1)
    return (*found, marker[start:].strip()) if marker else ()


def environment_part(marker: str) -> str:
    """A marker that `both` combined, without the operands about extras and groups."""
    kept = [one for one in conjuncts(marker) if not any(f" in {variable}" in one for variable in _PART_VARIABLES)]
    return " and ".join(kept)


def partial_evaluate(marker: str, *, extras: Collection[str], groups: Collection[str]) -> bool | Marker:
    """Answer `'x' in extras` and `'g' in dependency_groups`, and keep what is asked of Python and platform.

    True or False where that decides, else the marker of what is still open.
    Errors: ValueError for a text that is not a marker.
    """
    tokens = [" ".join(token.split()) for token in _split_tokens(marker)]
    value, rest = _evaluate_or(tokens, {"extras": extras, "dependency_groups": groups})
    if rest:
        raise ValueError(f"`{marker}` does not end where a marker does")
    return value


def _split_tokens(marker: str) -> Iterator[str]:
    at = 0
    text = marker.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise ValueError(f"`{marker}` is not a marker")
        yield match[1]
        at = match.end()


_Chosen = Mapping[str, Collection[str]]
_Step = Callable[[list[str], _Chosen], "tuple[bool | Marker, list[str]]"]


def _evaluate_or(tokens: list[str], chosen: _Chosen) -> tuple[bool | Marker, list[str]]:
    found, tokens = _evaluate_operands("or", _evaluate_and, tokens, chosen)
    return _combine(found, decisive=True), tokens


def _evaluate_and(tokens: list[str], chosen: _Chosen) -> tuple[bool | Marker, list[str]]:
    found, tokens = _evaluate_operands("and", _evaluate_atom, tokens, chosen)
    return _combine(found, decisive=False), tokens


def _evaluate_operands(operator: str, step: _Step, tokens: list[str], chosen: _Chosen) -> tuple[list[bool | Marker], list[str]]:
    value, tokens = step(tokens, chosen)
    found = [value]
    while tokens[:1] == [operator]:
        value, tokens = step(tokens[1:], chosen)
        found.append(value)
    return found, tokens


def _combine(found: Iterable[bool | Marker], *, decisive: bool) -> bool | Marker:
    """What operands come to; one `decisive` value decides: True for `or`, False for `and`."""
    found = list(found)
    if any(one is decisive for one in found):
        return decisive
    still_open = list(dict.fromkeys(one for one in found if not isinstance(one, bool)))
    return reduce(or_ if decisive else and_, still_open) if still_open else not decisive


def _evaluate_atom(tokens: list[str], chosen: _Chosen) -> tuple[bool | Marker, list[str]]:
    if tokens[:1] == ["("]:
        value, tokens = _evaluate_or(tokens[1:], chosen)
        if tokens[:1] != [")"]:
            raise ValueError("a marker's bracket is not closed")
        return value, tokens[1:]
    if len(tokens) < 3:
        raise ValueError("a marker ends in the middle")
    left, operator, right = tokens[:3]
    if right in _PART_VARIABLES and operator in ("in", "not in"):
        return (left[1:-1] in chosen[right]) is (operator == "in"), tokens[3:]
    return parse_marker(f"{left} {operator} {right}"), tokens[3:]
