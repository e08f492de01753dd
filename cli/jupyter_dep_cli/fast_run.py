"""Run a command in an environment: its variables, its lease, and the short way where nothing has changed since the last time.

The short way loads no parser of TOML or requirements and no table of commands. What it does not know for certain it leaves to
the command `run`, which looks at everything and then notes what it found.
"""

from __future__ import annotations

import errno
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from jupyter_dep.base.errors import DepError
from jupyter_dep.environment_variables import PIP
from jupyter_dep.io.files.manifest_paths import manifest_candidates
from jupyter_dep.io.system.locks import FileLock
from jupyter_dep.io.system.paths import UserPaths, script_folder
from jupyter_dep.io.system.presence import Presence, presence
from jupyter_dep.operations.kernel_start.cache import read_cached_start
from jupyter_dep_kernels import PIP_SHIM

_DROPPED = ("PYTHONHOME", "PYTHONPATH")
"""They would put packages into the environment that its lock does not name."""
_NOTHING_COLLECTED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSYS, errno.ENOLCK})


def program_folders(environment: str) -> tuple[str, ...]:
    """List the folders of programs that come first on PATH."""
    return str(PIP_SHIM), str(script_folder(Path(environment)))


def environment_variables(environment: str, environ: Mapping[str, str]) -> dict[str, str]:
    """Build the variables of a program that runs in the environment at this folder, from those of this process."""
    variables = {name: value for name, value in environ.items() if name not in _DROPPED}
    variables["VIRTUAL_ENV"] = environment
    variables[PIP] = sys.executable
    variables["PATH"] = os.pathsep.join([*program_folders(environment), environ.get("PATH", "")]).rstrip(os.pathsep)
    return variables


def hold(lease: str) -> FileLock | None:
    """Keep garbage collection away for as long as this process, or what it becomes or starts, lives.

    None where nothing is collected: a system store is read-only, and without locks the collection stops.
    Errors: `environment-going` if the environment is just being removed, OSError.
    """
    try:
        held = FileLock.try_acquire(Path(lease), inheritable=True)
    except OSError as error:
        if error.errno in _NOTHING_COLLECTED:
            return None
        raise
    if held is None:
        raise DepError(
            "environment-going",
            "the environment is just being removed by another process",
            hint="run the same again to build a new one",
            context={"file": lease},
        )
    return held


def run_fast(words: Sequence[str]) -> None:
    """Become the command behind `run` if its folder's environment is remembered; returns only if it is not."""
    command = list(words[1:] if words[:1] == ["--"] else words)
    if not command or (words[0] != "--" and (command[0].startswith("-") or command[0].endswith(".ipynb"))):
        return
    try:
        cwd = Path.cwd()
    except OSError:  # the working folder was removed
        return
    # one that cannot be looked at may be the project's: it is not remembered as readable, so that the command itself looks
    manifest = next((file for file in manifest_candidates(cwd) if presence(file) is not Presence.ABSENT), None)
    ready = read_cached_start(manifest, UserPaths.of_user(os.environ), os.environ) if manifest is not None else None
    if ready is None:
        return
    variables = environment_variables(ready.path, os.environ)
    program = shutil.which(command[0], path=variables["PATH"])
    if program is None:
        return
    try:
        lease = hold(ready.lease)
    except (OSError, DepError):
        return
    if not os.path.exists(ready.python):  # noqa: PTH110  `look` would load more
        return
    from jupyter_dep.io.system.process import replace_or_supervise

    try:
        code = replace_or_supervise([program, *command[1:]], cwd=cwd, env=variables)
    except OSError:  # such as a script without a first line: the command itself says so
        if lease is not None:
            lease.release()
        return
    raise SystemExit(code)
