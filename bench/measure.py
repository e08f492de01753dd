"""What a comparison is: samples taken in turns, their medians, their spread, and the bound that they are held to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from statistics import median, quantiles
from typing import Any, Literal

Unit = Literal["ratio", "s", "ms", "MB"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table. `ours` and `theirs` are samples in `unit`, or in seconds where the unit is a ratio.

    A row without a bound is told for the reader's sake and decides nothing.
    """

    case: str
    title: str
    unit: Unit
    ours: tuple[float, ...]
    theirs: tuple[float, ...] = ()
    bound: float | None = None
    note: str = ""

    def __post_init__(self) -> None:
        if not self.ours or (self.unit == "ratio") != bool(self.theirs):
            raise ValueError(f"`{self.case}`: a ratio needs two sides, everything else exactly one")
        if self.theirs and len(self.theirs) != len(self.ours):
            raise ValueError(f"`{self.case}`: the sides took {len(self.ours)} and {len(self.theirs)} turns")

    @property
    def value(self) -> float:
        """What the bound is about: the medians' ratio, or our median."""
        return median(self.ours) / median(self.theirs) if self.theirs else median(self.ours)

    @property
    def spread(self) -> tuple[float, float]:
        """The quartiles: of each turn's own ratio, or of our samples."""
        if self.theirs:
            return quartiles([one / other for one, other in zip(self.ours, self.theirs, strict=True)])
        return quartiles(self.ours)

    @property
    def holds(self) -> bool | None:
        return None if self.bound is None else self.value <= self.bound

    def as_json(self) -> dict[str, Any]:
        return {
            "case": self.case,
            "title": self.title,
            "unit": self.unit,
            "ours": {"median": median(self.ours), "samples": list(self.ours)},
            "theirs": {"median": median(self.theirs), "samples": list(self.theirs)} if self.theirs else None,
            "value": self.value,
            "spread": list(self.spread),
            "bound": self.bound,
            "holds": self.holds,
            "note": self.note,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """A case that was not measured, and why: never counted as held."""

    case: str
    reason: str

    @property
    def holds(self) -> bool | None:
        return None

    def as_json(self) -> dict[str, Any]:
        return {"case": self.case, "skipped": self.reason, "holds": None}


Result = Row | Skipped


def quartiles(samples: tuple[float, ...] | list[float]) -> tuple[float, float]:
    """The lower and the upper quartile; of few samples, the extremes."""
    if len(samples) < 4:
        return min(samples), max(samples)
    lower, _, upper = quantiles(samples, n=4, method="inclusive")
    return lower, upper


Timed = Callable[[], Awaitable[float]]
"""One turn: does the thing once and gives what it measured; what it prepares and clears away is not measured."""


async def in_turns(rounds: int, *sides: Timed, warm_up: int = 1) -> tuple[tuple[float, ...], ...]:
    """The samples of each side. Who goes first changes with every round, so that neither profits from the other."""
    taken: list[list[float]] = [[] for _ in sides]
    for number in range(-warm_up, rounds):
        order = list(range(len(sides)))
        if number % 2:
            order.reverse()
        for position in order:
            sample = await sides[position]()
            if number >= 0:
                taken[position].append(sample)
    return tuple(tuple(samples) for samples in taken)
