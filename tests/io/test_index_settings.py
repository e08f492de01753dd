"""The user's index settings: what counts, what is passed over and why, and what the engine does with it."""

from __future__ import annotations

import base64
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from support.index import Index
from support.wheels import build_wheel

from jupyter_dep.base.errors import DepError
from jupyter_dep.io.index.settings import IndexSettings, engine_environment, read, redact

posix = pytest.mark.skipif(sys.platform == "win32", reason="shell scripts as programs")


def settings(
    tmp_path: Path,
    environ: dict[str, str] | None = None,
    files: dict[str, str] | None = None,
    platform: str = "linux",
) -> IndexSettings:
    """Read with a home and a system below `tmp_path`; `files` are relative to it."""
    for name, text in (files or {}).items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return read(environ or {}, platform=platform, home=tmp_path / "home", root=tmp_path / "root")


USER_UV = "home/.config/uv/uv.toml"
SYSTEM_UV = "root/etc/uv/uv.toml"
USER_PIP = "home/.config/pip/pip.conf"
SYSTEM_PIP = "root/etc/pip.conf"


def url(name: str) -> str:
    return f"https://{name}.example/simple"


def test_nothing_configured_leaves_the_engine_its_default_and_shuts_netrc_and_keyring(tmp_path: Path) -> None:
    found = settings(tmp_path)
    assert found == IndexSettings()
    assert engine_environment(found) == {"NETRC": os.devnull, "UV_KEYRING_PROVIDER": "disabled"}


def test_default_index_comes_from_the_place_that_counts_most(tmp_path: Path) -> None:
    files = {
        USER_UV: f'index-url = "{url("user-uv")}"',
        SYSTEM_UV: f'[[index]]\nurl = "{url("system-uv")}"\ndefault = true\n',
        USER_PIP: f"[global]\nindex-url = {url('user-pip')}\n",
        SYSTEM_PIP: f"[global]\nindex-url = {url('system-pip')}\n",
    }
    environ = {"UV_DEFAULT_INDEX": url("variable"), "PIP_INDEX_URL": url("pip-variable")}
    answers = []
    for drop in (None, "UV_DEFAULT_INDEX", USER_UV, SYSTEM_UV, "PIP_INDEX_URL", USER_PIP, SYSTEM_PIP):
        if drop is not None:
            environ.pop(drop, None)
            files.pop(drop, None)
            (tmp_path / drop).unlink(missing_ok=True)
        answers.append(settings(tmp_path, environ, files).default)
    places = ("variable", "user-uv", "system-uv", "pip-variable", "user-pip", "system-pip")
    assert answers == [*(url(place) for place in places), None]


def test_uv_indexes_of_several_places_add_up_and_pips_are_left_out(tmp_path: Path) -> None:
    found = settings(
        tmp_path,
        {"UV_INDEX": f"team={url('a')} {url('b')}"},
        {
            USER_UV: f'[[index]]\nname = "team"\nurl = "{url("shadowed")}"\n[[index]]\nurl = "{url("c")}"\n',
            SYSTEM_UV: f'extra-index-url = ["{url("d")}"]',
            USER_PIP: f"[global]\nextra-index-url = {url('pip')}\n",
        },
    )
    assert found.extra == (url("a"), url("b"), url("c"), url("d"))
    assert [where for where, _ in found.ignored] == [f"extra in {tmp_path / USER_PIP}"]


def test_pip_takes_its_list_of_extra_indexes_from_one_place(tmp_path: Path) -> None:
    files = {
        USER_PIP: f"[install]\nextra-index-url =\n    {url('one')}\n    {url('two')}\n",
        SYSTEM_PIP: f"[global]\nextra-index-url = {url('system')}\n",
    }
    assert settings(tmp_path, {}, files).extra == (url("one"), url("two"))


