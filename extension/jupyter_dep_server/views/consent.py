"""The question that somebody is asked before a stranger's lock may run: what it would install, and what is unusual."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

from jupyter_dep.base.errors import DepError
from jupyter_dep.messages.web import Artifact, ConsentPage, Unusual
from jupyter_dep.model.lock.audit import ConsentScope
from jupyter_dep.operations.consent.evaluate import trust_of, unusual_artifacts
from jupyter_dep.operations.environment.local_sources import select_state
from jupyter_dep.operations.environment.select import Selected, host_item
from jupyter_dep.operations.lock.resolve import declaration_items
from jupyter_dep.operations.project.context import CommandContext, load_state
from jupyter_dep.operations.project.state import State
from jupyter_dep.services import Services
from jupyter_dep_server.api.paths import Place


def page(place: Place, services: Services, hosts: Iterable[ConsentScope] = ()) -> ConsentPage:
    """What a yes would cover; no network. `hosts` are those that were found not to be vouched for.

    Errors: the notebook's, the lock's, `no-matching-python`, `not-installable-here`.
    """
    state, selected = _selected(place.file, services)
    artifacts = selected.artifacts if selected else ()
    unusual = set(unusual_artifacts(artifacts)) | set(
        declaration_items(state.declaration, state.project.folder) if state.declaration else ()
    )
    named = sorted({*unusual, *hosts})
    lacking = set(services.consent.lacking(named))
    trusted = state.summary is None or trust_of(state.summary, place.file, services, artifacts).basis != "none"
    before = services.history.consented(place.file)
    old, new = (before.versions if before else {}), (state.summary.versions if state.summary else {})
    return ConsentPage(
        path=place.path,
        fingerprint=state.summary.fingerprint if state.summary else "",
        given=trusted and not lacking,
        python=state.summary.python if state.summary else "",
        artifacts=tuple(
            Artifact(name=item.name, version=item.version, size=item.size or 0, host=urlsplit(item.url).netloc, kind=item.kind)
            for item in artifacts
        ),
        size=selected.download_size if selected else 0,
        unusual=tuple(Unusual(item=str(item), kind=item.kind, words=item.words(), given=item not in lacking) for item in named),
        before=before.when if before else None,
        added=tuple(sorted(new.keys() - old.keys())) if before else (),
        removed=tuple(sorted(old.keys() - new.keys())) if before else (),
        changed=tuple((name, old[name], new[name]) for name in sorted(old.keys() & new.keys()) if old[name] != new[name]),
    )


def not_vouched(file: Path, services: Services) -> tuple[str, tuple[ConsentScope, ...]]:
    """A lock's fingerprint, and the hosts whose files the user's index does not serve under the locked name and hash: each
    wants a yes of its own.

    Asks the index. Errors: the engine's, the lock's.
    """
    state, selected = _selected(file, services)
    if state.summary is None or selected is None:
        return "", ()
    known = services.engine.vouch(selected.artifacts, python=selected.interpreter.executable)
    named = {host_item(item) for item in selected.artifacts if item.name not in known and item.kind in ("wheel", "sdist")}
    return state.summary.fingerprint, tuple(sorted(named))


def revoke(file: Path, services: Services) -> None:
    """Take back the yes to a notebook's lock as it is now. Errors: `unlocked`, `not-allowed`."""
    state, _ = _read(file, services)
    if state.summary is None:
        raise DepError(
            "unlocked",
            "the notebook is not locked, so there is nothing to take back",
            hint="lock it; what you lock yourself needs no yes",
            context=state.project.context,
        )
    if not services.consent.revoke([state.summary.fingerprint]):
        raise DepError(
            "not-allowed",
            "that was not allowed",
            hint="it may be allowed with its folder: `jupyter dep trust list` in a terminal shows all",
            context=state.project.context,
        )


def _selected(file: Path, services: Services) -> tuple[State, Selected | None]:
    state, data = _read(file, services)
    if state.summary is None or data is None:
        return state, None
    return state, select_state(state, services)


def _read(file: Path, services: Services) -> tuple[State, bytes | None]:
    state = load_state(file, services, CommandContext())
    if state.lock_error is not None:
        raise state.lock_error
    return state, state.lock_data
