"""What a heat of the race is: the same thing done by several sides in turns, what each took, and why one was not there."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any, Literal

from bench.measure import quartiles
from bench.peers import MissingError
from bench.resource_usage import Spent

Unit = Literal["s", "ms", "MB"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What one side took, a sample for each turn; without samples, `reason` says why it was not measured."""

    side: str
    samples: tuple[Spent, ...] = ()
    reason: str = ""

    def of(self, what: Literal["seconds", "cpu", "peak"]) -> tuple[float, ...]:
        """The samples of one kind: seconds (or the heat's own unit), processor seconds, MB."""
        return tuple(value for each in self.samples if (value := getattr(each, what)) is not None)

    def middle(self, what: Literal["seconds", "cpu", "peak"] = "seconds") -> float | None:
        found = self.of(what)
        return median(found) if found else None

    def spread(self) -> tuple[float, float]:
        return quartiles(self.of("seconds"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Heat:
    """One line of the table. `at` is where it stands on the axis of a curve: so many packages, so many notebooks.

    `unit` is that of the samples' `seconds`, which hold megabytes where disk is measured.
    """

    case: str
    title: str
    taken: tuple[Taken, ...]
    unit: Unit = "s"
    at: float | None = None
    axis: str = ""
    note: str = ""

    def side(self, name: str) -> Taken | None:
        return next((each for each in self.taken if each.side == name), None)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of_json(cls, value: Mapping[str, Any]) -> Heat:
        taken = tuple(
            Taken(side=each["side"], reason=each["reason"], samples=tuple(Spent(**sample) for sample in each["samples"]))
            for each in value["taken"]
        )
        return cls(**{**value, "taken": taken})


Turn = Callable[[], Spent]


def run(sides: Mapping[str, Turn], rounds: int, *, warm_up: int = 1) -> tuple[Taken, ...]:
    """Let the sides take turns; who goes first changes with every round. A side that fails once is out, with its reason."""
    samples: dict[str, list[Spent]] = {name: [] for name in sides}
    reasons: dict[str, str] = {}
    for number in range(-warm_up, rounds):
        for name in list(sides)[:: -1 if number % 2 else 1]:
            if name in reasons:
                continue
            try:
                sample = sides[name]()
            except (MissingError, RuntimeError, OSError) as error:
                reasons[name] = (str(error).splitlines() or [type(error).__name__])[0]
                continue
            if number >= 0:
                samples[name].append(sample)
    return tuple(
        Taken(side=name, reason=reasons[name]) if name in reasons else Taken(side=name, samples=tuple(samples[name]))
        for name in sides
    )


def slope(points: Sequence[tuple[float, float]]) -> float | None:
    """By how much the second number grows with one of the first, by least squares; None of fewer than two points."""
    if len({x for x, _ in points}) < 2:
        return None
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    above = sum((x - mean_x) * (y - mean_y) for x, y in points)
    return above / sum((x - mean_x) ** 2 for x, _ in points)


class Watch:
    """Seconds of a block of this process, as a `Spent` without memory."""

    def __enter__(self) -> Watch:
        self._started, self._cpu = time.perf_counter(), time.process_time()
        self.spent = Spent(seconds=0)
        return self

    def __exit__(self, *_: object) -> None:
        self.spent = Spent(seconds=time.perf_counter() - self._started, cpu=time.process_time() - self._cpu)
