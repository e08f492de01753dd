"""The stored list of an index's names: what is taken in, what is kept out, who may read it, and how it answers."""

from __future__ import annotations

import gzip
import json
import os
import stat
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from support.index import Index
from support.sandbox import UserSandbox, user_at
from support.wheels import build_wheel
from support.wire import Answer, Request

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.progress import CancelToken, Progress
from jupyter_dep.io.index.http import JSON, Limits, Page
from jupyter_dep.io.index.name_cache import NameCache, normalised
from jupyter_dep.io.index.simple_api import names_of_root
from jupyter_dep.operations.inspect import index_metadata, search
from jupyter_dep.services import Services

ROOT = "/simple/"
HOSTILE = [
    "<script>alert(1)</script>",
    "evil\u202ename",
    "null\x00byte",
    "line\nbreak",
    "пандас",
    "-dash",
    "dot.",
    "",
    "a" * 500,
    "pand\u0430s",
    "a b",
    "../../etc",
]


class Odd(Index):
    """An index that answers what a test put into `instead` for a path, a function or an answer."""

    def __init__(self, *folders: Path) -> None:
        super().__init__(*folders)
        self.instead: dict[str, Answer] = {}

    def _content(self, request: Request) -> Answer:
        return self.instead.get(request.path) or super()._content(request)

    def root(self, *names: str) -> None:
        body = json.dumps({"meta": {"api-version": "1.1"}, "projects": [{"name": name} for name in names]}).encode()
        self.instead[ROOT] = Answer(headers={"Content-Type": JSON}, body=body)

    def html(self, body: str) -> None:
        self.instead[ROOT] = Answer(headers={"Content-Type": "text/html; charset=utf-8"}, body=body.encode())


@pytest.fixture
def odd(tmp_path: Path) -> Iterator[Odd]:
    with Odd(tmp_path / "odd") as served:
        served.folder.mkdir()
        yield served


@pytest.fixture
def me(tmp_path: Path, odd: Odd) -> UserSandbox:
    return user_at(tmp_path / "me", odd.url)


def synced(me: UserSandbox, **more: str) -> Services:
    services = me.services(**more)
    search.sync_names(services)
    return services


def names(services: Services, words: str) -> list[str]:
    return [hit.name for hit in search.search(words, services).hits]


# What is taken in


def test_a_stored_list_is_searched_and_says_so(odd: Odd, me: UserSandbox) -> None:
    odd.root("Corp-Report", "corp.plots", "reporting_corp")
    services = me.services()
    assert not search.search("corp", services).full
    assert names(services, "corp-rep") == []
    told = search.sync_names(services)
    assert (told.stored.names, told.stored.dropped, told.left_out) == (3, 0, ())
    found = search.search("corp", services)
    assert found.full
    assert [(hit.name, hit.source, hit.tier) for hit in found.hits if hit.source == "index"] == [
        ("corp-plots", "index", 0),
        ("corp-report", "index", 0),
        ("reporting-corp", "index", 0),
    ]


def test_what_is_no_name_is_left_out_and_counted(odd: Odd, me: UserSandbox) -> None:
    odd.root("honest", *HOSTILE)
    stored = search.sync_names(me.services()).stored
    assert (stored.names, stored.dropped) == (1, len(HOSTILE))
    for words in ("script", "evil", "null", "pand\u0430s", "etc"):
        assert [hit for hit in search.search(words, me.services()).hits if hit.source == "index"] == []


@pytest.mark.parametrize("text", HOSTILE)
def test_no_hostile_text_becomes_a_name(text: str) -> None:
    assert normalised(text) is None


@pytest.mark.parametrize(
    ("text", "name"), [("Flask_SQLAlchemy", "flask-sqlalchemy"), ("zope.interface", "zope-interface"), ("A", "a")]
)
def test_names_are_normalised(text: str, name: str) -> None:
    assert normalised(text) == name


