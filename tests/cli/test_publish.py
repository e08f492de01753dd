"""`jupyter dep publish` to a real index server with passwords: what goes up, what is refused, and that nothing leaks."""

from __future__ import annotations

import base64
import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import trustme
from support.index import Index
from support.notebooks import notebook
from support.packages import package
from support.sandbox import CLI, Ran, UserSandbox, terminal_at, user_at
from support.upload_index import MINTED, READER, WRITER, UploadIndex
from support.wheels import build_sdist, build_wheel, repack_closure

from jupyter_dep.io.index import user_config

WHEEL, SDIST = "mine-0.1.0-py3-none-any.whl", "mine-0.1.0.tar.gz"
PASSWORD = WRITER[1]
AS_WRITER = {"JUPYTER_DEP_PUBLISH_USERNAME": WRITER[0], "JUPYTER_DEP_PUBLISH_PASSWORD": PASSWORD}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """Somebody with a package that is built, and the index that it goes to."""

    sandbox: UserSandbox
    server: UploadIndex

    @property
    def dist(self) -> Path:
        return self.sandbox.folder / "dist"

    def publish(self, *more: str, **environ: str) -> Ran:
        return self.sandbox.dep("publish", "--repository", self.server.url, *more, **{**AS_WRITER, **environ})

    def refused(self, *more: str, code: str, exit_code: int = 1, **environ: str) -> dict[str, Any]:
        done = self.publish(*more, "--json", **environ)
        assert done.error["code"] == code, done.out
        assert done.code == exit_code and done.error["hint"]
        return done.error

    def configure(self, **entries: str) -> None:
        """Write keys of the repository `corp` into the user's configuration."""
        paths = self.sandbox.services().paths
        for key, value in {"url": self.server.url, **entries}.items():
            user_config.set(paths, f"repositories.corp.{key}", value)

    def everything_written(self) -> Iterator[tuple[Path, bytes]]:
        for root in (self.sandbox.folder, self.sandbox.home):
            for path in root.rglob("*"):
                if path.is_file():
                    yield path, path.read_bytes()


def distributions(folder: Path, version: str = "0.1.0", summary: str = "") -> None:
    build_wheel(folder, "mine", version, summary=summary)
    build_sdist(folder, "mine", version)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[UploadIndex]:
    with UploadIndex(tmp_path / "served") as made:
        yield made


@pytest.fixture
def shop(toy_index: Index, tmp_path: Path, server: UploadIndex) -> Shop:
    sandbox = terminal_at(tmp_path, toy_index)
    package(sandbox.folder)
    made = Shop(sandbox=sandbox, server=server)
    distributions(made.dist)
    return made


@pytest.mark.poetry("poetry publish")
def test_what_was_built_of_the_current_version_goes_up(shop: Shop) -> None:
    distributions(shop.dist, "0.0.9")
    build_wheel(shop.dist, "other", "0.1.0")
    done = shop.publish()
    assert done.code == 0, done.said
    assert f"published mine 0.1.0 to {shop.server.url}: 2 files" in done.out
    assert shop.server.has() == [WHEEL, SDIST]
    assert all((shop.server.folder / name).read_bytes() == (shop.dist / name).read_bytes() for name in (WHEEL, SDIST))
    assert {one.user for one in shop.server.asked if one.method == "POST"} == {WRITER[0]}


@pytest.mark.poetry("poetry publish --dry-run")
def test_a_dry_run_shows_what_would_go_where_and_sends_nothing(shop: Shop) -> None:
    done = shop.publish("--dry-run")
    assert done.code == 0 and f"would publish mine 0.1.0 to {shop.server.url}: 2 files" in done.out
    assert WHEEL in done.out and "JUPYTER_DEP_PUBLISH_PASSWORD" in done.out
    entry = shop.publish("--dry-run", "--json").entry
    assert entry["would_upload"] == [WHEEL, SDIST] and entry["uploaded"] == []
    assert shop.server.uploads() == 0 and shop.server.has() == []


def test_a_wrong_password_is_told_without_repeating_it(shop: Shop) -> None:
    error = shop.refused(code="publish-credentials", exit_code=5, JUPYTER_DEP_PUBLISH_PASSWORD="wr0ng-word")
    assert "403" in error["message"] and "wr0ng-word" not in json.dumps(error)
    assert shop.server.has() == []


