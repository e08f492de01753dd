"""The picker without its looks: what was typed, found, chosen and planned, and what follows from it.

Nothing here knows widgets. Slow things run in lanes; what comes back too late is thrown away, because the lane has set
its event by then.
"""

from __future__ import annotations

import threading
from typing import Any, Callable, Dict, NamedTuple, Optional, Sequence, Tuple

from ..failure import DepFailure
from ..stale_modules import normalised
from ..wire import Progress, Report
from .agent_client import AgentClient, Details, Found, Hit, Plan
from .debounce import DebouncedWorker

TYPING = 0.08
"""Seconds without a key stroke before a search begins."""
_LOOKING = 0.3
"""Seconds that a row stays selected before the index is asked for it: arrow keys pass over many."""
_ENTER = 0.15
"""Seconds between Enter and reading the text: a front end may send its last letters after the key."""
_PLANNING = 0.3
EMPTY = "type a name, words that say what it is for, or paste a `pip install` line"


class State(NamedTuple):
    """What a view shows. `said` belongs to the list, `looked` to the details, `plan` to the chips.

    `ready`: the plan is that of exactly these chips, and can be carried out.
    """

    text: str = ""
    hits: Tuple[Hit, ...] = ()
    said: str = EMPTY
    selected: str = ""
    version: str = ""
    details: Optional[Details] = None
    looked: str = ""
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

    def __init__(self, desk: AgentClient, *, lane: Callable[[str, float], DebouncedWorker] = DebouncedWorker) -> None:
        self._desk = desk
        self._change = threading.RLock()
        self._found = Found()
        self._found_for = ""
        self._near: Dict[str, str] = {}
        self._search = lane("search", TYPING)
        self._look = lane("details", _LOOKING)
        self._enter = lane("enter", _ENTER)
        self._plan = lane("plan", _PLANNING)
        self._work = lane("work", 0.0)
        self._first = lane("declared", 0.0)
        self.state = State()
        self.watcher: Callable[[State], None] = lambda state: None

    def begin(self, text: str = "") -> None:
        """Ask what is declared, and search for what was typed already."""

        def job(cancelled: threading.Event) -> None:
            try:
                declared = self._desk.declared(cancelled)
            except DepFailure:  # no notebook known: the search works all the same, and adding will say what is wrong
                return
            self._set(cancelled, declared=tuple(_name(text) for text in declared))

        self._first.give(job)
        self.type(text)

    def type(self, text: str) -> None:
        """The text is another one."""
        with self._change:
            if text.strip() == self.state.text:
                return
            self._set(text=text.strip())
            if not text.strip():
                self._search.cancel()
                self._set(hits=(), said=EMPTY)
                return
            self._search.give(lambda cancelled: self._searched(text.strip(), cancelled))

    def enter(self) -> None:
        """The text is what is wanted: put it among the chips, if there is such a package."""
        with self._change:
            if not self.state.working:
                self._enter.give(self._entered)

    def select(self, name: str) -> None:
        """Show what is known of one row."""
        with self._change:
            if not name or name == self.state.selected:
                return
            self._set(selected=name, version="", details=None, looked="asking the index for its versions")
            self._look.give(lambda cancelled: self._looked_at(name, cancelled))

    def pin(self, version: str) -> None:
        """Take this version of what is selected; an empty text: the newest that fits."""
        self._set(version=version)

    def choose(self) -> None:
        """Put what is selected among the chips."""
        with self._change:
            state = self.state
            if state.selected:
                self._add(["{}=={}".format(state.selected, state.version) if state.version else state.selected])
                self._look.cancel()
                self._set(selected="", version="", details=None, looked="")

    def drop(self, chip: str) -> None:
        """Take a chip out again."""
        with self._change:
            if not self.state.working:
                self._chosen(tuple(other for other in self.state.chips if other != chip))

    def apply(self) -> None:
        """Carry the plan out."""
        with self._change:
            state = self.state
            if state.ready and not state.working:
                self._set(working=True, ready=False, progress=None, report=None)
                self._work.give(lambda cancelled: self._carried_out(state.chips, cancelled))

    def cancel(self) -> None:
        """Stop what is being carried out; what is done already stays."""
        self._work.cancel()

    def _searched(self, text: str, cancelled: threading.Event) -> None:
        try:
            found = self._desk.search(text, cancelled)
        except Exception as error:
            self._set(cancelled, hits=(), said=_sentence(error))
            return
        said = "" if found.hits else "nothing known by these words"
        if found.requirements and not any(_name(found.requirements[0]) == hit.name for hit in found.hits):
            said = "Enter asks your package index for `{}`".format("`, `".join(found.requirements[:3]))
        with self._change:
            if not cancelled.is_set():
                self._found, self._found_for = found, text
                self._near.update({hit.name: hit.near for hit in found.hits})
                self._set(hits=found.hits, said=said)

    def _entered(self, cancelled: threading.Event) -> None:
        text = self.state.text
        if not text:
            return
        try:
            found = self._found if self._found_for == text else self._desk.search(text, cancelled)
            if not found.requirements:
                self._set(cancelled, said="these are several words: choose a row of the list, or type one name")
                return
            names = [_name(requirement) for requirement in found.requirements]
            if len(names) == 1 and names[0] not in [hit.name for hit in found.hits if not hit.near]:
                self._set(cancelled, said="asking the index for `{}`".format(names[0]))
                details = self._desk.details(names[0], cancelled)
                self._near[names[0]] = details.near
        except Exception as error:
            self._set(cancelled, said=_sentence(error))
            return
        with self._change:
            if not cancelled.is_set():
                self._add(found.requirements)
                if self.state.text == text:
                    self.type("")

    def _looked_at(self, name: str, cancelled: threading.Event) -> None:
        try:
            details = self._desk.details(name, cancelled)
        except Exception as error:
            self._set(cancelled, looked=_sentence(error))
            return
        self._near[name] = details.near
        self._set(cancelled, details=details, looked="")

    def _add(self, requirements: Sequence[str]) -> None:
        if self.state.working:
            return
        chips = {_name(chip): chip for chip in self.state.chips}
        chips.update({_name(requirement): requirement for requirement in requirements})
        self._chosen(tuple(chips.values()))

    def _chosen(self, chips: Tuple[str, ...]) -> None:
        if chips == self.state.chips:
            return
        self._set(chips=chips, ready=False, report=None, plan="working out what this changes" if chips else "", tone="plain")
        if chips:
            self._plan.give(lambda cancelled: self._planned(chips, cancelled))
        else:
            self._plan.cancel()

    def _planned(self, chips: Tuple[str, ...], cancelled: threading.Event) -> None:
        def tell(progress: Progress) -> None:
            self._set(cancelled, plan="working out what this changes: " + progress.text)

        try:
            plan = self._desk.preview(chips, tell, cancelled)
        except Exception as error:
            self._set(cancelled, plan=_sentence(error), tone="bad")
            return
        doubts = [
            "`{}` looks like `{}`, which is far better known: is it the one you mean?".format(_name(chip), near)
            for chip in chips
            for near in [self._near.get(_name(chip), "")]
            if near
        ]
        words = "\n".join([planned(plan), *doubts, *plan.notes])
        self._set(cancelled, plan=words, tone="warn" if doubts else "good", ready=True)

    def _carried_out(self, chips: Tuple[str, ...], cancelled: threading.Event) -> None:
        try:
            report = self._desk.apply(chips, lambda progress: self._set(progress=progress), cancelled)
        except Exception as error:
            hint = getattr(error, "hint", "")
            report = Report(headline=_sentence(error, hint=False), tone="bad", next=(hint,) if hint else ())
            self._set(working=False, progress=None, report=report, ready=True)
            return
        with self._change:
            declared = dict.fromkeys([*self.state.declared, *(_name(chip) for chip in chips)])
            self._set(working=False, progress=None, report=report, chips=(), plan="", declared=tuple(declared))

    def _set(self, cancelled: Optional[threading.Event] = None, **fields: Any) -> None:
        with self._change:
            if cancelled is not None and cancelled.is_set():
                return
            state = self.state._replace(**fields)
            if state != self.state:
                self.state = state
                self.watcher(state)


