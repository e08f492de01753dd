"""Argument lists and environment variables of a kernel's processes; nothing is run here.

The launcher runs in the environment's own Python, where jupyter-dep is not installed: it gets its input as JSON in one
variable (see `launcher.py`).
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
from jupyter_dep.environment_variables import CONTEXT
from jupyter_dep.operations.kernel_start.result import Ready, StartResult
from jupyter_dep_kernels import PIP_SHIM

from .notebook_discovery import NotebookMatch

LOOK = "jupyter_dep.operations.kernel_start.entry:look"
_LAUNCHER = Path(__file__).with_name("launcher.py")


class Look(Protocol):
    """Finds the environment of a notebook's kernel: fast, without network, never raises."""

    def __call__(self, notebook: Path | None, cwd: Path, *, reuse_key: str | None = None) -> StartResult:
        """Look up the environment; `reuse_key` is the one to start again after a crash."""


@frozen_dataclass
class Launch:
    """One process to start: its arguments and all its environment variables."""

    argv: tuple[str, ...]
    env: Mapping[str, str]


@frozen_dataclass
class PlaceholderOptions:
    """How the placeholder kernel gets an environment; `look` is `module:function`, see `Look`.

    `reuse_key` is the environment to start again after a crash; with `build` False a missing one is not built.
    """

    look: str = LOOK
    reuse_key: str | None = None
    build: bool = True


def load_look(name: str = LOOK) -> Look:
    """Import the function `name` (`module:function`)."""
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
    """Describe the real kernel: the environment's Python runs the launcher.

    `kept` is the file with the placeholder's kept requests, `notes` are shown in the first cell, `extra` are arguments
    for ipykernel. Without `-P`: it would only remove the script's own folder, which the launcher does itself, and IPython
    would leave the notebook's folder off `sys.path` as well. `PYTHONPATH` and `PYTHONHOME` would add packages that the
    lock does not name: they are dropped, and a note says so.
    """
    all_notes = [*ready.notes, *notes]
    if env.get("PYTHONPATH"):
        all_notes.append("`PYTHONPATH` is set but ignored: the environment holds only what its lock lists")
    context = {
        "agent": [sys.executable, "-P", "-m", "jupyter_dep_cli.agent"],
        "notebook": ready.notebook,
        "key": ready.key,
        "path": ready.path,
        "python": ready.python,
        "base": ready.base,
        "notes": all_notes,
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
        argv=(ready.python, str(_LAUNCHER), "-f", connection_file, *extra),
        env=passed,
    )


def launch_placeholder(
    match: NotebookMatch,
    connection_file: str,
    env: Mapping[str, str],
    options: PlaceholderOptions,
    *,
    extra: Sequence[str] = (),
) -> Launch:
    """Describe the placeholder kernel: it runs on this interpreter, without the current folder on `sys.path`."""
    argv = [sys.executable, "-P", "-m", "jupyter_dep_kernels.placeholder", "-f", connection_file]
    argv += ["--cwd", str(match.cwd)]
    if match.notebook is not None:
        argv += ["--notebook", str(match.notebook)]
    if match.why:
        argv += ["--note", match.why]
    if options.reuse_key is not None:
        argv += ["--reuse", options.reuse_key]
    if not options.build:
        argv += ["--no-build"]
    if options.look != LOOK:
        argv += ["--look", options.look]
    return Launch(argv=(*argv, *extra), env=dict(env))


def _verification(key: str) -> list[str] | None:
    """Return the check that runs after the start, None where read-only files protect the environment already."""
    if sys.platform == "win32" or os.geteuid() != 0:
        return None
    return [sys.executable, "-P", "-m", "jupyter_dep.operations.environment.verify", key]


def _magics() -> str | None:
    """Find the magics' folder without importing them: they are written for the environment's Python."""
    spec = importlib.util.find_spec("jupyter_dep_magics")
    folders = list(spec.submodule_search_locations or ()) if spec else []
    return folders[0] if folders else None
