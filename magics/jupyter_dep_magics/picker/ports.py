"""What the form needs of a kernel's session."""

from __future__ import annotations

import threading
from typing import Any, Callable, Mapping, Optional, Protocol

from ..wire import Answer, Outcome, Progress, Report


class AgentSession(Protocol):
    """A session that asks the agent and applies its answers; see `session.Session`."""

    @property
    def has_kernel(self) -> bool:
        """Whether there is a front end that could show widgets."""

    def ask(
        self,
        line: str,
        body: str = "",
        *,
        on_progress: Callable[[Progress], None],
        on_tick: Callable[[], None] = ...,
        cancelled: Optional[threading.Event] = None,
        abandon: bool = False,
    ) -> Answer:
        """Ask the agent from any thread."""

    def conclude(self, outcome: Outcome, *, in_cell: bool = True) -> Report:
        """Apply an outcome in this kernel, in the main thread."""

    def on_main(self, work: Callable[[], None]) -> None:
        """Run `work` in the main thread, between two cells."""

    def publish(self, data: Mapping[str, Any]) -> None:
        """Show a MIME bundle under the cell."""
