"""The store: one build for many callers, nothing half-true after a kill, what is needed is kept, what changed is withdrawn."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from support import canary as birds
from support.builds import KEY, link, put, recipe, site
from support.index import Index
from support.notebooks import command_context
from support.sandbox import sandbox_at

from jupyter_dep.base.errors import DepError, IndexUnreachableError
from jupyter_dep.base.progress import CancelToken, Progress
from jupyter_dep.io.files import read_write
from jupyter_dep.io.state.consent_store import ConsentStore
from jupyter_dep.io.store.build_dir import remove_tree
from jupyter_dep.io.store.store import Sealed, Store
from jupyter_dep.io.system.disk import file_system
from jupyter_dep.io.system.locks import FileLock
from jupyter_dep.operations.edit import add_remove, relock
from jupyter_dep.operations.environment import gc

ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
CHILD = """
import os, sys
sys.path[:0] = eval(sys.argv[1])
from support import builds
builds.{name}(*sys.argv[2:])
"""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def folders(store: Store) -> list[Path]:
    return sorted(path for path in (store.root / "e").iterdir() if path.is_dir())


def leftovers(store: Store) -> list[str]:
    """Whatever lies in the store besides the sealed environments and the locks."""
    known = {sealed.path for sealed in store.all()}
    found = [path.name for path in folders(store) if str(path) not in known]
    return found + [path.name for path in (store.root / "k").iterdir() if path.suffix not in (".json", ".lock")]


def start(name: str, *arguments: str | Path) -> subprocess.Popen[str]:
    """A function of this module in a process of its own; it says `ready` when it is there."""
    command = [
        sys.executable,
        "-c",
        CHILD.format(name=name),
        repr([str(Path(__file__).parent), str(Path(__file__).parents[1]), *sys.path]),
    ]
    pipe = subprocess.PIPE
    return subprocess.Popen([*command, *map(str, arguments)], stdin=pipe, stdout=pipe, text=True)


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


# One build


def test_sixteen_threads_get_one_build(store: Store) -> None:
    builds: list[Path] = []
    others_wait = threading.Event()

    def slow(python: Path) -> None:
        builds.append(python)
        assert others_wait.wait(20)
        link(python)

    def waits(progress: Progress) -> None:
        if progress.phase == "waiting":
            others_wait.set()

    with ThreadPoolExecutor(16) as pool:
        futures = [pool.submit(store.ensure, recipe(slow), reporter=waits) for _ in range(16)]
        found = {future.result(30).path for future in futures}
    assert len(builds) == len(found) == 1
    assert leftovers(store) == []


def test_sixteen_processes_get_one_build(store: Store, tmp_path: Path) -> None:
    log = tmp_path / "builds"
    processes = [start("build_when_told", store.root, log) for _ in range(16)]
    for process in processes:
        assert said(process) == "ready"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    paths = {said(process) for process in processes}
    assert [process.wait(30) for process in processes] == [0] * 16
    assert paths == {Store(store.root).all()[0].path}
    assert log.read_text() == "built\n"
    assert leftovers(store) == []


def test_two_keys_are_built_at_the_same_time(store: Store) -> None:
    together = threading.Barrier(2, timeout=20)

    def meet(python: Path) -> None:
        together.wait()
        link(python)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda key: store.ensure(recipe(meet, key=key)), ["a" * 40, "b" * 40]))
    assert len(store.all()) == 2


def test_a_wait_is_visible_and_can_be_cancelled(store: Store) -> None:
    building, finish = threading.Event(), threading.Event()
    cancel = CancelToken()

    def slow(python: Path) -> None:
        building.set()
        assert finish.wait(20)
        link(python)

    told: list[Progress] = []

    def waits(progress: Progress) -> None:
        told.append(progress)
        cancel.set()

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(store.ensure, recipe(slow))
        assert building.wait(20)
        with pytest.raises(DepError) as caught:
            store.ensure(recipe(), reporter=waits, cancel=cancel)
        finish.set()
        assert Path(first.result(20).path).is_dir()
    assert caught.value.code == "cancelled"
    assert {progress.phase for progress in told} == {"waiting"}
    assert told[0].detail


def test_after_a_build_that_fails_the_next_one_builds(store: Store) -> None:
    def fails(_: Path) -> None:
        raise IndexUnreachableError("network", "x", hint="y")

    with pytest.raises(DepError):
        store.ensure(recipe(fails))
    assert leftovers(store) == []
    assert store.sealed(KEY) is None
    assert store.ensure(recipe()).files


# Kills


@pytest.fixture
def builder(store: Store) -> Iterator[subprocess.Popen[str]]:
    process = start("hang_while_building", store.root)
    try:
        assert said(process) == "building"
        yield process
    finally:
        process.kill()
        process.wait()


def test_sweeping_leaves_a_builder_alone(store: Store, builder: subprocess.Popen[str]) -> None:
    assert store.sweep() == 0
    assert len(folders(store)) == 1


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_a_killed_build_is_believed_by_nobody_and_swept(store: Store, builder: subprocess.Popen[str]) -> None:
    builder.send_signal(signal.SIGKILL)
    builder.wait()
    (half,) = folders(store)
    assert store.sealed(KEY) is None
    assert store.all() == ()
    sealed = store.ensure(recipe())
    assert sealed.path != str(half)
    assert store.sweep() == 1
    assert folders(store) == [Path(sealed.path)]
    assert leftovers(store) == []
    assert store.sealed(KEY) == sealed


def test_sweeping_spares_what_was_sealed_after_it_looked(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    building, finish, real = threading.Event(), threading.Event(), Store.claimed
    looks: list[int] = []

    def slow(python: Path) -> None:
        building.set()
        assert finish.wait(20)
        link(python)

    with ThreadPoolExecutor(1) as pool:
        made = pool.submit(store.ensure, recipe(slow))
        assert building.wait(20)

        def seals_behind(self: Store) -> tuple[Sealed, ...]:
            found = real(self)
            if not looks:
                looks.append(1)
                finish.set()
                made.result(20)
            return found

        monkeypatch.setattr(Store, "claimed", seals_behind)
        assert store.sweep() == 0
    assert Path(made.result().python).exists()


def test_a_half_written_seal_is_none(store: Store) -> None:
    sealed = store.ensure(recipe())
    seal = store.root / "k" / f"{KEY}.json"
    for text in (seal.read_text()[:-20], "{}", "[]", ""):
        seal.write_text(text)
        assert store.sealed(KEY) is None
    again = store.ensure(recipe())
    assert again.path != sealed.path


def test_an_environment_whose_folder_is_gone_is_built_again(store: Store) -> None:
    sealed = store.ensure(recipe())
    shutil.rmtree(sealed.path)
    assert store.sealed(KEY) is None
    assert Path(store.ensure(recipe()).python).exists()


# What is linked is checked


HARM: dict[str, tuple[Callable[[Path], object], str]] = {
    "pyvenv.cfg": (lambda root: (root / "pyvenv.cfg").write_text("home = /evil\n"), "hostile-wheel"),
    "activate": (lambda root: (root / "bin" / "activate").write_text("# evil longer\n"), "hostile-wheel"),
    "python": (lambda root: (root / "bin" / "python").unlink(), "hostile-wheel"),
    "a missing file": (lambda root: (site(root) / "alpha.py").unlink(), "incomplete-environment"),
    "a truncated file": (lambda root: (site(root) / "alpha.py").write_text("x"), "incomplete-environment"),
    "a missing distribution": (lambda root: shutil.rmtree(site(root) / "alpha-1.0.dist-info"), "incomplete-environment"),
    "a stranger": (lambda root: put(root, "evil"), "incomplete-environment"),
    "another version": (
        lambda root: (shutil.rmtree(site(root) / "alpha-1.0.dist-info"), put(root, version="2.0")),
        "incomplete-environment",
    ),
    "a RECORD with words for sizes": (
        lambda root: (site(root) / "alpha-1.0.dist-info" / "RECORD").write_text("alpha.py,sha256=x,many\n"),
        "incomplete-environment",
    ),
    "a RECORD that is no text": (
        lambda root: (site(root) / "alpha-1.0.dist-info" / "RECORD").write_bytes(b"\xff\xfe,,\n"),
        "incomplete-environment",
    ),
    "a RECORD that leads outside": (
        lambda root: (site(root) / "alpha-1.0.dist-info" / "RECORD").write_text("../../../../../evil.py,sha256=x,3\n"),
        "incomplete-environment",
    ),
}


@pytest.mark.parametrize(("harm", "code"), HARM.values(), ids=HARM)
def test_what_is_not_as_locked_is_not_sealed(store: Store, harm: Callable[[Path], object], code: str) -> None:
    def harmful(python: Path) -> None:
        link(python)
        harm(python.parent.parent)

    with pytest.raises(DepError) as caught:
        store.ensure(recipe(harmful))
    assert caught.value.code == code
    assert store.all() == ()
    assert leftovers(store) == []


@pytest.mark.skipif(sys.platform == "win32", reason="flock")
@pytest.mark.parametrize("number", [errno.ENOSYS, errno.ENOLCK])
def test_a_file_system_without_locks_is_told_at_once(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def flock(handle: int, how: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("fcntl.flock", flock)
    begin = time.monotonic()
    for call in (
        lambda: store.ensure(recipe()),
        lambda: ConsentStore(tmp_path / "c.json", {}).allow("folder", ["/x"], by="test"),
    ):
        with pytest.raises(DepError) as caught:
            call()
        assert caught.value.code == "no-locks" and "JUPYTER_DEP_HOME" in str(caught.value.hint)
    assert time.monotonic() - begin < 5
    assert store.all() == ()


def test_versions_are_compared_as_versions(store: Store) -> None:
    assert store.ensure(recipe(packages={"alpha": "1.0.0"})).files


def test_a_wheel_that_lays_files_over_the_environments_is_refused(toy_index: Index, tmp_path: Path) -> None:
    """With the real engine, which installs such a wheel without a word."""
    birds.data_wheel(toy_index.folder)
    sandbox = sandbox_at(tmp_path, toy_index.url)
    notebook = sandbox.notebook(name="n")
    before = sandbox.listing()
    with pytest.raises(DepError) as caught:
        add_remove.add(notebook, ["databird"], sandbox.services(), command_context())
    assert caught.value.code == "hostile-wheel"
    assert sandbox.listing() == before
    assert sandbox.services().store.all() == ()


# Bytecode


def with_bytecode(sealed: Sealed, *names: str) -> None:
    cache = Path(sealed.site) / "__pycache__"
    cache.mkdir(exist_ok=True)
    for name in names:
        (cache / f"{name}.cpython-311.pyc").write_text(name)


def test_bytecode_goes_along_for_the_same_file_only(store: Store, tmp_path: Path) -> None:
    cached = tmp_path / "cached.py"
    cached.write_text("x = 1\n")

    def two(python: Path, *, gamma: str) -> None:
        root = python.parent.parent
        for name, text in (("alpha", "x = 1\n"), ("gamma", gamma)):
            put(root, name, text)
        (site(root) / "alpha.py").unlink()
        os.link(cached, site(root) / "alpha.py")

    packages = {"alpha": "1.0", "gamma": "1.0"}
    old = store.ensure(recipe(lambda python: two(python, gamma="g = 1\n"), packages=packages))
    with_bytecode(old, "alpha", "gamma", "nobody")
    changed = recipe(lambda python: two(python, gamma="g = 2\n"), key="n" * 40, packages=packages, bytecode_from=old.site)
    new = store.ensure(changed)
    (carried,) = (Path(new.site) / "__pycache__").iterdir()
    assert carried.name == "alpha.cpython-311.pyc"
    assert carried.samefile(Path(old.site) / "__pycache__" / carried.name)
    assert not store.has_changed(new)


def test_bytecode_from_a_folder_that_is_gone_is_no_matter(store: Store, tmp_path: Path) -> None:
    assert store.ensure(recipe(bytecode_from=str(tmp_path / "gone"))).files


# Changes after the seal


def test_imports_may_write_bytecode_and_nothing_else_may_change(store: Store) -> None:
    sealed = store.ensure(recipe())
    with_bytecode(sealed, "alpha")
    assert not store.has_changed(sealed)
    (Path(sealed.site) / "new.pth").write_text("import evil\n")
    assert store.has_changed(sealed)


def test_a_changed_environment_is_withdrawn_its_files_named_and_the_next_is_whole(toy_index: Index, tmp_path: Path) -> None:
    """An edit in place reaches the engine's cache through the hard link: it must not come back from there."""
    sandbox = sandbox_at(tmp_path, toy_index.url)
    services = sandbox.services()
    sealed = add_remove.add(sandbox.notebook(name="n"), ["beta"], services, command_context()).sealed
    assert sealed is not None
    assert gc.verify(sealed, services) == {}
    module = Path(sealed.site) / "beta" / "__init__.py"
    assert module.stat().st_nlink > 1, "this file system has no hard links: the test would prove nothing"
    module.chmod(0o644)
    with module.open("a") as file:
        file.write("evil = 1\n")
    assert gc.verify(sealed, services) == {"beta": [module.relative_to(sealed.path).as_posix()]}
    assert services.store.sealed(sealed.key) is None
    again = relock.relock(sandbox.folder / "n.ipynb", sandbox.services(), command_context()).sealed
    assert again is not None and again.path != sealed.path
    assert "evil" not in (Path(again.site) / "beta" / "__init__.py").read_text()


