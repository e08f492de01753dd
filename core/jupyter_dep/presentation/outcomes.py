"""From values to the small documents that people read, and to the entries of `--json`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from jupyter_dep.base.steps import NAME, FrontEnd, Hint, step
from jupyter_dep.io.store.store import Sealed
from jupyter_dep.messages import Edit, Outcome, Report, Switch, Table
from jupyter_dep.model.lock.digest import LockDigest
from jupyter_dep.operations.project.context import KERNEL_DISPLAY, ChangeResult, DeclarationEdit
from jupyter_dep.services import Services

if TYPE_CHECKING:
    from jupyter_dep.operations.edit.init_notebook import InitResult
    from jupyter_dep.operations.environment.trust import Allowed


def changed(
    verb: str,
    result: ChangeResult,
    services: Services,
    front_end: FrontEnd,
    *,
    environment: str | None = None,
    names: Sequence[str] = (),
) -> Outcome:
    """The outcome of a command that changes declaration or lock.

    `names` are those that were typed, `environment` is the key that the asking kernel runs on.
    """
    state, summary = result.state, result.summary
    tables = (_change_table(result),) if result.changes else ()
    notes = [front_end.write(note) for note in (*result.notes, result.unbuilt) if note]
    if summary is not None and result.changes:
        notes += _gaps(summary)
    data = {
        "project": str(state.project.file),
        "lock": str(state.project.lock),
        "state": state.name,
        "changes": [change.as_json() for change in result.changes],
        "declared": [str(item) for item in state.declaration.dependencies] if state.declaration else [],
        "locked": dict(summary.versions) if summary else {},
        "dry_run": result.dry_run,
        "download": _download(result),
        "environment": {
            "path": result.sealed.path if result.sealed else None,
            "sealed": result.sealed is not None,
            "key": result.sealed.key if result.sealed else None,
        },
        "notes": notes,
    }
    lines = (f"environment: {result.sealed.path}",) if result.sealed is not None and result.built else ()
    return Outcome(
        verb=verb,
        report=Report(
            headline=_headline(verb, result, front_end, tuple(str(canonicalize_name(name)) for name in names)),
            tone="good",
            lines=lines,
            tables=tables,
            notes=tuple(notes),
        ),
        data=data,
        switch=_switch(result.sealed, services, environment) if not result.dry_run else None,
        edit=wire_edit(result.edit),
    )


def wire_edit(edit: DeclarationEdit | None) -> Edit | None:
    """An edit of a declaration as it goes over the wire."""
    if edit is None:
        return None
    return Edit(project=str(edit.project), before=edit.before, after=edit.after, pending=edit.pending)


def _download(result: ChangeResult) -> int:
    """Bytes that what is new takes at most: this machine's files where they are selected, else the largest wheels."""
    sizes = dict(result.summary.sizes) if result.summary else {}
    sizes.update({artifact.name: artifact.size for artifact in result.artifacts if artifact.size})
    return sum(sizes.get(change.name, 0) for change in result.changes if change.after)


def _gaps(summary: LockDigest) -> list[str]:
    """The platforms on which a locked package has no wheel; packages that only the kernel needs are left out."""
    found = []
    for platform, lacking in sorted(summary.unavailable.items()):
        listed = _some([name for name in lacking if name not in summary.kernel], 5)
        if listed:
            found.append(f"no wheel on {platform}: {listed}")
    return found


def _some(names: Sequence[str], most: int) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _headline(verb: str, result: ChangeResult, front_end: FrontEnd, names: tuple[str, ...]) -> str:
    """What was done; nothing is claimed that did not happen."""
    name = front_end.title(result.state.project.file, result.state.project.title)
    if verb in ("sync", "install"):
        return _synced(result, name)
    what = _done(verb, result, names)
    counted = _counted(result, names)
    if result.dry_run:
        return f"{name}: would change the lock: {counted}" if counted else f"{name}: the lock would not change"
    return f"{name}: {what}" + (f" ({counted})" if counted else "") + (", environment built" if result.built else "")


def _synced(result: ChangeResult, name: str) -> str:
    size = f"{len(result.artifacts)} packages on Python {result.summary.python}" if result.artifacts and result.summary else ""
    if result.first and result.summary:
        return f"{name}: locked {len(result.summary.versions)} packages and built the environment: {size}"
    return f"{name}: built the environment: {size}" if result.built else f"{name}: the environment is up to date: {size}"


