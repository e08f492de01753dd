"""From values to the small documents that people read, and to the entries of `--json`."""

from __future__ import annotations

from jupyter_dep.io.store import Sealed
from jupyter_dep.messages import Outcome, Report, Switch, Table
from jupyter_dep.operations.editing import Changed
from jupyter_dep.operations.inspecting import Status
from jupyter_dep.services import Services

STATES = {
    "none": "declares nothing",
    "unlocked": "not locked yet",
    "stale": "the lock does not answer the declaration",
    "pending": "locked; the declaration is not yet in the file",
    "unmerged": "the lock was merged badly",
    "invalid": "the lock cannot be used",
    "fresh": "locked",
}


def changed(verb: str, result: Changed, services: Services, environment: str | None) -> Outcome:
    """The outcome of a verb that changes declaration or lock."""
    state, summary = result.state, result.summary
    tables = (_change_table(result),) if result.changes else ()
    notes = list(result.notes)
    if result.unbuilt:
        notes.append(result.unbuilt)
    if summary is not None and summary.unavailable and result.changes:
        here = [f"{platform}: {', '.join(names)}" for platform, names in sorted(summary.unavailable.items())]
        notes.append(f"no wheel for {'; '.join(here)}")
    data = {
        "project": str(state.project.notebook),
        "lock": str(state.project.lock),
        "state": state.name,
        "changes": [change.as_json() for change in result.changes],
        "declared": [str(item) for item in state.declaration.dependencies] if state.declaration else [],
        "locked": dict(summary.versions) if summary else {},
        "dry_run": result.dry_run,
        "environment": {
            "path": result.sealed.path if result.sealed else None,
            "sealed": result.sealed is not None,
            "key": result.sealed.key if result.sealed else None,
        },
        "notes": notes,
    }
    return Outcome(
        verb=verb,
        report=Report(headline=_headline(verb, result), tone="good", tables=tables, notes=tuple(notes)),
        data=data,
        switch=_switch(result.sealed, services, environment) if not result.dry_run else None,
        edit=result.edit,
    )


def _headline(verb: str, result: Changed) -> str:
    declared = [change.name for change in result.changes if change.declared]
    count = len(result.changes)
    if not count:
        return "everything is as declared: nothing to do" if verb != "undo" else "undone"
    words = {"added": 0, "removed": 0, "changed": 0}
    for change in result.changes:
        words[change.kind] += 1
    told = ", ".join(f"{number} {kind}" for kind, number in words.items() if number)
    would = "would lock" if result.dry_run else "locked"
    subject = f"{', '.join(declared)}: " if declared else ""
    return f"{subject}{would} {told}"


def _change_table(result: Changed) -> Table:
    rows = []
    for change in result.changes:
        arrow = f"{change.before} → {change.after}" if change.before and change.after else change.before or change.after
        via = "declared" if change.declared else f"via {', '.join(change.via[:3])}" if change.via else "kernel"
        rows.append((change.kind, change.name, arrow, via))
    return Table(columns=("", "package", "version", "why"), rows=tuple(rows))


def _switch(sealed: Sealed | None, services: Services, environment: str | None) -> Switch | None:
    """Where the asking kernel should move to, None if it is there already or is none of ours."""
    if sealed is None or environment is None or sealed.key == environment:
        return None
    before = services.store.sealed(environment)
    old = dict(before.packages) if before else {}
    new = dict(sealed.packages)
    differing = tuple(
        (name, old.get(name, ""), new.get(name, ""))
        for name in sorted(old.keys() | new.keys())
        if old.get(name) != new.get(name)
    )
    return Switch(
        key=sealed.key,
        path=sealed.path,
        python=sealed.python,
        site_packages=(sealed.site,),
        lease=sealed.lease,
        changed=differing,
    )


def status(result: Status) -> Outcome:
    state, summary = result.state, result.state.summary
    lines = []
    declared = [str(item) for item in state.declaration.dependencies] if state.declaration else []
    if state.declaration is not None:
        lines.append(f"declared: {', '.join(declared) or 'nothing but the kernel'}")
    if summary is not None:
        name = (state.project.orphan or state.project.lock).name
        lines.append(f"locked: {len(summary.versions)} packages on Python {summary.python} in {name}")
    if result.trust is not None and not result.trust.given:
        lines.append("not allowed to run here yet")
    if summary is not None:
        lines.append("environment: " + (f"sealed in {result.sealed}" if result.sealed else "not built yet"))
    steps = []
    if state.lock_error is not None:
        lines.append(str(state.lock_error))
        steps.append(state.lock_error.hint)
    elif state.name in ("stale", "unlocked", "unmerged"):
        wanted, gone = state.lacking()
        if state.name == "stale" and (wanted or gone):
            lines.append("difference: " + ", ".join([f"+{item}" for item in wanted] + [f"-{item}" for item in gone]))
        steps.append(f"jupyter dep lock {state.project.notebook.name}")
    elif state.name == "none":
        steps.append(f"jupyter dep add {state.project.notebook.name} NAME")
    elif result.trust is not None and not result.trust.given:
        steps.append(f"jupyter dep trust allow {state.project.notebook.name}")
    if state.project.orphan is not None:
        lines.append(f"{state.project.orphan.name} is used: it answers this declaration, `lock` renames it")
    good = state.name in ("fresh", "pending") and (result.trust is None or result.trust.given)
    return Outcome(
        verb="status",
        report=Report(
            headline=f"{state.project.notebook.name}: {STATES[state.name]}",
            tone="good" if good else "plain" if state.name == "none" else "warn",
            lines=tuple(lines),
            notes=(result.note,) if result.note else (),
            next=tuple(steps),
        ),
        data=result.as_json(),
    )
