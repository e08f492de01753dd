"""Execute a job: from a request of the page to the operation, and to the outcome or failure that is shown."""

from __future__ import annotations

import os
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from jupyter_dep.base.errors import DepError, UsageError
from jupyter_dep.base.progress import CancelToken, Reporter
from jupyter_dep.base.steps import FrontEnd
from jupyter_dep.io.files.manifest_paths import MANIFEST
from jupyter_dep.io.system.os_errors import explain_os_error
from jupyter_dep.messages import Outcome, Report, Table
from jupyter_dep.messages.jobs import JobRequest
from jupyter_dep.model.declaration import requirement
from jupyter_dep.operations.edit import add_remove, init_notebook, relock
from jupyter_dep.operations.edit import undo as edit_undo
from jupyter_dep.operations.environment import install, trust
from jupyter_dep.operations.inspect import tree
from jupyter_dep.operations.project.context import ChangeResult, CommandContext
from jupyter_dep.presentation import outcomes
from jupyter_dep.services import Services
from jupyter_dep_server import problems
from jupyter_dep_server.views import consent

from .protocol import Done, HostScopes, JobOrder

MakeServices = Callable[[], Services]


def execute(order: JobOrder, make_services: MakeServices, reporter: Reporter, cancel: CancelToken) -> Done:
    """Execute one job in this thread, and convert every exception into a failure."""
    kind, notebook = order.request.kind, Path(os.fsdecode(order.notebook))
    folder = Path(os.fsdecode(order.folder)) if order.folder is not None else None
    try:
        services = make_services()  # new for each job, as for each command, so that changed settings count
        try:
            return Done(outcome=run_job(order.request, notebook, services, reporter, cancel))
        except DepError as error:
            hosts = _find_unvouched(notebook, services) if error.code == "host-not-vouched" else None
            return Done(failure=problems.failure(error, kind, folder), hosts=hosts)
    except Exception:  # noqa: BLE001  the end of a job: the server logs the traceback
        return Done(failure=problems.failure(problems.internal(), kind), trouble=traceback.format_exc())


def run_job(request: JobRequest, notebook: Path, services: Services, reporter: Reporter, cancel: CancelToken) -> Outcome:
    """Run the operation that a request names. Errors: those of the operations; an `OSError` becomes a `DepError`."""
    started = time.monotonic()
    held = request.held and notebook.name != MANIFEST  # a manifest is never open in the notebook's editor
    context = CommandContext(
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
        outcome = _OPERATIONS[request.kind](request, notebook, services, context)
    except OSError as error:
        where = Path(os.fsdecode(error.filename)) if isinstance(error.filename, str | bytes) else notebook
        raise explain_os_error(error, where, f"doing `{request.kind}`") from error
    return replace(outcome, seconds=round(time.monotonic() - started, 3))


def _show_on_page(project: Path) -> FrontEnd:
    return FrontEnd(kind="page", project=project)


def _report_change(request: JobRequest, result: ChangeResult, services: Services) -> Outcome:
    front_end = _show_on_page(result.state.project.file)
    return outcomes.changed(request.kind, result, services, front_end, environment=request.environment, names=request.names)


def _add(request: JobRequest, notebook: Path, services: Services, context: CommandContext) -> Outcome:
    result = add_remove.add(notebook, request.names, services, context)
    names = [requirement.parse(text).name for text in request.names]
    front_end = _show_on_page(result.state.project.file)
    return outcomes.changed(request.kind, result, services, front_end, environment=request.environment, names=names)


def _remove(request: JobRequest, notebook: Path, services: Services, context: CommandContext) -> Outcome:
    return _report_change(request, add_remove.remove(notebook, request.names, services, context), services)


def _update(request: JobRequest, notebook: Path, services: Services, context: CommandContext) -> Outcome:
    upgrade = request.names or True
    return _report_change(request, relock.relock(notebook, services, context, upgrade=upgrade), services)


def _lock(request: JobRequest, notebook: Path, services: Services, context: CommandContext) -> Outcome:
    return _report_change(request, relock.relock(notebook, services, context), services)


def _sync(request: JobRequest, notebook: Path, services: Services, context: CommandContext) -> Outcome:
    return _report_change(request, install.sync(notebook, services, context), services)


def _undo(request: JobRequest, notebook: Path, services: Services, context: CommandContext) -> Outcome:
    return _report_change(request, edit_undo.undo(notebook, services, context, redo=request.kind == "redo"), services)


def _change_python(request: JobRequest, notebook: Path, services: Services, context: CommandContext) -> Outcome:
    spec = _check_python(request.python, services)
    assert spec is not None
    return _report_change(request, relock.use_python(notebook, spec, services, context), services)


def _init(request: JobRequest, notebook: Path, services: Services, context: CommandContext) -> Outcome:
    python = _check_python(request.python, services)
    result = init_notebook.init(notebook, services, context, init_notebook.InitOptions(python=python, imports=request.imports))
    return outcomes.created(notebook, result, _show_on_page(notebook))


def _check_python(spec: str | None, services: Services) -> str | None:
    """Accept a version, a range, or the path of a Python that was found here: a page must not start another program."""
    if spec is None:
        return None
    path = "/" in spec or os.sep in spec or spec.startswith("~") or spec.lower().endswith(".exe")
    if path and spec not in {found.executable for found in services.interpreters.all()}:
        raise UsageError(
            "bad-python", f"`{spec}` is not a known Python", hint="write a version such as `3.12`, or choose from the list"
        )
    return spec


def _trust(request: JobRequest, notebook: Path, services: Services, context: CommandContext) -> Outcome:
    allowed = trust.allow(notebook, request.allow, services, context, shown=request.fingerprint)
    return outcomes.allowed(notebook, allowed, _show_on_page(notebook))


def _outdated(request: JobRequest, notebook: Path, services: Services, context: CommandContext) -> Outcome:
    _, rows = tree.rows(notebook, services, context, outdated=True)
    newer = [row for row in rows if row.latest]
    table = Table(columns=("package", "version", "latest"), rows=tuple((row.name, row.version, row.latest) for row in newer))
    headline = f"{len(newer)} packages could be newer" if newer else "nothing is outdated"
    return Outcome(
        verb="outdated",
        report=Report(headline=f"{notebook.name}: {headline}", tables=(table,) if newer else ()),
        data={"packages": [{"name": row.name, "version": row.version, "latest": row.latest} for row in newer]},
    )


def _find_unvouched(notebook: Path, services: Services) -> HostScopes | None:
    """Find the hosts that the next question has to name, None where the index does not say (any more)."""
    with suppress(DepError):
        fingerprint, found = consent.not_vouched(notebook, services)
        return HostScopes(fingerprint=fingerprint, items=found)
    return None


_OPERATIONS: dict[str, Callable[[JobRequest, Path, Services, CommandContext], Outcome]] = {
    "init": _init,
    "add": _add,
    "remove": _remove,
    "update": _update,
    "lock": _lock,
    "sync": _sync,
    "undo": _undo,
    "redo": _undo,
    "python": _change_python,
    "trust": _trust,
    "outdated": _outdated,
}
