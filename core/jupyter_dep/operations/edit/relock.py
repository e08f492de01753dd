"""`update`, `lock` and `python`: lock what is declared; `install` of a folder that may have no lock yet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.steps import NAME, Hint, step
from jupyter_dep.model.packages.python_range import allows_minor
from jupyter_dep.operations.environment.install import require_build_backend, sync
from jupyter_dep.operations.environment.local_sources import InstallSelection
from jupyter_dep.operations.project.context import (
    ChangeResult,
    CommandContext,
    load_state,
    require_current_lock,
)
from jupyter_dep.operations.project.formats import format_of
from jupyter_dep.operations.project.state import require_locked
from jupyter_dep.services import Services

from .change import ChangeOptions, change


def relock(
    target: Path,
    services: Services,
    context: CommandContext,
    *,
    upgrade: bool | tuple[str, ...] = False,
    python: str | None = None,
    edit: Callable[[str], str] | None = None,
) -> ChangeResult:
    """Lock what is declared, keeping pins except `upgrade`'s; `edit` changes the block first. `update`, `lock`, `python`."""
    state = load_state(target, services, context)
    if state.block is None:
        raise DepError(
            "nothing-declared",
            f"the {state.project.form.noun} declares nothing that could be locked",
            hint=Hint(step("init", target=target), " or ", step("add", NAME, target=target)),
            context=state.project.context,
        )
    if upgrade and not isinstance(upgrade, bool):
        require_locked(state, upgrade)
    block = edit(state.block) if edit else state.block
    return change(state, block, services, context, ChangeOptions(upgrade=upgrade, python=python))


def install(
    target: Path,
    services: Services,
    context: CommandContext,
    *,
    chosen: InstallSelection,
    confirm: Callable[[str], bool] | None = None,
) -> ChangeResult:
    """Install the exact environment of a folder's lock, locking first if needed; `chosen` is remembered.

    `confirm` asks the user whether the project's own build may run. Errors: `stale`, `consent-missing`, `no-such-group`,
    `no-such-extra`, those of building.
    """
    state = load_state(target, services, context)
    first = state.lock_data is None
    if first:
        state = relock(target, services, replace(context, sync=False)).state
    else:
        state = require_current_lock(target, services)
    if chosen.root:
        require_build_backend(state, services, confirm)
    changed = sync(target, services, context, chosen=chosen)
    services.history.set_installed(target, chosen.as_json() if chosen != InstallSelection() else {})
    return replace(changed, first=first)


def use_python(target: Path, spec: str, services: Services, context: CommandContext) -> ChangeResult:
    """Lock again with another Python; `requires-python` is changed only if it forbids that one."""
    found = services.interpreters.find(spec)
    form = format_of(target)

    def edit(text: str) -> str:
        allowed = allows_minor(form.declaration(text).requires_python, found.minor)
        return text if allowed else form.set_requires_python(text, f">={found.minor}")

    changed = relock(target, services, context, python=found.name or spec, edit=edit)
    now = changed.state.declaration.requires_python if changed.state.declaration else None
    note = (f"`requires-python` forbade it and is `{now}` now",) if changed.redeclared else ()
    return replace(changed, notes=(*changed.notes, *note))
