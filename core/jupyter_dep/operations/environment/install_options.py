"""What of a folder's lock `install` is to take: groups and extras by name, as they were asked for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from packaging.utils import canonicalize_name

from jupyter_dep.base.errors import UsageError
from jupyter_dep.model.declaration.declaration import Declaration
from jupyter_dep.model.lock.select import Selection, require_known
from jupyter_dep.operations.project.context import CommandContext, load_state
from jupyter_dep.operations.project.formats import DEPENDENCIES, DependencySection
from jupyter_dep.services import Services

from .local_sources import InstallSelection

MAIN = "main"
"""The dependencies themselves, where a group may be named: a word of Poetry's users."""


def resolve_install_selection(
    target: Path,
    services: Services,
    *,
    with_: Sequence[str] = (),
    without: Sequence[str] = (),
    only: Sequence[str] = (),
    extras: Sequence[str] = (),
    all_extras: bool = False,
    root: bool = True,
) -> InstallSelection:
    """The choice among what a folder declares: everything but extras where nothing is named.

    `with_` names what is wanted all the same where `without` names more. Errors: `no-such-group`, `no-such-extra`,
    `bad-usage`.
    """
    declaration = load_state(target, services, CommandContext()).declaration or Declaration()
    if only and (with_ or without):
        raise UsageError("bad-usage", "`--only` says it all", hint="leave out `--with` and `--without`, or `--only`")
    groups = set(declaration.groups)
    asked = {part: names_in(names) for part, names in (("with", with_), ("without", without), ("only", only))}
    for names in asked.values():
        require_known("group", sorted(names - {MAIN}), groups, {})
    chosen_extras = set(declaration.extras) if all_extras else names_in(extras)
    require_known("extra", sorted(chosen_extras), declaration.extras, {})
    if only:
        wanted, default = asked["only"] - {MAIN}, MAIN in asked["only"] or MAIN in groups
    else:
        wanted, default = (groups - asked["without"]) | asked["with"], MAIN not in asked["without"]
    return InstallSelection(
        choice=Selection(
            extras=tuple(sorted(chosen_extras)),
            groups=None if wanted == groups else tuple(sorted(wanted)),
            default=default,
        ),
        root=root and default,
    )


def declared_in(target: Path, place: DependencySection, services: Services, asking: CommandContext) -> tuple[str, ...]:
    """The names that a group or an extra declares, none where no part is named. Errors: `no-such-group`, `no-such-extra`."""
    if place == DEPENDENCIES:
        return ()
    declaration = load_state(target, services, asking).declaration or Declaration()
    kind: Literal["group", "extra"] = "group" if place.group is not None else "extra"
    name = place.group if place.group is not None else place.extra
    parts = declaration.groups if kind == "group" else declaration.extras
    part = str(canonicalize_name(name or ""))
    require_known(kind, [part], parts, {})
    return tuple(str(canonicalize_name(item.name)) for item in parts[part])


def names_in(words: Sequence[str]) -> set[str]:
    """Normalised names; several may stand in one word, with commas or spaces between them."""
    return {str(canonicalize_name(name)) for word in words for name in word.replace(",", " ").split()}
