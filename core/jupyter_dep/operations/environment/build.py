"""From what is locked to a sealed environment that a verb can hand on."""

from __future__ import annotations

from collections.abc import Callable

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.steps import Hint, Text, step
from jupyter_dep.io.store.store import Sealed
from jupyter_dep.model.declaration.declaration import Declaration
from jupyter_dep.model.lock.digest import LockDigest
from jupyter_dep.operations.consent.evaluate import Trust, consent_missing, covered, declaration_scopes, trust_of
from jupyter_dep.operations.consent.record import GrantOrigin, grant_scopes
from jupyter_dep.operations.project.context import ChangeResult, CommandContext, DeclarationEdit
from jupyter_dep.operations.project.state import State
from jupyter_dep.services import Services

from .local_sources import select_state
from .prefetch import SpeculativeInstall
from .select import Selected, bytecode_source, ensure_environment


def ensure_current(
    state: State, summary: LockDigest | None, services: Services, asking: CommandContext, *, edit: DeclarationEdit | None = None
) -> ChangeResult:
    """Build (or find) the environment of what is locked already."""
    if summary is None or state.lock_data is None:
        return ChangeResult(state=state, summary=summary, edit=edit)
    selected, sealed, unbuilt, built = build(state, state.lock_data, summary, False, services, asking)
    if sealed is not None:
        data, locked = state.lock_data, summary
        sealed = keep(state, sealed, services, lambda: build(state, data, locked, False, services, asking)[1])
    return ChangeResult(
        state=state,
        summary=summary,
        edit=edit,
        sealed=sealed,
        artifacts=selected.artifacts if selected else (),
        unbuilt=unbuilt,
        built=built,
    )


def build(
    state: State,
    data: bytes,
    summary: LockDigest,
    own: bool,
    services: Services,
    asking: CommandContext,
    declaration: Declaration | None = None,
    head: SpeculativeInstall | None = None,
) -> tuple[Selected | None, Sealed | None, Text, bool]:
    """The environment of a lock, before anything is written: what cannot be built changes nothing."""
    if not asking.sync:
        return None, None, "", False
    notebook = state.project.file
    selected = select_state(state, services, data=data)
    assert selected is not None
    trust = trust_of(summary, notebook, services, selected.artifacts)
    if own:
        declared = declaration_scopes(declaration, state.project.folder)
        named = set(covered(declared, trust.missing))
        grant_scopes(named, services, GrantOrigin.DECLARED)
        trust = Trust(basis="own", missing=tuple(item for item in trust.missing if item not in named))
    if trust.basis == "none" or trust.missing:
        if own and trust.missing:
            raise consent_missing(summary, trust.missing, notebook.name, known=True)
        allow = step("trust allow", target=notebook)
        return selected, None, Hint("the lock came from someone else, so it is not built until you allow it: ", allow), False
    sealed, built = sealed_environment(state, selected, trust, services, asking, head)
    return selected, sealed, "", built


def keep(state: State, sealed: Sealed, services: Services, again: Callable[[], Sealed | None]) -> Sealed | None:
    """Note that a project uses an environment; one that was collected before anybody knew of that is made `again`."""
    return sealed if record_use(state, sealed, services) else again()


def record_use(state: State, sealed: Sealed, services: Services) -> bool:
    """Note that a project uses an environment; False if it was collected before anybody knew of that.

    The collection looks at the notes once more while it holds an environment that it is about to remove, and this holds it
    while it writes them: one of the two sees the other. From then on what is made again is safe.
    """
    lease = services.store.hold(sealed)
    try:
        services.history.used(state.project.file, sealed.key)
        there = services.store.sealed(sealed.key) is not None
    finally:
        if lease is not None:
            lease.release()
    return there


def describe_build_failure(error: DepError) -> Hint:
    """Why there is no environment, where all else that was asked for is done."""
    return Hint(f"its environment is not built: {error.message.splitlines()[0]} (", step("sync"), " tries again)")


def sealed_environment(
    state: State,
    selected: Selected,
    trust: Trust,
    services: Services,
    asking: CommandContext,
    head: SpeculativeInstall | None = None,
) -> tuple[Sealed, bool]:
    """The sealed environment of a selection, and whether it had to be built now."""
    found = services.store.sealed(selected.key)
    if found is not None:
        return found, False
    built = ensure_environment(
        selected,
        trust,
        services,
        file=state.project.file.name,
        bytecode_from=bytecode_source(state.project.file, asking.environment, selected, services),
        begun=lambda: head.take(selected) if head is not None else None,
        offline=asking.offline,
        reporter=asking.reporter,
        cancel=asking.cancel,
    )
    return built, True
