"""add, remove, update, lock, python: from a wanted declaration to notebook, lock and environment, all or nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from jupyter_dep.base.errors import DepError, StaleError
from jupyter_dep.io.store.store import Sealed
from jupyter_dep.messages import Edit
from jupyter_dep.model.declaration import script_block
from jupyter_dep.model.declaration.declaration import Declaration
from jupyter_dep.operations.consent.evaluate import declaration_scopes, trust_of
from jupyter_dep.operations.consent.grant import granting
from jupyter_dep.operations.consent.record import GrantOrigin, grant_lock
from jupyter_dep.operations.environment.build import build, describe_build_failure, ensure_current, record_use
from jupyter_dep.operations.environment.local_sources import project_artifact
from jupyter_dep.operations.environment.prefetch import SpeculativeInstall
from jupyter_dep.operations.environment.select import Selected
from jupyter_dep.operations.lock.pins import sides
from jupyter_dep.operations.lock.python_choice import LockOptions
from jupyter_dep.operations.lock.resolve import lock_for_state
from jupyter_dep.operations.project import commit
from jupyter_dep.operations.project.context import ChangeResult, CommandContext, downgrade_to_note, kernel_minor, load_state
from jupyter_dep.operations.project.formats import DEPENDENCIES, DependencySection
from jupyter_dep.operations.project.rename_tracking import check_lock_name
from jupyter_dep.operations.project.state import State, foreign_lock, read_state
from jupyter_dep.services import Services

from .requirement_args import RequestedRequirement, declared_with, parse_requirement_args


def new_block(services: Services, asking: CommandContext, requirements: Sequence[str] = (), python: str | None = None) -> str:
    """A fresh block for the newest stable Python, or the asking kernel's, or the one asked for."""
    minor = kernel_minor(services, asking)
    found = services.interpreters.find(python or minor or ">=3.9")
    return script_block.new(list(requirements), f">={found.minor}")


def add(
    target: Path,
    requirements: Sequence[str],
    services: Services,
    asking: CommandContext,
    *,
    place: DependencySection = DEPENDENCIES,
    editable: bool = False,
    index: str | None = None,
    cwd: Path | None = None,
) -> ChangeResult:
    """Declare requirements, lock and build. What the user types by hand is consented to by typing it.

    `editable`: they are folders that are used where they lie. `index` is `NAME=URL`, the one index that they are taken from.
    A path counts from `cwd`. Errors: `bad-source` and its kin, those of the form, of locking and of building.
    """
    state = load_state(target, services, asking)
    asked = parse_requirement_args(requirements, state.project, editable=editable, index=index, cwd=cwd or Path.cwd())
    if state.block is None:
        block = new_block(services, asking, [])
        block = declared_with(block, asked, state.project, place) if asked else block
    else:
        block = declared_with(state.block, asked, state.project, place)
    with granting(_typed(state, block, asked) if not asking.dry_run else [], services):
        return change(state, block, services, asking, grows=True)


def _typed(state: State, block: str, asked: Sequence[RequestedRequirement]) -> list[str]:
    """What the new requirements ask for beyond names: who types it means it."""
    project = state.project
    before = declaration_scopes(state.declaration, project.folder)
    after = declaration_scopes(project.form.declaration(block, context=project.context), project.folder)
    own = {
        str(item)
        for item in declaration_scopes(Declaration(dependencies=tuple(one.requirement for one in asked)), project.folder)
    }
    return sorted(own | ({str(item) for item in after} - {str(item) for item in before}))


def remove(
    target: Path, names: Sequence[str], services: Services, asking: CommandContext, *, place: DependencySection = DEPENDENCIES
) -> ChangeResult:
    state = load_state(target, services, asking)
    if state.block is None:
        raise DepError(
            "nothing-declared",
            f"the {state.project.form.noun} declares nothing",
            hint="`jupyter dep add NOTEBOOK NAME` declares a package",
            context=state.project.context,
        )
    return change(state, state.project.form.remove(state.block, list(names), place), services, asking)


def relock(
    target: Path,
    services: Services,
    asking: CommandContext,
    *,
    upgrade: bool | tuple[str, ...] = False,
    python: str | None = None,
    edit: Callable[[str], str] | None = None,
) -> ChangeResult:
    """Lock what is declared, keeping pins except `upgrade`'s; `edit` changes the block first. `update`, `lock`, `python`."""
    state = load_state(target, services, asking)
    if state.block is None:
        raise DepError(
            "nothing-declared",
            f"the {state.project.form.noun} declares nothing that could be locked",
            hint=f"`jupyter dep init {target.name}` or `jupyter dep add {target.name} NAME`",
            context=state.project.context,
        )
    if upgrade and not isinstance(upgrade, bool):
        must_be_locked(state, upgrade)
    block = edit(state.block) if edit else state.block
    return change(state, block, services, asking, upgrade=upgrade, python=python)


def must_be_locked(state: State, names: Sequence[str]) -> None:
    from difflib import get_close_matches

    from packaging.utils import canonicalize_name

    locked = state.summary.versions if state.summary else {}
    for name in names:
        if canonicalize_name(name) not in locked:
            near = get_close_matches(canonicalize_name(name), locked, 3)
            raise DepError(
                "not-locked",
                f"`{name}` is not in the lock",
                hint=f"did you mean {' or '.join(f'`{other}`' for other in near)}?" if near else "`show` lists what is",
                context=state.project.context,
            )


