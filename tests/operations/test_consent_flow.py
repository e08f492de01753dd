"""Opening runs nothing of a stranger's, and a yes covers what was shown and nothing else (DESIGN 9)."""

from __future__ import annotations

import itertools
import os
import re
import shlex
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.canary import Canary, directory_project
from support.index import Index
from support.notebooks import lock_path, notebook, raw_notebook, sent, snapshot
from support.sandbox import UserSandbox, user_at
from support.wheels import build_sdist, build_wheel

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.progress import CancelToken, silent
from jupyter_dep.operations.environment import trust
from jupyter_dep.operations.kernel_start import resolve
from jupyter_dep.operations.kernel_start.result import NeedsBuild, Ready, Refused, StartResult
from jupyter_dep.operations.project.context import CommandContext

posix = pytest.mark.skipif(os.name == "nt", reason="modes, links and pipes are POSIX's")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorAndReader:
    """One user writes notebooks with an index; another, elsewhere, opens them with a mirror of it."""

    author: UserSandbox
    reader: UserSandbox
    index: Index
    mirror: Index

    @property
    def shared(self) -> Path:
        """The reader's folder, into which the author's files come."""
        return self.reader.folder

    def from_author(self, *dependencies: str, name: str = "nb", toml: str = "") -> Path:
        """A notebook of the author's with its lock, as the reader gets it."""
        written = notebook(self.author.folder, *dependencies, name=name, toml=toml)
        self.author.lock(written)
        got = sent(written, self.shared)
        self.index.clear()
        self.mirror.clear()
        return got

    def look(self, path: Path, **more: str) -> StartResult:
        return resolve.resolve_environment(path, path.parent, services=self.reader.services(**more))

    def started(self, path: Path, **more: str) -> Ready:
        """The environment that a kernel's start ends with, built if need be."""
        found = self.look(path, **more)
        if isinstance(found, NeedsBuild):
            found = found.build(silent, CancelToken())
        assert isinstance(found, Ready), found
        return found


@pytest.fixture
def pair(toys: Path, tmp_path: Path) -> Iterator[AuthorAndReader]:
    folder = tmp_path / "index"
    folder.mkdir()
    with Index(folder, toys) as index, Index(folder, toys) as mirror:
        author = user_at(tmp_path / "ann", index.url)
        reader = user_at(tmp_path / "bob", mirror.url, folder=tmp_path / "shared")
        yield AuthorAndReader(author=author, reader=reader, index=index, mirror=mirror)


def edited(path: Path, old: str, new: str) -> Path:
    """The notebook, after its lock was edited by hand."""
    lock = lock_path(path)
    text = lock.read_text("utf-8")
    assert old in text
    lock.write_text(text.replace(old, new), "utf-8")
    return path


def commands(hint: str) -> list[list[str]]:
    """The command lines that a hint tells to type, without `jupyter dep`."""
    return [shlex.split(text)[2:] for text in re.findall(r"`(jupyter dep [^`]*)`", hint)]


def allow_command(hint: str) -> list[str]:
    (found,) = [words for words in commands(hint) if words[:2] == ["trust", "allow"]]
    return found


def refused(found: StartResult) -> Refused:
    assert isinstance(found, Refused), found
    return found


# Opening


@pytest.mark.counts("hostile", "which index is told which name")
def test_opening_without_consent_asks_no_index_writes_nothing_and_starts_nothing(pair: AuthorAndReader) -> None:
    got = pair.from_author("alpha<2")
    before = snapshot(pair.shared)
    answer = refused(pair.look(got))
    assert answer.code == "consent-missing"
    assert "trust allow nb.ipynb" in answer.steps[0]
    assert answer.question is not None
    assert any("3 packages" in line for line in answer.question.lines)
    for verb in ("status", "show", "why"):
        ran = pair.reader.dep(verb, got, *(["alpha"] if verb == "why" else []), cwd=pair.shared)
        assert ran.code == 0, ran.said
    assert pair.reader.dep("lock", "--check", got, cwd=pair.shared).code == 0
    assert snapshot(pair.shared) == before
    assert (pair.index.requests, pair.mirror.requests) == ([], [])
    assert not list((pair.reader.home / "dep").rglob("pyvenv.cfg")), "no environment was made"
    pair.reader.dep("sync", got, cwd=pair.shared)
    assert pair.mirror.requests, "the same index is asked when the user says so"


def test_a_machine_whose_pythons_are_unknown_is_not_searched_before_the_yes(pair: AuthorAndReader) -> None:
    got = pair.from_author("alpha")
    pythons = pair.reader.home / "dep" / "state" / "pythons.json"
    pythons.unlink()
    answer = refused(pair.look(got))
    assert answer.code == "consent-missing"
    assert not pythons.exists()


def test_an_answer_to_the_kernels_question_is_a_yes_to_what_was_shown(pair: AuthorAndReader) -> None:
    got = pair.from_author("alpha")
    question = refused(pair.look(got)).question
    assert question is not None
    question.accept()
    assert pair.started(got).key
    assert not pair.index.requests, "only the reader's index is asked"


@pytest.mark.counts("hostile", "consent: laundered, given by a cell, swapped under the question")
def test_a_lock_that_is_swapped_while_the_question_stands_is_asked_for_again(pair: AuthorAndReader) -> None:
    got = pair.from_author("alpha<2")
    question = refused(pair.look(got)).question
    other = pair.from_author("gamma", name="other")
    shutil.copy(lock_path(other), lock_path(got))
    assert question is not None
    question.accept()
    again = refused(pair.look(got)).question
    assert again is not None
    assert again.fingerprint != question.fingerprint


