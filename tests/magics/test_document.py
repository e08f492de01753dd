"""What a cell shows: the same words as text and as HTML, and nothing in them that misleads."""

from __future__ import annotations

import re

import pytest

from jupyter_dep_magics import DepFailure
from jupyter_dep_magics.document import bundle, html, plain
from jupyter_dep_magics.text import aligned, visible
from jupyter_dep_magics.wire import Failure, Outcome, Progress, Report, Table, parse

REPORT = Report(
    headline="added `numpy`",
    tone="good",
    lines=("locked 36 packages",),
    tables=(
        Table(
            title="changes",
            columns=("package", "version"),
            rows=(("numpy", "2.1"), ("python-dateutil", "2.9")),
            tones=("good", "warn"),
        ),
    ),
    notes=("no wheel for musl",),
    next=("`%dep show`",),
)


def test_plain_text_has_aligned_columns() -> None:
    assert plain(REPORT) == (
        "added `numpy`\n"
        "locked 36 packages\n"
        "changes\n"
        "  package          version\n"
        "  numpy            2.1\n"
        "  python-dateutil  2.9\n"
        "note: no wheel for musl\n"
        "next: `%dep show`"
    )


def test_html_says_the_same_words() -> None:
    page = re.sub(r"<[^>]+>", " ", html(REPORT)).split()
    words = plain(REPORT).replace("`", "").split()
    assert sorted(page) == sorted(words)


@pytest.mark.counts("markup", "in a cell")
def test_html_has_no_markup_from_outside() -> None:
    evil = '<img src=x onerror="alert(1)"> & `</code><b>`'
    report = Report(evil, "good", (evil,), (Table(evil, (evil,), ((evil,),), ("bad",)),), (evil,), (evil,))
    tags = set(re.findall(r"</?([a-z]+)", html(report)))
    assert tags <= {"div", "table", "tr", "td", "th", "span", "code"}
    folded = html(report._replace(folded=True))
    assert set(re.findall(r"</?([a-z]+)", folded)) <= {*tags, "details", "summary"}
    assert not re.findall(r'<[a-z]+ (?!style="[^"]*">)[^>]+>', html(report))


def test_colours_follow_the_front_ends_theme_and_have_a_fallback() -> None:
    # `inherit` takes the page's colour, whatever the theme
    styles = re.findall(r"color:([^;\"]+)", html(REPORT))
    assert len(styles) >= 3
    assert all(re.fullmatch(r"var\(--jp-[\w-]+, .+\)|inherit", style) for style in styles)


@pytest.mark.counts("markup", "in a cell")
@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("numpy\u202egnp", "numpy\\u202egnp"),
        ("a\u200bb", "a\\u200bb"),
        ("a\x1b[31mb", "a\\u001b[31mb"),
        ("a\nb", "a\\u000ab"),
        ("paquet déjà là, 数", "paquet déjà là, 数"),
    ],
)
def test_hidden_characters_become_visible(text: str, shown: str) -> None:
    assert visible(text) == shown
    assert plain(Report(headline=text)) == shown
    assert shown.replace("<", "&lt;").replace(">", "&gt;") in html(Report(headline=text))


@pytest.mark.counts("markup", "in a cell")
def test_failure_hides_nothing_either() -> None:
    lines = DepFailure("x", "bad \x1b[0m name", hint="a\u202eb", context={"file": "\u202e.ipynb"})._render_traceback_()
    assert lines == ["\x1b[31mbad \\u001b[0m name (\\u202e.ipynb)\x1b[0m", "next: a\\u202eb"]


def test_wide_characters_take_two_columns() -> None:
    assert aligned([["数", "a"], ["ab", "b"], ["c"]]) == ["数  a", "ab  b", "c"]


def test_bundle_has_text_for_every_front_end() -> None:
    assert set(bundle(REPORT)) == {"text/plain", "text/html"}


@pytest.mark.parametrize("line", ["", "hello", "[]", "{}", '{"type": "outcome"}', '{"type": "new", "id": 1}'])
def test_a_line_that_is_not_a_message_is_ignored(line: str) -> None:
    assert parse(line) is None


def test_messages_need_no_more_than_their_id() -> None:
    assert parse('{"type": "progress", "id": 1, "text": "resolving"}') == Progress(1, "resolving")
    assert isinstance(parse('{"type": "outcome", "id": 1, "later": true}'), Outcome)
    failure = parse('{"type": "failure", "id": 1}')
    assert isinstance(failure, Failure)
    assert failure.message