def test_pips_section_for_install_counts_before_global(tmp_path: Path) -> None:
    found = settings(tmp_path, {}, {USER_PIP: f"[global]\nindex_url = {url('g')}\n[install]\nindex-url = {url('i')}\n"})
    assert found.default == url("i")


def test_a_named_pip_file_counts_before_the_users_and_devnull_switches_all_off(tmp_path: Path) -> None:
    files = {USER_PIP: f"[global]\nindex-url = {url('user')}\n", "named": f"[global]\nindex-url = {url('named')}\n"}
    assert settings(tmp_path, {"PIP_CONFIG_FILE": str(tmp_path / "named")}, files).default == url("named")
    assert settings(tmp_path, {"PIP_CONFIG_FILE": os.devnull}).default is None


def test_uv_variables_choose_or_switch_off_its_files(tmp_path: Path) -> None:
    files = {USER_UV: f'index-url = "{url("user")}"', "named.toml": f'index-url = "{url("named")}"'}
    assert settings(tmp_path, {"UV_CONFIG_FILE": str(tmp_path / "named.toml")}, files).default == url("named")
    assert settings(tmp_path, {"UV_NO_CONFIG": "1"}).default is None


@pytest.mark.parametrize(
    ("platform", "uv", "pip"),
    [
        ("linux", "home/.config/uv/uv.toml", "home/.pip/pip.conf"),
        ("linux", "root/etc/xdg/uv/uv.toml", "root/etc/xdg/pip/pip.conf"),
        ("darwin", "home/.config/uv/uv.toml", "home/Library/Application Support/pip/pip.conf"),
        ("darwin", "root/etc/uv/uv.toml", "root/Library/Application Support/pip/pip.conf"),
        ("win32", "home/AppData/Roaming/uv/uv.toml", "home/AppData/Roaming/pip/pip.ini"),
        ("win32", "root/ProgramData/uv/uv.toml", "root/ProgramData/pip/pip.ini"),
    ],
)
def test_files_are_found_where_each_platform_keeps_them(tmp_path: Path, platform: str, uv: str, pip: str) -> None:
    found = settings(tmp_path, {}, {uv: f'index-url = "{url("uv")}"', pip: "[global]\ntimeout = 7\n"}, platform=platform)
    assert (found.default, found.timeout) == (url("uv"), 7)
    assert {where for _, where in found.sources} == {str(tmp_path / uv), str(tmp_path / pip)}


def test_files_of_the_working_folder_are_never_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    project = {
        "uv.toml": f'index-url = "{url("stranger")}"',
        "pyproject.toml": f'[tool.uv]\nindex-url = "{url("stranger")}"',
        "pip.conf": f"[global]\nindex-url = {url('stranger')}\n",
    }
    assert settings(tmp_path, {}, project) == IndexSettings()


def test_links_and_local_and_explicit_indexes_are_passed_over_with_a_reason(tmp_path: Path) -> None:
    found = settings(
        tmp_path,
        {"UV_DEFAULT_INDEX": (tmp_path / "simple").as_uri(), "PIP_FIND_LINKS": "/wheels"},
        {
            USER_UV: f'find-links = ["x"]\n[[index]]\nname = "gpu"\nurl = "{url("gpu")}"\nexplicit = true\n'
            f'[[index]]\nurl = "{url("flat")}"\nformat = "flat"\n'
        },
    )
    assert (found.default, found.extra) == (None, ())
    reasons = dict(found.ignored)
    assert "a lock must open on machines" in reasons["default in UV_DEFAULT_INDEX"]
    assert "a lock must open on machines" in reasons["find-links in PIP_FIND_LINKS"]
    assert "explicit" in reasons[f"explicit-index in {tmp_path / USER_UV}"]
    assert f"find-links in {tmp_path / USER_UV}" in reasons


def test_a_local_default_index_is_not_replaced_by_one_that_counts_less(tmp_path: Path) -> None:
    found = settings(
        tmp_path,
        {"PIP_INDEX_URL": (tmp_path / "simple").as_uri()},
        {SYSTEM_PIP: f"[global]\nindex-url = {url('system')}\n"},
    )
    assert found.default is None


