"""The book of what this user said yes to."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from jupyter_dep.base.errors import DepError
from jupyter_dep.environment_variables import TRUST
from jupyter_dep.io.state.consent_store import ConsentStore
from jupyter_dep.io.system import locks
from jupyter_dep.io.system.locks import FileLock
from jupyter_dep.model.lock.audit import ConsentScope

BUILD = ConsentScope(kind="build", value="delta")
HOST = ConsentScope(kind="host", value="files.example")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "state" / "consent.json"


@pytest.fixture
def book(file: Path) -> ConsentStore:
    return ConsentStore(file, {})


def test_nothing_is_consented_at_first_and_asking_writes_nothing(book: ConsentStore, tmp_path: Path) -> None:
    assert not book.allows_fingerprint("f")
    assert not book.is_own("f")
    assert book.missing([BUILD]) == (BUILD,)
    assert book.trusted_folder_for(tmp_path) is None
    assert book.grants() == ()
    assert list(tmp_path.iterdir()) == []


def test_each_yes_covers_what_was_named_and_no_more(book: ConsentStore) -> None:
    book.allow("fingerprint", ["f"], by="command")
    book.allow("item", [str(BUILD)], by="command")
    assert book.allows_fingerprint("f") and not book.allows_fingerprint("g")
    assert book.missing([BUILD, HOST]) == (HOST,)
    assert not book.allows_fingerprint(str(BUILD))
    assert book.missing([ConsentScope(kind="build", value="f")])


def test_own_is_told_apart_and_a_later_yes_does_not_take_it_back(book: ConsentStore) -> None:
    book.allow("fingerprint", ["mine", "theirs"], by="command")
    book.allow("fingerprint", ["mine"], by="own")
    book.allow("fingerprint", ["mine"], by="command")
    assert book.is_own("mine")
    assert book.allows_fingerprint("theirs") and not book.is_own("theirs")


def test_revoking_takes_back_and_tells_what_was_there(book: ConsentStore) -> None:
    book.allow("fingerprint", ["f"], by="own")
    book.allow("item", [str(BUILD)], by="command")
    assert book.revoke(["f", str(BUILD), "never given"]) == ("f", str(BUILD))
    assert not book.allows_fingerprint("f")
    assert book.missing([BUILD]) == (BUILD,)


def test_a_folder_covers_what_is_in_it_links_resolved(book: ConsentStore, tmp_path: Path) -> None:
    inside = tmp_path / "course" / "week1"
    inside.mkdir(parents=True)
    beside = tmp_path / "course-of-a-stranger"
    beside.mkdir()
    out = tmp_path / "course" / "out"
    out.symlink_to(beside)
    book.allow("folder", [str(tmp_path / "course")], by="command")
    assert book.trusted_folder_for(inside)
    assert book.trusted_folder_for(tmp_path / "course")
    assert not book.trusted_folder_for(beside)
    assert not book.trusted_folder_for(out)
    assert not book.trusted_folder_for(tmp_path)
    assert not book.trusted_folder_for(tmp_path / "course" / ".." / "course-of-a-stranger")


def test_the_variable_names_fingerprints_and_absolute_folders(file: Path, tmp_path: Path) -> None:
    book = ConsentStore(file, {TRUST: os.pathsep.join(["f" * 32, str(tmp_path), "relative", ""])})
    assert book.allows_fingerprint("f" * 32)
    assert not book.is_own("f" * 32)
    assert not book.allows_fingerprint("")
    assert book.trusted_folder_for(tmp_path / "x")
    assert not ConsentStore(file, {TRUST: "relative:."}).trusted_folder_for(Path.cwd())
    assert book.missing([BUILD]) == (BUILD,)


def test_a_variable_of_the_ci_grants_nothing(file: Path, tmp_path: Path) -> None:
    book = ConsentStore(file, {"CI": "true"})
    assert not book.allows_fingerprint("f")
    assert not book.trusted_folder_for(tmp_path)


@pytest.mark.skipif(os.name == "nt", reason="no permission bits")
def test_the_book_is_private(book: ConsentStore, file: Path) -> None:
    book.allow("item", ["x"], by="command")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_sixteen_at_once_lose_no_yes(file: Path) -> None:
    def allow(number: int) -> None:
        ConsentStore(file, {}).allow("fingerprint", [f"f{number}"], by="command")

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(allow, range(16)))
    assert {given.value for given in ConsentStore(file, {}).grants()} == {f"f{number}" for number in range(16)}


@pytest.mark.parametrize(
    "damage", ["{", "[]", '{"format": 1, "fingerprint": null}', '{"format": 99, "fingerprint": {"f": {}}}']
)
def test_a_damaged_book_grants_nothing(book: ConsentStore, file: Path, damage: str) -> None:
    file.parent.mkdir()
    file.write_text(damage)
    assert not book.allows_fingerprint("f")
    book.allow("fingerprint", ["g"], by="command")
    assert book.allows_fingerprint("g")


def test_every_record_tells_how_and_when(book: ConsentStore) -> None:
    book.allow("item", [str(BUILD)], by="typed")
    (given,) = book.grants()
    assert (given.kind, given.value, given.by) == ("item", "build:delta", "typed")
    assert given.when.endswith("Z")


def test_a_stuck_holder_of_the_lock_is_an_error_and_no_wait_without_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "STATE_SECONDS", 0.2)
    consent = ConsentStore(tmp_path / "consent.json", {})
    held = FileLock.try_acquire(tmp_path / "consent.lock", exclusive=True)
    assert held is not None
    with held, pytest.raises(DepError) as caught:
        consent.allow("folder", ["/x"], by="test")
    assert caught.value.code == "memory-busy" and caught.value.hint
    consent.allow("folder", ["/x"], by="test")
