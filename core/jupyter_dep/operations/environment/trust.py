"""`trust allow`: consent to one lock or declaration, after its files were checked against the user's index."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from jupyter_dep.base.errors import ConsentError, DepError, IndexUnreachableError
from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.base.steps import Hint, step
from jupyter_dep.model.lock.audit import ConsentScope
from jupyter_dep.operations.consent.evaluate import consent_missing, require_scopes
from jupyter_dep.operations.consent.grant import ConsentQuestion, build_question, granting
from jupyter_dep.operations.consent.record import GrantOrigin, grant_lock
from jupyter_dep.operations.project.context import CommandContext, load_state
from jupyter_dep.operations.project.state import LockedState, State
from jupyter_dep.services import Services

from .local_sources import select_state
from .select import Selected, check_against_index


@frozen_dataclass
class Allowed:
    """What was allowed: the lock's fingerprint (None: only scopes), the scopes, and sentences for the user."""

    fingerprint: str | None
    items: tuple[ConsentScope, ...]
    lines: tuple[str, ...]


def allow(
    notebook: Path, allowed: Sequence[str], services: Services, context: CommandContext, *, shown: str | None = None
) -> Allowed:
    """Record consent, if everything unusual is named in `allowed` or granted already.

    `shown` is the fingerprint of the lock that the person looked at, "" where there was none.
    Errors: `consent-missing` and `host-not-vouched` list what has to be named, `changed-since-shown` that the lock is
    another one now, `not-vouched` that the index does not answer; nothing is recorded then.
    """
    state = load_state(notebook, services, context)
    if state.lock_error is not None:
        raise state.lock_error
    if shown is not None and shown != (state.summary.fingerprint if state.summary else ""):
        raise ConsentError(
            "changed-since-shown",
            "the lock has changed since it was shown; nothing was allowed",
            hint="review it again",
            context=state.project.context,
        )
    selected = select_state(state, services) if isinstance(state, LockedState) else None
    question = build_question(state, services, selected.artifacts if selected is not None else None)
    _require_named(state, question, allowed, services)
    with granting(allowed, services) as granted:
        if selected is not None:
            _check_index(selected, services, context, file=notebook.name)
    lines = []
    if state.summary is not None and selected is not None:
        grant_lock(question.fingerprint, services, GrantOrigin.COMMAND)
        services.history.set_consented(notebook, question.fingerprint, state.summary.versions)
        lines.append(
            f"{question.count} packages ({question.size / 1e6:.0f} MB) on Python {selected.interpreter.version}; "
            "your package index serves each with the locked hash"
        )
        lines.append(f"fingerprint {question.fingerprint}")
    lines += [f"allowed: it {item.words()}" for item in granted]
    return Allowed(fingerprint=question.fingerprint or None, items=granted, lines=tuple(lines))


def _require_named(state: State, question: ConsentQuestion, allowed: Sequence[str], services: Services) -> None:
    file = state.project.file.name
    unnamed = [scope for scope in question.missing if str(scope) not in allowed]
    if unnamed and state.summary is not None:
        raise consent_missing(state.summary, unnamed, file)
    require_scopes(unnamed, services, file)
    if state.summary is None and not question.scopes:
        raise DepError(
            "nothing-to-allow",
            f"the {state.project.form.noun} has no lock and declares nothing unusual",
            hint=Hint(step("lock"), " locks it; what you lock yourself needs no consent"),
            context=state.project.context,
        )


def _check_index(selected: Selected, services: Services, context: CommandContext, *, file: str) -> None:
    try:
        check_against_index(selected, services, file=file, offline=context.offline, cancel=context.cancel)
    except IndexUnreachableError as error:
        raise ConsentError(
            "not-vouched",
            f"nothing was allowed, because your package index could not be asked: {error}",
            hint="try again when it answers",
            context={"file": file},
        ) from error
