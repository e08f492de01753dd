"""`config`, `source`, `cache`: the user's own configuration, the indexes that a project names, what is kept."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from support.index import Index
from support.sandbox import CLI, UserSandbox, terminal_at
from support.typist import Typist

from jupyter_dep.base.errors import DepError
from jupyter_dep.io.index import user_config
from jupyter_dep.io.system.disk import measure
from jupyter_dep.io.system.paths import UserPaths

MINOR = f"{sys.version_info[0]}.{sys.version_info[1]}"
SECRET = "s3cret-of-mine"


@pytest.fixture
def sandbox(tmp_path: Path, toy_index: Index) -> UserSandbox:
    return terminal_at(tmp_path, toy_index)


@pytest.fixture
def paths(tmp_path: Path) -> UserPaths:
    return UserPaths.of_user({"JUPYTER_DEP_HOME": str(tmp_path / "dep")})


def folder(sandbox: UserSandbox, *dependencies: str, more: str = "") -> Path:
    text = f'[project]\nname = "study"  # ours\nversion = "0.1"\nrequires-python = "=={MINOR}.*"\n'
    file = sandbox.folder / "pyproject.toml"
    file.write_text(text + f"dependencies = {json.dumps(list(dependencies))}\n{more}", "utf-8")
    return file


# config


def test_a_key_is_set_shown_and_taken_out(sandbox: UserSandbox) -> None:
    key, url = "repositories.corp.url", "https://index.example/legacy/"
    assert sandbox.dep("config", key, "--json").error["code"] == "not-configured"
    assert sandbox.dep("config", key, url).code == 0
    assert sandbox.dep("config", key).out == url + "\n"
    assert sandbox.dep("config", "publish.keyring", "true").code == 0
    listed = sandbox.dep("config", "--list", "--json").entry
    assert listed["values"] == {key: url, "publish.keyring": "true"}
    assert sandbox.dep("config", key, "--unset").code == 0
    assert sandbox.dep("config", "--json").entry["values"] == {"publish.keyring": "true"}


def test_what_publishing_reads_is_nested_by_the_repositorys_name(paths: UserPaths) -> None:
    user_config.set(paths, "repositories.corp.v2.url", "https://index.example/")
    user_config.set(paths, "repositories.corp.v2.token", SECRET)
    user_config.set(paths, "publish.keyring", "true")
    assert user_config.read(paths) == {
        "repositories": {"corp.v2": {"url": "https://index.example/", "token": SECRET}},
        "publish": {"keyring": True},
    }
    assert user_config.unset(paths, "repositories.corp.v2.token")
    assert not user_config.unset(paths, "repositories.corp.v2.token")
    assert user_config.unset(paths, "repositories.corp.v2.url") and user_config.unset(paths, "publish.keyring")
    assert user_config.read(paths) == {}


def test_the_file_is_its_users_alone_from_the_first_moment(paths: UserPaths) -> None:
    user_config.set(paths, "repositories.corp.token", SECRET)
    file = user_config.config_file(paths)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600 and stat.S_IMODE(paths.config.stat().st_mode) == 0o700
    file.chmod(0o644)
    user_config.set(paths, "repositories.corp.username", "me")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_comments_and_order_of_the_file_stay(paths: UserPaths) -> None:
    paths.config.mkdir(parents=True)
    text = '# mine\n[repositories.corp]\nurl = "https://index.example/"  # the old one\n\n[mine]\nkept = 1\n'
    user_config.config_file(paths).write_text(text)
    user_config.set(paths, "repositories.corp.url", "https://other.example/")
    assert user_config.config_file(paths).read_text() == text.replace("https://index.example/", "https://other.example/")
    assert user_config.unknown_keys(paths) == ("mine.kept",)


@pytest.mark.parametrize("show", [("config",), ("config", "--list"), ("config", "repositories.corp.token")])
def test_a_secret_is_never_shown(sandbox: UserSandbox, show: tuple[str, ...]) -> None:
    done = sandbox.cli("config", "repositories.corp.token", "--stdin", cwd=sandbox.folder)
    assert done.code == 2, "nothing came"
    piped = subprocess.run(
        [*CLI, "config", "repositories.corp.token", "--stdin", "--json"],
        input=SECRET + "\n",
        cwd=sandbox.folder,
        env=sandbox.environ(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert SECRET not in piped.stdout + piped.stderr and "history" not in piped.stdout
    for line in (show, (*show, "--json")):
        ran = sandbox.dep(*line)
        assert ran.code == 0 and SECRET not in ran.said and "***" in ran.said
    assert user_config.read(sandbox.services().paths)["repositories"]["corp"]["token"] == SECRET


def test_a_secret_on_the_command_line_is_taken_and_warned_of(sandbox: UserSandbox) -> None:
    ran = sandbox.dep("config", "repositories.corp.password", SECRET)
    assert ran.code == 0 and "--stdin" in ran.out and SECRET not in ran.said
    assert "--stdin" not in sandbox.dep("config", "repositories.corp.username", "me").out


def test_a_secret_that_is_typed_is_not_seen(sandbox: UserSandbox) -> None:
    words = [*CLI, "config", "repositories.corp.password", "--stdin"]
    with Typist(words, cwd=sandbox.folder, env=sandbox.environ(TERM="xterm")) as person:
        person.wait_for("repositories.corp.password: ")
        person.say(SECRET, "is set")
        assert person.ended() == 0 and SECRET not in person.text
    assert user_config.read(sandbox.services().paths)["repositories"]["corp"]["password"] == SECRET


@pytest.mark.parametrize(
    ("words", "code", "hint"),
    [
        (("repositories.corp.ulr", "x"), "unknown-setting", "repositories.corp.url"),
        (("repositories.corp", "x"), "unknown-setting", "repositories"),
        (("index.default", "x"), "unknown-setting", "publish.keyring"),
        (("repositories.a b.url", "https://index.example/"), "unknown-setting", ""),
        (("repositories.corp.url", "index.example"), "bad-setting", "https://"),
        (("repositories.corp.url", "file:///x"), "bad-setting", "https://"),
        (("repositories.corp.url", f"https://me:{SECRET}@index.example/"), "credentials-in-url", "repositories.corp.password"),
        (("repositories.corp.url", f"https://index.example/?token={SECRET}"), "credentials-in-url", "--stdin"),
        (("repositories.corp.token", ""), "bad-setting", "--unset"),
        (("repositories.corp.token", "a\nb"), "bad-setting", "--unset"),
        (("publish.keyring", "perhaps"), "bad-setting", "true"),
        (("publish.keyring", "true", "false"), "bad-usage", "config"),
        (("publish.keyring", "--unset", "--stdin"), "bad-usage", "config"),
        (("--list", "publish.keyring"), "bad-usage", "config"),
    ],
)
def test_a_wrong_line_changes_nothing(sandbox: UserSandbox, words: tuple[str, ...], code: str, hint: str) -> None:
    error = sandbox.refused("config", *words, code=code, exit_code=2)
    assert hint in error["hint"] and SECRET not in json.dumps(error)
    assert not user_config.config_file(sandbox.services().paths).exists()


@pytest.mark.parametrize(
    "content",
    [
        b'[repositories.corp]\npassword = "' + SECRET.encode() + b"\n",
        b'[repositories.corp]\npassword = ["' + SECRET.encode() + b'"]\n',
        b"publish.keyring = 'yes'\n",
        b"\xff\xfe",
        b"[repositories.corp]\nx = " + SECRET.encode(),
    ],
)
def test_a_broken_file_is_told_without_what_it_holds(sandbox: UserSandbox, content: bytes) -> None:
    paths = sandbox.services().paths
    paths.config.mkdir(parents=True)
    user_config.config_file(paths).write_bytes(content)
    for words in (("config",), ("config", "publish.keyring")):
        ran = sandbox.dep(*words, "--json")
        assert ran.error["code"] == "bad-configuration" and SECRET not in ran.said
        assert ran.error["context"]["file"] == str(user_config.config_file(paths))
    assert user_config.config_file(paths).read_bytes() == content


def test_two_that_set_at_once_lose_nothing_in_silence(paths: UserPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    user_config.set(paths, "publish.keyring", "true")
    real = user_config.read_write.read_if_there
    file = user_config.config_file(paths)

    def meanwhile(path: Path, **more: int) -> bytes | None:
        data = real(path, **more)
        if path == file:
            monkeypatch.setattr(user_config.read_write, "read_if_there", real)
            file.write_bytes((data or b"") + b"# somebody else's\n")
        return data

    monkeypatch.setattr(user_config.read_write, "read_if_there", meanwhile)
    with pytest.raises(DepError) as caught:
        user_config.set(paths, "repositories.corp.username", "me")
    assert caught.value.code == "changed-meanwhile" and b"somebody" in file.read_bytes()


def test_the_configuration_lies_where_the_system_keeps_such_files(user_home: Path) -> None:
    if sys.platform == "linux":
        assert UserPaths.of_user().config == user_home / ".config" / "jupyter-dep"


# source


def test_an_index_of_a_folder_is_declared_listed_and_removed(sandbox: UserSandbox) -> None:
    file = folder(sandbox, "alpha")
    before = file.read_bytes()
    assert sandbox.dep("source", "list", "--json").entry["sources"] == []
    added = sandbox.dep("source", "add", "corp", "https://index.example/simple/")
    assert added.code == 0 and "`corp` is declared" in added.out, added.said
    assert not (sandbox.folder / "pylock.toml").exists(), "an index alone is no reason to lock"
    listed = sandbox.dep("source", "list", "--json").entry["sources"]
    assert listed == [{"name": "corp", "url": "https://index.example/simple/", "packages": []}]
    assert b"explicit = true" in file.read_bytes() and b"# ours" in file.read_bytes()
    assert sandbox.dep("source", "remove", "corp").code == 0
    assert file.read_bytes().rstrip() == before.rstrip()


def test_a_lock_goes_with_the_declared_indexes(sandbox: UserSandbox, toys: Path) -> None:
    folder(sandbox, "gamma")
    assert sandbox.dep("lock").code == 0
    with Index(toys) as other:
        added = sandbox.dep("source", "add", "corp", other.url)
        assert added.code == 0, added.said
        assert sandbox.dep("status", "--json").entry["state"] == "fresh"
        assert not any("gamma" in request.path for request in other.requests), "nothing is assigned to it"
        assert sandbox.dep("undo").code == 0
        assert sandbox.dep("source", "list", "--json").entry["sources"] == []


def test_an_index_that_packages_come_from_stays(sandbox: UserSandbox) -> None:
    uv = '[[tool.uv.index]]\nname = "corp"\nurl = "https://index.example/simple/"\nexplicit = true\n'
    folder(sandbox, "alpha", more=uv + '[tool.uv.sources]\nalpha = {index = "corp"}\n')
    assert "alpha" in sandbox.refused("source", "remove", "corp", code="source-in-use", exit_code=1)["message"]
    assert "alpha" in sandbox.dep("source", "list").out
    assert "`corp`" in sandbox.refused("source", "remove", "crop", code="no-such-source", exit_code=1)["hint"]


def test_a_notebooks_block_names_indexes_too(sandbox: UserSandbox) -> None:
    sandbox.notebook()
    url = "https://index.example/simple/"
    for address in (url, url + "other/"):  # one that is there gets the new address
        assert sandbox.dep("source", "add", "nb.ipynb", "corp", address).code == 0
        assert sandbox.dep("source", "list", "nb.ipynb", "--json").entry["sources"] == [
            {"name": "corp", "url": address, "packages": []}
        ]
    assert sandbox.dep("source", "remove", "nb.ipynb", "corp").code == 0
    assert sandbox.dep("source", "list", "nb.ipynb", "--json").entry["sources"] == []
    assert "corp" in sandbox.refused("source", "remove", "nb.ipynb", "corp", code="no-such-source", exit_code=1)["message"]


@pytest.mark.parametrize(
    ("words", "code", "exit_code"),
    [
        (("corp", f"https://me:{SECRET}@index.example/simple/"), "credentials-in-declaration", 1),
        (("corp", "https://index.example/${TOKEN}"), "variable-in-declaration", 1),
        (("corp", "../folder"), "bad-source", 2),
        (("a b", "https://index.example/"), "bad-source", 2),
        (("corp",), "bad-usage", 2),
        (("corp", "https://index.example/", "more"), "bad-usage", 2),
    ],
)
def test_an_index_that_cannot_be_declared_changes_nothing(
    sandbox: UserSandbox, words: tuple[str, ...], code: str, exit_code: int
) -> None:
    folder(sandbox, "alpha")
    assert SECRET not in json.dumps(sandbox.refused("source", "add", *words, code=code, exit_code=exit_code))


# cache


def test_clearing_the_cache_leaves_environments_whole(sandbox: UserSandbox) -> None:
    folder(sandbox, "gamma")
    sandbox.dep("lock")
    assert sandbox.dep("sync").code == 0
    info = sandbox.dep("cache", "info", "--json").entry
    assert info["engine"]["bytes"] > 0 and info["environments"]["files"] > 0
    assert sandbox.refused("cache", "clear", code="not-confirmed", exit_code=2)["hint"].endswith("empties it")
    done = sandbox.dep("cache", "clear", "--yes", "--json")
    assert done.code == 0, done.said
    assert sandbox.dep("cache", "info", "--json").entry["engine"]["bytes"] < info["engine"]["bytes"]
    services = sandbox.services()
    assert all(not services.store.has_changed(sealed) for sealed in services.store.all())
    python = sandbox.dep("env", "info", "--json").entry["python"]
    assert subprocess.run([python, "-c", "import alpha, gamma"], check=False).returncode == 0
    assert sandbox.dep("lock", "--upgrade").code == 0, "and the cache fills again"


def test_a_cache_that_is_not_there_is_empty(sandbox: UserSandbox) -> None:
    assert "empty" in sandbox.dep("cache", "clear").out
    assert all(
        entry["bytes"] == 0 for entry in sandbox.dep("cache", "info", "--json").entry.values() if isinstance(entry, dict)
    )


def test_sizes_tell_what_is_shared(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    (one / "shared").write_bytes(b"x" * 100)
    os.link(one / "shared", two / "shared")
    (one / "own").write_bytes(b"x" * 10)
    (one / "link").symlink_to("own")
    (one / "deep").mkdir()
    (one / "deep" / "own").write_bytes(b"x")
    size = measure(one)
    assert (size.total - (one / "link").lstat().st_size, size.files) == (111, 4)
    assert size.alone - (one / "link").lstat().st_size == 11
    assert measure(tmp_path / "nowhere").files == 0
