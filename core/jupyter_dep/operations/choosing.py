"""What of a folder's lock `install` is to take: groups and extras by name, as they were asked for."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from packaging.utils import canonicalize_name

from ..errors import UsageError
from ..model.declaration import Declaration
from ..model.membership import no_such_part
from ..model.selection import Choice
from ..services import Services
from .asking import Asking, load
from .forms import DEPENDENCIES, Place
from .roots import Installed

MAIN = "main"
"""The dependencies themselves, where a group may be named: a word of Poetry's users."""


def installed(
    target: Path,
    services: Services,
    *,
    with_: Sequence[str] = (),
    without: Sequence[str] = (),
    only: Sequence[str] = (),
    extras: Sequence[str] = (),
    all_extras: bool = False,
    root: bool = True,
) -> Installed:
    """The choice among what a folder declares: everything but extras where nothing is named.

    `with_` names what is wanted all the same where `without` names more. Errors: `no-such-group`, `no-such-extra`,
    `bad-usage`.
    """
    declaration = load(target, services, Asking()).declaration or Declaration()
    if only and (with_ or without):
        raise UsageError("bad-usage", "`--only` says it all", hint="leave out `--with` and `--without`, or `--only`")
    groups = set(declaration.groups)
    asked = {part: _names(names) for part, names in (("with", with_), ("without", without), ("only", only))}
    for names in asked.values():
        _must_be("group", names - {MAIN}, groups)
    chosen_extras = set(declaration.extras) if all_extras else _names(extras)
    _must_be("extra", chosen_extras, declaration.extras)
    if only:
        wanted, default = asked["only"] - {MAIN}, MAIN in asked["only"] or MAIN in groups
    else:
        wanted, default = (groups - asked["without"]) | asked["with"], MAIN not in asked["without"]
    return Installed(
        choice=Choice(
            extras=tuple(sorted(chosen_extras)),
            groups=None if wanted == groups else tuple(sorted(wanted)),
            default=default,
        ),
        root=root and default,
    )


def declared_in(target: Path, place: Place, services: Services, asking: Asking) -> tuple[str, ...]:
    """The names that a group or an extra declares, none where no part is named. Errors: `no-such-group`, `no-such-extra`."""
    if place == DEPENDENCIES:
        return ()
    declaration = load(target, services, asking).declaration or Declaration()
    kind, name = ("group", place.group) if place.group is not None else ("extra", place.extra)
    parts = declaration.groups if kind == "group" else declaration.extras
    part = str(canonicalize_name(name or ""))
    _must_be(kind, [part], parts)
    return tuple(str(canonicalize_name(item.name)) for item in parts[part])


def _names(words: Sequence[str]) -> set[str]:
    """Normalised names; several may stand in one word, with commas or spaces between them."""
    return {str(canonicalize_name(name)) for word in words for name in word.replace(",", " ").split()}


def _must_be(kind: str, names: Collection[str], known: Collection[str]) -> None:
    for name in sorted(names):
        if name not in known:
            raise no_such_part("extra" if kind == "extra" else "group", name, known, {})
