"""Whether a folder's own build program may run for this user: one rule for `build`, `publish` and editable installs."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from jupyter_dep.base.errors import ConsentError
from jupyter_dep.model.lock.audit import ConsentScope
from jupyter_dep.services import Services


def build_backend_item(folder: Path) -> ConsentScope:
    """What a yes to a folder's own build program is given to; links are resolved, so that a yes stays with the folder."""
    return ConsentScope(kind="path", value=os.path.realpath(folder))


def build_backend_granted(folder: Path, services: Services) -> bool:
    """Whether the folder's build program may run.

    That the folder's lock is the user's own says nothing: a stranger can put a copy of it beside a program of his.
    """
    return not services.consent.lacking([build_backend_item(folder)])


def grant_build_backend(folder: Path, services: Services) -> None:
    """Record the yes that goes with making a project: who runs `new` wrote its build program."""
    services.consent.allow("item", [str(build_backend_item(folder))], by="own")


def build_backend_consent_missing(folder: Path) -> ConsentError:
    """The refusal to run a folder's build program, with what would allow it."""
    item = str(build_backend_item(folder))
    return ConsentError(
        "consent-missing",
        "building a folder runs its build program, and this folder may have come from somebody else",
        hint=f"look at its `[build-system]` and the files that it names, then add `--allow {shlex.quote(item)}`; "
        "it is asked once for a folder",
        context={"file": str(folder)},
    )
