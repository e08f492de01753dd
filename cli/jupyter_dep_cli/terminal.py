"""How reports look on a terminal and in a log: the same words, with colour and live progress only on a terminal."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, TextIO

from jupyter_dep.base.escape import escape_untrusted
from jupyter_dep.base.progress import Progress
from jupyter_dep.messages import Failure, Outcome, Report, Table, Tone

_COLOURS: dict[Tone, str] = {"plain": "", "good": "32", "warn": "33", "bad": "31"}


_IN_MESSAGE = frozenset({"package", "artifact"})
"""Parts of a context that the message itself names; they are there for programs."""


def _format_place(key: str, value: str | int) -> str:
    return str(value) if key == "file" else f"`{value}`" if key == "key" else f"{key} {value}"


class Terminal:
    """Writes reports to `out` and progress to `err`; colours and live lines only if they are terminals."""

    def __init__(self, out: TextIO | None = None, err: TextIO | None = None) -> None:
        self.out, self.err = out or sys.stdout, err or sys.stderr
        self.colour = self.out.isatty()
        self.live = self.err.isatty()

    def show(self, result: Outcome | Failure) -> None:
        """Write a result: an outcome to `out`, a failure to `err`."""
        if isinstance(result, Failure):
            where = ", ".join(_format_place(key, value) for key, value in result.context.items() if key not in _IN_MESSAGE)
            first, _, rest = escape_untrusted(result.message, lines=True).partition("\n")
            self._write_line(f"error: {first}" + (f" ({escape_untrusted(where)})" if where else ""), "bad", self.err)
            for line in rest.splitlines():
                self._write_line("  " + line, "plain", self.err)
            self._write_line(f"  next: {escape_untrusted(result.hint)}", "plain", self.err)
            return
        self._write_report(result.report, result.seconds)

    def _write_report(self, report: Report, seconds: float) -> None:
        if report.headline:
            took = f" in {seconds:.1f} s" if seconds >= 0.3 and report.tone == "good" else ""
            self._write_line(escape_untrusted(report.headline) + took, report.tone, self.out)
        for line in report.lines:  # without a headline they are a text that goes to other programs
            self._write_line(("  " if report.headline else "") + escape_untrusted(line), "plain", self.out)
        for table in report.tables:
            self._write_table(table)
        for note in report.notes:
            self._write_line(f"  note: {escape_untrusted(note)}", "warn", self.out)
        for step in report.next:
            self._write_line(f"  next: {escape_untrusted(step)}", "plain", self.out)

    def _write_table(self, table: Table) -> None:
        if self.colour:
            self._draw_table(table)
            return
        cells = [tuple(escape_untrusted(cell) for cell in row) for row in (table.columns, *table.rows)]
        widths = [max(len(row[column]) for row in cells) for column in range(len(table.columns))]
        if table.title:
            self._write_line(f"  {escape_untrusted(table.title)}", "plain", self.out)
        for row in cells if any(table.columns) else cells[1:]:
            self._write_line(
                "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip(),
                "plain",
                self.out,
            )

    def _draw_table(self, table: Table) -> None:
        from rich import box
        from rich.console import Console
        from rich.table import Table as RichTable
        from rich.text import Text

        drawn = RichTable(
            box=box.SIMPLE_HEAD, title=Text(escape_untrusted(table.title)) if table.title else None, pad_edge=False
        )
        for column in table.columns:
            drawn.add_column(Text(escape_untrusted(column)), overflow="fold")
        for row in table.rows:
            drawn.add_row(*(Text(escape_untrusted(cell)) for cell in row))
        Console(file=self.out).print(drawn)

    def _write_line(self, text: str, tone: Tone, stream: TextIO) -> None:
        code = _COLOURS[tone] if stream.isatty() else ""
        stream.write(f"\x1b[{code}m{text}\x1b[0m\n" if code else text + "\n")
        stream.flush()


class ProgressDisplay:
    """Progress of one or several notebooks: one live line on a terminal, a line for each new thing in a log."""

    def __init__(self, terminal: Terminal, *, quiet: bool = False) -> None:
        self.terminal, self.quiet = terminal, quiet
        self._written: set[tuple[str, str]] = set()
        self._current: dict[str, str] = {}
        self._lock = threading.Lock()
        self._status: Any = None

    def __enter__(self) -> ProgressDisplay:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        with self._lock:
            self._stop()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """No live line while something else is written; it comes back with the next progress."""
        with self._lock:
            self._stop()
            yield

    def still(self) -> None:
        """End the live line: another program takes over the terminal."""
        with self._lock:
            self._stop()

    def ask(self, question: str) -> bool:
        """Put a yes/no question to the person at the terminal."""
        with self.paused():
            self.terminal.err.write(f"{escape_untrusted(question)} [y/N] ")
            self.terminal.err.flush()
            return sys.stdin.readline().strip().lower() in ("y", "yes")

    def about(self, name: str, progress: Progress) -> None:
        """Show progress of the notebook `name`, empty where there is only one."""
        if self.quiet:
            return
        with self._lock:
            if self.terminal.live:
                self._live(name, progress)
            else:
                self._plain(name, progress)

    def _live(self, name: str, progress: Progress) -> None:
        if self._status is None:
            self._status = _LiveLine(self.terminal.err)
        self._current.pop(name, None)
        self._current[name] = escape_untrusted(progress.text())  # the last one that moved stands last
        text = f"{escape_untrusted(name)}: {self._current[name]}" if name else self._current[name]
        self._status.update(text, progress)

    def _plain(self, name: str, progress: Progress) -> None:
        """Each phase once; a big download by its name and size, since a log has no bar."""
        text = progress.phase + (f": {escape_untrusted(progress.detail)}" if progress.detail else "")
        if progress.phase == "running":
            text = escape_untrusted(progress.text())
        if (name, text) in self._written:
            return
        self._written.add((name, text))
        self.terminal.err.write(f"{escape_untrusted(name)}: {text}\n" if name else text + "\n")
        self.terminal.err.flush()

    def _stop(self) -> None:
        if self._status is not None:
            self._status.stop()
            self._status = None


class _LiveLine:
    """A spinner, what is being done, a bar where the end is known, and the seconds so far."""

    def __init__(self, stream: TextIO) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as Bars

        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            TimeElapsedColumn(),
        )
        self._bars = Bars(*columns, console=Console(file=stream), transient=True)
        self._task = self._bars.add_task("working", total=None)
        self._bars.start()

    def update(self, text: str, progress: Progress) -> None:
        done, total = (progress.bytes_done, progress.bytes_total) if progress.bytes_total else (progress.done, progress.total)
        self._bars.update(self._task, description=text, completed=done, total=total)

    def stop(self) -> None:
        self._bars.stop()
