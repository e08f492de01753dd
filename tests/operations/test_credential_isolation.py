"""What must not leave: credentials to somebody else or into a file, names to an index that has no business with them.

As with the canaries, the first half of a test shows that the engine as it comes would tell.
"""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from support import canary as birds
from support.canary import Canary
from support.index import Index
from support.notebooks import notebook
from support.sandbox import Ran, UserSandbox, user_at
from support.wheels import build_wheel
from support.wire import Answer, Request
from uv import find_uv_bin

from jupyter_dep.model.lock.lockfile import lock_name

USER, SECRET = "ann", "hunter2-s3cret"
MINOR = f"{sys.version_info[0]}.{sys.version_info[1]}"
posix = pytest.mark.skipif(os.name == "nt", reason="programs of the canaries are shell scripts here")
linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="argument lists are read from /proc")


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """A user whose index wants credentials, and a stranger's index that would like to have them."""

    home: Path
    folder: Path
    index: Index
    stranger: Index

    @property
    def url(self) -> str:
        """The index with its credentials."""
        return self.index.url.replace("://", f"://{USER}:{SECRET}@")

    @property
    def user(self) -> UserSandbox:
        return user_at(self.home, self.url)

    def cli(self, *arguments: object, **env: str) -> Ran:
        return self.user.cli(*arguments, cwd=self.folder, **env)

    def raw(self, *arguments: str | Path, cwd: Path | None = None, **env: str) -> subprocess.CompletedProcess[str]:
        base = {"PATH": os.environ["PATH"], "HOME": str(self.home), "UV_CACHE_DIR": str(self.home / "raw-cache")}
        return subprocess.run(
            [find_uv_bin(), *map(str, arguments)],
            cwd=cwd or self.folder,
            env={**base, "UV_PYTHON_DOWNLOADS": "never", "UV_HTTP_RETRIES": "0", **env},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def raw_lock(self, *dependencies: str, toml: str = "", options: tuple[str, ...] = (), **env: str) -> str:
        """The engine's lock of a project of its own, or its complaint."""
        folder = self.home / "raw"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "pyproject.toml").write_text(
            f'[project]\nname = "raw"\nversion = "0"\nrequires-python = ">={MINOR}"\n'
            f"dependencies = {json.dumps(dependencies)}\n{toml}\n"
        )
        (folder / "uv.lock").unlink(missing_ok=True)
        done = self.raw("lock", "--python", sys.executable, *options, cwd=folder, **env)
        return (folder / "uv.lock").read_text("utf-8") if done.returncode == 0 else done.stderr

    def files_that_tell(self) -> list[str]:
        """Every file of ours and of the project that holds the secret, plain or as it goes over the wire."""
        coded = base64.b64encode(f"{USER}:{SECRET}".encode())
        return sorted(
            str(path)
            for root in (self.home / "dep", self.folder)
            for path in root.rglob("*")
            if path.is_file() and not path.is_symlink() and (SECRET.encode() in (data := path.read_bytes()) or coded in data)
        )


@pytest.fixture
def house(toys: Path, tmp_path: Path) -> Iterator[House]:
    folder, strange, private = tmp_path / "work", tmp_path / "strange", tmp_path / "private"
    for made in (folder, strange, private):
        made.mkdir()
    with Index(private, toys) as index, Index(strange) as stranger:
        index.require_auth(USER, SECRET)
        found = House(home=tmp_path / "home", folder=folder, index=index, stranger=stranger)
        yield found


def shown(index: Index) -> set[str]:
    """The credentials that an index was shown, decoded."""
    headers = (request.headers.get("authorization", "") for request in index.requests)
    return {base64.b64decode(header.removeprefix("Basic ")).decode() for header in headers if header}


def lock_of(path: Path) -> Path:
    return path.with_name(lock_name(path.stem))


# Into files, arguments and messages


@pytest.mark.counts("hostile", "credentials: by an index's name, keyring, netrc, ${VAR}")
def test_credentials_reach_their_index_and_no_file_of_ours(house: House) -> None:
    path = notebook(house.folder, "alpha<2")
    for line in (["lock", path], ["sync", path], ["add", path, "beta"], ["update", path], ["undo", path], ["doctor"]):
        ran = house.cli(*line)
        assert ran.code == 0, ran.said
        assert SECRET not in ran.said
    assert shown(house.index) == {f"{USER}:{SECRET}"}
    assert house.index.url in lock_of(path).read_text("utf-8")
    assert house.files_that_tell() == []


