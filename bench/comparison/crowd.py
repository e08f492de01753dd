"""A folder of very many notebooks: few distinct locks, then one for each; and the store that this fills."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from bench.peer_sandbox import PeerSandbox
from bench.resource_usage import Spent
from bench.sandbox import NOTEBOOK, same_but_for_the_name
from bench.wheelhouse import subset
from jupyter_dep.model.declaration import script_block
from jupyter_dep.model.notebook.notebook import blank

from .heat import Heat, Taken, Turn, run
from .ours import Notebook
from .side import Side, Start

MANY, SOME, SAMPLE = 1_000, 30, 5
"""How many notebooks; how many where it is only tried out; how many projects of a peer, which has no command for many."""
DISTINCT = 10
AXIS = "environments in the store"


def crowd(sides: Sequence[Side], rounds: int) -> list[Heat]:
    """Status, lock check and sync of 1,000 notebooks in one command; what the 1,000 environments do to the next one."""
    count = MANY if rounds > 1 else SOME
    (ours,) = [side for side in sides if isinstance(side, Notebook)]
    others = [side for side in sides if side.files and not isinstance(side, Notebook) and side.name in ("uv", "poetry", "juv")]
    home = ours.peer_sandbox.sandbox.new_folder("crowd")
    side = Notebook(ours.peer_sandbox.elsewhere(home))
    few = _Crowd(side.peer_sandbox, count, lambda number: number % DISTINCT + 1)
    each = _Crowd(side.peer_sandbox, count, lambda number: number + 1)

    heats = [few.heat("crowd-few", f"lock {DISTINCT} notebooks", few.lock, DISTINCT)]
    few.copy_locks()
    heats += [few.heat("crowd-few", f"build {DISTINCT} environments for {count:,} notebooks", few.sync, count)]
    heats += _looks("crowd-few", f"{count:,} notebooks, {DISTINCT} locks", few, others)
    heats += _store(side, DISTINCT, rounds)
    heats.append(each.heat("crowd-each", f"lock {count:,} notebooks", each.lock, count))
    heats.append(each.heat("crowd-each", f"build {count:,} environments", each.sync, count))
    heats += _looks("crowd-each", f"{count:,} notebooks, {count:,} locks", each, ())
    # the locks of the few are among those of the each
    heats += _store(side, count, rounds)
    return heats


class _Crowd:
    """Notebooks in one folder; `which` says of each which selection of packages it declares."""

    def __init__(self, peer_sandbox: PeerSandbox, count: int, which: Callable[[int], int]) -> None:
        self.peer_sandbox, self.count = peer_sandbox, count
        self.folder = peer_sandbox.sandbox.new_folder("crowd")
        self.names = [f"n{number}.ipynb" for number in range(count)]
        self._which = which
        for number, name in enumerate(self.names):
            block = script_block.new(subset(which(number)), f">={peer_sandbox.minor}")
            (self.folder / name).write_bytes(blank(block, "dep", "Python (dep)"))

    def lock(self) -> Spent:
        """Lock each that has other packages than those before it."""
        distinct = {self._which(number): name for number, name in reversed(list(enumerate(self.names)))}
        return self.peer_sandbox.ours("lock", *distinct.values(), cwd=self.folder)

    def copy_locks(self) -> None:
        first: dict[int, Path] = {}
        for number, name in enumerate(self.names):
            lock = self.folder / f"pylock.{Path(name).stem}.toml"
            made = first.setdefault(self._which(number), lock)
            if made != lock:
                lock.write_bytes(same_but_for_the_name(made, Path(name).stem))

    def sync(self) -> Spent:
        return self.peer_sandbox.ours("sync", *self.names, cwd=self.folder)

    def status(self) -> Spent:
        return self.peer_sandbox.ours("status", *self.names, "--json", cwd=self.folder)

    def check(self) -> Spent:
        return self.peer_sandbox.ours("lock", *self.names, "--check", cwd=self.folder)

    def heat(self, case: str, title: str, turn: Turn, count: int) -> Heat:
        """One run, told per notebook."""
        self.peer_sandbox.sandbox.settle()
        (taken,) = run({"jupyter-dep": lambda: _per(turn(), count)}, 1, warm_up=0)
        return Heat(case=case, title=title, taken=(taken,), unit="ms", note="one run, for each notebook")


def _looks(case: str, of: str, crowd_: _Crowd, others: Sequence[Side]) -> list[Heat]:
    """What changes nothing: status, lock check, sync where all is built; a peer's command runs in each of five projects."""
    named: list[tuple[str, Turn, Callable[[Side, Path], Spent] | None]] = [
        ("status", crowd_.status, None),
        ("lock check", crowd_.check, lambda side, folder: side.check(folder)),
        ("sync, nothing to do", crowd_.sync, lambda side, folder: side.build(folder)),
    ]
    heats = []
    for title, ours, theirs in named:
        cells: dict[str, Turn] = {"jupyter-dep": lambda ours=ours: _per(ours(), crowd_.count)}  # type: ignore[misc]
        for side in others if theirs is not None else ():
            cells[side.name] = _each(side, theirs)  # type: ignore[arg-type]
        note = "for each notebook"
        heats.append(Heat(case=case, title=f"{title}, {of}", taken=run(cells, 3), unit="ms", note=note))
    return heats


def _each(side: Side, command: Callable[[Side, Path], Spent]) -> Turn:
    folders: list[Path] = []

    def once() -> Spent:
        if not folders:
            start = side.start(*subset(3))
            for _ in range(SAMPLE):
                folder = side.peer_sandbox.sandbox.new_folder("each")
                start.write(folder)
                side.build(folder)
                folders.append(folder)
        total = Spent(seconds=0, cpu=0, peak=0)
        for folder in folders:
            total += command(side, folder)
        return _per(total, SAMPLE)

    return once


def _per(spent: Spent, count: int) -> Spent:
    """Milliseconds for each of so many."""
    return replace(spent, seconds=spent.seconds / count * 1000, cpu=None if spent.cpu is None else spent.cpu / count)


def _store(side: Notebook, count: int, rounds: int) -> list[Heat]:
    """The same few commands, with so many environments in the store."""
    peer_sandbox = side.peer_sandbox
    start = side.start("toolz")

    def built() -> Spent:
        # one more environment: forgotten again afterwards
        with peer_sandbox.sandbox.nothing_stays():
            folder = _clone(peer_sandbox, start)
            peer_sandbox.sandbox.settle()
            return side.build(folder)

    def status() -> Spent:
        return peer_sandbox.ours("status", NOTEBOOK, "--json", cwd=start.folder)

    def listed() -> Spent:
        return peer_sandbox.ours("env", "list", "--all", "--json", cwd=start.folder)

    built_key = peer_sandbox.sandbox.services().paths.store / "k" / f"{side.key(start.folder)}.json"
    record = built_key.read_bytes()
    heats = []
    for title, turn, absent in (
        ("status", status, False),
        ("nothing to do", lambda: side.build(start.folder), False),
        ("build one more", built, True),
        ("list the store", listed, False),
    ):
        if absent:
            built_key.unlink()
        taken: tuple[Taken, ...] = run({side.name: turn}, max(3, rounds))
        if absent:
            built_key.write_bytes(record)
        heats.append(Heat(case="store", title=f"{title}, {count:,} environments", taken=taken, at=count, axis=AXIS))
    return heats


def _clone(peer_sandbox: PeerSandbox, start: Start) -> Path:
    folder = peer_sandbox.sandbox.new_folder("clone")
    start.write(folder)
    return folder
