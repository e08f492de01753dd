"""The wire's schema is generated, committed, and describes what is really sent."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft7Validator, ValidationError

from jupyter_dep.messages import Edit, Failure, Message, Outcome, ProgressLine, Report, Request, Switch, Table, encode
from tools import message_schema

COMMITTED = Path(__file__).parents[2] / "docs" / "messages.schema.json"

VALIDATOR = Draft7Validator(json.loads(message_schema.text()))

MESSAGES: list[Message] = [
    Request(id=1, line="add pandas", notebook="/n.ipynb"),
    ProgressLine(id=1, text="resolving", phase="resolving"),
    Failure(id=1, code="conflict", message="no", context={"file": "n.ipynb", "cell": 2}, hint="do", exit_code=4),
    Outcome(
        id=1,
        verb="add",
        report=Report(headline="h", tables=(Table(columns=("a",), rows=(("b",),), tones=("good",)),)),
        data={"project": "/n.ipynb", "locked": {"a": "1"}},
        switch=Switch(key="k", path="/e", python="/e/p", site_packages=("/e/s",), lease="/l", changed=(("a", "1", "2"),)),
        edit=Edit(project="/n.ipynb", before=None, after="# ///"),
    ),
]


def test_the_committed_schema_is_the_generated_one() -> None:
    assert COMMITTED.read_text() == message_schema.text(), "run: python -m tools.message_schema > docs/messages.schema.json"


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__name__)
def test_what_is_sent_satisfies_the_schema(message: Message) -> None:
    VALIDATOR.validate(json.loads(encode(message)))


def test_what_nobody_sends_does_not() -> None:
    sent = json.loads(encode(MESSAGES[0]))
    without_type = {key: item for key, item in sent.items() if key != "type"}
    for broken in (
        without_type,
        {**sent, "id": "one"},
        {**sent, "type": "reqest"},
        {key: sent[key] for key in sent if key != "line"},
    ):
        with pytest.raises(ValidationError):
            VALIDATOR.validate(broken)
