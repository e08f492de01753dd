"""JSON schemas of the messages, made by msgspec from their classes, in draft 7: what the event bus and code generators read."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import msgspec

Schema = dict[str, Any]


def definitions(kinds: Iterable[type], *, received: Collection[str] = ()) -> dict[str, Schema]:
    """Make the schema of each class and of those that it reaches, by name, sorted; references go to `#/$defs/NAME`.

    A message that is sent has every field, so each one is required. The classes named in `received` are requests of other
    programs, which may leave out what has a default.
    """
    _, found = msgspec.json.schema_components(tuple(kinds), ref_template="#/$defs/{name}")
    return {name: _require(schema, every=name not in received) for name, schema in sorted(found.items())}


def draft7(value: Any) -> Any:
    """Write tuples as draft 7 does: `items` and `additionalItems` for what later drafts call `prefixItems` and `items`."""
    if isinstance(value, list):
        return [draft7(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "prefixItems" in value:
        rest = {key: item for key, item in value.items() if key not in ("prefixItems", "items")}
        value = {**rest, "items": value["prefixItems"], "additionalItems": value["items"]}
    return {key: draft7(item) for key, item in value.items()}


def _require(schema: Schema, *, every: bool) -> Schema:
    properties = schema["properties"]
    described = {key: " ".join(schema[key].split()) for key in ("description",) if key in schema}
    if every:
        fields = {name: {key: item for key, item in field.items() if key != "default"} for name, field in properties.items()}
        return {**schema, **described, "properties": fields, "required": list(fields)}
    required = [*schema["required"], *(name for name in ("type",) if name in properties)]  # the tag of a union
    return {**schema, **described, "required": required}
