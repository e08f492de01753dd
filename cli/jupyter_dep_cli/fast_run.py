"""`run COMMAND` where nothing has changed since the last time: no parser of TOML or requirements, no tree of verbs.

What it does not know for certain it leaves to the verb itself, which looks at everything and then notes what it found.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from jupyter_dep.io.files.manifest_paths import manifest_candidates
from jupyter_dep.io.system.paths import UserPaths
from jupyter_dep.operations.kernel_start.cache import read_cached_start

from .surroundings import environment_variables, hold


def run_fast(words: Sequence[str]) -> None:
    """Become the command behind `run` if its folder's environment is remembered; returns only if it is not."""
    command = list(words[1:] if words[:1] == ["--"] else words)
    if not command or (words[0] != "--" and (command[0].startswith("-") or command[0].endswith(".ipynb"))):
        return
    try:
        cwd = Path.cwd()
    except OSError:  # somebody removed the folder that we stand in
        return
    manifest = next((file for file in manifest_candidates(cwd) if file.exists()), None)
    ready = read_cached_start(manifest, UserPaths.of_user(os.environ), os.environ) if manifest is not None else None
    if ready is None:
        return
    variables = environment_variables(ready.path, os.environ)
    program = shutil.which(command[0], path=variables["PATH"])
    lease = hold(ready.lease) if program is not None else None
    if program is None or not os.path.exists(ready.python):
        return
    from jupyter_dep.io.system.process import replace_or_supervise

    try:
        code = replace_or_supervise([program, *command[1:]], cwd=cwd, env=variables)
    except OSError:  # such as a script without a first line: the verb itself says so
        if lease is not None:
            lease.release()
        return
    raise SystemExit(code)
