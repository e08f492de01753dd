"""A head start: what is locked is linked while the engine resolves, and used only if it is a part of the answer."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from support.index import Index
from support.notebooks import command_context
from support.sandbox import UserSandbox, sandbox_at
from support.wheels import build_wheel

from jupyter_dep.base.engine_port import EngineAnswer, Install, LockRequest
from jupyter_dep.base.errors import DepError
from jupyter_dep.base.progress import CancelToken
from jupyter_dep.io.store import build_dir, record_check
from jupyter_dep.operations.edit import add_remove
from jupyter_dep.operations.environment.prefetch import SpeculativeInstall
from jupyter_dep.operations.project.context import ChangeResult


@pytest.fixture
def sandbox(toy_index: Index, tmp_path: Path) -> UserSandbox:
    return sandbox_at(tmp_path, toy_index.url)


class Watched:
    """The real engine; notes what it installs where, and lets a resolution wait until the head start is linked."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine
        self.installs: list[tuple[str, frozenset[str]]] = []
        self._linked = threading.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def install(self, install: Install, **more: Any) -> None:
        self._engine.install(install, **more)
        self.installs.append((install.python, frozenset(item.name for item in install.artifacts)))
        self._linked.set()

    def lock(self, request: LockRequest, **more: Any) -> EngineAnswer:
        self._linked.wait(20)
        answer: EngineAnswer = self._engine.lock(request, **more)
        return answer


def add(sandbox: UserSandbox, notebook: Path, *names: str) -> tuple[ChangeResult, Watched]:
    engine = Watched(sandbox.services().engine)
    return add_remove.add(notebook, names, sandbox.services(engine), command_context(f"add {' '.join(names)}")), engine


def test_an_add_links_what_is_locked_while_it_resolves(sandbox: UserSandbox) -> None:
    notebook = sandbox.notebook(name="n")
    add_remove.add(notebook, ["beta"], sandbox.services(), command_context("add beta"))
    done, engine = add(sandbox, notebook, "gamma")
    assert done.sealed is not None
    (head, before), (rest, after) = engine.installs
    assert head == rest == done.sealed.python
    assert "beta" in before and "gamma" not in before and {"beta", "gamma"} <= after
    assert record_check.find_damaged(Path(done.sealed.path), Path(done.sealed.site)) == {}
    assert done.sealed.packages.keys() == after


def test_a_head_start_that_does_not_fit_is_given_up(sandbox: UserSandbox, toy_index: Index) -> None:
    notebook = sandbox.notebook(name="n")
    add_remove.add(notebook, ["beta"], sandbox.services(), command_context("add beta"))
    locked = sandbox.read_lock(notebook).versions()["beta"]
    done, engine = add(sandbox, notebook, f"beta<{locked}")
    assert done.sealed is not None
    (head, _), (built, _) = engine.installs
    assert head != built == done.sealed.python
    assert done.sealed.packages["beta"] != locked


def test_a_resolution_that_fails_leaves_nothing_behind(sandbox: UserSandbox) -> None:
    notebook = sandbox.notebook(name="n")
    add_remove.add(notebook, ["beta"], sandbox.services(), command_context("add beta"))
    store = sandbox.services().store
    known = {sealed.path for sealed in store.all()}
    with pytest.raises(DepError):
        add(sandbox, notebook, "no-such-package-anywhere")
    wait_for_removal(sandbox)
    assert {str(path) for path in (store.root / "e").iterdir() if path.is_dir()} == known


def wait_for_removal(sandbox: UserSandbox) -> None:
    """Wait until every folder without a seal is gone, with its lock."""
    store = sandbox.services().store
    known = {Path(sealed.path).name for sealed in store.all()}
    until = time.monotonic() + 20
    while {path.name.removesuffix(".lease") for path in (store.root / "e").iterdir()} - known and time.monotonic() < until:
        time.sleep(0.02)
    assert {path.name.removesuffix(".lease") for path in (store.root / "e").iterdir()} <= known


