"""A folder project beside uv and Poetry, each doing the same to the same packages: install, add, run."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from .bench import Bench, Case
from .field import Field
from .measure import Result, Row, Skipped, Timed, in_turns
from .peers import MissingError
from .spent import Spent, spend

_FILES = {"ours": "pylock.toml", "uv": "uv.lock", "poetry": "poetry.lock"}


class Projects:
    """The same declaration for each side, locked and installed once, so that every cache is warm."""

    def __init__(self, ground: Field, *declared: str) -> None:
        self.field, self._declared = ground, declared
        self._made: dict[str, Path] = {}

    def of(self, side: str) -> Path:
        """The folder of `ours`, `uv` or `poetry`. Raises `MissingError`."""
        if side not in self._made:
            folder = self.field.desk.new_folder(f"{side}-folder")
            text = (
                self.field.our_declaration(*self._declared)
                if side == "ours"
                else self.field.declaration(*self._declared, poetry=side == "poetry")
            )
            (folder / "pyproject.toml").write_text(text, encoding="utf-8")
            self.lock(side, folder)
            self.install(side, folder)
            self._made[side] = folder
        return self._made[side]

    def copy(self, side: str) -> Path:
        """Another folder with its declaration and its lock, and no environment."""
        folder = self.field.desk.new_folder(f"{side}-folder")
        for file in ("pyproject.toml", _FILES[side]):
            shutil.copyfile(self.of(side) / file, folder / file)
        return folder

    def lock(self, side: str, folder: Path) -> Spent:
        return self._run(side, folder, ["lock"])

    def install(self, side: str, folder: Path) -> Spent:
        return self._run(side, folder, ["sync"] if side == "uv" else ["install"])

    def check(self, side: str, folder: Path) -> None:
        """Make sure that an environment was made: it has to be the folder's own, or sealed. Raises RuntimeError."""
        store = self.field.desk.services().places.store
        there = any((store / "k").glob("*.json")) if side == "ours" else (folder / ".venv" / "pyvenv.cfg").exists()
        if not there:
            raise RuntimeError(f"`{side}` made no environment")

    def add(self, side: str, folder: Path, name: str) -> Spent:
        return self._run(side, folder, ["add", name])

    def run(self, side: str, folder: Path, *words: str) -> Spent:
        return self._run(side, folder, ["run", *words], python=False)

    def _run(self, side: str, folder: Path, words: list[str], *, python: bool = True) -> Spent:
        if side == "ours":
            return self.field.ours(*words, cwd=folder)
        if side == "uv" and python:
            words = [*words, "--python", self.field.python]
        return self.field.run(side, *words, cwd=folder)


def present(ground: Field, case: str, *peers: str) -> tuple[list[str], list[Result]]:
    """Which of the peers can be had, and what is told of the rest."""
    there: list[str] = []
    told: list[Result] = []
    for name in peers:
        try:
            ground.peers.program(name)
            there.append(name)
        except MissingError as error:
            told.append(Skipped(case=case, reason=str(error)))
    return there, told


async def install(bench: Bench) -> list[Result]:
    """A folder's `install` from its lock, no environment there, all wheels cached, against `uv sync` and `poetry install`."""
    ground = bench.field
    sides = Projects(ground, "pandas")
    peers, told = present(ground, "install", "uv", "poetry")

    def turn(side: str) -> Timed:
        async def once() -> float:
            folder = sides.copy(side)
            with ground.desk.nothing_stays():
                ground.desk.settle()
                spent = sides.install(side, folder)
                sides.check(side, folder)
                return spent.seconds

        return once

    # the environment that `of` built is not to be found again: the first turn builds, and so does each after it
    with ground.desk.nothing_stays():
        sides.of("ours")
    bounds = {"uv": 1.3, "poetry": 0.2}
    ours, *theirs = await in_turns(bench.rounds(9), turn("ours"), *(turn(name) for name in peers))
    return [
        Row(
            case="install",
            title=f"install, to {_named(ground, name)}",
            unit="ratio",
            ours=ours,
            theirs=them,
            bound=bounds[name],
        )
        for name, them in zip(peers, theirs, strict=True)
    ] + told


async def add(bench: Bench) -> list[Result]:
    """`add pandas` to a folder with the kernel's packages installed, as a command, against `uv add` and `poetry add`."""
    ground = bench.field
    sides = Projects(ground)
    with_pandas = Projects(ground, "pandas")
    peers, told = present(ground, "folder-add", "uv", "poetry")
    with ground.desk.nothing_stays():
        for name in ("ours", *peers):
            with_pandas.of(name)  # downloads what each then finds in its cache
    for name in ("ours", *peers):
        sides.of(name)

    def turn(side: str) -> Timed:
        async def once() -> float:
            folder = sides.copy(side)
            sides.install(side, folder)
            with ground.desk.nothing_stays():
                ground.desk.settle()
                return sides.add(side, folder, "pandas").seconds

        return once

    ours, *theirs = await in_turns(bench.rounds(7), turn("ours"), *(turn(name) for name in peers))
    bounds = {"poetry": 0.5}
    return [
        Row(
            case="folder-add",
            title=f"folder: add, to {_named(ground, name)}",
            unit="ratio",
            ours=ours,
            theirs=them,
            bound=bounds.get(name),
        )
        for name, them in zip(peers, theirs, strict=True)
    ] + told


async def run(bench: Bench) -> list[Result]:
    """`run true` in a folder whose environment is there: what it adds to the bare `true`."""
    ground = bench.field
    sides = Projects(ground, "pandas")
    peers, told = present(ground, "run", "uv", "poetry")
    front = ground.desk.program("jupyter")

    def over(command: Callable[[], Spent]) -> Timed:
        async def once() -> float:
            bare = spend(["true"], ground.desk.folder, ground.desk.environ).seconds
            return (command().seconds - bare) * 1000

        return once

    def jupyter() -> Spent:
        return spend([front, "dep", "run", "true"], sides.of("ours"), ground.desk.environ)

    def inside(name: str) -> Timed:
        return over(lambda: sides.run(name, sides.of(name), "true"))

    timed = [over(jupyter), *(inside(name) for name in ("ours", *peers))]
    taken = await in_turns(bench.rounds(15), *timed)
    titles = ["`jupyter dep run true`, over true", "`jupyter-dep run true`", *(f"`{name} run true`" for name in peers)]
    return [
        Row(case="run", title=title, unit="ms", ours=ours, bound=150 if number == 0 else None)
        for number, (title, ours) in enumerate(zip(titles, taken, strict=True))
    ] + told


def _named(ground: Field, name: str) -> str:
    verb = "uv sync" if name == "uv" else name
    return f"{verb} {ground.peers.versions[name]}"


FOLDER_CASES: dict[str, Case] = {"install": install, "folder-add": add, "run": run}
