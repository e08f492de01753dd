"""`init` of a notebook: write its first declaration and the name of the kernel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.base.steps import Hint, step
from jupyter_dep.io.files import read_write
from jupyter_dep.io.state.history import Pending
from jupyter_dep.model.declaration import script_block
from jupyter_dep.model.notebook import code_imports
from jupyter_dep.model.notebook.notebook import Notebook, blank
from jupyter_dep.operations.project.context import (
    KERNEL_DISPLAY,
    KERNEL_NAME,
    CommandContext,
    DeclarationEdit,
    kernel_minor,
)
from jupyter_dep.operations.project.rename_tracking import check_lock_name
from jupyter_dep.operations.project.state import read_state
from jupyter_dep.services import Services


@frozen_dataclass
class InitResult:
    """What `init` declared; `suggested` are requirements that the notebook seems to need and does not declare."""

    requires_python: str
    declared: tuple[str, ...] = ()
    suggested: tuple[str, ...] = ()
    edit: DeclarationEdit | None = None


def init(
    notebook: Path,
    services: Services,
    context: CommandContext,
    *,
    python: str | None = None,
    imports: bool = False,
    ask: Callable[[str], bool] | None = None,
) -> InitResult:
    """Write the block and the kernel's name; a missing notebook is created. Errors: `already-declared`, `not-python`."""
    state = read_state(notebook, services, live_block=context.live_block)
    if state.block is not None:
        raise DepError(
            "already-declared",
            "the notebook already has a declaration",
            hint=Hint(step("status", target=notebook), " shows it"),
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
    wanted = suggest_requirements(state.notebook) if state.notebook else ()
    take = bool(wanted) and (imports or (ask is not None and ask(f"Declare what it uses ({', '.join(wanted)})?")))
    block = new_block(services, context, wanted if take else (), python)
    declared = script_block.parse(block, context=state.project.context)
    edit = None
    if context.in_kernel and not state.live:
        services.history.set_pending(notebook, Pending(base=None, wanted=block))
        edit = DeclarationEdit(project=notebook, before=None, after=block, pending=True)
    elif state.live:
        edit = DeclarationEdit(project=notebook, before=None, after=block)
    elif state.notebook is None:
        read_write.replace(notebook, blank(block, KERNEL_NAME, KERNEL_DISPLAY), expected=None)
    else:
        content = state.notebook.with_block(block)
        content = Notebook.parse(content, context=state.project.context).with_kernelspec(KERNEL_NAME, KERNEL_DISPLAY)
        read_write.replace(notebook, content, expected=state.data)
    if python is not None:
        services.history.set_python(notebook, services.interpreters.find(python).name or python)
    return InitResult(
        requires_python=declared.requires_python or "",
        declared=wanted if take else (),
        suggested=() if take else wanted,
        edit=edit,
    )


def suggest_requirements(notebook: Notebook) -> tuple[str, ...]:
    """Suggest requirements for what a notebook imports and what its `%pip install` lines name."""
    from jupyter_dep.model.packages.import_map import distribution_for

    sources = [cell.source for cell in notebook.code_cells]
    found: dict[str, str] = {}
    for text in code_imports.installed_by_lines(sources):
        found.setdefault(_parse_name(text), text)
    for module in code_imports.imported_modules(sources):
        match = distribution_for(module)
        if match.certain:
            found.setdefault(match.distribution, match.distribution)
    found.pop("ipython", None)
    found.pop("", None)
    return tuple(found.values())


def _parse_name(text: str) -> str:
    from packaging.utils import canonicalize_name

    from jupyter_dep.model.declaration.requirement import parse

    try:
        return str(canonicalize_name(parse(text).name))
    except DepError:
        return ""


def new_block(services: Services, context: CommandContext, requirements: Sequence[str] = (), python: str | None = None) -> str:
    """Create a block for the requested Python, else the kernel's, else the newest stable one."""
    minor = kernel_minor(services, context)
    found = services.interpreters.find(python or minor or ">=3.9")
    return script_block.new(list(requirements), f">={found.minor}")
