"""Consent for running a folder's own build backend: one rule for `build`, `publish` and editable installs."""

from __future__ import annotations

import shlex
from pathlib import Path

from jupyter_dep.base.errors import ConsentError
from jupyter_dep.io.files import look
from jupyter_dep.model.lock.audit import ConsentScope
from jupyter_dep.services import Services

from .record import GrantOrigin, grant_scopes


def build_backend_scope(folder: Path) -> ConsentScope:
    """Name what is granted to run a folder's build backend; links are resolved, so that the grant stays with the folder."""
    return ConsentScope(kind="path", value=str(look.real_path(folder)))


def build_backend_granted(folder: Path, services: Services) -> bool:
    """Say whether the folder's build backend may run.

    That the lock is the user's own proves nothing: a stranger can put a copy of it beside another build backend.
    """
    return not services.consent.missing([build_backend_scope(folder)])


def grant_build_backend(folder: Path, services: Services, origin: GrantOrigin = GrantOrigin.OWN_LOCK) -> None:
    """Record the grant; by default the implicit one for a project that this user's command creates."""
    grant_scopes([build_backend_scope(folder)], services, origin)


def build_backend_consent_missing(folder: Path) -> ConsentError:
    """Build the refusal to run a folder's build backend, with what would allow it."""
    item = str(build_backend_scope(folder))
    return ConsentError(
        "consent-missing",
        "building a folder runs its build backend, and this folder may come from someone else",
        hint=f"look at its `[build-system]` and the files that it names, then add `--allow {shlex.quote(item)}`; "
        "it is asked once for a folder",
        context={"file": str(folder)},
    )
