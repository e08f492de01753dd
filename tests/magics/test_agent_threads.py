"""One agent, asked from several threads: each gets its own answer, and may stop waiting for it."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_dep_magics.agent import Agent
from jupyter_dep_magics.failure import DepFailure
from jupyter_dep_magics.wire import Failure, Outcome

ARGV = [sys.executable, str(Path(__file__).parents[1] / "support" / "magics_agent.py")]


@pytest.fixture
def agent() -> Iterator[Agent]:
    made = Agent(ARGV, lambda: dict(os.environ), lambda note: None)
    yield made
    made.close()


def ask(agent: Agent, line: str, **more: Any) -> Outcome | Failure:
    return agent.ask({"line": line, "body": "", "protocol": 1}, lambda _: None, lambda: None, **more)


def test_many_threads_get_each_its_own_answer(agent: Agent) -> None:
    answers: dict[int, str] = {}

    def work(number: int) -> None:
        found = ask(agent, f"tell {number}")
        assert isinstance(found, Outcome)
        answers[number] = found.report.headline

    threads = [threading.Thread(target=work, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert answers == {number: f"tell {number}|" for number in range(20)}


def test_a_cell_is_answered_while_something_slow_is_asked(agent: Agent) -> None:
    cancelled = threading.Event()
    slow: list[Any] = []
    thread = threading.Thread(target=lambda: slow.append(ask(agent, "slow", cancelled=cancelled)))
    thread.start()
    time.sleep(0.3)
    assert isinstance(ask(agent, "tell 1"), Outcome)
    assert not slow
    cancelled.set()
    thread.join(10)
    assert isinstance(slow[0], Failure)
    assert slow[0].code == "cancelled"


def test_an_abandoned_request_stops_no_agent_and_gets_no_late_answer(agent: Agent) -> None:
    cancelled = threading.Event()
    cancelled.set()
    began = time.monotonic()
    found = ask(agent, "deaf", cancelled=cancelled, abandon=True)
    assert isinstance(found, Failure)
    assert found.code == "cancelled"
    assert time.monotonic() - began < 4
    assert isinstance(ask(agent, "tell 1"), Outcome)


def test_all_waiting_requests_fail_when_the_agent_exits(agent: Agent) -> None:
    told: list[str] = []

    def work(line: str) -> None:
        try:
            ask(agent, line)
        except DepFailure as failure:
            told.append(failure.code)

    threads = [threading.Thread(target=work, args=(line,)) for line in ("slow", "slow", "die")]
    for thread in threads:
        thread.start()
        time.sleep(0.1)
    for thread in threads:
        thread.join(10)
    assert told == ["agent-died"] * 3
    assert isinstance(ask(agent, "tell 1"), Outcome)
