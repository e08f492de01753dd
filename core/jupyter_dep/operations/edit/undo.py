"""`undo` and `redo`: take back or repeat the last change, declaration and lock together."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.steps import Hint, step
from jupyter_dep.io.files import read_write
from jupyter_dep.io.files.atomic import Write
from jupyter_dep.io.state.history import Pending
from jupyter_dep.io.system.os_errors import explain_os_error
from jupyter_dep.model.declaration import script_block
from jupyter_dep.model.notebook.notebook import Notebook
from jupyter_dep.operations.environment.build import describe_build_failure, ensure_current
from jupyter_dep.operations.project.context import ChangeResult, CommandContext, DeclarationEdit, downgrade_to_note, load_state
from jupyter_dep.operations.project.formats import DeclarationFormat
from jupyter_dep.operations.project.state import State, read_state, same_block
from jupyter_dep.services import Services

_LOCK = step("lock")


def undo(notebook: Path, services: Services, context: CommandContext, *, redo: bool = False) -> ChangeResult:
    """Take back the last command, or redo it: declaration and lock together, if both are what it left."""
    state = load_state(notebook, services, context)
    history = services.history
    change = history.last(notebook, redo=redo)
    if change is None:
        raise DepError(
            "nothing-to-undo",
            f"nothing to {'redo' if redo else 'undo'} for this {state.project.form.noun}",
            hint="the history starts with the first command and holds the last 20",
            context=state.project.context,
        )
    old_block, new_block = (change.block_after, change.block_before) if redo else (change.block_before, change.block_after)
    old_lock, new_lock = (change.lock_after, change.lock_before) if redo else (change.lock_before, change.lock_after)
    lock_now = hashlib.sha256(state.lock_data).hexdigest() if state.lock_data is not None else None
    form = state.project.form
    same = same_block(state.block, new_block, form)
    if not same or lock_now != new_lock:
        what = "the lock" if same else "the declaration"
        difference = _describe_difference(state.block, new_block, form)
        raise DepError(
            "changed-since",
            f"{what} has changed since `{change.command}`, so nothing was undone{difference}",
            hint=Hint("compare with your version control, or edit the declaration and run ", _LOCK),
            context=state.project.context,
        )
    data = history.lock_bytes(notebook, old_lock)
    edit = _restore(state, old_block, data, services, context)
    notes: list[str] = []
    with downgrade_to_note(notes, "the history could not be updated", notebook):
        history.move_step(notebook, redo=redo)
    after, summary = state, None  # for the answer, where what is back cannot be read
    try:
        after = read_state(notebook, services, live_block=old_block if state.live else None)
        summary = after.summary
        return replace(ensure_current(after, services, context, edit=edit), notes=tuple(notes), undone=change.command)
    except (DepError, OSError) as error:  # declaration and lock are back, which was asked for: a build can be tried again
        explained = error if isinstance(error, DepError) else explain_os_error(error, notebook, "building its environment")
        return ChangeResult(
            state=after,
            summary=summary,
            edit=edit,
            unbuilt=describe_build_failure(explained),
            notes=tuple(notes),
            undone=change.command,
        )


def _describe_difference(now: str | None, then: str | None, form: DeclarationFormat) -> str:
    """Describe what was declared or removed since, ` (+numpy, -pandas)`; empty if the requirements are the same."""

    def entries(block: str | None) -> set[str]:
        try:
            return {str(item) for item in form.declaration(block).every_requirement} if block is not None else set()
        except DepError:
            return set()

    here, there = entries(now), entries(then)
    words = [f"+{item}" for item in sorted(here - there)] + [f"-{item}" for item in sorted(there - here)]
    return f" ({', '.join(words)})" if words else ""


def _restore(
    state: State, block: str | None, lock: bytes | None, services: Services, context: CommandContext
) -> DeclarationEdit | None:
    project, writes = state.project, []
    edit = None
    if project.folder is not None:
        _restore_folder(state, block, lock)
        return None
    text = block if block is not None else script_block.without(state.block or "")
    if state.live:
        edit = DeclarationEdit(project=project.file, before=state.block, after=text)
    elif context.in_kernel:
        wanted = Pending(base=state.base, wanted=block)
        services.history.set_pending(project.file, None if same_block(state.base, block) else wanted)
        edit = DeclarationEdit(project=project.file, before=state.base, after=text, pending=True)
    elif state.data is not None and text != state.base:
        parsed = Notebook.parse(state.data, context=project.context)
        content = parsed.with_block(text) if block is not None else parsed.without_block()
        writes.append(Write(path=project.file, content=content, expected=state.data))
    if lock != state.lock_data:
        writes.append(Write(path=project.lock, content=lock, expected=state.lock_data))
    read_write.replace_all(writes)
    return edit


def _restore_folder(state: State, text: str | None, lock: bytes | None) -> None:
    """Restore a folder's manifest and lock; the manifest is never removed, whatever the history says."""
    project, writes = state.project, []
    if state.data is not None and text is not None and text != state.base:
        content = project.form.written(state.data, text, context=project.context)
        writes.append(Write(path=project.file, content=content, expected=state.data))
    if lock != state.lock_data:
        writes.append(Write(path=project.lock, content=lock, expected=state.lock_data))
    read_write.replace_all(writes)
