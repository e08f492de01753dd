"""`status`: declaration, lock and environment of a project, read from disk without a network or a write in the project."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.base.steps import Text
from jupyter_dep.operations.consent.evaluate import Trust, trust_of
from jupyter_dep.operations.environment.local_sources import select_state, select_state_cached
from jupyter_dep.operations.environment.select import Selected
from jupyter_dep.operations.project.context import CommandContext, load_state
from jupyter_dep.operations.project.state import LockedState, State, read_state
from jupyter_dep.services import Services


@frozen_dataclass
class Status:
    """One project's standing; `sealed` is its environment's folder if it can start at once."""

    state: State
    trust: Trust | None
    key: str | None
    sealed: str | None
    note: Text = ""

    def as_json(self) -> dict[str, Any]:
        """The project's entry in `--json`."""
        state, summary = self.state, self.state.summary
        return {
            "project": str(state.project.file),
            "lock": str(state.project.orphan or state.project.lock) if state.lock_data is not None else None,
            "state": state.name,
            "trusted": self.trust.given if self.trust else False,
            "environment": {"path": self.sealed, "sealed": self.sealed is not None, "key": self.key},
            "python": summary.python if summary else None,
            "declared": [str(item) for item in state.declaration.dependencies] if state.declaration else [],
            "locked": dict(summary.versions) if summary else {},
            "fingerprint": summary.fingerprint if summary else None,
        }


def status(notebook: Path, services: Services, context: CommandContext) -> Status:
    """A project's standing: reads three small things if the lock was seen before."""
    state = read_state(notebook, services, live_block=context.live_block)
    if state.data is None and not context.in_kernel:
        load_state(notebook, services, context)
    if not isinstance(state, LockedState):
        return Status(state=state, trust=None, key=None, sealed=None)
    note = ""
    selected: Selected | None = None
    try:
        selected = select_state_cached(state, services)
        if selected is None and state.summary.python not in {item.minor for item in services.interpreters.all()}:
            note = f"Python {state.summary.python} is not on this machine"
        elif selected is None:
            selected = select_state(state, services)
    except DepError as error:
        note = str(error)
    trust = trust_of(state.summary, notebook, services, selected.artifacts if selected else ())
    sealed = services.store.sealed(selected.key) if selected else None
    return Status(
        state=state,
        trust=trust,
        key=selected.key if selected else None,
        sealed=sealed.path if sealed else None,
        note=note,
    )