def test_credentials_for_a_named_index_go_into_its_own_url(tmp_path: Path) -> None:
    environ = {"UV_INDEX_MY_CORP_USERNAME": "ann@x", "UV_INDEX_MY_CORP_PASSWORD": "p/w"}
    found = settings(
        tmp_path,
        environ,
        {
            USER_UV: f'[[index]]\nname = "my-corp"\nurl = "{url("corp")}"\ndefault = true\n'
            f'[[index]]\nname = "open"\nurl = "{url("open")}"\n'
        },
    )
    assert found.default == "https://ann%40x:p%2Fw@corp.example/simple"
    assert found.extra == (url("open"),)
    assert not any("CORP" in name for name in engine_environment(found))


def test_values_with_credentials_do_not_show_in_a_repr(tmp_path: Path) -> None:
    found = settings(
        tmp_path,
        {
            "UV_DEFAULT_INDEX": "https://ann:secret@corp.example/simple",
            "UV_INDEX": "https://ann:secret@two.example/simple file:///secret/simple",
            "HTTPS_PROXY": "http://ann:secret@proxy.example:3128",
        },
    )
    assert "secret" not in repr(found)
    assert engine_environment(found)["https_proxy"] == "http://ann:secret@proxy.example:3128"


@pytest.mark.parametrize(
    ("shown", "written"),
    [
        ("https://h.example:8/simple", "https://ann:pw@h.example:8/simple"),
        ("https://h.example/simple/", "https://h.example/simple/"),
        ("https://h.example/simple?token=***&x=***", "https://h.example/simple?token=abc&x=1"),
        ("https://h.example/simple?***", "https://h.example/simple?abc"),
        ("***", "https://ann:pw@[half"),
    ],
)
def test_redacted_urls_hold_no_credentials(shown: str, written: str) -> None:
    assert redact(written) == shown


def test_proxies_of_the_system_count_before_uvs_and_pips(tmp_path: Path) -> None:
    files = {
        USER_UV: 'https-proxy = "http://uv.example:1"\nno-proxy = ["a.example", "b.example"]',
        USER_PIP: "[global]\nproxy = pip.example:2\n",
    }
    found = settings(tmp_path, {"HTTPS_PROXY": "http://system.example:3"}, files)
    assert found.proxies == {
        "https_proxy": "http://system.example:3",
        "http_proxy": "http://pip.example:2",
        "no_proxy": "a.example,b.example",
    }


def test_certificates_have_to_be_there_and_the_first_that_is_counts(tmp_path: Path) -> None:
    bundle = tmp_path / "ca.pem"
    bundle.write_text("")
    environ = {"SSL_CERT_FILE": str(tmp_path / "gone.pem"), "PIP_CERT": "ca.pem", "REQUESTS_CA_BUNDLE": str(bundle)}
    found = settings(tmp_path, environ)
    assert found.certificate == bundle
    assert dict(found.ignored).keys() == {"certificate in SSL_CERT_FILE", "certificate in PIP_CERT"}
    assert engine_environment(found)["SSL_CERT_FILE"] == str(bundle)


def test_a_folder_of_certificates_is_handed_on_as_one(tmp_path: Path) -> None:
    found = settings(tmp_path, {"REQUESTS_CA_BUNDLE": str(tmp_path)})
    assert (found.certificate, found.certificate_folder) == (None, str(tmp_path))
    assert engine_environment(found)["SSL_CERT_DIR"] == str(tmp_path)


def test_netrc_counts_only_where_the_user_names_the_file(tmp_path: Path) -> None:
    files = {"home/.netrc": "machine corp.example login ann password pw\n"}
    assert engine_environment(settings(tmp_path, {}, files))["NETRC"] == os.devnull
    named = str(tmp_path / "home" / ".netrc")
    assert engine_environment(settings(tmp_path, {"NETRC": named}))["NETRC"] == named


