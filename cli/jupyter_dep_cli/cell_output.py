"""What a cell shows is saved in the notebook, and goes with it to others: it names no home folder."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from jupyter_dep.messages import Failure, Outcome, Report


def without_home(answer: Outcome | Failure, homes: tuple[str, ...]) -> Outcome | Failure:
    """Write `~` for these folders in everything that is shown."""

    def shorten(text: str) -> str:
        for home in homes:
            text = text.replace(home + os.sep, "~" + os.sep)
        return text

    if isinstance(answer, Outcome):
        return replace(answer, report=_map_report(answer.report, shorten))
    context = {key: shorten(value) if isinstance(value, str) else value for key, value in answer.context.items()}
    return replace(answer, message=shorten(answer.message), hint=shorten(answer.hint), context=context)


def home_folders() -> tuple[str, ...]:
    """The user's home folder, as it is named and as it really is; none where it is the root."""
    try:
        home = Path.home()
        found = {str(home), os.path.realpath(home)}
    except (OSError, RuntimeError):
        return ()
    return tuple(sorted((one for one in found if len(Path(one).parts) > 1), key=len, reverse=True))


def _map_report(report: Report, change: Callable[[str], str]) -> Report:
    tables = tuple(
        replace(table, title=change(table.title), rows=tuple(tuple(map(change, row)) for row in table.rows))
        for table in report.tables
    )
    return replace(
        report,
        headline=change(report.headline),
        lines=tuple(map(change, report.lines)),
        tables=tables,
        notes=tuple(map(change, report.notes)),
        next=tuple(map(change, report.next)),
    )
