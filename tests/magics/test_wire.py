"""The magics read each message as core writes it."""

from __future__ import annotations

import json

from jupyter_dep import messages
from jupyter_dep_magics import wire


def test_outcome_arrives_whole() -> None:
    report = messages.Report(
        headline="added",
        tone="good",
        lines=("a",),
        tables=(messages.Table(title="t", columns=("c",), rows=(("r",),), tones=("warn",)),),
        notes=("n",),
        next=("x",),
    )
    sent = messages.Outcome(
        id=3,
        verb="add",
        report=report,
        data={"declared": ["numpy"]},
        switch=messages.Switch(
            key="k", path="/e", python="/e/bin/python", site_packages=("/e/s",), lease="/l", changed=(("a", "1", "2"),)
        ),
        edit=messages.Edit(project="p", before=None, after="b", pending=True),
        seconds=1.5,
    )
    seen = wire.parse(messages.encode(sent))
    assert seen == wire.Outcome(
        id=3,
        verb="add",
        report=wire.Report("added", "good", ("a",), (wire.Table("t", ("c",), (("r",),), ("warn",)),), ("n",), ("x",)),
        data={"declared": ["numpy"]},
        switch=wire.Switch("k", "/e", "/e/bin/python", ("/e/s",), "/l", (wire.Change("a", "1", "2"),)),
        edit=wire.Edit("p", None, "b", pending=True),
        seconds=1.5,
    )


def test_failure_and_progress_arrive_whole() -> None:
    failure = messages.Failure(id=1, verb="add", code="c", message="m", context={"cell": 2}, hint="h")
    assert wire.parse(messages.encode(failure)) == wire.Failure(1, "c", "m", {"cell": 2}, "h")
    progress = messages.ProgressLine(id=1, text="resolving", phase="resolving")
    assert wire.parse(messages.encode(progress)) == wire.Progress(1, "resolving")
    progress = messages.ProgressLine(id=1, text="t", phase="linking", done=1, total=2, bytes_done=3, bytes_total=4)
    assert wire.parse(messages.encode(progress)) == wire.Progress(1, "t", 1, 2, 3, 4)


def test_an_answer_of_another_shape_is_a_failure_and_not_silence() -> None:
    for broken in ({"switch": {"key": "k"}}, {"switch": 3}, {"edit": {"before": "b"}}, {"report": {"tables": 5}}):
        found = wire.parse(json.dumps({"type": "outcome", "id": 4, **broken}))
        assert isinstance(found, wire.Failure)
        assert (found.id, found.code) == (4, "bad-answer")
        assert found.hint


def test_both_speak_the_same_version() -> None:
    assert messages.PROTOCOL == wire.PROTOCOL