def test_an_index_without_json_is_read_as_html(odd: Odd, me: UserSandbox) -> None:
    odd.html(
        '<html><body><a href="/simple/one/">One</a><br>\n<A HREF="x" title="y">two &amp; half</A><a>three</a></body></html>'
    )
    stored = search.sync_names(me.services()).stored
    assert (stored.names, stored.dropped) == (2, 1)


def test_a_compressed_answer_is_understood(odd: Odd, me: UserSandbox) -> None:
    odd.root("packed-name")
    plain = odd.instead[ROOT]
    odd.instead[ROOT] = replace(plain, headers={**plain.headers, "Content-Encoding": "gzip"}, body=gzip.compress(plain.body))
    assert search.sync_names(me.services()).stored.names == 1


def test_entries_cut_anywhere_are_put_together_again() -> None:
    body = json.dumps({"projects": [{"name": f"näme-{n}", "x": [1, {"y": "]"}]} for n in range(50)], "meta": {}}).encode()
    for size in (1, 2, 3, 7, 64):
        pieces = [body[at : at + size] for at in range(0, len(body), size)]
        assert list(names_of_root(JSON, pieces, "index.example")) == [f"näme-{n}" for n in range(50)]


@pytest.mark.parametrize("kind", [JSON, "text/html"])
def test_a_page_that_never_comes_to_a_name_takes_time_in_proportion_to_its_size(kind: str) -> None:
    junk = (b'{"projects": [' + b'{"name": ' * 20_000, b"<a <a <a <a" * 20_000)[kind != JSON]
    started = time.monotonic()
    with pytest.raises(DepError) as caught:
        list(names_of_root(kind, [junk[at : at + 4096] for at in range(0, len(junk), 4096)] * 5, "index.example"))
    assert caught.value.code == "no-package-page"
    assert time.monotonic() - started < 5


def test_names_of_extra_indexes_are_stored_too_and_one_without_a_list_is_named(odd: Odd, me: UserSandbox, index: Index) -> None:
    odd.root("from-default")
    build_wheel(index.folder, "from-extra", "1.0")
    services = me.services(UV_INDEX=f"{index.url} {index.origin}/nothing")
    told = search.sync_names(services)
    assert {"from-default", "from-extra"} <= set(names(services, "from"))
    assert len(told.left_out) == 1
    assert "/nothing" in told.left_out[0]
    assert told.stored.indexes == (odd.url, index.url, f"{index.origin}/nothing")


def test_the_list_of_another_index_is_not_searched(odd: Odd, me: UserSandbox, mirror: Index) -> None:
    odd.root("only-here")
    synced(me)
    elsewhere = me.services(UV_DEFAULT_INDEX=mirror.url)
    assert names(elsewhere, "only-here") == []
    assert not search.search("only", elsewhere).full


# Where it lies


@pytest.mark.skipif(os.name == "nt", reason="modes of POSIX")
def test_nobody_else_may_read_what_is_stored(odd: Odd, me: UserSandbox) -> None:
    odd.root("name")
    before = os.umask(0)
    try:
        services = synced(me)
        services.names.add_locked(["numpy"])
    finally:
        os.umask(before)
    folder = services.names.folder
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert len(list(folder.iterdir())) == 2


def test_credentials_are_neither_stored_nor_told(odd: Odd, me: UserSandbox) -> None:
    odd.root("name")
    odd.require_auth("me", "s3cret word")
    services = me.services(UV_DEFAULT_INDEX=odd.url.replace("http://", "http://me:s3cret%20word@"))
    told = search.sync_names(services)
    assert told.stored.indexes == (odd.url,)
    assert all(b"s3cret" not in path.read_bytes() for path in services.names.folder.iterdir())


def test_a_new_list_takes_the_place_of_the_old_one(odd: Odd, me: UserSandbox) -> None:
    odd.root("old-name")
    services = synced(me)
    odd.root("new-name")
    search.sync_names(services)
    assert names(services, "old-name") == []
    assert names(services, "new-name") == ["new-name"]
    assert len(services.names.stored()) == 1


