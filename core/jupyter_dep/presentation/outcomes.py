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

from .texts import some, verb_for

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
    cell = front_end.kind == "cell"
    switch = _switch(result.sealed, services, environment) if not result.dry_run else None
    lines = (f"environment: {result.sealed.path}",) if result.sealed is not None and result.built and not cell else ()
    return Outcome(
        verb=verb,
        report=Report(
            headline=_headline(
                "switch" if verb == "sync" and switch is not None else verb,
                result,
                front_end,
                tuple(str(canonicalize_name(name)) for name in names),
            ),
            tone="good",
            lines=lines,
            tables=tables,
            notes=tuple(notes),
            folded=cell,
        ),
        data=data,
        switch=switch,
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
        listed = some([name for name in lacking if name not in summary.kernel], 5)
        if listed:
            found.append(f"no wheel on {platform}: {listed}")
    return found


def _headline(verb: str, result: ChangeResult, front_end: FrontEnd, names: tuple[str, ...]) -> str:
    """What was done; nothing is claimed that did not happen."""
    project = result.state.project
    return front_end.heading(project.file, project.title, _summarize(verb, result, front_end, names))


def _summarize(verb: str, result: ChangeResult, front_end: FrontEnd, names: tuple[str, ...]) -> str:
    if verb in ("sync", "install"):
        return _synced(result)
    if verb == "switch":
        return f"this kernel uses the lock now: {_size(result)}"
    what = _done(verb, result, names)
    counted = _counted(result, names)
    if result.dry_run:
        return f"would change the lock: {counted}" if counted else "the lock would not change"
    built = ", environment built" if result.built and front_end.kind != "cell" else ""
    return what + (f" ({counted})" if counted else "") + built


def _synced(result: ChangeResult) -> str:
    size = _size(result)
    if result.first and result.summary:
        return f"locked {len(result.summary.versions)} packages and built the environment: {size}"
    return f"built the environment: {size}" if result.built else f"the environment is up to date: {size}"


def _size(result: ChangeResult) -> str:
    return f"{len(result.artifacts)} packages on Python {result.summary.python}" if result.artifacts and result.summary else ""


def _done(verb: str, result: ChangeResult, names: tuple[str, ...]) -> str:
    versions = result.summary.versions if result.summary else {}
    if verb == "add":
        return _added(result, names)
    if verb == "remove":
        kept = [name for name in names if name in versions]
        need = verb_for(len(kept), "stays locked, since other packages need it", "stay locked, since other packages need them")
        return f"removed {some(names, 6)}" + (f"; {some(kept, 6)} {need}" if kept else "")
    if verb == "update":
        return (
            "updated" if result.changes else f"no newer versions fit {'for ' + some(names, 6) if names else 'the declaration'}"
        )
    if verb == "python":
        python = result.summary.python if result.summary else ""
        return f"locked with Python {python}" if result.relocked else f"is already locked with Python {python}"
    if verb in ("undo", "redo"):
        return f"undone: `{result.undone}`" if verb == "undo" else f"redone: `{result.undone}`"
    return f"locked {len(versions)} packages" if result.relocked else "the lock is up to date"


def _added(result: ChangeResult, names: tuple[str, ...]) -> str:
    """What is newly declared, and what was before."""
    versions = result.summary.versions if result.summary else {}
    fresh = [name for name in names if name in result.declares] or (list(names) if result.redeclared else [])
    before = [name for name in names if name not in fresh]
    told = []
    for title, group in (("added {}", fresh), ("{} {} already declared and locked", before)):
        named = some([f"{name} {versions[name]}" if name in versions else name for name in group], 6)
        if group:
            told.append(title.format(named, verb_for(len(group), "is", "are")))
    return "; ".join(told) or "added nothing"


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
        via = places.get(change.name, "declared") if change.declared else f"via {some(change.via, 3)}" if change.via else ""
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
