"""What must not leave: credentials to somebody else or into a file, names to an index that has no business with them.

As with the canaries, the first half of a test shows that the engine as it comes would tell.
"""

from __future__ import annotations

import base64
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from support import canary as birds
from support.canary import Canary
from support.index import Index
from support.notebooks import lock_path, notebook
from support.sandbox import UserSandbox, user_at
from support.wheels import build_wheel
from support.wire import Answer, Request
from uv import find_uv_bin

USER, SECRET = "ann", "hunter2-s3cret"
MINOR = f"{sys.version_info[0]}.{sys.version_info[1]}"
posix = pytest.mark.skipif(os.name == "nt", reason="programs of the canaries are shell scripts here")
linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="argument lists are read from /proc")


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialScenario:
    """A user whose index wants credentials, and a stranger's index that would like to have them."""

    user: UserSandbox
    index: Index
    stranger: Index

    def files_that_tell(self) -> list[str]:
        """Every file of ours and of the project that holds the secret, plain or as it goes over the wire."""
        coded = base64.b64encode(f"{USER}:{SECRET}".encode())
        return sorted(
            str(path)
            for root in (self.user.dep_home, self.user.folder)
            for path in root.rglob("*")
            if path.is_file() and not path.is_symlink() and (SECRET.encode() in (data := path.read_bytes()) or coded in data)
        )


@pytest.fixture
def scenario(toys: Path, tmp_path: Path) -> Iterator[CredentialScenario]:
    folder, strange, private = tmp_path / "work", tmp_path / "strange", tmp_path / "private"
    for made in (folder, strange, private):
        made.mkdir()
    with Index(private, toys) as index, Index(strange) as stranger:
        index.require_auth(USER, SECRET)
        url = index.url.replace("://", f"://{USER}:{SECRET}@")
        user = user_at(tmp_path / "home", url, folder=folder)
        yield CredentialScenario(user=user, index=index, stranger=stranger)


def shown(index: Index) -> set[str]:
    """The credentials that an index was shown, decoded."""
    headers = (request.headers.get("authorization", "") for request in index.requests)
    return {base64.b64decode(header.removeprefix("Basic ")).decode() for header in headers if header}


# Into files, arguments and messages


@pytest.mark.counts("hostile", "credentials: by an index's name, keyring, netrc, ${VAR}")
def test_credentials_reach_their_index_and_no_file_of_ours(scenario: CredentialScenario) -> None:
    path = notebook(scenario.user.folder, "alpha<2")
    for line in (["lock", path], ["sync", path], ["add", path, "beta"], ["update", path], ["undo", path], ["doctor"]):
        ran = scenario.user.cli(*line)
        assert ran.code == 0, ran.said
        assert SECRET not in ran.said
    assert shown(scenario.index) == {f"{USER}:{SECRET}"}
    assert scenario.index.url in lock_path(path).read_text("utf-8")
    assert scenario.files_that_tell() == []


def test_an_index_with_a_token_in_its_address_is_refused_and_not_repeated(scenario: CredentialScenario) -> None:
    scenario.index.heal()
    url = f"{scenario.index.url}?token={SECRET}"
    assert SECRET in scenario.user.uv_lock("raw", "alpha", UV_DEFAULT_INDEX=url), "the engine writes it into its lock"
    path = notebook(scenario.user.folder, "alpha")
    for env in ({"UV_DEFAULT_INDEX": url}, {"UV_INDEX": url}, {"UV_DEFAULT_INDEX": "", "PIP_INDEX_URL": url}):
        ran = scenario.user.cli("lock", "--json", path, **env)
        assert (ran.code, ran.error["code"]) == (1, "token-in-index-url")
        assert "user name or password" in ran.error["hint"]
        assert SECRET not in ran.said
        assert not lock_path(path).exists()
        assert SECRET not in scenario.user.cli("doctor", **env).said
    assert scenario.files_that_tell() == []


