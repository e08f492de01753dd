"""What the collection may remove: nothing that rests on a look which failed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from support.index import Index
from support.notebooks import command_context
from support.sandbox import UserSandbox, sandbox_at

from jupyter_dep.base.errors import DepError
from jupyter_dep.io.store.store import Sealed
from jupyter_dep.io.system import disk
from jupyter_dep.operations.edit import add_remove
from jupyter_dep.operations.environment import gc
from jupyter_dep.operations.environment.base_environment import ensure_base_environment

pytestmark = pytest.mark.skipif(os.name == "nt", reason="links that lead to themselves stand for a disk with errors")


@pytest.fixture
def desk(toy_index: Index, tmp_path: Path) -> UserSandbox:
    return sandbox_at(tmp_path, toy_index.url)


@pytest.fixture
def used(desk: UserSandbox) -> Sealed:
    """The environment that the one notebook of the desk uses."""
    sealed = add_remove.add(desk.notebook(name="n"), ["alpha"], desk.services(), command_context()).sealed
    assert sealed is not None
    return sealed


def break_(path: Path) -> Callable[[], None]:
    """Make every look at a path fail (ELOOP), and give back what takes the fault away again."""
    aside = path.with_name(path.name + ".aside")
    path.rename(aside)
    path.symlink_to(path.name)

    def mend() -> None:
        path.unlink()
        aside.rename(path)

    return mend


BROKEN: dict[str, Callable[[UserSandbox, Sealed], Path]] = {
    "what is remembered of the project": lambda desk, _: next((desk.dep_home / "state" / "projects").glob("*.json")),
    "the folder of what is remembered": lambda desk, _: desk.dep_home / "state" / "projects",
    "the seal": lambda desk, used: desk.services().store.root / "k" / f"{used.key}.json",
    "the folder of the seals": lambda desk, _: desk.services().store.root / "k",
    "the folder of the environments": lambda desk, _: desk.services().store.root / "e",
}


@pytest.mark.parametrize("place", BROKEN.values(), ids=BROKEN)
def test_what_cannot_be_read_stops_the_collection(
    desk: UserSandbox, used: Sealed, place: Callable[[UserSandbox, Sealed], Path]
) -> None:
    mend = break_(place(desk, used))
    with pytest.raises(DepError) as caught:
        gc.collect(desk.services())
    assert caught.value.hint and str(place(desk, used)) in str(caught.value.context["file"])
    mend()
    assert gc.collect(desk.services()).removed == ()
    assert desk.services().store.sealed(used.key) == used


@pytest.mark.parametrize("place", ["state/projects", "data/store/k"])
def test_a_record_that_is_not_what_was_written_stops_the_collection(desk: UserSandbox, used: Sealed, place: str) -> None:
    (file,) = (desk.dep_home / place).glob("*.json")
    whole = file.read_bytes()
    for damage in (b"", b"{", b"[]", whole[:-20]):
        file.write_bytes(damage)
        with pytest.raises(DepError) as caught:
            gc.collect(desk.services())
        assert caught.value.code == "damaged-state" and caught.value.context["file"] == str(file)
    file.write_bytes(whole)
    assert gc.collect(desk.services()).removed == () and Path(used.python).exists()


def test_a_base_environment_whose_record_cannot_be_read_stays(desk: UserSandbox) -> None:
    base = ensure_base_environment(desk.services())
    mend = break_(desk.services().base_environments / "latest.json")
    with pytest.raises(DepError):
        gc.collect(desk.services())
    mend()
    assert gc.collect(desk.services()).removed == ()
    assert desk.services().store.sealed(base.key) == base


@pytest.mark.parametrize("what", ["the notebook", "its folder", "the folder above"])
def test_a_project_that_cannot_be_reached_keeps_its_environments(desk: UserSandbox, used: Sealed, what: str) -> None:
    notebook = desk.folder / "n.ipynb"
    mend = break_({"the notebook": notebook, "its folder": desk.folder}.get(what, desk.folder.parent / "work"))
    found = gc.collect(desk.services())
    assert found.removed == () and found.unreachable == (notebook,)
    mend()
    found = gc.collect(desk.services())
    assert found.removed == () and found.unreachable == ()
    assert desk.services().store.sealed(used.key) == used


@pytest.mark.parametrize("left", ["an empty folder", "nothing"])
def test_a_project_on_a_disk_that_is_not_mounted_keeps_its_environments(
    desk: UserSandbox, toy_index: Index, left: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk, mounted, ismount = desk.folder / "disk", True, os.path.ismount
    monkeypatch.setattr(os.path, "ismount", lambda path: mounted if Path(path) == disk else ismount(path))
    disk.mkdir()
    away = replace(desk, folder=disk)
    sealed = add_remove.add(away.notebook(name="n"), ["alpha"], desk.services(), command_context()).sealed
    assert sealed is not None
    mounted = False
    disk.rename(desk.folder / "aside")
    if left == "an empty folder":
        disk.mkdir()
    found = gc.collect(desk.services())
    assert found.removed == () and found.unreachable == (disk / "n.ipynb",)
    shutil.rmtree(disk, ignore_errors=True)
    (desk.folder / "aside").rename(disk)
    mounted = True
    assert gc.collect(desk.services()).unreachable == ()
    (disk / "n.ipynb").unlink()
    assert gc.collect(desk.services()).removed == (sealed.key,)


@pytest.mark.parametrize("gone", ["the notebook", "its folder", "a folder above", "its folder, for a file"])
def test_what_only_deleted_projects_used_is_removed(desk: UserSandbox, used: Sealed, gone: str) -> None:
    deep = replace(desk, folder=desk.folder / "a" / "b")
    deep.folder.mkdir(parents=True)
    sealed = add_remove.add(deep.notebook(name="n"), ["gamma"], desk.services(), command_context()).sealed
    assert sealed is not None
    if gone == "the notebook":
        (deep.folder / "n.ipynb").unlink()
    else:
        shutil.rmtree(deep.folder if gone.startswith("its") else deep.folder.parent)
    if gone == "its folder, for a file":
        deep.folder.write_text("")
    found = gc.collect(desk.services())
    assert found.removed == (sealed.key,) and found.unreachable == ()
    assert desk.services().store.sealed(used.key) == used


def test_what_was_remembered_before_mounts_were_is_judged_by_its_folders(desk: UserSandbox, used: Sealed) -> None:
    (file,) = (desk.dep_home / "state" / "projects").glob("*.json")
    text = file.read_text()
    file.write_text("".join(line for line in text.splitlines(keepends=True) if '"mount"' not in line))
    assert '"mount"' in text and gc.collect(desk.services()).removed == ()
    shutil.rmtree(desk.folder)
    assert gc.collect(desk.services()).removed == (used.key,)


def test_an_environment_whose_interpreter_is_missing_stays_for_its_project(desk: UserSandbox, used: Sealed) -> None:
    """Its disk may not be mounted."""
    python = Path(used.python)
    target = python.readlink()
    python.unlink()
    python.symlink_to(desk.dep_home / "not-mounted" / "python")
    services = desk.services()
    assert services.store.sealed(used.key) is None
    assert gc.collect(services).removed == () and gc.collect(services).swept == 0
    python.unlink()
    python.symlink_to(target)
    assert services.store.sealed(used.key) == used
    (desk.folder / "n.ipynb").unlink()
    assert gc.collect(services).removed == (used.key,)


def test_a_list_of_mounts_that_cannot_be_read_stops_the_collection(
    desk: UserSandbox, used: Sealed, monkeypatch: pytest.MonkeyPatch
) -> None:
    (desk.folder / "n.ipynb").unlink()
    loop = desk.dep_home / "mountinfo"
    loop.symlink_to(loop.name)
    monkeypatch.setattr(disk.file_system, "__defaults__", (str(loop),))
    with pytest.raises(DepError):
        gc.collect(desk.services())
    assert desk.services().store.sealed(used.key) == used
