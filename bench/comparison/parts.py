"""What a command of ours is made of, beside the same of the engine alone: where the rest of the time goes."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from bench.resource_usage import Spent, spend
from bench.sandbox import NOTEBOOK

from .heat import Heat, Taken
from .others import Uv
from .ours import Notebook
from .project import ADDED, DECLARED
from .side import Side, Start

_TRACING = Path(__file__).resolve().parent.parent / "tracing.py"


def parts(sides: Sequence[Side], rounds: int) -> list[Heat]:
    """The parts of `sync`, `add` and a `sync` with nothing to do, in seconds; what runs beside is marked so."""
    (ours,) = [side for side in sides if isinstance(side, Notebook)]
    (uv,) = [side for side in sides if isinstance(side, Uv)]
    start, theirs = ours.start(*DECLARED), uv.start(*DECLARED)

    def adding() -> Spent:
        with uv.turn(theirs) as folder:
            return uv.add(folder, ADDED)

    def building() -> Spent:
        with uv.alone(theirs) as folder:
            return uv.build(folder)

    kinds: list[tuple[str, Callable[[Start], AbstractContextManager[Path]], tuple[str, ...], Callable[[], Spent]]] = [
        ("sync", ours.alone, ("sync", NOTEBOOK), building),
        ("add", ours.turn, ("add", NOTEBOOK, ADDED), adding),
        ("nothing to do", ours.turn, ("sync", NOTEBOOK), lambda: uv.build(theirs.folder)),
    ]
    heats = []
    for title, around, words, engine in kinds:
        found: dict[str, list[float]] = {}
        for _ in range(rounds):
            with around(start) as folder:
                ours.peer_sandbox.sandbox.settle()
                for label, seconds in _traced(ours, folder, words).items():
                    found.setdefault(label, []).append(seconds)
            found.setdefault("uv, all of the same", []).append(engine().seconds)
        heats += [_heat(f"{title}: {label}", samples) for label, samples in found.items()]
    imports: dict[str, list[float]] = {}
    for _ in range(rounds):
        for label, seconds in _imports(ours, start.folder).items():
            imports.setdefault(label, []).append(seconds)
    return heats + [_heat(f"imports of a sync with nothing to do: {label}", samples) for label, samples in imports.items()]


def _heat(title: str, samples: Sequence[float]) -> Heat:
    taken = Taken(side="jupyter-dep", samples=tuple(Spent(seconds=each * 1000) for each in samples))
    return Heat(case="parts", title=title, taken=(taken,), unit="ms")


def _traced(side: Notebook, folder: Path, words: Sequence[str]) -> dict[str, float]:
    told = folder / "parts.json"
    env = side.peer_sandbox.sandbox.environ
    whole = spend([side.peer_sandbox.sandbox.program("python"), "-P", _TRACING, told, *words], folder, env).seconds
    parts_: dict[str, float] = json.loads(told.read_bytes())
    told.unlink()
    inside = sum(seconds for label, seconds in parts_.items() if not label.endswith("(beside)"))
    return {"all": whole, "start and end of Python": whole - inside, **parts_}


def _imports(side: Notebook, folder: Path) -> dict[str, float]:
    """Seconds of importing by the package that is imported, from `-X importtime`: the costliest six, and the rest."""
    sandbox = side.peer_sandbox.sandbox
    argv: list[str | Path] = [
        sandbox.program("python"),
        "-P",
        "-X",
        "importtime",
        sandbox.program("jupyter-dep"),
        "sync",
        NOTEBOOK,
    ]
    started = time.perf_counter()
    done = subprocess.run(argv, cwd=folder, env=sandbox.environ, capture_output=True, text=True, check=True)
    whole = time.perf_counter() - started
    packages: dict[str, float] = {}
    for own, name in re.findall(r"^import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)$", done.stderr, re.MULTILINE):
        top = name.partition(".")[0]
        kind = top if top not in sys.stdlib_module_names else "standard library"
        packages[kind] = packages.get(kind, 0.0) + int(own) / 1e6
    costly = sorted(packages, key=lambda kind: -packages[kind])[:6]
    told = {kind: packages[kind] for kind in costly}
    return {
        **told,
        "other packages": sum(packages.values()) - sum(told.values()),
        "not imports": whole - sum(packages.values()),
    }