@pytest.mark.skipif(not ROOT, reason="this process is an ordinary user already: see the mode test")
def test_files_are_read_only_for_an_ordinary_user(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    for folder in tmp_path.parents:
        if folder.stat().st_uid == 0 and folder != Path("/tmp"):
            folder.chmod(folder.stat().st_mode | 0o011)
    # everything is imported before the privileges go: the interpreter may lie where only its owner reads
    code = (
        "import os, sys, tempfile; from pathlib import Path; sys.path[:0] = eval(sys.argv[1]);"
        "import test_store; os.setgid(65534); os.setuid(65534);"
        "test_store.seal_read_only(Path(tempfile.mkdtemp()))"
    )
    folders = [str(Path(__file__).parent), str(Path(__file__).parents[1]), *sys.path]
    done = subprocess.run([sys.executable, "-c", code, repr(folders)], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(ROOT, reason="permissions do not bind root")
def test_files_are_read_only(tmp_path: Path) -> None:
    seal_read_only(tmp_path)


def seal_read_only(root: Path) -> None:
    store = Store(root / "store")
    sealed = store.ensure(recipe())
    module = Path(sealed.site) / "alpha.py"
    try:
        module.write_text("evil")
    except PermissionError:
        pass
    else:
        raise AssertionError("a sealed file could be written")
    with_bytecode(sealed, "alpha")  # folders stay open for bytecode
    assert store.remove(sealed)


@pytest.mark.skipif(os.name == "nt", reason="no permission bits")
def test_the_newest_environment_is_found_without_reading_the_seals_of_the_others(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = [letter * 40 for letter in "bac"]
    for number, key in enumerate(keys):
        store.ensure(recipe(key=key))
        os.utime(store.root / "k" / f"{key}.json", (number, number))
    assert [sealed.key for sealed in store.newest()] == keys[::-1]
    read: list[str] = []
    seal = read_write.read_cached
    monkeypatch.setattr("jupyter_dep.io.store.store.read_cached", lambda file: (read.append(file.stem), seal(file))[1])
    assert next(store.newest()).key == keys[-1] and read == keys[-1:]
    assert list(Store(store.root / "nothing").newest()) == []


def test_a_folder_that_cannot_be_opened_does_not_stop_the_removal_of_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("one", "two"):
        (tmp_path / "tree" / name).mkdir(parents=True)
        (tmp_path / "tree" / name / "file").touch()
    opened = os.open

    def failing(path: str, *words: Any, **named: Any) -> int:
        if os.fspath(path) == "one":
            raise OSError(5, "Input/output error", path)
        return opened(path, *words, **named)

    monkeypatch.setattr(os, "open", failing)
    remove_tree(tmp_path / "tree")
    monkeypatch.undo()
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")] == ["tree", "tree/one", "tree/one/file"]
    remove_tree(tmp_path / "tree")
    assert list(tmp_path.iterdir()) == []


def test_the_store_is_private(store: Store) -> None:
    store.ensure(recipe())
    for name in ("e", "k"):
        assert (store.root / name).stat().st_mode & 0o077 == 0
    for file in (store.root / "k").iterdir():
        assert file.stat().st_mode & 0o077 == 0


# Garbage


def test_a_leased_environment_is_not_removed_until_the_last_process_is_gone(store: Store) -> None:
    sealed = store.ensure(recipe())
    with FileLock.try_acquire(Path(sealed.lock_file)) or pytest.fail("free"):
        with FileLock.try_acquire(Path(sealed.lock_file)) or pytest.fail("shared"):
            assert not store.remove(sealed)
        assert not store.remove(sealed)
        assert store.sealed(KEY) == sealed
    assert store.remove(sealed)
    assert store.sealed(KEY) is None
    assert folders(store) == []
    assert not Path(sealed.lock_file).exists()


@pytest.mark.skipif(os.name == "nt", reason="descriptors are not inherited this way")
def test_a_lease_lives_on_in_a_child(store: Store) -> None:
    sealed = store.ensure(recipe())
    lease = FileLock.try_acquire(Path(sealed.lock_file), inheritable=True)
    assert lease is not None
    child = subprocess.Popen(
        [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=[lease.handle], stdout=subprocess.DEVNULL
    )
    lease.release()
    assert not store.remove(sealed)
    child.kill()
    child.wait()
    assert store.remove(sealed)


def test_collecting_keeps_what_projects_used_last_and_removes_the_rest(toy_index: Index, tmp_path: Path) -> None:
    sandbox = sandbox_at(tmp_path, toy_index.url)
    services = sandbox.services()
    first, second = sandbox.notebook(name="a"), sandbox.notebook(name="b")
    shared = add_remove.add(first, ["alpha"], services, command_context()).sealed
    assert shared is not None
    assert add_remove.add(second, ["alpha"], services, command_context()).sealed == shared
    own = add_remove.add(second, ["gamma"], services, command_context()).sealed
    assert own is not None
    assert gc.collect(services).removed == ()
    second.unlink()
    with FileLock.try_acquire(Path(own.lock_file)) or pytest.fail("free"):
        assert gc.collect(services).removed == ()
    assert gc.collect(services, dry_run=True).removed == (own.key,)
    assert services.store.sealed(own.key) == own
    assert gc.collect(services).removed == (own.key,)
    assert services.store.all() == (shared,)
    assert services.store.sealed(shared.key) == shared


def test_a_project_keeps_its_last_environments_and_lets_older_ones_go(toy_index: Index, tmp_path: Path) -> None:
    sandbox = sandbox_at(tmp_path, toy_index.url)
    services = sandbox.services()
    notebook = sandbox.notebook(name="n")
    keys = []
    for name in ("alpha<1.1", "beta<2", "epsilon", "gamma"):
        sealed = add_remove.add(notebook, [name], services, command_context()).sealed
        assert sealed is not None
        keys.append(sealed.key)
    assert gc.collect(services).removed == (keys[0],)
    assert {sealed.key for sealed in services.store.all()} == set(keys[1:])


def test_a_store_on_a_network_file_system_collects_nothing(
    toy_index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox = sandbox_at(tmp_path, toy_index.url)
    services = sandbox.services()
    notebook = sandbox.notebook(name="n")
    add_remove.add(notebook, ["alpha"], services, command_context())
    notebook.unlink()
    monkeypatch.setattr(Store, "on_network", lambda _: True)
    collected = gc.collect(services)
    assert collected.removed == ()
    assert collected.note
    assert len(services.store.all()) == 1


def test_the_file_system_is_that_of_the_longest_mount(tmp_path: Path) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(
        "1 0 8:1 / / rw - ext4 /dev/sda rw\n"
        f"2 1 0:1 / {tmp_path} rw shared:1 - nfs4 server:/x rw\n"
        f"3 1 0:2 / {tmp_path}/lo rw - tmpfs tmpfs rw\n"
    )
    assert file_system(tmp_path / "local", str(mounts)) == "nfs4"
    assert file_system(tmp_path / "lo" / "x", str(mounts)) == "tmpfs"
    assert file_system(Path("/elsewhere"), str(mounts)) == "ext4"
    assert file_system(tmp_path, str(tmp_path / "absent")) is None


def test_a_system_wide_store_lies_under_the_users(store: Store, tmp_path: Path) -> None:
    sealed = store.ensure(recipe())
    user = Store(tmp_path / "user", under=store.root)
    assert user.ensure(recipe(lambda _: pytest.fail("it is there already"))) == sealed
    assert user.all() == ()
    other = user.ensure(recipe(key="o" * 40))
    assert other.path.startswith(str(user.root))
