"""From JSON to the dataclasses of `messages.web`: everything is checked here, so that nothing behind has to be."""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from collections.abc import Mapping
from typing import Any, TypeVar

from .problems import bad_request

T = TypeVar("T")

LIMIT = 4 << 20
"""Bytes of a request's body; the largest part is a declaration."""


def body(kind: type[T], data: bytes) -> T:
    """The request in a body. Keys that are unknown are left out, since a newer page may send some. Errors: `bad-request`."""
    if len(data) > LIMIT:
        raise bad_request(f"the request is larger than {LIMIT >> 20} MB")
    try:
        raw = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise bad_request("the body is not JSON") from error
    return typing.cast(T, _value(kind, raw, ""))


def encode(answer: object) -> str:
    """An answer as JSON, pure ASCII."""
    return json.dumps(answer, default=plain, separators=(",", ":"))


def plain(value: Any) -> Any:
    """What `json` can go on with: the fields of a dataclass (deep copies of them, as `asdict` makes, cost ten times more)."""
    if dataclasses.is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is nothing of the wire")


def _value(kind: Any, raw: Any, key: str) -> Any:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return _object(kind, raw, key)
    if origin is typing.Literal:
        if not isinstance(raw, str) or raw not in arguments:
            raise bad_request(f"`{key}` is none of {', '.join(map(str, arguments))}", {"key": key})
        return raw
    if origin in (typing.Union, types.UnionType):
        if raw is None and type(None) in arguments:
            return None
        (only,) = (one for one in arguments if one is not type(None))
        return _value(only, raw, key)
    if origin is tuple:
        if not isinstance(raw, list):
            raise bad_request(f"`{key}` is no list", {"key": key})
        return tuple(_value(arguments[0], item, key) for item in raw)
    if kind is bool or kind is str:
        if not isinstance(raw, kind):
            raise bad_request(f"`{key}` is no {'text' if kind is str else 'truth value'}", {"key": key})
        return text(raw, key) if isinstance(raw, str) else raw
    raise TypeError(f"no request holds {kind}")


def text(raw: str, key: str) -> str:
    """A text that can be a file's name or go into one: half a surrogate pair cannot. Errors: `bad-request`."""
    try:
        raw.encode()
    except UnicodeEncodeError as error:
        raise bad_request(f"`{key}` is not Unicode", {"key": key}) from error
    return raw


def _object(kind: type[Any], raw: Any, key: str) -> Any:
    if not isinstance(raw, dict):
        raise bad_request(f"`{key}` is no object" if key else "the body is no object")
    hints = typing.get_type_hints(kind)
    found = {}
    for field in dataclasses.fields(kind):
        if field.name in raw:
            found[field.name] = _value(hints[field.name], raw[field.name], field.name)
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise bad_request(f"`{field.name}` is missing", {"key": field.name})
    return kind(**found)
