"""The cases, one function each: what is compared with what, and the bound that it is held to."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from jupyter_dep.operations.inspect.status import status
from jupyter_dep.operations.project.context import CommandContext
from jupyter_dep.services import Services

from .agent import agent
from .bench import Bench, Case
from .folders import FOLDER_CASES
from .kernels import Kernels
from .measure import Result, Row, Skipped, Timed, in_turns
from .sandbox import LOCK, NOTEBOOK, Sandbox, same_but_for_the_name


async def reopen(bench: Bench) -> list[Result]:
    """A notebook whose environment is sealed is opened: from the wish for a kernel to its first answer."""
    kernels = Kernels(bench.sandbox, bench.sandbox.pandas)
    rounds = bench.rounds(15)
    managed, plain, bare = await in_turns(
        rounds, lambda: kernels.to_info("wheel"), lambda: kernels.to_info("plain"), lambda: kernels.to_info("bare")
    )
    return [
        Row(case="reopen", title="reopen, provisioner", unit="ratio", ours=managed, theirs=bare, bound=1.20),
        Row(case="reopen", title="reopen, plain argv", unit="ratio", ours=plain, theirs=bare, bound=1.40),
    ]


async def add(bench: Bench) -> list[Result]:
    """`add pandas` to a project that has the kernel's packages, against `uv add` (it locks and syncs) to the same."""
    sandbox = bench.sandbox
    stack, theirs = sandbox.stack, _engine_project(sandbox)
    sandbox.pandas  # noqa: B018  downloads what both sides then find in the cache

    def ours(add_: Callable[[Path], float]) -> Timed:
        async def turn() -> float:
            folder = sandbox.copy_of(stack, "added")
            with sandbox.nothing_stays():
                sandbox.status(folder)  # a project's lock was seen before something is added to it
                sandbox.settle()
                return add_(folder)

        return turn

    def engine(*more: str) -> Timed:
        async def turn() -> float:
            folder = sandbox.new_folder("engine")
            for file in ("pyproject.toml", "uv.lock"):
                shutil.copyfile(theirs / file, folder / file)
            sandbox.uv("sync", "--python", sandbox.interpreter, cwd=folder)
            sandbox.settle()
            return sandbox.uv("add", "--python", sandbox.interpreter, *more, "pandas", cwd=folder)

        return turn

    rounds = bench.rounds(9)
    with agent(sandbox) as helper, sandbox.without(sandbox.pandas):
        asked, typed, base = await in_turns(
            rounds,
            ours(lambda folder: helper.ask("add pandas", folder)),
            ours(lambda folder: sandbox.dep("add", NOTEBOOK, "pandas", cwd=folder)),
            engine(),
        )
        alone, alone_base = await in_turns(
            rounds, ours(lambda folder: helper.ask("add pandas --offline", folder)), engine("--offline")
        )
    note = "the engine alone resolves in a tenth of the time, and links two packages where a fresh environment takes all"
    return [
        Row(case="add", title="add pandas, from a cell", unit="ratio", ours=asked, theirs=base, bound=1.6),
        Row(case="add", title="add pandas, as a command", unit="ratio", ours=typed, theirs=base, bound=1.6),
        Row(case="add", title="add pandas, index not asked", unit="ratio", ours=alone, theirs=alone_base, note=note),
    ]


def _engine_project(sandbox: Sandbox) -> Path:
    """The project that `uv add` is given: the same Python and the same kernel packages, locked."""
    folder = sandbox.new_folder("engine")
    minor = sandbox.status(sandbox.stack)["python"]
    (folder / "pyproject.toml").write_text(
        f'[project]\nname = "bench"\nversion = "0"\nrequires-python = ">={minor}"\ndependencies = []\n'
        '[dependency-groups]\nkernel = ["ipykernel>=6.29", "ipywidgets>=8"]\n'
        '[tool.uv]\npackage = false\ndefault-groups = "all"\n',
        encoding="utf-8",
    )
    sandbox.uv("lock", "--python", sandbox.interpreter, cwd=folder)
    return folder


