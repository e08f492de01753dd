"""Markup and control characters in names, summaries and errors: text in the terminal, in a cell and on the page."""

from __future__ import annotations

import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from faults.conftest import Tally
from support.rest import Asker
from support.sandbox import UserSandbox

from jupyter_dep.base.errors import ConflictError
from jupyter_dep.base.progress import Progress
from jupyter_dep.messages import Failure, Outcome, Report, Table
from jupyter_dep.operations.kernel_start.result import Refused
from jupyter_dep_cli.terminal import ProgressDisplay, Terminal
from jupyter_dep_kernels.placeholder import diagnosis
from jupyter_dep_kernels.placeholder.progress_output import ProgressOutput
from jupyter_dep_kernels.placeholder.sockets import Request
from jupyter_dep_magics import DepFailure
from jupyter_dep_magics import document as cell
from jupyter_dep_magics import wire as cell_wire

ROOT = Path(__file__).parents[2]

PAYLOADS = (
    # what becomes an element, an attribute or a script
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
    "<svg/onload=alert(1)>",
    "<iframe src=javascript:alert(1)>",
    '"><img src=x onerror=alert(1)>',
    "'><b onmouseover=alert(1)>",
    "</div></td></table><script>1</script>",
    "<style>*{display:none}</style>",
    "<a href='javascript:alert(1)'>x</a>",
    "<math><mtext><img src=x onerror=1>",
    "<!--",
    "-->",
    "<![CDATA[<b>]]>",
    "<?php ?>",
    "&lt;b&gt;",
    "&#60;script&#62;",
    "`</code><b>`",
    "`<b>`",
    "[x](javascript:alert(1))",
    "![x](http://evil.example/x.png)",
    "$\\href{javascript:alert(1)}{x}$",
    "{{7*7}}",
    "{% raw %}",
    "${7*7}",
    "<base href=//evil.example/>",
    "<meta http-equiv=refresh content=0>",
    "<form action=//evil.example><button>OK</button>",
    "<jp-dep-badge>",
    "javascript:alert(1)",
    "data:text/html,<b>",
    # what steers a terminal
    "\x1b[2J\x1b[H",
    "\x1b]0;owned\x07",
    "\x1b]52;c;ZXZpbA==\x07",
    "\x1b]8;;http://evil.example\x1b\\click\x1b]8;;\x1b\\",
    "\x1b[35mpurple\x1b[35m",
    "\x9b2J",
    "\x1bP+q\x1b\\",
    "\x1b[6n",
    "\rovertyped",
    "\x08\x08\x08gone",
    "\x07",
    "\x00nul",
    "a\x0bb\x0cc",
    "\x7f",
    # what reorders, hides or pretends
    "safe\u202egnp.exe",
    "\u2066a\u2069\u200f",
    "zero\u200bwidth\u2060",
    "two\u2028lines\u2029here",
    "\ufeffbom",
    "line\nerror: all is well",
)
STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
OUR_COLOURS = re.compile(r"\x1b\[(?!35m)[0-9;]*m")
"""What we write ourselves: everything but purple, which a payload asks for."""
OURS = {"div", "table", "tr", "td", "th", "span", "code", "progress"}