def planned(plan: Plan) -> str:
    """`adds 7 packages (up to 38 MB), changes 1, no conflict`."""
    if not (plan.added or plan.changed or plan.removed):
        return "no conflict, and no package changes: all of it is locked already"
    parts = []
    size = " (up to {:.0f} MB)".format(max(1.0, plan.download / 1e6)) if plan.download else ""
    if plan.added:
        parts.append("adds {} package{}{}".format(plan.added, "" if plan.added == 1 else "s", size))
    if plan.changed:
        parts.append("changes {}{}".format(plan.changed, "" if plan.added else size))
    if plan.removed:
        parts.append("removes {}".format(plan.removed))
    return ", ".join([*parts, "no conflict"])


def _name(requirement: str) -> str:
    """The normalised name that a requirement begins with."""
    end = next((at for at, char in enumerate(requirement) if not (char.isalnum() or char in "._-")), len(requirement))
    return normalised(requirement[:end])


def _sentence(error: Exception, *, hint: bool = True) -> str:
    """What went wrong, and the next step; a mistake of ours is no traceback for the user either."""
    if not isinstance(error, DepFailure):
        return "something in jupyter-dep is broken: {}: {}".format(type(error).__name__, error)
    return "{}\nnext: {}".format(error, error.hint) if hint and error.hint else str(error)