async def environment(bench: Bench) -> list[Result]:
    """The environment of a lock, everything in the cache, against an empty environment and a sync of the same lock."""
    sandbox = bench.sandbox
    project = sandbox.pandas

    async def command() -> float:
        with sandbox.not_built(project):
            sandbox.settle()
            return sandbox.dep("sync", NOTEBOOK, cwd=project)

    async def engine() -> float:
        made = sandbox.new_folder("engine-environment") / "venv"
        sandbox.settle()
        created = sandbox.uv("venv", "--python", sandbox.interpreter, str(made), cwd=made.parent)
        python = "Scripts/python.exe" if (made / "Scripts").is_dir() else "bin/python"
        return created + sandbox.uv("pip", "sync", "--python", str(made / python), str(project / LOCK), cwd=made.parent)

    with agent(sandbox) as helper:

        async def cell() -> float:
            with sandbox.not_built(project):
                sandbox.settle()
                return helper.ask("sync", project)

        asked, typed, base = await in_turns(bench.rounds(15), cell, command, engine)
    return [
        Row(case="environment", title="environment, running process", unit="ratio", ours=asked, theirs=base, bound=1.6),
        Row(case="environment", title="environment, as a command", unit="ratio", ours=typed, theirs=base, bound=1.6),
    ]


async def cell(bench: Bench) -> list[Result]:
    """`%dep add pandas` where pandas is there: the whole cell, the first one (which starts the agent) and later ones."""
    kernels = Kernels(bench.sandbox, bench.sandbox.pandas)
    first, later = [], []
    for number in range(bench.rounds(7) + 1):
        async with kernels.running("wheel") as cells:
            await cells.run("pass")
            taken = [await cells.run("%dep add pandas") for _ in range(4)]
        if number:
            first.append(taken[0])
            later += taken[1:]
    return [
        Row(case="cell", title="%dep add of what is there", unit="s", ours=tuple(later), bound=0.25),
        Row(case="cell", title="the same, first in a kernel", unit="s", ours=tuple(first), bound=0.25),
    ]


async def first_import(bench: Bench) -> list[Result]:
    """`import pandas` in the environment that an `add` of something else made, its first ever, against the one before."""
    sandbox = bench.sandbox
    before = sandbox.sealed(sandbox.pandas).python

    async def after() -> float:
        folder = sandbox.copy_of(sandbox.pandas, "imported")
        with sandbox.nothing_stays():
            sandbox.dep("add", NOTEBOOK, "toolz", cwd=folder)
            python = sandbox.sealed(folder).python
            sandbox.settle()
            return sandbox.run([python, "-c", "import pandas"], folder)

    async def usual() -> float:
        sandbox.settle()
        return sandbox.run([before, "-c", "import pandas"], sandbox.pandas)

    ours, theirs = await in_turns(bench.rounds(11), after, usual)
    return [Row(case="import", title="import pandas after an add", unit="ratio", ours=ours, theirs=theirs, bound=1.15)]


