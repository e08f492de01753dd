"""Build the environment of a lock, and record that a project uses it."""

from __future__ import annotations

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.base.steps import Hint, Text, step
from jupyter_dep.io.store.store import Sealed
from jupyter_dep.model.declaration.declaration import Declaration
from jupyter_dep.model.lock.digest import LockDigest
from jupyter_dep.model.lock.select import Artifact
from jupyter_dep.operations.consent.evaluate import Trust, consent_missing, covered, declaration_scopes, trust_of
from jupyter_dep.operations.consent.record import GrantOrigin, grant_scopes
from jupyter_dep.operations.project.context import ChangeResult, CommandContext, DeclarationEdit
from jupyter_dep.operations.project.state import LockedState, State
from jupyter_dep.services import Services

from .local_sources import select_lock
from .prefetch import SpeculativeInstall
from .select import EnvironmentRequest, Selected, bytecode_source, ensure_environment


@frozen_dataclass
class BuildRequest:
    """A lock whose environment is wanted, which may be another than the one that `state` was read with.

    `own`: writing the lock makes it the user's own, and what `declaration` names with it. `head` is what was installed ahead.
    """

    state: State
    data: bytes
    summary: LockDigest
    own: bool = False
    declaration: Declaration | None = None
    head: SpeculativeInstall | None = None

    @classmethod
    def of(cls, state: LockedState) -> BuildRequest:
        """Request the environment of what is locked already."""
        return cls(state=state, data=state.lock_data, summary=state.summary)


@frozen_dataclass
class BuildOutcome:
    """The environment of a lock, None where none was wanted or `unbuilt` says why there is none.

    `artifacts` are those of the environment, empty where none was wanted; `built`: it was made now.
    """

    sealed: Sealed | None = None
    artifacts: tuple[Artifact, ...] = ()
    unbuilt: Text = ""
    built: bool = False


def ensure_current(
    state: State, services: Services, context: CommandContext, *, edit: DeclarationEdit | None = None
) -> ChangeResult:
    """Build (or find) the environment of what is locked already."""
    if not isinstance(state, LockedState):
        return ChangeResult(state=state, summary=None, edit=edit)
    request = BuildRequest.of(state)
    outcome = build(request, services, context)
    sealed = outcome.sealed
    if sealed is not None and not record_use(state, sealed, services):
        sealed = build(request, services, context).sealed
    return ChangeResult(
        state=state,
        summary=state.summary,
        edit=edit,
        sealed=sealed,
        artifacts=outcome.artifacts,
        unbuilt=outcome.unbuilt,
        built=outcome.built,
    )


def build(request: BuildRequest, services: Services, context: CommandContext) -> BuildOutcome:
    """Build the environment of a lock before anything is written: what cannot be built changes nothing.

    Errors: `consent-missing`, those of selecting and of building.
    """
    if not context.sync:
        return BuildOutcome()
    state, file = request.state, request.state.project.file
    selected = select_lock(state, request.data, request.summary, services)
    trust = trust_of(request.summary, file, services, selected.artifacts)
    if request.own:
        trust = _grant_declared(request, trust, services)
    if trust.basis == "none" or trust.missing:
        allow = step("trust allow", target=file)
        unbuilt = Hint("the lock came from someone else, so it is not built until you allow it: ", allow)
        return BuildOutcome(artifacts=selected.artifacts, unbuilt=unbuilt)
    sealed, built = ensure_sealed(state, selected, trust, services, context, request.head)
    return BuildOutcome(sealed=sealed, artifacts=selected.artifacts, built=built)


def _grant_declared(request: BuildRequest, trust: Trust, services: Services) -> Trust:
    """Grant what the user's own declaration names. Errors: `consent-missing` for what is wanted beyond that."""
    project = request.state.project
    named = set(covered(declaration_scopes(request.declaration, project.folder), trust.missing))
    grant_scopes(named, services, GrantOrigin.DECLARED)
    missing = tuple(item for item in trust.missing if item not in named)
    if missing:
        raise consent_missing(request.summary, missing, project.file.name, known=True)
    return Trust(basis="own")


def record_use(state: State, sealed: Sealed, services: Services) -> bool:
    """Record that a project uses an environment; False if garbage collection removed it before that.

    Both hold the environment's lock, the collection while it reads the records again and removes, this while it writes them, so
    that one sees the other. An environment that is built again after that is safe.
    """
    lease = services.store.acquire(sealed)
    try:
        services.history.record_use(state.project.file, sealed.key)
        there = services.store.sealed(sealed.key) is not None
    finally:
        if lease is not None:
            lease.release()
    return there


def describe_build_failure(error: DepError) -> Hint:
    """Say why the environment is missing although everything else was done."""
    return Hint(f"its environment is not built: {error.message.splitlines()[0]} (", step("sync"), " tries again)")


def ensure_sealed(
    state: State,
    selected: Selected,
    trust: Trust,
    services: Services,
    context: CommandContext,
    head: SpeculativeInstall | None = None,
) -> tuple[Sealed, bool]:
    """Return the sealed environment of a selection, and whether it had to be built."""
    found = services.store.sealed(selected.key)
    if found is not None:
        return found, False
    file = state.project.file
    request = EnvironmentRequest(
        selected=selected,
        trust=trust,
        file=file.name,
        bytecode_from=bytecode_source(file, context.environment, selected, services),
        begun=lambda: head.claim(selected) if head is not None else None,
    )
    return ensure_environment(request, services, context), True