def test_an_index_with_a_token_in_its_address_is_refused_and_not_repeated(house: House) -> None:
    house.index.heal()
    url = f"{house.index.url}?token={SECRET}"
    assert SECRET in house.raw_lock("alpha", UV_DEFAULT_INDEX=url), "the engine writes it into its lock"
    path = notebook(house.folder, "alpha")
    for env in ({"UV_DEFAULT_INDEX": url}, {"UV_INDEX": url}, {"UV_DEFAULT_INDEX": "", "PIP_INDEX_URL": url}):
        ran = house.cli("lock", "--json", path, **env)
        assert (ran.code, ran.error["code"]) == (1, "token-in-index-url")
        assert "user name or password" in ran.error["hint"]
        assert SECRET not in ran.said
        assert not lock_of(path).exists()
        assert SECRET not in house.cli("doctor", **env).said
    assert house.files_that_tell() == []


@pytest.mark.counts("hostile", "credentials: by an index's name, keyring, netrc, ${VAR}")
@pytest.mark.parametrize("how", [401, 403, 404, 500, "closed", "page", "cut", "flipped"])
def test_what_goes_wrong_with_an_index_is_told_without_its_credentials(house: House, how: int | str) -> None:
    path = notebook(house.folder, "alpha<2")
    assert house.cli("lock", path).code == 0
    house.index.heal()
    if isinstance(how, int):
        house.index.fail("*", how)
    elif how == "closed":
        house.index.stop()
    elif how == "page":
        house.index.redirect("/simple/*", f"{house.stranger.origin}/welcome")
    elif how == "cut":
        house.index.truncate("/files/*.whl")
    else:
        house.index.corrupt("/files/*.whl")
    env = {"UV_HTTP_RETRIES": "0"}
    said = house.cli("sync", path, **env).said
    said += house.cli("sync", "--json", path, **env).said
    said += house.cli("lock", "--upgrade", "--json", path, **env).said
    said += house.cli("add", path, "gamma", **env).said
    assert SECRET not in said
    assert USER + ":" not in said
    assert "error" in said
    assert house.files_that_tell() == []


@pytest.mark.counts("hostile", "credentials: by an index's name, keyring, netrc, ${VAR}")
def test_credentials_in_a_declaration_are_refused_and_not_repeated(house: House) -> None:
    address = house.stranger.files_url.replace("://", f"://{USER}:{SECRET}@")
    secrets = {
        "url": ([f"alpha @ {address}/alpha-1.0-py3-none-any.whl"], ""),
        "index": (["alpha"], f'[[tool.uv.index]]\nname = "s"\nurl = "{address}"'),
        "token": (["alpha"], f'[[tool.uv.index]]\nname = "s"\nurl = "{house.stranger.url}?token={SECRET}"'),
        "source": (["alpha"], f'[tool.uv.sources]\nalpha = {{ url = "{address}/a.whl" }}'),
        "git": ([f"alpha @ git+https://{USER}:{SECRET}@h.example/x"], ""),
    }
    for name, (dependencies, toml) in secrets.items():
        path = notebook(house.folder, *dependencies, toml=toml, name=name)
        for verb in ("lock", "status", "sync"):
            ran = house.cli(verb, "--json", path)
            assert (ran.code, ran.error["code"]) == (1, "credentials-in-declaration"), (name, ran.said)
            assert SECRET not in ran.said, name
            assert not lock_of(path).exists()
        path.unlink()
    typed = house.cli("add", "--json", notebook(house.folder, "beta"), f"alpha @ {address}/alpha-1.0-py3-none-any.whl")
    assert typed.error["code"] == "credentials-in-declaration"
    assert SECRET not in typed.said
    assert house.files_that_tell() == []
    assert house.stranger.requests == []


@pytest.mark.counts("hostile", "credentials: by an index's name, keyring, netrc, ${VAR}")
@linux
def test_credentials_are_in_no_programs_arguments(toys: Path, tmp_path: Path) -> None:
    """Arguments are open to every user of a machine; the index looks at them while it is asked."""

    @dataclass
    class Seen:
        lines: list[str] = field(default_factory=list)

    seen = Seen()

    class Watching(Index):
        def answer(self, request: Request) -> Answer:
            for process in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    line = process.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
                except OSError:
                    continue
                if str(find_uv_bin()) in line:
                    seen.lines.append(line)
            return super().answer(request)

    private = tmp_path / "private"
    private.mkdir()
    with Watching(private, toys) as index:
        index.require_auth(USER, SECRET)
        user = user_at(tmp_path / "home", index.url.replace("://", f"://{USER}:{SECRET}@"))
        path = notebook(tmp_path / "work", "alpha<2")
        for line in (["lock", path], ["sync", path], ["trust", "allow", path]):
            assert user.cli(*line, cwd=path.parent).code == 0
    mine = [line for line in seen.lines if " --no-config " in line]
    verbs = {"lock", "sync", "compile"}
    assert {word for line in mine for word in line.split()} >= verbs, "each of them was seen while it ran"
    assert not [line for line in mine if SECRET in line]


