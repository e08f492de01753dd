"""`mv`: rename a notebook together with its lock and its history."""

from __future__ import annotations

from pathlib import Path

from jupyter_dep.base.errors import DepError
from jupyter_dep.io.files import look, read_write
from jupyter_dep.operations.project.context import CommandContext, load_state
from jupyter_dep.operations.project.project import Project
from jupyter_dep.operations.project.rename_tracking import check_lock_name
from jupyter_dep.services import Services


def move(old: Path, new: Path, services: Services) -> tuple[str, ...]:
    """Rename a notebook, its lock and its history; returns a line for each rename. Errors: `no-such-folder`, `name-taken`."""
    state = load_state(old, services, CommandContext())
    source, target = state.project, Project.of(new)
    if not look.is_folder(new.parent):
        raise DepError("no-such-folder", "folder not found", hint="create it first", context={"file": str(new.parent)})
    for path in (target.file, target.lock):
        if path != source.lock and look.exists(path):
            raise DepError(
                "name-taken",
                "a file of that name already exists",
                hint="choose another name, or move that file away first",
                context={"file": str(path)},
            )
    check_lock_name(target, leaving=old)
    lock = source.orphan or source.lock
    renames = [(old, new)]
    if look.exists(lock):
        renames.append((lock, target.lock))
    read_write.rename_all(renames)
    services.history.rename(old, new)
    return tuple(f"{before.name} → {after.name}" for before, after in renames)
