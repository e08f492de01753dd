"""The curated catalogue: well-known distributions, how popular each is, and one line on what it is for. Offline."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from jupyter_dep.base.fast_dataclass import frozen_dataclass

POPULAR = 3
"""The last tier that counts as popular: a name one slip away from one of these is marked."""


@frozen_dataclass
class Entry:
    """One distribution: its normalised name, a tier from 1 (known everywhere) to 4 (known in its field), a summary."""

    name: str
    tier: int
    summary: str


@cache
def entries() -> Mapping[str, Entry]:
    """The whole catalogue by name, in the order of names."""
    text = files("jupyter_dep.data").joinpath("catalogue.tsv").read_text(encoding="utf-8")
    return {entry.name: entry for entry in parse(text)}


def parse(text: str) -> tuple[Entry, ...]:
    """The lines `name<tab>tier<tab>summary` of a catalogue. Errors: ValueError for a line of another form."""
    found = []
    for line in text.splitlines():
        name, tier, summary = line.split("\t")
        found.append(Entry(name=name, tier=int(tier), summary=summary))
    return tuple(found)


def popular() -> tuple[str, ...]:
    """The names of the popular tiers, the best known first."""
    chosen = [entry for entry in entries().values() if entry.tier <= POPULAR]
    return tuple(entry.name for entry in sorted(chosen, key=lambda entry: (entry.tier, entry.name)))