def test_no_credentials_where_the_index_wants_some(shop: Shop) -> None:
    nobody = {"JUPYTER_DEP_PUBLISH_USERNAME": "", "JUPYTER_DEP_PUBLISH_PASSWORD": ""}
    shop.refused(code="publish-credentials", exit_code=5, **nobody)
    done = shop.sandbox.dep("publish", "--json", **nobody)
    assert done.error["code"] == "no-credentials" and "JUPYTER_DEP_PUBLISH_TOKEN" in done.error["hint"]


def test_a_version_that_is_published_names_it_and_the_way_on(shop: Shop) -> None:
    shop.publish()
    error = shop.refused(code="version-exists")
    assert "mine 0.1.0" in error["message"] and "jupyter dep version patch" in error["hint"]
    assert shop.server.uploads() == 2, "nothing was sent again"


def test_a_file_with_another_content_is_never_sent_over_what_is_published(shop: Shop) -> None:
    shop.publish()
    before = (shop.server.folder / WHEEL).read_bytes()
    distributions(shop.dist, summary="another content")
    error = shop.refused(code="version-exists")
    assert WHEEL in error["message"]
    assert (shop.server.folder / WHEEL).read_bytes() == before and shop.server.uploads() == 2


def test_an_index_that_tells_of_the_clash_only_at_the_upload_gives_the_same_error(shop: Shop) -> None:
    shop.publish()
    shop.configure(index=shop.server.url + "nowhere/", username=WRITER[0], password=PASSWORD)
    done = shop.sandbox.dep("publish", "-r", "corp", "--json")
    assert done.error["code"] == "version-exists" and "mine 0.1.0" in done.error["message"]


@pytest.mark.poetry("poetry publish --skip-existing")
@pytest.mark.counts("network", "an upload")
def test_a_half_done_upload_goes_on_with_what_is_missing(shop: Shop) -> None:
    shop.server.fail("500 Internal Server Error", after=1, times=1)
    error = shop.refused(code="index-failed", exit_code=5)
    assert "500" in error["message"] and "1 of 2" in error["message"] and "again" in error["hint"]
    assert shop.server.has() == [WHEEL]
    entry = shop.publish("--json").entry
    assert entry["uploaded"] == [SDIST] and entry["skipped"] == [WHEEL]
    assert shop.server.has() == [WHEEL, SDIST]


def test_what_is_there_already_is_said(shop: Shop) -> None:
    shop.server.folder.joinpath(WHEEL).write_bytes((shop.dist / WHEEL).read_bytes())
    done = shop.publish()
    assert done.code == 0 and "already uploaded" in done.out and "1 file" in done.out


def test_a_server_that_stalls_ends_with_the_user_s_time_limit(shop: Shop) -> None:
    shop.server.fail("200 OK", stall=60)
    error = shop.refused(code="network", exit_code=5, UV_HTTP_TIMEOUT="1")
    assert "127.0.0.1" in error["message"]


def test_a_server_that_is_not_there(shop: Shop) -> None:
    done = shop.sandbox.dep("publish", "--repository", "http://127.0.0.1:9/", "--json", **AS_WRITER)
    assert done.error["code"] == "network" and done.code == 5


@pytest.mark.parametrize(
    ("status", "body", "code", "exit_code"),
    [
        ("403 Forbidden", b"The user 'writer' isn't allowed to upload to project 'mine'.", "name-refused", 1),
        ("400 Bad Request", b"The name 'mine' is too similar to an existing project.", "name-refused", 1),
        ("400 Bad Request", b"File already exists ('mine-0.1.0.tar.gz'). See help.", "version-exists", 1),
        (
            "400 Bad Request",
            b"<html><style>p{}</style><body><p>'x' is no valid classifier</p></body></html>",
            "upload-refused",
            1,
        ),
        ("401 Unauthorized", b"who are you", "publish-credentials", 5),
        ("502 Bad Gateway", b"", "index-failed", 5),
    ],
)
def test_what_the_server_says_is_told_in_our_words(shop: Shop, status: str, body: bytes, code: str, exit_code: int) -> None:
    shop.server.fail(status, body)
    error = shop.refused(code=code, exit_code=exit_code)
    assert "<" not in error["message"] and "style" not in error["message"]
    if code in ("name-refused", "upload-refused"):
        assert ("mine" if code == "name-refused" else "classifier") in error["message"]


@pytest.mark.counts("network", "an upload")
def test_an_upload_is_not_sent_on_to_another_host(shop: Shop, tmp_path: Path) -> None:
    with UploadIndex(tmp_path / "other") as other:
        shop.server.fail("307 Temporary Redirect", headers=(("Location", other.url),))
        shop.refused(code="upload-redirected", exit_code=5)
        assert other.asked == []


