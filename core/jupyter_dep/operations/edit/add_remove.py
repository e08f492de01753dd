"""`add` and `remove`: declare packages or take them out, then lock and build, all or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.steps import NAME, Hint, step
from jupyter_dep.model.declaration import script_block
from jupyter_dep.model.declaration.declaration import Declaration
from jupyter_dep.operations.consent.evaluate import declaration_scopes
from jupyter_dep.operations.consent.grant import granting
from jupyter_dep.operations.project.context import ChangeResult, CommandContext, load_state
from jupyter_dep.operations.project.formats import DEPENDENCIES, DependencySection
from jupyter_dep.operations.project.state import State
from jupyter_dep.services import Services

from .change import ChangeOptions, change
from .first_python import change_with_first_python
from .requirement_args import RequestedRequirement, SourceOptions, declare_requirements, parse_requirement_args


def add(
    target: Path,
    requirements: Sequence[str],
    services: Services,
    context: CommandContext,
    *,
    place: DependencySection = DEPENDENCIES,
    source: SourceOptions | None = None,
) -> ChangeResult:
    """Declare requirements, lock and build. What the user types by hand is consented to by typing it.

    Errors: `bad-source` and its kin, those of the format, of locking and of building.
    """
    state = load_state(target, services, context)
    asked = parse_requirement_args(requirements, state.project, source or SourceOptions())

    def attempt(block: str) -> ChangeResult:
        changed = declare_requirements(block, asked, state.project, place) if asked else block
        with granting(_list_typed_scopes(state, changed, asked) if not context.dry_run else [], services):
            return change(state, changed, services, context, ChangeOptions(grows=True))

    if state.block is not None:
        result = attempt(state.block)
    else:
        result = change_with_first_python(lambda python: attempt(script_block.new([], python)), services, context)
    joined = [f"{', '.join(f'`{part}`' for part in one.parts)} became `{one.requirement}`" for one in asked if one.parts]
    return replace(result, notes=(*result.notes, *joined))


def _list_typed_scopes(state: State, block: str, asked: Sequence[RequestedRequirement]) -> list[str]:
    """List what the new requirements ask for beyond names: typing it is consent to it."""
    project = state.project
    before = declaration_scopes(state.declaration, project.folder)
    after = declaration_scopes(project.form.declaration(block, context=project.context), project.folder)
    own = {
        str(item)
        for item in declaration_scopes(Declaration(dependencies=tuple(one.requirement for one in asked)), project.folder)
    }
    return sorted(own | ({str(item) for item in after} - {str(item) for item in before}))


def remove(
    target: Path, names: Sequence[str], services: Services, context: CommandContext, *, place: DependencySection = DEPENDENCIES
) -> ChangeResult:
    """Take packages out of the declaration, lock and build. Errors: `nothing-declared`, `not-declared`, those of `change`."""
    state = load_state(target, services, context)
    if state.block is None:
        raise DepError(
            "nothing-declared",
            f"the {state.project.form.noun} declares nothing",
            hint=Hint(step("add", NAME, target=target), " declares a package"),
            context=state.project.context,
        )
    return change(state, state.project.form.remove(state.block, list(names), place), services, context)
