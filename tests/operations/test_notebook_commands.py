"""What each verb does to notebook, lock and environment, with the real engine over toys (and the fake where many are asked)."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from support.fake_engine import Catalogue, FakeEngine, release
from support.index import Index
from support.notebooks import MINOR, block, command_context, rewrite, versions
from support.sandbox import PYTHONS, UserSandbox, other_python, sandbox_at
from support.wheels import build_wheel

from jupyter_dep.base.errors import ConflictError, DepError, IndexUnreachableError, StaleError
from jupyter_dep.base.progress import CancelToken, Progress
from jupyter_dep.io.files import read_write
from jupyter_dep.io.store.store import Store
from jupyter_dep.model.declaration import script_block
from jupyter_dep.model.notebook.notebook import Notebook, blank
from jupyter_dep.operations.edit import add_remove, init_notebook, relock, rename
from jupyter_dep.operations.edit import undo as edit_undo
from jupyter_dep.operations.environment import install
from jupyter_dep.operations.inspect import status
from jupyter_dep.operations.project import context
from jupyter_dep.operations.project.context import ChangeResult
from jupyter_dep.operations.project.state import State, read_state

KERNEL = {"ipykernel": "7.1.0", "ipywidgets": "8.1.0"}


@pytest.fixture
def sandbox(toy_index: Index, tmp_path: Path) -> UserSandbox:
    return sandbox_at(tmp_path, toy_index.url)


def refused(kind: type[DepError], code: str, call: Callable[[], object]) -> DepError:
    with pytest.raises(kind) as caught:
        call()
    assert caught.value.code == code, caught.value
    assert caught.value.hint
    return caught.value


def state(sandbox: UserSandbox, notebook: Path) -> State:
    return read_state(notebook, sandbox.services())


def declared(notebook: Path) -> list[str]:
    declaration = Notebook.parse(notebook.read_bytes(), context={}).declaration()
    return [str(item) for item in declaration.dependencies] if declaration else []


def add(sandbox: UserSandbox, notebook: Path, *names: str, **changes: object) -> ChangeResult:
    return add_remove.add(notebook, names, sandbox.services(), command_context(f"add {' '.join(names)}", **changes))


def lock(sandbox: UserSandbox, notebook: Path, **changes: object) -> ChangeResult:
    return relock.relock(notebook, sandbox.services(), command_context("lock", sync=False), **changes)  # type: ignore[arg-type]


def update(sandbox: UserSandbox, notebook: Path, *names: str) -> ChangeResult:
    return relock.relock(notebook, sandbox.services(), command_context("update", sync=False), upgrade=names or True)


# init


def test_init_makes_a_notebook_that_declares_a_python_and_names_the_kernel(sandbox: UserSandbox) -> None:
    notebook = sandbox.folder / "new.ipynb"
    made = init_notebook.init(notebook, sandbox.services(), command_context())
    read = Notebook.parse(notebook.read_bytes(), context={})
    assert read.kernel_name == "dep"
    assert made.requires_python == read.declaration().requires_python  # type: ignore[union-attr]
    assert re.fullmatch(r">=3\.\d+", made.requires_python)
    assert state(sandbox, notebook).name == "unlocked"
    assert [path.name for path in sandbox.folder.iterdir()] == ["new.ipynb"]


def test_init_twice_is_told(sandbox: UserSandbox) -> None:
    notebook = sandbox.notebook(name="n")
    before = sandbox.listing()
    refused(DepError, "already-declared", lambda: init_notebook.init(notebook, sandbox.services(), command_context()))
    assert sandbox.listing() == before


def test_the_python_that_init_was_asked_for_decides_the_first_lock(sandbox: UserSandbox) -> None:
    notebook = sandbox.folder / "new.ipynb"
    init_notebook.init(notebook, sandbox.services(), command_context(), init_notebook.InitOptions(python=MINOR))
    add(sandbox, notebook, "alpha")
    assert state(sandbox, notebook).summary.python == MINOR  # type: ignore[union-attr]


# add, remove, update


def test_add_declares_locks_and_builds(sandbox: UserSandbox) -> None:
    notebook = sandbox.notebook(name="n")
    changed = add(sandbox, notebook, "alpha")
    assert declared(notebook) == ["alpha"]
    assert sandbox.read_lock(notebook).versions() == {"alpha": "2.0", "beta": "2.0", **KERNEL}
    assert changed.sealed is not None
    assert (Path(changed.sealed.site) / "beta" / "__init__.py").read_text() == '__version__ = "2.0"\n'
    assert [(item.name, item.kind, item.after, item.via) for item in changed.changes if item.name in ("alpha", "beta")] == [
        ("alpha", "added", "2.0", ()),
        ("beta", "added", "2.0", ("alpha",)),
    ]
    now = state(sandbox, notebook)
    assert now.name == "fresh"
    assert status.status(notebook, sandbox.services(), command_context()).trust.given  # type: ignore[union-attr]


def test_add_to_a_notebook_without_a_block_makes_one_and_names_the_kernel(sandbox: UserSandbox) -> None:
    notebook = sandbox.folder / "n.ipynb"
    notebook.write_bytes(blank(None, "python3", "Python 3"))
    add(sandbox, notebook, "alpha", sync=False)
    assert Notebook.parse(notebook.read_bytes(), context={}).kernel_name == "dep"
    assert declared(notebook) == ["alpha"]


def test_add_moves_nothing_else(sandbox: UserSandbox, toy_index: Index) -> None:
    """Our lock alone is the seed: the engine's cache and memory of the first resolution are gone."""
    notebook = sandbox.notebook(name="n")
    add(sandbox, notebook, "alpha<1.1", "beta", sync=False)
    rewrite(notebook, block("alpha", "beta"))
    lock(sandbox, notebook)
    build_wheel(toy_index.folder, "beta", "3.0")
    shutil.rmtree(sandbox.dep_home / "data")
    shutil.rmtree(sandbox.dep_home / "cache")
    before = versions(sandbox.read_lock(notebook))
    add(sandbox, notebook, "epsilon", sync=False)
    assert versions(sandbox.read_lock(notebook)) == {**before, "epsilon": "1.0"}
    assert before == {"alpha": "1.0", "beta": "2.0"}


