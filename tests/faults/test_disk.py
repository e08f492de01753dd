"""A disk full at ten levels, a store that cannot be written, a quota: told as such, the originals intact, a retry completes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from faults.conftest import Tally, has
from faults.test_kill import big_index, check_whole  # noqa: F401  a fixture
from support.index import Index
from support.notebooks import command_context
from support.notebooks import notebook as written
from support.sandbox import CLI, Ran, UserSandbox, sandbox_at, user_at
from support.wheels import build_wheel

from jupyter_dep.operations.edit import add_remove

LEVELS = 10
QUOTAS = 3
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="mounts a tmpfs")


@pytest.fixture
def mount(tmp_path: Path) -> Iterator[Callable[[int, str], Path]]:
    """Mounts a file system in memory of so many bytes, with options."""
    mounted: list[Path] = []

    def at(size: int, options: str = "") -> Path:
        folder = tmp_path / f"disk{len(mounted)}"
        folder.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}{options}", "none", folder], check=True, capture_output=True)
        mounted.append(folder)
        return folder

    yield at
    for folder in mounted:
        subprocess.run(["umount", "-l", folder], check=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Somebody whose home, notebooks and store all lie on one disk."""

    disk: Path
    person: UserSandbox
    url: str

    @classmethod
    def on(cls, disk: Path, url: str) -> Owner:
        (disk / "work").mkdir(exist_ok=True)
        return cls(disk=disk, person=user_at(disk / "me", url, UV_HTTP_RETRIES="0", TMPDIR=str(disk / "tmp")), url=url)

    @property
    def work(self) -> Path:
        return self.disk / "work"

    def dep(self, *words: str, **more: str) -> Ran:
        (self.disk / "tmp").mkdir(exist_ok=True)
        return self.person.cli(*words, cwd=self.work, **more)

    def files(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in self.work.iterdir()}

    def whole(self) -> None:
        check_whole(replace(self.person, folder=self.work))


def used(folder: Path) -> int:
    status = os.statvfs(folder)
    return (status.f_blocks - status.f_bfree) * status.f_frsize


def refused(ran: Ran, *codes: str) -> None:
    assert ran.code != 0, f"a false success: {ran.said}"
    assert ran.error["code"] in codes, ran.said
    assert ran.error["hint"]


def test_the_disk_fills_at_ten_levels(
    big_index: Index,  # noqa: F811
    tally: Tally, need: Callable[..., None], mount: Callable[[int, str], Path],
) -> None:  # fmt: skip
    """From a disk that lacks almost nothing to one that has hardly room for the notebook; then there is room, and it works."""
    need("disk", "root", "mount", cases=LEVELS)
    build_wheel(big_index.folder, "heavy", "1.0", files={"heavy/blob.bin": os.urandom(1_500_000)}, requires=["big"])
    roomy = Owner.on(mount(200_000_000, ""), big_index.url)
    written(roomy.work, name="n")
    start = used(roomy.disk)
    assert roomy.dep("add", "--json", "n.ipynb", "heavy").code == 0, "the positive control: where there is room it works"
    needs = used(roomy.disk) - start
    held, failed = 0, 0
    for level in range(LEVELS):
        room = start + int(needs * (0.02, 0.1, 0.2, 0.3, 0.45, 0.6, 0.75, 0.85, 0.93, 0.97)[level])
        owner = Owner.on(mount(room + 65_536, ""), big_index.url)
        written(owner.work, name="n")
        before = owner.files()
        ran = owner.dep("add", "--json", "n.ipynb", "heavy")
        failed += ran.code != 0
        if ran.code != 0:
            refused(ran, "disk-full")
            assert owner.files() == before, f"level {level}: a file of the user changed"
        owner.whole()
        subprocess.run(["mount", "-o", "remount,size=200000000", owner.disk], check=True)
        again = owner.dep("add", "--json", "n.ipynb", "heavy")
        assert again.code == 0, again.said
        owner.whole()
        assert owner.dep("status", "--json", "n.ipynb").entry["environment"]["sealed"] is True
        held += 1
    tally("disk", cases=LEVELS, held=held)
    assert failed >= LEVELS - 2, "the disks were too large: nothing was full"


@pytest.mark.parametrize("verb", ["add", "remove", "lock", "sync", "init"])
def test_nothing_can_be_written_beside_the_notebook(
    verb: str,
    big_index: Index,  # noqa: F811
    tally: Tally, need: Callable[..., None], mount: Callable[[int, str], Path], tmp_path: Path,
) -> None:  # fmt: skip
    need("disk", "root", "mount")
    disk = mount(4_000_000, "")
    user = user_at(tmp_path / "me", big_index.url, UV_HTTP_RETRIES="0")
    path = written(disk, "alpha", name="n") if verb != "init" else disk / "n.ipynb"
    if verb == "sync":
        assert user.cli("lock", path, cwd=disk).code == 0
    with (disk / "filler").open("wb", buffering=0) as file:
        try:
            while file.write(b"x" * 4096):
                pass
        except OSError:
            pass
    before = {one.name: one.read_bytes() for one in disk.iterdir()}
    words = {"add": ["beta"], "remove": ["alpha"]}.get(verb, [])
    ran = user.cli(verb, "--json", path, *words, cwd=disk)
    if verb == "sync":  # writes nothing there
        assert ran.code == 0, ran.said
    else:
        refused(ran, "disk-full")
    assert {one.name: one.read_bytes() for one in disk.iterdir()} == before
    (disk / "filler").unlink()
    assert user.cli(verb, "--json", path, *words, cwd=disk).code == 0
    tally("disk", cases=1, held=1)


