"""One kernel's `%dep`: the agent that it asks, and what becomes of the answers."""

from __future__ import annotations

import os
import re
import threading
from typing import TYPE_CHECKING, Any, Callable, List, Mapping, Optional, Tuple

from . import document, missing_import, stale_modules
from .agent import Agent, Answer, environment_for_agent
from .comm import PageComm
from .edits import Edits
from .failure import DepFailure
from .progress_display import ProgressDisplay
from .switch import EnvironmentSwitch
from .wire import PROTOCOL, Failure, Outcome, Progress, Report, Switch

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

KERNEL = "Python (dep)"
_HELP = ("--help", "-h")


class Session:
    """`run` carries one line out; `ask` and `conclude` are its two halves, for who waits in another thread.

    `close` takes everything back that the session put into the shell.
    """

    def __init__(self, shell: InteractiveShell, context: Mapping[str, Any]) -> None:
        self.shell = shell
        self._context = context
        self.sealed = context.get("key") is not None
        self._mover = EnvironmentSwitch(context)
        self._notes: List[str] = []
        self._closers: List[Callable[[], None]] = []
        self._page = PageComm(shell, on_held=self._tell_standing, on_switch=self._ordered)
        self._edits = Edits(shell, self._page)
        self.declared: Tuple[str, ...] = ()
        self.locked: Tuple[str, ...] = ()
        self._agent = Agent(list(context.get("agent") or ()), self._agent_environment, self._notes.append)
        self._lock = Watched(context.get("lock"))
        self._page.register()
        self.on_close(self._page.close)
        self._on("pre_run_cell", self._greet())
        self._on("pre_run_cell", self._watch_lock)
        self._on("post_run_cell", self._watch_imports())

    def run(self, line: str, body: str = "") -> None:
        """Ask the agent for one line and show what it answers; raises `DepFailure` where it failed."""
        words = line.split()
        if words[0] == "ui":
            from . import picker

            picker.show(self, words[1:])
            return
        live = ProgressDisplay(self.shell)
        try:
            answer = self.ask(line, body, on_progress=lambda progress: live.tell(progress.text), on_tick=live.tick)
        except BaseException:
            live.done("stopped")
            raise
        live.done("done" if isinstance(answer, Outcome) else "stopped")
        if isinstance(answer, Failure):
            for note in self._taken_notes():
                self.show(note)
            raise DepFailure(answer.code, answer.message, hint=answer.hint, context=answer.context)
        if words[0] in _HELP:
            from . import picker

            answer = answer._replace(report=picker.mentioned_in(answer.report))
        self.publish(document.bundle(self.conclude(answer)))

    def ask(
        self,
        line: str,
        body: str = "",
        *,
        on_progress: Callable[[Progress], None],
        on_tick: Callable[[], None] = lambda: None,
        cancelled: Optional[threading.Event] = None,
        abandon: bool = False,
    ) -> Answer:
        """The agent's answer to one line; see `Agent.ask`. Nothing is shown and nothing moves: any thread may ask."""
        request = {
            "line": line,
            "body": body,
            "notebook": self.notebook(),
            "cwd": _working_folder(),
            "environment": self._mover.key if self.sealed else None,
            "block": self._page.block,
            "protocol": PROTOCOL,
        }
        return self._agent.ask(request, on_progress, on_tick, cancelled=cancelled, abandon=abandon)

    def conclude(self, outcome: Outcome, *, in_cell: bool = True) -> Report:
        """Do in this kernel what an outcome asks for, tell the pages, and say what a person should read.

        Belongs into the main thread. `in_cell`: a cell runs, which can offer another one.
        """
        self._remember(outcome)
        lock, project = outcome.data.get("lock"), outcome.data.get("project")
        if lock and (project == self.notebook() or str(lock) == self._lock.path):
            self._lock = Watched(str(lock))
        report = outcome.report
        tables, steps = list(report.tables), list(report.next)
        notes = [*report.notes, *self._taken_notes()]
        if outcome.edit is not None:
            notes += self._edits.carry(outcome.edit, in_cell=in_cell)
            if not self.sealed and not any(KERNEL in text for text in (*report.lines, *notes, *steps)):
                steps.append('switch to the kernel "{}" to run on what was declared'.format(KERNEL))
        if outcome.switch is not None and self.sealed:
            moved = self._mover.to(outcome.switch)
            tables += moved.tables
            notes += moved.notes
            self._tell_standing()
        self._page.send({"type": "carried", "verb": outcome.verb})
        return report._replace(tables=tuple(tables), notes=tuple(notes), next=tuple(steps))

    def on_main(self, work: Callable[[], None]) -> None:
        """Do it in the thread that runs cells, between two of them."""
        loop = getattr(getattr(self.shell, "kernel", None), "io_loop", None)
        if loop is None or threading.current_thread() is threading.main_thread():
            work()
        else:
            loop.add_callback(work)

    def show(self, text: str) -> None:
        """One quiet line under the cell."""
        self.publish(document.line_bundle(text))

    def publish(self, data: Mapping[str, Any]) -> None:
        if getattr(self.shell, "kernel", None) is None:
            print(data["text/plain"])
        else:
            self.shell.display_pub.publish(data=dict(data), metadata={})

    def notebook(self) -> Optional[str]:
        """The notebook's absolute path as far as anybody told: the launcher, VS Code, the server, a page after a rename."""
        named = (
            self._context.get("notebook")
            or self.shell.user_ns.get("__vsc_ipynb_file__")
            or os.environ.get("JPY_SESSION_NAME", "")
        )
        return self._page.renamed(os.path.abspath(named)) if named and str(named).endswith(".ipynb") else None

    def on_close(self, closer: Callable[[], None]) -> None:
        self._closers.append(closer)

    def close(self) -> None:
        for closer in self._closers:
            closer()
        self._agent.close()

    def _tell_standing(self) -> None:
        if self.sealed:
            self._page.send(self._mover.standing())

    def _ordered(self, wanted: Switch) -> None:
        """A page's own job has made another environment."""

        def move() -> None:
            if self.sealed:
                self._lock.changed()  # the page knows: it is where it was changed
                self._mover.to(wanted)
                self._tell_standing()

        self.on_main(move)

    def _taken_notes(self) -> List[str]:
        notes, self._notes[:] = list(self._notes), []
        return notes

    def _remember(self, outcome: Outcome) -> None:
        for field in ("declared", "locked"):
            values = outcome.data.get(field)
            if isinstance(values, (list, dict)):  # a list of requirements, or names with their versions
                names = [re.match(r"\s*([\w.-]+)", str(value)) for value in values]
                setattr(self, field, tuple(found.group(1) for found in names if found))

    def _agent_environment(self) -> Mapping[str, str]:
        hidden = self._mover.scripts() if self.sealed else []
        return environment_for_agent(os.environ, [*hidden, str(self._context.get("pip_shim") or "")], sealed=self.sealed)

    def _on(self, event: str, callback: Callable[..., None]) -> None:
        self.shell.events.register(event, callback)
        self.on_close(lambda: self.shell.events.unregister(event, callback))

    def _greet(self) -> Callable[..., None]:
        told = [str(note) for note in self._context.get("notes") or ()]
        base = bool(self._context.get("base"))
        state = {"first": True}

        def before_cell(info: Any = None) -> None:
            if not state["first"]:
                return
            state["first"] = False
            for note in told:
                self.show(note)
            cell = str(getattr(info, "raw_cell", "") or "").lstrip()
            if base and not told and not cell.startswith(("%dep", "%%dep")):
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

        return missing_import.watch(
            lambda hint: self.publish(hint.bundle()),
            lambda: {stale_modules.normalised(name) for name in self.declared},
            folders,
            self.shell.transform_cell,
        )


class Watched:
    """One file, and whether somebody else has changed it since it was last looked at; a missing one has not changed."""

    def __init__(self, path: Optional[str]) -> None:
        self.path = path
        self._seen = self._stamp()

    def changed(self) -> bool:
        now = self._stamp()
        if now is None or now == self._seen:
            return False
        self._seen = now
        return True

    def _stamp(self) -> Optional[Tuple[int, int]]:
        if self.path is None:
            return None
        try:
            found = os.stat(self.path)
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size


def _working_folder() -> str:
    try:
        return os.getcwd()
    except OSError:  # removed under the kernel
        return ""
