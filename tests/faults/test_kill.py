"""SIGKILL at random moments: every file is the old one or the new one, nothing half-built is believed, the next run works.

Two lanes strike side by side, each with folders and a store of its own. Every fourth strike is at the engine alone.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from faults.conftest import Tally
from support.index import Index
from support.notebooks import block, command_context, rewrite
from support.packages import package
from support.sandbox import UserSandbox, sandbox_at
from support.upload_index import WRITER, UploadIndex
from support.wheels import build_sdist, build_wheel

from jupyter_dep.base.errors import DepError
from jupyter_dep.io.store import record_check, snapshots
from jupyter_dep.model.notebook.notebook import Notebook
from jupyter_dep.operations.edit import add_remove, relock
from jupyter_dep.operations.environment import gc, install

pytestmark = [pytest.mark.kill, pytest.mark.skipif(sys.platform == "win32", reason="signals")]

FILES = 120
LANES = 2
CLI = [sys.executable, "-P", "-c", "import sys; from jupyter_dep_cli.entry import main; sys.exit(main())"]
VERBS = {
    "add": ["add", "n.ipynb", "big"],
    "lock": ["lock", "n.ipynb"],
    "sync": ["sync", "n.ipynb"],
    "gc": ["env", "gc"],
    "publish": ["publish"],
}


@pytest.fixture
def big_index(toy_index: Index) -> Index:
    """With a package of many files, so that linking takes long enough to be hit."""
    files = {f"big/m{number}.py": f"x = {number}\n" * 50 for number in range(FILES)}
    build_wheel(toy_index.folder, "big", "1.0", files=files, requires=["alpha"])
    return toy_index


@dataclass(slots=True)
class Met:
    """What the rounds met, so that a test that always kills too early or too late is noticed."""

    killed: int = 0
    finished: int = 0
    half_built: int = 0
    changed: int = 0
    wrong: list[str] = field(default_factory=list)


def run(sandbox: UserSandbox, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*CLI, *arguments], cwd=sandbox.folder, env=sandbox.environ(), capture_output=True, text=True, timeout=60, check=False
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


def strike(process: subprocess.Popen[bytes], after: float, *, engine_only: bool, met: Met) -> float | None:
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
            met.killed += 1
            process.wait(60)
            deadline = time.monotonic() + 5
            while engine is not None and alive(engine) and time.monotonic() < deadline:
                time.sleep(0.002)
            assert engine is None or not alive(engine), "the engine outlived its parent"
            return None
        time.sleep(0.001)
    met.finished += 1
    return time.monotonic() - begin


def check_whole(sandbox: UserSandbox) -> int:
    """Hold every environment that is believed sealed to its wheels, byte for byte; gives how many half-built ones there are."""
    store = sandbox.services().store
    sealed = store.all()
    for environment in sealed:
        root, site = Path(environment.path), Path(environment.site)
        files = snapshots.take_snapshot(root).files
        expected = record_check.Expected(before={}, packages=environment.packages, own=("virtualenv",))
        record_check.check_environment(files, root, site, expected)
        assert snapshots.digest(files) == environment.stamp
        assert record_check.find_damaged(root, site) == {}
        if "big" in environment.packages:
            assert len(list((site / "big").glob("m*.py"))) == FILES
    built = [path for path in (store.root / "e").glob("*") if path.is_dir()] if store.root.exists() else []
    return len(built) - len(sealed)


def sweep(sandbox: UserSandbox) -> int:
    """Collect what is half built until nothing is; gives how many stay.

    A folder that is not needed is removed by a process that nobody waits for, and what another lane starts has our locks for
    the moment before it becomes a program.
    """
    deadline = time.monotonic() + 5
    while True:
        sandbox.services().store.sweep()
        half = check_whole(sandbox)
        if not half or time.monotonic() > deadline:
            return half
        time.sleep(0.05)


# What each verb is struck in, what has to be whole after it, and how the scene is set again


@dataclass(slots=True, kw_only=True)
class Scene:
    """One verb in one lane: `before` and `after` are the folder's files without it and with it."""

    verb: str
    sandbox: UserSandbox
    pristine: Path
    server: UploadIndex | None = None
    before: dict[str, bytes] = field(default_factory=dict)
    after: dict[str, bytes] = field(default_factory=dict)
    lasting: float = 0.0

    @property
    def words(self) -> list[str]:
        return VERBS[self.verb]

    def set_up(self) -> None:
        sandbox = self.sandbox
        if self.verb == "publish":
            package(sandbox.folder)
            build_wheel(
                sandbox.folder / "dist", "mine", "0.1.0", files={"mine/blob.bin": random.Random(3).randbytes(2_000_000)}
            )
            build_sdist(sandbox.folder / "dist", "mine", "0.1.0")
            self.before = self.after = dists(sandbox)
        elif self.verb == "gc":
            for number in range(3):
                sandbox.notebook("big", ("alpha==1.0", "alpha==1.1", "beta")[number], name=f"n{number}.ipynb")
                assert all(run(sandbox, verb, f"n{number}.ipynb").returncode == 0 for verb in ("lock", "sync"))
            for name in ("n1.ipynb", "n2.ipynb"):  # the projects of two environments are gone
                sandbox.lock_path(sandbox.folder / name).unlink()
                (sandbox.folder / name).unlink()
            self.before = self.after = sandbox.listing()
        else:
            notebook = sandbox.notebook(*(() if self.verb == "add" else ("alpha",)), name="n")
            assert run(sandbox, "lock", "n.ipynb").returncode == 0
            if self.verb == "lock":
                rewrite(notebook, block("alpha", "big"))
            if self.verb == "sync":
                assert run(sandbox, "lock", "n.ipynb").returncode == 0
                rewrite(notebook, block("alpha", "big"))
                assert run(sandbox, "lock", "n.ipynb").returncode == 0
            self.before = sandbox.listing()
        shutil.copytree(sandbox.dep_home, self.pristine, symlinks=True)
        begin = time.monotonic()
        done = self.run()
        assert done.returncode == 0, done.stderr
        self.lasting = time.monotonic() - begin
        if self.verb in ("add", "lock", "sync"):
            self.after = sandbox.listing()
        self.reset()

    def environ(self) -> dict[str, str]:
        if self.server is None:
            return self.sandbox.environ()
        told = {"URL": self.server.url, "USERNAME": WRITER[0], "PASSWORD": WRITER[1]}
        return self.sandbox.environ() | {f"JUPYTER_DEP_PUBLISH_{name}": text for name, text in told.items() if name != "URL"}

    def arguments(self) -> list[str]:
        return [*self.words, *(["--repository", self.server.url] if self.server else [])]

    def run(self, *more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*CLI, *self.arguments(), *more],
            cwd=self.sandbox.folder,
            env=self.environ(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def start(self) -> subprocess.Popen[bytes]:
        quiet = subprocess.DEVNULL
        return subprocess.Popen(
            [*CLI, *self.arguments()],
            cwd=self.sandbox.folder,
            env=self.environ(),
            stdout=quiet,
            stderr=quiet,
            start_new_session=True,
        )

    def reset(self) -> None:
        """The folder and what is remembered as at the beginning; of the store only what the verb needs anew."""
        sandbox = self.sandbox
        if self.server is not None:
            for file in self.server.folder.glob("*"):
                file.unlink()
            return
        if self.verb == "gc":
            for name in ("state", "data/store"):
                shutil.rmtree(sandbox.dep_home / name)
                shutil.copytree(self.pristine / name, sandbox.dep_home / name, symlinks=True)
            for sealed in sandbox.services().store.all():  # a copy has other times than were sealed
                touch_as(Path(sealed.path), self.pristine / Path(sealed.path).relative_to(sandbox.dep_home))
            return
        for path in sandbox.folder.iterdir():
            path.unlink()
        for name, data in self.before.items():
            (sandbox.folder / name).write_bytes(data)
        shutil.rmtree(sandbox.dep_home / "state")
        shutil.copytree(self.pristine / "state", sandbox.dep_home / "state")
        for sealed in sandbox.services().store.all():
            deadline = time.monotonic() + 10  # what was struck holds its lease until the system has buried it
            while not sandbox.services().store.remove(sealed):
                assert time.monotonic() < deadline, "an environment is held by nobody who lives"
                time.sleep(0.05)

    def published(self) -> dict[str, bytes]:
        """What the server has, once it has written what it had got when its client was struck."""
        assert self.server is not None
        deadline = time.monotonic() + 2
        while True:
            there = {path.name: path.read_bytes() for path in self.server.folder.glob("*")}
            if all(self.before.get(name) == data for name, data in there.items()) or time.monotonic() > deadline:
                return there
            time.sleep(0.05)

    def look(self, met: Met, process: subprocess.Popen[bytes], *, engine_only: bool, said: str) -> None:
        """Raise AssertionError if anything is torn or half true, or the same once more does not complete it."""
        sandbox = self.sandbox
        if self.server is not None:
            assert dists(sandbox) == self.before, f"{said}: a distribution was changed"
            there = self.published()
            assert all(self.before.get(name) == data for name, data in there.items()), f"{said}: half a file is published"
            met.half_built += 0 < len(there) < len(self.before)
            met.changed += bool(there)
            done = self.run("--json")
            if done.returncode != 0 and len(self.published()) < len(self.before):
                done = self.run("--json")  # this server shows a file while it writes it: it had got all of it before
            # whoever was struck at the end had sent everything, and the server wrote the last of it after our look
            (told,) = json.loads(done.stdout)["results"]
            assert told["ok"] or told["error"]["code"] == "version-exists", f"{said}: {done.stdout}"
            assert self.published() == self.before, said
            return
        now = sandbox.listing()
        for name in {*self.before, *self.after}:
            assert now.get(name) in (self.before.get(name), self.after.get(name)), f"{said}: `{name}` is torn"
        met.half_built += check_whole(sandbox) > 0
        if self.verb == "gc":
            assert now == self.before, f"{said}: a file of the user changed"
            left = len(sandbox.services().store.all())
            assert 1 <= left <= 3, said
            met.changed += left < 3
            gc.collect(sandbox.services())
            (kept,) = sandbox.services().store.all()
            assert "big" in kept.packages and check_whole(sandbox) == 0, said
            return
        Notebook.parse(now["n.ipynb"], context={})
        if engine_only and process.returncode != 0:
            assert now == self.before, f"{said}: a failed command changed something"
        met.changed += now != self.before
        # the notebook comes first, so that a kill between the two loses nothing of what the user asked for
        assert now.get("pylock.n.toml") == self.before.get("pylock.n.toml") or now["n.ipynb"] == self.after["n.ipynb"], said
        again(sandbox, self.verb)
        if self.verb != "lock":
            assert [item for item in sandbox.services().store.all() if "big" in item.packages], said
        assert {name: data for name, data in sandbox.listing().items() if name in self.after} == self.after, said
        assert sweep(sandbox) == 0
        leftovers = [name for name in sandbox.listing() if name not in {*self.before, *self.after}]
        assert not leftovers, f"{said}: {leftovers} lie beside the user's files"


def dists(sandbox: UserSandbox) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (sandbox.folder / "dist").iterdir()}


