"""init, sync, python, mv: beginnings and moves of a project."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.io.files import read_write
from jupyter_dep.io.state.history import Pending
from jupyter_dep.messages import Edit
from jupyter_dep.model.declaration import script_block
from jupyter_dep.model.notebook import code_imports
from jupyter_dep.model.notebook.notebook import Notebook, blank
from jupyter_dep.model.packages.python_range import allows_minor
from jupyter_dep.operations.consent.evaluate import consent_missing, trust_of
from jupyter_dep.operations.consent.record import GrantOrigin, grant_lock
from jupyter_dep.operations.environment.build import keep, sealed_environment
from jupyter_dep.operations.environment.local_sources import InstallSelection, select_state
from jupyter_dep.operations.inspect.status import locked_state
from jupyter_dep.operations.project.context import KERNEL_DISPLAY, KERNEL_NAME, ChangeResult, CommandContext, load_state
from jupyter_dep.operations.project.formats import format_of
from jupyter_dep.operations.project.project import Project
from jupyter_dep.operations.project.rename_tracking import check_lock_name
from jupyter_dep.operations.project.state import read_state
from jupyter_dep.services import Services

from .add_remove import new_block, relock


@frozen_dataclass
class Created:
    """`suggested` are requirements that the notebook seems to need and does not declare."""

    requires_python: str
    declared: tuple[str, ...] = ()
    suggested: tuple[str, ...] = ()
    edit: Edit | None = None


def init(
    notebook: Path,
    services: Services,
    asking: CommandContext,
    *,
    python: str | None = None,
    imports: bool = False,
    ask: Callable[[str], bool] | None = None,
) -> Created:
    """Write the block and the kernel's name; a notebook that is not there is made. Errors: `already-declared`."""
    state = read_state(notebook, services, live_block=asking.live_block)
    if state.block is not None:
        raise DepError(
            "already-declared",
            "the notebook has a declaration already",
            hint=f"`jupyter dep status {notebook.name}` shows it",
            context=state.project.context,
        )
    check_lock_name(state.project)
    if state.notebook is not None and (state.notebook.language or "python").lower() != "python":
        raise DepError(
            "not-python",
            f"this is a notebook for {state.notebook.language}",
            hint="jupyter-dep is for Python kernels",
            context=state.project.context,
        )
    wanted = suggestions(state.notebook) if state.notebook else ()
    take = bool(wanted) and (imports or (ask is not None and ask(f"Declare what it uses ({', '.join(wanted)})?")))
    block = new_block(services, asking, wanted if take else (), python)
    declared = script_block.parse(block, context=state.project.context)
    edit = None
    if asking.in_kernel and not state.live:
        services.history.set_pending(notebook, Pending(base=None, wanted=block))
        edit = Edit(project=str(notebook), before=None, after=block, pending=True)
    elif state.live:
        edit = Edit(project=str(notebook), before=None, after=block)
    elif state.data is None:
        read_write.replace(notebook, blank(block, KERNEL_NAME, KERNEL_DISPLAY), expected=None)
    else:
        assert state.notebook is not None
        content = state.notebook.with_block(block)
        content = Notebook.parse(content, context=state.project.context).with_kernelspec(KERNEL_NAME, KERNEL_DISPLAY)
        read_write.replace(notebook, content, expected=state.data)
    if python is not None:
        services.history.set_python(notebook, services.interpreters.find(python).name or python)
    return Created(
        requires_python=declared.requires_python or "",
        declared=wanted if take else (),
        suggested=() if take else wanted,
        edit=edit,
    )


def suggestions(notebook: Notebook) -> tuple[str, ...]:
    """Requirements for what a notebook imports and what its `%pip install` lines name."""
    from jupyter_dep.model.packages.import_map import distribution_for

    sources = [cell.source for cell in notebook.code_cells]
    found: dict[str, str] = {}
    for text in code_imports.installed_by_lines(sources):
        found.setdefault(_name(text), text)
    for module in code_imports.imported_modules(sources):
        match = distribution_for(module)
        if match.certain:
            found.setdefault(match.distribution, match.distribution)
    found.pop("ipython", None)
    found.pop("", None)
    return tuple(found.values())


def _name(text: str) -> str:
    from packaging.utils import canonicalize_name

    from jupyter_dep.model.declaration.requirement import parse

    try:
        return str(canonicalize_name(parse(text).name))
    except DepError:
        return ""


def use_python(target: Path, spec: str, services: Services, asking: CommandContext) -> ChangeResult:
    """Lock again with another Python; `requires-python` is changed only if it forbids that one."""
    found = services.interpreters.find(spec)
    form = format_of(target)

    def edit(text: str) -> str:
        allowed = allows_minor(form.declaration(text).requires_python, found.minor)
        return text if allowed else form.set_requires_python(text, f">={found.minor}")

    changed = relock(target, services, asking, python=found.name or spec, edit=edit)
    now = changed.state.declaration.requires_python if changed.state.declaration else None
    note = (f"`requires-python` forbade it and is `{now}` now",) if changed.redeclared else ()
    return replace(changed, notes=(*changed.notes, *note))


def sync(notebook: Path, services: Services, asking: CommandContext, *, chosen: InstallSelection | None = None) -> ChangeResult:
    """Build what is locked. It names the project and means it, so it is consent for what an index vouches for.

    `chosen` is what of a folder's lock is wanted, in place of what was remembered.
    """
    state = locked_state(notebook, services, asking)
    assert state.summary is not None and state.lock_data is not None
    selected = select_state(state, services, chosen=chosen)
    assert selected is not None
    trust = trust_of(state.summary, notebook, services, selected.artifacts)
    if trust.missing:
        raise consent_missing(state.summary, trust.missing, notebook.name, known=trust.basis != "none")
    if trust.basis == "none" and asking.from_cell:  # a Run All must not consent for its author
        raise consent_missing(state.summary, (), notebook.name)
    sealed, built = sealed_environment(state, selected, trust, services, asking)
    if trust.basis == "none":
        grant_lock(state.summary.fingerprint, services, GrantOrigin.NAMED_IN_COMMAND)
    kept = keep(state, sealed, services, lambda: sealed_environment(state, selected, trust, services, asking)[0])
    notes = () if state.lock_answers else ("the lock is stale: this is what is locked, not what is declared",)
    return ChangeResult(state=state, summary=state.summary, sealed=kept, selected=selected, notes=notes, built=built)


def move(old: Path, new: Path, services: Services) -> tuple[str, ...]:
    """Rename a notebook, its lock and what is remembered of it; gives what was moved. Errors: `name-taken`."""
    state = load_state(old, services, CommandContext())
    source, target = state.project, Project.of(new)
    if not new.parent.is_dir():
        raise DepError("no-such-folder", "there is no such folder", hint="make it first", context={"file": str(new.parent)})
    for path in (target.file, target.lock):
        if path.exists() and path != source.lock:
            raise DepError(
                "name-taken",
                "there is already such a file",
                hint="choose another name, or move that file away first",
                context={"file": str(path)},
            )
    check_lock_name(target, leaving=old)
    moved = []
    lock = source.orphan or source.lock
    try:
        old.rename(new)
        moved.append(f"{old.name} → {new.name}")
        if lock.exists():
            lock.rename(target.lock)
            moved.append(f"{lock.name} → {target.lock.name}")
    except OSError as error:
        if new.exists() and not old.exists():
            new.rename(old)
        raise read_write.explain(error, old, "renaming") from error
    services.history.rename(old, new)
    return tuple(moved)
