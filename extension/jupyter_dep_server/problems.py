"""Errors as messages for a page; only a `DepError` shows details."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from jupyter_dep.base.error_codes import HTTP_STATUS
from jupyter_dep.base.errors import ConflictError, ConsentError, DepError, IndexUnreachableError, StaleError, UsageError
from jupyter_dep.base.steps import FrontEnd
from jupyter_dep.messages import Failure
from jupyter_dep.messages.web import Problem
from jupyter_dep.presentation.hints import next_steps

_STATUS_OF_KIND: tuple[tuple[type[DepError], int], ...] = (
    (UsageError, 400),
    (StaleError, 409),
    (ConflictError, 422),
    (IndexUnreachableError, 502),
    (ConsentError, 403),
    (DepError, 422),
)


def http_status(error: DepError) -> int:
    """Map an error to an HTTP status: that of its code, else that of its kind."""
    own = HTTP_STATUS.get(error.code)
    return own if own is not None else next(status for kind, status in _STATUS_OF_KIND if isinstance(error, kind))


def problem(error: DepError, folder: Path | None = None) -> Problem:
    """Describe an error for a page; below `folder`, the server's, paths are written as the file browser shows them."""
    front_end = FrontEnd(kind="page", cwd=folder)
    return Problem(
        code=error.code,
        message=_shorten(error.message, folder),
        hint=_shorten(front_end.write(error.hint), folder),
        context=_hide_folders(error.context),
        steps=next_steps(error.hint, front_end),
    )


def failure(error: DepError, verb: str, folder: Path | None = None) -> Failure:
    """Describe an error as the end of a job."""
    described = problem(error, folder)
    return Failure(
        verb=verb,
        code=described.code,
        message=described.message,
        context=described.context,
        hint=described.hint,
        steps=described.steps,
        exit_code=error.exit_code,
    )


def of_status(status: int) -> DepError:
    """Name the error of a request that the server refused, or in which an exception escaped."""
    if status in (401, 403):
        return DepError(
            "forbidden",
            "this is not allowed for you here",
            hint="reload the page and sign in; if you are, ask the administrator of this server for the permission",
        )
    if status == 404:
        return DepError("no-such-page", "there is nothing at this address", hint="reload the page, or upgrade jupyter-dep")
    if status == 405:
        return DepError("no-such-method", "this address has no such method", hint="reload the page, or upgrade jupyter-dep")
    if 400 <= status < 500:
        return bad_request("the request cannot be understood")
    return internal()


def internal() -> DepError:
    """Describe an exception that is a bug."""
    return DepError("internal", "something in jupyter-dep is broken", hint="please report it, with the end of the server's log")


def bad_request(message: str, context: Mapping[str, str | int] | None = None) -> UsageError:
    """Refuse a request that does not fit the protocol."""
    return UsageError("bad-request", message, hint="reload the page; if that does not help, report it", context=context)


def _shorten(text: str, folder: Path | None) -> str:
    return text if folder is None else text.replace(str(folder).rstrip(os.sep) + os.sep, "")


def _hide_folders(context: Mapping[str, str | int]) -> dict[str, str | int]:
    """Say where it happened, without the folders of this machine."""
    return {
        key: Path(value).name if isinstance(value, str) and Path(value).is_absolute() else value
        for key, value in context.items()
    }
