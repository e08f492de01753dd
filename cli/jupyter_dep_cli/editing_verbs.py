"""init, add, remove, update, lock, sync, python, undo, mv: the verbs that change a project."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from jupyter_dep import reports
from jupyter_dep.errors import UsageError
from jupyter_dep.io import files
from jupyter_dep.messages import Outcome, Report, Table
from jupyter_dep.model import inline, requirement
from jupyter_dep.model.names import distribution_for
from jupyter_dep.operations import asking, consenting, creating, editing, undoing
from jupyter_dep.operations.inspecting import status as status_of
from packaging.utils import canonicalize_name

from .call import Call


def add(call: Call) -> Outcome:
    target, wanted = call.target(), _requirements(call)
    names = [requirement.parse(text).name for text in wanted]
    outcome = _changed(call, editing.add(target, wanted, call.services, call.asking), names)
    return _with_notes(outcome, _mistaken(names))


def _mistaken(names: Iterable[str]) -> list[str]:
    """A module's name that is another package's, too, as `cv2` is: it was added as typed, and it may not be what was meant."""
    found = []
    for name in names:
        match = distribution_for(name)
        if match.certain and match.distribution not in ("", canonicalize_name(name)):
            found.append(f"the module `{name}` comes with the package `{match.distribution}`: is that the one you meant?")
    return found


def _with_notes(outcome: Outcome, notes: list[str]) -> Outcome:
    if not notes:
        return outcome
    report = replace(outcome.report, notes=(*outcome.report.notes, *notes))
    return replace(outcome, report=report, data={**outcome.data, "notes": [*outcome.data["notes"], *notes]})


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


def _changed(call: Call, result: asking.Changed, names: Sequence[str] = (), verb: str = "") -> Outcome:
    return reports.changed(verb or call.parsed.verb.name, result, call.services, call.asking.environment, names=names)


def remove(call: Call) -> Outcome:
    target = call.target()
    if not call.parsed.words:
        raise UsageError("bad-usage", "nothing was named to remove", hint=f"usage: {call.parsed.verb.usage()}")
    return _changed(call, editing.remove(target, call.parsed.words, call.services, call.asking), call.parsed.words)


def update(call: Call) -> Outcome:
    names = call.parsed.words
    return _changed(call, editing.relock(call.target(), call.services, call.asking, upgrade=names or True), names)


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
    with consenting.granting(call.parsed.texts("allow"), call.services):
        return _changed(call, creating.sync(call.target(), call.services, call.asking))


def undo(call: Call) -> Outcome:
    redo = call.parsed.flag("redo")
    result = undoing.undo(call.target(), call.services, call.asking, redo=redo)
    return replace(_changed(call, result, verb="redo" if redo else "undo"), verb="undo")


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
    return reports.created(target, result)


def python(call: Call) -> Outcome:
    target = call.target()
    if call.parsed.words:
        return _changed(call, creating.use_python(target, call.parsed.words[0], call.services, call.asking))
    state = asking.load(target, call.services, call.asking)
    current = state.summary.python if state.summary else None
    wanted = state.declaration.requires_python if state.declaration else None
    used = call.services.interpreters.cached_minor(current) if current else None
    rows = tuple(
        (
            found.version,
            found.executable,
            "in use" if found == used else "fits" if creating.fits(wanted, found) else "not allowed",
        )
        for found in call.services.interpreters.all()
    )
    others = [found.minor for found in call.services.interpreters.all() if found.minor != current]
    return Outcome(
        verb="python",
        report=Report(
            headline=f"{target.name}: " + (f"locked with Python {current}" if current else "not locked yet"),
            lines=(f"declares {wanted}",) if wanted else (),
            tables=(Table(columns=("version", "where", ""), rows=rows),),
            next=(f"jupyter dep python {target.name} {others[0]}",) if others and current else (),
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
        raise UsageError("bad-usage", "`mv` needs the notebook and its new name", hint=f"usage: {call.parsed.verb.usage()}")
    old, new = (call.cwd / Path(name) for name in call.parsed.targets)
    moved = creating.move(old, new, call.services)
    return Outcome(
        verb="mv",
        report=Report(headline=f"moved {', '.join(moved)}", tone="good"),
        data={"project": str(new), "from": str(old), "moved": list(moved)},
    )
