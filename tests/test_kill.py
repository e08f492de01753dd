"""SIGKILL at random moments: every file is the old one or the new one, nothing half-built is believed, the next run works."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from jupyter_dep.io import contents
from jupyter_dep.model.notebook import Notebook
from jupyter_dep.operations import creating, editing
from support.index import Index
from support.wheels import build_wheel
from support.workplace import Desk, asking, block, rewritten

pytestmark = [pytest.mark.kill, pytest.mark.skipif(sys.platform == "win32", reason="signals")]

SEED = 20
ROUNDS = 60
FILES = 120
CLI = [sys.executable, "-P", "-c", "import sys; from jupyter_dep_cli.main import main; sys.exit(main())"]
VERBS = {"add": ["add", "n.ipynb", "big"], "lock": ["lock", "n.ipynb"], "sync": ["sync", "n.ipynb"]}


@pytest.fixture
def big_index(toy_index: Index) -> Index:
    """With a package of many files, so that linking takes long enough to be hit."""
    files = {f"big/m{number}.py": f"x = {number}\n" * 50 for number in range(FILES)}
    build_wheel(toy_index.folder, "big", "1.0", files=files, requires=["alpha"])
    return toy_index


@dataclass(slots=True)
class Tally:
    """What the rounds met, so that a test that always kills too early or too late is noticed."""

    killed: int = 0
    finished: int = 0
    half_built: int = 0
    changed: int = 0


def run(desk: Desk, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*CLI, *arguments], cwd=desk.folder, env=desk.environ, capture_output=True, text=True, timeout=60, check=False
    )


def start(desk: Desk, *arguments: str) -> subprocess.Popen[bytes]:
    quiet = subprocess.DEVNULL
    return subprocess.Popen(
        [*CLI, *arguments], cwd=desk.folder, env=desk.environ, stdout=quiet, stderr=quiet, start_new_session=True
    )


def engine_of(process: subprocess.Popen[bytes]) -> int | None:
    """The engine's process, if it runs just now."""
    try:
        listed = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    except OSError:
        return None
    return next((int(child) for child in listed), None)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def strike(process: subprocess.Popen[bytes], after: float, *, engine_only: bool, tally: Tally) -> float | None:
    """Kill after a time, and the engine must not outlive us; the time that it took if it ended before."""
    begin = time.monotonic()
    while process.poll() is None:
        engine = engine_of(process)
        if time.monotonic() - begin >= after and (engine is not None or not engine_only):
            try:
                if engine_only and engine is not None:
                    os.kill(engine, signal.SIGKILL)
                else:
                    os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                break
            tally.killed += 1
            process.wait(60)
            deadline = time.monotonic() + 5
            while engine is not None and alive(engine) and time.monotonic() < deadline:
                time.sleep(0.002)
            assert engine is None or not alive(engine), "the engine outlived its parent"
            return None
        time.sleep(0.001)
    tally.finished += 1
    return time.monotonic() - begin


def check_whole(desk: Desk) -> int:
    """Hold every environment that is believed sealed to its wheels, byte for byte; gives how many half-built ones there are."""
    store = desk.services().store
    sealed = store.all()
    for environment in sealed:
        root, site = Path(environment.path), Path(environment.site)
        files = contents.check(root, site, {}, environment.packages, own=("virtualenv",))
        assert contents.stamp(files) == environment.stamp
        assert contents.damaged(root, site) == {}
        if "big" in environment.packages:
            assert len(list((site / "big").glob("m*.py"))) == FILES
    built = [path for path in (store.root / "e").glob("*") if path.is_dir()] if store.root.exists() else []
    return len(built) - len(sealed)


