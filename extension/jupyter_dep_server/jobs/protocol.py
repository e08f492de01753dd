"""What the server and its workers tell each other: one JSON object a line.

To a worker: `JobOrder`, then perhaps `CancelRequest`. From it: `Hello` once; for an order `Begun`, any number of
`ProgressEvent`s, and `Done`. Both are of one installation, so nothing is checked here that only a stranger would send.
"""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from functools import cache
from typing import Any, Literal

from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.base.progress import Progress
from jupyter_dep.messages import CancelRequest, Failure, Outcome
from jupyter_dep.messages.web import JobRequest
from jupyter_dep.model.lock.audit import ConsentScope
from jupyter_dep_server.api.decoding import encode


@frozen_dataclass
class JobOrder:
    """One job to do. `notebook` is absolute; `folder` the server's, below which paths are told as the page knows them."""

    request: JobRequest
    notebook: str
    folder: str | None = None
    id: int = 0
    type: Literal["order"] = "order"


@frozen_dataclass
class Hello:
    """A worker can take orders; `version` is that of the jupyter-dep that it has imported."""

    version: str
    type: Literal["hello"] = "hello"


@frozen_dataclass
class Begun:
    """An order was taken. A worker that ends before it says so has done nothing of it."""

    id: int
    type: Literal["begun"] = "begun"


@frozen_dataclass
class ProgressEvent:
    id: int
    progress: Progress
    type: Literal["moment"] = "moment"


@frozen_dataclass
class Hosts:
    """The hosts that a yes to the lock of this fingerprint has to name."""

    fingerprint: str
    items: tuple[ConsentScope, ...]


@frozen_dataclass
class Done:
    """The end of an order. `trouble` is for the log alone: the traceback behind an `internal` failure."""

    result: Outcome | Failure
    hosts: Hosts | None = None
    trouble: str = ""
    id: int = 0
    type: Literal["done"] = "done"


Line = JobOrder | CancelRequest | Hello | Begun | ProgressEvent | Done


def _name(kind: Any) -> str:
    return str(kind.__dataclass_fields__["type"].default)


_KINDS = {_name(kind): kind for kind in typing.get_args(Line)}


def write(line: Line) -> str:
    """The line without its newline, in ASCII."""
    return encode(line)


def read(text: str) -> Line:
    """What `write` made a line of. Errors: `ValueError`, `TypeError` and `KeyError` where it did not."""
    raw = json.loads(text)
    return typing.cast(Line, _value(_KINDS[raw["type"]], raw))


def _value(kind: Any, raw: Any) -> Any:
    arguments = typing.get_args(kind)
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        hints = _hints(kind)
        return kind(**{key: _value(hints[key], value) for key, value in raw.items()})
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        if raw is None:
            return None
        kinds = [one for one in arguments if one is not type(None)]
        return _value(kinds[0] if len(kinds) == 1 else next(one for one in kinds if _name(one) == raw["type"]), raw)
    if typing.get_origin(kind) is tuple:
        several = len(arguments) == 2 and arguments[1] is Ellipsis
        items = ((arguments[0], item) for item in raw) if several else zip(arguments, raw, strict=True)
        return tuple(_value(one, item) for one, item in items)
    return raw


@cache
def _hints(kind: type[Any]) -> dict[str, Any]:
    return typing.get_type_hints(kind)
