"""Things that happen to people: undo of the very first add, freed names, a typo while an edit waits, two adds, two writers."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest
from support.index import Index
from support.notebooks import block, command_context, rewrite
from support.sandbox import UserSandbox, sandbox_at

from jupyter_dep.base.errors import ConsentError, DepError
from jupyter_dep.io.files import atomic, read_write
from jupyter_dep.io.state.history import History
from jupyter_dep.model.notebook.notebook import Notebook, blank
from jupyter_dep.operations.edit import add_remove, relock
from jupyter_dep.operations.edit import undo as edit_undo
from jupyter_dep.operations.environment import install
from jupyter_dep.operations.project.state import State, read_state


@pytest.fixture
def sandbox(toy_index: Index, tmp_path: Path) -> UserSandbox:
    return sandbox_at(tmp_path, toy_index.url)


def empty(sandbox: UserSandbox, name: str) -> Path:
    """A new notebook as a front end makes it: no declaration, our kernel."""
    notebook = sandbox.folder / name
    notebook.write_bytes(blank(None, "dep", "Python (dep)"))
    return notebook


def state(sandbox: UserSandbox, notebook: Path) -> State:
    return read_state(notebook, sandbox.services())


def cell_add(sandbox: UserSandbox, notebook: Path, *names: str) -> str:
    changed = add_remove.add(notebook, names, sandbox.services(), command_context(f"add {names}", in_kernel=True))
    assert changed.edit is not None
    return changed.edit.after


def test_undo_of_the_first_add_leaves_a_project_that_works(sandbox: UserSandbox) -> None:
    notebook = empty(sandbox, "n.ipynb")
    rewrite(notebook, cell_add(sandbox, notebook, "alpha"))
    assert state(sandbox, notebook).name == "fresh"
    undone = edit_undo.undo(notebook, sandbox.services(), command_context("undo", in_kernel=True))
    assert undone.edit is not None and "alpha" not in undone.edit.after
    assert state(sandbox, notebook).name == "none"
    notebook.write_bytes(Notebook.parse(notebook.read_bytes()).without_block())
    assert state(sandbox, notebook).name == "none"
    edit_undo.undo(notebook, sandbox.services(), command_context("undo --redo", in_kernel=True), redo=True)
    assert state(sandbox, notebook).name == "pending"


def test_a_new_notebook_under_a_freed_name_takes_nothing_from_the_renamed_one(sandbox: UserSandbox) -> None:
    old = empty(sandbox, "Untitled.ipynb")
    rewrite(old, cell_add(sandbox, old, "alpha"))
    renamed = sandbox.folder / "analysis.ipynb"
    old.rename(renamed)
    fresh = empty(sandbox, "Untitled.ipynb")

    assert state(sandbox, fresh).name == "none"
    assert state(sandbox, renamed).name == "fresh"
    before = sandbox.read_lock(old).versions()
    rewrite(fresh, cell_add(sandbox, fresh, "beta"))
    assert sandbox.read_lock(renamed).versions() == before
    assert "alpha" not in sandbox.read_lock(fresh).versions()
    assert {state(sandbox, one).name for one in (fresh, renamed)} == {"fresh"}


def test_a_typo_in_the_block_does_not_cost_the_edit_that_waits(sandbox: UserSandbox) -> None:
    notebook = sandbox.notebook(name="n")
    cell_add(sandbox, notebook, "alpha")
    good = Notebook.parse(notebook.read_bytes()).block
    assert good is not None
    rewrite(notebook, good.source.replace("dependencies = [", "dependencies = ["[:-1]))
    with pytest.raises(DepError):
        state(sandbox, notebook)
    rewrite(notebook, good.source)
    assert "alpha" in [str(item) for item in state(sandbox, notebook).declaration.dependencies]  # type: ignore[union-attr]


def test_a_lock_that_cannot_be_put_in_place_leaves_the_notebook_too(
    sandbox: UserSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    notebook = sandbox.notebook(name="n")
    before = sandbox.listing()
    stage = atomic.stage

    def full(staged: atomic.Staged) -> None:
        if staged.target.suffix == ".toml":
            raise OSError(28, "No space left on device")
        stage(staged)

    monkeypatch.setattr(read_write, "stage", full)
    with pytest.raises(DepError) as caught:
        add_remove.add(notebook, ["alpha"], sandbox.services(), command_context())
    assert caught.value.code == "disk-full"
    assert sandbox.listing() == before


@pytest.mark.parametrize("kept", ["record_step", "record_use", "move_step"])
def test_what_cannot_be_remembered_afterwards_is_a_note_and_no_failure(
    sandbox: UserSandbox, monkeypatch: pytest.MonkeyPatch, kept: str
) -> None:
    """Notebook and lock are written by then: a failure would say that nothing was done."""
    notebook = sandbox.notebook(name="n")
    for name in ("alpha", "beta"):
        add_remove.add(notebook, [name], sandbox.services(), command_context())
    before = sandbox.listing()

    def no_locks(*_: object, **__: object) -> None:
        raise OSError(37, "No locks available", "history.lock")

    monkeypatch.setattr(History, kept, no_locks)
    if kept == "move_step":
        done = edit_undo.undo(notebook, sandbox.services(), command_context())
    else:
        done = add_remove.add(notebook, ["gamma"], sandbox.services(), command_context())
    assert any("cannot lock files" in note for note in done.notes)
    assert sandbox.listing() != before
    monkeypatch.undo()
    assert state(sandbox, notebook).lock_answers


def test_sync_in_a_cell_is_no_consent(sandbox: UserSandbox, toy_index: Index, tmp_path: Path) -> None:
    notebook = sandbox.notebook("alpha", name="n")
    relock.relock(notebook, sandbox.services(), command_context("lock"))
    reader = sandbox_at(tmp_path, toy_index.url, home="another")
    with pytest.raises(ConsentError):
        install.sync(notebook, reader.services(), command_context("sync", from_cell=True))
    assert install.sync(notebook, reader.services(), command_context("sync")).sealed is not None


def test_what_was_typed_is_allowed_only_if_the_add_succeeds(sandbox: UserSandbox, toy_index: Index) -> None:
    address = f"{toy_index.origin}/files/gone-1.0-py3-none-any.whl"
    with pytest.raises(DepError):
        add_remove.add(sandbox.notebook(name="n"), [f"gone @ {address}"], sandbox.services(), command_context())
    assert sandbox.services().consent.grants() == ()


def test_two_writers_of_one_history_lose_nothing(sandbox: UserSandbox) -> None:
    from jupyter_dep.io.state.history import Step

    notebook = sandbox.notebook(name="n")

    def write(who: str) -> None:
        for number in range(8):
            step = Step(command=f"{who}{number}", block_before=None, block_after=block(), lock_before=None, lock_after=None)
            sandbox.services().history.record_step(notebook, step, [])

    writers = [threading.Thread(target=write, args=(who,)) for who in "ab"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    history = sandbox.services().history
    seen = set()
    while (step := history.last(notebook)) is not None:
        seen.add(step.command)
        history.move_step(notebook)
    assert len(seen) == 16


def test_many_notebooks_are_locked_at_once_without_a_race_for_the_engine() -> None:
    """The first look for the engine reads `sysconfig`, which is not safe in threads."""
    code = (
        "import os, sys\nfrom pathlib import Path\nfrom concurrent.futures import ThreadPoolExecutor\n"
        "from jupyter_dep.io.index.settings import IndexSettings\nfrom jupyter_dep.io.engine.runner import EngineRunner\n"
        "from jupyter_dep.io.engine.uv import Uv\n"
        "uv = Uv(runner=EngineRunner(cache=Path('c'), settings=IndexSettings(), environ={}))\nsys.setswitchinterval(1e-6)\n"
        "with ThreadPoolExecutor(8) as pool: print(len(set(pool.map(lambda _: uv.runner.program(), range(8)))))\n"
    )
    for _ in range(5):
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert done.stdout.strip() == "1", done.stderr
