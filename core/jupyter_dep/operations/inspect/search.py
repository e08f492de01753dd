"""Search for package names on this machine alone; the index is asked only for details and for syncing its names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING

from packaging.requirements import Requirement

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.progress import CancelToken, Reporter, silent
from jupyter_dep.model.declaration.requirement_lines import parse_pasted
from jupyter_dep.model.packages.ranking import Candidate, Query, catalogue_candidates, rank
from jupyter_dep.model.packages.similarity import similar_names
from jupyter_dep.services import Services

from .search_result import PackageDetails, SearchHit, SearchResult

if TYPE_CHECKING:
    from .index_metadata import Synced

MOST = 200
_LOOKED_AT = 100
"""Names that are taken of a stored list for each way of looking."""


def search(words: str, services: Services, limit: int = 20) -> SearchResult:
    """The names that answer what was typed, best first, at most `MOST`; asks no network and starts no program.

    A pasted install command or requirement gives the names in it, each with what is known of it.
    """
    limit = max(1, min(limit, MOST))
    stored = _Stored(services)
    queries = [Query.of(Requirement(text).name) for text in parse_pasted(words)]
    if len(queries) > 1:
        best = [(query, rank(query, _list_candidates(query, services, stored), 1)) for query in queries[:limit]]
        found = tuple(one for query, ranked in best for one in ranked if one.name in (query.name, query.meant))
    else:
        query = queries[0] if queries else Query.of(words)
        found = rank(query, _list_candidates(query, services, stored), limit)
    hits = tuple(
        SearchHit(
            name=one.name,
            summary=one.summary,
            tier=one.tier,
            source=one.source,
            near="" if one.tier else similar_names(one.name),
        )
        for one in found
    )
    return SearchResult(words=words, hits=hits, full=stored.full, near=_find_similar(queries or [query], found))


def details(name: str, services: Services, cancel: CancelToken | None = None) -> PackageDetails:
    """What the configured index says of exactly one name: for Enter or a selection, never for a key stroke.

    Errors: `bad-requirement`, `unknown-package`, `no-index`, the network's, `cancelled`.
    """
    from . import index_metadata  # what is typed needs nothing that could talk to a network

    return index_metadata.details(name, services, cancel)


def sync_names(services: Services, reporter: Reporter = silent, cancel: CancelToken | None = None) -> Synced:
    """Store the list of names of the configured indexes for `search`.

    Errors: `no-index`, the network's, `disk-full`, `cancelled`.
    """
    from . import index_metadata

    return index_metadata.sync_names(services, reporter, cancel)


def _find_similar(queries: Sequence[Query], found: Sequence[Candidate]) -> str:
    """The popular name that the one name which was typed could be mistaken for, if that is none of the names found."""
    name = queries[0].name
    return "" if len(queries) > 1 or any(one.name == name for one in found) else similar_names(name)


class _Stored:
    """The stored list of the indexes that are configured now, if there is one."""

    def __init__(self, services: Services) -> None:
        self._names = services.names
        self.full = False
        self._indexes: tuple[str, ...] | None
        try:
            self._indexes = services.indexes.identity
        except DepError:  # settings that cannot be read: the catalogue still answers
            self._indexes = None

    def look(self, query: Query) -> tuple[str, ...]:
        if self._indexes is None:
            return ()
        found = self._names.lookup(self._indexes, query.name, query.terms, _LOOKED_AT)
        self.full = found is not None
        return found or ()


def _list_candidates(query: Query, services: Services, stored: _Stored) -> Iterator[Candidate]:
    locked = (Candidate(name=name, source="locked") for name in services.names.locked())
    found = (Candidate(name=name, source="index") for name in stored.look(query))
    return chain(catalogue_candidates(), locked, found)