def touch_as(copy: Path, model: Path) -> None:
    for path in model.rglob("*"):
        status = path.lstat()
        os.utime(copy / path.relative_to(model), ns=(status.st_atime_ns, status.st_mtime_ns), follow_symlinks=False)


def again(sandbox: UserSandbox, verb: str) -> None:
    """The same once more, in this process to save time; it must build what the verb builds, without a question."""
    notebook, services = sandbox.folder / "n.ipynb", sandbox.services()
    if verb == "add":
        assert add_remove.add(notebook, ["big"], services, command_context()).sealed is not None
    elif verb == "lock":
        relock.relock(notebook, services, command_context(sync=False))
    else:
        assert install.sync(notebook, services, command_context()).sealed is not None


def lane(scene: Scene, rounds: int, chance: random.Random, met: Met) -> None:
    """One verb, struck `rounds` times."""
    scene.set_up()
    for number in range(rounds):
        # the collector and the upload need no engine of their own for long enough
        engine_only = number % 4 == 3 and scene.verb not in ("gc",)
        moment = chance.uniform(0.4, 0.95) * scene.lasting
        process = scene.start()
        said = f"{scene.verb}, round {number}, after {moment:.3f} s, {'engine' if engine_only else 'group'}"
        try:
            try:
                ended = strike(process, moment, engine_only=engine_only, met=met)
                scene.lasting = min(scene.lasting, ended or scene.lasting)  # a busy machine misjudges the first time
            finally:
                process.kill()
                process.wait()
            scene.look(met, process, engine_only=engine_only, said=said)
        except AssertionError as error:
            met.wrong.append(f"{said}: {error}")
        except DepError as error:
            met.wrong.append(f"{said}: the next run fails: {error.code} {error}")
        scene.reset()


