"""The race's figures on disk, by case: a case that is run again takes the place of its figures from before."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.table import replace_file

from .heat import Heat

RESULTS = Path(__file__).resolve().parent.parent / "results" / "race.json"
QUICK = RESULTS.with_name("race-quick.json")
"""For what was only tried out: nothing of it comes on the page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A case's figures: what it is about, when and how they were taken (`day` is a date in UTC), with which versions."""

    case: str
    about: str
    day: str
    quick: bool
    machine: dict[str, Any]
    versions: dict[str, str]
    heats: tuple[Heat, ...]

    def as_json(self) -> dict[str, Any]:
        return {
            "about": self.about,
            "day": self.day,
            "quick": self.quick,
            "machine": self.machine,
            "versions": self.versions,
            "heats": [heat.as_json() for heat in self.heats],
        }

    @classmethod
    def of_json(cls, case: str, value: dict[str, Any]) -> Measured:
        return cls(case=case, **{**value, "heats": tuple(Heat.of_json(each) for each in value["heats"])})


def keep(file: Path, done: Measured, order: Sequence[str]) -> None:
    """Put a case's figures in the place of those from before; cases stand in `order`, others are dropped."""
    known = {**load(file), done.case: done}
    cases = {name: known[name].as_json() for name in order if name in known}
    replace_file(file, json.dumps({"schema": 1, "cases": cases}, indent=1) + "\n")


def load(file: Path = RESULTS) -> dict[str, Measured]:
    """The kept figures by case; none where there is no file."""
    if not file.exists():
        return {}
    value = json.loads(file.read_text(encoding="utf-8"))
    return {name: Measured.of_json(name, each) for name, each in value["cases"].items()}