def test_update_moves_what_is_named_or_all(sandbox: UserSandbox, toy_index: Index) -> None:
    notebook = sandbox.notebook("alpha==1.0", "beta==1.0", "epsilon", name="n")
    lock(sandbox, notebook)
    rewrite(notebook, block("alpha", "beta", "epsilon"))
    lock(sandbox, notebook)
    assert versions(sandbox.read_lock(notebook)) == {"alpha": "1.0", "beta": "1.0", "epsilon": "1.0"}
    update(sandbox, notebook, "beta")
    assert versions(sandbox.read_lock(notebook)) == {"alpha": "1.0", "beta": "2.0", "epsilon": "1.0"}
    build_wheel(toy_index.folder, "ipykernel", "7.2.0")
    shutil.rmtree(sandbox.dep_home / "data" / "engine")  # the index's pages are a few minutes old at most otherwise
    update(sandbox, notebook)
    assert sandbox.read_lock(notebook).versions() == {
        "alpha": "2.0",
        "beta": "2.0",
        "epsilon": "1.0",
        **KERNEL,
        "ipykernel": "7.2.0",
    }


def test_update_of_what_is_not_locked_offers_what_is_near(sandbox: UserSandbox) -> None:
    notebook = sandbox.notebook("alpha", name="n")
    lock(sandbox, notebook)
    before = sandbox.listing()
    error = refused(DepError, "not-locked", lambda: update(sandbox, notebook, "alhpa"))
    assert "`alpha`" in str(error.hint)
    assert sandbox.listing() == before


def test_remove_takes_along_what_nobody_needs_any_more(sandbox: UserSandbox) -> None:
    notebook = sandbox.notebook(name="n")
    add(sandbox, notebook, "alpha", "epsilon", sync=False)
    add_remove.remove(notebook, ["Alpha"], sandbox.services(), command_context("remove", sync=False))
    assert declared(notebook) == ["epsilon"]
    assert versions(sandbox.read_lock(notebook)) == {"epsilon": "1.0"}


def test_what_is_there_already_asks_no_index(sandbox: UserSandbox, toy_index: Index) -> None:
    notebook = sandbox.notebook(name="n")
    sealed = add(sandbox, notebook, "alpha").sealed
    before = sandbox.listing()
    toy_index.clear()
    again = add(sandbox, notebook, "alpha")
    assert again.sealed == sealed
    assert again.changes == ()
    assert lock(sandbox, notebook).changes == ()
    assert toy_index.requests == []
    assert sandbox.listing() == before


def test_a_dry_run_writes_nothing(sandbox: UserSandbox) -> None:
    notebook = sandbox.notebook("beta<2", name="n")
    lock(sandbox, notebook)
    before, remembered = sandbox.listing(), sandbox.services().history.last(notebook)
    changed = add(sandbox, notebook, "alpha", "beta", dry_run=True)
    assert {item.name for item in changed.changes} == {"alpha"}
    assert changed.sealed is None
    dry = command_context("update", dry_run=True)
    relock.relock(notebook, sandbox.services(), dry, upgrade=True)
    add_remove.remove(notebook, ["beta"], sandbox.services(), dry)
    assert sandbox.listing() == before
    assert sandbox.services().history.last(notebook) == remembered
    assert sandbox.services().store.all() == ()
    assert {given.kind for given in sandbox.services().consent.grants()} <= {"fingerprint"}


@pytest.mark.counts("network", "a failed build changes nothing")
def test_a_build_that_fails_leaves_everything_as_it_was(sandbox: UserSandbox, toy_index: Index) -> None:
    notebook = sandbox.notebook(name="n")
    toy_index.fail("/files/*.whl", 404)
    before = sandbox.listing()
    refused(IndexUnreachableError, "index-missing-file", lambda: add(sandbox, notebook, "alpha"))
    assert sandbox.listing() == before
    assert sandbox.services().history.last(notebook) is None


def test_a_conflict_leaves_everything_as_it_was(sandbox: UserSandbox) -> None:
    notebook = sandbox.notebook("gamma", name="n")
    lock(sandbox, notebook)
    before = sandbox.listing()
    refused(ConflictError, "conflict", lambda: add(sandbox, notebook, "alpha>=2"))
    assert sandbox.listing() == before


