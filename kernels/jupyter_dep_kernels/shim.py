"""`python -m jupyter_dep_kernels.shim -f CONNECTION [--project PATH]`: the command line of registered kernelspecs.

For a Jupyter that cannot load the provisioner because this package is not installed beside it: the process finds the
notebook's environment and is replaced by the real kernel or by the placeholder kernel.
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
    """Choose the process that replaces this one. Unknown arguments are passed to the kernel."""
    known, extra = _split_arguments(argv)
    connection_file, look = known.get("-f", ""), known.get("--look", launch_spec.LOOK)
    match = _find_notebook(known.get("--project"), env, cwd)
    start = launch_spec.load_look(look)(match.notebook, match.cwd)
    if isinstance(start, Ready):
        notes = (match.why,) if match.why else ()
        return launch_spec.launch_environment(start, connection_file, env, notes=notes, extra=extra)
    options = launch_spec.PlaceholderOptions(look=look)
    return launch_spec.launch_placeholder(match, connection_file, env, options, extra=extra)


def _find_notebook(project: str | None, env: Mapping[str, str], cwd: Path) -> NotebookMatch:
    if project is None:
        return find_notebook(env, cwd)
    path = cwd / project
    if path.is_dir():
        # the folder decides the environment, whichever of its notebooks is open
        return NotebookMatch(notebook=None, cwd=path)
    return find_notebook(env, cwd, explicit=path)


def _split_arguments(argv: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """Split known arguments from the kernel's own; argparse would take a fiftieth of a kernel's start."""
    known: dict[str, str] = {}
    extra: list[str] = []
    rest = iter(argv)
    for word in rest:
        if word in ("-f", "--project", "--look"):
            known[word] = next(rest, "")
        else:
            extra.append(word)
    return known, extra


def main() -> NoReturn:
    """Replace this process."""
    replace_process(plan(sys.argv[1:], os.environ, Path.cwd()))


if __name__ == "__main__":
    main()
