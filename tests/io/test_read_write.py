"""A user's files are replaced whole or not at all, and only what was read is replaced."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_dep.base.errors import DepError
from jupyter_dep.io.files import read_write

ROOT = hasattr(os, "geteuid") and os.geteuid() == 0


def refused(code: str, call: Callable[[], object]) -> DepError:
    with pytest.raises(DepError) as caught:
        call()
    assert caught.value.code == code, caught.value
    assert caught.value.hint
    return caught.value


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "work" / "n.ipynb"
    path.parent.mkdir()
    path.write_bytes(b"old")
    return path


def test_what_was_read_is_replaced_and_nothing_else_is_left(file: Path) -> None:
    read_write.replace(file, b"new", expected=b"old")
    assert file.read_bytes() == b"new"
    assert names(file.parent) == ["n.ipynb"]


def test_a_new_file_is_made(file: Path) -> None:
    read_write.replace(file.with_name("lock"), b"new", expected=None)
    assert file.with_name("lock").read_bytes() == b"new"
    assert names(file.parent) == ["lock", "n.ipynb"]


@pytest.mark.skipif(sys.platform == "win32", reason="a held file cannot be renamed there, so nothing is held")
def test_what_a_killed_writer_left_is_cleared_away_and_a_living_ones_is_not(file: Path) -> None:
    from jupyter_dep.io.system.locks import lock_descriptor

    dead, living = (file.with_name(f".n.ipynb.{name}.tmp") for name in ("0123abcd", "4567abcd"))
    mine = [".n.ipynb.backup.tmp", ".other.ipynb.0123abcd.tmp", "n.ipynb.0123abcd.tmp"]
    for path in (dead, living, *map(file.with_name, mine)):
        path.write_bytes(b"half")
    link = file.with_name(".n.ipynb.89abcdef.tmp")
    link.symlink_to(file.with_name("n.ipynb.0123abcd.tmp"))
    with living.open("rb") as held:
        assert lock_descriptor(held.fileno())
        read_write.replace(file, b"new", expected=b"old")
    assert names(file.parent) == sorted(["n.ipynb", living.name, link.name, *mine])
    assert all(file.with_name(name).read_bytes() == b"half" for name in mine)


@pytest.mark.skipif(sys.platform == "win32", reason="nothing is swept there")
def test_writers_of_one_file_do_not_take_each_others_for_dead(file: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from jupyter_dep.base.errors import DepError\n"
        "from jupyter_dep.io.files import read_write\n"
        "path, done = Path(sys.argv[1]), 0\n"
        "while done < 60:\n"
        "    old = path.read_bytes()\n"
        "    try: read_write.replace(path, b'%d' % (int(old) + 1), expected=old); done += 1\n"
        "    except DepError as error: assert error.code == 'changed-meanwhile', error\n"
    )
    file.write_bytes(b"0")
    writers = [subprocess.Popen([sys.executable, "-c", program, str(file)], stderr=subprocess.PIPE) for _ in range(3)]
    assert [writer.communicate(timeout=60)[1] for writer in writers] == [b""] * 3
    assert all(writer.returncode == 0 for writer in writers)
    assert names(file.parent) == ["n.ipynb"]


@pytest.mark.parametrize("expected", [b"something else", None], ids=["changed", "appeared"])
def test_what_somebody_else_wrote_stays(file: Path, expected: bytes | None) -> None:
    error = refused("changed-meanwhile", lambda: read_write.replace(file, b"new", expected=expected))
    assert error.context["file"] == str(file)
    assert file.read_bytes() == b"old"
    assert names(file.parent) == ["n.ipynb"]


def test_what_was_deleted_meanwhile_does_not_come_back(file: Path) -> None:
    file.unlink()
    with pytest.raises(DepError):
        read_write.replace(file, b"new", expected=b"old")
    assert names(file.parent) == []


def test_a_file_that_appears_at_the_last_moment_is_kept(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = file.with_name("lock")
    real = os.link

    def late(source: Any, destination: Any) -> None:
        target.write_bytes(b"theirs")
        real(source, destination)

    monkeypatch.setattr(os, "link", late)
    refused("changed-meanwhile", lambda: read_write.replace(target, b"ours", expected=None))
    assert target.read_bytes() == b"theirs"
    assert names(file.parent) == ["lock", "n.ipynb"]


def test_without_hard_links_a_new_file_is_made_all_the_same(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: Any) -> None:
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", never)
    read_write.replace(file.with_name("lock"), b"new", expected=None)
    assert names(file.parent) == ["lock", "n.ipynb"]


def test_links_are_followed_and_stay_links(file: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.ipynb"
    link.symlink_to(file)
    read_write.replace(link, b"new", expected=b"old")
    assert link.is_symlink()
    assert file.read_bytes() == b"new"
    assert names(file.parent) == ["n.ipynb"]


@pytest.mark.skipif(os.name == "nt", reason="no permission bits")
def test_the_mode_is_kept_and_a_new_file_obeys_the_umask(file: Path) -> None:
    file.chmod(0o640)
    read_write.replace(file, b"new", expected=b"old")
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    before = os.umask(0o027)
    try:
        read_write.replace(file.with_name("lock"), b"new", expected=None)
    finally:
        os.umask(before)
    assert stat.S_IMODE(file.with_name("lock").stat().st_mode) == 0o640


@pytest.mark.skipif(ROOT, reason="permissions do not bind root; the next test asks as somebody else")
def test_a_read_only_folder_or_file_is_told(file: Path) -> None:
    read_only(file)


@pytest.mark.skipif(not ROOT, reason="needs to become somebody else")
def test_a_read_only_folder_or_file_is_told_to_somebody_else() -> None:
    code = (
        "import os, sys, tempfile; from pathlib import Path; sys.path[:0] = eval(sys.argv[1]);"
        "import test_read_write; os.setgid(65534); os.setuid(65534);"
        "file = Path(tempfile.mkdtemp()) / 'n.ipynb'; file.write_bytes(b'old'); test_read_write.read_only(file)"
    )
    folders = [str(Path(__file__).parent), str(Path(__file__).parents[1]), *sys.path]
    done = subprocess.run([sys.executable, "-c", code, repr(folders)], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def read_only(file: Path) -> None:
    file.chmod(0o444)
    refused("read-only", lambda: read_write.replace(file, b"new", expected=b"old"))
    file.chmod(0o644)
    file.parent.chmod(0o555)
    try:
        refused("read-only", lambda: read_write.replace(file, b"new", expected=b"old"))
        refused("read-only", lambda: read_write.replace(file.with_name("lock"), b"new", expected=None))
        assert file.read_bytes() == b"old"
        assert names(file.parent) == ["n.ipynb"]
    finally:
        file.parent.chmod(0o755)


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KB with a notebook on it and no room beside it."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    try:
        mounted = ROOT and subprocess.run(mount, capture_output=True, check=False).returncode == 0
    except OSError:
        mounted = False
    if not mounted:
        pytest.skip("cannot mount a small file system here")
    try:
        (folder / "n.ipynb").write_bytes(b"old")
        yield folder / "n.ipynb"
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_leaves_everything_as_it_was(full_disk: Path) -> None:
    big = b"x" * 100_000
    refused("disk-full", lambda: read_write.replace(full_disk, big, expected=b"old"))
    refused("disk-full", lambda: read_write.replace(full_disk.with_name("lock"), big, expected=None))
    refused("disk-full", lambda: read_write.write_state(full_disk.with_name("state.json"), "x" * 100_000))
    assert full_disk.read_bytes() == b"old"
    assert names(full_disk.parent) == ["n.ipynb"]
    read_write.replace(full_disk, b"small", expected=b"old")


def test_a_disk_that_is_full_only_at_the_end_leaves_everything_as_it_was(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    refused("disk-full", lambda: read_write.replace(file, b"new", expected=b"old"))
    refused("disk-full", lambda: read_write.write_state(file.with_name("state.json"), {}))
    assert file.read_bytes() == b"old"
    assert names(file.parent) == ["n.ipynb"]


def test_reading_tells_what_is_wrong(file: Path) -> None:
    refused("is-a-folder", lambda: read_write.read(file.parent))
    refused("no-such-file", lambda: read_write.read(file.with_name("absent")))
    assert read_write.read_if_there(file.with_name("absent")) is None
    assert read_write.read_if_there(file / "below-a-file") is None


def test_our_own_state_is_private_and_unreadable_state_is_none(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "state.json"
    read_write.write_state(path, {"b": 1, "a": ["é"]})
    assert read_write.read_state(path) == {"a": ["é"], "b": 1}
    if os.name != "nt":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    for damage in (b"", b"{", b"\xff\xfe"):
        path.write_bytes(damage)
        assert read_write.read_state(path) is None
    assert read_write.read_state(tmp_path / "absent") is None


def test_a_state_file_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "a-file").write_bytes(b"")
    with pytest.raises(DepError):
        read_write.write_state(tmp_path / "a-file" / "state.json", {})


def test_a_second_file_that_cannot_be_put_in_place_puts_the_first_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, new, last = tmp_path / "first", tmp_path / "new", tmp_path / "last"
    first.write_bytes(b"old")
    last.write_bytes(b"old")
    whole = os.replace

    def failing(source: Path, target: Path) -> None:
        if Path(target) == last:
            raise OSError(errno.EIO, "a bad disk")
        whole(source, target)

    monkeypatch.setattr(os, "replace", failing)
    with pytest.raises(DepError) as caught:
        read_write.replace_all(
            [
                read_write.Write(path=first, content=b"mine", expected=b"old"),
                read_write.Write(path=new, content=b"mine", expected=None),
                read_write.Write(path=last, content=b"mine", expected=b"old"),
            ]
        )
    assert caught.value.code == "system"
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"first": b"old", "last": b"old"}
