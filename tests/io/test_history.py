"""What is remembered of each project: its last commands, its environments, an edit that is not in the file yet."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from jupyter_dep.base.errors import DepError
from jupyter_dep.io.state.history import KEPT, KEPT_ENVIRONMENTS, History, Pending, Step


def remembered(history: History) -> dict[Path, tuple[str, ...]]:
    return {use.project: use.environments for use in history.uses()}


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def step(number: int) -> Step:
    return Step(
        command=f"add {number}",
        block_before=str(number),
        block_after=str(number + 1),
        lock_before=digest(lock(number)) if number else None,
        lock_after=digest(lock(number + 1)),
    )


def lock(number: int) -> bytes:
    return f"lock {number}".encode()


def record(history: History, project: Path, number: int) -> None:
    history.record_step(project, step(number), [lock(number), lock(number + 1)])


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History(tmp_path / "projects")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return tmp_path / "n.ipynb"


def test_nothing_is_remembered_at_first(history: History, project: Path) -> None:
    assert history.last(project) is None
    assert history.last(project, redo=True) is None
    assert history.pending(project) is None
    assert history.environments(project) == ()
    assert list(history.projects()) == []


def test_the_last_twenty_steps_and_their_locks_are_kept(history: History, project: Path) -> None:
    for number in range(KEPT + 5):
        record(history, project, number)
    assert KEPT == 20
    undone = []
    while (last := history.last(project)) is not None:
        undone.append(last.command)
        assert history.lock_bytes(project, last.lock_before) == lock(int(last.command.split()[1]))
        history.move_step(project)
    assert undone == [f"add {number}" for number in range(KEPT + 4, 4, -1)]
    with pytest.raises(DepError) as caught:
        history.lock_bytes(project, digest(lock(3)))
    assert caught.value.code == "history-incomplete"


def test_what_was_undone_can_be_redone_until_something_else_is_done(history: History, project: Path) -> None:
    for number in range(3):
        record(history, project, number)
    history.move_step(project)
    history.move_step(project)
    assert history.last(project) == step(0)
    assert history.last(project, redo=True) == step(1)
    history.move_step(project, redo=True)
    assert (history.last(project), history.last(project, redo=True)) == (step(1), step(2))
    assert history.lock_bytes(project, digest(lock(3))) == lock(3)
    record(history, project, 7)
    assert history.last(project, redo=True) is None


def test_a_lock_that_was_tampered_with_is_not_given_back(history: History, project: Path) -> None:
    record(history, project, 0)
    (blob,) = [path for path in history.folder.rglob("*") if path.name == digest(lock(1))]
    blob.write_bytes(b"other")
    with pytest.raises(DepError) as caught:
        history.lock_bytes(project, digest(lock(1)))
    assert caught.value.code == "history-incomplete"


def test_the_last_environments_are_kept_newest_last(history: History, project: Path) -> None:
    for key in ["a", "b", "c", "d", "b"]:
        history.record_use(project, key)
    assert history.environments(project) == ("c", "d", "b")
    assert KEPT_ENVIRONMENTS == 3


def test_projects_do_not_mix_and_a_link_is_the_same_project(history: History, project: Path, tmp_path: Path) -> None:
    project.write_text("")
    link = tmp_path / "link.ipynb"
    link.symlink_to(project)
    history.record_use(project, "a")
    history.record_use(tmp_path / "other.ipynb", "b")
    assert history.environments(link) == ("a",)
    assert remembered(history) == {project: ("a",), tmp_path / "other.ipynb": ("b",)}


def test_a_pending_edit_is_kept_beside_the_rest(history: History, project: Path) -> None:
    record(history, project, 0)
    history.set_pending(project, Pending(base=None, wanted="x"))
    history.record_use(project, "a")
    assert history.pending(project) == Pending(base=None, wanted="x")
    history.set_pending(project, None)
    assert history.pending(project) is None
    assert history.last(project) == step(0)


def test_a_renamed_project_takes_everything_along(history: History, project: Path, tmp_path: Path) -> None:
    new = tmp_path / "new.ipynb"
    record(history, project, 0)
    history.record_use(project, "a")
    history.rename(project, new)
    assert history.last(new) == step(0)
    assert history.lock_bytes(new, digest(lock(1))) == lock(1)
    assert remembered(history) == {new: ("a",)}
    assert history.last(project) is None


def test_a_rename_onto_what_was_once_another_project_takes_the_locks_along(
    history: History, project: Path, tmp_path: Path
) -> None:
    new = tmp_path / "new.ipynb"
    record(history, new, 5)
    record(history, project, 0)
    history.rename(project, new)
    assert history.lock_bytes(new, digest(lock(1))) == lock(1)


def test_damaged_memory_is_forgotten_not_fatal(history: History, project: Path) -> None:
    record(history, project, 0)
    (file,) = history.folder.glob("*.json")
    file.write_text("{")
    assert history.last(project) is None
    record(history, project, 1)
    assert history.last(project) == step(1)
