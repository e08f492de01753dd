"""A job's work: from a request of the page to the operation that does it, and to the outcome that is shown."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from jupyter_dep.base.errors import DepError, UsageError
from jupyter_dep.base.progress import CancelToken, Reporter
from jupyter_dep.base.steps import FrontEnd
from jupyter_dep.io.files.manifest_paths import MANIFEST
from jupyter_dep.io.system.os_errors import explain_os_error
from jupyter_dep.messages import Outcome, Report, Table
from jupyter_dep.messages.web import JobRequest
from jupyter_dep.model.declaration import requirement
from jupyter_dep.operations.edit import add_remove, init_notebook, relock
from jupyter_dep.operations.edit import undo as edit_undo
from jupyter_dep.operations.environment import install, trust
from jupyter_dep.operations.inspect import tree
from jupyter_dep.operations.project.context import ChangeResult, CommandContext
from jupyter_dep.presentation import outcomes
from jupyter_dep.services import Services
from jupyter_dep_server.api.problems import bad_request

_KEY = re.compile(r"[0-9a-f]{40}")
_MOST_NAMES = 200
_NAMED = ("add", "remove")
_WITHOUT_DRY_RUN = ("init", "sync", "undo", "redo", "trust", "outdated")


def check(request: JobRequest) -> None:
    """Refuse what could not be carried out, before anybody waits for it. Errors: `bad-request`."""
    if request.kind in _NAMED and not request.names:
        raise bad_request(f"nothing is named to {request.kind}", {"key": "names"})
    if len(request.names) > _MOST_NAMES:
        raise bad_request(f"more than {_MOST_NAMES} names", {"key": "names"})
    if request.kind == "python" and not request.python:
        raise bad_request("no Python is named", {"key": "python"})
    if request.dry_run and request.kind in _WITHOUT_DRY_RUN:
        raise bad_request(f"there is no dry run of `{request.kind}`", {"key": "dry_run"})
    if request.environment is not None and not _KEY.fullmatch(request.environment):
        raise bad_request("`environment` is no environment's key", {"key": "environment"})


def run_job(request: JobRequest, notebook: Path, services: Services, reporter: Reporter, cancel: CancelToken) -> Outcome:
    """Do it, in this thread. Errors: those of the operations; an `OSError` comes in the user's words."""
    started = time.monotonic()
    held = request.held and notebook.name != MANIFEST  # a folder's file is in nobody's editor
    asking = CommandContext(
        command=" ".join([request.kind, *request.names, *([request.python] if request.python else [])]),
        environment=request.environment,
        # a job never consents by naming its notebook: it takes a nonce, which is `trust`'s
        from_cell=True,
        in_kernel=held,
        live_block=request.block if held else None,
        dry_run=request.dry_run,
        offline=request.offline,
        reporter=reporter,
        cancel=cancel,
    )
    try:
        if cancel.is_set:
            raise DepError("cancelled", "cancelled", hint="nothing was changed; ask again when you like")
        outcome = _WORK[request.kind](request, notebook, services, asking)
    except OSError as error:
        where = Path(os.fsdecode(error.filename)) if isinstance(error.filename, str | bytes) else notebook
        raise explain_os_error(error, where, f"doing `{request.kind}`") from error
    return replace(outcome, seconds=round(time.monotonic() - started, 3))


def _page_of(project: Path) -> FrontEnd:
    return FrontEnd(kind="page", project=project)


def _changed(request: JobRequest, result: ChangeResult, services: Services) -> Outcome:
    front_end = _page_of(result.state.project.file)
    return outcomes.changed(request.kind, result, services, front_end, environment=request.environment, names=request.names)


def _add(request: JobRequest, notebook: Path, services: Services, asking: CommandContext) -> Outcome:
    result = add_remove.add(notebook, request.names, services, asking)
    names = [requirement.parse(text).name for text in request.names]
    front_end = _page_of(result.state.project.file)
    return outcomes.changed(request.kind, result, services, front_end, environment=request.environment, names=names)


def _remove(request: JobRequest, notebook: Path, services: Services, asking: CommandContext) -> Outcome:
    return _changed(request, add_remove.remove(notebook, request.names, services, asking), services)


def _update(request: JobRequest, notebook: Path, services: Services, asking: CommandContext) -> Outcome:
    upgrade = request.names or True
    return _changed(request, relock.relock(notebook, services, asking, upgrade=upgrade), services)


def _lock(request: JobRequest, notebook: Path, services: Services, asking: CommandContext) -> Outcome:
    return _changed(request, relock.relock(notebook, services, asking), services)


def _sync(request: JobRequest, notebook: Path, services: Services, asking: CommandContext) -> Outcome:
    return _changed(request, install.sync(notebook, services, asking), services)


def _undo(request: JobRequest, notebook: Path, services: Services, asking: CommandContext) -> Outcome:
    return _changed(request, edit_undo.undo(notebook, services, asking, redo=request.kind == "redo"), services)


def _python(request: JobRequest, notebook: Path, services: Services, asking: CommandContext) -> Outcome:
    spec = _known_python(request.python, services)
    assert spec is not None
    return _changed(request, relock.use_python(notebook, spec, services, asking), services)


def _init(request: JobRequest, notebook: Path, services: Services, asking: CommandContext) -> Outcome:
    python = _known_python(request.python, services)
    result = init_notebook.init(notebook, services, asking, python=python, imports=request.imports)
    return outcomes.created(notebook, result, _page_of(notebook))


def _known_python(spec: str | None, services: Services) -> str | None:
    """A version or a range, or the path of a Python that this machine is known to have: a page starts no other program."""
    if spec is None:
        return None
    path = "/" in spec or os.sep in spec or spec.startswith("~") or spec.lower().endswith(".exe")
    if path and spec not in {found.executable for found in services.interpreters.all()}:
        raise UsageError(
            "bad-python", f"`{spec}` is no known Python", hint="write a version such as `3.12`, or choose from the list"
        )
    return spec


def _trust(request: JobRequest, notebook: Path, services: Services, asking: CommandContext) -> Outcome:
    allowed = trust.allow(notebook, request.allow, services, asking, shown=request.fingerprint)
    return outcomes.allowed(notebook, allowed, _page_of(notebook))


def _outdated(request: JobRequest, notebook: Path, services: Services, asking: CommandContext) -> Outcome:
    _, rows = tree.rows(notebook, services, asking, outdated=True)
    newer = [row for row in rows if row.latest]
    table = Table(columns=("package", "version", "latest"), rows=tuple((row.name, row.version, row.latest) for row in newer))
    headline = f"{len(newer)} packages could be newer" if newer else "nothing is outdated"
    return Outcome(
        verb="outdated",
        report=Report(headline=f"{notebook.name}: {headline}", tables=(table,) if newer else ()),
        data={"packages": [{"name": row.name, "version": row.version, "latest": row.latest} for row in newer]},
    )


_WORK: dict[str, Callable[[JobRequest, Path, Services, CommandContext], Outcome]] = {
    "init": _init,
    "add": _add,
    "remove": _remove,
    "update": _update,
    "lock": _lock,
    "sync": _sync,
    "undo": _undo,
    "redo": _undo,
    "python": _python,
    "trust": _trust,
    "outdated": _outdated,
}
