"""How much disk many notebooks take: all of one lock, and each of nearly the same."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from bench.peers import MissingError
from bench.resource_usage import Spent
from bench.wheelhouse import subset

from .heat import Heat, Taken
from .others import Juv, Uv
from .ours import Ours
from .side import Side

AXIS = "notebooks"
POINTS = (1, 5, 20, 100)
FEW = 5
"""Where those stop that copy each file: the slope shows by then."""
COMMON = "pandas"


def disk(sides: Sequence[Side], rounds: int) -> list[Heat]:
    """Megabytes on disk, each file counted once however many names it has: environments, locks, caches."""
    most = POINTS if rounds > 1 else POINTS[:2]
    return [
        *_counted("disk-one", "notebooks with one lock", sides, most, lambda _: [COMMON]),
        *_counted("disk-near", "notebooks with near-equal locks", sides, most, lambda number: [COMMON, *subset(number)]),
    ]


def _counted(
    case: str, title: str, sides: Sequence[Side], points: Sequence[int], declared: Callable[[int], list[str]]
) -> list[Heat]:
    found: dict[int, list[Taken]] = {point: [] for point in points}
    for side in sides:
        reason = ""
        with side.nothing_cached():
            folders: list[Path] = []
            for point in points:
                if point > FEW and not isinstance(side, Ours | Uv | Juv):
                    reason = reason or f"measured up to {FEW}: it copies every file into every environment"
                try:
                    while not reason and len(folders) < point:
                        folders.append(_one_more(side, declared(len(folders)), folders))
                except (MissingError, RuntimeError) as error:
                    reason = str(error).splitlines()[0]
                samples = () if reason else (Spent(seconds=_megabytes([*folders, *side.room])),)
                found[point].append(Taken(side=side.name, samples=samples, reason=reason))
    return [
        Heat(case=case, title=f"{point} {title}", taken=tuple(taken), unit="MB", at=point, axis=AXIS)
        for point, taken in found.items()
    ]


def _one_more(side: Side, declared: list[str], folders: Sequence[Path]) -> Path:
    """A folder with its declaration, its lock and its environment; where the one before has the same lock, by copy."""
    folder = side.peer_sandbox.sandbox.new_folder("counted")
    side.declare(folder, declared)
    before = folders[-1] if folders else None
    if before is not None and declared == [COMMON]:
        for name in side.files:
            (folder / name).write_bytes((before / name).read_bytes())
    else:
        side.lock(folder)
    side.build(folder)
    return folder


def _megabytes(roots: Iterable[Path]) -> float:
    """What lies below these folders, in blocks that are taken; hard links count once, links are not followed."""
    seen: set[tuple[int, int]] = set()
    total, todo = 0, [os.fspath(root) for root in roots if root.exists()]
    while todo:
        with os.scandir(todo.pop()) as entries:
            for entry in entries:
                status = entry.stat(follow_symlinks=False)
                if (status.st_dev, status.st_ino) in seen:
                    continue
                seen.add((status.st_dev, status.st_ino))
                total += getattr(status, "st_blocks", -(-status.st_size // 512)) * 512
                if entry.is_dir(follow_symlinks=False):
                    todo.append(entry.path)
    return total / 1e6