def test_a_notebook_that_changed_meanwhile_is_left_alone(sandbox: UserSandbox) -> None:
    notebook = sandbox.notebook(name="n")
    theirs = blank(block("epsilon"), "dep", "Python (dep)")

    def meanwhile(progress: Progress) -> None:
        if progress.phase == "checking":
            notebook.write_bytes(theirs)

    refused(DepError, "changed-meanwhile", lambda: add(sandbox, notebook, "alpha", reporter=meanwhile))
    assert sandbox.listing() == {"n.ipynb": theirs}


def test_a_lock_that_changed_meanwhile_is_left_alone(sandbox: UserSandbox) -> None:
    notebook = sandbox.notebook("alpha<2", name="n")
    lock(sandbox, notebook)
    rewrite(notebook, block("alpha"))
    lock(sandbox, notebook)

    def meanwhile(progress: Progress) -> None:
        if progress.phase == "checking":
            sandbox.lock_path(notebook).write_bytes(b"theirs")

    rude = command_context(sync=False, reporter=meanwhile)
    call = lambda: relock.relock(notebook, sandbox.services(), rude, upgrade=("alpha",))  # noqa: E731
    refused(DepError, "changed-meanwhile", call)
    assert sandbox.lock_path(notebook).read_bytes() == b"theirs"


def test_cancelling_leaves_everything_as_it_was(sandbox: UserSandbox) -> None:
    notebook = sandbox.notebook(name="n")
    cancel = CancelToken()
    before = sandbox.listing()

    def stop(progress: Progress) -> None:
        if progress.phase == "linking":
            cancel.set()

    refused(DepError, "cancelled", lambda: add(sandbox, notebook, "alpha", reporter=stop, cancel=cancel))
    assert sandbox.listing() == before


def test_offline_from_the_cache_and_not_without(sandbox: UserSandbox, toy_index: Index) -> None:
    notebook, other = sandbox.notebook(name="n"), sandbox.notebook(name="other")
    add(sandbox, notebook, "alpha")
    toy_index.stop()
    assert add(sandbox, other, "alpha", offline=True).sealed is not None
    refused(IndexUnreachableError, "offline", lambda: add(sandbox, other, "epsilon", offline=True))
    assert declared(other) == ["alpha"]


# Hashes


@pytest.mark.counts("network", "other bytes than were locked")
def test_a_file_that_the_index_changed_under_a_pin_is_noticed(sandbox: UserSandbox, toy_index: Index, tmp_path: Path) -> None:
    notebook = sandbox.notebook("alpha", name="n")
    lock(sandbox, notebook)
    before = sandbox.listing()
    toy_index.add(build_wheel(tmp_path / "other", "beta", "2.0", files={"beta/evil.py": ""}))
    shutil.rmtree(sandbox.dep_home / "data" / "engine")
    error = refused(DepError, "hash-changed", lambda: add(sandbox, notebook, "epsilon", sync=False))
    assert error.context["package"] == "beta"
    assert "beta-2.0-py3-none-any.whl" in error.message
    assert sandbox.listing() == before
    refused(DepError, "hash-changed", lambda: update(sandbox, notebook, "alpha"))
    update(sandbox, notebook, "beta")
    assert sandbox.listing() != before
    assert add(sandbox, notebook, "epsilon", sync=False).changes


def test_a_mirror_with_the_same_files_changes_addresses_only(sandbox: UserSandbox, toy_index: Index) -> None:
    notebook = sandbox.notebook("alpha<2", name="n")
    lock(sandbox, notebook)
    with Index(*toy_index.folders) as mirror:
        moved = replace(sandbox, index_url=mirror.url)
        rewrite(notebook, block("alpha", "epsilon"))
        lock(moved, notebook)
        locked = moved.read_lock(notebook)
        assert versions(locked) == {"alpha": "1.1", "epsilon": "1.0"}
        assert {package.index for package in locked.packages} == {mirror.url}


def test_another_file_of_the_same_version_is_no_change_of_hash(sandbox: UserSandbox, toy_index: Index) -> None:
    notebook = sandbox.notebook("beta", name="n")
    lock(sandbox, notebook)
    build_wheel(toy_index.folder, "beta", "2.0", tag="py3-none-win_amd64")
    shutil.rmtree(sandbox.dep_home / "data" / "engine")
    add(sandbox, notebook, "epsilon", sync=False)
    assert versions(sandbox.read_lock(notebook)) == {"beta": "2.0", "epsilon": "1.0"}


# check, sync, stale


def test_check_tells_fresh_stale_and_unlocked_and_asks_nobody(sandbox: UserSandbox, toy_index: Index) -> None:
    notebook = sandbox.notebook("alpha", name="n")
    assert refused(StaleError, "unlocked", lambda: context.require_current_lock(notebook, sandbox.services())).exit_code == 3
    lock(sandbox, notebook)
    toy_index.clear()
    context.require_current_lock(notebook, sandbox.services())
    rewrite(notebook, block(" Alpha ", python=f">= {MINOR}"))  # another spelling of the same
    context.require_current_lock(notebook, sandbox.services())
    rewrite(notebook, block("beta"))
    error = refused(StaleError, "stale", lambda: context.require_current_lock(notebook, sandbox.services()))
    assert "beta" in error.message and "alpha" in error.message
    assert state(sandbox, notebook).name == "stale"
    assert toy_index.requests == []


