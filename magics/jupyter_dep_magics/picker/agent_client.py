"""What the picker asks of the agent, as values: search, details, what is declared, a preview, and the change itself."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any, Callable, List, Mapping, NamedTuple, Sequence, Tuple

from ..failure import DepFailure
from ..wire import Failure, Outcome, Progress, Report

if TYPE_CHECKING:
    from ..session import Session

_LONGEST = 2000
_PATIENCE = 0.5
"""Seconds that a running cell may keep the change from the kernel before that is said."""


class Hit(NamedTuple):
    """One answer of a search; `near` is the popular name that it could be mistaken for."""

    name: str
    summary: str = ""
    near: str = ""


class Found(NamedTuple):
    """`requirements` are those in a text that is a requirement, or a pasted command; `full`: an index's names were searched."""

    hits: Tuple[Hit, ...] = ()
    requirements: Tuple[str, ...] = ()
    full: bool = False


class Details(NamedTuple):
    """What the configured index says of one name; `size` in bytes, 0 if unknown."""

    name: str
    versions: Tuple[str, ...] = ()
    summary: str = ""
    requires_python: str = ""
    size: int = 0
    near: str = ""


class Plan(NamedTuple):
    """What adding would do: numbers of packages, and at most how many bytes would be fetched."""

    added: int = 0
    changed: int = 0
    removed: int = 0
    download: int = 0
    notes: Tuple[str, ...] = ()


class AgentClient:
    """Every method blocks and raises `DepFailure`; all but `apply` return at once when they are cancelled."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def search(self, text: str, cancelled: threading.Event) -> Found:
        data = self._look("search " + quoted(text), cancelled).data
        hits = [hit for hit in _list(data, "hits") if isinstance(hit, dict) and hit.get("name")]
        return Found(
            hits=tuple(Hit(str(hit["name"]), str(hit.get("summary") or ""), str(hit.get("near") or "")) for hit in hits),
            requirements=tuple(str(text) for text in _list(data, "requirements")),
            full=bool(data.get("full")),
        )

    def details(self, name: str, cancelled: threading.Event) -> Details:
        data = self._look("search {} --details".format(quoted(name)), cancelled).data
        return Details(
            name=str(data.get("name") or name),
            versions=tuple(str(version) for version in _list(data, "versions")),
            summary=str(data.get("summary") or ""),
            requires_python=str(data.get("requires_python") or ""),
            size=_number(data, "size"),
            near=str(data.get("near") or ""),
        )

    def declared(self, cancelled: threading.Event) -> Tuple[str, ...]:
        """The requirements that are declared, as written."""
        return tuple(str(text) for text in _list(self._look("status", cancelled).data, "declared"))

    def preview(self, requirements: Sequence[str], on_progress: Callable[[Progress], None], cancelled: threading.Event) -> Plan:
        outcome = self._look(_add(requirements) + " --dry-run", cancelled, on_progress)
        kinds = [str(change.get("change")) for change in _list(outcome.data, "changes") if isinstance(change, dict)]
        return Plan(
            added=kinds.count("added"),
            changed=kinds.count("changed"),
            removed=kinds.count("removed"),
            download=_number(outcome.data, "download"),
            notes=outcome.report.notes,
        )

    def apply(self, requirements: Sequence[str], on_progress: Callable[[Progress], None], cancelled: threading.Event) -> Report:
        """Declare, lock, build, and move the kernel; the last in the kernel's main thread, when no cell runs."""
        answer = self._session.ask(_add(requirements), on_progress=on_progress, cancelled=cancelled)
        outcome = _good(answer)
        reports: List[Report] = []
        troubles: List[Exception] = []
        done = threading.Event()

        def conclude() -> None:
            try:
                reports.append(self._session.conclude(outcome, in_cell=False))
            except Exception as error:
                troubles.append(error)
            finally:
                done.set()

        began = time.monotonic()
        self._session.on_main(conclude)
        while not done.wait(_PATIENCE):
            words = "installed; this kernel moves to it when the running cell has ended ({:.0f} s)"
            on_progress(Progress(0, words.format(time.monotonic() - began)))
        if troubles:
            raise troubles[0]
        return reports[0]

    def _look(self, line: str, cancelled: threading.Event, on_progress: Callable[[Progress], None] = lambda _: None) -> Outcome:
        return _good(self._session.ask(line, on_progress=on_progress, cancelled=cancelled, abandon=True))


def quoted(text: str) -> str:
    """One word of a line for the agent, which knows quotes and no escapes."""
    word = " ".join(text.split()).lstrip("-")[:_LONGEST]
    if '"' not in word:
        return '"{}"'.format(word)
    return "'{}'".format(word.replace("'", '"'))


def _add(requirements: Sequence[str]) -> str:
    return " ".join(["add", *(quoted(requirement) for requirement in requirements)])


def _good(answer: "Outcome | Failure") -> Outcome:
    if isinstance(answer, Failure):
        raise DepFailure(answer.code, answer.message, hint=answer.hint, context=answer.context)
    return answer


def _list(data: Mapping[str, Any], key: str) -> List[Any]:
    value = data.get(key)
    return value if isinstance(value, list) else []


def _number(data: Mapping[str, Any], key: str) -> int:
    value = data.get(key)
    return value if isinstance(value, int) else 0