@pytest.mark.parametrize("what", ["store", "engine", "state"])
def test_a_read_only_home(
    what: str,
    big_index: Index,  # noqa: F811
    tally: Tally, need: Callable[..., None], mount: Callable[[int, str], Path], tmp_path: Path,
) -> None:  # fmt: skip
    need("disk", "root", "mount")
    disk = mount(50_000_000, "")
    user = user_at(tmp_path / "me", big_index.url, UV_HTTP_RETRIES="0")
    work = tmp_path / "work"
    path = written(work, "alpha", name="n")
    place = {"store": "data/store", "engine": "data/engine", "state": "state"}[what]
    home = user.home / "dep"
    if (home / place).exists():
        shutil.copytree(home / place, disk, dirs_exist_ok=True)
        shutil.rmtree(home / place)
    (home / place).parent.mkdir(parents=True, exist_ok=True)
    (home / place).symlink_to(disk)
    disk.chmod(0o700)
    before = path.read_bytes()
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    ran = user.cli("add", "--json", path, "beta", cwd=work)
    refused(ran, "read-only", "engine-failed", "store-unwritable")
    assert path.read_bytes() == before and not (work / "pylock.n.toml").exists()
    assert user.cli("status", "--json", path, cwd=work).code == 0, "looking needs no writing"
    subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
    done = user.cli("add", "--json", path, "beta", cwd=work)
    assert done.code == 0, done.said
    tally("disk", cases=1, held=1)


@pytest.mark.parametrize("inodes", [60, 120, 200][:QUOTAS])
def test_a_quota_of_files(
    inodes: int,
    big_index: Index,  # noqa: F811
    tally: Tally, need: Callable[..., None], mount: Callable[[int, str], Path],
) -> None:  # fmt: skip
    """Room enough, but no more files may be made: what a quota of inodes says is what a full disk says."""
    need("disk", "root", "mount")
    owner = Owner.on(mount(100_000_000, f",nr_inodes={inodes}"), big_index.url)
    written(owner.work, name="n")
    before = owner.files()
    refused(owner.dep("add", "--json", "n.ipynb", "big"), "disk-full")
    assert owner.files() == before
    owner.whole()
    subprocess.run(["mount", "-o", "remount,nr_inodes=20000", owner.disk], check=True)
    assert owner.dep("add", "--json", "n.ipynb", "big").code == 0
    owner.whole()
    tally("disk", cases=1, held=1)


def test_a_quota_of_bytes_is_told_as_a_full_disk(
    big_index: Index,  # noqa: F811
    tally: Tally, need: Callable[..., None], tmp_path: Path,
) -> None:  # fmt: skip
    """No file may grow beyond a limit (`ulimit -f`), which the engine and we meet alike."""
    need("disk", "posix")
    build_wheel(big_index.folder, "heavy", "1.0", files={"heavy/blob.bin": os.urandom(3_000_000)})
    user = user_at(tmp_path / "me", big_index.url, UV_HTTP_RETRIES="0")
    path = written(tmp_path / "work", name="n")
    before = path.read_bytes()
    limited = ["sh", "-c", 'trap "" XFSZ; ulimit -f 2048; exec "$@"', "sh", *CLI, "add", "--json", str(path), "heavy"]
    done = subprocess.run(limited, cwd=path.parent, env=user.environ(), capture_output=True, text=True, timeout=60, check=False)
    ran = Ran(code=done.returncode, out=done.stdout, err=done.stderr)
    refused(ran, "disk-full", "engine-failed", "system")
    assert path.read_bytes() == before and os.listdir(path.parent) == ["n.ipynb"]
    assert user.cli("add", "--json", path, "heavy", cwd=path.parent).code == 0
    tally("disk", cases=1, held=1)


def test_what_is_said_goes_to_a_full_disk(tally: Tally, need: Callable[..., None], tmp_path: Path) -> None:
    need("disk", "linux")
    user = user_at(tmp_path / "me", "http://127.0.0.1:9/simple")
    path = written(tmp_path / "work", "alpha", name="n")
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [*CLI, "status", str(path)], env=user.environ(), stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 1 and done.stderr.startswith("error: ") and "next: " in done.stderr
    assert "Traceback" not in done.stderr and "ignored" not in done.stderr
    tally("disk", cases=1, held=1)


def test_the_retry_after_a_full_disk_in_this_process(
    big_index: Index,  # noqa: F811
    tally: Tally, need: Callable[..., None], mount: Callable[[int, str], Path], tmp_path: Path,
) -> None:  # fmt: skip
    """A long-lived process (agent, server) gets over it too."""
    need("disk", "root", "mount")
    disk = mount(300_000, "")
    sandbox = sandbox_at(disk / "a", big_index.url)
    path = sandbox.notebook(name="n")
    before, services = sandbox.listing(), sandbox.services()
    with pytest.raises(Exception, match="space") as caught:
        add_remove.add(path, ["big"], services, command_context())
    assert caught.value.code == "disk-full" and sandbox.listing() == before  # type: ignore[attr-defined]
    subprocess.run(["mount", "-o", "remount,size=100000000", disk], check=True)
    assert add_remove.add(path, ["big"], services, command_context()).sealed is not None
    assert check_whole(sandbox) == 0 and has("mount")
    tally("disk", cases=1, held=1)