def test_the_notebook_wins_over_a_stale_lock_whose_pins_are_kept(sandbox: UserSandbox) -> None:
    notebook = sandbox.notebook("alpha<1.1", name="n")
    lock(sandbox, notebook)
    rewrite(notebook, block("alpha", "epsilon"))
    lock(sandbox, notebook)
    assert versions(sandbox.read_lock(notebook)) == {"alpha": "1.0", "epsilon": "1.0"}


def test_sync_builds_what_is_locked_and_finds_it_the_next_time(sandbox: UserSandbox, toy_index: Index) -> None:
    notebook = sandbox.notebook("alpha", name="n")
    refused(DepError, "unlocked", lambda: install.sync(notebook, sandbox.services(), command_context()))
    lock(sandbox, notebook)
    assert sandbox.services().store.all() == ()
    made = install.sync(notebook, sandbox.services(), command_context()).sealed
    assert made is not None
    toy_index.clear()
    assert install.sync(notebook, sandbox.services(), command_context()).sealed == made
    assert toy_index.requests == []


def test_sync_of_a_stale_lock_builds_the_lock_and_says_so(sandbox: UserSandbox) -> None:
    notebook = sandbox.notebook("alpha", name="n")
    lock(sandbox, notebook)
    rewrite(notebook, block("epsilon"))
    changed = install.sync(notebook, sandbox.services(), command_context())
    assert changed.sealed is not None
    assert "alpha" in changed.sealed.packages
    assert "stale" in changed.notes[0]


# undo


def test_undo_and_redo_bring_declaration_lock_and_environment_together(sandbox: UserSandbox) -> None:
    notebook = sandbox.notebook(name="n")
    bare = sandbox.listing()
    first = add(sandbox, notebook, "alpha").sealed
    one = sandbox.listing()
    second = add(sandbox, notebook, "epsilon").sealed
    two = sandbox.listing()
    undone = edit_undo.undo(notebook, sandbox.services(), command_context())
    assert sandbox.listing() == one
    assert undone.sealed == first
    assert edit_undo.undo(notebook, sandbox.services(), command_context()).sealed is None
    assert sandbox.listing() == bare
    refused(DepError, "nothing-to-undo", lambda: edit_undo.undo(notebook, sandbox.services(), command_context()))
    edit_undo.undo(notebook, sandbox.services(), command_context(), redo=True)
    assert sandbox.listing() == one
    assert edit_undo.undo(notebook, sandbox.services(), command_context(), redo=True).sealed == second
    assert sandbox.listing() == two
    refused(DepError, "nothing-to-undo", lambda: edit_undo.undo(notebook, sandbox.services(), command_context(), redo=True))


@pytest.mark.parametrize("what", ["the declaration", "the lock"])
def test_undo_refuses_what_has_changed_since(sandbox: UserSandbox, what: str) -> None:
    notebook = sandbox.notebook(name="n")
    add(sandbox, notebook, "alpha", sync=False)
    if what == "the lock":
        path = sandbox.lock_path(notebook)
        path.write_bytes(path.read_bytes() + b"# a note\n")
    else:
        rewrite(notebook, block("alpha", "epsilon"))
    before = sandbox.listing()
    error = refused(DepError, "changed-since", lambda: edit_undo.undo(notebook, sandbox.services(), command_context()))
    assert what in error.message
    assert "add alpha" in error.message
    assert sandbox.listing() == before


def test_undo_after_other_cells_were_edited_keeps_them(sandbox: UserSandbox) -> None:
    notebook = sandbox.notebook(name="n")
    add(sandbox, notebook, "alpha", sync=False)
    text = notebook.read_text().replace('"metadata": {\n  "kernelspec"', '"metadata": {\n  "mine": 1,\n  "kernelspec"')
    notebook.write_text(text)
    edit_undo.undo(notebook, sandbox.services(), command_context(sync=False))
    assert declared(notebook) == []
    assert '"mine": 1' in notebook.read_text()


def toy_engine(count: int = 30) -> FakeEngine:
    kernel = [release("ipykernel", "7.1.0"), release("ipywidgets", "8.1.0")]
    return FakeEngine(Catalogue.of([*kernel, *(release(f"p{number}", "1.0") for number in range(count))]))


def test_the_last_twenty_commands_can_be_undone(sandbox: UserSandbox) -> None:
    notebook, engine = sandbox.notebook(name="n"), toy_engine()
    listings = []
    for number in range(22):
        listings.append(sandbox.listing())
        add_remove.add(notebook, [f"p{number}"], sandbox.services(engine), command_context(f"add p{number}", sync=False))
    for listing in reversed(listings[2:]):
        edit_undo.undo(notebook, sandbox.services(engine), command_context(sync=False))
        assert sandbox.listing() == listing
    refused(
        DepError, "nothing-to-undo", lambda: edit_undo.undo(notebook, sandbox.services(engine), command_context(sync=False))
    )


def test_operations_stand_on_the_port_alone(sandbox: UserSandbox) -> None:
    """The fake in the real one's place: lock, build and vouch without a program of the engine's."""
    notebook, engine = sandbox.notebook(name="n"), toy_engine()
    changed = add_remove.add(notebook, ["p1"], sandbox.services(engine), command_context())
    assert changed.sealed is not None
    assert engine.calls == ["lock", "install"]
    other = sandbox_at(sandbox.folder.parent, sandbox.index_url, home="another")
    engine = toy_engine()
    assert install.sync(notebook, other.services(engine), command_context()).sealed is not None
    assert engine.calls == ["verify_against_index", "install"]


