"""Names that are one typing error apart, and the popular name that an unknown one could be mistaken for."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from packaging.utils import canonicalize_name

from .catalogue import POPULAR, entries, popular
from .import_map import imports_of_distribution

SHORTEST = 4
"""Popular names of fewer letters have too many real neighbours for a mark to mean anything."""

_SEPARATORS = re.compile(r"[-_.]+")


def one_edit(first: str, second: str) -> bool:
    """Whether two different texts become equal by one insertion, deletion, replacement, or swap of two neighbours."""
    if first == second or abs(len(first) - len(second)) > 1:
        return False
    short, long = sorted((first, second), key=len)
    at = next((i for i, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    if len(short) < len(long):
        return short[at:] == long[at + 1 :]
    if short[at + 1 :] == long[at + 1 :]:
        return True
    return short[at : at + 2] == long[at : at + 2][::-1] and short[at + 2 :] == long[at + 2 :]


def two_edits(first: str, second: str) -> bool:
    """Whether at most two such edits lie between two texts, with no part edited twice."""
    if abs(len(first) - len(second)) > 2 or len(set(first) ^ set(second)) > 4:
        return False
    before: list[int] = []
    row = list(range(len(second) + 1))
    for i, letter in enumerate(first, 1):
        earlier, before, row = before, row, [i, *[0] * len(second)]
        for j, other in enumerate(second, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == second[j - 2] and first[i - 2] == other:
                cost = min(cost, earlier[j - 2] + 1)
            row[j] = cost
        if min(row) > 2 and min(before) > 2:
            return False
    return row[-1] <= 2


def similar_names(name: str) -> str:
    """The popular name that an unknown name could be mistaken for; "" for none.

    It differs by one typing error or by its separators, or it is the name of the other's module.
    """
    wanted = str(canonicalize_name(name))
    if wanted in entries():
        return ""
    mistaken_for = entries().get(imports_of_distribution(wanted))
    if mistaken_for is not None and mistaken_for.tier <= POPULAR:
        return mistaken_for.name
    shapes = _index_shapes()
    found = {other for shape in _list_deletions(wanted) for other in shapes.get(shape, ()) if one_edit(wanted, other)}
    found.update(shapes.get(_strip_separators(wanted), ()))
    return min(found, key=_rank, default="")


def _rank(name: str) -> tuple[int, str]:
    return entries()[name].tier, name


def _strip_separators(name: str) -> str:
    return "=" + _SEPARATORS.sub("", name)


@cache
def _index_shapes() -> dict[str, tuple[str, ...]]:
    """Each popular name under itself, itself without any one letter, and itself without separators.

    Two texts that are one edit apart share a shape, so no popular name has to be compared that is not near.
    """
    found: dict[str, set[str]] = {}
    for name in popular():
        if len(name) >= SHORTEST:
            for shape in (*_list_deletions(name), _strip_separators(name)):
                found.setdefault(shape, set()).add(name)
    return {shape: tuple(names) for shape, names in found.items()}


def _list_deletions(text: str) -> Iterable[str]:
    yield text
    for at in range(len(text)):
        yield text[:at] + text[at + 1 :]