# To somebody else


def corp(house: House) -> str:
    return (
        f'[[tool.uv.index]]\nname = "corp"\nurl = "{house.stranger.url}"\nexplicit = true\n'
        '[tool.uv.sources]\nomega = { index = "corp" }'
    )


@pytest.mark.counts("hostile", "credentials: by an index's name, keyring, netrc, ${VAR}")
def test_a_declared_index_with_the_name_of_the_users_gets_nothing_of_it(house: House) -> None:
    build_wheel(house.stranger.folder, "omega", "1.0")
    house.stranger.require_auth(USER, SECRET)  # it asks for what it would like to have
    variables = {"UV_INDEX_CORP_USERNAME": USER, "UV_INDEX_CORP_PASSWORD": SECRET}
    house.raw_lock("omega", toml=corp(house), options=("--no-config",), UV_DEFAULT_INDEX=house.url, **variables)
    assert shown(house.stranger) == {f"{USER}:{SECRET}"}, "the engine gives them to the name"
    house.stranger.clear()

    path = notebook(house.folder, "omega", toml=corp(house))
    configured = {**variables, "UV_INDEX": f"corp={house.index.url}"}
    assert house.cli("lock", path, **configured).code == 6
    assert house.stranger.requests == []
    assert house.cli("trust", "allow", path, "--allow", f"index:{house.stranger.url}", **configured).code == 0
    ran = house.cli("lock", "--json", path, **configured)
    assert ran.code == 5
    assert house.stranger.requests, "now it is asked"
    assert shown(house.stranger) == set()


@pytest.mark.counts("hostile", "which index is told which name")
def test_only_what_is_assigned_to_a_declared_index_is_asked_of_it(house: House) -> None:
    build_wheel(house.stranger.folder, "omega", "1.0", requires=["alpha<2"])
    build_wheel(house.stranger.folder, "alpha", "1.9")
    open_index = corp(house).replace("explicit = true", "default = true")
    house.raw_lock("omega", "beta", toml=corp(house).replace("explicit = true\n", ""), UV_DEFAULT_INDEX=house.url)
    assert set(house.stranger.asked("/simple/*")) > {"/simple/omega/"}, "the engine tells it the other names too"

    for toml in (corp(house), open_index, corp(house).replace("explicit = true\n", "")):
        house.stranger.clear()
        path = notebook(house.folder, "omega", "beta", toml=toml)
        lock_of(path).unlink(missing_ok=True)
        assert house.cli("trust", "allow", path, "--allow", f"index:{house.stranger.url}").code == 0
        assert house.cli("lock", path).code == 0
        assert set(house.stranger.asked("/simple/*")) == {"/simple/omega/"}
        text = lock_of(path).read_text("utf-8")
        assert f"{house.index.files_url}/alpha-1.1" in text, "a package that it also has comes from the user's index"
        assert "alpha-1.9" not in text


@pytest.mark.counts("hostile", "credentials: by an index's name, keyring, netrc, ${VAR}")
def test_a_netrc_is_not_sent_to_whoever_asks(house: House) -> None:
    build_wheel(house.stranger.folder, "omega", "1.0")
    house.stranger.require_auth(USER, SECRET)
    birds.netrc(house.home / ".netrc", "127.0.0.1", USER, SECRET)
    house.raw_lock("omega", toml=corp(house), UV_DEFAULT_INDEX=house.url)
    assert shown(house.stranger) == {f"{USER}:{SECRET}"}, "after a 401 the engine looks into the netrc"
    house.stranger.clear()

    path = notebook(house.folder, "omega", toml=corp(house))
    assert house.cli("trust", "allow", path, "--allow", f"index:{house.stranger.url}").code == 0
    assert house.cli("lock", path).code == 5
    assert house.stranger.requests
    assert shown(house.stranger) == set()
    settings = {"NETRC": str(house.home / ".netrc"), "UV_DEFAULT_INDEX": house.index.url}
    named = house.cli("lock", notebook(house.folder, "alpha"), **settings)
    assert named.code == 0, "a file that the user named is used for the user's own index"


