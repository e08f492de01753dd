"""The results as a table for a terminal and as JSON for later comparisons."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from .measure import Result, Row, Skipped, Unit

_HEAD = ("case", "ours", "theirs", "value", "spread", "bound", "holds")
_PRECISION: dict[Unit, int] = {"ratio": 2, "s": 3, "ms": 2, "MB": 1}


def text(results: Sequence[Result]) -> str:
    """An aligned table: a line for each result, and below it what has to be said about one."""
    lines = [_HEAD, *(_cells(result) for result in results)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(_HEAD))]
    out = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    out.insert(1, "  ".join("-" * width for width in widths))
    notes = [f"{result.title}: {result.note}" for result in results if isinstance(result, Row) and result.note]
    skipped = [f"{result.case}: not measured, {result.reason}" for result in results if isinstance(result, Skipped)]
    return "\n".join([*out, *([""] if notes or skipped else []), *notes, *skipped]) + "\n"


def _cells(result: Result) -> tuple[str, ...]:
    if isinstance(result, Skipped):
        return (result.case, "", "", "", "", "", "not measured")
    unit: Unit = "s" if result.unit == "ratio" else result.unit
    low, high = result.spread
    return (
        result.title,
        _number(median(result.ours), unit),
        _number(median(result.theirs), unit) if result.theirs else "",
        _number(result.value, result.unit),
        f"{_bare(low, result.unit)}-{_bare(high, result.unit)}",
        "" if result.bound is None else f"<= {result.bound:g}",
        {True: "yes", False: "NO", None: ""}[result.holds],
    )


def _bare(value: float, unit: Unit) -> str:
    return f"{value:.{_PRECISION[unit]}f}"


def _number(value: float, unit: Unit) -> str:
    return _bare(value, unit) + ("" if unit == "ratio" else f" {unit}")


def write(results: Sequence[Result], file: Path, *, quick: bool, versions: dict[str, str]) -> None:
    """The results with all samples, and what they were measured with; no name of a machine, no address of an index."""
    value = {
        "schema": 1,
        "quick": quick,
        "day": f"{datetime.now(UTC):%Y-%m-%d}",
        "machine": machine(),
        "versions": versions,
        "results": [result.as_json() for result in results],
    }
    replace_file(file, json.dumps(value, indent=1) + "\n")


def machine() -> dict[str, Any]:
    """What the figures depend on."""
    return {"system": platform.system(), "processors": os.cpu_count(), "python": platform.python_version()}


def replace_file(file: Path, text: str) -> None:
    """Write a file of results, whole or not at all; its folder is made."""
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f".{file.name}.{os.getpid()}.tmp")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(file)


def progress(words: str) -> None:
    sys.stderr.write(words + "\n")
    sys.stderr.flush()
