"""status, show, why: the commands that only read."""

from __future__ import annotations

from dataclasses import replace

from jupyter_dep.base.errors import UsageError
from jupyter_dep.base.steps import step
from jupyter_dep.messages import Outcome, Report, Table
from jupyter_dep.operations.inspect import status as inspect_status
from jupyter_dep.operations.inspect import tree as inspect_tree
from jupyter_dep.operations.project.discovery import find_project
from jupyter_dep.presentation import status_report
from jupyter_dep_cli.call import Call


def status(call: Call) -> Outcome:
    """Show declared, locked and active packages."""
    why = ""
    if call.project is not None and call.notebook is not None:
        why = find_project(call.notebook, call.services).sentence(call.notebook)
    outcome = status_report.status(inspect_status.status(call.target(), call.services, call.context), call.front_end, why=why)
    return replace(outcome, data={**outcome.data, "notebook": str(call.notebook) if call.notebook else None})


def show(call: Call) -> Outcome:
    """Show the locked packages."""
    target = call.target()
    if call.parsed.flag("tree"):
        state, lines = inspect_tree.tree(target, call.services, call.context)
        return Outcome(
            verb="show",
            report=Report(
                headline=call.heading(state.project.file, "locked packages as a tree", state.project.title), lines=lines
            ),
            data={"project": str(state.project.file), "tree": list(lines)},
        )
    outdated = call.parsed.flag("outdated")
    state, rows = inspect_tree.rows(target, call.services, call.context, outdated=outdated)
    if outdated:
        rows = tuple(row for row in rows if row.latest)
    table = Table(
        columns=("package", "version", *(("latest",) if outdated else ()), "declared as", "needed by"),
        rows=tuple(
            (
                row.name,
                row.version,
                *((row.latest,) if outdated else ()),
                row.declared + (f" ({row.place})" if row.place not in ("", "declared") else ""),
                _format_needed_by(row, full=call.parsed.flag("why")),
            )
            for row in rows
        ),
    )
    headline = f"{len(rows)} packages"
    if outdated:
        headline = f"{len(rows)} packages are outdated" if rows else "nothing is outdated"
    return Outcome(
        verb="show",
        report=Report(
            headline=call.heading(state.project.file, headline, state.project.title),
            tables=(table,) if rows else (),
            next=(call.write(step("update", target=target)),) if outdated and rows else (),
        ),
        data={
            "project": str(state.project.file),
            "packages": [
                {
                    "name": row.name,
                    "version": row.version,
                    "declared": row.declared or None,
                    "place": row.place or None,
                    "via": list(row.via),
                    "kernel": row.kernel,
                    "size": row.size,
                    "latest": row.latest or None,
                }
                for row in rows
            ],
        },
    )


def _format_needed_by(row: inspect_tree.Row, *, full: bool) -> str:
    """Who needs a package: a few of many, unless all are asked for; of a declared one only then."""
    if row.declared and not full:
        return ""
    names = row.via if full else row.via[:4]
    return ", ".join(names) or ("" if row.declared else "the kernel")


def why(call: Call) -> Outcome:
    """Show what needs a package."""
    if len(call.parsed.words) != 1:
        raise UsageError("bad-usage", "`why` takes one name", hint=call.usage)
    state, name, chains = inspect_tree.why(call.target(), call.parsed.words[0], call.services, call.context)
    places = state.declaration.places if state.declaration else {}
    lines = []
    for chain in chains:
        who = places.get(chain[0], "the kernel")
        lines.append(f"{who}: {' → '.join(chain)}")
    return Outcome(
        verb="why",
        report=Report(headline=f"{name} {state.summary.versions[name]}", lines=tuple(lines)),
        data={"project": str(state.project.file), "name": name, "chains": [list(chain) for chain in chains]},
    )
