"""Which packages a notebook's evidence asks for: those that are known, and those that are only guessed."""

from __future__ import annotations

from packaging.utils import canonicalize_name

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.model.declaration.requirement import parse
from jupyter_dep.model.packages.import_map import distribution_for, is_namespace, names_by_path

from .gather import Evidence


@frozen_dataclass
class Guess:
    """A module of which nothing here knows who brings it; `names` are the distributions that may, the likeliest first."""

    module: str
    names: tuple[str, ...]
    places: tuple[str, ...]


@frozen_dataclass
class Proposal:
    """Requirements that a notebook needs, and guesses that want a yes."""

    requirements: tuple[str, ...] = ()
    guesses: tuple[Guess, ...] = ()


_NEVER = frozenset({"", "ipython"})
"""The kernel brings IPython; an empty name is a path or an address."""


def propose(evidence: Evidence, when: str = "") -> Proposal:
    """Name the packages of the evidence; `when` is the day of the notebook (`2018-05-01`), empty for today.

    What an install line names is taken as it stands, and answers for a module that is only guessed.
    """
    found: dict[str, str] = {}
    for text, _ in evidence.installs:
        found.setdefault(_parse_name(text), text)
    guesses: dict[str, Guess] = {}
    for item in evidence.imports:
        match = distribution_for(item.module, when)
        if match.certain:
            found.setdefault(match.distribution, match.distribution)
            continue
        names = _guess_names(item.module, match.distribution, match.others)
        if names and not item.optional and found.keys().isdisjoint(names):
            guesses.setdefault(names[0], Guess(module=item.module, names=names, places=item.places))
    return Proposal(
        requirements=tuple(text for name, text in found.items() if name not in _NEVER), guesses=tuple(guesses.values())
    )


def _guess_names(module: str, distribution: str, others: tuple[str, ...]) -> tuple[str, ...]:
    if distribution:
        return (distribution, *others)
    return names_by_path(module) if not is_namespace(module) else ()


def _parse_name(text: str) -> str:
    try:
        return str(canonicalize_name(parse(text).name))
    except DepError:
        return ""
