"""Write a change: notebook and lock, both or none, and the history step that undoes it."""

from __future__ import annotations

import hashlib
from contextlib import suppress

from jupyter_dep.base.errors import DepError
from jupyter_dep.io.files import look, read_write
from jupyter_dep.io.files.atomic import Write
from jupyter_dep.io.state.history import Pending, Step
from jupyter_dep.model.notebook.notebook import Notebook
from jupyter_dep.services import Services

from .context import KERNEL_DISPLAY, KERNEL_NAME, CommandContext, DeclarationEdit
from .project import Project
from .state import State


def refuse_link(state: State) -> None:
    """Refuse a symlink unless it leads to a jupyter-dep lock: in another person's folder it may lead to any file."""
    lock = state.project.lock
    if look.is_link(lock) and (state.summary is None or state.project.orphan is not None):
        raise DepError(
            "linked-lock",
            f"refusing to write through the symlink `{lock.name}`: its target is not a jupyter-dep lock",
            hint="check the target (`ls -l`), and remove the symlink",
            context={"file": lock.name},
        )


def write(state: State, block: str, lock: bytes, services: Services, context: CommandContext) -> DeclarationEdit | None:
    """Write notebook and lock, both or none; gives the edit that a front end has to carry out, if the file is not ours.

    The notebook comes first, so that a kill between the two leaves what the user asked for declared, and the lock stale.
    """
    project = state.project
    edit = _make_front_end_edit(state, block, services, context)
    writes = [] if state.live or context.in_kernel else _list_writes(state, block)
    if project.owner is not None:  # a renamed notebook's lock lies under our name: it gets its own first
        read_write.rename(project.lock, Project.of(project.owner).lock)
    if project.orphan is not None or lock != state.lock_data:
        expected = None if project.orphan is not None else state.lock_data
        writes.append(Write(path=project.lock, content=lock, expected=expected))
    read_write.replace_all(writes)
    if not state.live and not context.in_kernel:
        services.history.set_pending(project.file, None)
    if project.orphan is not None and read_write.read_if_there(project.orphan) == state.lock_data:
        read_write.remove(project.orphan)
    return edit


def _make_front_end_edit(state: State, block: str, services: Services, context: CommandContext) -> DeclarationEdit | None:
    """The edit where an editor holds the file; what a kernel's user wants is remembered until the file carries it."""
    file = state.project.file
    if state.live:
        return DeclarationEdit(project=file, before=state.block, after=block) if block != state.block else None
    if not context.in_kernel or block == state.base:
        return None
    services.history.set_pending(file, Pending(base=state.base, wanted=block))
    return DeclarationEdit(project=file, before=state.base, after=block, pending=True)


def _list_writes(state: State, block: str) -> list[Write]:
    project = state.project
    if state.data is None:
        return []
    content = state.data
    if block != state.base:
        content = project.form.written(content, block, context=project.context)
    if state.base is None:
        content = _set_kernel(content, project)
    return [Write(path=project.file, content=content, expected=state.data)] if content != state.data else []


def rollback(before: State, block: str, lock: bytes) -> None:
    """Restore what was written of a folder; what others wrote meanwhile stays."""
    project = before.project
    if before.data is not None and block != before.base:
        with suppress(DepError):  # what stopped the build is what the user should read
            read_write.replace(project.file, before.data, expected=block.encode())
    if before.lock_data == lock or read_write.read_if_there(project.lock) != lock:
        return
    with suppress(DepError):
        if before.lock_data is None:
            read_write.remove(project.lock)
        else:
            read_write.replace(project.lock, before.lock_data, expected=lock)


def _set_kernel(content: bytes, project: Project) -> bytes:
    parsed = Notebook.parse(content, context=project.context)
    return content if parsed.kernel_name == KERNEL_NAME else parsed.with_kernelspec(KERNEL_NAME, KERNEL_DISPLAY)


def check_writable(state: State, block: str, context: CommandContext) -> None:
    """Refuse before the long work what could not be written after it (`read-only`)."""
    project = state.project
    by_us = not state.live and not context.in_kernel and state.data is not None and block != state.base
    for path in (project.file, project.lock) if by_us else (project.lock,):
        read_write.check_writable(path)


def record_step(state: State, block: str, data: bytes, services: Services, context: CommandContext) -> None:
    """Append the change to the project's history, with the bytes of both locks."""
    before = state.lock_data
    if block == state.block and data == before:
        return
    step = Step(
        command=context.command,
        block_before=state.block,
        block_after=block,
        lock_before=hashlib.sha256(before).hexdigest() if before is not None else None,
        lock_after=hashlib.sha256(data).hexdigest(),
    )
    services.history.record_step(state.project.file, step, [item for item in (before, data) if item is not None])