async def many(bench: Bench) -> list[Result]:
    """`status` of many notebooks whose locks were seen before: a tenth of them distinct locks, as in a folder of copies."""
    sandbox = bench.sandbox
    few, all_ = (20, 200) if bench.quick else (100, 1000)
    folder = sandbox.new_folder("many")
    locks = [same_but_for_the_name(sandbox.pandas / LOCK, f"n{number}") for number in range(all_ // 10)]
    notebook = (sandbox.pandas / NOTEBOOK).read_bytes()
    notebooks = []
    for number in range(all_):
        path = folder / f"n{number}.ipynb"
        path.write_bytes(notebook)
        path.with_name(f"pylock.n{number}.toml").write_bytes(locks[number % len(locks)])
        notebooks.append(path)
    _statuses(notebooks, sandbox.services())

    async def of(count: int) -> float:
        return _statuses(notebooks[:count], sandbox.services()) / count * 1000

    small, large = await in_turns(bench.rounds(9), lambda: of(few), lambda: of(all_))
    names = [path.name for path in notebooks]

    async def whole() -> float:
        return sandbox.dep("status", *names, "--json", cwd=folder) / all_ * 1000

    (command,) = await in_turns(3, whole)
    return [
        Row(case="status", title=f"status, each of {all_:,}", unit="ms", ours=large, bound=2),
        Row(case="status", title=f"status, each of {few:,}", unit="ms", ours=small, bound=2),
        Row(case="status", title=f"flat from {few:,} to {all_:,}", unit="ratio", ours=large, theirs=small, bound=1.15),
        Row(case="status", title="the same as one command", unit="ms", ours=command, bound=2),
    ]


def _statuses(notebooks: list[Path], services: Services) -> float:
    """Seconds for all; each has to be found locked, trusted and sealed, or the figure is of something else."""
    started = time.perf_counter()
    found = [status(notebook, services, CommandContext()) for notebook in notebooks]
    seconds = time.perf_counter() - started
    wrong = [one for one in found if one.state.name != "fresh" or one.sealed is None or not (one.trust and one.trust.given)]
    if wrong:
        raise RuntimeError(f"{len(wrong)} notebooks are not fresh, trusted and sealed")
    return seconds


_LARGE = ("torch", "transformers", "scikit-learn", "matplotlib")
_LESS = ("scikit-learn", "matplotlib", "pandas")


async def first_sight(bench: Bench) -> list[Result]:
    """`status` of a notebook whose large lock was never seen: read, validated, put in short, selected from."""
    sandbox = bench.sandbox
    folder = sandbox.copy_of(sandbox.stack, "large")
    block = ", ".join(f'"{name}"' for name in (_LESS if bench.quick else _LARGE))
    book = (folder / NOTEBOOK).read_text(encoding="utf-8")
    book = re.sub(r"# dependencies = \[\]", lambda _: "# dependencies = [" + block.replace('"', r"\"") + "]", book)
    (folder / NOTEBOOK).write_text(book, encoding="utf-8")
    sandbox.dep("lock", NOTEBOOK, cwd=folder)

    async def look() -> float:
        # other bytes each time: the same ones would be known to this process
        (folder / LOCK).write_bytes(same_but_for_the_name(folder / LOCK, sandbox.new_folder("name").name))
        sandbox.settle()
        started = time.perf_counter()
        found = status(folder / NOTEBOOK, sandbox.services(), CommandContext())
        seconds = time.perf_counter() - started
        if found.state.name != "fresh" or found.key is None:
            raise RuntimeError(f"the large lock is {found.state.name}: {found.note}")
        return seconds * 1000

    (ours,) = await in_turns(bench.rounds(11), look)
    size = (folder / LOCK).stat().st_size / 1e3
    packages = len(status(folder / NOTEBOOK, sandbox.services(), CommandContext()).as_json()["locked"])
    note = f"{packages} packages, {size:.0f} kB"
    return [Row(case="first-sight", title="first sight of a large lock", unit="ms", ours=ours, bound=150, note=note)]


async def memory(bench: Bench) -> list[Result]:
    """The agent's own peak while it adds pandas; the engine is a process of its own and holds what it needs for a second."""
    sandbox = bench.sandbox
    stack = sandbox.stack
    sandbox.pandas  # noqa: B018  a first download is another matter than an add
    peaks = []
    with sandbox.without(sandbox.pandas):
        for _ in range(bench.rounds(5)):
            folder = sandbox.copy_of(stack, "remembered")
            with sandbox.nothing_stays(), agent(sandbox) as helper:
                helper.ask("add pandas", folder)
                peak = helper.peak()
            if peak is None:
                return [Skipped(case="memory", reason="this system does not tell a process's peak")]
            peaks.append(peak)
    return [Row(case="memory", title="agent's peak while adding", unit="MB", ours=tuple(peaks), bound=120)]


CASES: dict[str, Case] = {
    "reopen": reopen,
    "add": add,
    "environment": environment,
    "cell": cell,
    "import": first_import,
    "status": many,
    "first-sight": first_sight,
    "memory": memory,
    **FOLDER_CASES,
}

__all__ = ["CASES", "Bench", "Case", "Timed"]