@pytest.mark.counts("hostile", "credentials: by an index's name, keyring, netrc, ${VAR}")
@pytest.mark.parametrize("how", [401, 403, 404, 500, "closed", "page", "cut", "flipped"])
def test_what_goes_wrong_with_an_index_is_told_without_its_credentials(scenario: CredentialScenario, how: int | str) -> None:
    path = notebook(scenario.user.folder, "alpha<2")
    assert scenario.user.cli("lock", path).code == 0
    scenario.index.heal()
    if isinstance(how, int):
        scenario.index.fail("*", how)
    elif how == "closed":
        scenario.index.stop()
    elif how == "page":
        scenario.index.redirect("/simple/*", f"{scenario.stranger.origin}/welcome")
    elif how == "cut":
        scenario.index.truncate("/files/*.whl")
    else:
        scenario.index.corrupt("/files/*.whl")
    env = {"UV_HTTP_RETRIES": "0"}
    said = scenario.user.cli("sync", path, **env).said
    said += scenario.user.cli("sync", "--json", path, **env).said
    said += scenario.user.cli("lock", "--upgrade", "--json", path, **env).said
    said += scenario.user.cli("add", path, "gamma", **env).said
    assert SECRET not in said
    assert USER + ":" not in said
    assert "error" in said
    assert scenario.files_that_tell() == []


@pytest.mark.counts("hostile", "credentials: by an index's name, keyring, netrc, ${VAR}")
def test_credentials_in_a_declaration_are_refused_and_not_repeated(scenario: CredentialScenario) -> None:
    address = scenario.stranger.files_url.replace("://", f"://{USER}:{SECRET}@")
    secrets = {
        "url": ([f"alpha @ {address}/alpha-1.0-py3-none-any.whl"], ""),
        "index": (["alpha"], f'[[tool.uv.index]]\nname = "s"\nurl = "{address}"'),
        "token": (["alpha"], f'[[tool.uv.index]]\nname = "s"\nurl = "{scenario.stranger.url}?token={SECRET}"'),
        "source": (["alpha"], f'[tool.uv.sources]\nalpha = {{ url = "{address}/a.whl" }}'),
        "git": ([f"alpha @ git+https://{USER}:{SECRET}@h.example/x"], ""),
    }
    for name, (dependencies, toml) in secrets.items():
        path = notebook(scenario.user.folder, *dependencies, toml=toml, name=name)
        for verb in ("lock", "status", "sync"):
            ran = scenario.user.cli(verb, "--json", path)
            assert (ran.code, ran.error["code"]) == (1, "credentials-in-declaration"), (name, ran.said)
            assert SECRET not in ran.said, name
            assert not lock_path(path).exists()
        path.unlink()
    typed = scenario.user.cli(
        "add", "--json", notebook(scenario.user.folder, "beta"), f"alpha @ {address}/alpha-1.0-py3-none-any.whl"
    )
    assert typed.error["code"] == "credentials-in-declaration"
    assert SECRET not in typed.said
    assert scenario.files_that_tell() == []
    assert scenario.stranger.requests == []


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


def corp(scenario: CredentialScenario) -> str:
    return (
        f'[[tool.uv.index]]\nname = "corp"\nurl = "{scenario.stranger.url}"\nexplicit = true\n'
        '[tool.uv.sources]\nomega = { index = "corp" }'
    )


@pytest.mark.counts("hostile", "credentials: by an index's name, keyring, netrc, ${VAR}")
def test_a_declared_index_with_the_name_of_the_users_gets_nothing_of_it(scenario: CredentialScenario) -> None:
    build_wheel(scenario.stranger.folder, "omega", "1.0")
    scenario.stranger.require_auth(USER, SECRET)  # it asks for what it would like to have
    variables = {"UV_INDEX_CORP_USERNAME": USER, "UV_INDEX_CORP_PASSWORD": SECRET}
    scenario.user.uv_lock(
        "raw", "omega", toml=corp(scenario), options=("--no-config",), UV_DEFAULT_INDEX=scenario.user.index_url, **variables
    )
    assert shown(scenario.stranger) == {f"{USER}:{SECRET}"}, "the engine gives them to the name"
    scenario.stranger.clear()

    path = notebook(scenario.user.folder, "omega", toml=corp(scenario))
    configured = {**variables, "UV_INDEX": f"corp={scenario.index.url}"}
    assert scenario.user.cli("lock", path, **configured).code == 6
    assert scenario.stranger.requests == []
    assert scenario.user.cli("trust", "allow", path, "--allow", f"index:{scenario.stranger.url}", **configured).code == 0
    ran = scenario.user.cli("lock", "--json", path, **configured)
    assert ran.code == 5
    assert scenario.stranger.requests, "now it is asked"
    assert shown(scenario.stranger) == set()


