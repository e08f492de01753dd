"""Requests from outside: bodies and texts are checked here, so that nothing behind has to."""

from __future__ import annotations

import json
import re
from typing import TypeVar

import msgspec

from jupyter_dep.messages.jobs import JobRequest
from jupyter_dep_server.problems import bad_request

T = TypeVar("T")

LIMIT = 4 << 20
"""Bytes of a request's body; the largest part is a declaration."""
_KEY_IN_ERROR = re.compile(r"(?:\$\.|required field `)(\w+)")
"""Where msgspec says what it is about: `$.kind`."""
_KEY = re.compile(r"[0-9a-f]{40}")
_MOST_NAMES = 200
_NAMED = ("add", "remove")
_WITHOUT_DRY_RUN = ("init", "sync", "undo", "redo", "trust", "outdated")


def decode_body(kind: type[T], data: bytes) -> T:
    """Decode the body of a request. Unknown keys are left out, since a newer page may send some. Errors: `bad-request`."""
    if len(data) > LIMIT:
        raise bad_request(f"the request is larger than {LIMIT >> 20} MB")
    try:
        request = msgspec.convert(json.loads(data), kind)
    except msgspec.ValidationError as error:
        found = _KEY_IN_ERROR.search(str(error))
        raise bad_request(f"the body does not fit: {error}", {"key": found[1]} if found else None) from error
    except (ValueError, RecursionError) as error:
        raise bad_request("the body is not JSON") from error
    for name, value in msgspec.to_builtins(request).items():
        check_unicode(value, name)
    return request


def check_unicode(value: T, name: str) -> T:
    """Refuse a text (or texts) that cannot be a file's name, as half of a surrogate pair cannot. Errors: `bad-request`."""
    try:
        msgspec.json.encode(value)
    except UnicodeEncodeError as error:
        raise bad_request(f"`{name}` is not Unicode", {"key": name}) from error
    return value


def check_job(request: JobRequest) -> None:
    """Refuse a request that no job could carry out. Errors: `bad-request`."""
    if request.kind in _NAMED and not request.names:
        raise bad_request(f"`names` is empty: nothing to {request.kind}", {"key": "names"})
    if len(request.names) > _MOST_NAMES:
        raise bad_request(f"more than {_MOST_NAMES} names", {"key": "names"})
    if request.kind == "python" and not request.python:
        raise bad_request("`python` is missing", {"key": "python"})
    if request.dry_run and request.kind in _WITHOUT_DRY_RUN:
        raise bad_request(f"`{request.kind}` has no dry run", {"key": "dry_run"})
    if request.environment is not None and not _KEY.fullmatch(request.environment):
        raise bad_request("`environment` is not an environment's key", {"key": "environment"})
