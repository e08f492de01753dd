"""The JSON schema of the wire, made from the dataclasses of `messages`: `python -m jupyter_dep.schema` prints it.

The committed copy, `docs/messages.schema.json`, is what other languages' types are made from; a test holds it to this.
"""

from __future__ import annotations

import dataclasses
import json
import sys
import types
import typing
from collections.abc import Mapping
from typing import Any

from . import messages

_PLAIN = {str: "string", int: "integer", float: "number", bool: "boolean"}


def schema() -> dict[str, Any]:
    """The schema: one definition a message, the union of them as the whole."""
    definitions: dict[str, Any] = {}
    union = [of(kind, definitions) for kind in typing.get_args(messages.Message)]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "jupyter-dep: messages between a kernel and its agent",
        "version": messages.PROTOCOL,
        "oneOf": union,
        "$defs": dict(sorted(definitions.items())),
    }


def of(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    """The schema of one type; the dataclasses that it reaches are added to `definitions` and referred to."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if kind is Any:
        return {}
    if kind in _PLAIN:
        return {"type": _PLAIN[kind]}
    if kind is type(None):
        return {"type": "null"}
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        if kind.__name__ not in definitions:
            definitions[kind.__name__] = {}
            definitions[kind.__name__] = _object(kind, definitions)
        return {"$ref": f"#/$defs/{kind.__name__}"}
    if origin is typing.Literal:
        return {"enum": list(arguments)}
    if origin in (typing.Union, types.UnionType):
        return {"anyOf": [of(one, definitions) for one in arguments]}
    if origin is tuple and len(arguments) == 2 and arguments[1] is Ellipsis:
        return {"type": "array", "items": of(arguments[0], definitions)}
    if origin is tuple:
        return {"type": "array", "prefixItems": [of(one, definitions) for one in arguments], "items": False}
    if origin in (dict, Mapping):
        return {"type": "object", "additionalProperties": of(arguments[1], definitions)}
    raise TypeError(f"no schema for {kind}")


def _object(kind: type, definitions: dict[str, Any]) -> dict[str, Any]:
    hints = typing.get_type_hints(kind)
    fields = dataclasses.fields(kind)
    missing = dataclasses.MISSING
    required = [one.name for one in fields if one.default is missing and one.default_factory is missing]
    if "type" in hints:
        required.append("type")
    return {
        "type": "object",
        "properties": {one.name: of(hints[one.name], definitions) for one in fields},
        "required": sorted(required),
    }


def text() -> str:
    return json.dumps(schema(), indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    sys.stdout.write(text())
