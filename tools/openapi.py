"""Print the OpenAPI document of the REST interface: `python -m tools.openapi > docs/openapi.json`.

Clients in other languages are generated from the committed copy; a test holds the copy to this.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from jupyter_dep.messages import PROTOCOL, web
from jupyter_dep_server.api.routes import BASE, ROUTES, Query, Route
from jupyter_dep_server.schema import definitions

from .message_schema import RECEIVED, web_messages

_HEADER = {
    "name": web.HEADER,
    "in": "header",
    "required": False,
    "description": "The caller's protocol version; another than the server's is refused with 409.",
    "schema": {"const": str(PROTOCOL)},
}


def document() -> dict[str, Any]:
    """Make the document from the table of routes and the schemas of the messages."""
    paths: dict[str, Any] = {}
    for route in ROUTES:
        paths.setdefault(f"/{BASE}/{route.path}", {})[route.method.lower()] = _operation(route)
    whole = {
        "openapi": "3.1.0",
        "info": {
            "title": "jupyter-dep",
            "version": str(PROTOCOL),
            "description": "Declaration, lock and environment of a notebook, below the base URL of a Jupyter server.",
            "license": {"name": "BSD-3-Clause", "identifier": "BSD-3-Clause"},
        },
        "servers": [{"url": "/", "description": "the server's base URL"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "token": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Authorization",
                    "description": "`token` and a blank before the server's token; a browser is known by its cookie",
                }
            },
            "schemas": definitions(web_messages(), received=RECEIVED),
        },
    }
    found = _refer_to_components(whole)
    assert isinstance(found, dict)
    return found


def _operation(route: Route) -> dict[str, Any]:
    parts = [part[1:-1] for part in route.path.split("/") if part.startswith("{")]
    found: dict[str, Any] = {
        "operationId": route.does.__name__,
        "summary": route.words,
        "description": f"Asks the Authorizer for `{route.action}` on `{BASE}`.",
        "parameters": [
            *({"name": part, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}} for part in parts),
            *(_parameter(query) for query in route.query),
            _HEADER,
        ],
        "responses": {
            str(route.status): _response("what was asked for", route.answer),
            "default": _response("what is wrong, and the next step", web.Problem),
        },
    }
    if route.body is not None:
        found["requestBody"] = {"required": True, "content": _content(route.body)}
    return found


def _parameter(query: Query) -> dict[str, Any]:
    shape: dict[str, Any] = {"type": "string", "maxLength": query.longest}
    if query.pattern:
        shape["pattern"] = f"^{query.pattern}$"
    if query.most:
        shape = {"type": "integer", "minimum": 1, "maximum": query.most}
    return {"name": query.name, "in": "query", "required": query.required, "description": query.words, "schema": shape}


def _response(words: str, answer: type | None) -> dict[str, Any]:
    header = {web.HEADER: {"description": "the server's protocol version", "schema": {"type": "string"}}}
    return {"description": words, "headers": header, **({"content": _content(answer)} if answer else {})}


def _content(kind: type) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/$defs/{kind.__name__}"}}}


def _refer_to_components(value: Any) -> Any:
    if isinstance(value, list):
        return [_refer_to_components(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: item.replace("#/$defs/", "#/components/schemas/", 1) if key == "$ref" else _refer_to_components(item)
        for key, item in value.items()
    }


def text() -> str:
    """Write the committed file."""
    return json.dumps(document(), indent=1) + "\n"


if __name__ == "__main__":
    sys.stdout.write(text())