def _done(verb: str, result: ChangeResult, names: tuple[str, ...]) -> str:
    versions = result.summary.versions if result.summary else {}
    named = _some([f"{name} {versions[name]}" if name in versions else name for name in names], 6)
    if verb == "add":
        return f"added {named}" if result.redeclared else f"{named} is already declared and locked"
    if verb == "remove":
        kept = [name for name in names if name in versions]
        still = f"; {_some(kept, 6)} stays locked, since other packages need it" if kept else ""
        return f"removed {_some(names, 6)}{still}"
    if verb == "update":
        return (
            "updated" if result.changes else f"no newer versions fit {'for ' + _some(names, 6) if names else 'the declaration'}"
        )
    if verb == "python":
        python = result.summary.python if result.summary else ""
        return f"locked with Python {python}" if result.relocked else f"is already locked with Python {python}"
    if verb in ("undo", "redo"):
        return "undone: declaration and lock are as before" if verb == "undo" else "redone: declaration and lock are back"
    return f"locked {len(versions)} packages" if result.relocked else "the lock is up to date"


def _counted(result: ChangeResult, names: tuple[str, ...]) -> str:
    """`3 more added, 1 changed`: what changed beside the names that were typed."""
    counts = {"added": 0, "removed": 0, "changed": 0}
    for change in result.changes:
        if change.name not in names or result.dry_run:
            counts[change.kind] += 1
    more = " more" if names and not result.dry_run else ""
    return ", ".join(f"{number}{more if kind == 'added' else ''} {kind}" for kind, number in counts.items() if number)


def _change_table(result: ChangeResult) -> Table:
    """A row for each change; packages that only the kernel brings share one."""
    rows: list[tuple[str, ...]] = []
    places = result.state.declaration.places if result.state.declaration else {}
    kernel = set(result.summary.kernel) if result.summary else set()
    folded: dict[str, list[str]] = {}
    for change in result.changes:
        if change.name in kernel and change.kind == "added":
            folded.setdefault(change.kind, []).append(change.name)
            continue
        arrow = f"{change.before} → {change.after}" if change.before and change.after else change.before or change.after
        via = places.get(change.name, "declared") if change.declared else f"via {_some(change.via, 3)}" if change.via else ""
        if not via and change.kind != "removed":
            via = "the kernel"
        rows.append((change.kind, change.name, arrow, via))
    for kind, names in folded.items():
        rows.append((kind, names[0] if len(names) == 1 else f"{len(names)} packages", "", "needed only by the kernel"))
    return Table(columns=("", "package", "version", "why"), rows=tuple(rows))


def _switch(sealed: Sealed | None, services: Services, environment: str | None) -> Switch | None:
    """Where the asking kernel should move to, None if it is there already or runs on another environment."""
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
        lease=sealed.lock_file,
        changed=differing,
    )


def created(notebook: Path, result: InitResult, front_end: FrontEnd) -> Outcome:
    """The outcome of `init`."""
    following = step("add", NAME, target=notebook)
    named = [guess.names[0] for guess in result.guesses]
    guessed = [Hint("if these are the packages: ", step("add", *named, target=notebook))] if named else []
    lines = [f"declares Python {result.requires_python}"]
    if result.declared:
        lines.append(f"declares {', '.join(result.declared)}")
        lines += [f"{name} is a guess: it only has the name of an import" for name in result.guessed]
        following = step("lock", target=notebook)
    elif result.suggested:
        lines.append(f"it imports or installs {', '.join(result.suggested)}")
        following = step("add", *result.suggested, target=notebook)
    lines += [
        f"not declared: `{guess.module}` ({', '.join(guess.places[:3])}), perhaps from "
        + " or ".join(f"`{name}`" for name in guess.names[:3])
        for guess in result.guesses
    ]
    lines += [
        f"imports the project in `{folder}`, on which a notebook alone cannot depend; a project of that folder can hold both"
        for folder in result.packages
    ]
    return Outcome(
        verb="init",
        report=Report(
            headline=f"{front_end.title(notebook, notebook.name)} is a project now, for the kernel “{KERNEL_DISPLAY}”",
            tone="good",
            lines=tuple(lines),
            next=(front_end.write(following), *map(front_end.write, guessed)),
        ),
        data={
            "project": str(notebook),
            "declared": list(result.declared),
            "suggested": list(result.suggested),
            "guessed": list(result.guessed),
            "guesses": [
                {"module": guess.module, "names": list(guess.names), "places": list(guess.places)} for guess in result.guesses
            ],
            "python": result.requires_python,
        },
        edit=wire_edit(result.edit),
    )


def allowed(notebook: Path, result: Allowed, front_end: FrontEnd) -> Outcome:
    """The outcome of allowing a notebook's lock."""
    return Outcome(
        verb="trust",
        report=Report(
            headline=f"{front_end.title(notebook, notebook.name)} is allowed",
            tone="good",
            lines=result.lines,
            next=(front_end.write(Hint("open it, or ", step("sync", target=notebook), " builds its environment now")),),
        ),
        data={
            "project": str(notebook),
            "fingerprint": result.fingerprint,
            "items": [str(item) for item in result.items],
        },
    )