def test_nothing_to_publish_names_what_is_there_instead(shop: Shop) -> None:
    shop.sandbox.dep("version", "minor")
    error = shop.refused(code="nothing-to-publish")
    assert "mine 0.2.0" in error["message"] and "0.1.0" in error["message"] and "jupyter dep build" in error["hint"]


def test_of_a_dynamic_version_what_was_built_is_published_if_it_is_one(shop: Shop) -> None:
    package(shop.sandbox.folder, version=None)
    assert shop.publish("--dry-run", "--json").entry["version"] == "0.1.0"
    distributions(shop.dist, "0.2.0")
    assert "0.1.0, 0.2.0" in shop.refused(code="several-versions")["message"]


def test_what_check_refuses_is_not_published(shop: Shop) -> None:
    manifest = shop.sandbox.folder / "pyproject.toml"
    manifest.write_text(manifest.read_text() + 'readme = "NO-SUCH-README.md"\n')
    error = shop.refused(code="check-failed")
    assert "NO-SUCH-README" in error["message"] and shop.server.asked == []


@pytest.mark.poetry("poetry publish --build")
def test_it_can_build_first(shop: Shop) -> None:
    for file in shop.dist.iterdir():
        file.unlink()
    done = shop.publish("--build", "--allow", f"path:{os.path.realpath(shop.sandbox.folder)}")
    assert done.code == 0, done.said
    assert shop.server.has() == [WHEEL, SDIST]


def test_a_private_index_is_asked_with_the_same_credentials_what_it_has(shop: Shop, tmp_path: Path) -> None:
    with UploadIndex(tmp_path / "private", private=True) as private:
        first = shop.sandbox.dep("publish", "-r", private.url, "--json", **AS_WRITER)
        assert first.entry["uploaded"] == [WHEEL, SDIST]
        again = shop.sandbox.dep("publish", "-r", private.url, "--json", **AS_WRITER)
        assert again.error["code"] == "version-exists" and private.uploads() == 2


def test_the_user_s_own_index_at_that_host_tells_what_is_there_with_its_own_credentials(shop: Shop, tmp_path: Path) -> None:
    with UploadIndex(tmp_path / "private", private=True) as private:
        done = shop.sandbox.dep("publish", "-r", private.url, **AS_WRITER, UV_DEFAULT_INDEX=private.simple_as(READER))
        assert done.code == 0, done.said
        assert {one.user for one in private.asked if one.method == "GET"} == {READER[0]}
        assert {one.user for one in private.asked if one.method == "POST"} == {WRITER[0]}


@pytest.mark.poetry("poetry publish --repository NAME")
def test_a_repository_of_the_configuration_by_name(shop: Shop) -> None:
    shop.configure(username=WRITER[0], password=PASSWORD)
    done = shop.sandbox.dep("publish", "-r", "corp")
    assert done.code == 0, done.said
    assert "your configuration of `corp`" in done.out and PASSWORD not in done.said
    assert shop.server.has() == [WHEEL, SDIST]


def test_credentials_of_one_repository_are_not_shown_to_another(shop: Shop) -> None:
    uv = {"UV_PUBLISH_USERNAME": WRITER[0], "UV_PUBLISH_PASSWORD": PASSWORD, "UV_PUBLISH_URL": "https://index.example/legacy/"}
    done = shop.sandbox.dep("publish", "-r", shop.server.url, "--json", **uv)
    assert done.error["code"] == "publish-credentials" and {one.user for one in shop.server.asked} == {""}
    shop.configure(username=READER[0], password=READER[1])
    shop.sandbox.dep("publish", "-r", "corp", **AS_WRITER)
    assert WRITER[0] not in {one.user for one in shop.server.asked}, "what belongs to the repository comes first"


def test_uv_s_own_settings_of_the_user_count(shop: Shop) -> None:
    uv = {"UV_PUBLISH_USERNAME": WRITER[0], "UV_PUBLISH_PASSWORD": PASSWORD, "UV_PUBLISH_URL": shop.server.url}
    assert shop.sandbox.dep("publish", **uv).code == 0
    assert shop.server.has() == [WHEEL, SDIST]


