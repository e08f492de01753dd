"""Requirements in one TOML array: added by the rules of a declaration, removed by name; the rest of the text stays."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Collection, Sequence

from packaging.utils import canonicalize_name

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.toml import append_item, remove_item, replace_item

from . import requirement


def texts(array: str) -> list[str]:
    """The entries of an array's text; one that is not text (`{include-group = …}`) is empty."""
    entries = tomllib.loads(f"entries = {array}")["entries"]
    return [entry if isinstance(entry, str) else "" for entry in entries]


def add_requirements(array: str, requirements: Sequence[str]) -> str:
    """The array with each requirement in it.

    A name that is there with the same marker keeps its text where the addition asks for nothing new, and is replaced in
    place where it brings another bound, URL or extra. Everything else is appended. Errors: `bad-requirement` and its kin.
    """
    before = texts(array)
    after = list(before)
    for text in requirements:
        place = _find_place(after, text)
        if place is None:
            after.append(requirement.spell(text))
        else:
            after[place] = requirement.merge(after[place], text)
    changed = {place: text for place, text in enumerate(after[: len(before)]) if text != before[place]}
    return append_item(replace_item(array, changed), after[len(before) :])


def remove_requirements(array: str, names: Collection[str]) -> str:
    """The array without the requirements of these names; those that are not in it raise `not-declared`."""
    entries = texts(array)
    declared = [str(canonicalize_name(requirement.parse(text).name)) if text else "" for text in entries]
    wanted = {str(canonicalize_name(name.strip())) for name in names}
    for name in sorted(wanted.difference(declared)):
        raise not_declared(name, [one for one in declared if one])
    return remove_item(array, {place for place, name in enumerate(declared) if name in wanted})


def not_declared(name: str, declared: Sequence[str]) -> DepError:
    """The error for a name that is not declared, with the declared names that are close."""
    close = difflib.get_close_matches(name, declared, n=3)
    listed = ", ".join(f"`{one}`" for one in close or sorted(set(declared)))
    hint = f"did you mean {listed}?" if close else f"declared are {listed}" if listed else "nothing is declared yet"
    return DepError("not-declared", f"`{name}` is not declared", hint=hint, context={"package": name})


def _find_place(entries: Sequence[str], text: str) -> int | None:
    """The place of the same name with the same marker, None where there is none."""

    def identity(entry: str) -> tuple[str, str]:
        parsed = requirement.parse(entry)
        return canonicalize_name(parsed.name), requirement.canonical_marker(str(parsed.marker or ""))

    wanted = identity(text)
    return next((place for place, entry in enumerate(entries) if entry and identity(entry) == wanted), None)
