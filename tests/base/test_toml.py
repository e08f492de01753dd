"""What we write for the engine is what a reader of TOML reads."""

from __future__ import annotations

import tomllib
from datetime import UTC, date, datetime, time
from typing import Any

import pytest

from jupyter_dep.base import toml

VALUES: list[Any] = [
    'quotes " and \\ and \t, \x00 \x1f \x7f, ü and 🪐',
    True,
    0,
    -3,
    0.1,
    1e300,
    float("inf"),
    date(2026, 1, 2),
    datetime(2026, 1, 2, 3, 4, 5, 600, tzinfo=UTC),
    datetime(2026, 1, 2, 3, 4, 5),
    time(3, 4, 5),
    [],
    ["a", ["b", {"c d": 1}]],
    {"a.b": {"": ["x"]}},
]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_a_value_is_read_as_it_was_written(value: Any) -> None:
    written = toml.table("[part]", {"a key": value, 'another "key"': [value]})
    assert tomllib.loads(written) == {"part": {"a key": value, 'another "key"': [value]}}


def test_what_has_no_place_is_refused() -> None:
    with pytest.raises(TypeError, match="NoneType"):
        toml.inline({"a": None})