def test_a_project_names_neither_address_nor_password(shop: Shop, tmp_path: Path) -> None:
    with UploadIndex(tmp_path / "evil") as evil:
        manifest = shop.sandbox.folder / "pyproject.toml"
        manifest.write_text(
            manifest.read_text()
            + f'\n[tool.uv]\npublish-url = "{evil.url}"\ncheck-url = "{evil.simple}"\n'
            + f'[[tool.uv.index]]\nname = "corp"\nurl = "{evil.simple}"\n'
        )
        (shop.sandbox.folder / "uv.toml").write_text(f'publish-url = "{evil.url}"\n')
        shop.configure(username=WRITER[0], password=PASSWORD)
        done = shop.sandbox.dep("publish", "-r", "corp")
        assert done.code == 0, done.said
        assert evil.asked == [] and shop.server.has() == [WHEEL, SDIST]


@pytest.mark.parametrize(
    ("repository", "code"),
    [
        ("nowhere", "no-such-repository"),
        ("ftp://index.example/", "bad-repository"),
        ("https://me:pa55-w0rd@index.example/", "credentials-in-url"),
        ("https://index.example/?token=pa55-w0rd", "credentials-in-url"),
    ],
)
def test_an_address_that_is_none(shop: Shop, repository: str, code: str) -> None:
    done = shop.sandbox.dep("publish", "-r", repository, "--json", **AS_WRITER)
    assert done.error["code"] == code and done.code == 2 and "pa55" not in done.said


def test_a_misspelled_repository_is_met_with_the_right_one(shop: Shop) -> None:
    shop.configure()
    assert "`corp`" in shop.sandbox.dep("publish", "-r", "crop", "--json").error["hint"]


def test_an_address_without_encryption_is_noted(shop: Shop) -> None:
    environ = {**AS_WRITER, "UV_PUBLISH_CHECK_URL": shop.server.simple, "UV_PUBLISH_URL": "http://index.example/"}
    assert "encryption" in shop.sandbox.dep("publish", "--dry-run", **environ).out
    assert "encryption" not in shop.publish("--dry-run").out


