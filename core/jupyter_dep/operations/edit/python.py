"""`python`: lock a project with another Python."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from jupyter_dep.model.packages.python_range import allows_minor
from jupyter_dep.operations.project.context import ChangeResult, CommandContext
from jupyter_dep.operations.project.formats import format_of
from jupyter_dep.services import Services

from .relock import relock


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
