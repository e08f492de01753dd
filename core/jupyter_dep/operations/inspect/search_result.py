"""What a search for packages finds, and what an index says of one name."""

from __future__ import annotations

from typing import Literal

from jupyter_dep.base.fast_dataclass import frozen_dataclass


@frozen_dataclass
class SearchHit:
    """One name that answers a search. `source`: where it is known from. `near`: the popular name it could be mistaken for."""

    name: str
    summary: str
    tier: int
    """1 (known by everybody) to 4 (known in its field); 0 where nothing is known of its popularity."""
    source: Literal["catalogue", "locked", "index"]
    near: str = ""


@frozen_dataclass
class SearchResult:
    """The answer to `words`, best first. `full`: whether a stored list of the configured index was searched, too.

    `near`: if the words are one unknown name, the popular name that it could be mistaken for.
    """

    words: str
    hits: tuple[SearchHit, ...]
    full: bool
    near: str = ""


@frozen_dataclass
class PackageDetails:
    """What the configured index says of one name: newest version first, at most 50; `size` in bytes of the newest file."""

    name: str
    versions: tuple[str, ...]
    summary: str
    requires_python: str
    size: int
    near: str = ""
