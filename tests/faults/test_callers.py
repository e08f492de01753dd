"""Sixteen callers for one key, sixteen for a key each, and the garbage collection among them: one build a key, no error."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from faults.conftest import Tally
from support.index import Index
from support.notebooks import command_context
from support.sandbox import sandbox_at
from support.wheels import build_wheel

from jupyter_dep.io.state.history import History, ProjectUse
from jupyter_dep.io.store.store import Sealed, Store
from jupyter_dep.io.system.locks import FileLock
from jupyter_dep.operations.edit import relock
from jupyter_dep.operations.environment import gc, install

CALLERS = 16
TESTS = Path(__file__).parents[1]

STORE = """
import os, sys, time
sys.path[:0] = eval(sys.argv[1])
from pathlib import Path
from jupyter_dep.io.store.store import Store
from support import builds

root, log = Path(sys.argv[2]), sys.argv[3]
go, tell = os.pipe()

def caller(key, name):
    def link(python):
        time.sleep(0.05)
        builds.put(python.parent.parent, text=f"x = {name!r}\\n")
        with open(log, "a") as file:
            file.write(key[:2] + "\\n")
    os.read(go, 1)
    store = Store(root)
    sealed = store.ensure(builds.recipe(link, key=key))
    assert store.sealed(key) == sealed and os.path.isdir(sealed.path), key
    assert not store.has_changed(sealed), key

def sweeper():
    os.read(go, 1)
    for _ in range(40):
        Store(root).sweep()
        time.sleep(0.005)

deeds = [lambda: caller("a" * 40, "a")] * 16
deeds += [lambda n=n: caller(f"b{n:x}" * 20, n) for n in range(16)] + [sweeper] * 2
children = []
for deed in deeds:
    child = os.fork()
    if child == 0:
        os.close(tell)
        try:
            deed()
        except BaseException as error:
            print(type(error).__name__, error, flush=True)
            os._exit(1)
        os._exit(0)
    children.append(child)
os.write(tell, b"x" * len(deeds))
os.close(tell)
codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
sys.exit(any(codes))
"""


def test_of_many_callers_for_a_key_one_builds_while_others_build_and_the_store_is_swept(
    tmp_path: Path, tally: Tally, need: Callable[..., None], volume: Callable[[int, int], int]
) -> None:
    rounds = volume(10, 100)
    need("callers", "posix", cases=rounds)
    for at in range(rounds):
        root, log = tmp_path / f"store-{at}", tmp_path / f"builds-{at}"
        done = subprocess.run(
            [sys.executable, "-c", STORE, repr([str(TESTS), *sys.path]), root, log], capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stdout + done.stderr
        built = Counter(log.read_text().split())
        assert built == Counter({"aa": 1, **{f"b{n:x}": 1 for n in range(CALLERS)}}), built
    tally("callers", cases=rounds, held=rounds)


SYNC = """
import os, sys
sys.path[:0] = eval(sys.argv[1])
from pathlib import Path
from jupyter_dep.operations.environment.install import sync
from jupyter_dep.operations.environment.gc import collect
from jupyter_dep.operations.kernel_start.resolve import resolve_environment
from support.notebooks import command_context
from support.sandbox import UserSandbox

sandbox = UserSandbox(folder=Path(sys.argv[2]), home=Path(sys.argv[3]), index_url=sys.argv[4])
go, tell = os.pipe()

def same(at):
    notebook = sandbox.folder / f"same-{at}.ipynb"
    sealed = sync(notebook, sandbox.services(), command_context()).sealed
    assert sealed is not None
    opening = resolve_environment(notebook, sandbox.folder, services=sandbox.services())
    assert getattr(opening, "python", None) == sealed.python, opening

def other(at):
    notebook = sandbox.folder / f"other-{at}.ipynb"
    sealed = sync(notebook, sandbox.services(), command_context()).sealed
    assert sealed is not None and f"pure{at}" in sealed.packages
    assert os.path.exists(sealed.python), "collected while it was handed over"

def collector():
    for _ in range(30):
        collect(sandbox.services())

