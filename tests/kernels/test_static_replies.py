"""Replies that need no environment."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_dep_kernels.placeholder.sockets import Request
from jupyter_dep_kernels.placeholder.static_replies import answer


def asked(kind: str, **content: Any) -> tuple[str, dict[str, Any]]:
    return answer(Request(channel="control", identities=(), header={"msg_type": kind}, content=content, frames=()), {})


def test_a_front_end_learns_that_the_debugger_is_not_started() -> None:
    status, content = asked("debug_request", seq=7, command="debugInfo", type="request")
    assert status == "ok"
    assert content["success"]
    assert content["request_seq"] == 7
    assert content["body"]["isStarted"] is False
    assert content["body"]["breakpoints"] == []


@pytest.mark.parametrize("command", ["initialize", "attach", "evaluate"])
def test_debugging_itself_waits_for_the_environment(command: str) -> None:
    _, content = asked("debug_request", seq=1, command=command, type="request")
    assert content["success"] is False
    assert content["command"] == command


def test_an_unknown_request_is_answered_with_an_error() -> None:
    status, content = asked("strange_request")
    assert status == "error"
    assert "strange_request" in content["evalue"]
