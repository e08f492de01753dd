"""The form of `%dep ui` without widgets: typing, choosing and applying."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, cast

import pytest
from support.picker import HITS, ByHand, Fake, picker, run, with_chips

from jupyter_dep_magics.failure import DepFailure
from jupyter_dep_magics.picker import agent_client
from jupyter_dep_magics.picker.agent_client import AgentClient, Details, Hit, Plan, SearchResult, quote
from jupyter_dep_magics.picker.debounce import DebouncedWorker
from jupyter_dep_magics.picker.model import EMPTY, State, describe_plan
from jupyter_dep_magics.wire import Failure, Outcome, Progress, Report

REFUSED = DepFailure("conflict", "numpy 1 and pandas 3 do not go together", hint="loosen a bound")


# The model


def test_typing_searches_and_never_asks_for_details_or_the_index() -> None:
    fake = Fake()
    made = picker(fake)
    for text in ("r", "ri", "ric"):
        made.type(text)
    run("search")
    assert fake.names() == ["declared", "search"]
    assert made.state.hits == HITS
    assert made.state.declared == ("rich", "pandas")


def test_a_late_answer_to_an_older_text_is_thrown_away() -> None:
    fake = Fake()
    made = picker(fake)
    made.type("old")
    made.type("new")
    fake.answers["search"] = SearchResult((Hit("new"),))
    ByHand.all["search"].run(1)
    fake.answers["search"] = SearchResult((Hit("old"),))
    ByHand.all["search"].run(0)
    assert [hit.name for hit in made.state.hits] == ["new"]


def test_an_emptied_field_shows_how_to_begin() -> None:
    made = picker(Fake())
    made.type("ric")
    run("search")
    made.type("  ")
    assert made.state.hits == ()
    assert made.state.list_note == EMPTY


def test_a_search_that_fails_says_why_and_the_next_works() -> None:
    fake = Fake(search=DepFailure("agent-died", "the agent ended", hint="run it again"))
    made = picker(fake)
    made.type("a")
    run("search")
    assert made.state.list_note == "the agent ended\nnext: run it again"
    fake.answers["search"] = SearchResult(HITS)
    made.type("ab")
    run("search")
    assert made.state.hits == HITS


def test_a_selected_row_shows_its_versions_and_one_of_them_can_be_taken() -> None:
    made = picker(Fake())
    made.select("rich")
    run("details")
    assert made.state.details is not None
    assert made.state.details.versions == ("14.0", "13.9")
    made.pin("13.9")
    made.choose()
    assert (made.state.selected, made.state.version, made.state.details) == ("", "", None)
    made.select("requests")
    made.choose()
    assert made.state.chips == ("rich==13.9", "requests")


def test_passing_over_rows_asks_for_the_last_one_only() -> None:
    fake = Fake()
    made = picker(fake)
    for name in ("rich", "richer", "requests"):
        made.select(name)
    worker = ByHand.all["details"]
    assert [cancelled.is_set() for _, cancelled in worker.jobs] == [True, True, False]


def test_enter_on_a_known_name_needs_no_index() -> None:
    fake = Fake(search=SearchResult(HITS, ("rich>=13",)))
    made = picker(fake)
    made.type("rich>=13")
    made.enter()
    run("enter")
    assert "details" not in fake.names()
    assert made.state.chips == ("rich>=13",)
    assert made.state.text == ""


def test_enter_on_an_unknown_name_asks_the_index_for_it() -> None:
    fake = Fake(search=SearchResult((), ("acme-tools",)), details=Details("acme-tools", ("1.0",)))
    made = picker(fake)
    made.type("acme-tools")
    run("search")
    assert made.state.list_note == "press Enter to ask your package index for `acme-tools`"
    made.enter()
    run("enter")
    assert ("details", "acme-tools") in fake.asked
    assert made.state.chips == ("acme-tools",)


def test_enter_on_an_unknown_name_says_so_and_keeps_the_text() -> None:
    fake = Fake(search=SearchResult((), ("nunpy",)), details=DepFailure("unknown-package", "no `nunpy`", hint="`numpy`?"))
    made = picker(fake)
    made.type("nunpy")
    made.enter()
    run("enter")
    assert (made.state.chips, made.state.text) == ((), "nunpy")
    assert made.state.list_note == "no `nunpy`\nnext: `numpy`?"


def test_enter_on_words_says_what_to_do() -> None:
    made = picker(Fake())
    made.type("read excel")
    made.enter()
    run("enter")
    assert made.state.chips == ()
    assert "choose a package from the list" in made.state.list_note


def test_the_last_letters_may_come_after_enter() -> None:
    fake = Fake(search=SearchResult(HITS, ("rich",)))
    made = picker(fake)
    made.type("ric")
    made.enter()
    made.type("rich")
    run("enter")
    assert fake.asked[-1] == ("search", "rich")
    assert made.state.chips == ("rich",)


def test_a_pasted_command_becomes_chips_and_a_second_bound_replaces_the_first() -> None:
    made = with_chips(Fake(), "pandas>=2", "rich", "Pandas<3")
    assert made.state.chips == ("Pandas<3", "rich")


def test_the_plan_is_worked_out_before_anything_can_be_added() -> None:
    fake = Fake()
    made = with_chips(fake, "rich", "requests")
    assert not made.state.ready
    made.apply()
    assert not made.state.working
    run("plan")
    assert ("preview", ("rich", "requests")) in fake.asked
    assert made.state.plan == "adds 7 packages (up to 38 MB), changes 1, no conflict"
    assert made.state.ready


def test_a_plan_for_other_chips_is_not_shown() -> None:
    made = with_chips(Fake(), "rich", "requests")
    made.drop("rich")
    ByHand.all["plan"].run(0)
    assert not made.state.ready
    ByHand.all["plan"].run(0)
    assert made.state.ready
    made.drop("requests")
    assert (made.state.chips, made.state.plan, made.state.ready) == ((), "", False)


def test_a_conflict_is_shown_before_anything_is_done() -> None:
    fake = Fake(preview=REFUSED)
    made = with_chips(fake, "rich")
    run("plan")
    assert (made.state.tone, made.state.ready) == ("bad", False)
    assert made.state.plan == "numpy 1 and pandas 3 do not go together\nnext: loosen a bound"
    made.apply()
    assert "apply" not in fake.names()


def test_a_name_that_looks_like_a_better_known_one_is_doubted() -> None:
    fake = Fake(details=Details("richer", near="rich"))
    made = picker(fake)
    made.select("richer")
    run("details")
    made.choose()
    run("plan")
    assert made.state.tone == "warn"
    assert made.state.ready
    assert "`richer` looks like `rich`, which is far better known" in made.state.plan


def test_adding_shows_progress_and_the_result_and_starts_anew() -> None:
    fake = Fake()
    made = with_chips(fake, "requests")
    run("plan")
    seen: list[State] = []
    made.watcher = seen.append
    fake.progress = [Progress(1, "downloading 1 of 3", 1, 3)]
    made.apply()
    assert made.state.working
    made.apply()
    made.drop("requests")
    run("work")
    assert fake.names().count("apply") == 1
    assert [state.progress.text for state in seen if state.progress] == ["downloading 1 of 3"]
    state = made.state
    assert (state.working, state.chips, state.plan) == (False, (), "")
    assert state.report is not None
    assert state.report.headline == "added rich"
    assert state.declared == ("rich", "pandas", "requests")


def test_a_failure_to_add_is_the_result_and_can_be_tried_again() -> None:
    fake = Fake(apply=REFUSED)
    made = with_chips(fake, "requests")
    run("plan")
    made.apply()
    run("work")
    assert made.state.report == Report(headline="numpy 1 and pandas 3 do not go together", tone="bad", next=("loosen a bound",))
    assert (made.state.chips, made.state.ready, made.state.working) == (("requests",), True, False)


def test_an_unexpected_error_is_shown_and_freezes_nothing() -> None:
    made = with_chips(Fake(apply=KeyError("x"), preview=Plan()), "requests")
    run("plan")
    made.apply()
    run("work")
    assert made.state.report is not None
    assert "KeyError" in made.state.report.headline
    assert not made.state.working


def test_without_a_notebook_the_search_works_all_the_same() -> None:
    made = picker(Fake(declared=DepFailure("no-notebook", "which notebook?", hint="name it")))
    made.type("rich")
    run("search")
    assert made.state.hits == HITS


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        (Plan(), "no conflict and nothing to install: everything is locked already"),
        (Plan(added=1, download=1), "adds 1 package (up to 1 MB), no conflict"),
        (Plan(changed=2, removed=1, download=5_400_000), "changes 2 (up to 5 MB), removes 1, no conflict"),
    ],
)
def test_the_plan_in_words(plan: Plan, words: str) -> None:
    assert describe_plan(plan) == words


# The client


class Session:
    """What the client asks of a session."""

    def __init__(self, answer: Any, *, late: float = 0.0) -> None:
        self.answer, self.late = answer, late
        self.lines: list[str] = []
        self.options: list[dict[str, Any]] = []

    def ask(self, line: str, **options: Any) -> Any:
        self.lines.append(line)
        self.options.append(options)
        return self.answer

    def on_main(self, work: Callable[[], None]) -> None:
        threading.Timer(self.late, work).start()

    def conclude(self, outcome: Outcome, *, in_cell: bool) -> Report:
        assert not in_cell
        return outcome.report


def client(data: dict[str, Any], **more: Any) -> tuple[AgentClient, Session]:
    session = Session(Outcome(1, "v", Report(headline="h"), data), **more)
    return AgentClient(cast(Any, session)), session


NEVER = threading.Event()


@pytest.mark.parametrize(
    ("typed", "word"),
    [
        ("numpy", '"numpy"'),
        ("pip install -U 'a>=2'", "\"pip install -U 'a>=2'\""),
        ('a; python_version < "3.9"', "'a; python_version < \"3.9\"'"),
        ("a 'b' \"c\"", '\'a "b" "c"\''),
        ("--json\n--limit", '"json --limit"'),
        ("a.ipynb", '"a.ipynb"'),
    ],
)
def test_what_is_typed_is_one_word_of_the_line_and_no_option(typed: str, word: str) -> None:
    from jupyter_dep_cli.agent import split_words

    assert quote(typed) == word
    assert len(split_words("search " + quote(typed))) == 2


def test_a_search_reads_what_it_knows_and_ignores_the_rest() -> None:
    hits = [{"name": "rich", "summary": "s", "tier": 1, "source": "catalogue", "near": ""}, {"summary": "no name"}, 3]
    asking, session = client({"hits": hits, "full": True, "requirements": ["rich>=1"], "later": 1})
    assert asking.search("rich>=1", NEVER) == SearchResult((Hit("rich", "s"),), ("rich>=1",), full=True)
    assert session.lines == ['search "rich>=1"']
    assert session.options[0]["abandon"]


def test_details_preview_and_status_read_what_they_know() -> None:
    asking, session = client(
        {"versions": ["2", "1"], "size": 5, "declared": ["a"], "download": 7, "changes": [{"change": "added"}]}
    )
    assert asking.details("a", NEVER) == Details("a", ("2", "1"), size=5)
    assert asking.declared(NEVER) == ("a",)
    assert asking.preview(["a", "b>=1"], lambda _: None, NEVER) == Plan(added=1, download=7)
    assert session.lines == ['search "a" --details', "status", 'add "a" "b>=1" --dry-run']


def test_a_failure_of_the_agent_is_raised() -> None:
    asking = AgentClient(cast(Any, Session(Failure(1, "no-index", "no index", {}, "set one"))))
    with pytest.raises(DepFailure, match="no index"):
        asking.details("a", NEVER)


def test_a_change_waits_for_the_running_cell_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agent_client, "PATIENCE", 0.05)
    asking, _ = client({}, late=0.3)
    told: list[Progress] = []
    assert asking.apply(["a"], told.append, NEVER).headline == "h"
    assert told
    assert "when the running cell has finished" in told[0].text


# The worker


def until(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_a_worker_runs_only_the_last_of_what_comes_quickly() -> None:
    worker, ran = DebouncedWorker("t", 0.05), []
    for number in range(20):
        worker.submit(lambda _, number=number: ran.append(number))
        time.sleep(0.002)
    until(lambda: bool(ran))
    time.sleep(0.1)
    assert ran == [19]


def test_what_is_newer_cancels_what_runs_and_runs_after_it() -> None:
    worker, ran = DebouncedWorker("t"), []

    def slow(cancelled: threading.Event) -> None:
        ran.append(cancelled.wait(5))

    worker.submit(slow)
    time.sleep(0.05)
    worker.submit(lambda _: ran.append(True))
    until(lambda: ran == [True, True])


def test_a_job_that_raises_does_not_end_the_worker(capsys: pytest.CaptureFixture[str]) -> None:
    worker, ran = DebouncedWorker("t"), []
    worker.submit(lambda _: 1 / 0)  # type: ignore[arg-type,return-value]
    until(lambda: "ZeroDivisionError" in capsys.readouterr().err)
    worker.submit(lambda _: ran.append(1))
    until(lambda: ran == [1])


def test_a_cancelled_worker_runs_nothing() -> None:
    worker, ran = DebouncedWorker("t", 0.05), []
    worker.submit(lambda _: ran.append(1))
    worker.cancel()
    time.sleep(0.15)
    assert ran == []
