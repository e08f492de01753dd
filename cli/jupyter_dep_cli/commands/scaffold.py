"""new, init (of a folder), import: create a project, and import from other tools' files."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from jupyter_dep.base.errors import UsageError
from jupyter_dep.base.steps import NAME, step
from jupyter_dep.io.files import look
from jupyter_dep.io.files.manifest_paths import MANIFEST
from jupyter_dep.messages import Outcome, Report, Table
from jupyter_dep.model.migration.merge_log import Imported
from jupyter_dep.operations.scaffold import import_manifest
from jupyter_dep.operations.scaffold import init_folder as scaffold_init_folder
from jupyter_dep.operations.scaffold import new as scaffold_new
from jupyter_dep.operations.scaffold.result import ScaffoldResult
from jupyter_dep_cli.call import Call

_CALLED = {"name": "its name", "version": "its version", "requires-python": "its Python", "readme": "its readme"}


def new(call: Call) -> Outcome:
    """Create a project folder."""
    parsed = call.parsed
    if len(parsed.words) != 1:
        what = "one folder at a time" if parsed.words else "no folder named"
        raise UsageError("bad-usage", what, hint=call.usage)
    if parsed.flag("lib") and parsed.flag("notebook"):
        raise UsageError("bad-usage", "`--lib` and `--notebook` exclude each other", hint="pass one of them")
    folder = look.typed_path(parsed.words[0], call.cwd)
    notebook = parsed.flag("notebook")
    made = scaffold_new.new(
        folder,
        call.services,
        kind="notebook" if notebook else "lib",
        name=parsed.text("name"),
        python=parsed.text("python"),
    )
    place = call.front_end.show_path(folder)
    steps = [] if folder == call.cwd else [f"cd {shlex.quote(place)}"]
    steps.append(call.write(step("add", NAME, target=None) if notebook else step("install", target=None)))
    what = f"a project with a first notebook, `{scaffold_new.FIRST_NOTEBOOK}`" if notebook else "a package with a first test"
    report = Report(
        headline=f"made {place}: {made.name}, {what}",
        tone="good",
        lines=(f"declares Python {made.requires_python}", f"files: {', '.join(_relative_files(made, folder))}"),
        next=tuple(steps),
    )
    return Outcome(verb="new", report=report, data={**_build_data(call, made), "files": _relative_files(made, folder)})


def init(call: Call) -> Outcome:
    """`init` where no notebook is named: the folder."""
    parsed = call.parsed
    if parsed.flag("imports"):
        raise UsageError("bad-usage", "`--imports` needs a notebook", hint="name the notebook whose imports to declare")
    folder = call.start.parent if call.start.name == MANIFEST else call.start
    made = scaffold_init_folder.init(
        folder,
        call.services,
        name=parsed.text("name"),
        python=parsed.text("python"),
        ask=call.ask,
    )
    headline = f"{made.name} is a project now" if made.changed else f"{made.name} is already a complete project"
    if made.changed and not made.made:
        headline = f"{made.name}: `{MANIFEST}` was completed"
    lines = [f"declares Python {made.requires_python}"] if made.requires_python else []
    assumed = [f"{_CALLED.get(key, key)} is `{value}`" for key, value in made.assumed.items() if key != "requires-python"]
    if assumed:
        lines.append(f"by default {', '.join(assumed)}")
    lines += _describe_taken(made.taken)
    if made.seed is not None:
        lines.append(f"the first lock starts from the {len(made.seed.versions)} versions in {made.seed.origin}")
    return _build_outcome(call, "init", made, headline, lines, [call.write(step("install", target=made.file))])


def import_(call: Call) -> Outcome:
    """Import dependencies from another tool's file."""
    parsed = call.parsed
    if len(parsed.words) != 1:
        what = "one file at a time" if parsed.words else "no file named to import"
        raise UsageError("bad-usage", what, hint=call.usage)
    target = call.target()
    source = look.typed_path(parsed.words[0], call.cwd)
    made = import_manifest.import_file(source, target, call.services, call.context, group=parsed.text("group"), ask=call.ask)
    origin = call.front_end.show_path(source)
    done = f"declared what {origin} asks for" if made.changed else f"{origin} adds nothing new"
    outcome = _build_outcome(
        call,
        "import",
        made,
        f"{made.name}: {done}",
        _describe_taken(made.taken),
        [call.write(step("lock", target=target))] if made.changed else [],
    )
    from jupyter_dep.presentation.outcomes import wire_edit

    return replace(outcome, edit=wire_edit(made.edit))


def _build_outcome(
    call: Call, verb: str, made: ScaffoldResult, headline: str, lines: Sequence[str], steps: Sequence[str]
) -> Outcome:
    rows = tuple((origin, left.what, call.write(left.why)) for origin, left in made.left)
    tables = (Table(columns=("file", "not carried over", "reason or next step"), rows=rows),) if rows else ()
    proposed = call.write(step("add", *made.proposed, target=made.file))
    report = Report(
        headline=headline,
        tone="good",
        lines=tuple(lines),
        tables=tables,
        notes=tuple(map(call.write, made.notes)),
        next=(*((proposed,) if made.proposed else ()), *steps),
    )
    return Outcome(verb=verb, report=report, data=_build_data(call, made))


def _describe_taken(taken: Sequence[Imported]) -> list[str]:
    """A line for each file: what was taken from it."""
    lines = []
    for one in taken:
        parts = [_count(one.dependencies, "dependency", "dependencies")]
        parts += [_count(texts, f"in the group {name}", f"in the group {name}") for name, texts in one.groups.items()]
        parts += [_count(texts, f"in the extra {name}", f"in the extra {name}") for name, texts in one.extras.items()]
        parts += [
            _count(one.constraints, "constraint", "constraints"),
            _count(one.sources, "source", "sources"),
            _count(one.indexes, "package index", "package indexes"),
            ", ".join(one.keys),
        ]
        lines.append(f"from {one.origin}: {', '.join(part for part in parts if part) or 'its settings'}")
    return lines


def _count(items: Sequence[str], one: str, several: str) -> str:
    return f"{len(items)} {one if len(items) == 1 else several}" if items else ""


def _relative_files(made: ScaffoldResult, folder: Path) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in made.made]


def _build_data(call: Call, made: ScaffoldResult) -> dict[str, object]:
    return {
        "project": str(made.file),
        "name": made.name,
        "python": made.requires_python,
        "changed": made.changed,
        "files": [str(path) for path in made.made],
        "assumed": dict(made.assumed),
        "taken": [
            {
                "file": one.origin,
                "keys": list(one.keys),
                "dependencies": list(one.dependencies),
                "groups": {name: list(texts) for name, texts in one.groups.items()},
                "extras": {name: list(texts) for name, texts in one.extras.items()},
                "constraints": list(one.constraints),
                "sources": list(one.sources),
                "indexes": list(one.indexes),
            }
            for one in made.taken
        ],
        "left": [{"file": origin, "what": left.what, "why": call.write(left.why)} for origin, left in made.left],
        "proposed": list(made.proposed),
        "passed": list(made.passed),
        "seed": {"file": made.seed.origin, "versions": len(made.seed.versions)} if made.seed is not None else None,
        "notes": [call.write(note) for note in made.notes],
    }
