"""The agent's messages, parsed into plain values.

The protocol is JSON lines (version 1). Sent: `{"type": "request", "id", "line", "body", "notebook", "cwd",
"environment", "block", "protocol"}` and `{"type": "cancel", "id"}`. Received for one id: any number of `progress`, then
one `outcome` or one `failure`. Unknown keys are ignored, missing ones have defaults: an older kernel and a newer
agent understand each other as far as they can.
"""

from __future__ import annotations

import json
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Tuple, Union

PROTOCOL = 1


class Table(NamedTuple):
    """Rows with optional column titles; `tones` has one entry for each row."""

    title: str = ""
    columns: Tuple[str, ...] = ()
    rows: Tuple[Tuple[str, ...], ...] = ()
    tones: Tuple[str, ...] = ()


class Report(NamedTuple):
    """What a cell shows of an outcome; `next` are commands to type. `folded`: lines and tables are details of the headline."""

    headline: str = ""
    tone: str = "plain"
    lines: Tuple[str, ...] = ()
    tables: Tuple[Table, ...] = ()
    notes: Tuple[str, ...] = ()
    next: Tuple[str, ...] = ()
    folded: bool = False


class Change(NamedTuple):
    """A distribution whose files differ between two environments; an empty version means absent."""

    name: str
    before: str
    after: str


class Switch(NamedTuple):
    """The environment to move to; `lease` is the file whose shared lock marks it as in use."""

    key: str
    path: str
    python: str
    site_packages: Tuple[str, ...]
    lease: str
    changed: Tuple[Change, ...] = ()


class Edit(NamedTuple):
    """The declaration's cell before and after a change; `pending`: the agent could not write it to the file."""

    project: str
    before: Optional[str]
    after: str
    pending: bool = False


class Progress(NamedTuple):
    """`done` of `total` pieces, `bytes_done` of `bytes_total` bytes, where they are known."""

    id: int
    text: str
    done: int = 0
    total: Optional[int] = None
    bytes_done: int = 0
    bytes_total: Optional[int] = None


class Outcome(NamedTuple):
    """The result of a command."""

    id: int
    verb: str = ""
    report: Report = Report()
    data: Mapping[str, Any] = {}
    switch: Optional[Switch] = None
    edit: Optional[Edit] = None
    seconds: float = 0.0


class Failure(NamedTuple):
    """The error of a command; `hint` is the next step."""

    id: int
    code: str
    message: str
    context: Mapping[str, Union[str, int]]
    hint: str


Answer = Union[Outcome, Failure]
Message = Union[Progress, Outcome, Failure]


def parse(line: str) -> Optional[Message]:
    """Parse one line of the agent; returns None for anything else, such as a stray print."""
    try:
        raw = json.loads(line)
    except ValueError:
        return None
    if not isinstance(raw, dict) or not isinstance(raw.get("id"), int):
        return None
    kind = raw.get("type")
    if kind == "progress":
        return Progress(
            raw["id"],
            str(raw.get("text") or raw.get("phase") or ""),
            int(raw.get("done") or 0),
            raw.get("total"),
            int(raw.get("bytes_done") or 0),
            raw.get("bytes_total"),
        )
    if kind == "outcome":
        try:
            return _parse_outcome(raw)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            return Failure(
                id=raw["id"],
                code="bad-answer",
                message="cannot read the agent's answer: {}: {}".format(type(error).__name__, error),
                context={},
                hint="restart the kernel; if that does not help, upgrade jupyter-dep",
            )
    if kind == "failure":
        return Failure(
            id=raw["id"],
            code=str(raw.get("code") or "failed"),
            message=str(raw.get("message") or "the command failed"),
            context=dict(raw.get("context") or {}),
            hint=str(raw.get("hint") or ""),
        )
    return None


def _parse_outcome(raw: Dict[str, Any]) -> Outcome:
    switch, edit = raw.get("switch"), raw.get("edit")
    return Outcome(
        id=raw["id"],
        verb=str(raw.get("verb") or ""),
        report=_parse_report(raw.get("report") or {}),
        data=dict(raw.get("data") or {}),
        switch=parse_switch(switch) if switch else None,
        edit=None
        if not edit
        else Edit(
            project=str(edit.get("project") or ""),
            before=edit.get("before"),
            after=str(edit["after"]),
            pending=bool(edit.get("pending")),
        ),
        seconds=float(raw.get("seconds") or 0.0),
    )


def parse_switch(raw: Any) -> Switch:
    """Parse an environment to move to. Errors: KeyError, TypeError, ValueError, AttributeError."""
    return Switch(
        key=str(raw["key"]),
        path=str(raw["path"]),
        python=str(raw["python"]),
        site_packages=_parse_texts(raw.get("site_packages")),
        lease=str(raw.get("lease") or ""),
        changed=tuple(Change(*(str(version) for version in change)) for change in raw.get("changed") or ()),
    )


def _parse_report(raw: Mapping[str, Any]) -> Report:
    tables: List[Table] = [
        Table(
            title=str(table.get("title") or ""),
            columns=_parse_texts(table.get("columns")),
            rows=tuple(_parse_texts(row) for row in table.get("rows") or ()),
            tones=_parse_texts(table.get("tones")),
        )
        for table in raw.get("tables") or ()
    ]
    return Report(
        headline=str(raw.get("headline") or ""),
        tone=str(raw.get("tone") or "plain"),
        lines=_parse_texts(raw.get("lines")),
        tables=tuple(tables),
        notes=_parse_texts(raw.get("notes")),
        next=_parse_texts(raw.get("next")),
        folded=bool(raw.get("folded")),
    )


def _parse_texts(values: Any) -> Tuple[str, ...]:
    return tuple(str(value) for value in values or ())
