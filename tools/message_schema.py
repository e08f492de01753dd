"""Print the JSON schema of the wire: `python -m tools.message_schema > docs/messages.schema.json`.

It is made from the classes of `jupyter_dep.messages`. Types in other languages are generated from the committed copy, and
a test holds the copy to this.
"""

from __future__ import annotations

import dataclasses
import json
import sys
import types
import typing
from typing import Any

from jupyter_dep import messages
from jupyter_dep.messages import comm, jobs, web
from jupyter_dep_server.schema import Schema, definitions, draft7

RECEIVED = ("CancelRequest", "Holds", "JobRequest", "NonceRequest", "Request")
"""What front ends write: there a default may be left out."""


def schema() -> dict[str, Any]:
    """Make the schema, in draft 7: the messages between a kernel and its agent as the whole, every message under `$defs`.

    Aliases of the wire of the browser (enumerations and unions) have definitions of their own. `version`, `header` and
    `missing_mime` are the constants of the wire.
    """
    agent = typing.get_args(messages.Message)
    found = definitions((*agent, *web_messages()), received=RECEIVED)
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "jupyter-dep: messages between a kernel and its agent, and between a page and its server",
        "version": messages.PROTOCOL,
        "header": web.HEADER,
        "missing_mime": comm.MISSING_MIME,
        "oneOf": [_reference(kind.__name__) for kind in agent],
        "$defs": dict(sorted(_name_aliases(found).items())),
    }


def web_messages() -> tuple[type, ...]:
    """List the message classes that the wire of the browser defines or uses."""
    return tuple(value for value in _browser_names().values() if dataclasses.is_dataclass(value) and isinstance(value, type))


def _browser_names() -> dict[str, object]:
    return {**vars(web), **vars(jobs), **vars(comm)}


def text() -> str:
    """Write the committed file."""
    return json.dumps(draft7(schema()), indent=1) + "\n"


def _name_aliases(found: dict[str, Schema]) -> dict[str, Schema]:
    """Give each alias its definition, and refer to it where a field has its type."""
    enums, unions = {}, {}
    for name, value in _browser_names().items():
        if typing.get_origin(value) is typing.Literal:
            enums[name] = {"enum": list(typing.get_args(value))}
        elif typing.get_origin(value) in (typing.Union, types.UnionType):
            unions[name] = {"oneOf": [_reference(kind.__name__) for kind in typing.get_args(value)]}
    names = {frozenset(alias["enum"]): name for name, alias in enums.items()}
    for definition in found.values():
        fields = definition["properties"]
        for field, shape in fields.items():
            alias = names.get(frozenset(shape.get("enum", ())))
            if alias is not None:
                fields[field] = _reference(alias)
    return {**found, **enums, **unions}


def _reference(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


if __name__ == "__main__":
    sys.stdout.write(text())
