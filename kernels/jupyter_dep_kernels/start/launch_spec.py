"""How the processes of a kernel are started: argument lists and environments, nothing is run here.

The launcher runs in the environment's own Python, where nothing of ours is installed: all that it has to know travels
as JSON in one variable (see `launcher.py`).
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from pkgutil import resolve_name
from typing import Protocol, cast

from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.operations.kernel_start.result import Ready, StartResult

from .notebook_discovery import NotebookMatch

CONTEXT = "JUPYTER_DEP_CONTEXT"
LOOK = "jupyter_dep.operations.kernel_start.cache:look"
_HERE = Path(__file__).parent
PIP_SHIM = _HERE.parent / "pip_shim"
"""The folder with a `pip` that says what to type instead; first on PATH."""


class Look(Protocol):
    """What a notebook's kernel runs on: fast, without network, never raises."""

    def __call__(self, notebook: Path | None, cwd: Path, *, reuse_key: str | None = None) -> StartResult: ...


@frozen_dataclass
class Launch:
    """One process to start: its arguments and its whole environment."""

    argv: tuple[str, ...]
    env: Mapping[str, str]


def load_look(name: str = LOOK) -> Look:
    """The function that `name` (`module:function`) stands for."""
    return cast(Look, resolve_name(name))


def launch_environment(
    ready: Ready,
    connection_file: str,
    env: Mapping[str, str],
    *,
    kept: Path | None = None,
    notes: Sequence[str] = (),
    extra: Sequence[str] = (),
) -> Launch:
    """The real kernel: the environment's Python on the launcher.

    No `-P`: a script's own folder is all that it would keep away, which the launcher does itself, and IPython takes the
    flag as a wish to leave the notebook's folder off `sys.path`. `PYTHONPATH` and `PYTHONHOME` would put packages into
    the environment that its lock does not name: they are left out, and a note says so.
    """
    told = [*ready.notes, *notes]
    if env.get("PYTHONPATH"):
        told.append("`PYTHONPATH` is set and not used here: an environment holds what its lock says and nothing else")
    context = {
        "agent": [sys.executable, "-P", "-m", "jupyter_dep_cli.agent"],
        "notebook": ready.notebook,
        "key": ready.key,
        "path": ready.path,
        "python": ready.python,
        "starter": ready.starter,
        "notes": told,
        "lease": ready.lease or None,
        "lock": ready.lock or None,
        "magics": _magics(),
        "pip_shim": str(PIP_SHIM),
        "kept": str(kept) if kept else None,
        "verify": _verification(ready.key),
    }
    passed = {name: value for name, value in env.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
    passed[CONTEXT] = json.dumps(context)
    return Launch(
        argv=(ready.python, str(_HERE / "launcher.py"), "-f", connection_file, *extra),
        env=passed,
    )


def placeholder_argv(
    found: NotebookMatch,
    connection_file: str,
    env: Mapping[str, str],
    *,
    reuse_key: str | None = None,
    build: bool = True,
    look: str = LOOK,
    extra: Sequence[str] = (),
) -> Launch:
    """The holding kernel: our own interpreter, with safe path, answering in place of the real one."""
    argv = [sys.executable, "-P", "-m", "jupyter_dep_kernels.placeholder.kernel", "-f", connection_file]
    argv += ["--cwd", str(found.cwd)]
    if found.notebook is not None:
        argv += ["--notebook", str(found.notebook)]
    if found.why:
        argv += ["--note", found.why]
    if reuse_key is not None:
        argv += ["--reuse", reuse_key]
    if not build:
        argv += ["--no-build"]
    if look != LOOK:
        argv += ["--look", look]
    return Launch(argv=(*argv, *extra), env=dict(env))


def _verification(key: str) -> list[str] | None:
    """The check behind the start; not where read-only files protect the environment already."""
    if sys.platform == "win32" or os.geteuid() != 0:
        return None
    return [sys.executable, "-P", "-m", "jupyter_dep.operations.environment.verify", key]


def _magics() -> str | None:
    """The magics' folder; found, not imported: they are written for the environment's Python, not for ours."""
    spec = importlib.util.find_spec("jupyter_dep_magics")
    places = list(spec.submodule_search_locations or ()) if spec else []
    return places[0] if places else None
