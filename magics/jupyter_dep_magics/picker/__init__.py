"""`%dep ui`: find, look at, choose and add packages in a form under the cell, wherever ipywidgets work.

Where they do not, the same is told as text, with what to type. Nothing here is needed to run a notebook.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, Sequence

from .. import document
from ..failure import DepFailure
from ..text import visible
from ..wire import Failure, Report

if TYPE_CHECKING:
    from ..session import Session

_SUMMARY = "find packages, look at them, choose and add them in a form"
VERB: Dict[str, Any] = {"summary": _SUMMARY, "options": [], "names": "none"}
"""What completion knows of it, as in `verbs.json`."""
_VIEW = "application/vnd.jupyter.widget-view+json"
_TYPE = ("%dep search WORDS", "%dep add NAME")


def show(session: Session, words: Sequence[str]) -> None:
    """Show the form, or what stands in for it. Errors: `bad-usage` for an option."""
    if words and words[0] in ("-h", "--help"):
        session.publish(document.bundle(Report(headline="usage: %dep ui [WORDS…]", lines=(_SUMMARY,))))
        return
    if any(word.startswith("-") for word in words):
        raise DepFailure("bad-usage", "`ui` takes words and no options", hint="type `%dep ui`, or `%dep ui read excel`")
    text = " ".join(words)
    model = _form(session, text)
    if model is None:
        session.publish(document.bundle(as_text(session, text)))
        return
    # A front end that knows no widgets shows the text.
    plain = document.plain(as_text(session, text))
    view = {"model_id": model, "version_major": 2, "version_minor": 0}
    session.publish({"text/plain": plain, _VIEW: view})


def as_text(session: Session, text: str) -> Report:
    """The same without widgets: what is found, and what to type."""
    head = Report(headline="the form of `%dep ui` needs ipywidgets, and a front end that shows them", next=_TYPE)
    if not text:
        return head
    from .agent_client import quoted

    answer = session.ask("search " + quoted(text), on_progress=lambda _: None)
    if isinstance(answer, Failure):
        raise DepFailure(answer.code, answer.message, hint=answer.hint, context=answer.context)
    return answer.report._replace(notes=(*answer.report.notes, head.headline), next=_TYPE)


def mentioned_in(help_text: Report) -> Report:
    """The agent's help with the one verb that it does not know."""
    lines = list(help_text.lines)
    at = next((at for at, line in enumerate(lines) if line.startswith("  ")), None)
    if at is not None:
        lines.insert(at, "  {:8} {}".format("ui", _SUMMARY))
    return help_text._replace(lines=tuple(lines))


def _form(session: Session, text: str) -> Any:
    """The id of the form's widget; None where there are no widgets, or none that work."""
    if getattr(session.shell, "kernel", None) is None:
        return None
    try:
        from .view import View
    except Exception:  # not installed, or broken by another version of what it needs
        return None
    from .agent_client import AgentClient
    from .model import Picker

    picker = Picker(AgentClient(session))
    view = View(picker)
    if text:
        view.text.value = visible(text)
    picker.begin(text)
    return view.root.model_id
