"""`%dep ui`: find, inspect, choose and add packages in a form under the cell, where ipywidgets work.

Elsewhere it shows the same as text, with the commands to type.
"""

from __future__ import annotations

from typing import Any, Sequence

from .. import document
from ..failure import DepFailure
from ..text import visible
from ..wire import Failure, Report
from .ports import AgentSession

SUMMARY = "find packages, inspect them, choose and add them in a form"
_VIEW = "application/vnd.jupyter.widget-view+json"
_STEPS = ("%dep search WORDS", "%dep add NAME")


def show(session: AgentSession, words: Sequence[str]) -> None:
    """Show the form, or its text. Errors: `bad-usage` for an option."""
    if words and words[0] in ("-h", "--help"):
        session.publish(document.bundle(Report(headline="usage: %dep ui [WORDS…]", lines=(SUMMARY,))))
        return
    if any(word.startswith("-") for word in words):
        raise DepFailure("bad-usage", "`ui` takes words but no options", hint="type `%dep ui`, or `%dep ui read excel`")
    text = " ".join(words)
    model = _open_form(session, text)
    if model is None:
        session.publish(document.bundle(as_text(session, text)))
        return
    # a front end without widgets shows the text
    plain = document.plain(as_text(session, text))
    view = {"model_id": model, "version_major": 2, "version_minor": 0}
    session.publish({"text/plain": plain, _VIEW: view})


def as_text(session: AgentSession, text: str) -> Report:
    """Return the search results and the commands to type."""
    head = Report(headline="the form of `%dep ui` needs ipywidgets and a front end that shows them", next=_STEPS)
    if not text:
        return head
    from .agent_client import quote

    answer = session.ask("search " + quote(text), on_progress=lambda _: None)
    if isinstance(answer, Failure):
        raise DepFailure(answer.code, answer.message, hint=answer.hint, context=answer.context)
    return answer.report._replace(notes=(*answer.report.notes, head.headline), next=_STEPS)


def _open_form(session: AgentSession, text: str) -> Any:
    """Build the form and return the id of its widget, None where widgets are missing or do not work."""
    if not session.has_kernel:
        return None
    try:
        from .view import View
    except Exception:  # noqa: BLE001  ipywidgets is the user's package: missing, or broken in any way
        return None
    from .agent_client import AgentClient
    from .model import Picker

    picker = Picker(AgentClient(session))
    view = View(picker)
    if text:
        view.text.value = visible(text)
    picker.begin(text)
    return view.root.model_id
