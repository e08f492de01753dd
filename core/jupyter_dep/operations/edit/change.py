"""Change a declaration: resolve, build, write."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.model.declaration.declaration import Declaration
from jupyter_dep.operations.consent.evaluate import declaration_scopes, trust_of
from jupyter_dep.operations.consent.record import GrantOrigin, grant_lock
from jupyter_dep.operations.environment.build import (
    BuildOutcome,
    BuildRequest,
    build,
    describe_build_failure,
    ensure_current,
    record_use,
)
from jupyter_dep.operations.environment.local_sources import project_artifact
from jupyter_dep.operations.environment.prefetch import SpeculativeInstall
from jupyter_dep.operations.lock.pins import sides
from jupyter_dep.operations.lock.python_choice import LockOptions
from jupyter_dep.operations.lock.resolve import Locked, lock_for_state
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


@frozen_dataclass
class ChangeOptions:
    """What a change may move: `upgrade` names packages (True: all), `python` requests another Python.

    `grows`: everything that is locked will most likely stay, so that it is worth installing ahead.
    """

    upgrade: bool | tuple[str, ...] = False
    python: str | None = None
    grows: bool = False


def change(
    state: State, block: str, services: Services, context: CommandContext, options: ChangeOptions | None = None
) -> ChangeResult:
    """Change a declaration to `block`: resolve, then build, then write notebook and lock.

    Nothing is written before the resolution is there; a file that changed meanwhile stops everything. Errors: those of the
    declaration, of locking, of building and of writing.
    """
    plan = ChangePlan(
        state=state,
        block=block,
        declaration=state.project.form.declaration(block, context=state.project.context),
        options=options or ChangeOptions(),
        services=services,
        context=context,
    )
    plan.check_lock()
    if plan.is_done:
        return ensure_current(state, services, context)
    if not context.dry_run:
        commit.check_writable(state, block, context)
    with plan.install_ahead() as head:
        locked = plan.resolve_lock()
        if context.dry_run:
            return plan.preview(locked)
        own = plan.becomes_own()
        request = BuildRequest(
            state=state, data=locked.data, summary=locked.summary, own=own, declaration=plan.declaration, head=head
        )
        outcome, edit = plan.build_and_commit(request)
    return plan.record(locked, request, outcome, edit)


@frozen_dataclass
class ChangePlan:
    """One change of a project's declaration, in steps: resolve, build, commit, record."""

    state: State
    block: str
    declaration: Declaration
    options: ChangeOptions
    services: Services
    context: CommandContext

    @property
    def is_done(self) -> bool:
        """Whether declaration and lock are what is wanted already."""
        state = self.state
        same = self.block == state.block and state.lock_answers and state.project.orphan is None
        return same and not self.options.upgrade and self.options.python is None

    @property
    def preferred_python(self) -> str | None:
        """The minor to lock with where nothing else decides: the kernel's, else the one given to `init`."""
        return kernel_minor(self.services, self.context) or self.services.history.python(self.state.project.file)

    def check_lock(self) -> None:
        """Refuse to touch a lock that is another tool's or a later version's, or that lies behind a symlink.

        Errors: `foreign-lock`, `lock-too-new`, `linked-lock`, `lock-name-taken`, `name-not-text`.
        """
        error = self.state.lock_error
        if error is not None and error.code == "foreign-lock" and not self.context.overwrite:
            raise foreign_lock(self.state.project)
        if error is not None and error.code == "lock-too-new":
            raise error
        commit.refuse_link(self.state)
        check_lock_name(self.state.project)

    def install_ahead(self) -> AbstractContextManager[SpeculativeInstall | None]:
        """Install what will most likely stay while the engine resolves."""
        if not self.options.grows:
            return nullcontext()
        return SpeculativeInstall(self.state, self.services, self.context, minor=self.preferred_python)

    def resolve_lock(self) -> Locked:
        """Resolve the new lock, without writing it."""
        options = LockOptions(upgrade=self.options.upgrade, python=self.options.python, prefer=self.preferred_python)
        return lock_for_state(self.state, self.declaration, self.services, self.context, options)

    def preview(self, locked: Locked) -> ChangeResult:
        """Describe what the change would do."""
        return ChangeResult(
            state=self.state,
            summary=locked.summary,
            changes=locked.changes,
            notes=locked.notes,
            dry_run=True,
            redeclared=self.block != self.state.block,
            relocked=locked.data != self.state.lock_data,
        )

    def becomes_own(self) -> bool:
        """Whether writing the lock consents to it: not if it only changes another person's lock or declares their sources."""
        state, services = self.state, self.services
        if services.consent.missing(declaration_scopes(self.declaration, state.project.folder)):
            return False
        if state.lock_data is None:
            return True
        if state.summary is None:  # unreadable, or a merge: every side of it must have been the user's
            return all(_was_own(side, state, services) for side in sides(state.lock_data))
        return trust_of(state.summary, state.project.file, services).basis in ("own", "allowed")

    def build_and_commit(self, request: BuildRequest) -> tuple[BuildOutcome, DeclarationEdit | None]:
        """Build, then write; a project that is itself installed is built from its file as it will be."""
        if project_artifact(self.state) is None:
            outcome = build(request, self.services, self.context)
            return outcome, self._commit(request)
        edit = self._commit(request)
        try:
            now = read_state(self.state.project.file, self.services)
            return build(replace(request, state=now), self.services, self.context), edit
        except BaseException:
            commit.rollback(self.state, self.block, request.data)
            raise

    def _commit(self, request: BuildRequest) -> DeclarationEdit | None:
        if request.own:  # first, so that a kill between the two never leaves the user's own lock as a stranger's
            grant_lock(request.summary.fingerprint, self.services, GrantOrigin.OWN_LOCK)
        return commit.write(self.state, self.block, request.data, self.services, self.context)

    def record(
        self, locked: Locked, request: BuildRequest, outcome: BuildOutcome, edit: DeclarationEdit | None
    ) -> ChangeResult:
        """Remember what was written; where that fails, the change is done all the same and a note says so."""
        state, services, file = self.state, self.services, self.state.project.file
        if request.own:
            services.names.add_locked(name for name in locked.summary.versions if name not in locked.summary.kernel)
        notes = list(locked.notes)
        with downgrade_to_note(notes, "this cannot be undone later", file):
            commit.record_step(state, self.block, locked.data, services, self.context)
        outcome = self._record_use(request, outcome, notes)
        after = state
        with downgrade_to_note(notes, "what was written could not be read again", file):
            after = read_state(file, services, live_block=self.block if state.live else None)
        return ChangeResult(
            state=after,
            summary=locked.summary,
            changes=locked.changes,
            notes=tuple(notes),
            edit=edit,
            sealed=outcome.sealed,
            artifacts=outcome.artifacts,
            unbuilt=outcome.unbuilt,
            redeclared=self.block != state.block,
            declares=_newly_declared(state, self.declaration),
            relocked=locked.data != state.lock_data,
            built=outcome.built,
            first=state.lock_data is None,
        )

    def _record_use(self, request: BuildRequest, outcome: BuildOutcome, notes: list[str]) -> BuildOutcome:
        """Record that the project uses the environment; one that was collected meanwhile is built again."""
        file, there = self.state.project.file, True
        if outcome.sealed is None:
            return outcome
        with downgrade_to_note(notes, "the next `env gc` may remove its environment", file):
            there = record_use(self.state, outcome.sealed, self.services)
        if there:
            return outcome
        try:
            again = replace(request, state=read_state(file, self.services), head=None)
            return replace(outcome, sealed=build(again, self.services, self.context).sealed)
        except DepError as error:  # notebook and lock are written, which was asked for
            return replace(outcome, sealed=None, unbuilt=describe_build_failure(error))


def _was_own(data: bytes, state: State, services: Services) -> bool:
    try:
        summary = services.lock_cache.digest(data, context=state.project.lock_context)
    except DepError:
        return False
    return trust_of(summary, state.project.file, services).basis in ("own", "allowed")


def _newly_declared(before: State, now: Declaration) -> frozenset[str]:
    """The normalised names with a requirement that was not declared in the same place before."""
    known = set(before.declaration.placed) if before.declaration is not None else set()
    return frozenset(name for name, *rest in now.placed if (name, *rest) not in known)