@pytest.mark.counts("hostile", "consent: laundered, given by a cell, swapped under the question")
def test_the_bytes_that_were_looked_at_are_the_bytes_that_are_built(pair: AuthorAndReader) -> None:
    got = pair.from_author("alpha==1.0")
    other = pair.from_author("gamma", name="other")
    trust.allow(got, (), pair.reader.services(), CommandContext())
    found = pair.look(got)
    assert isinstance(found, NeedsBuild)
    shutil.copy(lock_path(other), lock_path(got))
    ready = found.build(silent, CancelToken())
    sealed = pair.reader.services().store.sealed(ready.key)
    assert sealed is not None
    assert dict(sealed.packages) == {"alpha": "1.0", "ipykernel": "7.1.0", "ipywidgets": "8.1.0"}
    assert refused(pair.look(got)).code == "consent-missing", "the new lock has no yes"


# trust allow, revoke, list


def test_trust_allow_lets_it_open_and_revoke_takes_that_back(pair: AuthorAndReader) -> None:
    got = pair.from_author("alpha")
    allowed = pair.reader.dep("trust", "allow", "--json", got, cwd=pair.shared)
    assert allowed.code == 0, allowed.said
    fingerprint = allowed.entry["fingerprint"]
    assert pair.started(got)
    assert not pair.index.requests
    listed = pair.reader.dep("trust", "list", "--json", cwd=pair.shared).entry["allowed"]
    assert [(item["what"] if "what" in item else item["kind"], item["value"]) for item in listed] == [
        ("fingerprint", fingerprint)
    ]
    assert pair.reader.dep("trust", "revoke", got, cwd=pair.shared).code == 0
    assert refused(pair.look(got)).code == "consent-missing"
    assert pair.reader.dep("trust", "list", "--json", cwd=pair.shared).entry["allowed"] == []


