"""The errors as a whole: each has its line in the documentation, and nothing is documented that is not there."""

from __future__ import annotations

import re
from pathlib import Path

from support.error_codes import error_codes

ROOT = Path(__file__).parents[2]
ROOMS = [ROOT / room for room in ("core", "kernels", "cli", "magics", "extension")]


def test_every_error_is_documented_and_every_documented_error_exists() -> None:
    page = (ROOT / "docs" / "errors.md").read_text("utf-8")
    documented = re.findall(r"^\| `([a-z-]+)` \|", page, re.MULTILINE)
    assert len(documented) == len(set(documented)), "a code stands twice"
    in_sources = error_codes(*ROOMS)
    assert len(in_sources) > 90, "the reader of the sources has gone blind"
    assert sorted(in_sources - set(documented)) == [], "without a line in docs/errors.md"
    assert sorted(set(documented) - in_sources) == [], "documented, and no longer there"
