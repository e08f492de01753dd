"""The registry of errors, read from `data/errors.tsv`: what the documentation and the REST interface say of each code.

Loaded by the server and by the generators, never at the start of a command.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

from .errors import ConflictError, ConsentError, DepError, IndexUnreachableError, StaleError, UsageError
from .fast_dataclass import frozen_dataclass

KINDS: dict[str, type[DepError]] = {
    "failure": DepError,
    "usage": UsageError,
    "stale": StaleError,
    "conflict": ConflictError,
    "index": IndexUnreachableError,
    "consent": ConsentError,
}
_STATUS = {"failure": 422, "usage": 400, "stale": 409, "conflict": 422, "index": 502, "consent": 403}


@frozen_dataclass
class ErrorInfo:
    """One error: code, kinds (names in `KINDS`), an HTTP status of its own or None, what happened, and the next step."""

    section: str
    code: str
    kinds: tuple[str, ...]
    status: int | None
    what: str
    next: str

    @property
    def exits(self) -> tuple[int, ...]:
        """Exit codes that the command line returns for it."""
        return tuple(sorted(KINDS[kind].exit_code for kind in self.kinds))


@lru_cache
def registry() -> dict[str, ErrorInfo]:
    """Read every error by its code, in the order of the documentation."""
    found: dict[str, ErrorInfo] = {}
    section = ""
    for line in files("jupyter_dep.data").joinpath("errors.tsv").read_text("utf-8").splitlines():
        if line.startswith("## "):
            section = line[3:]
        elif line and not line.startswith("#"):
            code, kinds, status, what, following = line.split("\t")
            found[code] = ErrorInfo(
                section=section,
                code=code,
                kinds=tuple(kinds.split("|")),
                status=int(status) if status else None,
                what=what,
                next=following,
            )
    return found


def http_status(error: DepError) -> int:
    """Map an error to an HTTP status: that of its code, else that of its kind."""
    info = registry().get(error.code)
    if info is not None and info.status is not None:
        return info.status
    return next(_STATUS[kind] for kind, cls in reversed(KINDS.items()) if isinstance(error, cls))
