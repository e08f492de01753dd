"""Detect the user's shell: the nearest one among the parent processes, else the account's."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from jupyter_dep.base.errors import DepError
from jupyter_dep.model.shell.quoting import Shell, shell_of

_MOST = 12
"""How many parent processes are looked at."""


def detect(environ: Mapping[str, str], ancestors: Iterable[Sequence[str]] | None = None) -> tuple[Shell, str]:
    """Give the user's shell and its program; `ancestors` are the argument lists of the parent processes, the nearest first.

    A shell that runs a single command (`sh -c`, as make does) is skipped, and so is a bare `sh`: the account's shell says more.
    """
    for arguments in ancestors if ancestors is not None else _ancestors():
        shell = shell_of(arguments[0]) if arguments else None
        if shell is not None and shell != "sh" and "-c" not in arguments[1:]:
            program = _program(arguments[0], environ)
            if program is not None:
                return shell, program
    for variable in ("SHELL", "COMSPEC"):
        named = environ.get(variable, "")
        if (shell := shell_of(named)) is not None and (program := _program(named, environ)) is not None:
            return shell, program
    if sys.platform == "win32":
        return "cmd", _program("cmd.exe", environ) or "cmd.exe"
    return "sh", "/bin/sh"


def program_of(shell: Shell, environ: Mapping[str, str]) -> str:
    """Find the program of a shell that the user named. Errors: `program-missing`."""
    names = {"pwsh": ("pwsh", "powershell"), "cmd": ("cmd.exe",)}.get(shell, (shell,))
    account = environ.get("SHELL", "")
    found = account if shell_of(account) == shell and os.path.exists(account) else None
    found = found or next((path for name in names if (path := _program(name, environ))), None)
    if found is None:
        raise DepError(
            "program-missing", f"`{shell}` is not installed on this machine", hint="install it, or choose another shell"
        )
    return found


def _program(name: str, environ: Mapping[str, str]) -> str | None:
    return shutil.which(name.lstrip("-"), path=environ.get("PATH"))


def _ancestors() -> Iterator[list[str]]:
    """Give the argument lists of the processes around us; where only their programs are known, the nearest shell's alone."""
    if not Path("/proc/self/stat").exists():
        yield from _nearest_shell()
        return
    process = os.getppid()
    for _ in range(_MOST):
        try:
            status = Path(f"/proc/{process}/stat").read_bytes()
            arguments = Path(f"/proc/{process}/cmdline").read_bytes()
            parent = int(status.rpartition(b")")[2].split()[1])
        except (OSError, ValueError, IndexError):
            return
        yield [os.fsdecode(argument) for argument in arguments.rstrip(b"\0").split(b"\0")]
        if parent <= 1:
            return
        process = parent


def _nearest_shell() -> Iterator[list[str]]:
    """Give the program of the nearest shell on a system without `/proc` (macOS, Windows)."""
    import shellingham

    try:
        _, program = shellingham.detect_shell(max_depth=_MOST)
    except (shellingham.ShellDetectionFailure, RuntimeError, OSError):
        return
    yield [program]
