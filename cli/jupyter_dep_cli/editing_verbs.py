"""init, add, remove, update, lock, sync, python, undo, mv: the verbs that change a project."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from jupyter_dep.errors import UsageError
from jupyter_dep.io import files
from jupyter_dep.messages import Outcome, Report, Table
from jupyter_dep.model import inline, requirement
from jupyter_dep.operations import creating, editing
from jupyter_dep.operations.inspecting import status as status_of

from . import reports
from .call import Call


def add(call: Call) -> Outcome:
    return _changed(call, editing.add(call.target(), _requirements(call), call.services, call.asking))


def _requirements(call: Call) -> list[str]:
    found = [str(item) for word in call.parsed.words for item in [requirement.parse(word)]]
    for name in call.parsed.texts("requirements"):
        path = call.cwd / name
        text = files.read(path).decode("utf-8", "replace")
        found += [str(item) for item in requirement.parse_lines(text, context={"file": path.name})]
    if call.body.strip():
        found += [str(item) for item in requirement.parse_lines(call.body, context={})]
    if not found:
        raise UsageError("bad-usage", "nothing was named to add", hint=f"usage: {call.parsed.verb.usage()}")
    return found


def _changed(call: Call, result: editing.Changed) -> Outcome:
    return reports.changed(call.parsed.verb.name, result, call.services, call.asking.environment)


def remove(call: Call) -> Outcome:
    if not call.parsed.words:
        raise UsageError("bad-usage", "nothing was named to remove", hint=f"usage: {call.parsed.verb.usage()}")
    return _changed(call, editing.remove(call.target(), call.parsed.words, call.services, call.asking))


def update(call: Call) -> Outcome:
    names = call.parsed.words
    return _changed(call, editing.relock(call.target(), call.services, call.asking, upgrade=names or True))


def lock(call: Call) -> Outcome:
    if call.parsed.flag("check"):
        editing.check(call.target(), call.services)
        outcome = reports.status(status_of(call.target(), call.services, call.asking))
        return replace(outcome, verb="lock")
    edit = None
    if (text := call.parsed.text("exclude_newer")) is not None:
        moment = creating.full_timestamp(text)
        edit = lambda block: inline.set_uv(block, "exclude-newer", moment)  # noqa: E731
    asking = call.asking if call.asking.in_kernel else replace(call.asking, sync=False)
    return _changed(
        call,
        editing.relock(call.target(), call.services, asking, upgrade=call.parsed.flag("upgrade"), edit=edit),
    )


def sync(call: Call) -> Outcome:
    return _changed(call, creating.sync(call.target(), call.services, call.asking))


def undo(call: Call) -> Outcome:
    redo = call.parsed.flag("redo")
    result = editing.undo(call.target(), call.services, call.asking, redo=redo)
    outcome = _changed(call, result)
    word = "redone" if redo else "undone"
    return replace(outcome, report=replace(outcome.report, headline=f"{word}: declaration and lock are as before"))


def init(call: Call) -> Outcome:
    target = call.target()
    result = creating.init(
        target,
        call.services,
        call.asking,
        python=call.parsed.text("python"),
        imports=call.parsed.flag("imports"),
        ask=call.ask,
    )
    steps = [f"jupyter dep add {target.name} NAME"]
    lines = [f"declares Python {result.requires_python}"]
    if result.declared:
        lines.append(f"declares {', '.join(result.declared)}")
        steps = [f"jupyter dep lock {target.name}"]
    elif result.suggested:
        lines.append(f"it imports or installs {', '.join(result.suggested)}")
        steps = [f"jupyter dep add {target.name} {' '.join(result.suggested)}"]
    return Outcome(
        verb="init",
        report=Report(
            headline=f"{target.name} is a project now, with the kernel {editing.KERNEL_DISPLAY}",
            tone="good",
            lines=tuple(lines),
            next=tuple(steps),
        ),
        data={
            "project": str(target),
            "declared": list(result.declared),
            "suggested": list(result.suggested),
            "python": result.requires_python,
        },
        edit=result.edit,
    )


def python(call: Call) -> Outcome:
    target = call.target()
    if call.parsed.words:
        return _changed(call, creating.use_python(target, call.parsed.words[0], call.services, call.asking))
    state = editing.load(target, call.services, call.asking)
    current = state.summary.python if state.summary else None
    wanted = state.declaration.requires_python if state.declaration else None
    rows = tuple(
        (
            found.version,
            found.executable,
            "in use" if found.minor == current else "fits" if creating.fits(wanted, found) else "not allowed",
        )
        for found in call.services.interpreters.all()
    )
    return Outcome(
        verb="python",
        report=Report(
            headline=f"{target.name}: " + (f"locked with Python {current}" if current else "not locked yet"),
            lines=(f"declares {wanted}",) if wanted else (),
            tables=(Table(columns=("version", "where", ""), rows=rows),),
            next=(f"jupyter dep python {target.name} 3.12",),
        ),
        data={
            "project": str(target),
            "python": current,
            "requires_python": wanted,
            "choices": [{"version": row[0], "path": row[1], "state": row[2]} for row in rows],
        },
    )


def move(call: Call) -> Outcome:
    if len(call.parsed.targets) != 2:
        raise UsageError("bad-usage", "`mv` needs the notebook and its new name", hint=call.parsed.verb.usage())
    old, new = (call.cwd / Path(name) for name in call.parsed.targets)
    moved = creating.move(old, new, call.services)
    return Outcome(
        verb="mv",
        report=Report(headline=f"{old.name} is {new.name} now", tone="good", lines=tuple(moved)),
        data={"project": str(new), "from": str(old), "moved": list(moved)},
    )