def test_a_sync_that_fails_leaves_the_list_that_was_there(odd: Odd, me: UserSandbox) -> None:
    odd.root("kept-name")
    services = synced(me)
    odd.fail(ROOT, 503)
    with pytest.raises(DepError):
        search.sync_names(services)
    assert names(services, "kept-name") == ["kept-name"]
    assert [path.suffix for path in services.names.folder.iterdir()] == [".sqlite"]


def test_a_damaged_list_is_passed_over_and_can_be_removed(odd: Odd, me: UserSandbox) -> None:
    odd.root("name")
    services = synced(me)
    (file,) = services.names.folder.glob("*.sqlite")
    file.write_bytes(b"no database" * 1000)
    assert not search.search("pandas", services).full
    assert names(services, "pandas")[0] == "pandas"
    assert services.names.stored() == ()
    services.names.remove_stored()
    assert not file.exists()


def test_names_that_were_locked_are_found_and_stay_in_bounds(tmp_path: Path) -> None:
    names = NameCache(tmp_path / "names")
    names.add_locked(["corp-secret", "numpy"])
    names.add_locked(["corp-secret", "other"])
    assert names.locked() == ("corp-secret", "numpy", "other")
    names.add_locked(f"n{number}" for number in range(6000))
    assert len(names.locked()) == 5000
    assert names.locked()[-1] == "n5999"


def test_a_memory_of_locked_names_that_somebody_spoiled_is_no_error(tmp_path: Path) -> None:
    names = NameCache(tmp_path / "names")
    names.add_locked(["fine"])
    (tmp_path / "names" / "locked.json").write_text('["fine", 7, "<b>", "UPPER", null]')
    assert names.locked() == ("fine",)
    (tmp_path / "names" / "locked.json").write_text("{")
    assert names.locked() == ()


# A network that misbehaves


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (lambda odd: odd.fail(ROOT, 503), "index-failed"),
        (lambda odd: odd.fail(ROOT, 403), "index-refused"),
        (lambda odd: odd.fail(ROOT, 404), "no-package-page"),
        (lambda odd: odd.require_auth("a", "b"), "index-refused"),
        (lambda odd: odd.truncate(ROOT), "broken-download"),
        (lambda odd: odd.html("<h1>Welcome to the hotel</h1><p>Please log in"), "no-package-page"),
        (lambda odd: odd.root(), "no-package-page"),
        (lambda odd: odd.stop(), "network"),
        (lambda odd: odd.redirect(ROOT, "file:///etc/passwd"), "index-failed"),
        (lambda odd: odd.redirect(ROOT, "http://user:pw@127.0.0.1:9/"), "network"),
        (lambda odd: odd.redirect(ROOT, odd.url + "/"), "index-failed"),
    ],
    ids=["503", "403", "404", "401", "cut", "login page", "empty", "down", "to a file", "to credentials", "in circles"],
)
def test_what_goes_wrong_is_told_with_its_code(odd: Odd, me: UserSandbox, fault: object, code: str) -> None:
    odd.root(*(f"name-{number}" for number in range(1000)))
    fault(odd)  # type: ignore[operator]
    with pytest.raises(DepError) as caught:
        search.sync_names(me.services())
    assert caught.value.code == code
    assert caught.value.hint
    assert me.services().names.stored() == ()


@pytest.mark.counts("network", "a trickle")
def test_a_server_that_trickles_is_left_at_the_deadline(odd: Odd, me: UserSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_metadata, "_ROOT", Limits(size=1 << 20, seconds=0.6))
    odd.root(*(f"name-{number}" for number in range(1000)))
    odd.trickle(ROOT, 100)
    started = time.monotonic()
    with pytest.raises(DepError) as caught:
        search.sync_names(me.services())
    assert caught.value.code == "network"
    assert time.monotonic() - started < 3


