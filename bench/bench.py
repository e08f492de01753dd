"""What every case is given: a sandbox, another where peers are measured, and how thorough to be."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from functools import cached_property
from types import TracebackType

from .comparison.others import Poetry, Uv
from .comparison.ours import Folder
from .comparison.side import Side
from .measure import Result
from .peer_sandbox import PeerSandbox, peer_sandbox
from .sandbox import Sandbox


class Bench:
    """A sandbox, and how thorough to be; as a context it ends what was started for the cases."""

    def __init__(self, sandbox: Sandbox, *, quick: bool) -> None:
        self.sandbox, self.quick = sandbox, quick
        self._stack = ExitStack()

    def rounds(self, thorough: int) -> int:
        return 3 if self.quick else thorough

    @cached_property
    def peer_sandbox(self) -> PeerSandbox:
        """Where programs of others are measured: made when a case first asks for it."""
        return self._stack.enter_context(peer_sandbox(self.sandbox))

    @cached_property
    def sides(self) -> list[Side]:
        """Ours, uv and Poetry in that sandbox: what one case has prepared, the next one finds."""
        return [Folder(self.peer_sandbox), Uv(self.peer_sandbox), Poetry(self.peer_sandbox)]

    def __enter__(self) -> Bench:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stack.close()


Case = Callable[[Bench], Awaitable[list[Result]]]
