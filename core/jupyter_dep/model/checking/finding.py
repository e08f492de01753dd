"""Findings of a check, as values that each front end shows in its own way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field, replace
from typing import Literal

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.base.steps import FrontEnd, Text

Level = Literal["error", "warning", "note"]
_ORDER: Mapping[Level, int] = {"error": 0, "warning": 1, "note": 2}


@frozen_dataclass
class Finding:
    """One finding and its next step; `code` and `context` (`file`, `cell`, `key` …) are those of a `DepError`."""

    level: Level
    code: str
    message: str
    hint: Text
    context: Mapping[str, str | int] = field(default_factory=dict)

    @classmethod
    def of(cls, error: DepError, level: Level = "error") -> Finding:
        """The finding for an error."""
        return cls(level=level, code=error.code, message=error.message, hint=error.hint, context=dict(error.context))

    def where(self, *, within: str = "") -> str:
        """Where it is, as one phrase: `analysis.ipynb, cell 2`, or `cell 2` within that file."""
        parts = [str(self.context["file"])] if self.context.get("file", within) != within else []
        return ", ".join([*parts, *(f"{key} {value}" for key, value in self.context.items() if key != "file")])

    def as_json(self, front_end: FrontEnd) -> dict[str, object]:
        """The finding as JSON-like values, its next step as the front end writes it."""
        return {
            "level": self.level,
            "code": self.code,
            "message": self.message,
            "context": dict(self.context),
            "hint": front_end.write(self.hint),
        }


@frozen_dataclass
class Findings:
    """All that was found, the gravest first. `notebooks` and `modules` count the files that were read."""

    found: tuple[Finding, ...] = ()
    notebooks: int = 0
    modules: int = 0

    @classmethod
    def sorted(cls, found: Iterable[Finding], *, notebooks: int = 0, modules: int = 0) -> Findings:
        """Each finding once, by level, then in the order in which they came."""
        once = {(item.code, item.message, item.where()): item for item in found}
        listed = sorted(once.values(), key=lambda item: _ORDER[item.level])
        return cls(found=tuple(listed), notebooks=notebooks, modules=modules)

    @property
    def errors(self) -> tuple[Finding, ...]:
        """What makes the check fail."""
        return self._filter_level("error")

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """What should be corrected."""
        return self._filter_level("warning")

    @property
    def notes(self) -> tuple[Finding, ...]:
        """What may be intended."""
        return self._filter_level("note")

    def strict(self) -> Findings:
        """The same with every warning as an error."""
        return replace(
            self, found=tuple(replace(item, level="error") if item.level == "warning" else item for item in self.found)
        )

    def _filter_level(self, level: Level) -> tuple[Finding, ...]:
        return tuple(item for item in self.found if item.level == level)