@pytest.mark.parametrize(
    "files", [{USER_UV: 'keyring-provider = "subprocess"'}, {USER_PIP: "[global]\nkeyring-provider=import\n"}]
)
def test_keyring_is_used_where_the_user_switched_it_on(tmp_path: Path, files: dict[str, str]) -> None:
    found = settings(tmp_path, {}, files)
    assert found.keyring
    assert engine_environment(found)["UV_KEYRING_PROVIDER"] == "subprocess"


def test_the_rest_is_read_and_handed_on(tmp_path: Path) -> None:
    found = settings(
        tmp_path,
        {"UV_HTTP_TIMEOUT": "90", "UV_INDEX_STRATEGY": "unsafe-best-match", "UV_NATIVE_TLS": "true"},
        {
            USER_UV: 'allow-insecure-host = ["a.example", "b.example:8"]\nconcurrent-downloads = 3\nno-index = true',
            USER_PIP: "[global]\ntimeout = 5\ntrusted-host = pip.example\n",
        },
    )
    assert found.no_index
    assert engine_environment(found) == {
        "UV_HTTP_TIMEOUT": "90",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_SYSTEM_CERTS": "true",
        "UV_INSECURE_HOST": "a.example b.example:8",
        "UV_CONCURRENT_DOWNLOADS": "3",
        "UV_KEYRING_PROVIDER": "disabled",
        "NETRC": os.devnull,
    }


def test_values_that_mean_nothing_are_passed_over_with_a_reason(tmp_path: Path) -> None:
    found = settings(tmp_path, {"UV_HTTP_TIMEOUT": "soon", "UV_INDEX_STRATEGY": "best", "UV_INDEX": "https://[half/simple"})
    assert (found.timeout, found.index_strategy, found.extra) == (None, None, ())
    assert [setting for setting, _ in found.ignored] == [
        "extra in UV_INDEX",
        "index-strategy in UV_INDEX_STRATEGY",
        "timeout in UV_HTTP_TIMEOUT",
    ]


@pytest.mark.parametrize(
    ("name", "text"), [(USER_UV, "index-url = "), (USER_UV, '[[index]]\nname = "x"\n'), (USER_PIP, "index-url = x\n")]
)
def test_a_broken_settings_file_is_an_error_that_names_it(tmp_path: Path, name: str, text: str) -> None:
    with pytest.raises(DepError) as caught:
        settings(tmp_path, {}, {name: text})
    assert caught.value.code == "bad-settings"
    assert caught.value.context == {"file": str(tmp_path / name)}
    assert "set `" in str(caught.value.hint)


