"""`sync` and `install`: build what is locked, with the groups and extras that were chosen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

from packaging.utils import canonicalize_name

from jupyter_dep.base.errors import UsageError
from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.io.store.store import Sealed
from jupyter_dep.model.declaration.declaration import Declaration
from jupyter_dep.model.lock.select import Selection, require_known
from jupyter_dep.operations.consent.build_backend import (
    build_backend_consent_missing,
    build_backend_granted,
    grant_build_backend,
)
from jupyter_dep.operations.consent.evaluate import consent_missing, trust_of
from jupyter_dep.operations.consent.record import GrantOrigin, grant_lock
from jupyter_dep.operations.project.context import ChangeResult, CommandContext, load_state, require_current_lock, require_lock
from jupyter_dep.operations.project.formats import DEPENDENCIES, DependencySection
from jupyter_dep.operations.project.state import LockedState, State
from jupyter_dep.services import Services

from .build import ensure_sealed, record_use
from .local_sources import InstallSelection, install_selection, project_artifact, select_state
from .select import Selected


def ensure_installed(
    target: Path, services: Services, context: CommandContext, *, confirm: Callable[[str], bool] | None = None
) -> Sealed:
    """Return the environment that commands run in, as it was last installed, built if needed. Errors: as for `install`."""
    state = require_current_lock(target, services)
    if state.project.folder is not None and install_selection(state, services).root:
        require_build_backend(state, services, confirm)
    return _install(require_lock(target, services, context), services, context, None)[0]


def require_build_backend(state: State, services: Services, confirm: Callable[[str], bool] | None) -> None:
    """Require consent to build the project itself: its build backend is code of the folder's author."""
    folder = state.project.folder
    if folder is None or project_artifact(state) is None:
        return
    if build_backend_granted(folder, services):
        return
    if confirm is not None and confirm(f"Install the project itself? That runs the build program that {folder} names."):
        grant_build_backend(folder, services, GrantOrigin.PROMPT)
        return
    raise build_backend_consent_missing(folder)


def sync(
    notebook: Path, services: Services, context: CommandContext, *, chosen: InstallSelection | None = None
) -> ChangeResult:
    """Build what is locked. Naming the project is consent to files that the user's index serves with the locked hash.

    `chosen` is what of a folder's lock is wanted, in place of what was remembered. Errors: `unlocked`, `consent-missing`,
    those of selecting and of building.
    """
    state = require_lock(notebook, services, context)
    sealed, selected, built = _install(state, services, context, chosen)
    notes = () if state.lock_answers else ("the lock is stale: this is what is locked, not what is declared",)
    return ChangeResult(
        state=state, summary=state.summary, sealed=sealed, artifacts=selected.artifacts, notes=notes, built=built
    )


def _install(
    state: LockedState, services: Services, context: CommandContext, chosen: InstallSelection | None
) -> tuple[Sealed, Selected, bool]:
    """Install a lock: its environment, its selection, and whether it was built now."""
    file = state.project.file
    selected = select_state(state, services, chosen=chosen)
    trust = trust_of(state.summary, file, services, selected.artifacts)
    if trust.missing:
        raise consent_missing(state.summary, trust.missing, file.name, known=trust.basis != "none")
    if trust.basis == "none" and context.from_cell:  # a Run All must not consent for its author
        raise consent_missing(state.summary, (), file.name)
    sealed, built = ensure_sealed(state, selected, trust, services, context)
    if trust.basis == "none":
        grant_lock(state.summary.fingerprint, services, GrantOrigin.NAMED_IN_COMMAND)
    if not record_use(state, sealed, services):
        sealed, _ = ensure_sealed(state, selected, trust, services, context)
    return sealed, selected, built


MAIN = "main"
"""The dependencies themselves, where a group may be named: a word of Poetry's users."""


@frozen_dataclass
class InstallOptions:
    """What `install` was asked for: groups and extras by name; `root`: the project itself, too.

    `with_` names what is wanted all the same where `without` names more; `only` stands alone.
    """

    with_: Sequence[str] = ()
    without: Sequence[str] = ()
    only: Sequence[str] = ()
    extras: Sequence[str] = ()
    all_extras: bool = False
    root: bool = True


def resolve_install_selection(target: Path, services: Services, options: InstallOptions) -> InstallSelection:
    """Resolve options among what a folder declares: everything but extras where nothing is named.

    Errors: `no-such-group`, `no-such-extra`, `bad-usage`.
    """
    declaration = load_state(target, services, CommandContext()).declaration or Declaration()
    if options.only and (options.with_ or options.without):
        raise UsageError(
            "bad-usage",
            "`--only` cannot be combined with `--with` or `--without`",
            hint="leave out `--with` and `--without`, or `--only`",
        )
    groups = set(declaration.groups)
    with_, without, only = names_in(options.with_), names_in(options.without), names_in(options.only)
    for names in (with_, without, only):
        require_known("group", sorted(names - {MAIN}), groups, {})
    extras = set(declaration.extras) if options.all_extras else names_in(options.extras)
    require_known("extra", sorted(extras), declaration.extras, {})
    if options.only:
        wanted, default = only - {MAIN}, MAIN in only or MAIN in groups
    else:
        wanted, default = (groups - without) | with_, MAIN not in without
    choice = Selection(
        extras=tuple(sorted(extras)), groups=None if wanted == groups else tuple(sorted(wanted)), default=default
    )
    return InstallSelection(choice=choice, root=options.root and default)


def declared_in(target: Path, place: DependencySection, services: Services, context: CommandContext) -> tuple[str, ...]:
    """List the names that a group or an extra declares, none without a part. Errors: `no-such-group`, `no-such-extra`."""
    if place == DEPENDENCIES:
        return ()
    declaration = load_state(target, services, context).declaration or Declaration()
    kind: Literal["group", "extra"] = "group" if place.group is not None else "extra"
    name = place.group if place.group is not None else place.extra
    parts = declaration.groups if kind == "group" else declaration.extras
    part = str(canonicalize_name(name or ""))
    require_known(kind, [part], parts, {})
    return tuple(str(canonicalize_name(item.name)) for item in parts[part])


def names_in(words: Sequence[str]) -> set[str]:
    """Normalize names; one word may hold several, separated by commas or spaces."""
    return {str(canonicalize_name(name)) for word in words for name in word.replace(",", " ").split()}
