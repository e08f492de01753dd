"""Choose the Python of a first declaration: the newest for which everything has wheels."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from jupyter_dep.base.errors import ConflictError
from jupyter_dep.operations.project.context import ChangeResult, CommandContext, kernel_minor
from jupyter_dep.services import Services

_DEPENDS_ON_PYTHON = ("needs-build", "no-such-version", "not-on-every-python")
"""Codes of conflicts that another Python may not have."""
OLDEST = ">=3.9"


def change_with_first_python(
    attempt: Callable[[str], ChangeResult], services: Services, context: CommandContext
) -> ChangeResult:
    """Call `attempt` with one `requires-python` after the other until everything has wheels.

    The Python of the asking kernel decides alone. Else the newest stable one comes first, then each older minor by itself: an
    open range would include the newer ones, for which something has none. Errors: those of the first attempt.
    """
    first: ConflictError | None = None
    for requires_python in _ranges(services, context):
        try:
            result = attempt(requires_python)
        except ConflictError as error:
            if error.code not in _DEPENDS_ON_PYTHON:
                raise first or error from None
            first = first or error
        else:
            note = f"Python {requires_python} was chosen, because with a newer one {first.message}" if first else ""
            return replace(result, notes=(*result.notes, note)) if note else result
    assert first is not None  # there is always one range
    raise first


def _ranges(services: Services, context: CommandContext) -> Iterator[str]:
    kernel = kernel_minor(services, context)
    newest = services.interpreters.find(kernel or OLDEST)
    yield f">={newest.minor}"
    if kernel is not None:
        return
    minors = {one.minor: None for one in services.interpreters.all() if not one.prerelease and one.name == one.minor}
    for minor in minors:
        major, number = (int(part) for part in minor.split("."))
        if (major, number) < tuple(int(part) for part in newest.minor.split(".")) and (major, number) >= (3, 9):
            yield f">={minor},<{major}.{number + 1}"
