"""The browser's types, made from the wire's JSON schema: `python -m jupyter_dep.typescript` prints `labext/src/model/wire.ts`.

The page gets whole objects, so that what it receives has every field; what it sends may leave out what has a default.
A test holds the committed copy to this.
"""

from __future__ import annotations

import dataclasses
import inspect
import json
import re
import sys
import types
import typing
from typing import Any

from . import schema
from .messages import PROTOCOL, web

SENT = ("JobRequest", "NonceRequest", "Holds")
"""What the page writes itself: there a default may be left out."""

_WORDS = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}


def text() -> str:
    """The whole module."""
    definitions, aliases = _collect()
    parts = [
        "// Written by `python -m jupyter_dep.typescript` from jupyter_dep.messages.web: do not edit.",
        f"export const PROTOCOL = {PROTOCOL};",
        f"export const HEADER = {_quoted(web.HEADER)};",
        f"export const MISSING_MIME = {_quoted(web.MISSING_MIME)};",
    ]
    parts += [f"export type {name} = {written};" for name, written in sorted(aliases.items())]
    interfaces = "\n\n".join(_interface(name, definitions[name]) for name in sorted(definitions))
    for name, written in aliases.items():
        interfaces = interfaces.replace(f": {written};", f": {name};")
    return "\n\n".join([*parts, interfaces]) + "\n"


def _collect() -> tuple[dict[str, Any], dict[str, str]]:
    definitions: dict[str, Any] = {}
    aliases: dict[str, str] = {}
    for name, value in vars(web).items():
        if dataclasses.is_dataclass(value) and isinstance(value, type):
            schema.of(value, definitions)
        elif typing.get_origin(value) in (typing.Literal, typing.Union, types.UnionType):
            aliases[name] = _type(schema.of(value, definitions))
    return definitions, aliases


def _interface(name: str, shape: dict[str, Any]) -> str:
    lines = [f"/** {_sentence(name)} */"] if _sentence(name) else []
    lines.append(f"export interface {name} {{")
    for key, value in shape["properties"].items():
        optional = "?" if name in SENT and key not in shape["required"] else ""
        lines.append(f"  readonly {key}{optional}: {_type(value)};")
    return "\n".join([*lines, "}"])


def _sentence(name: str) -> str:
    kind = getattr(web, name, None)
    written = inspect.getdoc(kind) or ""
    if not dataclasses.is_dataclass(kind) or written.startswith(f"{name}("):
        return ""
    return re.sub(r"\s+", " ", written.split("\n\n")[0]).replace("*/", "* /")


def _type(shape: dict[str, Any]) -> str:
    if "$ref" in shape:
        return str(shape["$ref"]).rsplit("/", 1)[1]
    if "enum" in shape:
        return " | ".join(_quoted(one) for one in shape["enum"])
    if "anyOf" in shape:
        return " | ".join(_type(one) for one in shape["anyOf"])
    if "prefixItems" in shape:
        return f"readonly [{', '.join(_type(one) for one in shape['prefixItems'])}]"
    if shape.get("type") == "array":
        return f"ReadonlyArray<{_type(shape['items'])}>"
    if shape.get("type") == "object":
        return f"Readonly<Record<string, {_type(shape['additionalProperties'])}>>"
    return _WORDS[shape["type"]] if "type" in shape else "unknown"


def _quoted(value: object) -> str:
    return "'" + json.dumps(value)[1:-1].replace("'", "\\'") + "'" if isinstance(value, str) else json.dumps(value)


if __name__ == "__main__":
    sys.stdout.write(text())
