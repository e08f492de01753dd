"""Read what an installed distribution says of itself: the name of its `.dist-info` folder and its RECORD.

The magics read the same without this package; `tests/data/record_cases.json` holds both to the same answers.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from packaging.utils import canonicalize_name

DIST_INFO = ".dist-info"
RECORD = "RECORD"
_LIMIT = 64 << 20


class RecordRow(NamedTuple):
    """One file: its path relative to site-packages, its hash as `sha256=…`, its size in bytes; both may be empty."""

    path: str
    hash: str
    size: str


def distribution_of(folder: str) -> tuple[str, str] | None:
    """Give normalised name and version of a folder `NAME-VERSION.dist-info`, None for any other folder."""
    if not folder.endswith(DIST_INFO):
        return None
    name, _, version = folder.removesuffix(DIST_INFO).rpartition("-")
    return str(canonicalize_name(name)), version


def read_record(file: Path) -> list[RecordRow]:
    """Read a RECORD; no rows if it is not CSV in UTF-8 or too long, as a wheel may carry anything under that name.

    Errors: OSError.
    """
    with file.open(encoding="utf-8", newline="") as lines:
        if os.fstat(lines.fileno()).st_size > _LIMIT:
            return []
        try:
            return parse_record(lines)
        except (ValueError, csv.Error):
            return []


def parse_record(lines: Iterable[str]) -> list[RecordRow]:
    """Parse the lines of a RECORD; rows of another number of columns than three are left out.

    Errors: `csv.Error`, ValueError.
    """
    return [RecordRow(*row) for row in csv.reader(lines) if len(row) == 3]
