"""The form's requests to the real agent, over a real index of sample packages."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from support.index import Index
from support.sandbox import UserSandbox, terminal_at

from jupyter_dep_magics.agent import Agent
from jupyter_dep_magics.failure import DepFailure
from jupyter_dep_magics.picker.agent_client import AgentClient
from jupyter_dep_magics.wire import Outcome, Report

NEVER = threading.Event()


class Session:
    """A session without a kernel: it asks, and what comes back is kept."""

    def __init__(self, sandbox: UserSandbox, notebook: Path) -> None:
        environ = sandbox.environ()
        self.agent = Agent([sys.executable, "-P", "-m", "jupyter_dep_cli.agent"], lambda: environ, lambda note: None)
        self.where = {"notebook": str(notebook), "cwd": str(sandbox.folder), "body": "", "protocol": 1}
        self.concluded: list[Outcome] = []

    def ask(self, line: str, *, on_progress: Any, **options: Any) -> Any:
        return self.agent.ask({"line": line, **self.where}, on_progress, lambda: None, **options)

    def on_main(self, work: Callable[[], None]) -> None:
        work()

    def conclude(self, outcome: Outcome, *, in_cell: bool) -> Report:
        self.concluded.append(outcome)
        return outcome.report


@pytest.fixture
def sandbox(tmp_path: Path, toy_index: Index) -> UserSandbox:
    return terminal_at(tmp_path, toy_index)


@pytest.fixture
def session(sandbox: UserSandbox) -> Iterator[Session]:
    made = Session(sandbox, sandbox.notebook("beta"))
    yield made
    made.agent.close()


@pytest.fixture
def asking(session: Session) -> AgentClient:
    return AgentClient(cast(Any, session))


def test_a_search_is_answered_without_the_index(asking: AgentClient, sandbox: UserSandbox) -> None:
    found = asking.search("numpy", NEVER)
    assert found.hits[0].name == "numpy"
    assert found.hits[0].summary
    assert found.requirements == ("numpy",)
    assert not asking.search("read 'excel' files", NEVER).requirements
    assert not sandbox.index.asked("/simple/")


def test_a_pasted_command_gives_its_requirements(asking: AgentClient) -> None:
    typed = "pip install -U 'pandas>=2' rich"
    assert asking.search(typed, NEVER).requirements == ("pandas>=2", "rich")


def test_details_come_from_the_configured_index(asking: AgentClient) -> None:
    details = asking.details("alpha", NEVER)
    assert details.name == "alpha"
    assert "1.1" in details.versions
    with pytest.raises(DepFailure) as failed:
        asking.details("no-such-package-here", NEVER)
    assert failed.value.code == "unknown-package"
    assert failed.value.hint


def test_a_preview_counts_and_writes_nothing(asking: AgentClient, sandbox: UserSandbox) -> None:
    before = sandbox.contents()
    plan = asking.preview(["alpha<2"], lambda _: None, NEVER)
    assert plan.added >= 1
    assert plan.download > 0
    assert sandbox.contents() == before
    with pytest.raises(DepFailure):
        asking.preview(["alpha>99"], lambda _: None, NEVER)


def test_a_search_does_not_wait_for_a_preview(asking: AgentClient, sandbox: UserSandbox) -> None:
    sandbox.index.delay("/simple/alpha/", 60)
    asking.search("warm", NEVER)
    cancelled = threading.Event()
    ended: list[DepFailure] = []

    def preview() -> None:
        try:
            asking.preview(["alpha"], lambda _: None, cancelled)
        except DepFailure as failure:
            ended.append(failure)

    thread = threading.Thread(target=preview)
    thread.start()
    end = time.monotonic() + 20
    while not sandbox.index.asked("/simple/alpha/"):
        assert time.monotonic() < end
        time.sleep(0.02)
    assert asking.search("pandas", NEVER).hits
    assert not ended
    cancelled.set()
    thread.join(10)
    assert ended[0].code == "cancelled"


def test_adding_declares_locks_and_says_what_happened(asking: AgentClient, session: Session) -> None:
    report = asking.apply(["alpha<2"], lambda _: None, NEVER)
    assert report.headline.startswith("added alpha 1.1")
    assert session.concluded[0].edit is not None
    assert "alpha<2" in session.concluded[0].data["declared"]
    assert asking.declared(NEVER) == ("beta", "alpha<2")
