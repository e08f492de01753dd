"""The pages of the browser, made from the operations' results: each function reads from disk and returns one page."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from packaging.utils import canonicalize_name

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.steps import FrontEnd
from jupyter_dep.io.files import read_write
from jupyter_dep.messages.web import Declared, Edge, GraphPage, Package, Packages, Project, Python, Pythons, RunningKernel
from jupyter_dep.model.checking.imports import Declared as DeclaredNames
from jupyter_dep.model.checking.imports import names_of
from jupyter_dep.model.notebook.notebook import Notebook
from jupyter_dep.model.packages.python_range import allows_version
from jupyter_dep.operations.consent.evaluate import declaration_scopes
from jupyter_dep.operations.environment.local_sources import select_state_cached
from jupyter_dep.operations.inspect import status as inspect_status
from jupyter_dep.operations.inspect import tree as inspect_tree
from jupyter_dep.operations.inspect.status import Status
from jupyter_dep.operations.project import context as inspect_context
from jupyter_dep.operations.project.context import CommandContext, load_state
from jupyter_dep.operations.project.project import Project as Where
from jupyter_dep.operations.project.state import State
from jupyter_dep.services import Services
from jupyter_dep_server.problems import problem
from jupyter_dep_server.state.live_kernel import LiveKernel
from jupyter_dep_server.state.paths import ServedNotebook

from .imports import ImportUsage, import_usage

Summaries = Callable[[str], str]
"""The one-line summary of a distribution, "" where none is known."""


def project(place: ServedNotebook, services: Services, kernels: Sequence[LiveKernel] = ()) -> Project:
    """Show a notebook's status. A declaration that cannot be read is a state, too, with its problem.

    Errors: `no-such-notebook`, and what the system refuses.
    """
    try:
        status = inspect_status.status(place.file, services, CommandContext())
    except DepError as error:
        if not place.notebook.is_file():
            raise
        return _show_unreadable(place, error, services, kernels)
    state = status.state
    used = _find_usage(place, status, services)
    wanted, gone = state.lacking()
    locked = _locked_versions(state)
    last, undone = services.history.last(place.file), services.history.last(place.file, redo=True)
    return Project(
        path=place.path,
        name=place.notebook.name,
        folder=state.project.title if state.project.folder is not None else None,
        state=state.name,
        trusted=_is_trusted(status, services),
        lock=(state.project.orphan or state.project.lock).name if state.lock_data is not None else None,
        locked_at=_read_time(state.project.orphan or state.project.lock),
        python=state.summary.python if state.summary else None,
        requires_python=(state.declaration.requires_python or "") if state.declaration else "",
        environment=status.key,
        sealed=status.sealed is not None,
        size=_measure_download(state, services),
        declared=tuple(
            Declared(name=item.name, text=str(item), locked=locked.get(str(canonicalize_name(item.name)), ""))
            for item in (state.declaration.dependencies if state.declaration else ())
        ),
        wanted=wanted,
        gone=gone,
        packages=len(locked),
        writable=_is_writable(state.project),
        block=state.base if state.project.folder is None else None,
        undo=last.command if last else None,
        redo=undone.command if undone else None,
        note=FrontEnd(kind="page").write(status.note),
        problem=problem(state.lock_error) if state.lock_error else None,
        missing=used.missing if used else (),
        kernels=tuple(running(one, status.key, services) for one in kernels),
    )


def running(kernel: LiveKernel, key: str | None, services: Services) -> RunningKernel:
    """Show a kernel; `key` is the environment of its project now.

    A placeholder has become the real kernel as soon as the environment that it waited for is there.
    """
    built = kernel.key is not None and services.store.sealed(kernel.key) is not None
    return RunningKernel(
        id=kernel.id,
        path=kernel.path,
        holding=kernel.holding and not built,
        starter=kernel.starter,
        key=kernel.key,
        moved_on=key is not None and kernel.key is not None and key != kernel.key,
    )


def key_of(file: Path, services: Services) -> str | None:
    """Find the environment that answers a project's lock here, None without one."""
    try:
        return inspect_status.status(file, services, CommandContext()).key
    except DepError:
        return None


def packages(place: ServedNotebook, services: Services, summaries: Summaries) -> Packages:
    """Show every locked package, declared ones first. Errors: the lock's, `unlocked`."""
    _, rows = inspect_tree.rows(place.file, services, CommandContext())
    used = _find_usage(place, inspect_status.status(place.file, services, CommandContext()), services)
    alone = place.file == place.notebook  # what this notebook of a folder does not use, another one may
    cells: Mapping[str, tuple[int, ...]] = used.cells if used else {}
    return Packages(
        path=place.path,
        packages=tuple(
            Package(
                name=row.name,
                version=row.version,
                declared=bool(row.declared),
                text=row.declared,
                via=row.via,
                kernel=row.kernel,
                size=row.size,
                cells=cells.get(row.name, ()),
                unused=alone and bool(row.declared) and used is not None and row.name in used.unused,
                summary=summaries(row.name),
            )
            for row in rows
        ),
    )