@pytest.mark.counts("hostile", "which index is told which name")
def test_only_what_is_assigned_to_a_declared_index_is_asked_of_it(scenario: CredentialScenario) -> None:
    build_wheel(scenario.stranger.folder, "omega", "1.0", requires=["alpha<2"])
    build_wheel(scenario.stranger.folder, "alpha", "1.9")
    open_index = corp(scenario).replace("explicit = true", "default = true")
    scenario.user.uv_lock(
        "raw", "omega", "beta", toml=corp(scenario).replace("explicit = true\n", ""), UV_DEFAULT_INDEX=scenario.user.index_url
    )
    assert set(scenario.stranger.asked("/simple/*")) > {"/simple/omega/"}, "the engine tells it the other names too"

    for toml in (corp(scenario), open_index, corp(scenario).replace("explicit = true\n", "")):
        scenario.stranger.clear()
        path = notebook(scenario.user.folder, "omega", "beta", toml=toml)
        lock_path(path).unlink(missing_ok=True)
        assert scenario.user.cli("trust", "allow", path, "--allow", f"index:{scenario.stranger.url}").code == 0
        assert scenario.user.cli("lock", path).code == 0
        assert set(scenario.stranger.asked("/simple/*")) == {"/simple/omega/"}
        text = lock_path(path).read_text("utf-8")
        assert f"{scenario.index.files_url}/alpha-1.1" in text, "a package that it also has comes from the user's index"
        assert "alpha-1.9" not in text


@pytest.mark.counts("hostile", "credentials: by an index's name, keyring, netrc, ${VAR}")
def test_a_netrc_is_not_sent_to_whoever_asks(scenario: CredentialScenario) -> None:
    build_wheel(scenario.stranger.folder, "omega", "1.0")
    scenario.stranger.require_auth(USER, SECRET)
    birds.netrc(scenario.user.home / ".netrc", "127.0.0.1", USER, SECRET)
    scenario.user.uv_lock("raw", "omega", toml=corp(scenario), UV_DEFAULT_INDEX=scenario.user.index_url)
    assert shown(scenario.stranger) == {f"{USER}:{SECRET}"}, "after a 401 the engine looks into the netrc"
    scenario.stranger.clear()

    path = notebook(scenario.user.folder, "omega", toml=corp(scenario))
    assert scenario.user.cli("trust", "allow", path, "--allow", f"index:{scenario.stranger.url}").code == 0
    assert scenario.user.cli("lock", path).code == 5
    assert scenario.stranger.requests
    assert shown(scenario.stranger) == set()
    settings = {"NETRC": str(scenario.user.home / ".netrc"), "UV_DEFAULT_INDEX": scenario.index.url}
    named = scenario.user.cli("lock", notebook(scenario.user.folder, "alpha"), **settings)
    assert named.code == 0, "a file that the user named is used for the user's own index"


@pytest.mark.counts("hostile", "credentials: by an index's name, keyring, netrc, ${VAR}")
@posix
def test_no_program_is_asked_for_a_password(scenario: CredentialScenario, tmp_path: Path) -> None:
    canary = Canary(path=tmp_path / "canary")
    programs = birds.fake_keyring(tmp_path / "programs", canary)
    path_variable = f"{programs}{os.pathsep}{os.environ['PATH']}"
    named = scenario.index.url.replace("://", f"://{USER}@")
    scenario.user.uv_lock(
        "raw", "alpha", toml='[tool.uv]\nkeyring-provider = "subprocess"', UV_DEFAULT_INDEX=named, PATH=path_variable
    )
    assert "keyring" in canary.voices, "a project's own file makes the engine run it"
    canary.reset()

    (scenario.user.folder / "uv.toml").write_text('keyring-provider = "subprocess"\n')
    (scenario.user.folder / "pyproject.toml").write_text('[tool.uv]\nkeyring-provider = "subprocess"\n')
    settings = {"UV_DEFAULT_INDEX": named, "PATH": path_variable}
    ran = scenario.user.cli("lock", "--json", notebook(scenario.user.folder, "alpha"), **settings)
    assert ran.error["code"] == "index-refused"
    declared = notebook(scenario.user.folder, "alpha", toml='[tool.uv]\nkeyring-provider = "subprocess"')
    assert scenario.user.cli("lock", "--json", declared, **settings).error["code"] == "unsupported-key"
    assert not canary.fired
    scenario.user.cli("lock", notebook(scenario.user.folder, "alpha"), **settings, UV_KEYRING_PROVIDER="subprocess")
    assert canary.fired, "the user's own setting is obeyed"


