"""trust allow: a yes for one lock (or declaration), after showing what it covers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from jupyter_dep.base.errors import ConsentError, DepError, IndexUnreachableError
from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.model.lock.audit import ConsentScope
from jupyter_dep.operations.environment.local_sources import select_state
from jupyter_dep.operations.environment.select import checked_against_index
from jupyter_dep.operations.lock.resolve import declaration_items
from jupyter_dep.operations.project.context import CommandContext, load_state
from jupyter_dep.services import Services

from .evaluate import consent_missing, granting, unusual_artifacts, unusual_needs_consent


@frozen_dataclass
class Allowed:
    fingerprint: str | None
    items: tuple[ConsentScope, ...]
    lines: tuple[str, ...]


def allow(
    notebook: Path, allowed: Sequence[str], services: Services, asking: CommandContext, *, shown: str | None = None
) -> Allowed:
    """Record the yes, if everything unusual about it was named in `allowed` or has its yes already.

    `shown` is the fingerprint of the lock that the person looked at, "" where there was none.
    Errors: `consent-missing` and `host-not-vouched` list what has to be named, `changed-since-shown` that the lock is
    another one now, `not-vouched` that the index does not answer; nothing is recorded then.
    """
    state = load_state(notebook, services, asking)
    if state.lock_error is not None:
        raise state.lock_error
    if shown is not None and shown != (state.summary.fingerprint if state.summary else ""):
        raise ConsentError(
            "changed-since-shown",
            "the lock has changed since it was shown, so nothing was allowed",
            hint="look at it again, and decide anew",
            context=state.project.context,
        )
    named = set(allowed)
    declared = declaration_items(state.declaration, state.project.folder) if state.declaration else ()
    selected = None
    unusual: list[ConsentScope] = list(declared)
    if state.summary is not None and state.lock_data is not None:
        selected = select_state(state, services)
        assert selected is not None
        unusual += unusual_artifacts(selected.artifacts)
    open_items = [item for item in services.consent.lacking(dict.fromkeys(unusual)) if str(item) not in named]
    if open_items and state.summary is not None:
        raise consent_missing(state.summary, open_items, notebook.name)
    if open_items:
        unusual_needs_consent(open_items, services, notebook.name)
    if state.summary is None and not declared:
        raise DepError(
            "nothing-to-allow",
            f"the {state.project.form.noun} has no lock and declares nothing unusual",
            hint=f"`jupyter dep lock {notebook.name}` locks it; what you lock yourself needs no yes",
            context=state.project.context,
        )
    with granting(allowed, services) as granted:
        if selected is not None:
            try:
                checked_against_index(selected, services, file=notebook.name, offline=asking.offline, cancel=asking.cancel)
            except IndexUnreachableError as error:
                raise ConsentError(
                    "not-vouched",
                    f"nothing was allowed, because your package index could not be asked: {error}",
                    hint="try again when it answers",
                    context=state.project.context,
                ) from error
    lines = []
    if state.summary is not None and selected is not None:
        services.consent.allow("fingerprint", [state.summary.fingerprint], by="command")
        services.history.set_consented(notebook, state.summary.fingerprint, state.summary.versions)
        size = selected.download_size / 1e6
        lines.append(
            f"{len(selected.artifacts)} packages ({size:.0f} MB) on Python {selected.interpreter.version}; "
            "your package index vouches for them"
        )
        lines.append(f"fingerprint {state.summary.fingerprint}")
    lines += [f"allowed: it {item.words()}" for item in granted]
    return Allowed(fingerprint=state.summary.fingerprint if state.summary else None, items=granted, lines=tuple(lines))
