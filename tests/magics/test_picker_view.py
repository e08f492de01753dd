"""The picker's widgets, without a front end: what they show, and what they tell the picker."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from support.picker import HITS, ByHand, Fake, picker, run

from jupyter_dep_magics.failure import DepFailure
from jupyter_dep_magics.picker.agent_client import Details, Hit, SearchResult


@pytest.fixture
def view(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Fake], Any]]:
    pytest.importorskip("ipywidgets")
    from jupyter_dep_magics.picker.view import View

    return lambda fake: View(picker(fake))


def typed(shown: Any, text: str) -> None:
    shown.text.value = text
    run("search")


def test_the_list_shows_names_summaries_and_what_is_declared_and_selects_nothing(view: Callable[[Fake], Any]) -> None:
    fake = Fake()
    shown = view(fake)
    typed(shown, "ric")
    assert shown.hits.options == (
        ("rich – Render rich text (declared)", "rich"),
        ("richer (looks like rich: is it the one you mean?)", "richer"),
        ("requests – HTTP for humans", "requests"),
    )
    assert shown.hits.index is None
    assert ByHand.all["details"].jobs == []
    assert shown.text.layout.display is None
    assert shown.hits.layout.display is None
    assert shown.selection.layout.display == "none"


def test_a_row_can_be_looked_at_pinned_chosen_and_added(view: Callable[[Fake], Any]) -> None:
    fake = Fake()
    shown = view(fake)
    typed(shown, "ric")
    shown.hits.index = 0
    run("details")
    assert "newest version 14.0, for Python &gt;=3.8, 0.2 MB" in shown.details.value
    shown.version.value = "13.9"
    shown.choose.click()
    assert shown.hits.index is None
    assert shown.selection.layout.display == "none"
    (chip,) = shown.chips.children
    assert chip.description == "rich==13.9"
    assert shown.apply.disabled
    run("plan")
    assert "adds 7 packages (up to 38 MB), changes 1, no conflict" in shown.plan.value
    assert (shown.apply.disabled, shown.apply.description) == (False, "Add 1 package")
    shown.apply.click()
    assert shown.running.layout.display is None
    assert shown.apply.layout.display == "none"
    run("work")
    assert "added rich" in shown.result.value
    assert shown.chips.children == ()
    assert shown.running.layout.display == "none"


def test_typing_after_a_selection_asks_for_no_details_by_itself(view: Callable[[Fake], Any]) -> None:
    shown = view(Fake())
    typed(shown, "ric")
    shown.hits.index = 2
    typed(shown, "rich")
    # the selected one is in the new list too and stays selected
    assert shown.hits.value == "requests"
    assert len(ByHand.all["details"].jobs) == 1


def test_enter_in_the_field_takes_the_name_and_empties_the_field(view: Callable[[Fake], Any]) -> None:
    shown = view(Fake(search=SearchResult(HITS, ("rich",))))
    shown.text.value = "rich"
    shown.text._handle_custom_msg({"event": "submit"}, [])
    run("enter")
    assert [chip.description for chip in shown.chips.children] == ["rich"]
    assert shown.text.value == ""


def test_a_chip_is_a_button_that_takes_it_out(view: Callable[[Fake], Any]) -> None:
    shown = view(Fake(search=SearchResult(HITS, ("rich", "requests"))))
    shown.text.value = "pip install rich requests"
    shown.text._handle_custom_msg({"event": "submit"}, [])
    run("enter")
    shown.chips.children[0].click()
    assert [chip.description for chip in shown.chips.children] == ["requests"]


HOSTILE = '<img src=x onerror="alert(1)">\u202egnp\x07'


@pytest.mark.counts("markup", "in a cell")
def test_hostile_names_and_summaries_are_text(view: Callable[[Fake], Any]) -> None:
    details = Details("evil", ("<b>1</b>",), HOSTILE, "<script>", near="<i>x</i>")
    failure = DepFailure("c", HOSTILE, hint=HOSTILE)
    fake = Fake(search=SearchResult((Hit("evil", HOSTILE),)), details=details, preview=failure)
    shown = view(fake)
    typed(shown, HOSTILE)
    shown.hits.index = 0
    run("details")
    shown.choose.click()
    run("plan")
    label = shown.hits.options[0][0]
    assert "\\u202e" in label
    assert "\u202e" not in label
    assert "\x07" not in label
    for widget in (shown.list_note, shown.details, shown.plan, shown.result):
        assert "<img" not in widget.value
        assert "<script" not in widget.value
        assert "<i>" not in widget.value
        assert "\u202e" not in widget.value
        assert "\x07" not in widget.value


def test_two_thousand_hits_are_listed(view: Callable[[Fake], Any]) -> None:
    shown = view(Fake(search=SearchResult(tuple(Hit(f"package-{n}", "s" * 500) for n in range(2000)))))
    typed(shown, "package")
    assert len(shown.hits.options) == 2000
    assert max(len(label) for label, _ in shown.hits.options) < 120


def test_what_is_hidden_hides_nothing_else(view: Callable[[Fake], Any]) -> None:
    shown = view(Fake())
    everything = [value for value in vars(shown).values() if hasattr(value, "layout")]
    assert len({id(widget.layout) for widget in everything}) == len(everything) > 10
    assert shown.text.layout.display is None
    assert shown.hits.layout.display == "none"


def test_every_control_has_a_label(view: Callable[[Fake], Any]) -> None:
    shown = view(Fake())
    for widget in (shown.text, shown.hits, shown.version, shown.choose, shown.apply, shown.cancel, shown.bar):
        assert widget.description


def test_news_from_another_thread_do_not_eat_what_the_user_types(view: Callable[[Fake], Any]) -> None:
    fake = Fake()
    shown = view(fake)
    heard = threading.Event()
    go_on = threading.Event()

    def slow(change: Any) -> None:
        heard.set()
        go_on.wait(5)

    typed(shown, "ric")
    shown.picker.type("rich")
    shown.list_note.observe(slow, "value")
    # a search's answer is being shown by its own thread ...
    fake.answers["search"] = DepFailure("agent-died", "news")
    worker = threading.Thread(target=run, args=("search",))
    worker.start()
    assert heard.wait(5)
    # ... while the front end's next key stroke arrives
    typing = threading.Thread(target=lambda: setattr(shown.text, "value", "rich t"))
    typing.start()
    time.sleep(0.05)
    go_on.set()
    worker.join()
    typing.join()
    assert shown.picker.state.text == "rich t"


def test_nothing_of_ipywidgets_is_imported_before_it_is_asked_for() -> None:
    code = "import sys; from jupyter_dep_magics import picker, session; print('ipywidgets' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