def test_a_build_service_publishes_with_its_identity_where_there_is_no_password(shop: Shop, tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    with UploadIndex(tmp_path / "trusting", authority=authority) as server:
        service = {
            "GITHUB_ACTIONS": "true",
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"{server.url}identity?x=1",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "b4dge",
            "SSL_CERT_FILE": str(tmp_path / "authority.pem"),
        }
        shown = shop.sandbox.dep("publish", "-r", server.url, "--dry-run", **service)
        assert "identity" in shown.out and server.has() == []
        done = shop.sandbox.dep("publish", "-r", server.url, "--json", **service)
        assert done.entry["trusted"] and done.entry["uploaded"] == [WHEEL, SDIST], done.out
        assert {one.user for one in server.asked if one.path == "/" and one.method == "POST"} == {MINTED[0]}

        server.folder.joinpath(SDIST).unlink()
        server.fail("400 Bad Request", f"bad: {MINTED[1]}".encode(), times=1)
        echoed = shop.sandbox.dep("publish", "-r", server.url, "--json", **service)
        assert echoed.error["code"] == "upload-refused" and MINTED[1] not in echoed.said, echoed.said
        refused = {**service, "ACTIONS_ID_TOKEN_REQUEST_URL": f"{server.url}nothing"}
        assert shop.sandbox.dep("publish", "-r", server.url, "--json", **refused).error["code"] == "trusted-publishing"


# Secrets


@pytest.mark.parametrize("way", ["done", "refused", "echoed", "there", "dry"])
def test_a_password_is_in_no_output_and_in_no_file(shop: Shop, way: str) -> None:
    basic = base64.b64encode(f"{WRITER[0]}:{PASSWORD}".encode()).decode()
    if way == "refused":
        shop.server.fail("403 Forbidden", b"no")
    elif way == "echoed":  # a server's page that repeats what it was sent
        shop.server.fail("400 Bad Request", f"bad: {PASSWORD} Basic {basic}".encode())
    elif way == "there":
        shop.publish()
    flags = ["--dry-run"] if way == "dry" else []
    for done in (shop.publish(*flags), shop.publish(*flags, "--json")):
        assert PASSWORD not in done.said and basic not in done.said
    for path, data in shop.everything_written():
        assert PASSWORD.encode() not in data and basic.encode() not in data, path


def test_a_password_is_no_argument_of_any_program(shop: Shop, tmp_path: Path) -> None:
    """Everybody on a machine can read the arguments of its programs."""
    if not Path("/proc/self/cmdline").exists():
        pytest.skip("counted as absent: /proc")
    shop.server.fail("200 OK", stall=20)
    command = [*CLI, "publish", "-r", shop.server.url]
    running = subprocess.Popen(
        command,
        cwd=shop.sandbox.folder,
        env=shop.sandbox.environ(**AS_WRITER),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while shop.server.uploads() == 0:
            assert running.poll() is None
        seen = _arguments()
        assert any("publish" in one and "trusted-publishing" in one for one in seen), "the engine runs now"
        assert not any(PASSWORD in one for one in seen)
    finally:
        running.kill()
        running.wait()


def _arguments() -> list[str]:
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace"))
            except OSError:
                continue
    return found


def test_a_password_is_not_in_the_log_of_a_mistake_of_ours(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    from jupyter_dep.io.engine import runner

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a mistake of ours")

    monkeypatch.setattr(runner, "run", broken)
    shop.refused(code="internal")
    log = (shop.sandbox.services().paths.state / "mistakes.log").read_text()
    assert "a mistake of ours" in log and PASSWORD not in log


def test_a_keyring_is_asked_only_where_the_user_said_so_and_never_the_project_s(shop: Shop, tmp_path: Path) -> None:
    mine, theirs = tmp_path / "bin", shop.sandbox.folder / ".venv" / "bin"
    for folder, said in ((theirs, "st0len"), (mine, PASSWORD)):
        folder.mkdir(parents=True)
        program = folder / "keyring"
        program.write_text(f'#!/bin/sh\necho "$@" >> {folder}/asked\necho {said}\n')
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
    nobody = {"JUPYTER_DEP_PUBLISH_USERNAME": "", "JUPYTER_DEP_PUBLISH_PASSWORD": ""}
    path = os.pathsep.join([str(theirs), ".venv/bin", str(mine), "/usr/bin", "/bin"])
    shop.configure(username=WRITER[0])
    shop.sandbox.dep("publish", "-r", "corp", PATH=path, **nobody)
    assert not (mine / "asked").exists() and shop.server.has() == []

    user_config.set(shop.sandbox.services().paths, "publish.keyring", "true")
    done = shop.sandbox.dep("publish", "-r", "corp", PATH=path, **nobody)
    assert done.code == 0 and "your keyring" in done.out, done.said
    assert (mine / "asked").read_text() == f"get {shop.server.url} {WRITER[0]}\n" and not (theirs / "asked").exists()

    missing = shop.sandbox.dep("publish", "-r", "corp", "--json", PATH=str(theirs), **nobody)
    assert missing.error["code"] == "keyring-failed"


# The whole way, nothing faked


def test_a_new_library_is_built_published_added_to_a_notebook_and_imported(wheelhouse: Path, tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    repack_closure(["hatchling"], tools)
    folder = tmp_path / "shared-ideas"
    with UploadIndex(tmp_path / "served", tools, wheelhouse, private=True) as server:
        me = user_at(tmp_path / "me", server.simple_as(READER))
        assert me.dep("new", folder, "--lib", cwd=tmp_path).code == 0
        module = folder / "src" / "shared_ideas" / "__init__.py"
        module.write_text(module.read_text() + "\n\ndef answer() -> int:\n    return 42\n")
        built = me.dep("build", "--json", cwd=folder)
        names = ["shared_ideas-0.1.0-py3-none-any.whl", "shared_ideas-0.1.0.tar.gz"]
        assert [one["name"] for one in built.entry["files"]] == names, "who made the folder is not asked"
        published = me.dep("publish", "-r", server.url, cwd=folder, **AS_WRITER)
        assert published.code == 0, published.said
        assert server.has() == names

        reader = user_at(tmp_path / "colleague", server.simple_as(READER))
        book = notebook(tmp_path / "notes", name="use", python=f"=={sys.version_info[0]}.{sys.version_info[1]}.*")
        added = reader.dep("add", book, "shared-ideas", cwd=book.parent)
        assert added.code == 0 and "shared-ideas 0.1.0" in added.out, added.said
        code = "import shared_ideas; print(shared_ideas.answer())"
        ran = reader.cli("exec", book, "--", "python", "-c", code, cwd=book.parent)
        assert ran.code == 0 and ran.out.splitlines()[-1] == "42", ran.said
        for path in [*folder.rglob("*"), *book.parent.iterdir()]:
            assert not path.is_file() or READER[1].encode() not in path.read_bytes(), path

        assert me.dep("publish", "-r", server.url, "--json", cwd=folder, **AS_WRITER).error["code"] == "version-exists"
        me.dep("version", "minor", cwd=folder)
        assert me.dep("publish", "--build", "-r", server.url, cwd=folder, **AS_WRITER).code == 0
        newer = reader.dep("update", book, "shared-ideas", cwd=book.parent)
        assert newer.code == 0 and "0.2.0" in newer.out, newer.said
