"""The one way in which a declaration changes: resolve, build, write."""

from __future__ import annotations

from contextlib import ExitStack

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.steps import Text
from jupyter_dep.io.store.store import Sealed
from jupyter_dep.model.declaration.declaration import Declaration
from jupyter_dep.operations.consent.evaluate import declaration_scopes, trust_of
from jupyter_dep.operations.consent.record import GrantOrigin, grant_lock
from jupyter_dep.operations.environment.build import build, describe_build_failure, ensure_current, record_use
from jupyter_dep.operations.environment.local_sources import project_artifact
from jupyter_dep.operations.environment.prefetch import SpeculativeInstall
from jupyter_dep.operations.environment.select import Selected
from jupyter_dep.operations.lock.pins import sides
from jupyter_dep.operations.lock.python_choice import LockOptions
from jupyter_dep.operations.lock.resolve import lock_for_state
from jupyter_dep.operations.project import commit
from jupyter_dep.operations.project.context import (
    ChangeResult,
    CommandContext,
    DeclarationEdit,
    downgrade_to_note,
    kernel_minor,
)
from jupyter_dep.operations.project.rename_tracking import check_lock_name
from jupyter_dep.operations.project.state import State, foreign_lock, read_state
from jupyter_dep.services import Services


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

        def made(state: State) -> tuple[Selected | None, Sealed | None, Text, bool]:
            return build(state, locked.data, locked.summary, own, services, asking, declaration, head)

        def written() -> DeclarationEdit | None:
            if own:  # first, so that a kill between the two never leaves the user's own lock as a stranger's
                grant_lock(locked.summary.fingerprint, services, GrantOrigin.OWN_LOCK)
            return commit.write(before, block, locked.data, services, asking)

        if project_artifact(state) is None:
            selected, sealed, unbuilt, built = made(state)
            edit = written()
        else:  # the project itself is built from the file as it will be
            edit = written()
            try:
                selected, sealed, unbuilt, built = made(read_state(state.project.file, services))
            except BaseException:
                commit.rollback(before, block, locked.data)
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
        artifacts=selected.artifacts if selected else (),
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
