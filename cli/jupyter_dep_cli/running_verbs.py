"""run and exec: something is executed in a notebook's exact environment."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from jupyter_dep.errors import DepError, UsageError
from jupyter_dep.io import files, venv
from jupyter_dep.io.process import replace_or_supervise
from jupyter_dep.io.store import Sealed
from jupyter_dep.messages import Outcome, Report
from jupyter_dep.operations import consenting, creating, editing
from jupyter_dep_kernels.context import GUARDS

from .call import Call


def _exact(call: Call, *, stale_is_error: bool) -> Sealed:
    """The environment of what is locked; a lock that does not answer the declaration is an error for `run`."""
    target = call.target()
    if stale_is_error:
        editing.check(target, call.services)
    with consenting.granting(call.parsed.texts("allow"), call.services):
        result = creating.sync(target, call.services, call.asking)
    assert result.sealed is not None
    return result.sealed


def run(call: Call) -> Outcome:
    """Execute every cell; the first that fails makes the exit code 1."""
    from .execution import execute

    target = call.target()
    seconds = call.parsed.text("timeout")
    try:
        timeout = float(seconds) if seconds is not None else None
    except ValueError as error:
        raise UsageError("bad-usage", f"`--timeout {seconds}` is not a number", hint="give seconds") from error
    sealed = _exact(call, stale_is_error=True)
    output = call.parsed.text("output")
    path = call.cwd / output if output is not None else None
    source = files.read(target)
    before = None if path is None else source if path.resolve() == target.resolve() else files.read_if_there(path)
    done = execute(target, sealed, source, timeout=timeout, reporter=call.asking.reporter)
    if path is not None:  # an executed notebook never replaces what somebody saved meanwhile
        files.replace(path, done.notebook, expected=before)
    data = {
        "project": str(target),
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
            "context": {"file": target.name, "cell": done.failed_cell},
            "hint": where,
        }
        headline = f"{target.name}: cell {done.failed_cell} failed: {done.error}"
        return Outcome(
            verb="run", report=Report(headline=headline, tone="bad", next=(where,)), data={**data, "error": failed}, exit_code=1
        )
    return Outcome(
        verb="run",
        report=Report(
            headline=f"{target.name}: {done.cells} cell{'' if done.cells == 1 else 's'} ran in {sealed.path}",
            tone="good",
            lines=(f"written to {output}",) if output is not None else (),
        ),
        data=data,
    )


def exec_(call: Call) -> Outcome:
    """Become the command, with the environment's programs first on PATH."""
    if not call.parsed.command:
        raise UsageError("bad-usage", "there is no command after `--`", hint=f"usage: {call.parsed.verb.usage()}")
    sealed = _exact(call, stale_is_error=False)
    programs = venv.script_folder(Path(sealed.path))
    env = {name: value for name, value in call.services.environ.items() if name not in ("PYTHONHOME", "PYTHONPATH")}
    env["VIRTUAL_ENV"] = sealed.path
    env["PATH"] = os.pathsep.join([str(GUARDS), str(programs), env.get("PATH", "")])
    program = shutil.which(call.parsed.command[0], path=env["PATH"])
    if program is None:
        raise DepError(
            "program-missing",
            f"there is no program `{call.parsed.command[0]}` in the environment or on PATH",
            hint="check the spelling, or add the package that brings it",
        )
    code = replace_or_supervise([program, *call.parsed.command[1:]], cwd=call.cwd, env=env)
    return Outcome(verb="exec", exit_code=code)
