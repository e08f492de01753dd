"""What every case is given: a desk, a field where peers are measured, and how thorough to be."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from functools import cached_property
from types import TracebackType

from .desk import Desk
from .field import Field, field
from .measure import Result
from .race.others import Poetry, Uv
from .race.ours import Folder
from .race.side import Side


class Bench:
    """A desk, and how thorough to be; as a context it ends what was started for the cases."""

    def __init__(self, desk: Desk, *, quick: bool) -> None:
        self.desk, self.quick = desk, quick
        self._stack = ExitStack()

    def rounds(self, thorough: int) -> int:
        return 3 if self.quick else thorough

    @cached_property
    def field(self) -> Field:
        """Where programs of others are measured: made when a case first asks for it."""
        return self._stack.enter_context(field(self.desk))

    @cached_property
    def sides(self) -> list[Side]:
        """Ours, uv and Poetry on that field: what one case has prepared, the next one finds."""
        return [Folder(self.field), Uv(self.field), Poetry(self.field)]

    def __enter__(self) -> Bench:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stack.close()


Case = Callable[[Bench], Awaitable[list[Result]]]