@posix
def test_what_was_said_yes_to_is_readable_by_its_user_only(pair: AuthorAndReader) -> None:
    got = pair.from_author("alpha")
    assert pair.reader.dep("trust", "allow", got, cwd=pair.shared).code == 0
    assert stat.S_IMODE(pair.reader.consent_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(pair.reader.consent_file.parent.stat().st_mode) == 0o700
    pair.reader.consent_file.chmod(0o666)
    assert pair.reader.dep("trust", "revoke", got, cwd=pair.shared).code == 0
    assert stat.S_IMODE(pair.reader.consent_file.stat().st_mode) == 0o600


def test_a_yes_holds_for_comments_and_another_name_but_not_for_another_hash(pair: AuthorAndReader) -> None:
    got = pair.from_author("alpha")
    assert pair.reader.dep("trust", "allow", got, cwd=pair.shared).code == 0
    lock_path(got).write_text("# a comment\n" + lock_path(got).read_text("utf-8"), "utf-8")
    assert isinstance(pair.look(got), NeedsBuild)
    renamed = sent(got, pair.shared, "renamed")
    assert isinstance(pair.look(renamed), NeedsBuild)
    digest = re.search(r'sha256 = "([0-9a-f]{64})"', lock_path(got).read_text("utf-8"))
    assert digest is not None
    edited(got, digest[1], "0" * 64)
    assert refused(pair.look(got)).code == "consent-missing"


def test_a_damaged_record_of_consents_is_no_consent(pair: AuthorAndReader) -> None:
    got = pair.from_author("alpha")
    assert pair.reader.dep("trust", "allow", got, cwd=pair.shared).code == 0
    for damage in ('{"format": 1, "fingerprint"', '{"format": 2}', "[]", '{"format": 1, "fingerprint": null, "item": null}'):
        pair.reader.consent_file.write_text(damage)
        assert refused(pair.look(got)).code == "consent-missing", damage


# Folders


def test_a_folders_yes_covers_its_notebooks_and_what_a_pull_brings(pair: AuthorAndReader) -> None:
    pair.from_author("alpha<2")
    deep = sent(pair.shared / "nb.ipynb", pair.shared / "a" / "b")
    assert pair.reader.dep("trust", "allow", "--folder", pair.shared, cwd=pair.reader.home).code == 0
    first = pair.started(deep)
    newer = pair.from_author("gamma", name="newer")
    shutil.copy(lock_path(newer), lock_path(deep))
    shutil.copy(newer, deep)
    assert pair.started(deep).key != first.key
    elsewhere = sent(newer, pair.shared.with_name("shared-not"))
    assert refused(pair.look(elsewhere)).code == "consent-missing", "a folder whose name only begins like it"
    assert pair.reader.dep("trust", "revoke", "--folder", pair.shared, cwd=pair.reader.home).code == 0
    assert refused(pair.look(deep)).code == "consent-missing"


@pytest.mark.counts("hostile", "sources, folders, editables, git")
def test_a_folders_yes_does_not_cover_a_build(pair: AuthorAndReader) -> None:
    assert pair.reader.dep("trust", "allow", "--folder", pair.shared, cwd=pair.reader.home).code == 0
    got = with_source(pair)
    answer = refused(pair.look(got))
    assert answer.code == "consent-missing"
    assert "--allow build:delta" in answer.steps[0]
    ran = pair.reader.dep("sync", "--json", got, cwd=pair.shared)
    assert (ran.code, ran.error["code"]) == (6, "consent-missing")


@pytest.mark.counts("hostile", "file://, ../, loopback, redirects to another host")
def test_a_folders_yes_does_not_cover_a_host(pair: AuthorAndReader, tmp_path: Path) -> None:
    assert pair.reader.dep("trust", "allow", "--folder", pair.shared, cwd=pair.reader.home).code == 0
    got, stranger = elsewhere_lock(pair, tmp_path)
    with stranger:
        found = pair.look(got)
        assert isinstance(found, NeedsBuild)
        with pytest.raises(DepError) as caught:
            found.build(silent, CancelToken())
        assert (caught.value.code, caught.value.exit_code) == ("host-not-vouched", 6)
        assert stranger.requests == []


@posix
def test_a_link_out_of_a_folder_with_a_yes_is_outside_of_it(pair: AuthorAndReader) -> None:
    got = pair.from_author("alpha")
    trusted = pair.shared.with_name("trusted")
    trusted.mkdir()
    (trusted / "link").symlink_to(pair.shared)
    assert pair.reader.dep("trust", "allow", "--folder", trusted, cwd=pair.reader.home).code == 0
    assert refused(pair.look(trusted / "link" / got.name)).code == "consent-missing"


# Explicit commands


def test_sync_is_a_yes_to_hashed_wheels_that_the_index_vouches_for(pair: AuthorAndReader) -> None:
    got = pair.from_author("alpha")
    ran = pair.reader.dep("sync", got, cwd=pair.shared)
    assert ran.code == 0, ran.said
    assert isinstance(pair.look(got), Ready)
    assert not pair.index.requests


def with_source(pair: AuthorAndReader) -> Path:
    """The author's notebook whose lock has a package with source only, which the author lets be built."""
    allow = pair.author.services()
    allow.consent.allow("item", ["build:delta"], by="test")
    return pair.from_author("delta", toml='[tool.jupyter-dep]\nbuild = ["delta"]')


@pytest.mark.counts("hostile", "sources, folders, editables, git")
@pytest.mark.parametrize("verb", ["sync", "run"])
def test_a_build_needs_its_own_yes_and_the_hint_says_exactly_how(pair: AuthorAndReader, verb: str) -> None:
    got = with_source(pair)
    ran = pair.reader.dep(verb, "--json", got, cwd=pair.shared)
    assert (ran.code, ran.error["code"]) == (6, "consent-missing")
    assert "runs the build program of `delta`" in ran.error["message"]
    assert "delta" not in " ".join(pair.mirror.asked()), "nothing was fetched for it"
    words = allow_command(ran.error["hint"])
    assert words == ["trust", "allow", "nb.ipynb", "--allow", "build:delta"]
    short = pair.reader.dep("trust", "allow", got, cwd=pair.shared)
    assert short.code == 6, "the lock alone is not the build"
    assert pair.reader.dep("trust", "list", "--json", cwd=pair.shared).entry["allowed"] == []
    allowed = pair.reader.dep(*words, cwd=pair.shared)
    assert allowed.code == 0, allowed.said
    synced = pair.reader.dep("sync", got, cwd=pair.shared)
    assert synced.code == 0, synced.said
    assert isinstance(pair.look(got), Ready)


def elsewhere_lock(pair: AuthorAndReader, tmp_path: Path, *, version: str | None = None) -> tuple[Path, Index]:
    """A lock whose `alpha` lies at a stranger's, with a hash that is right there; the stranger is not listening yet."""
    folder = tmp_path / "stranger"
    build_wheel(folder, "alpha", version or "1.1", files={"alpha/hello.py": "strange = True\n"})
    ipykernel = next(path for path in pair.index.folders[1].glob("ipykernel*.whl"))
    for path in (ipykernel, *pair.index.folders[1].glob("ipywidgets*.whl")):
        shutil.copy(path, folder)
    stranger = Index(folder)
    with stranger:
        carl = user_at(tmp_path / "carl", stranger.url)
        written = notebook(carl.home / "work", "alpha")
        carl.lock(written)
    stranger.clear()
    stranger.start()
    return sent(written, pair.shared), stranger


@pytest.mark.counts("hostile", "file://, ../, loopback, redirects to another host")
@pytest.mark.parametrize(
    "version",
    [
        pytest.param("1.1", id="the index has other bytes"),
        pytest.param("1.7", id="the index lacks the version"),
    ],
)
def test_a_strangers_host_is_never_asked_before_its_own_yes(pair: AuthorAndReader, tmp_path: Path, version: str) -> None:
    got, stranger = elsewhere_lock(pair, tmp_path, version=version)
    with stranger:
        host = stranger.origin.removeprefix("http://")
        ran = pair.reader.dep("sync", "--json", got, cwd=pair.shared)
        assert (ran.code, ran.error["code"]) == (6, "host-not-vouched"), ran.said
        assert "alpha" in ran.error["message"]
        assert "ipykernel" not in ran.error["message"], "what the index vouches for is not in question"
        refused_allow = pair.reader.dep("trust", "allow", "--json", got, cwd=pair.shared)
        assert (refused_allow.code, refused_allow.error["code"]) == (6, "host-not-vouched")
        assert stranger.requests == []
        assert pair.reader.dep("trust", "list", "--json", cwd=pair.shared).entry["allowed"] == []
        words = allow_command(ran.error["hint"])
        assert words == ["trust", "allow", "nb.ipynb", "--allow", f"host:{host}"]
        assert pair.reader.dep(*words, cwd=pair.shared).code == 0
        pair.mirror.clear()
        assert pair.reader.dep("sync", got, cwd=pair.shared).code == 0
        assert stranger.asked() == [f"/files/alpha-{version}-py3-none-any.whl"], "the one file, nothing else"


def test_a_package_that_the_index_has_never_heard_of_is_a_host_item_too(pair: AuthorAndReader, tmp_path: Path) -> None:
    folder = tmp_path / "stranger"
    build_wheel(folder, "unheard", "1.0")
    with Index(folder, *pair.index.folders) as stranger:
        carl = user_at(tmp_path / "carl", stranger.url)
        written = notebook(carl.home / "work", "unheard")
        carl.lock(written)
        got = sent(written, pair.shared)
        stranger.clear()
        ran = pair.reader.dep("sync", "--json", got, cwd=pair.shared)
        assert (ran.code, ran.error["code"]) == (6, "host-not-vouched")
        assert stranger.requests == []


def test_a_silent_index_is_told_as_such_and_not_as_a_strangers_host(pair: AuthorAndReader) -> None:
    got = pair.from_author("alpha")
    pair.mirror.require_auth("user", "secret")
    ran = pair.reader.dep("sync", "--json", got, cwd=pair.shared)
    assert (ran.code, ran.error["code"]) == (5, "index-refused")
    pair.mirror.heal()
    offline = pair.reader.dep("sync", "--offline", "--json", got, cwd=pair.shared)
    assert (offline.code, offline.error["code"]) == (5, "offline"), offline.said
    allowed = pair.reader.dep("trust", "list", "--json", cwd=pair.shared).entry["allowed"]
    assert allowed == [], "a yes was not recorded for what could not be looked up"


@pytest.mark.counts("hostile", "file://, ../, loopback, redirects to another host")
@pytest.mark.parametrize("kind", ["url", "path"])
def test_a_file_of_this_machine_in_a_lock_is_a_path_item(pair: AuthorAndReader, tmp_path: Path, kind: str) -> None:
    wheel = build_wheel(tmp_path / "files", "alpha", "1.1", files={"alpha/local.py": ""})
    got = pair.from_author("alpha<2")
    text = lock_path(got).read_text("utf-8")
    address = wheel.as_uri() if kind == "url" else str(wheel)
    text = re.sub(
        rf'url = "{re.escape(pair.index.files_url)}/alpha-1.1[^}}]*}}',
        f'{kind} = "{address}", hashes = {{ sha256 = "{sha256(wheel)}" }}',
        text,
        count=1,
    )
    lock_path(got).write_text(text, "utf-8")
    ran = pair.reader.dep("sync", "--json", got, cwd=pair.shared)
    assert ran.code == 6, ran.said
    words = allow_command(ran.error["hint"])
    assert words[-1] == f"path:{address}"
    assert pair.reader.dep(*words, cwd=pair.shared).code == 0
    assert pair.reader.dep("sync", got, cwd=pair.shared).code == 0


def sha256(path: Path) -> str:
    import hashlib

    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.counts("hostile", "file://, ../, loopback, redirects to another host")
@pytest.mark.parametrize("place", ["lock", "declaration"])
def test_a_relative_path_is_not_looked_up_where_somebody_else_can_put_something(
    pair: AuthorAndReader, tmp_path: Path, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine works below the folder for temporary files, whose neighbours belong to everybody."""
    canary = Canary(path=tmp_path / "canary")
    temporary = tmp_path / "temporary"
    directory_project(temporary / "dirbird", canary)
    monkeypatch.setenv("TMPDIR", str(temporary))
    if place == "lock":
        got = pair.from_author("alpha")
        entry = '[[packages]]\nname = "dirbird"\ndirectory = { path = "../dirbird" }\n\n[tool.jupyter-dep]'
        edited(got, "[tool.jupyter-dep]", entry)
        verb = "sync"
    else:
        got = notebook(pair.shared, "dirbird", toml='[tool.uv.sources]\ndirbird = { path = "../dirbird" }')
        verb = "lock"
    first = pair.reader.dep(verb, "--json", got, cwd=pair.shared)
    assert first.code == 6
    assert pair.reader.dep(*allow_command(first.error["hint"]), cwd=pair.shared).code == 0
    again = pair.reader.dep(verb, "--json", got, cwd=pair.shared)
    assert (again.code, again.error["code"]) == (1, "relative-path")
    assert not canary.fired


def test_what_a_hint_tells_to_type_is_one_word_for_a_shell(pair: AuthorAndReader) -> None:
    got = notebook(pair.shared, "alpha @ git+https://h.example/$(id)/x;id", name="a b;id")
    ran = pair.reader.dep("lock", "--json", got, cwd=pair.shared)
    assert ran.code == 6
    words = allow_command(ran.error["hint"])
    assert words[2:4] == ["a b;id.ipynb", "--allow"]
    assert len(words) == 5
    assert ran.error["hint"].count("$(id)") == ran.error["hint"].count("'vcs:git+https://h.example/$(id)/x;id'")


# No laundering


@pytest.mark.counts("hostile", "consent: laundered, given by a cell, swapped under the question")
def test_update_and_undo_of_a_strangers_notebook_do_not_make_it_the_users_own(pair: AuthorAndReader) -> None:
    got = pair.from_author("alpha")
    theirs = lock_path(got).read_bytes()
    build_wheel(pair.index.folder, "alpha", "2.1", requires=["beta"])
    updated = pair.reader.dep("update", got, cwd=pair.shared)
    assert updated.code == 0, updated.said
    assert "trust allow nb.ipynb" in updated.said
    assert lock_path(got).read_bytes() != theirs
    assert refused(pair.look(got)).code == "consent-missing"
    pair.reader.dep("undo", got, cwd=pair.shared)
    assert lock_path(got).read_bytes() == theirs
    assert refused(pair.look(got)).code == "consent-missing"
    pair.reader.dep("undo", "--redo", got, cwd=pair.shared)
    assert refused(pair.look(got)).code == "consent-missing"
    assert pair.reader.dep("trust", "list", "--json", cwd=pair.shared).entry["allowed"] == []


@pytest.mark.counts("hostile", "consent: laundered, given by a cell, swapped under the question")
def test_adding_to_a_strangers_notebook_does_not_make_it_the_users_own(pair: AuthorAndReader) -> None:
    got = pair.from_author("alpha<2")
    assert pair.reader.dep("add", got, "gamma", cwd=pair.shared).code == 0
    assert refused(pair.look(got)).code == "consent-missing"


def test_a_lock_that_cannot_be_read_is_not_a_lock_that_was_not_there(pair: AuthorAndReader) -> None:
    got = pair.from_author("alpha<2")
    for broken in ("[[packages]]\nname = ", '"sha256" = ""\n[broken', "<<<<<<< ours\n=======\n>>>>>>> theirs\n"):
        lock_path(got).write_text(broken + lock_path(got).read_text("utf-8"), "utf-8")
        ran = pair.reader.dep("lock", got, cwd=pair.shared)
        assert ran.code == 0, ran.said
        assert refused(pair.look(got)).code == "consent-missing", broken


def test_merging_ones_own_lock_with_a_strangers_needs_a_yes_and_with_ones_own_none(pair: AuthorAndReader) -> None:
    mine = notebook(pair.shared, "alpha<2")
    pair.reader.lock(mine)
    ours = lock_path(mine).read_text("utf-8")
    theirs = lock_path(pair.from_author("gamma", name="theirs")).read_text("utf-8")
    lock_path(mine).write_text(f"<<<<<<< ours\n{ours}=======\n{ours}>>>>>>> theirs\n", "utf-8")
    pair.reader.lock(mine)
    assert isinstance(pair.look(mine), NeedsBuild)
    lock_path(mine).write_text(f"<<<<<<< ours\n{ours}=======\n{theirs}>>>>>>> theirs\n", "utf-8")
    pair.reader.lock(notebook(pair.shared, "gamma"))
    assert refused(pair.look(mine)).code == "consent-missing"


def test_ones_own_notebook_stays_ones_own(pair: AuthorAndReader) -> None:
    mine = notebook(pair.shared, "alpha<2")
    assert pair.reader.dep("lock", mine, cwd=pair.shared).code == 0
    assert isinstance(pair.look(mine), NeedsBuild)
    assert pair.reader.dep("add", mine, "gamma", cwd=pair.shared).code == 0
    assert isinstance(pair.look(mine), Ready)
    assert pair.reader.dep("undo", mine, cwd=pair.shared).code == 0
    assert isinstance(pair.look(mine), Ready)


def test_removing_a_strangers_lock_asks_nothing_of_what_they_declared(pair: AuthorAndReader, tmp_path: Path) -> None:
    """Without a lock the declaration is resolved by the user's own command, but its index still needs a yes."""
    with Index(tmp_path / "strange") as stranger:
        build_wheel(stranger.folder, "alpha", "9.0")
        toml = f'[[tool.uv.index]]\nname = "s"\nurl = "{stranger.url}"\n[tool.uv.sources]\nalpha = {{ index = "s" }}'
        got = notebook(pair.shared, "alpha", toml=toml)
        for verb, *rest in (("lock",), ("add", "beta"), ("show", "--outdated")):
            ran = pair.reader.dep(verb, "--json", got, *rest, cwd=pair.shared)
            assert ran.code in (6, 1), ran.said
            assert stranger.requests == []
        locked = pair.reader.dep("lock", "--json", got, cwd=pair.shared)
        assert (locked.code, locked.error["code"]) == (6, "consent-missing")
        words = allow_command(locked.error["hint"])
        assert words[-1] == f"index:{stranger.url}"
        assert pair.reader.dep(*words, cwd=pair.shared).code == 0
        assert pair.reader.dep("lock", got, cwd=pair.shared).code == 0
        assert stranger.asked("/simple/*") == ["/simple/alpha/"], "it is asked for what was assigned to it"


@pytest.mark.counts("hostile", "file://, ../, loopback, redirects to another host")
@pytest.mark.parametrize("key", ["override-dependencies", "constraint-dependencies"])
def test_an_address_that_hides_in_another_key_needs_its_yes(pair: AuthorAndReader, tmp_path: Path, key: str) -> None:
    with Index(tmp_path / "strange") as stranger:
        wheel = build_wheel(stranger.folder, "alpha", "9.0")
        url = f"{stranger.files_url}/{wheel.name}"
        got = notebook(pair.shared, "alpha", toml=f'[tool.uv]\n{key} = ["alpha @ {url}"]')
        ran = pair.reader.dep("lock", "--json", got, cwd=pair.shared)
        assert (ran.code, ran.error["code"]) == (6, "consent-missing")
        assert stranger.requests == []
        assert allow_command(ran.error["hint"])[-1] == f"archive:{url}"


# Who cannot say yes


@pytest.mark.counts("hostile", "consent: laundered, given by a cell, swapped under the question")
def test_a_cell_cannot_consent(pair: AuthorAndReader) -> None:
    import threading

    from jupyter_dep.messages import Request, encode
    from jupyter_dep_cli.agent import Agent

    got = pair.from_author("alpha")
    for line in ("trust allow nb.ipynb", "run nb.ipynb", "exec nb.ipynb -- true"):
        (reader, writer), (source, sink) = os.pipe(), os.pipe()
        with open(reader) as asked, open(writer, "w") as ask, open(source) as answers, open(sink, "w") as answer:
            agent = Agent(asked, answer, pair.reader.services())
            serving = threading.Thread(target=agent.serve)
            serving.start()
            ask.write(encode(Request(id=1, line=line, notebook=str(got), cwd=str(pair.shared))) + "\n")
            ask.flush()
            assert '"not-from-a-cell"' in answers.readline(), line
            ask.close()
            serving.join(10)
    assert refused(pair.look(got)).code == "consent-missing"
    assert pair.mirror.requests == []


def test_ci_grants_nothing(pair: AuthorAndReader) -> None:
    got = pair.from_author("alpha")
    assert refused(pair.look(got, CI="true")).code == "consent-missing"
    build = with_source(pair)
    ran = pair.reader.dep("sync", "--json", build, cwd=pair.shared, CI="true", GITHUB_ACTIONS="true")
    assert (ran.code, ran.error["code"]) == (6, "consent-missing")


def test_a_variable_of_the_user_names_fingerprints_and_folders(pair: AuthorAndReader) -> None:
    got = pair.from_author("alpha")
    question = refused(pair.look(got)).question
    assert question is not None
    for wrong in (question.fingerprint[:12], "*", "1", ".", "shared", str(pair.shared) + "-not"):
        assert isinstance(pair.look(got, JUPYTER_DEP_TRUST=wrong), Refused), wrong
    assert isinstance(pair.look(got, JUPYTER_DEP_TRUST=f"{'0' * 32}{os.pathsep}{question.fingerprint}"), NeedsBuild)
    assert isinstance(pair.look(got, JUPYTER_DEP_TRUST=str(pair.shared.parent)), NeedsBuild)
    assert refused(pair.look(with_source(pair), JUPYTER_DEP_TRUST=str(pair.shared))).code == "consent-missing"


# Mirrors


def test_a_lock_made_behind_a_mirror_opens_with_another_index_that_serves_the_same_files(pair: AuthorAndReader) -> None:
    got = pair.from_author("gamma")
    pair.index.stop()
    assert pair.reader.dep("trust", "allow", got, cwd=pair.shared).code == 0
    ready = pair.started(got)
    sealed = pair.reader.services().store.sealed(ready.key)
    assert sealed is not None
    assert {"alpha", "gamma"} <= set(sealed.packages)
    assert pair.index.origin in lock_path(got).read_text("utf-8"), "the lock itself stays as it is"
    assert {request.host for request in pair.mirror.requests} == {pair.mirror.origin.removeprefix("http://")}


def test_both_have_the_same_environment(pair: AuthorAndReader) -> None:
    got = pair.from_author("gamma")
    assert pair.reader.dep("sync", got, cwd=pair.shared).code == 0
    hers = pair.author.dep("status", "--json", pair.author.home / "work" / "nb.ipynb", cwd=pair.shared).entry
    his = pair.reader.dep("status", "--json", got, cwd=pair.shared).entry
    assert hers["environment"]["key"] == his["environment"]["key"]
    assert hers["locked"] == his["locked"]


# What a lock, a notebook and a folder can do to the reader


def hostile_locks(text: str) -> Iterator[tuple[str, str]]:
    """Locks that no engine would write, by name."""
    digits, nested = "9" * 5000, "[" * 3000 + "]" * 3000
    quoted = ".".join(['"a"'] * 20_000)
    declared = 'dependencies = ["alpha==1.1"]'
    table = "[tool.jupyter-dep]"
    assert declared in text
    yield "long number", text.replace("format = 1", f"format = {digits}")
    yield "long version", text.replace('version = "1.1"', f'version = "{digits}"')
    yield "deep array", f"{text}\n[tool.x]\na = {nested}\n"
    yield "deep table", f"{text}\n[tool.x]\na = {'{a=' * 2000}1{'}' * 2000}\n"
    yield "long key", f"{text}\n[tool.x]\n{'.'.join('a' * 20_000)} = 1\n"
    yield "long quoted key", f"{text}\n[tool.x]\n{quoted} = 1\n"
    yield "long header", f"{text}\n[tool.{'.'.join('a' * 20_000)}]\n"
    yield "deep marker", text.replace('name = "alpha"', f'name = "alpha"\nmarker = "{"(" * 5000}"')
    yield "dates", text.replace(declared, "dependencies = 2020-01-01")
    yield "a date beside", text.replace(declared, f"{declared}\nx = 2020-01-01")
    yield "number", text.replace(declared, "dependencies = 5")
    yield "tables", text.replace(declared, "dependencies = [{ a = 1 }]")
    yield "kernel", text.replace("kernel = [", "kernel = 5 #[")
    yield "name that leads out", text.replace('name = "alpha"', 'name = "../../x"')
    yield "name with an escape", text.replace('name = "alpha"', 'name = "al\\u001b[31mpha"')
    yield "python", text.replace('python = "3.', 'python = "../3.')
    yield "no hash", re.sub(r"hashes = \{[^}]*\}", "hashes = {}", text)
    yield "md5", text.replace("sha256 = ", "md5 = ")
    yield "empty hash", re.sub(r'sha256 = "[0-9a-f]+"', 'sha256 = ""', text)
    yield "short hash", re.sub(r'sha256 = "[0-9a-f]+"', 'sha256 = "00"', text)
    yield "password", text.replace("http://127.", "http://user:secret@127.")
    yield "variable", text.replace("http://127.", "http://${HOME}127.")
    yield "control", text.replace("/files/", "/files/\\u001b/")
    yield "other file", text.replace("alpha-1.1-py3", "beta-1.1-py3")
    yield "other version", text.replace("alpha-1.1-py3", "alpha-1.0-py3")
    yield "nothing", ""
    yield "conflict", f"<<<<<<< a\n{text}=======\n>>>>>>> b\n"
    yield "newer", text.replace("format = 1", "format = 99")
    yield "twice", f"{text}\n{table}\n"


@pytest.mark.counts("hostile", "locks and notebooks made to hang or to break what reads them")
def test_no_lock_makes_opening_raise_ask_or_take_long(pair: AuthorAndReader) -> None:
    """Each is told as bad, with a next step; a server's event loop waits meanwhile, so none may take long."""
    import time

    got = pair.from_author("alpha==1.1")
    text = lock_path(got).read_text("utf-8")
    for name, hostile in hostile_locks(text):
        lock_path(got).write_text(hostile, "utf-8")
        started = time.monotonic()
        answer = refused(pair.look(got))
        assert time.monotonic() - started < 5, name
        assert answer.code in ("bad-lock", "unsafe-lock", "unmerged-lock", "lock-too-new"), f"{name}: {answer}"
        assert answer.question is None, f"{name}: nothing to consent to"
        assert answer.steps[0], name
        assert "secret" not in answer.message
    assert pair.mirror.requests == []


@pytest.mark.counts("hostile", "hashes: wrong, empty, md5")
@pytest.mark.parametrize(
    "name", ["no hash", "md5", "empty hash", "short hash", "password", "variable", "control", "other file", "other version"]
)
def test_what_is_refused_is_refused_by_every_verb_that_would_use_it(pair: AuthorAndReader, name: str) -> None:
    got = pair.from_author("alpha==1.1")
    hostile = dict(hostile_locks(lock_path(got).read_text("utf-8")))[name]
    lock_path(got).write_text(hostile, "utf-8")
    services = pair.reader.services()
    services.consent.allow("folder", [str(pair.shared)], by="test")
    ran = pair.reader.dep("sync", "--json", got, cwd=pair.shared)
    assert ran.code == 1, ran.said
    assert ran.error["code"] in ("unsafe-lock", "bad-lock")
    with pytest.raises(DepError) as caught:
        trust.allow(got, (), services, CommandContext())
    assert caught.value.code == ran.error["code"]
    assert pair.mirror.requests == []
    status = pair.reader.dep("status", "--json", got, cwd=pair.shared).entry
    assert (status["state"], status["trusted"]) == ("invalid", False)


@pytest.mark.counts("hostile", "locks and notebooks made to hang or to break what reads them")
@pytest.mark.parametrize(
    "toml",
    [
        pytest.param(f"[tool.uv]\nexclude-newer = {'9' * 5000}", id="long number"),
        pytest.param(f"[tool.uv]\nsources = {'[' * 3000}{']' * 3000}", id="deep array"),
        pytest.param(f"[tool]\nx = {'{a=' * 2000}1{'}' * 2000}", id="deep table"),
        pytest.param(f"[tool.uv]\n{'.'.join('a' * 20_000)} = 1", id="long key"),
    ],
)
def test_no_declaration_makes_opening_raise(pair: AuthorAndReader, toml: str) -> None:
    answer = refused(pair.look(notebook(pair.shared, "alpha", toml=toml)))
    assert answer.code == "bad-toml"


@pytest.mark.counts("hostile", "locks and notebooks made to hang or to break what reads them")
@pytest.mark.parametrize(
    "data",
    [b"[" * 100_000, b'{"a":' * 100_000, b'{"cells":[],"nbformat":' + b"9" * 5000 + b"}", bytes(range(256)), b"[]"],
    ids=["deep array", "deep object", "long number", "bytes", "list"],
)
def test_no_notebook_makes_opening_raise(pair: AuthorAndReader, data: bytes) -> None:
    path = pair.shared / "nb.ipynb"
    path.write_bytes(data)
    assert refused(pair.look(path)).code in ("unreadable-json", "not-a-notebook")


@pytest.mark.counts("hostile", "locks and notebooks made to hang or to break what reads them")
def test_a_huge_lock_is_not_read(pair: AuthorAndReader) -> None:
    got = pair.from_author("alpha")
    with lock_path(got).open("r+b") as file:
        file.truncate(1 << 31)  # a hole: it takes no room on the disk, but would in memory
    answer = refused(pair.look(got))
    assert "larger than" in answer.message


@pytest.mark.counts("hostile", "locks and notebooks made to hang or to break what reads them")
@posix
@pytest.mark.parametrize("what", ["device", "pipe"])
def test_a_lock_or_notebook_without_end_is_not_read(pair: AuthorAndReader, what: str) -> None:
    got = pair.from_author("alpha")
    for path in (lock_path(got), got):
        path.unlink()
        if what == "device":
            path.symlink_to("/dev/zero")
        else:
            os.mkfifo(path)
        assert "not a file" in refused(pair.look(got)).message
        assert pair.reader.cli("status", got, cwd=pair.shared).code in (0, 1)


@pytest.mark.counts("hostile", "locks and notebooks made to hang or to break what reads them")
@posix
@pytest.mark.parametrize("there", [True, False], ids=["a file", "nothing yet"])
def test_nothing_is_written_through_a_lock_that_is_a_link_to_something_else(pair: AuthorAndReader, there: bool) -> None:
    got = notebook(pair.shared, "alpha")
    target = pair.reader.home / "precious"
    if there:
        target.write_text("export PRECIOUS=1\n")
    lock_path(got).symlink_to(target)
    for verb in ("lock", "update", "add"):
        ran = pair.reader.dep(verb, "--json", got, *(["beta"] if verb == "add" else []), cwd=pair.shared)
        assert (ran.code, ran.error["code"]) == (1, "linked-lock"), ran.said
        assert pair.reader.dep(verb, got, "--overwrite", *(["beta"] if verb == "add" else []), cwd=pair.shared).code != 0
    assert (target.read_text() if target.exists() else None) == ("export PRECIOUS=1\n" if there else None)


@posix
def test_a_linked_notebook_and_lock_are_edited_where_they_are(pair: AuthorAndReader) -> None:
    real = notebook(pair.reader.home / "real", "alpha")
    pair.reader.lock(real)
    (pair.shared / "nb.ipynb").symlink_to(real)
    lock_path(pair.shared / "nb.ipynb").symlink_to(lock_path(real))
    ran = pair.reader.dep("add", pair.shared / "nb.ipynb", "gamma", cwd=pair.shared)
    assert ran.code == 0, ran.said
    assert "gamma" in lock_path(real).read_text("utf-8")
    assert "gamma" in real.read_text("utf-8")
    assert lock_path(pair.shared / "nb.ipynb").is_symlink()


def test_names_cannot_write_on_the_terminal(pair: AuthorAndReader) -> None:
    """Escapes, a line end or a change of direction in what a stranger chose is made visible."""
    names = {"escape": "a\x1b[2Jb", "direction": "a\u202eb"} | ({"line": "a\nnext: rm -rf ~"} if os.name != "nt" else {})
    for what, name in names.items():
        path = raw_notebook(pair.shared, ["# /// script\n# dependencies = 5\n# ///"], name=name)
        for verb in ("status", "lock", "sync"):
            ran = pair.reader.dep(verb, path, cwd=pair.shared)
            assert ran.code == 1
            assert not set("\x1b\u202e") & set(ran.said), (what, verb, ran.said)
            assert "\nnext: rm" not in ran.said, (what, verb, ran.said)
        path.unlink()
    declared = notebook(pair.shared, "alpha @ https://h.example/\x1b]0;x\x07/alpha-1.0-py3-none-any.whl")
    assert "\x1b" not in pair.reader.dep("lock", declared, cwd=pair.shared).said


def test_an_orphaned_lock_of_a_stranger_is_not_adopted_without_a_yes(pair: AuthorAndReader) -> None:
    """A lock of another name that claims to answer this declaration is offered, and asked for like any other."""
    got = pair.from_author("alpha")
    lock_path(got).rename(pair.shared / "pylock.trick.toml")
    assert refused(pair.look(got)).code == "consent-missing"
    mine = notebook(pair.shared, "alpha<2", name="mine")
    pair.reader.lock(mine)
    own = lock_path(mine).read_bytes()
    sent(pair.from_author("alpha<2", name="mine2"), pair.shared, "zzz")
    (pair.shared / "zzz.ipynb").unlink()
    assert isinstance(pair.look(mine), NeedsBuild), "the lock of its own name counts"
    assert lock_path(mine).read_bytes() == own


def test_two_notebooks_cannot_share_a_lock_name_to_get_at_a_yes(pair: AuthorAndReader) -> None:
    """`a.b.ipynb` and `a_b.ipynb` mean one lock: a yes is for the lock's content, and neither writes the other's."""
    mine = notebook(pair.shared, "alpha<2", name="a_b")
    pair.reader.lock(mine)
    before = lock_path(mine).read_bytes()
    theirs = notebook(pair.shared, "gamma", name="a.b")
    ran = pair.reader.dep("lock", "--json", theirs, cwd=pair.shared)
    assert (ran.code, ran.error["code"]) == (1, "lock-name-taken")
    assert lock_path(mine).read_bytes() == before


def test_a_doctored_lock_that_lacks_what_is_declared_is_not_started(pair: AuthorAndReader) -> None:
    got = pair.from_author("alpha<2")
    text = lock_path(got).read_text("utf-8")
    without = re.sub(r'\[\[packages\]\]\nname = "alpha".*?\n\n', "", text, flags=re.DOTALL)
    assert without != text
    lock_path(got).write_text(without, "utf-8")
    assert pair.reader.dep("trust", "allow", "--folder", pair.shared, cwd=pair.shared).code == 0
    assert refused(pair.look(got)).code == "unmerged-lock"
    assert pair.reader.dep("status", "--json", got, cwd=pair.shared).entry["state"] == "unmerged"


def test_consents_do_not_pass_from_one_user_to_another(pair: AuthorAndReader) -> None:
    got = pair.from_author("alpha")
    assert isinstance(resolve.resolve_environment(got, pair.shared, services=pair.author.services()), NeedsBuild), "it is hers"
    assert refused(pair.look(got)).code == "consent-missing"


def test_fingerprints_of_different_locks_differ(pair: AuthorAndReader) -> None:
    seen = set()
    for at, dependency in enumerate(["alpha==1.0", "alpha==1.1", "beta", "alpha==1.0; sys_platform == 'linux'"]):
        question = refused(pair.look(pair.from_author(dependency, name=f"n{at}"))).question
        assert question is not None
        seen.add(question.fingerprint)
    assert len(seen) == 4
    assert all(a != b for a, b in itertools.combinations(seen, 2))


def test_a_source_only_package_is_never_built_silently(pair: AuthorAndReader) -> None:
    """A lock that names a source where a wheel was: a build by another word."""
    build_sdist(pair.index.folder, "alpha", "1.1")
    got = pair.from_author("alpha==1.1")
    text = lock_path(got).read_text("utf-8")
    assert "alpha-1.1.tar.gz" in text
    text = re.sub(r"(alpha-1\.1\.tar\.gz.*\n)wheels = \[[^\]]*\]\n", r"\1", text)
    lock_path(got).write_text(text, "utf-8")
    ran = pair.reader.dep("sync", "--json", got, cwd=pair.shared)
    assert (ran.code, ran.error["code"]) == (6, "consent-missing"), ran.said
    assert allow_command(ran.error["hint"])[-1] == "build:alpha"
