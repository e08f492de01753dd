"""The committed schema of the wire, which the page's types are generated from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

SCHEMA = Path(__file__).parents[2] / "docs" / "messages.schema.json"


def message_definitions() -> dict[str, Any]:
    """The schema of each message, by its name."""
    found: dict[str, Any] = json.loads(SCHEMA.read_text("utf-8"))["$defs"]
    return found
