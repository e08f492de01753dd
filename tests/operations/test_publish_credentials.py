"""Where an upload goes, with whose credentials, and which index tells what is there: decided without any network."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from jupyter_dep.base.engine_port import Upload
from jupyter_dep.base.errors import DepError
from jupyter_dep.io.engine import publish_output
from jupyter_dep.io.index.repositories import Repository, Settings, keyring_program, repository
from jupyter_dep.io.index.settings import IndexSettings

URL = "https://index.example/legacy/"
CORP = {"corp": {"url": "https://corp.example/api/pypi/own", "token": "c0rp"}}


def found(
    wanted: str | None,
    environ: Mapping[str, str] | None = None,
    repositories: Mapping[str, Any] | None = None,
    **indexes: Any,
) -> Repository:
    settings = Settings(
        environ=environ or {},
        configured={"repositories": repositories or {}},
        indexes=IndexSettings(**indexes),
        state=Path("/nowhere"),
    )
    return repository(wanted, settings, Path("/work"))


def pair(place: Repository) -> tuple[str, str] | None:
    return (place.credentials.username, place.credentials.password) if place.credentials else None


def test_the_usual_place_is_the_engine_s_own() -> None:
    place = found(None, {"JUPYTER_DEP_PUBLISH_TOKEN": "t"})
    assert (place.name, place.url, place.check) == ("pypi", None, None)
    assert pair(place) == ("__token__", "t")


@pytest.mark.parametrize(
    ("environ", "configured", "wanted"),
    [
        ({"JUPYTER_DEP_PUBLISH_TOKEN": "ours", "UV_PUBLISH_TOKEN": "uv"}, {}, ("__token__", "ours")),
        ({"UV_PUBLISH_TOKEN": "uv"}, {}, ("__token__", "uv")),
        ({"UV_PUBLISH_USERNAME": "me", "UV_PUBLISH_PASSWORD": "uv"}, {}, ("me", "uv")),
        ({"JUPYTER_DEP_PUBLISH_TOKEN": "ours"}, {"token": "own"}, ("__token__", "own")),
        ({}, {"username": "me", "password": "own"}, ("me", "own")),
        ({"JUPYTER_DEP_PUBLISH_USERNAME": "me"}, {}, None),
        ({"JUPYTER_DEP_PUBLISH_TOKEN": " t\n"}, {}, ("__token__", "t")),
    ],
)
def test_which_credentials_come_first(
    environ: dict[str, str], configured: dict[str, str], wanted: tuple[str, str] | None
) -> None:
    assert pair(found(None, environ, {"pypi": configured})) == wanted


def test_what_uv_is_told_for_its_place_is_for_that_place_alone() -> None:
    uv = {"UV_PUBLISH_TOKEN": "uv", "UV_PUBLISH_URL": URL}
    assert pair(found(None, uv)) == ("__token__", "uv") and found(None, uv).url == URL
    assert pair(found(URL.rstrip("/"), uv)) == ("__token__", "uv")
    assert pair(found("https://other.example/", uv)) is None
    assert pair(found("corp", uv, CORP)) == ("__token__", "c0rp")


def test_an_address_that_is_configured_has_its_own_credentials() -> None:
    assert pair(found("https://corp.example/api/pypi/own/", {"JUPYTER_DEP_PUBLISH_TOKEN": "x"}, CORP)) == ("__token__", "c0rp")


def test_credentials_in_a_variable_s_address_go_apart_from_it() -> None:
    place = found(None, {"UV_PUBLISH_URL": "https://me:p%40ss@index.example/legacy/"})
    assert place.url == URL and pair(place) == ("me", "p@ss")
    assert "ss" not in repr(place) + place.shown


@pytest.mark.parametrize(
    ("url", "check"),
    [
        ("https://index.example/legacy/", "https://index.example/simple/"),
        ("https://index.example", "https://index.example/simple/"),
        ("https://corp.example/api/pypi/own", "https://corp.example/api/pypi/own/simple/"),
    ],
)
def test_the_usual_place_of_the_list(url: str, check: str) -> None:
    assert found(url).check == check


def test_the_list_is_asked_with_the_upload_s_credentials_only_on_its_own_host() -> None:
    token = {"JUPYTER_DEP_PUBLISH_TOKEN": "t/0"}
    assert found(URL, token).check == "https://__token__:t%2F0@index.example/simple/"
    elsewhere = {"r": {"url": URL, "index": "https://mirror.example/simple/", "token": "t"}}
    assert found("r", {}, elsewhere).check == "https://mirror.example/simple/"
    other_port = {"r": {"url": URL, "index": "https://index.example:8443/simple/", "token": "t"}}
    assert found("r", {}, other_port).check == "https://index.example:8443/simple/"


def test_an_index_of_the_user_at_that_place_is_the_list() -> None:
    mine = "https://reader:pw@index.example/simple"
    assert found(URL, {"JUPYTER_DEP_PUBLISH_TOKEN": "t"}, default=mine).check == mine
    assert found("https://index.example/team/dev/", extra=("https://index.example/team/dev/+simple/",)).check == (
        "https://index.example/team/dev/+simple/"
    )
    assert found(URL, default="https://other.example/simple").check == "https://index.example/simple/"


@pytest.mark.parametrize(
    ("environ", "trusted"),
    [
        ({"GITHUB_ACTIONS": "true", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "x"}, True),
        ({"GITHUB_ACTIONS": "true"}, False),
        ({"GITLAB_CI": "true", "PYPI_ID_TOKEN": "x"}, True),
        ({"GITLAB_CI": "true"}, False),
        ({"ACTIONS_ID_TOKEN_REQUEST_TOKEN": "x"}, False),
        ({"GITHUB_ACTIONS": "true", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "x", "JUPYTER_DEP_PUBLISH_TOKEN": "t"}, False),
    ],
)
def test_a_build_service_s_identity_is_used_where_it_gives_one_and_nothing_else_is_there(
    environ: dict[str, str], trusted: bool
) -> None:
    assert found(None, environ).trusted is trusted


def test_no_keyring_out_of_a_relative_folder_or_through_a_link_into_the_project(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    program = project / "keyring"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    (tmp_path / "link").symlink_to(project)
    for path in (".", "", str(project), str(tmp_path / "link")):
        assert keyring_program({"PATH": path}, project) is None
    assert keyring_program({"PATH": str(project)}, tmp_path / "other") == program


def test_settings_and_places_show_no_secret_when_they_are_printed() -> None:
    place = found("corp", {"JUPYTER_DEP_PUBLISH_TOKEN": "t0p"}, CORP)
    settings = Settings(
        environ={"JUPYTER_DEP_PUBLISH_TOKEN": "t0p"},
        configured={"repositories": CORP},
        indexes=IndexSettings(),
        state=Path("/s"),
    )
    assert "c0rp" not in repr(place) and "t0p" not in repr(settings) and "c0rp" not in repr(settings)


def test_every_form_of_a_secret_is_masked() -> None:
    upload = Upload(files=(), url=URL, check="https://me:p%40%2Fss@index.example/simple", username="me", password="p@/ss")
    text = "p@/ss p%40%2Fss bWU6cEAvc3M= me:p%40%2Fss"
    assert publish_output.mask_credentials(text, upload) == "*** *** *** ***"


def test_a_server_s_page_becomes_its_words() -> None:
    page = "<!DOCTYPE html><html><head><title>no</title><style>b{}</style></head><body><h1>Error</h1>\n<p>it is <b>late</b></p>"
    assert publish_output.plain(page) == "Error it is late"
    assert publish_output.plain("a < b and\n c") == "a < b and c"
    assert publish_output.plain("x" * 900).endswith("…") and len(publish_output.plain("x" * 900)) < 420


def test_a_bad_address_says_so() -> None:
    with pytest.raises(DepError) as raised:
        found("https://[broken/")
    assert raised.value.code == "bad-repository"
