"""What a program finds around it that runs in an environment: its variables, and the lease that keeps the environment.

Light: `run` goes through here before anything else is loaded.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from jupyter_dep.io.system.locks import FileLock
from jupyter_dep.io.system.paths import script_folder
from jupyter_dep_kernels import PIP_SHIM

_DROPPED = ("PYTHONHOME", "PYTHONPATH")
"""They would put packages into the environment that its lock does not name."""


def program_folders(environment: str) -> tuple[str, ...]:
    """The folders of programs that come first on PATH."""
    return str(PIP_SHIM), str(script_folder(Path(environment)))


def environment_variables(environment: str, environ: Mapping[str, str]) -> dict[str, str]:
    """The variables of a program that runs in the environment at this folder, made of those that we were started with."""
    variables = {name: value for name, value in environ.items() if name not in _DROPPED}
    variables["VIRTUAL_ENV"] = environment
    variables["PATH"] = os.pathsep.join([*program_folders(environment), environ.get("PATH", "")]).rstrip(os.pathsep)
    return variables


def hold(lease: str) -> FileLock | None:
    """Keep garbage collection away for as long as this process, or what it becomes or starts, lives; None where it cannot be.

    A store of the system's is read-only, and nobody collects it.
    """
    try:
        return FileLock.try_acquire(Path(lease), inheritable=True)
    except OSError:
        return None
