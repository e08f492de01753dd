"""How locking and building grow with the number of packages."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bench.resource_usage import Spent
from bench.wheelhouse import MADE

from .heat import Heat, Turn, run
from .side import Side

COUNTS = (10, 50, 200)
AXIS = "packages beside the kernel's"


def growth(sides: Sequence[Side], rounds: int) -> list[Heat]:
    """A new lock, and the environment of it, with 10, 50 and 200 packages of 40 files each."""
    heats = []
    for count in COUNTS:
        declared = MADE[:count]

        def lock(side: Side, declared: Sequence[str] = declared) -> Turn:
            def once() -> Spent:
                start = side.start(*declared)
                with side.alone(start) as folder:
                    for name in side.files:
                        (folder / name).unlink()
                    side.declare(folder, declared)
                    side.peer_sandbox.sandbox.settle()
                    return side.lock(folder)

            return once

        def build(side: Side, declared: Sequence[str] = declared) -> Turn:
            def once() -> Spent:
                with side.alone(side.start(*declared)) as folder:
                    side.peer_sandbox.sandbox.settle()
                    return side.build(folder)

            return once

        heats += [
            _heat("packages-lock", "a new lock", count, lock, [side for side in sides if side.locks], rounds),
            _heat("packages", "environment from a lock", count, build, sides, rounds),
        ]
    return heats


def _heat(case: str, title: str, count: int, turn: Callable[[Side], Turn], sides: Sequence[Side], rounds: int) -> Heat:
    taken = run({side.name: turn(side) for side in sides}, rounds)
    return Heat(case=case, title=f"{title}, {count} packages", taken=taken, at=count, axis=AXIS)
