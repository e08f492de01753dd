"""The wire: what front ends send, and what comes back. One tagged union, JSON lines, one protocol version.

A front end sends one `Request` and reads lines until an `Outcome` or a `Failure` with its `id`; `ProgressLine`s come before.
`Report` is a small document that every front end shows in its own way: plain lines, a terminal's table, HTML.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, field
from typing import Any, Literal

from jupyter_dep.base.fast_dataclass import frozen_dataclass

PROTOCOL = 1

Tone = Literal["plain", "good", "warn", "bad"]


@frozen_dataclass
class Table:
    """Rows under a heading; a cell is text, never markup. `tones` has one entry a row or is empty."""

    title: str = ""
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    tones: tuple[Tone, ...] = ()


@frozen_dataclass
class Report:
    """What a person reads: one headline, tables, notes, and what to type next.

    `folded`: the headline says it all, lines and tables are its details.
    """

    headline: str = ""
    tone: Tone = "plain"
    lines: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    notes: tuple[str, ...] = ()
    next: tuple[str, ...] = ()
    folded: bool = False


@frozen_dataclass
class Switch:
    """The environment that the asking kernel should move to.

    `changed` are the distributions whose files differ between the two, with their versions before and after (empty text
    for absent).
    """

    key: str
    path: str
    python: str
    site_packages: tuple[str, ...]
    lease: str
    changed: tuple[tuple[str, str, str], ...] = ()


@frozen_dataclass
class Edit:
    """The wanted declaration: the whole text of the block's cell before (None: there was none) and after."""

    project: str
    before: str | None
    after: str
    pending: bool = False
    """True where the file could not be edited and a front end or the user has to insert the block."""


@frozen_dataclass
class Request:
    """One line of a person, with where it was typed.

    `line` is what follows `%dep`; `body` the rest of a `%%dep` cell. `notebook` and `cwd` are absolute paths.
    `environment` is the key that the kernel runs on. `block` is the live text of the block's cell, if a front end sent it.
    """

    id: int
    line: str
    body: str = ""
    notebook: str | None = None
    cwd: str = ""
    environment: str | None = None
    block: str | None = None
    protocol: int = PROTOCOL
    type: Literal["request"] = "request"


@frozen_dataclass
class CancelRequest:
    """Stop the request of this number."""

    id: int
    type: Literal["cancel"] = "cancel"


@frozen_dataclass
class ProgressLine:
    """How far a request is."""

    id: int
    text: str
    phase: str
    done: int = 0
    total: int | None = None
    bytes_done: int = 0
    bytes_total: int | None = None
    type: Literal["progress"] = "progress"


@frozen_dataclass
class Outcome:
    """A command that was carried out. `data` is the target's entry in `--json`."""

    id: int = 0
    verb: str = ""
    report: Report = field(default_factory=Report)
    data: Mapping[str, Any] = field(default_factory=dict)
    switch: Switch | None = None
    edit: Edit | None = None
    seconds: float = 0.0
    exit_code: int = 0
    type: Literal["outcome"] = "outcome"


@frozen_dataclass
class NextStep:
    """A command that a failure's `hint` names.

    `target` is the path of the project that it works on, None where it needs none or the user has to choose. `complete`:
    nothing in it has to be filled in. `text` is the line as it is typed.
    """

    command: str
    target: str | None
    arguments: tuple[str, ...]
    complete: bool
    text: str


@frozen_dataclass
class Failure:
    """An error; `steps` are the commands that `hint` names."""

    id: int = 0
    verb: str = ""
    code: str = ""
    message: str = ""
    context: Mapping[str, str | int] = field(default_factory=dict)
    hint: str = ""
    steps: tuple[NextStep, ...] = ()
    exit_code: int = 1
    type: Literal["failure"] = "failure"


Message = Request | CancelRequest | ProgressLine | Outcome | Failure


def encode(message: Message) -> str:
    """Write one JSON line without the newline."""
    return json.dumps(asdict(message), ensure_ascii=True, separators=(",", ":"))
