"""The consent dialog's content: what a consent would install, and what is unusual about it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.steps import Hint, step
from jupyter_dep.messages.web import Artifact, ConsentPage, Unusual
from jupyter_dep.model.lock.audit import ConsentScope
from jupyter_dep.operations.consent import record
from jupyter_dep.operations.consent.evaluate import host_scope
from jupyter_dep.operations.consent.grant import build_question
from jupyter_dep.operations.environment.local_sources import select_state
from jupyter_dep.operations.environment.select import Selected
from jupyter_dep.operations.project.context import CommandContext, load_state
from jupyter_dep.operations.project.state import State
from jupyter_dep.services import Services
from jupyter_dep_server.state.paths import ServedNotebook


def page(place: ServedNotebook, services: Services, hosts: Iterable[ConsentScope] = ()) -> ConsentPage:
    """Show what a consent would cover; no network. `hosts` are those found not to serve the locked files.

    Errors: the notebook's, the lock's, `no-matching-python`, `not-installable-here`.
    """
    state, selected = _select(place.file, services)
    question = build_question(state, services, selected.artifacts if selected is not None else None, hosts)
    since = question.since
    return ConsentPage(
        path=place.path,
        fingerprint=question.fingerprint,
        given=question.given,
        python=question.python,
        artifacts=tuple(
            Artifact(name=item.name, version=item.version, size=item.size or 0, host=urlsplit(item.url).netloc, kind=item.kind)
            for item in sorted(question.artifacts or (), key=lambda item: item.name not in question.declared)
        ),
        size=question.size,
        unusual=tuple(
            Unusual(item=str(scope), kind=scope.kind, words=scope.words(), given=granted) for scope, granted in question.scopes
        ),
        before=since.when if since else None,
        added=since.added if since else (),
        removed=since.removed if since else (),
        changed=since.changed if since else (),
    )


def not_vouched(file: Path, services: Services) -> tuple[str, tuple[ConsentScope, ...]]:
    """Find a lock's fingerprint, and the hosts whose files the user's index does not serve under the locked name and hash.

    Each needs a consent of its own. Asks the index. Errors: the engine's, the lock's.
    """
    state, selected = _select(file, services)
    if state.summary is None or selected is None:
        return "", ()
    known = services.engine.verify_against_index(selected.artifacts, python=selected.interpreter.executable)
    named = {host_scope(item) for item in selected.artifacts if item.name not in known and item.kind in ("wheel", "sdist")}
    return state.summary.fingerprint, tuple(sorted(named))


def revoke(file: Path, services: Services) -> None:
    """Take back the consent to a notebook's lock as it is now. Errors: `unlocked`, `not-allowed`."""
    state, _ = _read(file, services)
    if state.summary is None:
        raise DepError(
            "unlocked",
            "the notebook is not locked, so there is nothing to take back",
            hint="lock it; what you lock yourself needs no consent",
            context=state.project.context,
        )
    if not record.revoke([state.summary.fingerprint], services):
        raise DepError(
            "not-allowed",
            "no such consent to revoke",
            hint=Hint("it may be allowed with its folder: ", step("trust list", target=None), " shows all"),
            context=state.project.context,
        )


def _select(file: Path, services: Services) -> tuple[State, Selected | None]:
    state, data = _read(file, services)
    if state.summary is None or data is None:
        return state, None
    return state, select_state(state, services)


def _read(file: Path, services: Services) -> tuple[State, bytes | None]:
    state = load_state(file, services, CommandContext())
    if state.lock_error is not None:
        raise state.lock_error
    return state, state.lock_data
