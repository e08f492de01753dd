"""`python -m jupyter_dep_kernels.shim -f CONNECTION [--project PATH]`: a kernel's plain command line.

For Jupyters that do not have our package, so know nothing of its provisioner: a process is started, looks, and becomes
either the real kernel or the holding one.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from jupyter_dep.operations.kernel_start.result import Ready
from jupyter_dep_kernels.start.exec_replace import replace_process
from jupyter_dep_kernels.start.notebook_discovery import NotebookMatch, find_notebook

from .start import launch_spec


def plan(argv: Sequence[str], env: Mapping[str, str], cwd: Path) -> launch_spec.Launch:
    """What this process has to become. Arguments that are not ours go on to the kernel."""
    ours, extra = _arguments(argv)
    connection_file, look = ours.get("-f", ""), ours.get("--look", launch_spec.LOOK)
    found = _found(ours.get("--project"), env, cwd)
    opening = launch_spec.load_look(look)(found.notebook, found.cwd)
    if isinstance(opening, Ready):
        notes = (found.why,) if found.why else ()
        return launch_spec.launch_environment(opening, connection_file, env, notes=notes, extra=extra)
    return launch_spec.placeholder_argv(found, connection_file, env, look=look, extra=extra)


def _found(project: str | None, env: Mapping[str, str], cwd: Path) -> NotebookMatch:
    if project is None:
        return find_notebook(env, cwd)
    path = cwd / project
    if path.is_dir():
        # the folder decides what the kernel runs on, whichever of its notebooks is open
        return NotebookMatch(notebook=None, cwd=path)
    return find_notebook(env, cwd, explicit=path)


def _arguments(argv: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """By hand: argparse alone is a fiftieth of a kernel's start."""
    ours: dict[str, str] = {}
    extra: list[str] = []
    rest = iter(argv)
    for word in rest:
        if word in ("-f", "--project", "--look"):
            ours[word] = next(rest, "")
        else:
            extra.append(word)
    return ours, extra


def main() -> NoReturn:
    replace_process(plan(sys.argv[1:], os.environ, Path.cwd()))


if __name__ == "__main__":
    main()