class Engine:
    """The real engine locking one small project against indexes on loopback."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / "home"
        (folder / "project").mkdir()
        (folder / "bin").mkdir()
        self.home.mkdir()

    def lock(self, found: IndexSettings, declared: str = "") -> str:
        from uv import find_uv_bin

        (self.folder / "project" / "pyproject.toml").write_text(
            '[project]\nname = "root"\nversion = "0"\nrequires-python = ">=3.11"\ndependencies = ["alpha"]\n' + declared
        )
        environ = {name: os.environ[name] for name in ("SYSTEMROOT", "TEMP", "TMP") if name in os.environ}
        environ |= {"HOME": str(self.home), "PATH": f"{self.folder / 'bin'}{os.pathsep}{os.defpath}"}
        environ |= {"UV_CACHE_DIR": str(self.folder / "cache"), **engine_environment(found)}
        done = subprocess.run(
            [find_uv_bin(), "lock", "--no-config", "--no-progress", "--python", sys.executable],
            cwd=self.folder / "project",
            env=environ,
            capture_output=True,
            text=True,
            timeout=60,
        )
        lock = self.folder / "project" / "uv.lock"
        return done.stderr + (lock.read_text() if lock.exists() else "")


def presented(index: Index) -> set[str]:
    """The credentials that an index was shown, decoded."""
    headers = [request.headers.get("authorization", "") for request in index.requests]
    return {base64.b64decode(header.removeprefix("Basic ")).decode() for header in headers if header}


def with_credentials(index: Index) -> str:
    return index.url.replace("://", "://ann:secret@")


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return Engine(tmp_path)


def test_the_engine_sends_credentials_to_their_index_and_keeps_them_out_of_the_lock(engine: Engine, index: Index) -> None:
    build_wheel(index.folder, "alpha", "1.0")
    index.require_auth("ann", "secret")
    said = engine.lock(IndexSettings(default=with_credentials(index)))
    assert index.url in said
    assert "secret" not in said
    assert presented(index) == {"ann:secret"}


def test_the_engine_sends_an_extra_indexs_credentials_to_it_alone(engine: Engine, index: Index, tmp_path: Path) -> None:
    build_wheel(index.folder, "alpha", "1.0", requires=["beta"])
    with Index(tmp_path / "other") as default:
        default.folder.mkdir()
        build_wheel(default.folder, "beta", "1.0")
        index.require_auth("ann", "secret")
        said = engine.lock(IndexSettings(default=default.url, extra=(with_credentials(index),)))
        assert 'name = "beta"' in said
        assert "secret" not in said
        assert (presented(index), presented(default)) == ({"ann:secret"}, set())


def test_an_index_that_a_declaration_names_never_sees_the_users_credentials(
    engine: Engine, index: Index, tmp_path: Path
) -> None:
    configured = settings(
        tmp_path,
        {"UV_INDEX_CORP_USERNAME": "ann", "UV_INDEX_CORP_PASSWORD": "secret"},
        {USER_UV: f'[[index]]\nname = "corp"\nurl = "{index.url}"\ndefault = true\n'},
    )
    with Index(tmp_path / "stranger") as stranger:
        stranger.folder.mkdir()
        build_wheel(stranger.folder, "alpha", "1.0")
        stranger.require_auth("ann", "secret")  # it asks for what it would like to have
        engine.lock(
            configured,
            f'[[tool.uv.index]]\nname = "corp"\nurl = "{stranger.url}"\nexplicit = true\n'
            '[tool.uv.sources]\nalpha = { index = "corp" }\n',
        )
        assert stranger.requests
        assert presented(stranger) == set()


def test_the_engine_uses_a_netrc_only_if_the_user_named_it(engine: Engine, index: Index) -> None:
    build_wheel(index.folder, "alpha", "1.0")
    index.require_auth("ann", "secret")
    netrc = engine.home / ".netrc"
    netrc.write_text("machine 127.0.0.1 login ann password secret\n")
    engine.lock(IndexSettings(default=index.url))
    assert presented(index) == set()
    engine.lock(IndexSettings(default=index.url, netrc=netrc))
    assert presented(index) == {"ann:secret"}


@posix
def test_the_engine_runs_keyring_only_if_the_user_switched_it_on(engine: Engine, index: Index) -> None:
    build_wheel(index.folder, "alpha", "1.0")
    index.require_auth("ann", "secret")
    ran = engine.folder / "keyring-ran"
    program = engine.folder / "bin" / "keyring"
    program.write_text(f"#!/bin/sh\ntouch '{ran}'\necho secret\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    named = index.url.replace("://", "://ann@")
    engine.lock(IndexSettings(default=named))
    assert not ran.exists()
    engine.lock(IndexSettings(default=named, keyring=True))
    assert ran.exists()
    assert "ann:secret" in presented(index)


def test_the_engine_goes_through_the_users_proxy(engine: Engine, index: Index) -> None:
    with_proxy = IndexSettings(default="http://corp.example/simple", proxies={"http_proxy": index.origin})
    engine.lock(with_proxy)
    assert [request.host for request in index.requests] == ["corp.example"]
