"""Searching as people meet it: the operation, the verbs, completion; and that typing asks nobody."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.index import Index
from support.sandbox import UserSandbox, terminal_at, user_at
from support.wheels import build_sdist, build_wheel

from jupyter_dep.base.errors import DepError
from jupyter_dep.io.system import process
from jupyter_dep.operations.inspect import search
from jupyter_dep.services import Services
from jupyter_dep_cli.agent import Agent
from jupyter_dep_magics import completion

MANY = 500_000
FIRST_RESULT = 0.05
"""Seconds that a person may wait for the first result (issue 3)."""


@pytest.fixture
def sandbox(tmp_path: Path, toy_index: Index) -> UserSandbox:
    return terminal_at(tmp_path, toy_index)


@pytest.fixture
def me(tmp_path: Path, toy_index: Index) -> UserSandbox:
    return user_at(tmp_path / "me", toy_index.url)


# Nobody is asked while somebody types


def test_typing_asks_no_index_and_starts_no_program(me: UserSandbox, toy_index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    services = me.services()
    search.sync_names(services)
    toy_index.clear()

    def started(*_: object, **__: object) -> None:
        raise AssertionError("a program was started")

    monkeypatch.setattr(process.subprocess, "Popen", started)
    for words in ("a", "al", "alp", "alpha", "alhpa", "pip install alpha beta", "alpha[x]>=1", "zzz", ""):
        search.search(words, me.services())
    assert toy_index.requests == []


def test_searching_does_not_even_load_what_could_ask(me: UserSandbox) -> None:
    code = (
        "import sys; from jupyter_dep.services import Services; from jupyter_dep.operations.inspect import search\n"
        "found = search.search('pandas', Services.of_user())\n"
        "print(found.hits[0].name, [name for name in ('http.client', 'urllib.request', 'ssl') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], env=me.environ(), capture_output=True, text=True, check=True)
    assert done.stdout.split(maxsplit=1) == ["pandas", "[]\n"]


def test_settings_that_cannot_be_read_leave_the_catalogue(me: UserSandbox) -> None:
    configuration = me.home / ".config" / "uv" / "uv.toml"
    configuration.parent.mkdir(parents=True)
    configuration.write_text("not toml at all = = =")
    found = search.search("pandas", me.services())
    assert (found.hits[0].name, found.full) == ("pandas", False)


def test_a_pasted_command_gives_what_is_known_of_each_name(me: UserSandbox) -> None:
    found = search.search("pip install 'pandas[excel]>=2' rich sklearn no-such-thing -U", me.services())
    assert [hit.name for hit in found.hits] == ["pandas", "rich", "scikit-learn"]


def test_a_bound_does_not_hide_the_name(me: UserSandbox) -> None:
    assert search.search("pandas[excel]>=2", me.services()).hits[0].name == "pandas"


def test_a_name_that_could_be_a_slip_is_marked_and_a_popular_one_is_not(me: UserSandbox, toy_index: Index) -> None:
    build_wheel(toy_index.folder, "pandsa", "1.0")
    services = me.services()
    search.sync_names(services)
    marks = {hit.name: hit.near for hit in search.search("pandsa", services).hits}
    assert marks["pandsa"] == "pandas"
    assert marks["pandas"] == ""


def test_what_the_user_has_locked_is_known_afterwards(sandbox: UserSandbox) -> None:
    notebook = sandbox.notebook()
    assert sandbox.dep("add", notebook, "alpha").code == 0
    hits = search.search("bet", sandbox.services()).hits
    assert [(hit.name, hit.source) for hit in hits if hit.source == "locked"] == [("beta", "locked")]
    assert "ipykernel" not in sandbox.services().names.locked()


# One name, on the index that is configured


def test_details_ask_for_exactly_one_name(me: UserSandbox, toy_index: Index) -> None:
    found = search.details("Alpha", me.services())
    assert (found.name, found.versions) == ("alpha", ("2.0", "1.1", "1.0"))
    assert found.size == next(path.stat().st_size for path in toy_index.folders[1].glob("alpha-2.0*"))
    assert toy_index.asked() == ["/simple/alpha/", "/files/alpha-2.0-py3-none-any.whl.metadata"]


def test_details_read_an_index_that_knows_only_html(me: UserSandbox, toy_index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jupyter_dep.io.index.http.ACCEPT", "text/html")
    monkeypatch.setattr("jupyter_dep.io.index.http.Page.__init__.__defaults__", ("text/html",))
    found = search.details("alpha", me.services())
    assert found.versions == ("2.0", "1.1", "1.0")


def test_details_tell_the_summary_and_the_python_of_the_newest_version(me: UserSandbox, toy_index: Index) -> None:
    build_wheel(toy_index.folder, "told", "1.0")
    wheel = build_wheel(toy_index.folder, "told", "2.0")
    _with_metadata(wheel, "Summary: Does\t one <b>thing</b>\nRequires-Python: >=3.10\n")
    found = search.details("told", me.services())
    assert (found.summary, found.requires_python) == ("Does one <b>thing</b>", ">=3.10")


def test_details_leave_out_what_was_withdrawn_and_what_is_not_final(me: UserSandbox, toy_index: Index) -> None:
    for version in ("1.0", "1.10", "1.9", "2.0rc1"):
        build_wheel(toy_index.folder, "many", version)
    toy_index.add(build_wheel(toy_index.folder, "many", "3.0"), yanked="broken")
    assert search.details("many", me.services()).versions == ("1.10", "1.9", "1.0")


def test_details_tell_at_most_fifty_versions(me: UserSandbox, toy_index: Index) -> None:
    for number in range(60):
        build_sdist(toy_index.folder, "often", f"1.{number}")
    versions = search.details("often", me.services()).versions
    assert len(versions) == 50
    assert versions[0] == "1.59"


def test_the_first_configured_index_that_has_the_name_decides(me: UserSandbox, toy_index: Index, index: Index) -> None:
    build_wheel(index.folder, "alpha", "9.0")
    services = me.services(UV_INDEX=index.url)
    assert search.details("alpha", services).versions == ("9.0",)
    assert search.details("beta", services).versions == ("2.0", "1.0")


@pytest.mark.parametrize(
    ("name", "code", "hint"),
    [
        ("no-such-thing", "unknown-package", "spelling"),
        ("pandsa", "unknown-package", "`pandas`"),
        ("sklearn", "unknown-package", "`scikit-learn`"),
        ("../../files", "bad-requirement", ""),
        ("<b>", "bad-requirement", ""),
        ("alpha\u202e", "bad-requirement", ""),
        ("", "bad-requirement", ""),
    ],
)
def test_a_name_that_nobody_has_is_told_with_what_may_be_meant(me: UserSandbox, name: str, code: str, hint: str) -> None:
    with pytest.raises(DepError) as caught:
        search.details(name, me.services())
    assert caught.value.code == code
    assert hint in str(caught.value.hint)


def test_an_index_that_is_down_is_no_unknown_name(me: UserSandbox, toy_index: Index) -> None:
    toy_index.stop()
    with pytest.raises(DepError) as caught:
        search.details("alpha", me.services())
    assert caught.value.code == "network"


def test_a_page_of_other_names_files_is_not_believed(me: UserSandbox, toy_index: Index) -> None:
    toy_index.redirect("/simple/wanted/", f"{toy_index.url}/alpha/")
    with pytest.raises(DepError) as caught:
        search.details("wanted", me.services())
    assert caught.value.code == "unknown-package"


# The verbs


@pytest.mark.poetry("poetry search WORDS")
def test_search_prints_a_ranked_list_and_the_next_step(sandbox: UserSandbox) -> None:
    ran = sandbox.dep("search", "read", "excel")
    assert ran.code == 0
    assert "openpyxl" in ran.out
    assert "next: jupyter dep add NOTEBOOK" in ran.out
    assert "index sync" in ran.out


def test_search_as_json_is_the_wire(sandbox: UserSandbox) -> None:
    entry = sandbox.dep("search", "pandas", "--json", "-n", "3").entry
    assert entry["full"] is False
    assert [set(hit) for hit in entry["hits"]] == [{"name", "summary", "tier", "source", "near"}] * 3
    assert entry["hits"][0]["name"] == "pandas"


def test_search_that_finds_nothing_says_so_and_what_to_do(sandbox: UserSandbox) -> None:
    ran = sandbox.dep("search", "zzzzqqqq")
    assert ran.code == 0
    assert "no packages found for `zzzzqqqq`" in ran.out
    assert "index sync" in ran.out


@pytest.mark.parametrize("arguments", [("search",), ("search", "x", "-n", "0"), ("search", "x", "-n", "many")])
def test_search_without_words_or_with_an_odd_number_is_a_usage_error(sandbox: UserSandbox, arguments: tuple[str, ...]) -> None:
    sandbox.refused(*arguments, code="bad-usage", exit_code=2)


def test_index_is_stored_shown_and_removed(sandbox: UserSandbox) -> None:
    assert "no names are stored" in sandbox.dep("index", "info").out
    stored = sandbox.dep("index", "sync")
    assert stored.code == 0
    assert "stored 7 names" in stored.out
    assert sandbox.index.url in sandbox.dep("index", "info").out
    assert sandbox.dep("search", "epsilon", "--json").entry["hits"][0]["source"] == "index"
    assert sandbox.dep("index", "remove", "--json").entry["removed"][0]["names"] == 7
    assert sandbox.dep("search", "epsilon", "--json").entry["hits"] == []


def test_a_sync_that_fails_is_told_like_every_error(sandbox: UserSandbox) -> None:
    sandbox.index.fail("/simple/", 503)
    sandbox.refused("index", "sync", code="index-failed", exit_code=5)


def test_a_hostile_index_writes_nothing_to_the_terminal(sandbox: UserSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("support.pages.json_list", lambda _: json.dumps({"projects": [{"name": "a\x1b[2Jb\u202e"}]}).encode())
    ran = sandbox.dep("index", "sync")
    assert "left out 1 invalid name" in ran.out
    assert "\x1b" not in ran.said + sandbox.dep("search", "a").said


def test_a_cell_may_search_and_may_not_sync(me: UserSandbox, tmp_path: Path) -> None:
    found = _in_cell(me, tmp_path, "search pandas")
    assert found["type"] == "outcome"
    assert found["report"]["tables"][0]["rows"][0][0] == "pandas"
    refused = _in_cell(me, tmp_path, "index sync")
    assert (refused["type"], refused["code"]) == ("failure", "not-from-a-cell")


# Completion


def test_completion_offers_well_known_names_after_add_the_best_known_first() -> None:
    verbs, popular = completion.read_commands(), completion.read_popular()
    found = completion.suggest("%dep add pa", verbs, popular=popular)
    assert found.fragment == "pa"
    assert found.options[0] == "pandas"
    assert {"panel", "papermill"} <= set(found.options)


def test_completion_offers_nothing_before_a_letter_and_nothing_that_is_there() -> None:
    verbs, popular = completion.read_commands(), completion.read_popular()
    assert completion.suggest("%dep add ", verbs, popular=popular).options == ()
    assert "pandas" not in completion.suggest("%dep add pandas pan", verbs, popular=popular).options


# Half a million names


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> UserSandbox:
    """Somebody whose index has 500,000 names: words, two of them, made-up syllables, with numbers behind."""
    words = ["data", "py", "torch", "tool", "api", "client", "web", "net", "graph", "image", "text", "django", "async", "plot"]
    syllables = [first + second for first in "bcdfghkl" for second in "aeiou"]
    heads = words + [one + other for one in syllables for other in syllables]
    tails = [
        *(f"-{word}" for word in words),
        *(f"{one}{other}" for one in syllables[::9] for other in syllables[::7]),
        "-geometric",
    ]
    made = [f"{head}{tail}{number}" for number in ("", 2, 3, 7, 10, 24, 2026) for tail in tails for head in heads]
    made = list(dict.fromkeys(made))[:MANY]
    assert len(made) == MANY
    me = user_at(tmp_path_factory.mktemp("crowded"), "https://index.example/simple")
    services = me.services()
    services.names.store(services.indexes.identity, services.indexes.identity, made)
    return me


@pytest.mark.alone
@pytest.mark.parametrize(
    "words",
    ["p", "py", "dat", "graph", "pandsa", "tool data", "data-plot", "torch-geometric", "zzqqxx", "djnago", "asyncdatamodel"],
)
def test_the_first_result_comes_in_time_with_half_a_million_names(crowded: UserSandbox, words: str) -> None:
    took = []
    for _ in range(5):
        services = crowded.services()
        _forget_pages(services)
        started = time.perf_counter()
        found = search.search(words, services)
        took.append(time.perf_counter() - started)
    assert found.full
    assert min(took) <= FIRST_RESULT


def test_half_a_million_names_are_found_by_beginning_part_and_slip(crowded: UserSandbox) -> None:
    services = crowded.services()
    for words in ("dat", "lot-text", "graph-dtaa"):
        names = {hit.name for hit in search.search(words, services, 50).hits if hit.source == "index"}
        assert names, words


def _forget_pages(services: Services) -> None:
    """Drop the file from the page cache, where the system can."""
    if hasattr(os, "posix_fadvise"):
        for path in services.names.folder.glob("*.sqlite"):
            handle = os.open(path, os.O_RDONLY)
            os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(handle)


def _in_cell(me: UserSandbox, folder: Path, line: str) -> dict[str, Any]:
    """What a kernel's agent answers to a line."""
    sink = io.StringIO()

    def source() -> Iterator[str]:
        yield json.dumps({"id": 1, "line": line, "cwd": str(folder), "type": "request"}) + "\n"
        ends = time.monotonic() + 20
        while not sink.getvalue() and time.monotonic() < ends:
            time.sleep(0.01)

    Agent(source(), sink, me.services()).serve()  # type: ignore[arg-type]
    answer: dict[str, Any] = json.loads(sink.getvalue().splitlines()[-1])
    return answer


def _with_metadata(wheel: Path, lines: str) -> None:
    """Add headers to a wheel's METADATA."""
    with zipfile.ZipFile(wheel) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, data in content.items():
            if name.endswith("METADATA"):
                data = data.replace(b"\nVersion:", f"\n{lines}Version:".encode(), 1)
            archive.writestr(name, data)
