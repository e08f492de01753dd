"""A folder project beside uv and Poetry, each doing the same to the same packages: install, add, run."""

from __future__ import annotations

from collections.abc import Callable

from .bench import Bench, Case
from .comparison.ours import Folder
from .comparison.side import Side
from .measure import Result, Row, Skipped, Timed, in_turns
from .peer_sandbox import PeerSandbox
from .peers import MissingError
from .resource_usage import Spent, spend

PACKAGE = "pandas"


async def install(bench: Bench) -> list[Result]:
    """A folder's `install` from its lock, no environment there, all wheels cached, against `uv sync` and `poetry install`."""
    sides, told = _sides(bench, "install")

    def turn(side: Side) -> Timed:
        async def once() -> float:
            with side.alone(side.start(PACKAGE)) as folder:
                bench.peer_sandbox.sandbox.settle()
                spent = side.build(folder)
                if not side.site(folder).is_dir():
                    raise RuntimeError(f"`{side.name}` made no environment")
                return spent.seconds

        return once

    ours, *theirs = await in_turns(bench.rounds(5), *map(turn, sides))
    bounds = {"uv": 1.3, "poetry": 0.2}
    named = {"uv": "uv sync", "poetry": "poetry"}
    return told + [
        Row(
            case="install",
            title=f"install, to {named[side.name]} {bench.peer_sandbox.peers.versions[side.name]}",
            unit="ratio",
            ours=ours,
            theirs=them,
            bound=bounds[side.name],
        )
        for side, them in zip(sides[1:], theirs, strict=True)
    ]


async def add(bench: Bench) -> list[Result]:
    """`add pandas` to a folder with the kernel's packages installed, as a command, against `uv add` and `poetry add`."""
    sides, told = _sides(bench, "folder-add")
    for side in sides:
        side.start(PACKAGE)  # downloads what each then finds in its cache

    def turn(side: Side) -> Timed:
        async def once() -> float:
            with side.turn(side.start()) as folder:
                bench.peer_sandbox.sandbox.settle()
                return side.add(folder, PACKAGE).seconds

        return once

    ours, *theirs = await in_turns(bench.rounds(7), *map(turn, sides))
    bounds = {"poetry": 0.5}
    return told + [
        Row(
            case="folder-add",
            title=f"folder: add, to {side.name} {bench.peer_sandbox.peers.versions[side.name]}",
            unit="ratio",
            ours=ours,
            theirs=them,
            bound=bounds.get(side.name),
        )
        for side, them in zip(sides[1:], theirs, strict=True)
    ]


async def run(bench: Bench) -> list[Result]:
    """`run true` in a folder whose environment is there: what it adds to the bare `true`."""
    peer_sandbox = bench.peer_sandbox
    (ours, *peers), told = _sides(bench, "run")
    folder = ours.start(PACKAGE).folder
    front = peer_sandbox.sandbox.program("jupyter")
    commands: dict[str, Callable[[], Spent]] = {
        "jupyter dep run true": lambda: spend([front, "dep", "run", "true"], folder, peer_sandbox.sandbox.environ),
        "jupyter-dep run true": lambda: peer_sandbox.ours("run", "true", cwd=folder),
    }
    for side in peers:
        commands[f"{side.name} run true"] = _running(peer_sandbox, side)

    def over(command: Callable[[], Spent]) -> Timed:
        async def once() -> float:
            bare = spend(["true"], folder, peer_sandbox.sandbox.environ).seconds
            return (command().seconds - bare) * 1000

        return once

    taken = await in_turns(bench.rounds(15), *map(over, commands.values()))
    return told + [
        Row(case="run", title=f"`{words}`, over true", unit="ms", ours=samples, bound=150 if number == 0 else None)
        for number, (words, samples) in enumerate(zip(commands, taken, strict=True))
    ]


def _running(peer_sandbox: PeerSandbox, side: Side) -> Callable[[], Spent]:
    return lambda: peer_sandbox.run(side.name, "run", "true", cwd=side.start(PACKAGE).folder)


def _sides(bench: Bench, case: str) -> tuple[list[Side], list[Result]]:
    """Ours and the peers that can be had, and what is told of the rest."""
    there: list[Side] = []
    told: list[Result] = []
    for side in bench.sides:
        try:
            if not isinstance(side, Folder):
                bench.peer_sandbox.peers.program(side.name)
            there.append(side)
        except MissingError as error:
            told.append(Skipped(case=case, reason=str(error)))
    return there, told


FOLDER_CASES: dict[str, Case] = {"install": install, "folder-add": add, "run": run}