def check(target: Path, services: Services) -> State:
    """`lock --check`: raises `stale` unless the lock answers the declaration; changes nothing and asks nobody."""
    state = load_state(target, services, CommandContext())
    if state.lock_error is not None:
        raise state.lock_error
    if state.declaration is not None and not state.lock_answers:
        wanted, gone = state.lacking()
        words = [f"declared but not locked: {', '.join(wanted)}"] if wanted else []
        words += [f"locked but not declared: {', '.join(gone)}"] if gone else []
        raise StaleError(
            "stale" if state.summary else "unlocked",
            "the lock does not answer the declaration" + (f" ({'; '.join(words)})" if words else "")
            if state.summary
            else f"the {state.project.form.noun} is not locked",
            hint=f"run `jupyter dep lock {target.name}`",
            context=state.project.context,
        )
    return state


def change(
    state: State,
    block: str,
    services: Services,
    asking: CommandContext,
    *,
    upgrade: bool | tuple[str, ...] = False,
    python: str | None = None,
    grows: bool = False,
) -> ChangeResult:
    """The one way in which a declaration changes: resolve, then build, then write notebook and lock.

    `grows`: everything that is locked will most likely stay, so that it is worth a head start. Nothing is written before the
    resolution is there; a file that changed meanwhile stops everything.
    """
    declaration = state.project.form.declaration(block, context=state.project.context)
    if state.lock_error is not None and state.lock_error.code == "foreign-lock" and not asking.overwrite:
        raise foreign_lock(state.project)
    if state.lock_error is not None and state.lock_error.code == "lock-too-new":
        raise state.lock_error
    commit.refuse_link(state)
    check_lock_name(state.project)
    unchanged = block == state.block and state.lock_answers and state.project.orphan is None
    if unchanged and not upgrade and python is None:
        return ensure_current(state, state.summary, services, asking)
    if not asking.dry_run:
        commit.check_writable(state, block, asking)
    options = LockOptions(
        upgrade=upgrade,
        python=python,
        prefer=kernel_minor(services, asking) or services.history.python(state.project.file),
        offline=asking.offline,
    )
    with ExitStack() as stack:
        head = stack.enter_context(SpeculativeInstall(state, services, asking, minor=options.prefer)) if grows else None
        locked = lock_for_state(state, declaration, services, options=options, reporter=asking.reporter, cancel=asking.cancel)
        if asking.dry_run:
            return ChangeResult(
                state=state,
                summary=locked.summary,
                changes=locked.changes,
                notes=locked.notes,
                dry_run=True,
                redeclared=block != state.block,
                relocked=locked.data != state.lock_data,
            )
        own = _becomes_own(state, declaration, services)
        before = state

        def made(state: State) -> tuple[Selected | None, Sealed | None, str, bool]:
            return build(state, locked.data, locked.summary, own, services, asking, declaration, head)

        def written() -> Edit | None:
            if own:  # first, so that a kill between the two never leaves the user's own lock as a stranger's
                grant_lock(locked.summary.fingerprint, services, GrantOrigin.OWN_LOCK)
            return commit.write(before, block, locked, services, asking)

        if project_artifact(state) is None:
            selected, sealed, unbuilt, built = made(state)
            edit = written()
        else:  # the project itself is built from the file as it will be
            edit = written()
            try:
                selected, sealed, unbuilt, built = made(read_state(state.project.file, services))
            except BaseException:
                commit.rollback(before, block, locked)
                raise
    if own:
        services.names.note_locked(name for name in locked.summary.versions if name not in locked.summary.kernel)
    notes = list(locked.notes)
    file = state.project.file
    with downgrade_to_note(notes, "this cannot be undone later", file):
        commit.record_step(state, block, locked.data, services, asking)
    if sealed is not None:
        there = True
        with downgrade_to_note(notes, "the next `env gc` may remove its environment", file):
            there = record_use(state, sealed, services)
        if not there:
            try:
                sealed = build(read_state(file, services), locked.data, locked.summary, own, services, asking)[1]
            except DepError as error:  # notebook and lock are written, which was asked for
                sealed, unbuilt = None, describe_build_failure(error)
    after = read_state(state.project.file, services, live_block=block if state.live else None)
    return ChangeResult(
        state=after,
        summary=locked.summary,
        changes=locked.changes,
        notes=tuple(notes),
        edit=edit,
        sealed=sealed,
        selected=selected,
        unbuilt=unbuilt,
        redeclared=block != state.block,
        relocked=locked.data != state.lock_data,
        built=built,
        first=state.lock_data is None,
    )


def _becomes_own(state: State, declaration: Declaration, services: Services) -> bool:
    """Whether writing a lock is a yes to it: not where a stranger's lock was only changed, nor for a stranger's sources."""
    if services.consent.lacking(declaration_scopes(declaration, state.project.folder)):
        return False
    if state.lock_data is None:
        return True
    if state.summary is None:  # unreadable, or a merge: every side of it must have been the user's
        return all(_was_ours(side, state, services) for side in sides(state.lock_data))
    return trust_of(state.summary, state.project.file, services).basis in ("own", "allowed")


def _was_ours(data: bytes, state: State, services: Services) -> bool:
    try:
        summary = services.lock_cache.digest(data, context=state.project.lock_context)
    except DepError:
        return False
    return trust_of(summary, state.project.file, services).basis in ("own", "allowed")
