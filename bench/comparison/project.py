"""Heats over one project: from a declaration to an environment, and every change after that."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from bench.resource_usage import Spent

from .heat import Heat, Turn, run
from .side import Side

DECLARED = ("pandas", "toolz>=1")
BEFORE = ("pandas", "toolz==1.0.0")
"""What was declared when the lock was made: so its toolz is not the newest."""
ADDED, UPGRADED = "httpx", "toolz"
RATE, LATENCY = 12_500_000, 0.04
"""The mirror as if it were far away: 100 Mbit/s for all connections together, 40 ms before each answer."""


def first(sides: Sequence[Side], rounds: int) -> list[Heat]:
    """From a declaration to its environment; no lock, no environment, every wheel in the cache."""

    def turn(side: Side) -> Turn:
        def once() -> Spent:
            start = side.start(*DECLARED)
            with side.alone(start) as folder:
                for name in side.files:
                    (folder / name).unlink()
                side.declare(folder, DECLARED)
                return _timed(side, lambda: side.first(folder))

        return once

    return _heat("first", "first environment", sides, turn, rounds)


def environment(sides: Sequence[Side], rounds: int) -> list[Heat]:
    """The environment of a lock; no environment there, every wheel in the cache."""

    def turn(side: Side) -> Turn:
        def once() -> Spent:
            with side.alone(side.start(*DECLARED)) as folder:
                return _timed(side, lambda: side.build(folder))

        return once

    return _heat("environment", "environment from a lock, warm", sides, turn, rounds)


def cold(sides: Sequence[Side], rounds: int) -> list[Heat]:
    """The environment of a lock on a machine that has nothing: through a line of 100 Mbit/s with 40 ms of delay."""

    def turn(side: Side) -> Turn:
        def once() -> Spent:
            start = side.start(*DECLARED)
            folder = side.new_folder("cold")
            start.write(folder)
            with side.nothing_cached(), side.peer_sandbox.line.shaped(rate=RATE, latency=LATENCY):
                return _timed(side, lambda: side.build(folder))

        return once

    return _heat("cold", "environment from a lock, nothing cached", sides, turn, max(2, rounds // 2))


def add(sides: Sequence[Side], rounds: int) -> list[Heat]:
    """A package more, in declaration, lock and environment."""
    return _change("add", f"add {ADDED}", sides, rounds, lambda side, folder: side.add(folder, ADDED), DECLARED)


def remove(sides: Sequence[Side], rounds: int) -> list[Heat]:
    """A package less."""
    return _change(
        "remove", f"remove {ADDED}", sides, rounds, lambda side, folder: side.remove(folder, ADDED), (*DECLARED, ADDED)
    )


def upgrade(sides: Sequence[Side], rounds: int) -> list[Heat]:
    """One package to its newest version, every other as it was locked."""
    return _change(
        "upgrade", "upgrade one", sides, rounds, lambda side, folder: side.upgrade(folder, UPGRADED), DECLARED, before=BEFORE
    )


def nothing(sides: Sequence[Side], rounds: int) -> list[Heat]:
    """The command that makes the environment, where it is there and right."""

    def turn(side: Side) -> Turn:
        return lambda: side.build(side.start(*DECLARED).folder)

    return _heat("nothing", "nothing to do", sides, turn, rounds)


def check(sides: Sequence[Side], rounds: int) -> list[Heat]:
    """Whether the lock answers the declaration, which it does."""

    def turn(side: Side) -> Turn:
        return lambda: side.check(side.start(*DECLARED).folder)

    return _heat("check", "lock check", sides, turn, rounds)


def _change(
    case: str,
    title: str,
    sides: Sequence[Side],
    rounds: int,
    command: Callable[[Side, Path], Spent],
    declared: Sequence[str],
    *,
    before: Sequence[str] = (),
) -> list[Heat]:
    def turn(side: Side) -> Turn:
        def once() -> Spent:
            with side.turn(side.start(*declared, before=before)) as folder:
                return _timed(side, lambda: command(side, folder))

        return once

    return _heat(case, title, sides, turn, rounds)


def _timed(side: Side, command: Turn) -> Spent:
    side.peer_sandbox.sandbox.settle()
    return command()


def _heat(case: str, title: str, sides: Sequence[Side], turn: Callable[[Side], Turn], rounds: int) -> list[Heat]:
    return [Heat(case=case, title=title, taken=run({side.name: turn(side) for side in sides}, rounds))]
