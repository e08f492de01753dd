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
def sandbox(toy_index: Index, tmp_path: Path) -> UserSandbox:
    return sandbox_at(tmp_path, toy_index.url)


@pytest.fixture
def used(sandbox: UserSandbox) -> Sealed:
    """The environment that the one notebook of the sandbox uses."""
    sealed = add_remove.add(sandbox.notebook(name="n"), ["alpha"], sandbox.services(), command_context()).sealed
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
    "what is remembered of the project": lambda sandbox, _: next((sandbox.dep_home / "state" / "projects").glob("*.json")),
    "the folder of what is remembered": lambda sandbox, _: sandbox.dep_home / "state" / "projects",
    "the seal": lambda sandbox, used: sandbox.services().store.root / "k" / f"{used.key}.json",
    "the folder of the seals": lambda sandbox, _: sandbox.services().store.root / "k",
    "the folder of the environments": lambda sandbox, _: sandbox.services().store.root / "e",
}


@pytest.mark.parametrize("place", BROKEN.values(), ids=BROKEN)
def test_what_cannot_be_read_stops_the_collection(
    sandbox: UserSandbox, used: Sealed, place: Callable[[UserSandbox, Sealed], Path]
) -> None:
    mend = break_(place(sandbox, used))
    with pytest.raises(DepError) as caught:
        gc.collect(sandbox.services())
    assert caught.value.hint and str(place(sandbox, used)) in str(caught.value.context["file"])
    mend()
    assert gc.collect(sandbox.services()).removed == ()
    assert sandbox.services().store.sealed(used.key) == used


@pytest.mark.parametrize("place", ["state/projects", "data/store/k"])
def test_a_record_that_is_not_what_was_written_stops_the_collection(sandbox: UserSandbox, used: Sealed, place: str) -> None:
    (file,) = (sandbox.dep_home / place).glob("*.json")
    whole = file.read_bytes()
    for damage in (b"", b"{", b"[]", whole[:-20]):
        file.write_bytes(damage)
        with pytest.raises(DepError) as caught:
            gc.collect(sandbox.services())
        assert caught.value.code == "damaged-state" and caught.value.context["file"] == str(file)
    file.write_bytes(whole)
    assert gc.collect(sandbox.services()).removed == () and Path(used.python).exists()


def test_a_base_environment_whose_record_cannot_be_read_stays(sandbox: UserSandbox) -> None:
    base = ensure_base_environment(sandbox.services())
    mend = break_(sandbox.services().base_environments / "latest.json")
    with pytest.raises(DepError):
        gc.collect(sandbox.services())
    mend()
    assert gc.collect(sandbox.services()).removed == ()
    assert sandbox.services().store.sealed(base.key) == base


@pytest.mark.parametrize("what", ["the notebook", "its folder", "the folder above"])
def test_a_project_that_cannot_be_reached_keeps_its_environments(sandbox: UserSandbox, used: Sealed, what: str) -> None:
    notebook = sandbox.folder / "n.ipynb"
    mend = break_({"the notebook": notebook, "its folder": sandbox.folder}.get(what, sandbox.folder.parent / "work"))
    found = gc.collect(sandbox.services())
    assert found.removed == () and found.unreachable == (notebook,)
    mend()
    found = gc.collect(sandbox.services())
    assert found.removed == () and found.unreachable == ()
    assert sandbox.services().store.sealed(used.key) == used


@pytest.mark.parametrize("left", ["an empty folder", "nothing"])
def test_a_project_on_a_disk_that_is_not_mounted_keeps_its_environments(
    sandbox: UserSandbox, toy_index: Index, left: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk, mounted, ismount = sandbox.folder / "disk", True, os.path.ismount
    monkeypatch.setattr(os.path, "ismount", lambda path: mounted if Path(path) == disk else ismount(path))
    disk.mkdir()
    away = replace(sandbox, folder=disk)
    sealed = add_remove.add(away.notebook(name="n"), ["alpha"], sandbox.services(), command_context()).sealed
    assert sealed is not None
    mounted = False
    disk.rename(sandbox.folder / "aside")
    if left == "an empty folder":
        disk.mkdir()
    found = gc.collect(sandbox.services())
    assert found.removed == () and found.unreachable == (disk / "n.ipynb",)
    shutil.rmtree(disk, ignore_errors=True)
    (sandbox.folder / "aside").rename(disk)
    mounted = True
    assert gc.collect(sandbox.services()).unreachable == ()
    (disk / "n.ipynb").unlink()
    assert gc.collect(sandbox.services()).removed == (sealed.key,)


@pytest.mark.parametrize("gone", ["the notebook", "its folder", "a folder above", "its folder, for a file"])
def test_what_only_deleted_projects_used_is_removed(sandbox: UserSandbox, used: Sealed, gone: str) -> None:
    deep = replace(sandbox, folder=sandbox.folder / "a" / "b")
    deep.folder.mkdir(parents=True)
    sealed = add_remove.add(deep.notebook(name="n"), ["gamma"], sandbox.services(), command_context()).sealed
    assert sealed is not None
    if gone == "the notebook":
        (deep.folder / "n.ipynb").unlink()
    else:
        shutil.rmtree(deep.folder if gone.startswith("its") else deep.folder.parent)
    if gone == "its folder, for a file":
        deep.folder.write_text("")
    found = gc.collect(sandbox.services())
    assert found.removed == (sealed.key,) and found.unreachable == ()
    assert sandbox.services().store.sealed(used.key) == used


def test_what_was_remembered_before_mounts_were_is_judged_by_its_folders(sandbox: UserSandbox, used: Sealed) -> None:
    (file,) = (sandbox.dep_home / "state" / "projects").glob("*.json")
    text = file.read_text()
    file.write_text("".join(line for line in text.splitlines(keepends=True) if '"mount"' not in line))
    assert '"mount"' in text and gc.collect(sandbox.services()).removed == ()
    shutil.rmtree(sandbox.folder)
    assert gc.collect(sandbox.services()).removed == (used.key,)


def test_an_environment_whose_interpreter_is_missing_stays_for_its_project(sandbox: UserSandbox, used: Sealed) -> None:
    """Its disk may not be mounted."""
    python = Path(used.python)
    target = python.readlink()
    python.unlink()
    python.symlink_to(sandbox.dep_home / "not-mounted" / "python")
    services = sandbox.services()
    assert services.store.sealed(used.key) is None
    assert gc.collect(services).removed == () and gc.collect(services).swept == 0
    python.unlink()
    python.symlink_to(target)
    assert services.store.sealed(used.key) == used
    (sandbox.folder / "n.ipynb").unlink()
    assert gc.collect(services).removed == (used.key,)


def test_a_list_of_mounts_that_cannot_be_read_stops_the_collection(
    sandbox: UserSandbox, used: Sealed, monkeypatch: pytest.MonkeyPatch
) -> None:
    (sandbox.folder / "n.ipynb").unlink()
    loop = sandbox.dep_home / "mountinfo"
    loop.symlink_to(loop.name)
    monkeypatch.setattr(disk.file_system, "__defaults__", (str(loop),))
    with pytest.raises(DepError):
        gc.collect(sandbox.services())
    assert sandbox.services().store.sealed(used.key) == used
