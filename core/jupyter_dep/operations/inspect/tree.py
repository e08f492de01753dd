"""`show`, `tree`, `why`: the locked packages and what requires them."""

from __future__ import annotations

from pathlib import Path

from packaging.utils import canonicalize_name

from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.model.lock.graph import Graph
from jupyter_dep.operations.lock.python_choice import LockOptions
from jupyter_dep.operations.lock.resolve import lock_for_state
from jupyter_dep.operations.project.context import CommandContext, require_lock
from jupyter_dep.operations.project.state import LockedState
from jupyter_dep.services import Services


@frozen_dataclass
class Row:
    """One locked package: `via` are its direct requirers, `latest` the version that an update would bring.

    `place` says where it is declared, empty where it is not.
    """

    name: str
    version: str
    declared: str
    via: tuple[str, ...]
    kernel: bool
    size: int
    latest: str = ""
    place: str = ""


def rows(
    notebook: Path, services: Services, context: CommandContext, *, outdated: bool = False
) -> tuple[LockedState, tuple[Row, ...]]:
    """Every locked package, declared ones first; `outdated` asks the index what an update would bring."""
    state = require_lock(notebook, services, context)
    newest: dict[str, str] = {}
    if outdated and state.declaration is not None:
        fresh = lock_for_state(state, state.declaration, services, context, LockOptions(upgrade=True))
        newest = dict(fresh.summary.versions)
    graph = _read_graph(state, services)
    asked = state.declaration.every_requirement if state.declaration else ()
    declared = {canonicalize_name(item.name): str(item) for item in reversed(asked)}
    places = state.declaration.places if state.declaration else {}
    found = [
        Row(
            name=name,
            version=version,
            declared=declared.get(canonicalize_name(name), ""),
            place=places.get(name, ""),
            via=graph.required_by(name),
            kernel=name in state.summary.kernel,
            size=state.summary.sizes.get(name, 0),
            latest=newest.get(name, "") if newest.get(name) != version else "",
        )
        for name, version in state.summary.versions.items()
    ]
    return state, tuple(sorted(found, key=lambda row: (not row.declared, row.kernel, row.name)))


def _read_graph(state: LockedState, services: Services) -> Graph:
    return services.lock_cache.graph(state.lock_data, context=state.project.lock_context)


def tree(notebook: Path, services: Services, context: CommandContext) -> tuple[LockedState, tuple[str, ...]]:
    """The locked graph as indented lines from each declared package; a package's needs are shown once."""
    state = require_lock(notebook, services, context)
    graph = _read_graph(state, services)
    versions = state.summary.versions
    needs: dict[str, set[str]] = {}
    for (who, _), nodes in graph.edges.items():
        needs.setdefault(who, set()).update(name for name, _ in nodes)
    lines: list[str] = []
    shown: set[str] = set()

    def walk(name: str, depth: int) -> None:
        again = name in shown and bool(needs.get(name))
        lines.append(f"{'    ' * depth}{name} {versions.get(name, '')}{' (see above)' if again else ''}".rstrip())
        if not again:
            shown.add(name)
            for needed in sorted(needs.get(name, ())):
                walk(needed, depth + 1)

    for name in state.declaration.places if state.declaration else ():
        if name in versions:
            walk(name, 0)
    return state, tuple(lines)


def why(
    notebook: Path, name: str, services: Services, context: CommandContext
) -> tuple[LockedState, str, tuple[tuple[str, ...], ...]]:
    """The chains from what is declared (or from the kernel) to one locked package. Errors: `not-locked`."""
    state = require_lock(notebook, services, context)
    wanted = str(canonicalize_name(name))
    if wanted not in state.summary.versions:
        from jupyter_dep.operations.project.state import require_locked

        require_locked(state, (name,))
    roots = list(state.declaration.places) if state.declaration else []
    kernel = [item for item in ("ipykernel", "ipywidgets") if item in state.summary.versions and item not in roots]
    return state, wanted, _read_graph(state, services).paths(wanted, [*roots, *kernel])
