"""run COMMAND, shell, env activate: commands and shells in a project's environment."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from jupyter_dep.base.errors import DepError, UsageError
from jupyter_dep.base.escape import escape_untrusted
from jupyter_dep.base.steps import Hint, step
from jupyter_dep.environment_variables import SHELL as MARK
from jupyter_dep.io.store.store import Sealed
from jupyter_dep.io.system import shell as system_shell
from jupyter_dep.io.system.process import replace_or_supervise
from jupyter_dep.io.system.shell_rc import sweep, write_start_files
from jupyter_dep.messages import Outcome
from jupyter_dep.model.shell import activation, quoting, subshell
from jupyter_dep.model.shell.activation import Activation
from jupyter_dep.model.shell.quoting import Shell
from jupyter_dep.operations.consent import grant
from jupyter_dep.operations.environment import install
from jupyter_dep.operations.kernel_start import cache
from jupyter_dep.operations.project.project import Project
from jupyter_dep_cli.call import Call
from jupyter_dep_cli.fast_run import environment_variables, hold, program_folders


def run_command(call: Call) -> Outcome:
    """Become the command, with the environment's programs first on PATH. Errors: `program-missing`, the environment's."""
    command = call.parsed.program
    if not command:
        raise UsageError("bad-usage", "no command to run", hint=call.usage)
    target = call.target()
    sealed = _build_environment(call)
    cache.cache_folder_environment(target, sealed, call.services)
    return become(call, command, sealed)


def _build_environment(call: Call) -> Sealed:
    with grant.granting(call.allowed, call.services):
        return install.ensure_installed(call.target(), call.services, call.context, confirm=call.ask)


def become(call: Call, command: Sequence[str], sealed: Sealed, more: Mapping[str, str] | None = None) -> Outcome:
    """Replace this process by the command (on Windows: run it and take its exit code). Errors: `program-missing`."""
    variables = {**environment_variables(sealed.path, call.services.environ), **(more or {})}
    program = shutil.which(command[0], path=variables["PATH"])
    if program is None:
        raise DepError(
            "program-missing",
            f"program `{command[0]}` not found in the environment or on PATH",
            hint="check the spelling, or add the package that provides it",
        )
    lease = hold(sealed.lock_file)
    call.still()
    try:
        code = replace_or_supervise([program, *command[1:]], cwd=call.cwd, env=variables)
    except OSError as error:
        raise DepError(
            "program-missing",
            f"`{command[0]}` could not be started: {error.strerror}",
            hint="a script needs a first line such as `#!/usr/bin/env python`, or its program before it",
            context={"file": program},
        ) from error
    finally:
        if lease is not None:
            lease.release()
    return Outcome(verb=call.parsed.command.name, exit_code=code)


def shell(call: Call) -> Outcome:
    """Become the user's own shell in the environment; nests, but not the same project in itself."""
    environ = call.services.environ
    target = call.target()
    outer = environ.get(MARK)
    title = Project.of(target).title
    if outer is not None and os.path.realpath(outer) == os.path.realpath(target):
        raise DepError(
            "already-in-shell",
            f"this is already the shell of {title}",
            hint=Hint("`exit` leaves it; ", step("shell", target=target), " then enters what is locked by now"),
        )
    kind, program = _choose_shell(call)
    sealed = _build_environment(call)
    what = _describe_activation(target, sealed, inside=True)
    marks = {MARK: str(target), "VIRTUAL_ENV_PROMPT": what.label}
    if not sys.stdin.isatty():  # a script has no prompt to change, and the user's start files are not read
        return become(call, [program], sealed, marks)
    variables = {**environment_variables(sealed.path, environ), **marks}
    lease = hold(sealed.lock_file)
    call.still()
    nested = f" inside the one of {Project.of(Path(outer)).title}" if outer else ""
    sys.stderr.write(escape_untrusted(f"a {kind} for {title}{nested}: `exit` leaves it") + "\n")
    sys.stderr.flush()
    sweep(call.services.paths)
    folder = write_start_files(call.services.paths, lambda place: subshell.session(kind, what, place, variables).files)
    session = subshell.session(kind, what, str(folder.path), variables)
    started = {**variables, **session.variables}
    argv = [program, *session.arguments]
    try:
        code = replace_or_supervise(
            argv, cwd=call.cwd, env={name: value for name, value in started.items() if value is not None}
        )
    finally:
        folder.remove()
        if lease is not None:
            lease.release()
    return Outcome(verb="shell", exit_code=code)


def activate(call: Call) -> Outcome:
    """Write the script that the running shell evaluates, byte for byte."""
    kind, _ = _choose_shell(call)
    sealed = _build_environment(call)
    text = activation.script(kind, _describe_activation(call.target(), sealed))
    if not call.parsed.json:
        if sys.stdout.isatty():
            sys.stderr.write(f"to enter it: {activation.how_to(kind)}\n")
        _write_script(text)
    return Outcome(
        verb="env",
        data={
            "project": str(call.target()),
            "shell": kind,
            "environment": {"path": sealed.path, "sealed": True, "key": sealed.key},
            "script": text,
        },
    )


def _write_script(text: str) -> None:
    """Write to stdout; a path may hold bytes that are not text."""
    sys.stdout.flush()
    binary = getattr(sys.stdout, "buffer", None)
    if binary is not None:
        binary.write(os.fsencode(text))
        binary.flush()
    else:
        sys.stdout.write(text)


def _choose_shell(call: Call) -> tuple[Shell, str]:
    """Choose the shell that was named, else the current one."""
    named = call.parsed.text("shell")
    if named is None:
        return system_shell.detect(call.services.environ)
    kind = quoting.parse_shell(named)
    return kind, system_shell.program_of(kind, call.services.environ) if call.parsed.command.name == "shell" else ""


def _describe_activation(target: Path, sealed: Sealed, *, inside: bool = False) -> Activation:
    name = Project.of(target).title.removesuffix(".ipynb")
    return Activation(
        environment=sealed.path,
        programs=program_folders(sealed.path),
        label=quoting.prompt_label(name),
        project=str(target) if inside else "",
    )
