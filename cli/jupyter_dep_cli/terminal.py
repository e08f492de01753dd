"""How reports look on a terminal and in a log: the same words, with colour and live progress only where a person looks."""

from __future__ import annotations

import sys
import threading
import unicodedata
from types import TracebackType
from typing import TextIO

from jupyter_dep.messages import Failure, Outcome, Report, Table, Tone
from jupyter_dep.progress import Progress

_COLOURS: dict[Tone, str] = {"plain": "", "good": "32", "warn": "33", "bad": "31"}


def visible(text: str) -> str:
    """The text with control and direction-changing characters made visible: a name may hold anything."""
    return "".join(
        character if character == "\n" or unicodedata.category(character) not in ("Cc", "Cf") else f"\\u{ord(character):04x}"
        for character in text
    )


class Terminal:
    """Writes reports to `out` and progress to `err`; colours and live lines only if they are terminals."""

    def __init__(self, out: TextIO | None = None, err: TextIO | None = None) -> None:
        self.out, self.err = out or sys.stdout, err or sys.stderr
        self.colour = self.out.isatty()
        self.live = self.err.isatty()

    def show(self, result: Outcome | Failure) -> None:
        if isinstance(result, Failure):
            where = ", ".join(str(value) if key == "file" else f"{key} {value}" for key, value in result.context.items())
            first, _, rest = visible(result.message).partition("\n")
            self._line(f"error: {first}" + (f" ({visible(where)})" if where else ""), "bad", self.err)
            for line in rest.splitlines():
                self._line("  " + line, "plain", self.err)
            self._line(f"  next: {visible(result.hint)}", "plain", self.err)
            return
        self._report(result.report, result.seconds)

    def _report(self, report: Report, seconds: float) -> None:
        if report.headline:
            took = f" in {seconds:.1f} s" if seconds >= 0.3 and report.tone == "good" else ""
            self._line(visible(report.headline) + took, report.tone, self.out)
        for line in report.lines:
            self._line("  " + visible(line), "plain", self.out)
        for table in report.tables:
            self._table(table)
        for note in report.notes:
            self._line(f"  note: {visible(note)}", "warn", self.out)
        for step in report.next:
            self._line(f"  next: {visible(step)}", "plain", self.out)

    def _table(self, table: Table) -> None:
        if self.colour:
            self._rich(table)
            return
        cells = [tuple(visible(cell) for cell in row) for row in (table.columns, *table.rows)]
        widths = [max(len(row[column]) for row in cells) for column in range(len(table.columns))]
        if table.title:
            self._line(f"  {table.title}", "plain", self.out)
        for row in cells if any(table.columns) else cells[1:]:
            self._line(
                "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip(),
                "plain",
                self.out,
            )

    def _rich(self, table: Table) -> None:
        from rich import box
        from rich.console import Console
        from rich.table import Table as RichTable
        from rich.text import Text

        drawn = RichTable(box=box.SIMPLE_HEAD, title=table.title or None, pad_edge=False)
        for column in table.columns:
            drawn.add_column(column, overflow="fold")
        for row in table.rows:
            drawn.add_row(*(Text(visible(cell)) for cell in row))
        Console(file=self.out).print(drawn)

    def _line(self, text: str, tone: Tone, stream: TextIO) -> None:
        code = _COLOURS[tone] if stream.isatty() else ""
        stream.write(f"\x1b[{code}m{text}\x1b[0m\n" if code else text + "\n")
        stream.flush()


class Telling:
    """Progress of one or several notebooks: one live line on a terminal, one line a phase in a log."""

    def __init__(self, terminal: Terminal, quiet: bool = False) -> None:
        self.terminal, self.quiet = terminal, quiet
        self._last: dict[str, str] = {}
        self._lock = threading.Lock()
        self._status: object | None = None

    def __enter__(self) -> Telling:
        if self.terminal.live and not self.quiet:
            from rich.console import Console

            self._status = Console(file=self.terminal.err).status("working")
            self._status.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._status is not None:
            self._status.__exit__(kind, error, trace)  # type: ignore[attr-defined]
            self._status = None

    def about(self, name: str, progress: Progress) -> None:
        if self.quiet:
            return
        with self._lock:
            text = visible(progress.text())
            if self._status is not None:
                from rich.text import Text

                self._status.update(Text(f"{name}: {text}" if name else text))  # type: ignore[attr-defined]
            elif self._last.get(name) != progress.phase:
                self._last[name] = progress.phase
                self.terminal.err.write(f"{name}: {text}\n" if name else text + "\n")
                self.terminal.err.flush()