def test_nothing_waits_for_the_removal_of_what_was_not_needed(sandbox: UserSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """A clean-up is no part of a command's time: where the environment is there, an `add` just ends."""
    first, second = sandbox.notebook(name="a"), sandbox.notebook(name="b")
    add_remove.add(first, ["beta"], sandbox.services(), command_context("add beta"))
    add_remove.add(first, ["gamma"], sandbox.services(), command_context("add gamma"))
    add_remove.add(second, ["beta"], sandbox.services(), command_context("add beta"))
    removed_here: list[Path] = []
    monkeypatch.setattr(build_dir, "remove_tree", removed_here.append)
    done, engine = add(sandbox, second, "gamma")
    assert done.sealed is not None and len(engine.installs) == 1 and engine.installs[0][0] != done.sealed.python
    wait_for_removal(sandbox)
    assert removed_here == []


def test_a_folder_that_is_being_removed_is_not_swept(sandbox: UserSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    store = sandbox.services().store
    staging = store.begin(lambda folder: (folder / "bin").mkdir(parents=True) or make_configuration(folder))
    sleeper = [sys.executable, "-c", "import sys; sys.stdin.read()"]
    reading, writing = os.pipe()
    child = subprocess.Popen(sleeper, stdin=reading, pass_fds=[staging.lock.handle])
    os.close(reading)
    staging.lock.hand_over()
    assert store.sweep() == 0 and staging.folder.is_dir()
    os.close(writing)
    child.wait()
    assert store.sweep() == 1 and not staging.folder.exists()


def make_configuration(folder: Path) -> Path:
    (folder / "pyvenv.cfg").write_text("home = /nowhere\n")
    return folder / "bin" / "python"


def test_a_lock_of_somebody_else_gets_no_head_start(sandbox: UserSandbox, tmp_path: Path) -> None:
    notebook = sandbox.notebook(name="n")
    add_remove.add(notebook, ["beta"], sandbox.services(), command_context("add beta"))
    other = sandbox_at(tmp_path / "other", sandbox.index_url)
    for file in (notebook, sandbox.lock_path(notebook)):
        (other.folder / file.name).write_bytes(file.read_bytes())
    engine = Watched(other.services().engine)
    engine._linked.set()
    done = add_remove.add(other.folder / notebook.name, ["gamma"], other.services(engine), command_context("add gamma"))
    assert done.sealed is None and engine.installs == []


def test_what_was_linked_ahead_is_checked_ahead_and_its_bytecode_carried(
    sandbox: UserSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    notebook = sandbox.notebook(name="n")
    first = add_remove.add(notebook, ["beta"], sandbox.services(), command_context("add beta")).sealed
    assert first is not None
    subprocess.run([first.python, "-c", "import beta"], check=True, env={**os.environ, "PYTHONDONTWRITEBYTECODE": ""})
    checks: list[tuple[bool, frozenset[str]]] = []
    check = record_check.check_environment

    def watched(*words: Any, checked: Any = None, **more: Any) -> None:
        checks.append((checked is not None, frozenset(words[3].packages)))
        check(*words, checked=checked, **more)

    monkeypatch.setattr(record_check, "check_environment", watched)
    done, _ = add(sandbox, notebook, "gamma")
    assert done.sealed is not None
    ((ahead, head), (after, whole)) = checks
    assert (ahead, after) == (False, True) and "beta" in head and "gamma" in whole - head
    assert not sandbox.services().store.has_changed(done.sealed)
    carried = list((Path(done.sealed.site) / "beta" / "__pycache__").iterdir())
    assert [file.name for file in carried] == [file.name for file in (Path(first.site) / "beta" / "__pycache__").iterdir()]


@pytest.mark.parametrize("head_start", [True, False])
def test_a_package_that_replaces_a_file_of_another_is_refused_with_a_head_start_as_without(
    sandbox: UserSandbox, toy_index: Index, monkeypatch: pytest.MonkeyPatch, head_start: bool
) -> None:
    build_wheel(toy_index.folder, "crowder", "1.0", files={"beta/__init__.py": "# not beta's\n"})
    notebook = sandbox.notebook(name="n")
    add_remove.add(notebook, ["beta"], sandbox.services(), command_context("add beta"))
    if not head_start:
        monkeypatch.setattr(SpeculativeInstall, "claim", lambda self, selected: None)
    before = sandbox.listing()
    with pytest.raises(DepError, match=r"beta/__init__\.py") as caught:
        add(sandbox, notebook, "crowder")
    assert caught.value.code == "incomplete-environment"
    assert sandbox.listing() == before


def test_a_cancel_is_heard_while_what_was_begun_is_waited_for(sandbox: UserSandbox) -> None:
    notebook = sandbox.notebook(name="n")
    add_remove.add(notebook, ["beta"], sandbox.services(), command_context("add beta"))
    before, cancel = sandbox.listing(), CancelToken()

    class Slow(Watched):
        def install(self, install: Install, **more: Any) -> None:
            self._linked.set()
            time.sleep(0.3)
            cancel.set()
            time.sleep(3)
            super().install(install, **more)

    engine = Slow(sandbox.services().engine)
    started = time.monotonic()
    with pytest.raises(DepError) as caught:
        add_remove.add(notebook, ["gamma"], sandbox.services(engine), command_context("add gamma", cancel=cancel))
    assert caught.value.code == "cancelled" and time.monotonic() - started < 3
    assert sandbox.listing() == before
