"""The `%dep` magic: adds, removes and switches packages while the notebook's kernel runs.

It runs in the notebook's environment with only the standard library and IPython, on Python 3.8 and later. The launcher
calls `start`; in an ordinary kernel `%load_ext jupyter_dep_magics` gives the commands without the live switch.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, List, Mapping, Optional, cast

from .failure import DepFailure

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from .session import Session

__all__ = ["DepFailure", "load_ipython_extension", "start", "unload_ipython_extension"]

active_sessions: List[Session] = []
"""The session of this process, if `%dep` is loaded."""


def start(shell: InteractiveShell, context: Mapping[str, Any]) -> None:
    """Register `%dep` and its hooks in the shell; a second call does nothing.

    `context` is the launcher's, see `launcher.py`: `agent` (its argument list), `notebook`, `key`, `path` and `python` of
    the sealed environment (`key` is None in an ordinary kernel), `base` (it holds only the kernel's own packages),
    `notes` (shown in the first cell), `lock`, `pip_shim` (a folder on PATH).
    """
    if active_sessions:
        return
    from . import completion, installers, picker
    from .session import Session, Subcommand

    session = Session(shell, context)
    session.subcommands["ui"] = Subcommand(picker.SUMMARY, lambda words: picker.show(session, words))
    active_sessions.append(session)
    cast(Any, shell).register_magic_function(dep, "line_cell", "dep")
    session.on_close(completion.install(shell, lambda: session.declared, lambda: session.locked, list(session.subcommands)))
    if context.get("key") is not None:
        installers.guard(shell, installers.StandIn(context, session.agent_environment))


def load_ipython_extension(ip: InteractiveShell) -> None:
    """Run `%load_ext jupyter_dep_magics` in an ordinary kernel, in whose environment jupyter-dep is installed."""
    start(ip, {"agent": [sys.executable, "-P", "-m", "jupyter_dep_cli.agent"], "key": None})


def unload_ipython_extension(ip: InteractiveShell) -> None:
    """Remove what `load_ipython_extension` has added; a sealed environment's kernel keeps its commands."""
    if active_sessions and not active_sessions[0].sealed:
        active_sessions.pop().close()


def dep(line: str, cell: Optional[str] = None) -> None:
    """Manage the packages of this notebook.

    %dep                        show declared, locked and active packages (same as `%dep status`)
    %dep add numpy "pandas>=2"  declare, lock and install packages, and use them at once
    %dep remove pandas          remove packages from the declaration
    %dep ui [words]             find, inspect, choose and add packages in a form under the cell
    %dep search words           search packages by name or description
    %dep update [numpy]         update all packages, or those named
    %dep undo                   undo the last change (`%dep undo --redo` redoes it)
    %dep show                   list all locked packages with their versions
    %dep why urllib3            show what needs a package
    %dep lock                   lock the declared packages
    %dep sync                   switch this kernel to the locked environment
    %dep python 3.12            use another Python
    %dep doctor                 find problems and how to fix them

    Several requirements, one on each line:

    %%dep add
    numpy
    pandas>=2; python_version >= "3.11"
    """
    if not active_sessions:
        raise DepFailure("not-started", "`%dep` is not loaded", hint="run `%load_ext jupyter_dep_magics`")
    active_sessions[0].run(line.strip() or "status", cell or "")


# `>=2`, `{…}` and `$…` are taken literally; the attribute is what IPython's `no_var_expand` sets
dep._ipython_magic_no_var_expand = True  # type: ignore[attr-defined]
