"""Which distribution brings a module: a reviewed map of import names, offline and the same everywhere."""

from __future__ import annotations

import json
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from importlib.resources import files

from packaging.utils import canonicalize_name

from jupyter_dep.base.fast_dataclass import frozen_dataclass


@frozen_dataclass
class Match:
    """The normalised name of a distribution. `certain` is False where it is only a guess.

    `distribution` is empty where several share the module, as with `google`; `others` may bring it as well.
    """

    distribution: str
    certain: bool
    others: tuple[str, ...] = ()


@frozen_dataclass
class _Era:
    """Since and until when (`2021-03`, empty: always) a distribution brought a module."""

    distribution: str
    since: str
    until: str


@frozen_dataclass
class _Tables:
    """The map: `names` of modules that differ from their distribution's, `same` names, and `shared` namespaces."""

    names: Mapping[str, str]
    same: frozenset[str]
    shared: frozenset[str]


def distribution_for(module: str, when: str = "") -> Match:
    """The distribution of a dotted module name: its longest known prefix decides, else the first name is the guess.

    `when` is the day of the code (`2018-05-01`); some modules came from another distribution then. Empty: today.
    """
    tables = _read_tables()
    parts = module.split(".")
    if (eras := _read_eras().get(parts[0])) is not None:
        return _match_era(eras, when or "9999")
    for count in range(len(parts), 0, -1):
        known = tables.names.get(".".join(parts[:count]))
        if known is not None:
            return Match(distribution=known, certain=True)
    if parts[0] in tables.shared:
        return Match(distribution="", certain=False)
    guess = canonicalize_name(parts[0])
    return Match(distribution=guess, certain=guess in tables.same)


def _match_era(eras: tuple[_Era, ...], when: str) -> Match:
    """The one distribution of that time; where several brought the module, or none did, all are guesses."""
    then = [era.distribution for era in eras if era.since <= when and (not era.until or when < era.until)]
    first, *others = then or [era.distribution for era in eras]
    return Match(distribution=first, certain=len(then) == 1, others=tuple(others))


def is_namespace(module: str) -> bool:
    """Whether a dotted name is known to hold modules of several distributions and no code of its own."""
    tables = _read_tables()
    return module not in tables.names and (module in tables.shared or module in _find_parents())


def imported_module(package: str, name: str) -> str:
    """The module that `from package import name` needs: below a namespace it is the name that tells the distribution."""
    joined = f"{package}.{name}"
    return joined if joined in _read_tables().names or is_namespace(package) else package


def names_by_path(module: str) -> tuple[str, ...]:
    """The names that distributions of a namespace usually have, the longest first: `azure-storage-blob`, `azure-storage`."""
    parts = module.split(".")
    return tuple(str(canonicalize_name("-".join(parts[:count]))) for count in range(len(parts), 1, -1))


def meant_by(name: str) -> tuple[str, ...]:
    """The distributions that an unknown name may stand for, the likeliest first, at most three.

    A module's own name (`sklearn`, `PIL`, `cv2`) is the usual mistake, a typing error the next.
    """
    tables = _read_tables()
    wanted = str(canonicalize_name(name))
    distribution = imports_of_distribution(name)
    if distribution:
        return (distribution,) if distribution != wanted else ()
    known = tables.same.union(tables.names.values())
    return () if wanted in known else tuple(get_close_matches(wanted, sorted(known), 3, 0.75))


def imports_of_distribution(word: str) -> str:
    """The distribution of a module that is not called like it, however the module is spelled; "" where none is known."""
    return _read_folded().get(str(canonicalize_name(word)), "")


@cache
def _read_folded() -> Mapping[str, str]:
    return {str(canonicalize_name(module)): distribution for module, distribution in _read_tables().names.items()}


@cache
def _find_parents() -> frozenset[str]:
    """The dotted names above the known modules."""
    parts = [module.split(".") for module in _read_tables().names]
    return frozenset(".".join(one[:count]) for one in parts for count in range(1, len(one)))


@cache
def _read_tables() -> _Tables:
    raw = json.loads(files("jupyter_dep.data").joinpath("import_names.json").read_text(encoding="utf-8"))
    return _Tables(names=raw["names"], same=frozenset(raw["same"]), shared=frozenset(raw["shared"]))


@cache
def _read_eras() -> Mapping[str, tuple[_Era, ...]]:
    found: dict[str, tuple[_Era, ...]] = {}
    text = files("jupyter_dep.data").joinpath("import_eras.tsv").read_text(encoding="utf-8")
    for line in text.splitlines()[1:]:
        module, distribution, since, until, _ = line.split("\t")
        found[module] = (*found.get(module, ()), _Era(distribution=distribution, since=since, until=until))
    return found
