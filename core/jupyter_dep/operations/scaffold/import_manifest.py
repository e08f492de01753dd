"""`import`: take over what another tool's file declares; what the project declares stays."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from jupyter_dep.base.errors import UsageError
from jupyter_dep.io.files import read_write
from jupyter_dep.io.state.history import Pending, Step
from jupyter_dep.model.migration import merge, merge_block
from jupyter_dep.model.notebook.notebook import Notebook
from jupyter_dep.operations.edit.init_notebook import new_block
from jupyter_dep.operations.project.context import KERNEL_DISPLAY, KERNEL_NAME, CommandContext, DeclarationEdit, load_state
from jupyter_dep.operations.project.formats import FOLDER
from jupyter_dep.operations.project.rename_tracking import check_lock_name
from jupyter_dep.operations.project.state import State
from jupyter_dep.services import Services

from . import other_tools
from .result import ScaffoldResult


def import_file(
    source: Path,
    target: Path,
    services: Services,
    context: CommandContext,
    *,
    group: str | None = None,
    ask: Callable[[str], bool] | None = None,
) -> ScaffoldResult:
    """Declare in a project, a folder's or a notebook's, what another tool's file declares; what is declared already stays.

    Errors: those of `other_tools.read_file`, `no-project`, and of the project's own file.
    """
    state = load_state(target, services, context)
    if state.project.form is not FOLDER and group is not None:
        raise UsageError(
            "no-groups-in-notebook",
            "a notebook's declaration has no groups and no extras",
            hint="leave `--group` out, or name a folder with `--project DIR`",
        )
    read = other_tools.rebase_paths(other_tools.read_file(source, services, group=group), source.parent, target.parent)
    (imported,) = other_tools.accept_proposals([read], ask)
    edit = None
    if state.project.form is FOLDER:
        before = state.block or ""
        as_declared = replace(imported, package=None) if imported.package else imported  # the build system is the project's own
        adopted = merge.merge(before, [as_declared])
        if adopted.text != before:
            read_write.replace(target, adopted.text.encode(), expected=state.data)
            _record_step(state, adopted.text, services, context)
    else:
        block = state.block if state.block is not None else new_block(services, context)
        adopted = merge_block.merge_into_block(block, imported)
        if adopted.text != state.block:
            edit = _write_block(state, adopted.text, services, context)
    return ScaffoldResult(
        file=target,
        name=state.project.title,
        changed=adopted.text != state.block,
        taken=adopted.taken,
        left=adopted.unsupported,
        proposed=imported.proposed,
        edit=edit,
    )


def _write_block(state: State, block: str, services: Services, context: CommandContext) -> DeclarationEdit | None:
    """Write the block: through the front end that holds the notebook, as a pending edit, or into the file."""
    file = state.project.file
    if state.live:
        return DeclarationEdit(project=file, before=state.block, after=block)
    if context.in_kernel or state.notebook is None:
        services.history.set_pending(file, Pending(base=state.base, wanted=block))
        return DeclarationEdit(project=file, before=state.base, after=block, pending=True)
    check_lock_name(state.project)
    content = state.notebook.with_block(block)
    if state.base is None:
        content = Notebook.parse(content, context=state.project.context).with_kernelspec(KERNEL_NAME, KERNEL_DISPLAY)
    read_write.replace(file, content, expected=state.data)
    services.history.set_pending(file, None)
    _record_step(state, block, services, context)
    return None


def _record_step(state: State, text: str, services: Services, context: CommandContext) -> None:
    """Record for `undo` that the declaration has changed and the lock has not."""
    lock = hashlib.sha256(state.lock_data).hexdigest() if state.lock_data is not None else None
    step = Step(command=context.command, block_before=state.block, block_after=text, lock_before=lock, lock_after=lock)
    services.history.record_step(state.project.file, step, [state.lock_data] if state.lock_data is not None else [])