@pytest.mark.counts("hostile", "credentials: by an index's name, keyring, netrc, ${VAR}")
def test_a_redirect_to_another_host_takes_no_credentials_along(scenario: CredentialScenario, toys: Path) -> None:
    (wheel,) = toys.glob("alpha-1.1-*.whl")
    scenario.stranger.add(wheel)
    path = notebook(scenario.user.folder, "alpha==1.1")
    scenario.index.redirect("/files/alpha-1.1-py3-none-any.whl", scenario.stranger.origin + "{path}")
    assert scenario.user.cli("lock", path).code == 0
    ran = scenario.user.cli("sync", path)
    assert ran.code == 0, "the user's index may keep its files elsewhere: " + ran.said
    assert scenario.stranger.asked("/files/*"), "the redirect was followed"
    assert shown(scenario.stranger) == set()
    assert scenario.stranger.origin not in lock_path(path).read_text("utf-8")


@pytest.mark.counts("hostile", "file://, ../, loopback, redirects to another host")
def test_a_strangers_redirect_leads_nowhere(scenario: CredentialScenario, toys: Path) -> None:
    """Hosts of this machine and redirects: what a lock's address says is not followed at all."""
    path = notebook(scenario.user.folder, "alpha==1.1")
    lock = scenario.user.lock(path)
    text = lock.read_text("utf-8")
    strange = text.replace(scenario.index.origin, scenario.stranger.origin)
    assert strange != text
    lock.write_text(strange, "utf-8")
    scenario.stranger.redirect("*", scenario.index.origin + "{path}")
    (scenario.user.home / "pylock.toml").write_text(re.sub(r"\[tool\..*", "", strange, flags=re.DOTALL), "utf-8")
    environment = scenario.user.home / "env"
    scenario.user.uv("venv", "--no-config", "--python", sys.executable, environment)
    scenario.index.heal()
    python = environment / "bin" / "python"
    done = scenario.user.uv("pip", "sync", "--preview", "--no-config", "--python", python, scenario.user.home / "pylock.toml")
    assert done.returncode == 0, done.stderr
    assert scenario.stranger.requests, "the engine follows address and redirect: the hashes match"
    scenario.stranger.clear()
    scenario.index.clear()

    ran = scenario.user.cli("sync", path)
    assert ran.code == 0, "the user's own index vouches for these files: " + ran.said
    assert scenario.stranger.requests == []
    assert scenario.index.asked("/files/alpha-1.1*")


@pytest.mark.counts("hostile", "which index is told which name")
def test_opening_tells_nobody_that_it_was_opened(scenario: CredentialScenario) -> None:
    """A file's request would tell a stranger who opened the notebook, and when."""
    path = notebook(scenario.user.folder, "alpha==1.1")
    lock = scenario.user.lock(path)
    lock.write_text(lock.read_text("utf-8").replace(scenario.index.origin, scenario.stranger.origin), "utf-8")
    scenario.index.clear()
    for line in (["status", path], ["show", path], ["show", "--tree", path], ["lock", "--check", path], ["why", path, "alpha"]):
        assert scenario.user.cli(*line).code == 0
    assert scenario.user.cli("run", path, "--json", UV_DEFAULT_INDEX=f"{scenario.stranger.origin}/none").code != 0
    assert [asked for asked in scenario.stranger.asked() if asked.startswith("/files/")] == []
    assert scenario.index.requests == []


@pytest.mark.counts("hostile", "credentials: by an index's name, keyring, netrc, ${VAR}")
def test_a_pasted_requirement_with_a_password_is_in_no_history(scenario: CredentialScenario) -> None:
    path = notebook(scenario.user.folder, "alpha<2")
    assert scenario.user.cli("lock", path).code == 0
    ran = scenario.user.cli("add", path, f"omega @ https://{USER}:{SECRET}@h.example/omega-1.0-py3-none-any.whl")
    assert ran.code == 1
    (scenario.user.folder / "requirements.txt").write_text(f"--index-url https://{USER}:{SECRET}@h.example/simple\nbeta\n")
    ran = scenario.user.cli("add", path, "-r", "requirements.txt")
    assert ran.code == 1
    assert SECRET not in ran.said
    (scenario.user.folder / "requirements.txt").unlink()
    assert scenario.files_that_tell() == []
