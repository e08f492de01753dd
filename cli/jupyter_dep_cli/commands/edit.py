"""init, add, remove, update, lock, sync, python, undo, mv: the verbs that change a project."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from packaging.utils import canonicalize_name

from jupyter_dep.base.errors import DepError, UsageError
from jupyter_dep.base.steps import NAME, Hint, step
from jupyter_dep.io.files import foreign_text, read_write
from jupyter_dep.messages import Outcome, Report, Table
from jupyter_dep.model.declaration import exclude_newer, requirement, requirement_lines
from jupyter_dep.operations.consent import grant
from jupyter_dep.operations.edit import add_remove, init_notebook, relock, rename
from jupyter_dep.operations.edit import relock as environment_relock
from jupyter_dep.operations.edit import undo as edit_undo
from jupyter_dep.operations.edit.requirement_args import SourceOptions
from jupyter_dep.operations.environment import install as environment_install
from jupyter_dep.operations.inspect.status import status as status_of
from jupyter_dep.operations.project import context
from jupyter_dep.operations.project.discovery import find_project
from jupyter_dep.operations.project.formats import DependencySection, format_of
from jupyter_dep.presentation import outcomes, status_report
from jupyter_dep_cli.call import Call


def add(call: Call) -> Outcome:
    """Declare packages, lock and install them."""
    target, wanted = call.target(), _read_requirements(call)
    result = add_remove.add(
        target,
        wanted,
        call.services,
        call.context,
        place=_section_of(call),
        source=SourceOptions(editable=call.parsed.flag("editable"), index=call.parsed.text("index"), cwd=call.cwd),
    )
    names = [name for text in wanted if (name := _name_in(text))]
    return _add_notes(_report_change(call, result, names), _warn_of_modules(names))


def _name_in(text: str) -> str:
    """The name in a requirement as it was typed, empty for a path or an address alone."""
    try:
        return requirement.parse(text).name
    except DepError:
        return ""


def _section_of(call: Call) -> DependencySection:
    group, extra = call.parsed.text("group"), call.parsed.text("optional")
    if group is not None and extra is not None:
        raise UsageError("bad-usage", "`--group` and `--optional` are two different places", hint="name one of them")
    return DependencySection(group=group, extra=extra)


def _warn_of_modules(names: Iterable[str]) -> list[str]:
    """Warn of names that are a module of another package, such as `cv2`: they were added as typed."""
    from jupyter_dep.model.packages.import_map import distribution_for

    found = []
    for name in names:
        match = distribution_for(name)
        if match.certain and match.distribution not in ("", canonicalize_name(name)):
            found.append(f"the module `{name}` is provided by the package `{match.distribution}`: did you mean that one?")
    return found


def _add_notes(outcome: Outcome, notes: list[str]) -> Outcome:
    if not notes:
        return outcome
    report = replace(outcome.report, notes=(*outcome.report.notes, *notes))
    return replace(outcome, report=report, data={**outcome.data, "notes": [*outcome.data["notes"], *notes]})


def _read_requirements(call: Call) -> list[str]:
    found = list(call.parsed.words)
    for name in call.parsed.texts("requirements"):
        path = call.cwd / name
        text = foreign_text.decode(read_write.read(path), path)
        found += [str(item) for item in requirement_lines.parse_lines(text, context={"file": path.name})]
    if call.body.strip():
        found += [str(item) for item in requirement_lines.parse_lines(call.body, context={})]
    if not found:
        raise UsageError("bad-usage", "no packages named to add", hint=call.usage)
    return found


def _report_change(call: Call, result: context.ChangeResult, names: Sequence[str] = (), verb: str = "") -> Outcome:
    outcome = outcomes.changed(
        verb or call.parsed.command.name,
        result,
        call.services,
        call.front_end,
        environment=call.context.environment,
        names=names,
    )
    return _add_notes(outcome, _register_kernel(call, result)) if result.first else outcome


def _register_kernel(call: Call, result: context.ChangeResult) -> list[str]:
    """Register a folder's kernel with its first lock, for front ends that offer one kernel for each project."""
    project = result.state.project
    if project.folder is None or result.state.declaration is None:
        return []
    from jupyter_dep_kernels.kernelspecs import DiskKernelRegistry

    try:
        kernel = DiskKernelRegistry().install(project.file, f"{project.called} (dep)")
    except (DepError, OSError) as error:  # everything else is done, and a kernel can be registered again
        again = step("kernel install", target=project.file)
        return [call.write(Hint(f"its kernel was not registered: {error} (", again, " tries again)"))]
    return [f"registered its kernel “{kernel.display_name}”; notebooks with “Python (dep)” find the folder by themselves"]


def remove(call: Call) -> Outcome:
    """Remove packages from the declaration."""
    target = call.target()
    if not call.parsed.words:
        raise UsageError("bad-usage", "no packages named to remove", hint=call.usage)
    result = add_remove.remove(target, call.parsed.words, call.services, call.context, place=_section_of(call))
    return _report_change(call, result, call.parsed.words)


def update(call: Call) -> Outcome:
    """Lock newer versions."""
    names = call.parsed.words or environment_install.declared_in(call.target(), _section_of(call), call.services, call.context)
    return _report_change(call, relock.relock(call.target(), call.services, call.context, upgrade=names or True), names)


