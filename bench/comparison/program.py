"""`python -m bench --peers`: runs the heats, prints them, and keeps the figures of each case until it is run again."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from bench.peer_sandbox import peer_sandbox
from bench.peers import Peers
from bench.sandbox import Sandbox
from bench.table import machine, progress
from bench.wheelhouse import made

from . import crowd, disk, opening, packages, parts, project, telling
from .heat import Heat
from .kept import RESULTS, Measured, keep
from .others import Juv, Pip, Poetry, Uv
from .ours import Folder, Notebook
from .side import Side

Case = Callable[[Sequence[Side], int], list[Heat]]
CASES: dict[str, Case] = {
    "first": project.first,
    "add": project.add,
    "remove": project.remove,
    "upgrade": project.upgrade,
    "environment": project.environment,
    "cold": project.cold,
    "reopen": opening.reopen,
    "nothing": project.nothing,
    "check": project.check,
    "packages": packages.growth,
    "disk": disk.disk,
    "crowd": crowd.crowd,
    "parts": parts.parts,
}
ROUNDS = 7
LONG = {"packages": 3, "disk": 2, "crowd": 3}
"""Turns of the cases in which each turn takes minutes."""


def race(sandbox: Sandbox, names: Sequence[str], *, quick: bool, results: Path = RESULTS) -> int:
    """Measure the named cases and print them; 0 if each could be measured."""
    broken = 0
    with peer_sandbox(sandbox, made(sandbox.folder / "made")) as ground:
        ground.sandbox.enter()  # a provisioner is measured inside of this process
        sides: list[Side] = [kind(ground) for kind in (Notebook, Folder, Uv, Juv, Poetry, Pip)]
        for name in dict.fromkeys(names):
            about = " ".join((CASES[name].__doc__ or "").split())
            progress(f"{name}: {about}")
            try:
                heats = CASES[name](sides, 1 if quick else LONG.get(name, ROUNDS))
            except Exception as error:
                progress(f"{name} failed: {(str(error).splitlines() or [type(error).__name__])[0]}")
                broken += 1
                continue
            done = Measured(
                case=name,
                about=about,
                day=f"{datetime.now(UTC):%Y-%m-%d}",
                quick=quick,
                machine=machine(),
                versions=_versions(ground.peers),
                heats=tuple(heats),
            )
            keep(results, done, list(CASES))
            sys.stdout.write(telling.plain(done.heats))
            sys.stdout.flush()
    return 1 if broken else 0


def _versions(peers: Peers) -> dict[str, str]:
    return {"jupyter-dep": version("jupyter-dep"), **peers.versions, "ipykernel": version("ipykernel")}