@pytest.mark.counts("hostile", "credentials: by an index's name, keyring, netrc, ${VAR}")
@posix
def test_no_program_is_asked_for_a_password(house: House, tmp_path: Path) -> None:
    canary = Canary(path=tmp_path / "canary")
    programs = birds.fake_keyring(tmp_path / "programs", canary)
    path_variable = f"{programs}{os.pathsep}{os.environ['PATH']}"
    named = house.index.url.replace("://", f"://{USER}@")
    house.raw_lock("alpha", toml='[tool.uv]\nkeyring-provider = "subprocess"', UV_DEFAULT_INDEX=named, PATH=path_variable)
    assert "keyring" in canary.voices, "a project's own file makes the engine run it"
    canary.reset()

    (house.folder / "uv.toml").write_text('keyring-provider = "subprocess"\n')
    (house.folder / "pyproject.toml").write_text('[tool.uv]\nkeyring-provider = "subprocess"\n')
    settings = {"UV_DEFAULT_INDEX": named, "PATH": path_variable}
    ran = house.cli("lock", "--json", notebook(house.folder, "alpha"), **settings)
    assert ran.error["code"] == "index-refused"
    declared = notebook(house.folder, "alpha", toml='[tool.uv]\nkeyring-provider = "subprocess"')
    assert house.cli("lock", "--json", declared, **settings).error["code"] == "unsupported-key"
    assert not canary.fired
    house.cli("lock", notebook(house.folder, "alpha"), **settings, UV_KEYRING_PROVIDER="subprocess")
    assert canary.fired, "the user's own setting is obeyed"


@pytest.mark.counts("hostile", "credentials: by an index's name, keyring, netrc, ${VAR}")
def test_a_redirect_to_another_host_takes_no_credentials_along(house: House, toys: Path) -> None:
    (wheel,) = toys.glob("alpha-1.1-*.whl")
    house.stranger.add(wheel)
    path = notebook(house.folder, "alpha==1.1")
    house.index.redirect("/files/alpha-1.1-py3-none-any.whl", house.stranger.origin + "{path}")
    assert house.cli("lock", path).code == 0
    ran = house.cli("sync", path)
    assert ran.code == 0, "the user's index may keep its files elsewhere: " + ran.said
    assert house.stranger.asked("/files/*"), "the redirect was followed"
    assert shown(house.stranger) == set()
    assert house.stranger.origin not in lock_of(path).read_text("utf-8")


@pytest.mark.counts("hostile", "file://, ../, loopback, redirects to another host")
def test_a_strangers_redirect_leads_nowhere(house: House, toys: Path) -> None:
    """Hosts of this machine and redirects: what a lock's address says is not followed at all."""
    path = notebook(house.folder, "alpha==1.1")
    lock = house.user.lock(path)
    text = lock.read_text("utf-8")
    strange = text.replace(house.index.origin, house.stranger.origin)
    assert strange != text
    lock.write_text(strange, "utf-8")
    house.stranger.redirect("*", house.index.origin + "{path}")
    (house.home / "pylock.toml").write_text(re.sub(r"\[tool\..*", "", strange, flags=re.DOTALL), "utf-8")
    environment = house.home / "env"
    house.raw("venv", "--no-config", "--python", sys.executable, environment)
    house.index.heal()
    python = environment / "bin" / "python"
    done = house.raw("pip", "sync", "--preview", "--no-config", "--python", python, house.home / "pylock.toml")
    assert done.returncode == 0, done.stderr
    assert house.stranger.requests, "the engine follows address and redirect: the hashes match"
    house.stranger.clear()
    house.index.clear()

    ran = house.cli("sync", path)
    assert ran.code == 0, "the user's own index vouches for these files: " + ran.said
    assert house.stranger.requests == []
    assert house.index.asked("/files/alpha-1.1*")


@pytest.mark.counts("hostile", "which index is told which name")
def test_opening_tells_nobody_that_it_was_opened(house: House) -> None:
    """A file's request would tell a stranger who opened the notebook, and when."""
    path = notebook(house.folder, "alpha==1.1")
    lock = house.user.lock(path)
    lock.write_text(lock.read_text("utf-8").replace(house.index.origin, house.stranger.origin), "utf-8")
    house.index.clear()
    for line in (["status", path], ["show", path], ["show", "--tree", path], ["lock", "--check", path], ["why", path, "alpha"]):
        assert house.cli(*line).code == 0
    assert house.cli("run", path, "--json", UV_DEFAULT_INDEX=f"{house.stranger.origin}/none").code != 0
    assert [asked for asked in house.stranger.asked() if asked.startswith("/files/")] == []
    assert house.index.requests == []


@pytest.mark.counts("hostile", "credentials: by an index's name, keyring, netrc, ${VAR}")
def test_a_pasted_requirement_with_a_password_is_in_no_history(house: House) -> None:
    path = notebook(house.folder, "alpha<2")
    assert house.cli("lock", path).code == 0
    ran = house.cli("add", path, f"omega @ https://{USER}:{SECRET}@h.example/omega-1.0-py3-none-any.whl")
    assert ran.code == 1
    (house.folder / "requirements.txt").write_text(f"--index-url https://{USER}:{SECRET}@h.example/simple\nbeta\n")
    ran = house.cli("add", path, "-r", "requirements.txt")
    assert ran.code == 1
    assert SECRET not in ran.said
    (house.folder / "requirements.txt").unlink()
    assert house.files_that_tell() == []