def graph(place: ServedNotebook, services: Services) -> GraphPage:
    """Show the locked graph by names. Errors: the lock's, `unlocked`."""
    state = inspect_context.require_lock(place.file, services, CommandContext())
    found = services.lock_cache.graph(state.lock_data, context=state.project.lock_context)
    edges = {(who, needed) for (who, _), needs in found.edges.items() for needed, _ in needs if who != needed}
    roots = dict.fromkeys(name for name, _ in (*found.roots, *found.kernel_roots))
    return GraphPage(
        path=place.path,
        roots=tuple(roots),
        edges=tuple(Edge(source=source, target=target) for source, target in sorted(edges)),
    )


def pythons(place: ServedNotebook, services: Services) -> Pythons:
    """Show the Pythons to choose from, the newest first; all of them fit while the declaration cannot be read.

    Errors: `no-such-notebook`.
    """
    try:
        state = load_state(place.file, services, CommandContext())
    except DepError:
        if not place.notebook.is_file():
            raise
        state = None  # `project` reports the error, and one of these may mend it
    wanted = state.declaration.requires_python if state and state.declaration else None
    used = services.interpreters.cached_minor(state.summary.python) if state and state.summary else None
    return Pythons(
        path=place.path,
        pythons=tuple(
            Python(
                version=found.version,
                minor=found.name or found.minor,
                executable=found.executable,
                chosen=found == used,
                fits=allows_version(wanted, found.version),
            )
            for found in services.interpreters.all()
        ),
    )


def _find_usage(place: ServedNotebook, status: Status, services: Services) -> ImportUsage | None:
    state = status.state
    notebook = state.notebook or _try_to_read(place.notebook)
    if notebook is None or (notebook.language or "python").lower() != "python":
        return None
    sealed = services.store.sealed(status.key) if status.key else None
    summary, declaration = state.summary, state.declaration
    declared = DeclaredNames(
        parts={"default": names_of(declaration.dependencies if declaration else ())},
        locked=frozenset(_locked_versions(state)),
        kernel=frozenset(summary.kernel if summary else ()),
    )
    return import_usage(notebook, place.notebook.parent, declared, sealed.site if sealed else None)


def _try_to_read(file: Path) -> Notebook | None:
    """Read a notebook of a folder, None where that fails: the folder's page is there all the same."""
    try:
        data = read_write.read_if_there(file)
        return Notebook.parse(data) if data is not None else None
    except DepError:
        return None


def _locked_versions(state: State) -> Mapping[str, str]:
    return state.summary.versions if state.summary else {}


def _is_trusted(status: Status, services: Services) -> bool:
    """Whether no consent is missing: without a lock, what the declaration asks beyond names counts."""
    if status.trust is not None:
        return status.trust.given
    declaration = status.state.declaration
    return declaration is None or not services.consent.missing(declaration_scopes(declaration, status.state.project.folder))


def _measure_download(state: State, services: Services) -> int:
    if state.summary is None or state.lock_data is None:
        return 0
    try:
        selected = select_state_cached(state, services)
    except DepError:
        selected = None
    return selected.download_size if selected else sum(state.summary.sizes.values())


def _read_time(file: Path) -> str | None:
    try:
        moment = datetime.fromtimestamp(file.stat().st_mtime, UTC)
    except (OSError, ValueError, OverflowError):
        return None
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def _is_writable(where: Where) -> bool:
    try:
        read_write.check_writable(where.file)
        read_write.check_writable(where.lock)
    except (DepError, OSError):
        return False
    return True


def _show_unreadable(place: ServedNotebook, error: DepError, services: Services, kernels: Sequence[LiveKernel]) -> Project:
    """Show a notebook whose declaration cannot be read."""
    where = Where.of(place.file)
    last, undone = services.history.last(place.file), services.history.last(place.file, redo=True)
    return Project(
        path=place.path,
        name=place.notebook.name,
        folder=where.title if where.folder is not None else None,
        state="invalid",
        trusted=True,
        lock=where.lock.name if os.path.lexists(where.lock) else None,
        locked_at=_read_time(where.lock),
        python=None,
        requires_python="",
        environment=None,
        sealed=False,
        size=0,
        declared=(),
        wanted=(),
        gone=(),
        packages=0,
        writable=_is_writable(where),
        undo=last.command if last else None,
        redo=undone.command if undone else None,
        problem=problem(error),
        kernels=tuple(running(one, None, services) for one in kernels),
    )
