"""run and exec: execute a notebook or a command in the locked environment."""

from __future__ import annotations

from jupyter_dep.base.errors import UsageError
from jupyter_dep.io.files import read_write
from jupyter_dep.io.store.store import Sealed
from jupyter_dep.messages import Outcome, Report
from jupyter_dep.operations.consent import grant
from jupyter_dep.operations.environment import install
from jupyter_dep.operations.project import context
from jupyter_dep_cli.call import Call

from .shell import become, run_command


def _locked_environment(call: Call, *, stale_is_error: bool) -> Sealed:
    """Build the locked environment; a stale lock is an error for `run`."""
    target = call.target()
    if stale_is_error:
        context.require_current_lock(target, call.services)
    with grant.granting(call.allowed, call.services):
        result = install.sync(target, call.services, call.context)
    assert result.sealed is not None
    return result.sealed


def run(call: Call) -> Outcome:
    """Execute every cell of a notebook; the first that fails makes the exit code 1. Else become the command."""
    if call.notebook is None:
        return run_command(call)
    from jupyter_dep_cli.notebook_runner import execute

    notebook = call.notebook
    seconds = call.parsed.text("timeout")
    try:
        timeout = float(seconds) if seconds is not None else None
    except ValueError as error:
        raise UsageError("bad-usage", f"`--timeout {seconds}` is not a number", hint="give a number of seconds") from error
    sealed = _locked_environment(call, stale_is_error=True)
    output = call.parsed.text("output")
    path = call.cwd / output if output is not None else None
    source = read_write.read(notebook)
    before = None if path is None else source if path.resolve() == notebook.resolve() else read_write.read_if_there(path)
    done = execute(notebook, sealed, source, timeout=timeout, reporter=call.context.reporter)
    if path is not None:  # an executed notebook never replaces what was saved meanwhile
        read_write.replace(path, done.notebook, expected=before)
    data = {
        "project": str(call.target()),
        "notebook": str(notebook),
        "environment": {"path": sealed.path, "sealed": True, "key": sealed.key},
        "output": str(call.cwd / output) if output is not None else None,
        "cells": done.cells,
        "failed_cell": done.failed_cell,
    }
    if done.failed_cell is not None:
        where = (
            f"look at cell {done.failed_cell} in {output}" if output is not None else "add `-o OUT.ipynb` to keep the outputs"
        )
        failed = {
            "code": "cell-failed",
            "message": done.error,
            "context": {"file": notebook.name, "cell": done.failed_cell},
            "hint": where,
        }
        headline = f"{call.title(notebook)}: cell {done.failed_cell} failed: {done.error}"
        return Outcome(
            verb="run", report=Report(headline=headline, tone="bad", next=(where,)), data={**data, "error": failed}, exit_code=1
        )
    return Outcome(
        verb="run",
        report=Report(
            headline=f"{call.title(notebook)}: {done.cells} cell{'' if done.cells == 1 else 's'} ran in {sealed.path}",
            tone="good",
            lines=(f"written to {output}",) if output is not None else (),
        ),
        data=data,
    )


def exec_(call: Call) -> Outcome:
    """Become the command, with the environment's programs first on PATH."""
    if not call.parsed.program:
        raise UsageError("bad-usage", "no command after `--`", hint=call.usage)
    return become(call, call.parsed.program, _locked_environment(call, stale_is_error=False))
