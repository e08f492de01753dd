"""One kernel's `%dep`: what it runs on, the agent that it asks, and what becomes of the answers."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Mapping, Optional, Tuple

from . import document, hints, lease, loaded, switch
from .agent import Agent, Answer, environment_for_agent
from .edits import Edits
from .failure import DepFailure
from .live import Live
from .wire import PROTOCOL, Failure, Outcome, Report, Switch, Table

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

KERNEL = "Python (dep)"
_NAMED = 6


class Session:
    """`run` carries one line out; `close` takes everything back that the session put into the shell."""

    def __init__(self, shell: InteractiveShell, context: Mapping[str, Any]) -> None:
        self._shell = shell
        self._context = context
        self.sealed = context.get("key") is not None
        self._current = switch.running(context)
        self._used = [self._current]
        self._changed: Dict[str, None] = {}
        self._notes: List[str] = []
        self._closers: List[Callable[[], None]] = []
        self.edits = Edits(shell)
        self.declared: Tuple[str, ...] = ()
        self.locked: Tuple[str, ...] = ()
        self._agent = Agent(list(context.get("agent") or ()), self._agent_environment, self._notes.append)
        self._lock = Watched(context.get("lock"))
        self._on("pre_run_cell", self._greet())
        self._on("pre_run_cell", self._watch_lock)
        self._on("post_run_cell", self._watch_imports())

    def run(self, line: str, body: str = "") -> None:
        """Ask the agent for one line and show what it answers; raises `DepFailure` where it failed."""
        live = Live(self._shell)
        request = {
            "line": line,
            "body": body,
            "notebook": self.notebook(),
            "cwd": _working_folder(),
            "environment": self._current.key if self.sealed else None,
            "block": self.edits.block,
            "protocol": PROTOCOL,
        }
        try:
            answer: Answer = self._agent.ask(request, live.tell, live.tick)
        except BaseException:
            live.done("stopped")
            raise
        live.done("done" if isinstance(answer, Outcome) else "stopped")
        notes, self._notes[:] = list(self._notes), []
        if isinstance(answer, Failure):
            for note in notes:
                self.show(note)
            raise DepFailure(answer.code, answer.message, hint=answer.hint, context=answer.context)
        self._remember(answer)
        if answer.data.get("lock") and answer.data.get("project") == request["notebook"]:
            self._lock = Watched(str(answer.data["lock"]))
        self._display(self._finish(answer, notes))

    def show(self, text: str) -> None:
        """One quiet line under the cell."""
        self._publish(document.line_bundle(text))

    def notebook(self) -> Optional[str]:
        """The notebook's absolute path as far as anybody told: the launcher, VS Code, the server."""
        named = (
            self._context.get("notebook")
            or self._shell.user_ns.get("__vsc_ipynb_file__")
            or os.environ.get("JPY_SESSION_NAME", "")
        )
        return os.path.abspath(named) if named and str(named).endswith(".ipynb") else None

    def on_close(self, closer: Callable[[], None]) -> None:
        self._closers.append(closer)

    def close(self) -> None:
        for closer in self._closers:
            closer()
        self._agent.close()

    def _finish(self, outcome: Outcome, notes: List[str]) -> Report:
        report = outcome.report
        tables, steps = list(report.tables), list(report.next)
        notes = [*report.notes, *notes]
        if outcome.switch is not None and self.sealed:
            table, more = self._move(outcome.switch)
            tables += table
            notes += more
        if outcome.edit is not None:
            notes += self.edits.carry(outcome.edit)
            if not self.sealed and not any(KERNEL in text for text in (*report.lines, *notes, *steps)):
                steps.append('switch to the kernel "{}" to run on what was declared'.format(KERNEL))
        return report._replace(tables=tuple(tables), notes=tuple(notes), next=tuple(steps))

    def _move(self, wanted: Switch) -> Tuple[List[Table], List[str]]:
        """Switch to the wanted environment and say what that means for what is loaded."""
        new = switch.target(wanted)
        if new.path == self._current.path:
            return [], []
        version = switch.other_python(new)
        if version:
            return [], ["the environment has Python {}: restart the kernel to use it".format(version)]
        try:
            lease.hold(wanted.lease)
        except DepFailure as failure:
            return [], ["this kernel stays on its environment, {}; {}".format(failure, failure.hint)]
        workers = loaded.workers()
        switch.move(self._current, new)
        self._current = new
        self._used = [*(used for used in self._used if used.path != new.path), new]
        self._changed.update(dict.fromkeys(change.name for change in wanted.changed))
        stale = loaded.stale(self._used, new, self._changed)
        notes = []
        if workers and wanted.changed:
            notes.append("workers that run already keep the old packages, start them again: " + _few(workers))
        return _tables(wanted, stale), notes

    def _remember(self, outcome: Outcome) -> None:
        for field in ("declared", "locked"):
            values = outcome.data.get(field)
            if isinstance(values, (list, dict)):  # a list of requirements, or names with their versions
                names = [re.match(r"\s*([\w.-]+)", str(value)) for value in values]
                setattr(self, field, tuple(found.group(1) for found in names if found))

    def _agent_environment(self) -> Mapping[str, str]:
        hidden = [environment.scripts for environment in self._used] if self.sealed else []
        return environment_for_agent(os.environ, [*hidden, str(self._context.get("guards") or "")], sealed=self.sealed)

    def _display(self, report: Report) -> None:
        self._publish(document.bundle(report))

    def _publish(self, data: Dict[str, str]) -> None:
        if getattr(self._shell, "kernel", None) is None:
            print(data["text/plain"])
        else:
            self._shell.display_pub.publish(data=data, metadata={})

    def _on(self, event: str, callback: Callable[..., None]) -> None:
        self._shell.events.register(event, callback)
        self.on_close(lambda: self._shell.events.unregister(event, callback))

    def _greet(self) -> Callable[..., None]:
        told = [str(note) for note in self._context.get("notes") or ()]
        starter = bool(self._context.get("starter"))
        state = {"first": True}

        def before_cell(info: Any = None) -> None:
            if not state["first"]:
                return
            state["first"] = False
            for note in told:
                self.show(note)
            cell = str(getattr(info, "raw_cell", "") or "").lstrip()
            if starter and not told and not cell.startswith(("%dep", "%%dep")):
                self.show("no packages are declared yet: `%dep add NAME`")

        return before_cell

    def _watch_lock(self, info: Any = None) -> None:
        """Say it when the project's environment has moved on without this kernel: another kernel, a terminal, a pull."""
        if self._lock.changed():
            self.show("the lock has changed outside this kernel: `%dep sync` moves to it, a restart too")

    def _watch_imports(self) -> Callable[..., None]:
        def folders() -> List[str]:
            notebook = self.notebook()
            return [_working_folder(), os.path.dirname(notebook) if notebook else ""]

        return hints.watch(
            self.show,
            lambda: {loaded.normalised(name) for name in self.declared},
            folders,
            self._shell.transform_cell,
        )