def test_a_server_that_sends_without_end_is_stopped(odd: Odd, me: UserSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_metadata, "_ROOT", Limits(size=100_000, seconds=20))
    odd.root(*(f"name-{number}" for number in range(10_000)))
    with pytest.raises(DepError) as caught:
        search.sync_names(me.services())
    assert caught.value.code == "index-failed"


def test_a_compression_bomb_is_stopped_at_the_limit(odd: Odd) -> None:
    bomb = gzip.compress(b"x" * (64 << 20))
    odd.instead[ROOT] = Answer(headers={"Content-Type": JSON, "Content-Encoding": "gzip"}, body=bomb)
    page = Page(odd.url + "/", Services.of_user({"UV_DEFAULT_INDEX": odd.url}).indexes, Limits(size=1 << 20, seconds=20), None)
    size = 0
    with pytest.raises(DepError, match="more than 1 MB"):  # noqa: PT012  it fails on the way
        for piece in page.pieces():
            size += len(piece)
    assert size <= 1 << 20


def test_cancel_ends_it_at_once(odd: Odd, me: UserSandbox) -> None:
    odd.root("name")
    odd.delay(ROOT, 20)
    cancel = CancelToken()
    threading.Timer(0.2, cancel.set).start()
    started = time.monotonic()
    with pytest.raises(DepError) as caught:
        search.sync_names(me.services(), cancel=cancel)
    assert caught.value.code == "cancelled"
    assert time.monotonic() - started < 3


def test_progress_is_told_in_bytes(odd: Odd, me: UserSandbox) -> None:
    odd.root(*(f"name-{number}" for number in range(5000)))
    told: list[Progress] = []
    search.sync_names(me.services(), told.append)
    downloading = [one for one in told if one.phase == "downloading"]
    assert downloading[-1].bytes_done == downloading[-1].bytes_total == len(odd.instead[ROOT].body)
    assert told[-1].phase == "sealing"


def test_credentials_stay_within_their_origin(odd: Odd, me: UserSandbox, index: Index) -> None:
    build_wheel(index.folder, "moved", "1.0")
    odd.require_auth("me", "secret")
    odd.redirect(ROOT, f"{index.origin}{{path}}")
    with_credentials = odd.url.replace("http://", "http://me:secret@")
    services = me.services(UV_DEFAULT_INDEX=with_credentials)
    search.sync_names(services)
    assert [("authorization" in request.headers) for request in odd.requests] == [True]
    assert [("authorization" in request.headers) for request in index.requests] == [False]


def test_credentials_go_along_within_one_origin(odd: Odd, me: UserSandbox) -> None:
    odd.instead["/moved/"] = Answer(headers={"Content-Type": JSON}, body=b'{"projects": [{"name": "here"}]}')
    odd.redirect(ROOT, f"{odd.origin}/moved/")
    services = me.services(UV_DEFAULT_INDEX=odd.url.replace("http://", "http://me:secret@"))
    assert search.sync_names(services).stored.names == 1
    assert all("authorization" in request.headers for request in odd.requests)


def test_a_proxy_is_used_as_configured_and_passed_over_as_configured(odd: Odd, me: UserSandbox, index: Index) -> None:
    build_wheel(index.folder, "behind-proxy", "1.0")
    far = {"UV_DEFAULT_INDEX": "http://far.example/simple", "HTTP_PROXY": index.origin}
    assert search.sync_names(me.services(**far)).stored.names == 1
    assert index.requests[0].host == "far.example"
    odd.root("near-name", "other-name")
    assert search.sync_names(me.services(HTTP_PROXY=index.origin, NO_PROXY="127.0.0.1")).stored.names == 2


def test_settings_that_switch_indexes_off_are_obeyed(odd: Odd, me: UserSandbox) -> None:
    with pytest.raises(DepError) as caught:
        search.sync_names(me.services(PIP_NO_INDEX="1", UV_DEFAULT_INDEX=""))
    assert caught.value.code == "no-index"
    assert odd.requests == []