@pytest.fixture
def prepared(big_index: Index, tmp_path: Path) -> Iterator[dict[str, tuple[Desk, dict[str, bytes], dict[str, bytes], float]]]:
    """For each verb a desk before it, what its folder holds before and after, and how long it takes with a warm cache."""
    made = {}
    for verb, words in VERBS.items():
        desk = Desk.at(tmp_path / verb, big_index.url)
        notebook = desk.notebook("n.ipynb", *(() if verb == "add" else ("alpha",)))
        assert run(desk, "lock", "n.ipynb").returncode == 0
        if verb == "lock":
            rewritten(notebook, block("alpha", "big"))
        if verb == "sync":
            assert run(desk, "lock", "n.ipynb").returncode == 0
            rewritten(notebook, block("alpha", "big"))
            assert run(desk, "lock", "n.ipynb").returncode == 0
        before = desk.listing()
        trial = Desk(folder=tmp_path / "trial" / verb / "work", home=tmp_path / "trial" / verb / "home", index=desk.index)
        shutil.copytree(desk.folder.parent, trial.folder.parent)

        begin = time.monotonic()
        done = run(trial, *words)
        assert done.returncode == 0, done.stderr
        made[verb] = (desk, before, trial.listing(), time.monotonic() - begin)
    yield made


def restored(desk: Desk, before: dict[str, bytes], pristine: Path) -> None:
    """The folder and what is remembered as at the beginning; the store stays as the kill left it."""
    for path in desk.folder.iterdir():
        path.unlink()
    for name, data in before.items():
        (desk.folder / name).write_bytes(data)
    shutil.rmtree(desk.home / "state")
    shutil.copytree(pristine, desk.home / "state")
    for sealed in desk.services().store.all():
        assert desk.services().store.remove(sealed)


def again(desk: Desk, verb: str) -> None:
    """The same once more, in this process to save time; it must build what the verb builds, without a question."""
    notebook, services = desk.folder / "n.ipynb", desk.services()
    if verb == "add":
        assert editing.add(notebook, ["big"], services, asking()).sealed is not None
    elif verb == "lock":
        editing.relock(notebook, services, asking(sync=False))
    else:
        assert creating.sync(notebook, services, asking()).sealed is not None


def leftovers(desk: Desk, before: dict[str, bytes], after: dict[str, bytes]) -> list[str]:
    return [name for name in desk.listing() if name not in {*before, *after}]


def test_a_kill_at_any_moment_leaves_nothing_half_true(
    prepared: dict[str, tuple[Desk, dict[str, bytes], dict[str, bytes], float]], tmp_path: Path
) -> None:
    chance = random.Random(SEED)
    tally = Tally()
    pristine, lasting = {}, {}
    for verb, (desk, _, _, first) in prepared.items():
        lasting[verb] = first
        pristine[verb] = tmp_path / f"state-{verb}"
        shutil.copytree(desk.home / "state", pristine[verb])
    for number in range(ROUNDS):
        verb = tuple(VERBS)[number % len(VERBS)]
        desk, before, after, _ = prepared[verb]
        engine_only = number % 4 == 3
        moment = chance.uniform(0.4, 0.95) * lasting[verb]
        process = start(desk, *VERBS[verb])
        try:
            ended = strike(process, moment, engine_only=engine_only, tally=tally)
            lasting[verb] = min(lasting[verb], ended or lasting[verb])  # a busy machine misjudges the first time
        finally:
            process.kill()
            process.wait()
        now = desk.listing()
        said = f"round {number}: {verb} after {moment:.3f} s, {'engine' if engine_only else 'group'}"
        for name in {*before, *after}:
            assert now.get(name) in (before.get(name), after.get(name)), f"{said}: `{name}` is torn"
        Notebook.parse(now["n.ipynb"], context={})
        if engine_only and process.returncode != 0:
            assert now == before, f"{said}: a failed command changed something"
        tally.changed += now != before
        # the notebook comes first, so that a kill between the two loses nothing of what the user asked for
        assert now.get("pylock.n.toml") == before.get("pylock.n.toml") or now["n.ipynb"] == after["n.ipynb"], said
        tally.half_built += check_whole(desk) > 0
        again(desk, verb)
        if verb != "lock":
            assert [item for item in desk.services().store.all() if "big" in item.packages], said
        assert {name: data for name, data in desk.listing().items() if name in after} == after, said
        desk.services().store.sweep()
        assert check_whole(desk) == 0
        assert len(leftovers(desk, before, after)) <= 1, said  # a temporary file may stay, beside the whole ones
        restored(desk, before, pristine[verb])
    print(f"{ROUNDS} rounds: {tally}")
    assert tally.killed >= ROUNDS // 2
    assert tally.half_built >= 3, "no kill fell into a build: the test proves too little"
