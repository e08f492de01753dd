"""The state of a project as a report: what is declared, locked and built, and the next step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from jupyter_dep.base.steps import NAME, FrontEnd, Step, Text, allow_options, step
from jupyter_dep.messages import Outcome, Report
from jupyter_dep.operations.inspect.status import Status

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
            headline=f"{front_end.title(state.project.file, state.project.title)}: {STATES[state.name]}",
            tone="good" if good else "plain" if state.name == "none" else "warn",
            lines=tuple(_status_lines(result)),
            notes=tuple(front_end.write(note) for note in (why, result.note) if note),
            next=(front_end.write(following),) if following else (),
        ),
        data=result.as_json(),
    )


def _status_lines(result: Status) -> Iterator[str]:
    state, summary = result.state, result.state.summary
    if state.declaration is not None:
        yield from _declaration_lines(state.declaration)
    if summary is not None:
        name = (state.project.orphan or state.project.lock).name
        yield f"locked: {len(summary.versions)} packages on Python {summary.python} in {name}"
    if result.trust is not None and not result.trust.given:
        yield "not allowed to run here yet"
    if summary is not None:
        yield "environment: " + (result.sealed or "not built yet")
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