@pytest.mark.parametrize("verb", VERBS)
def test_a_kill_at_any_moment_leaves_nothing_half_true(
    verb: str, big_index: Index, tmp_path: Path, tally: Tally, seed: int, volume: Callable[[int, int], int]
) -> None:
    rounds = volume(60, 500)
    mets = [Met() for _ in range(LANES)]
    with ExitStack() as stack:
        scenes = []
        for number in range(LANES):
            server = stack.enter_context(UploadIndex(tmp_path / f"served{number}")) if verb == "publish" else None
            sandbox = sandbox_at(tmp_path / f"lane{number}", big_index.url)
            scenes.append(Scene(verb=verb, sandbox=sandbox, pristine=tmp_path / f"pristine{number}", server=server))
        pool = stack.enter_context(ThreadPoolExecutor(LANES))
        runs = [
            pool.submit(lane, scene, rounds // LANES, random.Random(f"{seed}-{verb}-{number}"), mets[number])
            for number, scene in enumerate(scenes)
        ]
        for one in runs:
            one.result()
    wrong = [words for met in mets for words in met.wrong]
    killed, half = sum(met.killed for met in mets), sum(met.half_built for met in mets)
    print(
        f"{verb}: {rounds} rounds, {killed} killed, {half} fell into a build, {sum(met.changed for met in mets)} had an effect"
    )
    tally("kill", cases=rounds, held=rounds - len(wrong))
    assert not wrong, f"seed {seed}: {len(wrong)}: {wrong[:5]}"
    assert killed >= rounds // 2
    if verb in ("add", "sync"):
        assert half >= 3, "no kill fell into a build: the test proves too little"
