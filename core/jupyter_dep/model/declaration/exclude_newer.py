"""`exclude-newer`: the latest upload time of files, as the same moment on every machine."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from jupyter_dep.base.errors import DepError

from .declaration import Declaration


def cutoff(declaration: Declaration) -> str | None:
    """`exclude-newer` as a full UTC timestamp: a bare date means that whole day, in UTC everywhere."""
    text = declaration.uv.get("exclude-newer")
    return None if text is None else timestamp(str(text), "tool.uv.exclude-newer")


def in_utc(declaration: Declaration) -> Declaration:
    """The declaration with dates in UTC, for the engine: it would read a bare date in this machine's time zone."""
    own = declaration.uv.get("exclude-newer-package")
    if not isinstance(own, Mapping):
        return declaration
    key = "tool.uv.exclude-newer-package"
    times = {name: value if isinstance(value, bool) else timestamp(str(value), f"{key}.{name}") for name, value in own.items()}
    return replace(declaration, uv={**declaration.uv, "exclude-newer-package": times})


def timestamp(text: str, key: str) -> str:
    """A date or timestamp as a full UTC timestamp; `key` is what it was given as. Errors: `bad-cutoff`."""
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            day = date.fromisoformat(text) + timedelta(days=1)
            return f"{day.isoformat()}T00:00:00Z"
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise ValueError("no time zone")
        return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except ValueError as error:
        raise DepError(
            "bad-cutoff",
            f"`{text}` is not a date or a timestamp with a time zone",
            hint='write a date like "2026-01-31" or "2026-01-31T12:00:00Z": a lock must mean the same on every day',
            context={"key": key},
        ) from error
