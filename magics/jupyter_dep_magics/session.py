"""The `%dep` session of one kernel: asks the agent, applies its answers and shows them."""

from __future__ import annotations

import os
import re
import threading
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from . import document, missing_import, stale_modules
from .agent import Agent, environment_for_agent
from .comm import PageComm
from .edits import NotebookEdits
from .failure import DepFailure
from .progress_display import ProgressDisplay
from .switch import EnvironmentSwitch
from .wire import PROTOCOL, Answer, Failure, Outcome, Progress, Report, Switch

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

KERNEL = "Python (dep)"
_HELP = ("--help", "-h")


class Subcommand(NamedTuple):
    """A command that runs in the kernel instead of the agent; `run` gets its words."""

    summary: str
    run: Callable[[Sequence[str]], None]


class Session:
    """Runs `%dep` lines. `ask` and `conclude` are the two halves of `run`, for callers in another thread.

    `context` is described in `start`; `subcommands` maps names to what runs in the kernel itself.
    """

    def __init__(self, shell: InteractiveShell, context: Mapping[str, Any]) -> None:
        self.shell = shell
        self._context = context
        self.sealed = context.get("key") is not None
        self.subcommands: Dict[str, Subcommand] = {}
        self.declared: Tuple[str, ...] = ()
        self.locked: Tuple[str, ...] = ()
        self._switch = EnvironmentSwitch(context)
        self._notes: List[str] = []
        self._closers: List[Callable[[], None]] = []
        self._page = PageComm(shell, on_open=self._send_environment, on_switch=self._switch_for_page)
        self._edits = NotebookEdits(shell, self._page)
        self._agent = Agent(list(context.get("agent") or ()), self.agent_environment, self._notes.append)
        self._lock = WatchedFile(context.get("lock"))
        self._page.register()
        self.on_close(self._page.close)
        self._register("pre_run_cell", self._first_cell_callback())
        self._register("pre_run_cell", self._check_lock)
        self._register("post_run_cell", self._missing_import_callback())

    @property
    def has_kernel(self) -> bool:
        """Whether this shell runs in a kernel, not in a terminal."""
        return getattr(self.shell, "kernel", None) is not None

    def run(self, line: str, body: str = "") -> None:
        """Run one line and show its result; raises `DepFailure` if it failed."""
        words = line.split()
        if words[0] in self.subcommands:
            self.subcommands[words[0]].run(words[1:])
            return
        progress = ProgressDisplay(self.shell, replaceable=self.notebook() is not None)
        try:
            answer = self.ask(line, body, on_progress=lambda moment: progress.update(moment.text), on_tick=progress.tick)
        except BaseException:
            progress.finish()
            raise
        if isinstance(answer, Failure):
            progress.finish()
            for note in self._take_notes():
                self.show(note)
            raise DepFailure(answer.code, answer.message, hint=answer.hint, context=answer.context)
        if words[0] in _HELP:
            answer = answer._replace(report=self._add_subcommands(answer.report))
        with self._page.delayed():  # the page saves the notebook after an edit: with the whole result in it
            report = self.conclude(answer)
            if not self.has_kernel:
                print(document.plain(report))
            elif not progress.finish(document.bundle(report)):
                self.publish(document.bundle(report))

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
        """Ask the agent, see `Agent.ask`; any thread may ask. Shows nothing and changes nothing in this kernel."""
        request = {
            "line": line,
            "body": body,
            "notebook": self.notebook(),
            "cwd": _working_folder(),
            "environment": self._switch.key if self.sealed else None,
            "block": self._page.block,
            "protocol": PROTOCOL,
        }
        return self._agent.ask(request, on_progress, on_tick, cancelled=cancelled, abandon=abandon)

    def conclude(self, outcome: Outcome, *, in_cell: bool = True) -> Report:
        """Apply an outcome in this kernel, inform the pages, and return what to show.

        For the main thread only. `in_cell`: a cell runs, which can offer a new one.
        """
        self._keep_names(outcome)
        lock, project = outcome.data.get("lock"), outcome.data.get("project")
        if lock and (project == self.notebook() or str(lock) == self._lock.path):
            self._lock = WatchedFile(str(lock))
        report = outcome.report
        tables, steps = list(report.tables), list(report.next)
        notes = [*report.notes, *self._take_notes()]
        if outcome.edit is not None:
            notes += self._edits.apply(outcome.edit, in_cell=in_cell)
            if not self.sealed and not any(KERNEL in text for text in (*report.lines, *notes, *steps)):
                steps.append('switch to the kernel "{}" to use the declared packages'.format(KERNEL))
        if outcome.switch is not None and self.sealed:
            result = self._switch.switch_to(outcome.switch)
            tables += result.tables
            notes += result.notes
            self._send_environment()
        self._page.send({"type": "carried", "verb": outcome.verb})
        return report._replace(tables=tuple(tables), notes=tuple(notes), next=tuple(steps))

    def on_main(self, work: Callable[[], None]) -> None:
        """Run `work` in the thread that runs cells, between two of them."""
        loop = getattr(getattr(self.shell, "kernel", None), "io_loop", None)
        if loop is None or threading.current_thread() is threading.main_thread():
            work()
        else:
            loop.add_callback(work)

    def show(self, text: str) -> None:
        """Show one dim line under the cell."""
        self.publish(document.line_bundle(text))

    def publish(self, data: Mapping[str, Any]) -> None:
        """Show a MIME bundle under the cell; in a terminal its text."""
        if self.has_kernel:
            self.shell.display_pub.publish(data=dict(data), metadata={})
        else:
            print(data["text/plain"])

    def notebook(self) -> Optional[str]:
        """Return the notebook's absolute path if the launcher, VS Code, the server or a page has passed it."""
        path = (
            self._context.get("notebook")
            or self.shell.user_ns.get("__vsc_ipynb_file__")
            or os.environ.get("JPY_SESSION_NAME", "")
        )
        return self._page.current_path(os.path.abspath(path)) if path and str(path).endswith(".ipynb") else None

    def on_close(self, closer: Callable[[], None]) -> None:
        """Call `closer` when the session is closed."""
        self._closers.append(closer)

    def close(self) -> None:
        """Remove everything that the session has put into the shell, and stop the agent."""
        for closer in self._closers:
            closer()
        self._agent.close()

    def _add_subcommands(self, help_text: Report) -> Report:
        """Add the kernel's own subcommands to the agent's help."""
        lines = list(help_text.lines)
        at = next((at for at, line in enumerate(lines) if line.startswith("  ")), len(lines))
        lines[at:at] = ["  {:8} {}".format(name, command.summary) for name, command in self.subcommands.items()]
        return help_text._replace(lines=tuple(lines))

    def _send_environment(self) -> None:
        if self.sealed:
            self._page.send(self._switch.message())

    def _switch_for_page(self, wanted: Switch) -> None:
        """Switch to the environment that a job of the page has made."""

        def switch() -> None:
            if self.sealed:
                self._lock.changed()  # no note: the user has made the change on the page
                self._switch.switch_to(wanted)
                self._send_environment()

        self.on_main(switch)

    def _take_notes(self) -> List[str]:
        notes, self._notes[:] = list(self._notes), []
        return notes

    def _keep_names(self, outcome: Outcome) -> None:
        """Keep the declared and locked names for completion and hints."""
        for field in ("declared", "locked"):
            values = outcome.data.get(field)
            if isinstance(values, (list, dict)):  # a list of requirements, or names with their versions
                names = [re.match(r"\s*([\w.-]+)", str(value)) for value in values]
                setattr(self, field, tuple(found.group(1) for found in names if found))

    def agent_environment(self) -> Mapping[str, str]:
        """Return the variables of programs on the Jupyter side."""
        hidden = self._switch.scripts() if self.sealed else []
        return environment_for_agent(os.environ, [*hidden, str(self._context.get("pip_shim") or "")], sealed=self.sealed)

    def _register(self, event: str, callback: Callable[..., None]) -> None:
        self.shell.events.register(event, callback)
        self.on_close(lambda: self.shell.events.unregister(event, callback))

    def _first_cell_callback(self) -> Callable[..., None]:
        """Return a callback that shows the launcher's notes, or how to begin, in the first cell."""
        notes = [str(note) for note in self._context.get("notes") or ()]
        base = bool(self._context.get("base"))
        state = {"first": True}

        def before_cell(info: Any = None) -> None:
            if not state["first"]:
                return
            state["first"] = False
            for note in notes:
                self.show(note)
            cell = str(getattr(info, "raw_cell", "") or "").lstrip()
            if base and not notes and not cell.startswith(("%dep", "%%dep")):
                self.show("no packages declared yet: add some with `%dep add NAME`")

        return before_cell

    def _check_lock(self, info: Any = None) -> None:
        """Show a note if another kernel, a terminal or a pull has changed the project's lock."""
        if self._lock.changed():
            self.show("the lock has changed outside this kernel: run `%dep sync` to switch to it, or restart the kernel")

    def _ask_standing(self) -> missing_import.Standing:
        """Ask how the project stands; without an answer what earlier answers said is known."""
        try:
            answer: Optional[Answer] = self.ask("status", on_progress=lambda _: None)
        except DepFailure:
            answer = None
        data: Mapping[str, Any] = {}
        if isinstance(answer, Outcome):
            self._keep_names(answer)
            data = answer.data
        return missing_import.Standing(
            declared=frozenset(stale_modules.normalize_name(name) for name in self.declared),
            state=str(data.get("state") or ""),
            key=(data.get("environment") or {}).get("key"),
            kernel=self._switch.key if self.sealed else None,
            next=answer.report.next[0] if isinstance(answer, Outcome) and answer.report.next else "",
        )

    def _missing_import_callback(self) -> Callable[..., None]:
        def folders() -> List[str]:
            notebook = self.notebook()
            return [_working_folder(), os.path.dirname(notebook) if notebook else ""]

        return missing_import.import_watcher(
            lambda hint: self.publish(hint.bundle()),
            self._ask_standing,
            folders,
            self.shell.transform_cell,
        )


class WatchedFile:
    """A file that other programs may change; a file that does not exist counts as unchanged."""

    def __init__(self, path: Optional[str]) -> None:
        self.path = path
        self._seen = self._read_stamp()

    def changed(self) -> bool:
        """Whether the file has changed since the last call."""
        now = self._read_stamp()
        if now is None or now == self._seen:
            return False
        self._seen = now
        return True

    def _read_stamp(self) -> Optional[Tuple[int, int]]:
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
    except OSError:  # the folder was removed while the kernel ran
        return ""
