"""The errors of the project: each says what happened, where, and the next step.

A leaf. Front ends (command line, cell, JSON) render `code`, `message`, `context` and `hint` in one place each and never
show a traceback for a `DepError`. What each code means is in the registry, `tools/errors.tsv`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from .error_codes import ErrorCode
    from .steps import Text


class DepError(Exception):
    """What went wrong, in the user's words.

    `code` is a stable kebab-case reference, `context` says where (`file`, `cell`, `key`, `package` …), `hint` is the
    next step and is never empty. `exit_code` is what the command line returns.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, code: ErrorCode, message: str, *, hint: Text, context: Mapping[str, str | int] | None = None) -> None:
        super().__init__(message)
        self.code: ErrorCode = code
        self.message = message
        self.hint = hint
        self.context: dict[str, str | int] = dict(context or {})

    def where(self) -> str:
        """The place as one phrase, `analysis.ipynb, cell 2`, empty if there is none."""
        parts = [str(self.context["file"])] if "file" in self.context else []
        parts += [f"{key} {value}" for key, value in self.context.items() if key != "file"]
        return ", ".join(parts)

    def __str__(self) -> str:
        where = self.where()
        return f"{self.message} ({where})" if where else self.message

    def as_json(self) -> dict[str, object]:
        """Give the error as it is sent to front ends."""
        return {"code": self.code, "message": self.message, "context": self.context, "hint": str(self.hint)}


class UsageError(DepError):
    """The command itself is wrong: an unknown command, option or target."""

    exit_code = 2


class StaleError(DepError):
    """The lock does not answer the declaration."""

    exit_code = 3


class ConflictError(DepError):
    """No set of versions satisfies what is asked."""

    exit_code = 4


class IndexUnreachableError(DepError):
    """The network or a package index does not answer as it should."""

    exit_code = 5


class ConsentError(DepError):
    """A lock that another person wrote has not been consented to."""

    exit_code = 6