class Tags(HTMLParser):
    """Every element and attribute that a browser would make of a text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: set[str] = set()
        self.odd: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_comment(self, data: str) -> None:
        self.odd.append(data)

    def handle_decl(self, decl: str) -> None:
        self.odd.append(decl)

    def handle_pi(self, data: str) -> None:
        self.odd.append(data)


class Screen(io.StringIO):
    """A terminal."""

    def isatty(self) -> bool:
        return True


class Nowhere:
    """The sockets of a kernel without clients."""

    def __init__(self) -> None:
        self.sent: list[Any] = []

    def publish(self, kind: str, content: Any, parent: Any) -> None:
        self.sent.append(content)


def _report(text: str) -> Report:
    table = Table(title=text, columns=(text, "b"), rows=((text, text),), tones=("bad",))
    return Report(headline=text, tone="bad", lines=(text,), tables=(table,), notes=(text,), next=(text,))


def _terminal(text: str) -> list[str]:
    """What is written of a text to a log and to a terminal, without our own colours."""
    said = []
    failed = Failure(
        verb="add", code="conflict", message=f"x {text}", context={"file": text, "key": text}, hint=text, exit_code=4
    )
    for stream in (io.StringIO, Screen):
        out, err = stream(), stream()
        terminal = Terminal(out, err)
        terminal.show(Outcome(verb="show", report=_report(text)))
        terminal.show(failed)
        with ProgressDisplay(Terminal(out, io.StringIO())) as telling:
            telling.about(text, Progress(phase="running", detail=text))
            telling.about(text, Progress(phase="resolving", detail=text))
            said.append(telling.terminal.err.getvalue())  # type: ignore[attr-defined]
        said += [out.getvalue(), err.getvalue()]
    return [OUR_COLOURS.sub("", one) for one in said]


@pytest.mark.parametrize("number", range(len(PAYLOADS)))
def test_a_hostile_text_steers_no_terminal(number: int, tally: Tally) -> None:
    text = PAYLOADS[number]
    for said in _terminal(text):
        assert not STEERING.search(said), repr(said)
        if "\n" in text:  # only a message may have several lines, and they are indented: none begins like one of ours
            assert not re.search(r"^error: all is well", said, re.MULTILINE), said
    tally("markup", cases=1, held=1)


@pytest.mark.parametrize("number", range(len(PAYLOADS)))
def test_a_hostile_text_is_text_in_a_cell(number: int, tally: Tally) -> None:
    text = PAYLOADS[number]
    table = cell_wire.Table(text, (text, "b"), ((text, text),), ("bad",))
    report = cell_wire.Report(text, "bad", (text,), (table,), (text,), (text,))
    sockets = Nowhere()
    display = ProgressOutput(sockets)  # type: ignore[arg-type]
    display.headline, display.progress = text, Progress(phase="running", detail=text, done=1, total=2)
    display.place(Request(channel="shell", identities=(), header={"msg_id": "1"}, content={}, frames=()))
    display.show()
    (progress,) = sockets.sent
    pages = [cell.bundle(report), cell.line_bundle(text), {"text/html": cell.text_html(text), "text/plain": ""}]
    for page in pages:
        found = Tags(page["text/html"])
        assert found.names <= OURS and found.attributes <= {"style"} and not found.odd, (
            found.names,
            found.attributes,
            found.odd,
        )
        for kind in page.values():
            assert not STEERING.search(kind), repr(kind)
    assert not STEERING.search(progress["data"]["text/plain"])
    shown = Tags(progress["data"]["text/html"])
    assert shown.names <= OURS and shown.attributes <= {"max", "value"} and not shown.odd
    refused = Refused(code="conflict", message=f"x {text}", steps=(text,))
    content = diagnosis.error_content(refused, (text,))
    lines = [str(content["evalue"]), *content["traceback"]]  # type: ignore[misc]
    failed = DepFailure("conflict", f"x {text}", hint=text, context={"file": text})
    lines += [str(failed), *(line.removeprefix("\x1b[31m").removesuffix("\x1b[0m") for line in failed._render_traceback_())]
    ours = diagnosis.of_error(ConflictError("conflict", f"x {text}", hint=text, context={"file": text}))
    lines += diagnosis.lines(ours)
    for line in lines:
        assert not STEERING.search(line), repr(line)
    tally("markup", cases=1, held=1)


SINKS = re.compile(
    r"\binnerHTML\s*=|\bouterHTML\s*=|insertAdjacentHTML|dangerouslySetInnerHTML|document\.write\b|\beval\(|new Function\("
)


def test_the_page_has_no_place_where_text_could_become_markup(tally: Tally) -> None:
    sources = [path for path in (ROOT / "labext" / "src").rglob("*.ts*") if ".spec." not in path.name]
    assert len(sources) > 20
    found = [(path.name, line) for path in sources for line in path.read_text("utf-8").splitlines() if SINKS.search(line)]
    assert not found
    assert SINKS.search("host.innerHTML = name"), "the positive control"
    tally("markup", cases=1, held=1)


async def test_what_the_page_is_told_is_never_a_document(rest: Asker, rest_sandbox: UserSandbox, tally: Tally) -> None:
    """A hostile name comes back in answers and errors: as JSON, which no browser renders or sniffs."""
    held = 0
    names = [f"{text}.ipynb" for text in PAYLOADS if "/" not in text and "\0" not in text and len(text.encode()) < 200]
    for name in names:
        for path in (name, f"no/{name}"):
            if path == name:
                rest_sandbox.notebook("alpha", name=name)
            answer = await rest.ask("GET", "projects", path=path)
            kind = answer.headers["Content-Type"]
            assert kind.startswith("application/json") and answer.headers["X-Content-Type-Options"] == "nosniff", (path, kind)
            assert answer.status in (200, 404) and (answer.status == 200 or answer.body["hint"])
            json.dumps(answer.body)
        held += 1
    tally("markup", cases=len(names), held=held)
