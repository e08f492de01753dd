"""One table says which characters of outside text are escaped; the core, the magics and the page agree on it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jupyter_dep.base.escape import escape_untrusted
from jupyter_dep_magics.text import visible
from tools import invisible_characters

CASES = [
    (case["text"], case["escaped"])
    for case in json.loads((Path(__file__).parents[1] / "data" / "escape_cases.json").read_text("utf-8"))["cases"]
]


@pytest.mark.parametrize(("path", "text"), [*invisible_characters.copies()], ids=lambda item: getattr(item, "name", ""))
def test_each_copy_of_the_table_is_the_generated_one(path: Path, text: str) -> None:
    assert path.read_text("utf-8") == text, "run: python -m tools.invisible_characters"


@pytest.mark.parametrize(("text", "escaped"), [*CASES, ("lone \ud800 half", "lone \\ud800 half")], ids=ascii)
def test_core_and_magics_escape_alike(text: str, escaped: str) -> None:
    assert escape_untrusted(text) == escaped
    assert visible(text) == escaped


@pytest.mark.parametrize("shown", [lambda text: escape_untrusted(text, lines=True), lambda text: visible(text, newlines=True)])
def test_line_ends_stay_only_where_lines_are_meant(shown: object) -> None:
    assert callable(shown)
    assert shown("a\nb\x0b\u202e") == "a\nb\\u000b\\u202e"
    assert escape_untrusted("a\nb\tc") == visible("a\nb\tc") == "a\\u000ab\\u0009c"
