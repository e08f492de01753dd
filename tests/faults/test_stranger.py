"""Another user of this machine: what they laid out is not believed, what is ours they do not reach, and a lock that changes
between the look and the use is not what runs."""

from __future__ import annotations

import fcntl
import os
import random
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from faults.conftest import Tally
from support.index import Index
from support.notebooks import command_context
from support.sandbox import UserSandbox, sandbox_at, user_at
from support.wheels import build_wheel

from jupyter_dep.base.errors import DepError
from jupyter_dep.io.store.store import Store
from jupyter_dep.model.lock import lockfile
from jupyter_dep.operations.environment import install
from jupyter_dep.operations.kernel_start import resolve
from jupyter_dep.operations.kernel_start.cache import read_cached_start

STRANGER = 12345
VICTIM = 23456
RACES = 200
CODE = "foreign-folder"


@pytest.fixture
def outside() -> Iterator[Path]:
    """A folder that every user may enter: pytest's own is closed to others."""
    folder = Path(tempfile.mkdtemp(prefix="jd-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def given_to(who: int, *paths: Path) -> None:
    for path in paths:
        for each in [path, *path.rglob("*")]:
            os.chown(each, who, who, follow_symlinks=False)


def as_user(who: int, deed: Callable[[], object]) -> str:
    """What came of `deed` in a child of another user: `done`, or the code of its error."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(who)
            os.setuid(who)
            deed()
            said = "done"
        except DepError as error:
            said = error.code
        except BaseException as error:
            said = f"{type(error).__name__}: {error}"
        os.write(writing, said.encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read().decode()
    os.waitpid(child, 0)
    return said


def prepared(folder: Path, index: Index) -> tuple[UserSandbox, Path]:
    """A victim with a home that has built one notebook's environment."""
    me = user_at(folder / "home", index.url)
    sandbox = UserSandbox(folder=folder / "work", home=me.home, index_url=index.url)
    sandbox.folder.mkdir()
    notebook = sandbox.notebook("alpha==1.0", name="n")
    assert me.dep("lock", "n.ipynb", cwd=sandbox.folder).code == 0
    assert me.dep("sync", "n.ipynb", cwd=sandbox.folder).code == 0
    return me, notebook


PLACES = {
    "store": "data/store",
    "engine cache": "data/engine",
    "memory and consents": "state",
    "what is known of locks": "cache/locks",
    "configuration": "config",
}
VERBS = {"config": ["config"], "data/engine": ["add", "n.ipynb", "beta"]}


@pytest.mark.parametrize("how", ["made by them", "a link of theirs", "open to all"])
def test_a_folder_of_ours_that_a_stranger_laid_out_is_not_believed(
    how: str, toy_index: Index, outside: Path, tally: Tally, need: Callable[..., None]
) -> None:
    need("stranger", "posix", "root", cases=len(PLACES))
    held = 0
    me, notebook = prepared(outside, toy_index)
    dep = me.home / "dep"
    (dep / "config").mkdir(exist_ok=True)
    for name, where in PLACES.items():
        place = dep / where
        kept = place.with_name(place.name + "-kept")
        place.rename(kept)
        if how == "a link of theirs":
            theirs = outside / "theirs"
            shutil.copytree(kept, theirs, symlinks=True)
            given_to(STRANGER, theirs)
            place.symlink_to(theirs)
            os.chown(place, STRANGER, STRANGER, follow_symlinks=False)
        else:
            shutil.copytree(kept, place, symlinks=True)
            if how == "made by them":
                given_to(STRANGER, place)
            else:
                place.chmod(0o777)
        verb = VERBS.get(where, ["sync", "n.ipynb"])
        told = me.dep(*verb, "--json", cwd=notebook.parent)
        refused = told.code != 0 and told.error["code"] == CODE and "chown" in told.error["hint"]
        if where in ("data/store", "state"):  # the short ways of a kernel's start, which read no more than they need
            services = me.services()
            refused = refused and read_cached_start(notebook, services.paths, services.environ) is None
            refused = (
                refused
                and getattr(resolve.resolve_environment(notebook, notebook.parent, services=services), "code", "") == CODE
            )
        assert refused, (name, how, told.said)
        held += refused
        if place.is_symlink():
            place.unlink()
            shutil.rmtree(outside / "theirs")
        else:
            shutil.rmtree(place)
        kept.rename(place)
        again = me.dep(*verb, "--json", cwd=notebook.parent)  # the positive control: the same words, and they are ours
        assert again.code == 0, again.said
    tally("stranger", cases=len(PLACES), held=held)


def test_a_stranger_reaches_nothing_of_ours(toy_index: Index, outside: Path, tally: Tally, need: Callable[..., None]) -> None:
    need("stranger", "posix", "root", cases=6)
    before = os.umask(0)  # the most careless user
    try:
        _, _ = prepared(outside, toy_index)
    finally:
        os.umask(before)
    dep = outside / "home" / "dep"
    (key,) = [path.stem for path in (dep / "data" / "store" / "k").glob("*.json")]
    k = dep / "data" / "store" / "k"
    deeds: dict[str, Callable[[], object]] = {
        "a seal of their own": lambda: (k / "x.json").write_text("{}"),
        "a link in place of a seal": lambda: os.symlink("/etc", k / "y.json"),
        "the lock of a build": lambda: fcntl.flock(os.open(k / f"{key}.lock", os.O_RDWR), fcntl.LOCK_EX),
        "the consents": lambda: (dep / "state" / "consent.json").read_bytes(),
        "a consent": lambda: (dep / "state" / "consent.json").write_text("{}"),
        "what is known of locks": lambda: (dep / "cache" / "locks" / "v1").rename(dep / "cache" / "locks" / "z"),
    }
    (outside / "open").write_text("")
    (outside / "open").chmod(0o666)
    assert as_user(STRANGER, lambda: (outside / "open").write_text("x")) == "done", "the positive control"
    came = {name: as_user(STRANGER, deed) for name, deed in deeds.items()}
    assert all(said.startswith("PermissionError") for said in came.values()), came
    tally("stranger", cases=len(deeds), held=sum(said.startswith("PermissionError") for said in came.values()))


def test_an_ordinary_user_is_refused_anothers_store_and_works_in_their_own(
    toy_index: Index, outside: Path, tally: Tally, need: Callable[..., None]
) -> None:
    need("stranger", "posix", "root", cases=2)
    theirs, mine = outside / "theirs", outside / "mine"
    for folder, who in ((theirs, STRANGER), (mine, VICTIM)):
        (folder / "store" / "k").mkdir(parents=True)
        given_to(who, folder)

    from jupyter_dep.services import Services

    def ask(folder: Path) -> Callable[[], object]:
        def deed() -> None:
            services = Services.of_user({"JUPYTER_DEP_HOME": str(folder), "PATH": os.environ["PATH"]})
            (folder / "data").mkdir(exist_ok=True) if folder == mine else None
            services.store.all()

        return deed

    os.rename(theirs / "store", theirs / "s")
    (theirs / "data").mkdir()
    os.rename(theirs / "s", theirs / "data" / "store")
    given_to(STRANGER, theirs)
    assert as_user(VICTIM, ask(theirs)) == CODE
    assert as_user(VICTIM, ask(mine)) == "done"
    tally("stranger", cases=2, held=2)


def test_a_lock_that_a_stranger_put_into_a_shared_folder_needs_a_yes(
    toy_index: Index, outside: Path, tally: Tally, need: Callable[..., None]
) -> None:
    need("stranger", "posix", "root", cases=2)
    me, notebook = prepared(outside, toy_index)
    stranger = user_at(outside / "stranger", toy_index.url)
    (outside / "theirs").mkdir()
    sandbox = UserSandbox(folder=outside / "theirs", home=stranger.home, index_url=toy_index.url)
    theirs = sandbox.notebook("beta==1.0", name="n")
    lock = stranger.lock(theirs)
    held = 0
    for how in ("copied", "linked"):
        target = notebook.with_name("pylock.n.toml")
        shutil.copy(theirs, notebook)
        target.unlink()
        if how == "copied":
            shutil.copy(lock, target)
        else:
            target.symlink_to(lock)
        os.chown(target, STRANGER, STRANGER, follow_symlinks=False)
        found = resolve.resolve_environment(notebook, notebook.parent, services=me.services())
        assert getattr(found, "code", "") == "consent-missing", found
        held += 1
    tally("stranger", cases=2, held=held)


def test_a_lock_that_is_swapped_between_the_look_and_the_use_is_not_what_is_built(
    toy_index: Index, tmp_path: Path, tally: Tally, seed: int
) -> None:
    build_wheel(toy_index.folder, "evil", "1.0")
    sandbox = sandbox_at(tmp_path / "me", toy_index.url)
    notebook = sandbox.notebook("alpha==1.0", name="n")
    services = sandbox.services()
    from jupyter_dep.operations.edit import relock

    relock.relock(notebook, services, command_context("lock", sync=False))
    good = sandbox.lock_path(notebook).read_bytes()
    other = sandbox_at(tmp_path / "other", toy_index.url)
    bad_notebook = other.notebook("evil==1.0", name="n")
    relock.relock(bad_notebook, other.services(), command_context("lock", sync=False))
    bad = other.lock_path(bad_notebook).read_bytes()
    assert "evil" in lockfile.read(bad, context={}).versions()
    assert install.sync(notebook, services, command_context()).sealed is not None
    lock, over = sandbox.lock_path(notebook), threading.Event()

    def swap() -> None:
        chance = random.Random(seed)
        at = 0
        while not over.is_set():
            at += 1
            staged = lock.with_name("staged")
            staged.write_bytes(bad if at % 2 else good)
            staged.replace(lock)
            over.wait(chance.uniform(0, 0.004))

    swapping = threading.Thread(target=swap, daemon=True)
    swapping.start()
    outcomes = {"built the consented one": 0, "refused": 0}
    try:
        for at in range(RACES):
            mine = sandbox.services()
            store: Store = mine.store
            if at % 2:
                found = resolve.resolve_environment(notebook, sandbox.folder, services=mine)
                key = getattr(found, "key", None) if getattr(found, "python", None) else None
                outcomes["built the consented one" if key else "refused"] += 1
                sealed = store.sealed(key) if key else None
                assert sealed is None or "evil" not in sealed.packages
            else:
                note = read_cached_start(notebook, mine.paths, mine.environ)
                sealed = store.sealed(note.key) if note else None
                assert sealed is None or "evil" not in sealed.packages
                outcomes["built the consented one" if sealed else "refused"] += 1
    finally:
        over.set()
        swapping.join()
    assert all("evil" not in one.packages for one in sandbox.services().store.all())
    assert min(outcomes.values()) >= RACES // 20, f"the swap met too few of the looks: {outcomes}"
    told = ", ".join(f"{count} {how}" for how, count in outcomes.items())
    tally("stranger", cases=RACES, held=RACES, note=f"{RACES} races: {told}")
