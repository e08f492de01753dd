"""The registry of errors, read from `errors.tsv`: what the documentation and the REST interface say of each code."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from jupyter_dep.base.errors import ConflictError, ConsentError, DepError, IndexUnreachableError, StaleError, UsageError
from jupyter_dep.base.fast_dataclass import frozen_dataclass

TABLE = Path(__file__).with_name("errors.tsv")

KINDS: dict[str, type[DepError]] = {
    "failure": DepError,
    "usage": UsageError,
    "stale": StaleError,
    "conflict": ConflictError,
    "index": IndexUnreachableError,
    "consent": ConsentError,
}


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
    for line in TABLE.read_text("utf-8").splitlines():
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
