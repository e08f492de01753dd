"""What a folder held: a look that builds on an earlier one says what a fresh look says."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_dep.io.store import snapshots

LONG_AGO = 1_500_000_000


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A small environment, nothing in it of the last second."""
    root = tmp_path / "env"
    for name in ("pyvenv.cfg", "lib/site/one.py", "lib/site/pack/two.py", "lib/site/pack/inner/three.py", "lib/other/four.py"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    (root / "lib" / "link").symlink_to("site")
    age(root)
    return root


def age(root: Path) -> None:
    for folder, _, names in os.walk(root, topdown=False):
        for name in names:
            os.utime(Path(folder, name), (LONG_AGO, LONG_AGO), follow_symlinks=False)
        os.utime(folder, (LONG_AGO, LONG_AGO))


def replaced(root: Path) -> None:
    fresh = root / "lib" / "site" / "pack" / "fresh"
    fresh.write_text("of another size")
    fresh.replace(fresh.with_name("two.py"))


CHANGES: dict[str, Callable[[Path], object]] = {
    "nothing": lambda root: None,
    "a file comes": lambda root: (root / "lib" / "site" / "pack" / "new.py").write_text(""),
    "a file comes to the top": lambda root: (root / "new").write_text(""),
    "a file goes": lambda root: (root / "lib" / "site" / "one.py").unlink(),
    "a file is replaced": replaced,
    "a tree comes": lambda root: (root / "lib" / "site" / "more" / "deep").mkdir(parents=True),
    "a tree goes": lambda root: (root / "lib" / "other").rename(root.with_name("away")),
    "a tree gives way to a link": lambda root: (
        (root / "lib" / "other").rename(root.with_name("away")),
        (root / "lib" / "other").symlink_to("site"),
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_second_look_sees_what_a_first_one_would(tree: Path, change: str) -> None:
    before = snapshots.take_snapshot(tree)
    CHANGES[change](tree)
    again, fresh = snapshots.take_snapshot(tree, before), snapshots.take_snapshot(tree)
    assert again.files == fresh.files
    assert sorted(again.writable) == sorted(fresh.writable)
    assert (again.files == before.files) is (change in ("nothing", "a tree comes"))


def test_folders_in_which_nothing_came_or_went_are_not_read_again(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = snapshots.take_snapshot(tree)
    (tree / "lib" / "site" / "pack" / "new.py").write_text("")
    read: list[str] = []
    scandir = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: (read.append(str(path)), scandir(path))[1])
    snapshots.take_snapshot(tree, before)
    assert read == [f"{tree}/lib/site/pack/"]


def test_a_change_within_the_tick_of_the_first_look_is_seen(tree: Path) -> None:
    """The folder bears the same time after the change as before it: that it is young makes it be read again."""
    folder = tree / "lib" / "site"
    now = time.time_ns()
    os.utime(folder, ns=(now, now))
    before = snapshots.take_snapshot(tree)
    (folder / "late.py").write_text("")
    os.utime(folder, ns=(now, now))
    assert "lib/site/late.py" in snapshots.take_snapshot(tree, before).files


def test_a_file_that_grows_is_seen_unless_it_is_a_hard_link(tree: Path) -> None:
    """Its folder does not show it: what was written by itself is looked at each time, what was linked came whole."""
    grown, linked = tree / "lib" / "site" / "one.py", tree / "lib" / "other" / "four.py"
    linked.with_name("five.py").hardlink_to(linked)
    age(tree)
    before = snapshots.take_snapshot(tree)
    for file in (grown, linked):
        with file.open("a") as more:
            more.write("more")
    now = snapshots.take_snapshot(tree, before).files
    assert now["lib/site/one.py"][0] == before.files["lib/site/one.py"][0] + 4
    assert now["lib/other/four.py"] == before.files["lib/other/four.py"]


def test_bytecode_is_left_out_and_links_are_not_followed(tree: Path) -> None:
    (tree / "lib" / "site" / "__pycache__").mkdir()
    (tree / "lib" / "site" / "__pycache__" / "one.cpython-311.pyc").write_bytes(b"x")
    (tree / "lib" / "site" / "old.pyc").write_bytes(b"x")
    found = snapshots.take_snapshot(tree).files
    assert "lib/link" in found and "lib/site/one.py" in found
    assert not [path for path in found if path.endswith(".pyc") or path.startswith("lib/link/")]


def test_what_may_be_written_is_named(tree: Path) -> None:
    (tree / "lib" / "site" / "one.py").chmod(0o444)
    found = snapshots.take_snapshot(tree)
    assert set(found.files) - set(found.writable) == {"lib/site/one.py", "lib/link"}


def test_a_stamp_tells_any_change_of_name_size_or_time(tree: Path) -> None:
    files = snapshots.take_snapshot(tree).files
    known = snapshots.digest(files)
    size, moment = files["lib/site/one.py"]
    for other in ({**files, "lib/site/one.py": (size + 1, moment)}, {**files, "lib/site/one.py": (size, moment + 1)}):
        assert snapshots.digest(other) != known
    assert snapshots.digest(dict(reversed(files.items()))) == known
