"""The counts of the fault battery: one JSON file for each test, in a folder that is not committed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

RESULTS = Path(__file__).parent / "results"

# name: (what the table says, volume in CI, volume of the long run, what must hold)
CHECKS: dict[str, tuple[str, int, int, str]] = {
    "hostile": (
        "hostile folder, notebook, lock, index, wheel",
        45,
        45,
        "0 executions, 0 leaked secrets, 0 requests to a foreign host",
    ),
    "fuzz": (
        "fuzz of declaration, lock, protocol lines, REST",
        2000,
        50000,
        "typed error or success, ≤ 2 s, no traceback, no 500",
    ),
    "roundtrip": ("notebook round trip", 1000, 20000, "only the block's bytes change"),
    "kill": ("kill -9 in add, lock, build, gc, publish", 300, 2500, "0 torn files, 0 half environments accepted"),
    "syscalls": ("system-call faults", 80, 600, "0 false successes"),
    "disk": ("disk full at ten levels, read-only store, quota", 20, 20, "typed error, originals intact, retry complete"),
    "network": ("network faults × lock, build", 24, 24, "typed error within the deadline, resume works"),
    "offline": ("offline reopen, loopback only", 1, 1, "starts; 0 connections beyond loopback"),
    "callers": ("16 callers for one key, 16 distinct, gc running", 10, 10, "one build, 0 errors"),
    "kernels": ("16 kernels at once, 20 failed starts, then SIGTERM", 1, 1, "all ready, server gone in 5 s, 0 orphans"),
    "load": ("REST load during a build; authorisation of every route", 2000, 2000, "p99 ≤ 250 ms, 0 open routes"),
    "paths": ("paths: spaces, unicode, newline, quotes, non-UTF-8, symlinks, long", 40, 40, "works, or says why"),
    "clock": ("clock ten years off, stepping", 6, 6, "store and gc unmoved"),
    "stranger": ("another local user: planted files, swapped lock", 212, 212, "refused"),
    "markup": ("markup and control characters", 50, 50, "inert in terminal, cell and page"),
    "soak": ("soak: add, remove, start, stop", 50, 300, "processes, descriptors, memory flat"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many cases ran, held, and could not be tried."""

    cases: int = 0
    held: int = 0
    skipped: int = 0
    notes: tuple[str, ...] = ()

    def __add__(self, other: Count) -> Count:
        return Count(
            cases=self.cases + other.cases,
            held=self.held + other.held,
            skipped=self.skipped + other.skipped,
            notes=tuple(dict.fromkeys((*self.notes, *other.notes))),
        )


def place(test: str, *, full: bool) -> Path:
    return RESULTS / ("full" if full else "ci") / f"{hashlib.sha256(test.encode()).hexdigest()[:16]}.json"


def forget(test: str, *, full: bool) -> None:
    """A test that is about to run has not held yet."""
    place(test, full=full).unlink(missing_ok=True)


def record(test: str, counts: Mapping[str, Count], *, seconds: float, full: bool) -> None:
    path = place(test, full=full)
    path.parent.mkdir(parents=True, exist_ok=True)
    known = {check: asdict(count) for check, count in counts.items()}
    path.write_text(json.dumps({"test": test, "seconds": round(seconds, 2), "checks": known}, indent=1), "utf-8")


def recorded(*, full: bool) -> dict[str, tuple[Count, float]]:
    """For each check what all its tests counted together, and their seconds."""
    sums: dict[str, tuple[Count, float]] = {}
    for path in sorted((RESULTS / ("full" if full else "ci")).glob("*.json")):
        told = json.loads(path.read_text("utf-8"))
        for check, count in told["checks"].items():
            so_far, seconds = sums.get(check, (Count(), 0.0))
            sums[check] = (
                so_far + Count(**{**count, "notes": tuple(count["notes"])}),
                seconds + told["seconds"] / len(told["checks"]),
            )
    return sums
