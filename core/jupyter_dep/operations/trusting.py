"""trust allow: a yes for one lock (or declaration), after showing what it covers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import DepError
from ..model.policy import Item, declared_items
from ..services import Services
from .asking import Asking, load
from .consenting import consent_missing, granting, unusual_artifacts, unusual_needs_consent
from .environments import select_for, vouched


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    fingerprint: str | None
    items: tuple[Item, ...]
    lines: tuple[str, ...]


def allow(notebook: Path, allowed: Sequence[str], services: Services, asking: Asking) -> Allowed:
    """Record the yes, if everything unusual about it was named in `allowed` or has its yes already.

    Errors: `consent-missing` and `host-not-vouched` list what has to be named; nothing is recorded then.
    """
    state = load(notebook, services, asking)
    if state.lock_error is not None:
        raise state.lock_error
    named = set(allowed)
    declared = declared_items(state.declaration) if state.declaration else ()
    selected = None
    unusual: list[Item] = list(declared)
    if state.summary is not None and state.lock_data is not None:
        selected = select_for(state.lock_data, state.summary, services, context=state.project.lock_context)
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
            "the notebook has no lock and declares nothing unusual",
            hint=f"`jupyter dep lock {notebook.name}` locks it; what you lock yourself needs no yes",
            context=state.project.context,
        )
    with granting(allowed, services) as granted:
        if selected is not None:
            vouched(selected, services, file=notebook.name, offline=asking.offline, cancel=asking.cancel)
    lines = []
    if state.summary is not None and selected is not None:
        services.consent.allow("fingerprint", [state.summary.fingerprint], by="command")
        size = selected.download_size / 1e6
        lines.append(
            f"{len(selected.artifacts)} packages ({size:.0f} MB) on Python {selected.interpreter.version}; "
            "your package index vouches for them"
        )
        lines.append(f"fingerprint {state.summary.fingerprint}")
    lines += [f"allowed: it {item.words()}" for item in granted]
    return Allowed(fingerprint=state.summary.fingerprint if state.summary else None, items=granted, lines=tuple(lines))
