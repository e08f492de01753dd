"""Ranking of names for a typed query: exact, prefix, word, fuzzy; then popularity. Pure: text in, values out."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Literal

from packaging.utils import canonicalize_name

from .catalogue import entries
from .import_map import imports_of_distribution
from .similarity import one_edit, two_edits

Source = Literal["catalogue", "locked", "index"]

LONGEST = 100
"""Characters of a search that count: no name is as long."""
FUZZY_FROM = 4
"""Fewer letters are one slip away from everything."""

_EXACT, _PREFIX, _WORD, _FUZZY = range(4)
_ISE = re.compile(r"(?<=[lmnr])is(?=ation|ing|ed\b|es?\b|er)")
_SPELLINGS = (
    ("colour", "color"),
    ("behaviour", "behavior"),
    ("neighbour", "neighbor"),
    ("analyse", "analyze"),
    ("modell", "model"),
    ("centre", "center"),
)
"""Both spellings of a word are one: summaries are written in one English, people type the other."""
_UNKNOWN_TIERS = {"catalogue": 4, "locked": 5, "index": 6}
"""How a name of tier 0 is placed after the four tiers: what the user has locked before comes first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A name that could be meant. `tier` 1 to 4, 0 where nothing is known of its popularity."""

    name: str
    summary: str = ""
    tier: int = 0
    source: Source = "index"
    text: str = field(init=False, repr=False, compare=False)
    """The words of name and summary, each after a space, for a look at all of them at once."""

    def __post_init__(self) -> None:
        said = " ".join(_split_words(f"{self.name} {self.summary}".lower()))
        object.__setattr__(self, "text", f" {_unify_spelling(said)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What was typed.

    `name` is it as one normalised name, `terms` its words, `said` those as they stand in a `Candidate.text`, `meant` the
    distribution of a module of this name.
    """

    name: str
    terms: tuple[str, ...]
    said: tuple[str, ...]
    meant: str = ""

    @classmethod
    def of(cls, words: str) -> Query:
        """The query for words as typed."""
        terms = tuple(dict.fromkeys(re.findall(r"[0-9a-z][0-9a-z._+#-]*", words[:LONGEST].lower())))
        name = str(canonicalize_name("-".join(terms))).strip("-")
        said = tuple(_unify_spelling(" ".join(_split_words(term))) for term in terms)
        return cls(name=name, terms=terms, said=said, meant=imports_of_distribution("_".join(terms)) if terms else "")


def rank(query: Query, candidates: Iterable[Candidate], limit: int) -> tuple[Candidate, ...]:
    """The best `limit` of the candidates that answer the query, best first; of two with one name the first counts.

    Names of which nothing is known but that an index has them get at most half of the places that better known ones
    could fill: there are always a hundred of them that begin like what was typed.
    """
    if not query.name:
        return ()
    found: dict[str, tuple[tuple[int, int, bool, int, str], Candidate]] = {}
    for candidate in candidates:
        kind = None if candidate.name in found else _classify(query, candidate)
        if kind is not None:
            tier = candidate.tier or _UNKNOWN_TIERS[candidate.source]
            in_summary = kind == _WORD and query.terms[0] not in candidate.name
            key = (kind, tier, in_summary, len(candidate.name), candidate.name)
            found[candidate.name] = key, candidate
    ordered = sorted(found.values(), key=lambda item: item[0])
    known = [item for item in ordered if item[1].source != "index" or item[0][0] == _EXACT]
    unknown = [item for item in ordered if item[1].source == "index" and item[0][0] != _EXACT]
    known = known[:limit]
    places = max(limit // 2, limit - len(known))
    unknown = unknown[:places]
    chosen = sorted([*known[: limit - len(unknown)], *unknown], key=lambda item: item[0])
    return tuple(candidate for _, candidate in chosen)


@cache
def catalogue_candidates() -> tuple[Candidate, ...]:
    """Every entry of the catalogue as a candidate."""
    return tuple(
        Candidate(name=entry.name, summary=entry.summary, tier=entry.tier, source="catalogue") for entry in entries().values()
    )


def _split_words(text: str) -> list[str]:
    return re.findall(r"[0-9a-z+#]+", text)


def _unify_spelling(text: str) -> str:
    text = _ISE.sub("iz", text)
    for british, american in _SPELLINGS:
        text = text.replace(british, american)
    return text


def _classify(query: Query, candidate: Candidate) -> int | None:
    wanted, name = query.name, candidate.name
    if name in (wanted, query.meant):
        return _EXACT
    if name.startswith(wanted):
        return _PREFIX
    if len(wanted) < 2:
        return None
    if all(f" {said}" in candidate.text for said in query.said) or (len(wanted) > 2 and wanted in name):
        return _WORD
    return _FUZZY if _is_fuzzy(wanted, name) else None


def _is_fuzzy(wanted: str, name: str) -> bool:
    """Whether the name, or its part typed so far, has one typing error; two in a long one."""
    size = len(wanted)
    if size < FUZZY_FROM or len(name) < size - 2:
        return False
    if one_edit(wanted, name):
        return True
    if size > FUZZY_FROM and name[0] == wanted[0] and any(one_edit(wanted, name[: size + more]) for more in (-1, 0, 1)):
        return True
    return size >= 8 and two_edits(wanted, name)