# Python


def test_python_changes_the_minor_and_the_bound_only_where_it_forbids(
    sandbox: UserSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    minor, known = other_python()
    (sandbox.dep_home / "state" / PYTHONS).write_bytes(known)
    mine = {name: os.environ[name] for name in ("HOME", "PYENV_ROOT") if name in os.environ}
    services = lambda: sandbox.services(**mine)  # noqa: E731
    notebook = sandbox.notebook("alpha", name="n")
    rewrite(notebook, block("alpha", python=">=3.9"))
    relock.relock(notebook, services(), command_context(), python=MINOR)
    changed = relock.use_python(notebook, minor, services(), command_context())
    assert changed.sealed is not None
    assert f"python{minor}" in changed.sealed.site
    assert changed.summary is not None and changed.summary.python == minor
    assert Notebook.parse(notebook.read_bytes(), context={}).declaration().requires_python == ">=3.9"  # type: ignore[union-attr]
    again = relock.relock(notebook, services(), command_context(sync=False), upgrade=True)
    assert again.summary is not None and again.summary.python == minor
    rewrite(notebook, block("alpha", python=f"=={MINOR}.*"))
    relock.use_python(notebook, minor, services(), command_context(sync=False))
    assert Notebook.parse(notebook.read_bytes(), context={}).declaration().requires_python == f">={minor}"  # type: ignore[union-attr]


def test_a_python_that_is_not_here_is_told_with_the_choices(sandbox: UserSandbox) -> None:
    notebook = sandbox.notebook("alpha", name="n")
    error = refused(
        DepError, "no-matching-python", lambda: relock.use_python(notebook, "3.99", sandbox.services(), command_context())
    )
    assert MINOR in str(error.hint)
    assert sandbox.listing().keys() == {"n.ipynb"}


# Pending edits


def in_kernel(sandbox: UserSandbox, notebook: Path, *names: str) -> ChangeResult:
    return add(sandbox, notebook, *names, in_kernel=True)


def test_an_edit_that_cannot_be_written_is_pending_and_counts(sandbox: UserSandbox) -> None:
    notebook = sandbox.notebook("beta", name="n")
    before = notebook.read_bytes()
    changed = in_kernel(sandbox, notebook, "alpha")
    assert notebook.read_bytes() == before
    assert changed.edit is not None and changed.edit.pending
    assert changed.sealed is not None and "alpha" in changed.sealed.packages
    now = state(sandbox, notebook)
    assert now.name == "pending"
    assert now.declaration is not None and now.declaration.names == ("beta", "alpha")
    in_kernel(sandbox, notebook, "epsilon")
    assert state(sandbox, notebook).declaration.names == ("beta", "alpha", "epsilon")  # type: ignore[union-attr]


def test_a_pending_edit_is_dropped_when_the_notebook_carries_it_and_what_is_deleted_then_stays_deleted(
    sandbox: UserSandbox,
) -> None:
    notebook = sandbox.notebook(name="n")
    changed = in_kernel(sandbox, notebook, "alpha")
    assert changed.edit is not None and changed.edit.after is not None
    rewrite(notebook, changed.edit.after)
    assert state(sandbox, notebook).name == "fresh"
    rewrite(notebook, block())
    now = state(sandbox, notebook)
    assert now.name == "stale"
    assert now.declaration is not None and now.declaration.names == ()


HAND = {
    "nothing that was added is lost": (["beta"], ["alpha"], ["beta", "epsilon"], ["beta", "epsilon", "alpha"]),
    "nothing that was deleted comes back": (["beta", "gamma"], ["alpha<2"], ["gamma"], ["gamma", "alpha<2"]),
    "what the author wrote of the same package counts": (["alpha"], ["alpha<2"], ["alpha<1.1"], ["alpha<1.1"]),
    "the author typed the same": (["beta"], ["alpha"], ["alpha", "beta"], ["alpha", "beta"]),
}


@pytest.mark.parametrize(("base", "typed", "by_hand", "counts"), HAND.values(), ids=HAND)
def test_a_pending_edit_and_the_authors_own(
    sandbox: UserSandbox, base: list[str], typed: list[str], by_hand: list[str], counts: list[str]
) -> None:
    notebook = sandbox.notebook(*base, name="n")
    in_kernel(sandbox, notebook, *typed)
    rewrite(notebook, block(*by_hand))
    for _ in range(2):
        now = state(sandbox, notebook)
        assert [str(item) for item in now.declaration.dependencies] == counts  # type: ignore[union-attr]
        assert (now.pending is None) == (counts == by_hand)
    assert declared(notebook) == by_hand


def test_deleting_the_whole_block_takes_the_pending_edit_with_it(sandbox: UserSandbox) -> None:
    notebook = sandbox.notebook("beta", name="n")
    in_kernel(sandbox, notebook, "alpha")
    notebook.write_bytes(blank(None, "dep", "Python (dep)"))
    assert state(sandbox, notebook).declaration is None
    rewrite(notebook, block("beta"))
    assert state(sandbox, notebook).declaration.names == ("beta",)  # type: ignore[union-attr]


def test_a_pending_removal_stays_removed(sandbox: UserSandbox) -> None:
    notebook = sandbox.notebook("alpha", "beta", name="n")
    lock(sandbox, notebook)
    add_remove.remove(notebook, ["alpha"], sandbox.services(), command_context(in_kernel=True))
    rewrite(notebook, block("alpha", "beta", "epsilon"))
    assert state(sandbox, notebook).declaration.names == ("beta", "epsilon")  # type: ignore[union-attr]


def test_the_command_line_writes_the_pending_edit_into_the_file(sandbox: UserSandbox) -> None:
    notebook = sandbox.notebook("beta", name="n")
    in_kernel(sandbox, notebook, "alpha")
    add(sandbox, notebook, "epsilon", sync=False)
    assert declared(notebook) == ["beta", "alpha", "epsilon"]
    assert state(sandbox, notebook).name == "fresh"
    assert sandbox.services().history.pending(notebook) is None


def test_a_pending_edit_can_be_undone(sandbox: UserSandbox) -> None:
    notebook = sandbox.notebook("beta", name="n")
    lock(sandbox, notebook)
    before = sandbox.listing()
    in_kernel(sandbox, notebook, "alpha")
    edit_undo.undo(notebook, sandbox.services(), command_context(in_kernel=True))
    assert sandbox.listing() == before
    assert state(sandbox, notebook).name == "fresh"


def test_a_live_block_is_what_is_read_and_the_file_is_not_touched(sandbox: UserSandbox) -> None:
    notebook = sandbox.notebook("beta", name="n")
    before = notebook.read_bytes()
    changed = add(sandbox, notebook, "alpha", in_kernel=True, live_block=block("beta", "epsilon"), sync=False)
    assert notebook.read_bytes() == before
    assert changed.edit is not None and not changed.edit.pending
    assert script_block.parse(changed.edit.after or "").names == ("beta", "epsilon", "alpha")
    assert sandbox.services().history.pending(notebook) is None


# Names of locks


def test_mv_takes_lock_and_memory_along(sandbox: UserSandbox) -> None:
    notebook, new = sandbox.notebook(name="a"), sandbox.folder / "b.c.ipynb"
    sealed = add(sandbox, notebook, "alpha").sealed
    rename.move(notebook, new, sandbox.services())
    assert {path.name for path in sandbox.folder.iterdir()} == {"b.c.ipynb", "pylock.b_c.toml"}
    now = status.status(new, sandbox.services(), command_context())
    assert now.state.name == "fresh"
    assert sealed is not None and now.sealed == sealed.path
    edit_undo.undo(new, sandbox.services(), command_context(sync=False))
    assert declared(new) == []


def test_mv_onto_something_is_refused(sandbox: UserSandbox) -> None:
    notebook = sandbox.notebook("alpha", name="a")
    lock(sandbox, notebook)
    sandbox.lock_path(sandbox.folder / "b.ipynb").write_bytes(b"")
    before = sandbox.listing()
    refused(DepError, "name-taken", lambda: rename.move(notebook, sandbox.folder / "b.ipynb", sandbox.services()))
    refused(DepError, "name-taken", lambda: rename.move(notebook, notebook, sandbox.services()))
    assert sandbox.listing() == before


def test_mv_resolves_two_notebooks_that_want_one_lock(sandbox: UserSandbox) -> None:
    """Also where only the spelling of the lock's name stays the same."""
    notebook = sandbox.notebook("alpha", name="a.b")
    lock(sandbox, notebook)
    rename.move(notebook, sandbox.folder / "a_b.ipynb", sandbox.services())
    assert {path.name for path in sandbox.folder.iterdir()} == {"a_b.ipynb", "pylock.a_b.toml"}
    assert state(sandbox, sandbox.folder / "a_b.ipynb").name == "fresh"


def test_two_notebooks_that_want_one_lock_are_both_named(sandbox: UserSandbox) -> None:
    one, other = sandbox.notebook(name="a.b"), sandbox.notebook(name="a_b")
    before = sandbox.listing()
    for notebook in (one, other):
        error = refused(DepError, "lock-name-taken", lambda notebook=notebook: add(sandbox, notebook, "alpha"))  # type: ignore[misc]
        assert "a.b.ipynb" in error.message and "a_b.ipynb" in error.message
    assert sandbox.listing() == before


def test_a_renamed_notebook_adopts_its_orphaned_lock(sandbox: UserSandbox) -> None:
    notebook = sandbox.notebook(name="a")
    sealed = add(sandbox, notebook, "alpha<1.1").sealed
    renamed = notebook.rename(sandbox.folder / "b.ipynb")
    now = status.status(renamed, sandbox.services(), command_context())
    assert now.state.name == "fresh"
    assert sealed is not None and now.sealed == sealed.path
    assert {path.name for path in sandbox.folder.iterdir()} == {"b.ipynb", "pylock.a.toml"}
    add(sandbox, renamed, "epsilon", sync=False)
    assert {path.name for path in sandbox.folder.iterdir()} == {"b.ipynb", "pylock.b.toml"}
    assert versions(sandbox.read_lock(renamed)) == {"alpha": "1.0", "epsilon": "1.0"}


@pytest.mark.parametrize("why", ["two orphans", "another declaration", "it belongs to another notebook"])
def test_a_lock_that_is_not_clearly_the_orphan_is_left(sandbox: UserSandbox, why: str) -> None:
    notebook = sandbox.notebook("alpha", name="a")
    lock(sandbox, notebook)
    data = sandbox.lock_path(notebook).read_bytes()
    renamed = notebook.rename(sandbox.folder / "b.ipynb")
    if why == "two orphans":
        (sandbox.folder / "pylock.c.toml").write_bytes(data)
    elif why == "another declaration":
        rewrite(renamed, block("epsilon"))
    else:
        sandbox.notebook("alpha", name="a")
    assert state(sandbox, renamed).name == "unlocked"
    lock(sandbox, renamed)
    assert (sandbox.folder / "pylock.a.toml").read_bytes() == data


def test_a_copied_pair_just_works(sandbox: UserSandbox, toy_index: Index) -> None:
    notebook = sandbox.notebook(name="a")
    sealed = add(sandbox, notebook, "alpha").sealed
    toy_index.clear()
    elsewhere = sandbox.folder / "sub"
    elsewhere.mkdir()
    for folder, name in ((sandbox.folder, "b"), (elsewhere, "a"), (elsewhere, "with.dot")):
        copied = folder / f"{name}.ipynb"
        shutil.copy(notebook, copied)
        shutil.copy(sandbox.lock_path(notebook), sandbox.lock_path(copied))
        now = status.status(copied, sandbox.services(), command_context())
        assert now.state.name == "fresh"
        assert now.trust is not None and now.trust.given
        assert sealed is not None and now.sealed == sealed.path
        assert install.sync(copied, sandbox.services(), command_context()).sealed == sealed
    assert toy_index.requests == []


def test_a_foreign_lock_is_neither_used_nor_overwritten_without_a_yes(sandbox: UserSandbox) -> None:
    notebook = sandbox.notebook("alpha", name="n")
    foreign = b'lock-version = "1.0"\ncreated-by = "other"\npackages = []\n'
    sandbox.lock_path(notebook).write_bytes(foreign)
    assert state(sandbox, notebook).name == "invalid"
    refused(DepError, "foreign-lock", lambda: lock(sandbox, notebook))
    refused(DepError, "foreign-lock", lambda: add(sandbox, notebook, "beta"))
    assert sandbox.lock_path(notebook).read_bytes() == foreign
    relock.relock(notebook, sandbox.services(), command_context(overwrite=True, sync=False))
    assert state(sandbox, notebook).name == "fresh"


def test_a_lock_of_a_newer_format_is_left_alone(sandbox: UserSandbox) -> None:
    notebook = sandbox.notebook("alpha", name="n")
    lock(sandbox, notebook)
    path = sandbox.lock_path(notebook)
    path.write_bytes(path.read_bytes().replace(b"format = 1", b"format = 2"))
    before = sandbox.listing()
    for call in (lambda: lock(sandbox, notebook), lambda: install.sync(notebook, sandbox.services(), command_context())):
        refused(DepError, "lock-too-new", call)
    assert sandbox.listing() == before


# Merges


def merged(sandbox: UserSandbox, notebook: Path, style: str) -> None:
    """Two branches that added different things to one notebook, and what version control makes of the lock."""
    base = sandbox.lock_path(notebook).read_bytes().decode().splitlines(keepends=True)
    path, sides = sandbox.lock_path(notebook), []
    start = path.read_bytes()
    for name in ("beta<2", "epsilon"):
        path.write_bytes(start)
        rewrite(notebook, block("alpha", name))
        lock(sandbox, notebook)
        sides.append(path.read_bytes().decode())
    middle = f"||||||| base\n{''.join(base)}" if style == "diff3" else ""
    path.write_text(f"<<<<<<< ours\n{sides[0]}{middle}=======\n{sides[1]}>>>>>>> theirs\n")
    rewrite(notebook, block("alpha", "beta", "epsilon"))


@pytest.mark.parametrize("style", ["merge", "diff3"])
def test_a_merged_lock_is_rebuilt_with_the_pins_of_both_sides(sandbox: UserSandbox, style: str) -> None:
    notebook = sandbox.notebook("alpha<1.1", name="n")
    lock(sandbox, notebook)
    merged(sandbox, notebook, style)
    assert state(sandbox, notebook).name == "unmerged"
    refused(DepError, "unmerged-lock", lambda: install.sync(notebook, sandbox.services(), command_context()))
    lock(sandbox, notebook)
    assert state(sandbox, notebook).name == "fresh"
    assert versions(sandbox.read_lock(notebook)) == {"alpha": "1.0", "beta": "1.0", "epsilon": "1.0"}


def test_a_graph_that_does_not_close_is_unmerged_and_rebuilt(sandbox: UserSandbox) -> None:
    notebook = sandbox.notebook("alpha", "epsilon", name="n")
    lock(sandbox, notebook)
    path = sandbox.lock_path(notebook)
    text = path.read_text()
    at = text.index('[[packages]]\nname = "beta"')
    path.write_text(text[:at] + text[text.index("[[packages]]", at + 1) :])
    assert state(sandbox, notebook).name == "unmerged"
    lock(sandbox, notebook)
    assert path.read_text() == text


# The kernel's packages


def test_widgets_are_left_out_where_they_do_not_fit_or_are_switched_off(sandbox: UserSandbox, toy_index: Index) -> None:
    build_wheel(toy_index.folder, "ipywidgets", "8.2.0", requires=["beta<2"])
    toy_index.add(build_wheel(toy_index.folder.parent / "w", "ipywidgets", "8.1.0", requires=["beta<2"]))
    notebook = sandbox.notebook("beta>=2", name="n")
    changed = lock(sandbox, notebook)
    assert "ipywidgets" in changed.notes[0]
    assert set(sandbox.read_lock(notebook).versions()) == {"beta", "ipykernel"}
    off = sandbox.notebook("epsilon", name="off", toml="[tool.jupyter-dep]\nwidgets = false")
    assert lock(sandbox, off).notes == ()
    assert set(sandbox.read_lock(off).versions()) == {"epsilon", "ipykernel"}


def test_the_users_pin_beats_ours_above_the_floor_and_is_named_below(sandbox: UserSandbox, toy_index: Index) -> None:
    for version in ("5.5.0", "6.30.0"):
        build_wheel(toy_index.folder, "ipykernel", version)
    notebook = sandbox.notebook("ipykernel<7", name="n")
    lock(sandbox, notebook)
    assert sandbox.read_lock(notebook).versions()["ipykernel"] == "6.30.0"
    low = sandbox.notebook("ipykernel<6", name="low")
    error = refused(ConflictError, "kernel-pin", lambda: lock(sandbox, low))
    assert "ipykernel<6" in error.message
    assert error.exit_code == 4


def test_a_bare_date_is_the_end_of_that_day_in_utc_and_is_kept_in_the_lock(
    sandbox: UserSandbox, toy_index: Index, tmp_path: Path
) -> None:
    for version, day in (("3.0", "2026-02-01T23:59:59Z"), ("4.0", "2026-02-02T00:00:00Z")):
        toy_index.add(build_wheel(tmp_path / "late", "beta", version), upload_time=day)
    notebook = sandbox.notebook("beta", name="n", toml='[tool.uv]\nexclude-newer = "2026-02-01"')
    lock(sandbox, notebook)
    locked = sandbox.read_lock(notebook)
    assert versions(locked) == {"beta": "3.0"}
    assert locked.table is not None and locked.table.cutoff == "2026-02-02T00:00:00Z"


def test_a_cutoff_that_moves_backwards_moves_the_pins(sandbox: UserSandbox, toy_index: Index, tmp_path: Path) -> None:
    toy_index.add(build_wheel(tmp_path / "late", "beta", "3.0"), upload_time="2026-06-01T00:00:00Z")
    notebook = sandbox.notebook("beta", name="n")
    lock(sandbox, notebook)
    assert versions(sandbox.read_lock(notebook)) == {"beta": "3.0"}
    rewrite(notebook, block("beta", toml='[tool.uv]\nexclude-newer = "2026-05-01"'))
    lock(sandbox, notebook)
    assert versions(sandbox.read_lock(notebook)) == {"beta": "2.0"}


def test_no_wheel_somewhere_is_said_in_the_lock(sandbox: UserSandbox) -> None:
    notebook = sandbox.notebook("epsilon", name="n")
    changed = lock(sandbox, notebook)
    assert changed.summary is not None
    assert set(changed.summary.unavailable) == {"linux-aarch64", "macos-arm64", "macos-x86_64"}
    assert set(changed.summary.unavailable.values()) == {("epsilon",)}


# Environments


def test_notebooks_with_one_answer_share_one_environment(sandbox: UserSandbox) -> None:
    sealed = {add(sandbox, sandbox.notebook(name=f"n{number}.ipynb"), "alpha").sealed.path for number in range(3)}  # type: ignore[union-attr]
    assert len(sealed) == 1
    assert len(sandbox.services().store.all()) == 1


def test_an_old_commits_lock_opens_at_once(sandbox: UserSandbox, toy_index: Index) -> None:
    notebook = sandbox.notebook(name="n")
    first = add(sandbox, notebook, "alpha<2").sealed
    old = sandbox.listing()
    add(sandbox, notebook, "epsilon")
    for name, data in old.items():
        read_write.replace(sandbox.folder / name, data, expected=read_write.read(sandbox.folder / name))
    toy_index.stop()
    assert install.sync(notebook, sandbox.services(), command_context(offline=True)).sealed == first


def test_bytecode_goes_along_to_the_next_environment(sandbox: UserSandbox) -> None:
    notebook = sandbox.notebook(name="n")
    first = add(sandbox, notebook, "beta").sealed
    assert first is not None
    module = Path(first.site) / "beta" / "__init__.py"
    compiled = module.parent / "__pycache__" / f"__init__.{sys.implementation.cache_tag}.pyc"
    compiled.parent.mkdir()
    compiled.write_bytes(b"compiled")
    second = add(sandbox, notebook, "epsilon").sealed
    assert second is not None and second.path != first.path
    carried = Path(second.site) / "beta" / "__pycache__" / compiled.name
    assert carried.samefile(compiled)


def test_the_store_is_asked_for_nothing_when_only_locking(sandbox: UserSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Store, "ensure", lambda *_, **__: pytest.fail("`lock` builds nothing"))
    lock(sandbox, sandbox.notebook("alpha", name="n"))