def lock(call: Call) -> Outcome:
    """Lock what is declared, or check whether the lock is up to date."""
    if call.parsed.flag("check"):
        context.require_current_lock(call.target(), call.services)
        outcome = status_report.status(status_of(call.target(), call.services, call.context), call.front_end)
        return replace(outcome, verb="lock")
    edit = None
    if (text := call.parsed.text("exclude_newer")) is not None:
        moment = exclude_newer.timestamp(text, "exclude-newer")
        edit = lambda block: format_of(call.target()).set_cutoff(block, moment)  # noqa: E731
    asking = call.context if call.context.in_kernel else replace(call.context, sync=False)
    return _report_change(
        call,
        relock.relock(call.target(), call.services, asking, upgrade=call.parsed.flag("upgrade"), edit=edit),
    )


def sync(call: Call) -> Outcome:
    """Build the locked environment."""
    with grant.granting(call.allowed, call.services):
        return _report_change(call, environment_install.sync(call.target(), call.services, call.context))


def install(call: Call) -> Outcome:
    """Install a folder's project and its locked dependencies."""
    parsed = call.parsed
    target = call.target()
    options = environment_install.InstallOptions(
        with_=parsed.texts("with"),
        without=parsed.texts("without"),
        only=parsed.texts("only"),
        extras=parsed.texts("extras"),
        all_extras=parsed.flag("all_extras"),
        root=not parsed.flag("no_root"),
    )
    chosen = environment_install.resolve_install_selection(target, call.services, options)
    with grant.granting(call.allowed, call.services):
        return _report_change(
            call, environment_relock.install(target, call.services, call.context, chosen=chosen, confirm=call.ask)
        )


def undo(call: Call) -> Outcome:
    """Undo the last change, or redo it."""
    redo = call.parsed.flag("redo")
    result = edit_undo.undo(call.target(), call.services, call.context, redo=redo)
    return replace(_report_change(call, result, verb="redo" if redo else "undo"), verb="undo")


def init(call: Call) -> Outcome:
    """Make a notebook or a folder a project."""
    if call.notebook is None and not call.context.from_cell:
        from . import scaffold

        return scaffold.init(call)
    if call.parsed.text("name") is not None:
        raise UsageError("bad-usage", "a notebook has the name of its file", hint="leave out `--name`, or name no notebook")
    target = call.target()
    owned = find_project(target, call.services, live_block=call.context.live_block)
    # who names a notebook means it; in a cell it is only the one that happens to be open
    if owned.why == "folder" and not call.parsed.targets and not call.parsed.flag("notebook"):
        raise UsageError(
            "belongs-to-folder",
            f"{owned.sentence(target)}: what it needs is declared there",
            hint=Hint(
                step("add", NAME, target=target),
                " declares it for the folder; ",
                step("init", "--notebook", target=target),
                " gives the notebook a declaration of its own",
            ),
            context={"file": target.name},
        )
    options = init_notebook.InitOptions(
        python=call.parsed.text("python"),
        imports=call.parsed.flag("imports"),
        guess=call.parsed.flag("guess"),
        ask=call.ask,
        is_on_index=lambda name: _is_on_index(name, call),
    )
    result = init_notebook.init(target, call.services, call.context, options)
    return outcomes.created(target, result, call.front_end)


def _is_on_index(name: str, call: Call) -> bool:
    from jupyter_dep.operations.inspect.index_metadata import details

    try:
        details(name, call.services, call.context.cancel)
    except DepError as error:
        if error.code != "unknown-package":
            raise
        return False
    return True


def python(call: Call) -> Outcome:
    """Show the available Pythons, or change to another."""
    from jupyter_dep.model.packages.python_range import allows_version

    target = call.target()
    if call.parsed.words:
        return _report_change(call, relock.use_python(target, call.parsed.words[0], call.services, call.context))
    state = context.load_state(target, call.services, call.context)
    current = state.summary.python if state.summary else None
    wanted = state.declaration.requires_python if state.declaration else None
    used = call.services.interpreters.cached_minor(current) if current else None
    rows = tuple(
        (
            found.version,
            found.executable,
            "in use" if found == used else "fits" if allows_version(wanted, found.version) else "not allowed",
        )
        for found in call.services.interpreters.all()
    )
    others = [found.minor for found in call.services.interpreters.all() if found.minor != current]
    return Outcome(
        verb="python",
        report=Report(
            headline=call.heading(target, f"locked with Python {current}" if current else "not locked yet"),
            lines=(f"declares {wanted}",) if wanted else (),
            tables=(_table_of_pythons(rows, paths=not call.context.from_cell),),
            next=(call.write(step("python", others[0], target=target)),) if others and current else (),
        ),
        data={
            "project": str(target),
            "python": current,
            "requires_python": wanted,
            "choices": [{"version": row[0], "path": row[1], "state": row[2]} for row in rows],
        },
    )


def _table_of_pythons(rows: Sequence[tuple[str, str, str]], *, paths: bool) -> Table:
    """Where each Python lies is of no use in a notebook that others open."""
    if paths:
        return Table(columns=("version", "where", ""), rows=tuple(rows))
    return Table(columns=("version", ""), rows=tuple((version, state) for version, _, state in rows))


def move(call: Call) -> Outcome:
    """Rename a notebook and its lock."""
    if len(call.parsed.targets) != 2:
        raise UsageError("bad-usage", "`mv` needs the notebook and its new name", hint=call.usage)
    old, new = (call.cwd / Path(name) for name in call.parsed.targets)
    moved = rename.move(old, new, call.services)
    return Outcome(
        verb="mv",
        report=Report(headline=f"moved {', '.join(moved)}", tone="good"),
        data={"project": str(new), "from": str(old), "moved": list(moved)},
    )
