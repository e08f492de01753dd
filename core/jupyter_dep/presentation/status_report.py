"""The state of a project as a report: what is declared, locked and built, and the next step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from jupyter_dep.base.steps import NAME, FrontEnd, Step, Text, allow_options, step
from jupyter_dep.messages import Outcome, Report
from jupyter_dep.operations.inspect.status import Status

from .texts import some

if TYPE_CHECKING:
    from jupyter_dep.model.declaration.declaration import Declaration

STATES = {
    "none": "declares nothing",
    "unlocked": "not locked yet",
    "stale": "the lock is out of date",
    "pending": "locked; the declaration is not yet in the file",
    "unmerged": "the lock was merged badly",
    "invalid": "the lock cannot be used",
    "fresh": "locked",
}


def status(result: Status, front_end: FrontEnd, *, why: str = "") -> Outcome:
    """A project's state; `why` says why a notebook belongs to it."""
    state = result.state
    good = state.name in ("fresh", "pending") and (result.trust is None or result.trust.given)
    following = _after_status(result)
    return Outcome(
        verb="status",
        report=Report(
            headline=front_end.heading(state.project.file, state.project.title, _headline(result, front_end)),
            tone="good" if good else "plain" if state.name == "none" else "warn",
            lines=tuple(_status_lines(result, cell=front_end.kind == "cell")),
            notes=tuple(front_end.write(note) for note in (why, result.note) if note),
            next=(front_end.write(following),) if following else (),
            folded=front_end.kind == "cell",
        ),
        data=result.as_json(),
    )


def _headline(result: Status, front_end: FrontEnd) -> str:
    """How it stands; for a cell with what is declared, for its lines are folded."""
    state, summary = result.state, result.state.summary
    if front_end.kind != "cell" or state.declaration is None:
        return STATES[state.name]
    declared = some([str(item) for item in state.declaration.dependencies], 6) or "only the kernel"
    counted = f" ({len(summary.versions)} packages, Python {summary.python})" if summary is not None else ""
    return f"{STATES[state.name]}: {declared}{counted}"


def _status_lines(result: Status, *, cell: bool) -> Iterator[str]:
    state, summary = result.state, result.state.summary
    if state.declaration is not None:
        yield from _declaration_lines(state.declaration)
    if summary is not None:
        where = "" if cell else f" in {(state.project.orphan or state.project.lock).name}"
        yield f"locked: {len(summary.versions)} packages on Python {summary.python}{where}"
    if result.trust is not None and not result.trust.given:
        yield "not allowed to run here yet"
    if summary is not None:
        yield "environment: " + (("built" if cell else result.sealed) if result.sealed else "not built yet")
    if state.lock_error is not None:
        yield str(state.lock_error)
    elif state.name == "stale":
        wanted, gone = state.lacking()
        if wanted or gone:
            yield "difference: " + ", ".join([f"+{item}" for item in wanted] + [f"-{item}" for item in gone])
    if state.project.orphan is not None:
        yield f"{state.project.orphan.name} is used: it matches this declaration, `lock` renames it"


def _declaration_lines(declaration: Declaration) -> Iterator[str]:
    always = [str(item) for item in declaration.dependencies]
    yield f"declared: {', '.join(always) or 'only the kernel'}"
    for kind, parts in (("group", declaration.groups), ("extra", declaration.extras)):
        for part, listed in parts.items():
            yield f"{kind} {part}: {', '.join(map(str, listed)) or 'empty'}"


def _after_status(result: Status) -> Text | Step | None:
    """The one step that brings a project forward."""
    state, file = result.state, result.state.project.file
    if state.lock_error is not None:
        return state.lock_error.hint
    declared = state.declaration is not None and any(state.declaration.every_requirement)
    if state.name == "none" or (state.name == "unlocked" and not declared):
        return step("add", NAME, target=file)
    if state.name in ("stale", "unlocked", "unmerged"):
        return step("lock", target=file)
    if result.trust is not None and not result.trust.given:
        return step("trust allow", *allow_options(result.trust.missing), target=file)
    if result.sealed is None and not result.note:
        return step("sync", target=file)
    return None
