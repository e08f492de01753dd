"""check: what is wrong with a folder or a notebook, and what to do about it."""

from __future__ import annotations

from pathlib import Path

from jupyter_dep.messages import Outcome, Report, Tone
from jupyter_dep.model.checking import Finding, Findings
from jupyter_dep.operations.inspect import check as inspect_check
from jupyter_dep_cli.call import Call


def check(call: Call) -> Outcome:
    """Check a folder or a notebook; the exit code is 1 for an error, with `--strict` for a warning too."""
    target = call.target()
    found = inspect_check.check(target, call.services, call.context, kernels=_registered_kernels(target))
    if call.parsed.flag("strict"):
        found = found.strict()
    data = {
        "project": str(target),
        "findings": [item.as_json(call.front_end) for item in found.found],
        "errors": len(found.errors),
        "warnings": len(found.warnings),
        "notes": len(found.notes),
        "read": {"notebooks": found.notebooks, "modules": found.modules},
    }
    return Outcome(verb="check", report=_build_report(call, target, found), data=data, exit_code=1 if found.errors else 0)


def _registered_kernels(target: Path) -> frozenset[str]:
    """Names of the kernels that are registered for this project."""
    from jupyter_dep_kernels.kernelspecs import DiskKernelRegistry

    wanted = {target.absolute(), target.parent.absolute()} if target.suffix != ".ipynb" else {target.absolute()}
    return frozenset(kernel.name for kernel in DiskKernelRegistry().kernels() if kernel.project in wanted)


def _build_report(call: Call, target: Path, found: Findings) -> Report:
    name = target.name if target.suffix == ".ipynb" else target.parent.name
    counts = [(found.errors, "error"), (found.warnings, "warning"), (found.notes, "note")]
    said = ", ".join(f"{len(listed)} {word}{'s' if len(listed) != 1 else ''}" for listed, word in counts if listed)
    within = call.notebook.name if call.front_end.own and call.notebook is not None else ""
    tone: Tone = "bad" if found.errors else "warn" if found.warnings else "good"
    lines = tuple(line for item in found.found for line in _format_finding(call, item, within))
    return Report(headline=call.heading(target, said or "no problems", name), tone=tone, lines=lines)


def _format_finding(call: Call, item: Finding, within: str) -> tuple[str, str]:
    where = item.where(within=within)
    return (
        f"{item.level}: {where}: {item.message}" if where else f"{item.level}: {item.message}",
        f"  next: {call.write(item.hint)}",
    )
