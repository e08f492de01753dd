"""The state of the form: the text, the results, the selected packages and the plan, without widgets.

Slow work runs in `DebouncedWorker`s; a late result is dropped, because its worker has set the event of its job.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import Any, Callable, Dict, Iterator, NamedTuple, Optional, Sequence, Tuple

from ..failure import DepFailure
from ..stale_modules import normalize_name
from ..wire import Progress, Report
from .agent_client import AgentClient, Details, Hit, Plan, SearchResult
from .debounce import DebouncedWorker

TYPING = 0.08
"""Seconds without a key stroke before a search begins."""
_SELECTING = 0.3
"""Seconds that a row stays selected before the index is asked for it: arrow keys pass over many rows."""
_ENTER = 0.15
"""Seconds between Enter and reading the text: a front end may send its last letters after the key."""
_PLANNING = 0.3
EMPTY = "type a package name, words that describe it, or paste a `pip install` line"
_LOOKALIKE = "`{}` looks like `{}`, which is far better known: is it the one you mean?"


class State(NamedTuple):
    """What a view shows. `list_note` belongs to the list, `details_note` to the details, `plan` to the chips.

    `ready`: the plan belongs to exactly these chips and can be applied.
    """

    text: str = ""
    hits: Tuple[Hit, ...] = ()
    list_note: str = EMPTY
    selected: str = ""
    version: str = ""
    details: Optional[Details] = None
    details_note: str = ""
    declared: Tuple[str, ...] = ()
    chips: Tuple[str, ...] = ()
    plan: str = ""
    tone: str = "plain"
    ready: bool = False
    working: bool = False
    progress: Optional[Progress] = None
    report: Optional[Report] = None


class Picker:
    """Its methods return at once and may be called from any thread; `watcher` gets every new state."""

    def __init__(self, client: AgentClient, *, new_worker: Callable[[str, float], DebouncedWorker] = DebouncedWorker) -> None:
        self._client = client
        self._change = threading.RLock()
        self._result = SearchResult()
        self._result_for = ""
        self._near: Dict[str, str] = {}
        self._search = new_worker("search", TYPING)
        self._details = new_worker("details", _SELECTING)
        self._enter = new_worker("enter", _ENTER)
        self._plan = new_worker("plan", _PLANNING)
        self._work = new_worker("work", 0.0)
        self._first = new_worker("declared", 0.0)
        self.state = State()
        self.watcher: Callable[[State], None] = lambda state: None

    def begin(self, text: str = "") -> None:
        """Ask for the declared packages, and search for `text`."""

        def load_declared(cancelled: threading.Event) -> None:
            try:
                declared = self._client.declared(cancelled)
            except DepFailure:  # the notebook is not known: searching works anyway, and adding will report it
                return
            self._update(cancelled, declared=tuple(requirement_name(text) for text in declared))

        self._first.submit(load_declared)
        self.type(text)

    def type(self, text: str) -> None:
        """Take a new text of the field."""
        text = text.strip()
        with self._change:
            if text == self.state.text:
                return
            self._update(text=text)
            if not text:
                self._search.cancel()
                self._update(hits=(), list_note=EMPTY)
                return
            self._search.submit(lambda cancelled: self._run_search(text, cancelled))

    def enter(self) -> None:
        """Add the text itself to the chips, if there is such a package."""
        with self._change:
            if not self.state.working:
                self._enter.submit(self._accept_text)

    def select(self, name: str) -> None:
        """Show the details of one row."""
        with self._change:
            if not name or name == self.state.selected:
                return
            self._update(selected=name, version="", details=None, details_note="asking the index for its versions")
            self._details.submit(lambda cancelled: self._load_details(name, cancelled))

    def pin(self, version: str) -> None:
        """Choose a version of the selected package; an empty text means the newest that fits."""
        self._update(version=version)

    def choose(self) -> None:
        """Add the selected package to the chips."""
        with self._change:
            state = self.state
            if state.selected:
                self._add_chips(["{}=={}".format(state.selected, state.version) if state.version else state.selected])
                self._details.cancel()
                self._update(selected="", version="", details=None, details_note="")

    def drop(self, chip: str) -> None:
        """Remove a chip."""
        with self._change:
            if not self.state.working:
                self._set_chips(tuple(other for other in self.state.chips if other != chip))

    def apply(self) -> None:
        """Apply the plan."""
        with self._change:
            state = self.state
            if state.ready and not state.working:
                self._update(working=True, ready=False, progress=None, report=None)
                self._work.submit(lambda cancelled: self._apply_plan(state.chips, cancelled))

    def cancel(self) -> None:
        """Stop applying the plan; what is done already stays."""
        self._work.cancel()

    def _run_search(self, text: str, cancelled: threading.Event) -> None:
        with _show_errors(lambda error: self._update(cancelled, hits=(), list_note=_describe_error(error))):
            result = self._client.search(text, cancelled)
            note = "" if result.hits else "no known package matches these words"
            if result.requirements and not any(requirement_name(result.requirements[0]) == hit.name for hit in result.hits):
                note = "press Enter to ask your package index for `{}`".format("`, `".join(result.requirements[:3]))
            with self._change:
                if not cancelled.is_set():
                    self._result, self._result_for = result, text
                    self._near.update({hit.name: hit.near for hit in result.hits})
                    self._update(hits=result.hits, list_note=note)

    def _accept_text(self, cancelled: threading.Event) -> None:
        text = self.state.text
        if not text:
            return
        with _show_errors(lambda error: self._update(cancelled, list_note=_describe_error(error))):
            result = self._result if self._result_for == text else self._client.search(text, cancelled)
            if not result.requirements:
                self._update(cancelled, list_note="choose a package from the list, or type a single name")
                return
            names = [requirement_name(requirement) for requirement in result.requirements]
            if len(names) == 1 and names[0] not in [hit.name for hit in result.hits if not hit.near]:
                self._update(cancelled, list_note="asking the index for `{}`".format(names[0]))
                self._near[names[0]] = self._client.details(names[0], cancelled).near
            with self._change:
                if not cancelled.is_set():
                    self._add_chips(result.requirements)
                    if self.state.text == text:
                        self.type("")

    def _load_details(self, name: str, cancelled: threading.Event) -> None:
        with _show_errors(lambda error: self._update(cancelled, details_note=_describe_error(error))):
            details = self._client.details(name, cancelled)
            self._near[name] = details.near
            self._update(cancelled, details=details, details_note="")

    def _add_chips(self, requirements: Sequence[str]) -> None:
        if self.state.working:
            return
        chips = {requirement_name(chip): chip for chip in self.state.chips}
        chips.update({requirement_name(requirement): requirement for requirement in requirements})
        self._set_chips(tuple(chips.values()))

    def _set_chips(self, chips: Tuple[str, ...]) -> None:
        if chips == self.state.chips:
            return
        self._update(chips=chips, ready=False, report=None, plan="working out what this changes" if chips else "", tone="plain")
        if chips:
            self._plan.submit(lambda cancelled: self._load_plan(chips, cancelled))
        else:
            self._plan.cancel()

    def _load_plan(self, chips: Tuple[str, ...], cancelled: threading.Event) -> None:
        def show_progress(progress: Progress) -> None:
            self._update(cancelled, plan="working out what this changes: " + progress.text)

        with _show_errors(lambda error: self._update(cancelled, plan=_describe_error(error), tone="bad")):
            plan = self._client.preview(chips, show_progress, cancelled)
            near = [(requirement_name(chip), self._near.get(requirement_name(chip), "")) for chip in chips]
            doubts = [_LOOKALIKE.format(name, known) for name, known in near if known]
            text = "\n".join([describe_plan(plan), *doubts, *plan.notes])
            self._update(cancelled, plan=text, tone="warn" if doubts else "good", ready=True)

    def _apply_plan(self, chips: Tuple[str, ...], cancelled: threading.Event) -> None:
        def fail(error: DepFailure) -> None:
            report = Report(headline=str(error), tone="bad", next=(error.hint,) if error.hint else ())
            self._update(working=False, progress=None, report=report, ready=True)

        with _show_errors(fail):
            report = self._client.apply(chips, lambda progress: self._update(progress=progress), cancelled)
            with self._change:
                declared = dict.fromkeys([*self.state.declared, *(requirement_name(chip) for chip in chips)])
                self._update(working=False, progress=None, report=report, chips=(), plan="", declared=tuple(declared))

    def _update(self, cancelled: Optional[threading.Event] = None, **fields: Any) -> None:
        with self._change:
            if cancelled is not None and cancelled.is_set():
                return
            state = self.state._replace(**fields)
            if state != self.state:
                self.state = state
                self.watcher(state)


@contextmanager
def _show_errors(show: Callable[[DepFailure], None]) -> Iterator[None]:
    """Pass an error to `show`, which displays it in the form."""
    try:
        yield
    except DepFailure as failure:
        show(failure)
    except Exception as error:  # noqa: BLE001  in a thread: without this the form would wait forever and say nothing
        show(DepFailure("internal-error", "unexpected error in jupyter-dep: {}: {}".format(type(error).__name__, error)))


def describe_plan(plan: Plan) -> str:
    """Return a plan as text: `adds 7 packages (up to 38 MB), changes 1, no conflict`."""
    if not (plan.added or plan.changed or plan.removed):
        return "no conflict and nothing to install: everything is locked already"
    parts = []
    size = " (up to {:.0f} MB)".format(max(1.0, plan.download / 1e6)) if plan.download else ""
    if plan.added:
        parts.append("adds {} package{}{}".format(plan.added, "" if plan.added == 1 else "s", size))
    if plan.changed:
        parts.append("changes {}{}".format(plan.changed, "" if plan.added else size))
    if plan.removed:
        parts.append("removes {}".format(plan.removed))
    return ", ".join([*parts, "no conflict"])


def requirement_name(requirement: str) -> str:
    """Return the normalized name that a requirement begins with."""
    end = next((at for at, char in enumerate(requirement) if not (char.isalnum() or char in "._-")), len(requirement))
    return normalize_name(requirement[:end])


def _describe_error(error: DepFailure) -> str:
    return "{}\nnext: {}".format(error, error.hint) if error.hint else str(error)
