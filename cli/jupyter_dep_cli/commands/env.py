"""env: a project's environments, and the store that holds all of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from jupyter_dep.base.errors import DepError, UsageError
from jupyter_dep.base.steps import Hint, step
from jupyter_dep.io.files.manifest_paths import MANIFEST
from jupyter_dep.io.store.store import Sealed
from jupyter_dep.messages import Outcome, Report, Table
from jupyter_dep.operations.environment import gc
from jupyter_dep.operations.inspect import status as inspect_status
from jupyter_dep_cli.call import Call


def env(call: Call) -> Outcome:
    """List, activate and remove environments."""
    actions = {
        "info": _show_environment,
        "list": _list_environments,
        "use": _use_python,
        "remove": _remove_environments,
        "activate": _activate_shell,
        "gc": _collect,
    }
    if call.parsed.words and call.parsed.action != "use":
        raise UsageError(
            "bad-usage",
            f"`{call.parsed.words[0]}` is not a notebook (`.ipynb`)",
            hint=call.usage,
        )
    return actions[call.parsed.action](call)


def _activate_shell(call: Call) -> Outcome:
    if call.context.from_cell:  # a cell has no shell, and what is written goes to the kernel
        raise UsageError("not-from-a-cell", "a cell has no shell to activate", hint="run it in a terminal")
    from .shell import activate

    return activate(call)


def _use_python(call: Call) -> Outcome:
    """The Python of the project: what `python` does, under the name that users of other tools look for."""
    from .edit import python

    return replace(python(call), verb="env")


def _show_environment(call: Call) -> Outcome:
    target = call.target()
    status = inspect_status.status(target, call.services, call.context)
    sealed = call.services.store.sealed(status.key) if status.key else None
    if sealed is None:
        raise DepError(
            "no-environment",
            f"the {status.state.project.form.noun} has no environment here yet",
            hint=Hint(step("sync", target=target), " builds it"),
            context={"file": target.name},
        )
    lines = (
        f"path: {sealed.path}",
        f"python: {sealed.python}",
        f"made with: {sealed.interpreter}",
        f"packages: {len(sealed.packages)}, {sealed.files} files, {sealed.size / 1e6:.1f} MB (shared with the cache)",
        f"key: {sealed.key}",
    )
    report = Report(headline=f"{_title(target)}: sealed environment", lines=lines)
    return Outcome(
        verb="env",
        report=Report(headline="", lines=(sealed.path,)) if call.parsed.flag("path") else report,
        data={
            "project": str(target),
            "path": sealed.path,
            "python": sealed.python,
            "interpreter": sealed.interpreter,
            "key": sealed.key,
            "files": sealed.files,
            "size": sealed.size,
            "packages": dict(sealed.packages),
        },
    )


def _list_environments(call: Call) -> Outcome:
    """The project's environments; all of the store's without a project, or on request."""
    if call.parsed.flag("all") or call.front_end.project is None:
        return _list_store(call)
    target = call.target()
    held = gc.of_project(target, call.services)
    rows = tuple(
        (
            *_row(each.sealed),
            "locked now" if each.locked else "used before",
            ", ".join(map(_title, each.others[:3])) or "-",
        )
        for each in held
    )
    columns = ("key", "python", "packages", "size", "", "also used by")
    entries = [{**_entry(each.sealed), "locked": each.locked, "others": [str(path) for path in each.others]} for each in held]
    return Outcome(
        verb="env",
        report=Report(
            headline=f"{_title(target)}: {_count(len(rows))}",
            tables=(Table(columns=columns, rows=rows),) if rows else (),
            next=() if rows else (call.write(step("sync", target=target)),),
        ),
        data={"project": str(target), "environments": entries},
    )


def _list_store(call: Call) -> Outcome:
    users = gc.users(call.services)
    everything = call.services.store.all()
    rows = tuple((*_row(sealed), ", ".join(map(_title, users.get(sealed.key, ())[:3])) or "-") for sealed in everything)
    entries = [{**_entry(sealed), "projects": [str(path) for path in users.get(sealed.key, ())]} for sealed in everything]
    return Outcome(
        verb="env",
        report=Report(
            headline=f"{len(rows)} environments in {call.services.paths.store}",
            tables=(Table(columns=("key", "python", "packages", "size", "used by"), rows=rows),) if rows else (),
        ),
        data={"store": str(call.services.paths.store), "environments": entries},
    )


def _remove_environments(call: Call) -> Outcome:
    target = call.target()
    done = gc.remove_environments(target, call.services, dry_run=call.context.dry_run)
    word = "would remove" if call.context.dry_run else "removed"
    freed = f", which {'would free' if call.context.dry_run else 'freed'} {done.freed / 1e6:.1f} MB" if done.removed else ""
    return Outcome(
        verb="env",
        report=Report(
            headline=f"{_title(target)}: {word} {_count(len(done.removed))}{freed}",
            tone="good",
            lines=tuple(sealed.path for sealed in done.removed),
            notes=tuple(f"{sealed.path} stays: {why}" for sealed, why in done.kept),
        ),
        data={
            "project": str(target),
            "removed": [sealed.key for sealed in done.removed],
            "freed": done.freed,
            "kept": [{"key": sealed.key, "path": sealed.path, "why": why} for sealed, why in done.kept],
            "dry_run": call.context.dry_run,
        },
    )


def _collect(call: Call) -> Outcome:
    result = gc.collect(call.services, dry_run=call.context.dry_run)
    word = "would remove" if call.context.dry_run else "removed"
    return Outcome(
        verb="env",
        report=Report(
            headline=f"{word} {len(result.removed)} environments, kept {result.kept}",
            tone="good",
            notes=(*([result.note] if result.note else []), *_unreachable(result)),
        ),
        data={
            "removed": list(result.removed),
            "kept": result.kept,
            "swept": result.swept,
            "note": result.note,
            "unreachable": [str(path) for path in result.unreachable],
        },
    )


def _unreachable(result: gc.GcResult) -> list[str]:
    if not result.unreachable:
        return []
    named = ", ".join(map(str, result.unreachable[:3])) + (" and others" if len(result.unreachable) > 3 else "")
    return [f"projects that cannot be looked at keep their environments: {named}"]


def _row(sealed: Sealed) -> tuple[str, ...]:
    return sealed.key[:12], sealed.interpreter.split()[1], str(len(sealed.packages)), f"{sealed.size / 1e6:.0f} MB"


def _entry(sealed: Sealed) -> dict[str, object]:
    return {"key": sealed.key, "path": sealed.path, "size": sealed.size}


def _count(number: int) -> str:
    return "no environment" if number == 0 else f"{number} environment{'' if number == 1 else 's'}"


def _title(project: Path) -> str:
    """How a project is called: a folder's manifest has the same name everywhere."""
    return project.parent.name if project.name == MANIFEST else project.name
