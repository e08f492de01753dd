"""The form's requests to the agent, with typed results."""

from __future__ import annotations

import threading
import time
from typing import Any, Callable, List, Mapping, NamedTuple, Sequence, Tuple

from ..failure import DepFailure
from ..wire import Answer, Failure, Outcome, Progress, Report
from .ports import AgentSession

_LONGEST = 2000
PATIENCE = 0.5
"""Seconds that a running cell may delay the switch before the form says so."""


class Hit(NamedTuple):
    """One result of a search; `near` is the popular name that it could be mistaken for."""

    name: str
    summary: str = ""
    near: str = ""


class SearchResult(NamedTuple):
    """`requirements` are those of a text that is a requirement or a pasted command; `full`: the index was searched."""

    hits: Tuple[Hit, ...] = ()
    requirements: Tuple[str, ...] = ()
    full: bool = False


class Details(NamedTuple):
    """The configured index's data about one package; `size` in bytes, 0 if unknown."""

    name: str
    versions: Tuple[str, ...] = ()
    summary: str = ""
    requires_python: str = ""
    size: int = 0
    near: str = ""


class Plan(NamedTuple):
    """The effect of adding: numbers of packages, and the most bytes to download."""

    added: int = 0
    changed: int = 0
    removed: int = 0
    download: int = 0
    notes: Tuple[str, ...] = ()


class AgentClient:
    """Every method blocks and raises `DepFailure`; all but `apply` return at once when they are cancelled."""

    def __init__(self, session: AgentSession) -> None:
        self._session = session

    def search(self, text: str, cancelled: threading.Event) -> SearchResult:
        """Search by name and by description, and parse the text as requirements."""
        data = self._ask("search " + quote(text), cancelled).data
        hits = [hit for hit in _read_list(data, "hits") if isinstance(hit, dict) and hit.get("name")]
        return SearchResult(
            hits=tuple(Hit(str(hit["name"]), str(hit.get("summary") or ""), str(hit.get("near") or "")) for hit in hits),
            requirements=tuple(str(text) for text in _read_list(data, "requirements")),
            full=bool(data.get("full")),
        )

    def details(self, name: str, cancelled: threading.Event) -> Details:
        """Ask the index about one package."""
        data = self._ask("search {} --details".format(quote(name)), cancelled).data
        return Details(
            name=str(data.get("name") or name),
            versions=tuple(str(version) for version in _read_list(data, "versions")),
            summary=str(data.get("summary") or ""),
            requires_python=str(data.get("requires_python") or ""),
            size=_read_number(data, "size"),
            near=str(data.get("near") or ""),
        )

    def declared(self, cancelled: threading.Event) -> Tuple[str, ...]:
        """Return the declared requirements as written."""
        return tuple(str(text) for text in _read_list(self._ask("status", cancelled).data, "declared"))

    def preview(self, requirements: Sequence[str], on_progress: Callable[[Progress], None], cancelled: threading.Event) -> Plan:
        """Resolve the requirements without changing anything."""
        outcome = self._ask(_add_line(requirements) + " --dry-run", cancelled, on_progress)
        kinds = [str(change.get("change")) for change in _read_list(outcome.data, "changes") if isinstance(change, dict)]
        return Plan(
            added=kinds.count("added"),
            changed=kinds.count("changed"),
            removed=kinds.count("removed"),
            download=_read_number(outcome.data, "download"),
            notes=outcome.report.notes,
        )

    def apply(self, requirements: Sequence[str], on_progress: Callable[[Progress], None], cancelled: threading.Event) -> Report:
        """Declare, lock, build, and switch the kernel; the last in the main thread, when no cell runs."""
        answer = self._session.ask(_add_line(requirements), on_progress=on_progress, cancelled=cancelled)
        outcome = _require_outcome(answer)
        reports: List[Report] = []
        errors: List[Exception] = []
        done = threading.Event()

        def conclude() -> None:
            try:
                reports.append(self._session.conclude(outcome, in_cell=False))
            except Exception as error:  # noqa: BLE001  raised again in the thread that waits for it
                errors.append(error)
            finally:
                done.set()

        started = time.monotonic()
        self._session.on_main(conclude)
        while not done.wait(PATIENCE):
            text = "installed; this kernel switches when the running cell has finished ({:.0f} s)"
            on_progress(Progress(0, text.format(time.monotonic() - started)))
        if errors:
            raise errors[0]
        return reports[0]

    def _ask(self, line: str, cancelled: threading.Event, on_progress: Callable[[Progress], None] = lambda _: None) -> Outcome:
        return _require_outcome(self._session.ask(line, on_progress=on_progress, cancelled=cancelled, abandon=True))


def quote(text: str) -> str:
    """Quote one word of a line for the agent, which reads quotes but no escapes."""
    word = " ".join(text.split()).lstrip("-")[:_LONGEST]
    if '"' not in word:
        return '"{}"'.format(word)
    return "'{}'".format(word.replace("'", '"'))


def _add_line(requirements: Sequence[str]) -> str:
    return " ".join(["add", *(quote(requirement) for requirement in requirements)])


def _require_outcome(answer: Answer) -> Outcome:
    if isinstance(answer, Failure):
        raise DepFailure(answer.code, answer.message, hint=answer.hint, context=answer.context)
    return answer


def _read_list(data: Mapping[str, Any], key: str) -> List[Any]:
    value = data.get(key)
    return value if isinstance(value, list) else []


def _read_number(data: Mapping[str, Any], key: str) -> int:
    value = data.get(key)
    return value if isinstance(value, int) else 0