class Watched:
    """One file, and whether somebody else has changed it since it was last looked at; a missing one has not changed."""

    def __init__(self, path: Optional[str]) -> None:
        self._path = path
        self._seen = self._stamp()

    def changed(self) -> bool:
        now = self._stamp()
        if now is None or now == self._seen:
            return False
        self._seen = now
        return True

    def _stamp(self) -> Optional[Tuple[int, int]]:
        if self._path is None:
            return None
        try:
            found = os.stat(self._path)
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size


def _tables(wanted: Switch, stale: List[loaded.Stale]) -> List[Table]:
    held = {entry.name for entry in stale}
    rows, tones = [], []
    usable = [
        "{} {}".format(change.name, change.after)
        for change in wanted.changed
        if change.after and loaded.normalised(change.name) not in held
    ]
    if usable:
        rows.append(("usable now", _few(usable)))
        tones.append("good")
    for entry in stale:
        versions = "{} → {}".format(entry.before, entry.after or "removed")
        rows.append(("{} {}".format(entry.name, versions), entry.sentence()))
        tones.append("warn")
    return [Table(title="in this kernel", rows=tuple(rows), tones=tuple(tones))] if rows else []


def _few(words: List[str]) -> str:
    rest = len(words) - _NAMED
    return ", ".join(words[:_NAMED]) + (" and {} more".format(rest) if rest > 0 else "")


def _working_folder() -> str:
    try:
        return os.getcwd()
    except OSError:  # removed under the kernel
        return ""
