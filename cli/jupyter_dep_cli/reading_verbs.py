"""status, show, why: the verbs that only read."""

from __future__ import annotations

from jupyter_dep import reports
from jupyter_dep.errors import UsageError
from jupyter_dep.messages import Outcome, Report, Table
from jupyter_dep.operations import inspecting

from .call import Call


def status(call: Call) -> Outcome:
    return reports.status(inspecting.status(call.target(), call.services, call.asking))


def show(call: Call) -> Outcome:
    target = call.target()
    if call.parsed.flag("tree"):
        state, lines = inspecting.tree(target, call.services, call.asking)
        return Outcome(
            verb="show",
            report=Report(headline=f"{target.name}: locked packages as a tree", lines=lines),
            data={"project": str(state.project.file), "tree": list(lines)},
        )
    outdated = call.parsed.flag("outdated")
    state, rows = inspecting.rows(target, call.services, call.asking, outdated=outdated)
    if outdated:
        rows = tuple(row for row in rows if row.latest)
    table = Table(
        columns=("package", "version", *(("latest",) if outdated else ()), "declared as", "needed by"),
        rows=tuple(
            (
                row.name,
                row.version,
                *((row.latest,) if outdated else ()),
                row.declared,
                "" if row.declared else ", ".join(row.via[:4]) or "the kernel",
            )
            for row in rows
        ),
    )
    headline = f"{target.name}: {len(rows)} packages"
    if outdated:
        headline = f"{target.name}: {len(rows)} packages could be newer" if rows else f"{target.name}: nothing is outdated"
    return Outcome(
        verb="show",
        report=Report(
            headline=headline,
            tables=(table,) if rows else (),
            next=(f"jupyter dep update {target.name}",) if outdated and rows else (),
        ),
        data={
            "project": str(state.project.file),
            "packages": [
                {
                    "name": row.name,
                    "version": row.version,
                    "declared": row.declared or None,
                    "via": list(row.via),
                    "kernel": row.kernel,
                    "size": row.size,
                    "latest": row.latest or None,
                }
                for row in rows
            ],
        },
    )


def why(call: Call) -> Outcome:
    if len(call.parsed.words) != 1:
        raise UsageError("bad-usage", "`why` takes one name", hint=f"usage: {call.parsed.verb.usage()}")
    state, name, chains = inspecting.why(call.target(), call.parsed.words[0], call.services, call.asking)
    assert state.summary is not None
    declared = state.declaration.names if state.declaration else ()
    lines = []
    for chain in chains:
        who = "declared" if chain[0] in declared else "the kernel"
        lines.append(f"{who}: {' → '.join(chain)}")
    return Outcome(
        verb="why",
        report=Report(headline=f"{name} {state.summary.versions[name]}", lines=tuple(lines)),
        data={"project": str(state.project.file), "name": name, "chains": [list(chain) for chain in chains]},
    )