deeds = [lambda at=at: same(at) for at in range(16)] + [lambda at=at: other(at) for at in range(16)] + [collector]
children = {}
for number, deed in enumerate(deeds):
    child = os.fork()
    if child == 0:
        os.read(go, 1)
        try:
            deed()
        except BaseException as error:
            print(number, type(error).__name__, error, flush=True)
            os._exit(1)
        os._exit(0)
    children[child] = number
os.write(tell, b"x" * len(deeds))
codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
sys.exit(any(codes))
"""


def test_real_builds_of_many_notebooks_at_once_with_the_collection_among_them(
    toy_index: Index, tmp_path: Path, tally: Tally, need: Callable[..., None], volume: Callable[[int, int], int]
) -> None:
    rounds = volume(1, 10)
    need("callers", "posix", cases=rounds)
    for at in range(CALLERS):
        build_wheel(toy_index.folder, f"pure{at}", "1.0")
    for number in range(rounds):
        sandbox = sandbox_at(tmp_path / str(number), toy_index.url)
        first = sandbox.notebook("alpha==1.0", name="same-0")
        relock.relock(first, sandbox.services(), command_context(sync=False))
        for at in range(1, CALLERS):
            copy = first.with_name(f"same-{at}.ipynb")
            copy.write_bytes(first.read_bytes())
            sandbox.lock_path(copy).write_bytes(sandbox.lock_path(first).read_bytes())
        for at in range(CALLERS):
            relock.relock(
                sandbox.notebook(f"pure{at}", name=f"other-{at}.ipynb"), sandbox.services(), command_context(sync=False)
            )
        argv = [sys.executable, "-c", SYNC, repr([str(TESTS), *sys.path]), sandbox.folder, sandbox.home, sandbox.index_url]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=300, env={**os.environ, **sandbox.environ()})
        assert done.returncode == 0, done.stdout + done.stderr
        sealed = sandbox.services().store.all()
        assert len(sealed) == CALLERS + 1, json.dumps([dict(one.packages) for one in sealed])
        assert all(not sandbox.services().store.has_changed(one) for one in sealed)
        entries = [path for path in (sandbox.services().store.root / "e").iterdir() if path.is_dir()]
        assert len(entries) == len(sealed), "somebody built what nobody uses"
    tally("callers", cases=rounds, held=rounds, note=f"{rounds} with the real engine")


@pytest.mark.parametrize("moment", ["before it is noted", "while the collection is at it"])
def test_an_environment_that_is_collected_before_its_use_is_noted_is_there_all_the_same(
    moment: str, toy_index: Index, tmp_path: Path, tally: Tally, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox = sandbox_at(tmp_path, toy_index.url)
    notebook = sandbox.notebook("alpha==1.0", name="n")
    relock.relock(notebook, sandbox.services(), command_context(sync=False))
    hold, uses = Store.acquire, History.uses
    removed: list[str] = []

    def late(store: Store, sealed: Sealed) -> FileLock | None:
        if moment == "before it is noted" and not removed:
            removed.extend(gc.collect(sandbox.services()).removed)
        return hold(store, sealed)

    def early(history: History) -> Iterator[ProjectUse]:
        found = tuple(uses(history))
        if moment == "while the collection is at it" and not removed:  # it has looked; now somebody comes
            removed.append("")
            assert install.sync(notebook, sandbox.services(), command_context()).sealed is not None
        return iter(found)

    monkeypatch.setattr(Store, "acquire", late)
    monkeypatch.setattr(History, "uses", early)
    if moment == "before it is noted":
        sealed = install.sync(notebook, sandbox.services(), command_context()).sealed
        assert sealed is not None and removed == [sealed.key], "nothing was collected: this proves nothing"
    else:
        first = install.sync(notebook, sandbox.services(), command_context()).sealed
        assert first is not None
        for file in (sandbox.services().paths.state / "projects").glob("*.json"):
            file.unlink()
        assert gc.collect(sandbox.services()).removed == ()
        sealed = first
    assert Path(sealed.python).exists() and sandbox.services().store.sealed(sealed.key) is not None
    assert gc.collect(sandbox.services()).removed == ()
    assert install.sync(notebook, sandbox.services(), command_context()).sealed is not None
    tally("callers", cases=1, held=1)
