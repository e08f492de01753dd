"""`%dep` inside a notebook: packages are added, removed and switched to while the kernel runs.

Runs in the notebook's environment on the standard library and IPython alone, on Python 3.8 and later. The launcher
calls `start`; in an ordinary kernel `%load_ext jupyter_dep_magics` gives the verbs without the live switch.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, List, Mapping, Optional, cast

from .failure import DepFailure

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from .session import Session

__all__ = ["DepFailure", "load_ipython_extension", "start", "unload_ipython_extension"]

_session: List[Session] = []


def start(shell: InteractiveShell, context: Mapping[str, Any]) -> None:
    """Register `%dep` and its hooks in the shell; a second call does nothing.

    `context` is the launcher's, see `launcher.py`: `agent` (its argument list), `notebook`, `key`, `path` and `python` of
    the sealed environment (`key` is None in an ordinary kernel), `base` (it holds only the kernel's own packages),
    `notes` (shown in the first cell), `lock`, `pip_shim` (a folder on PATH).
    """
    if _session:
        return
    from . import completion, installers
    from .session import Session

    session = Session(shell, context)
    _session.append(session)
    cast(Any, shell).register_magic_function(dep, "line_cell", "dep")
    session.on_close(completion.install(shell, lambda: session.declared, lambda: session.locked))
    if context.get("key") is not None:
        installers.guard(shell)


def load_ipython_extension(ip: InteractiveShell) -> None:
    """`%load_ext jupyter_dep_magics` in a kernel that jupyter-dep is installed beside."""
    start(ip, {"agent": [sys.executable, "-P", "-m", "jupyter_dep_cli.agent"], "key": None})


def unload_ipython_extension(ip: InteractiveShell) -> None:
    """Take back what `load_ipython_extension` put in; our own kernels keep their verbs."""
    if _session and not _session[0].sealed:
        _session.pop().close()


def dep(line: str, cell: Optional[str] = None) -> None:
    """The packages of this notebook.

    %dep                        what is declared, locked, and in use (the same as `%dep status`)
    %dep add numpy "pandas>=2"  declare, lock, and use at once
    %dep remove pandas          take out of the declaration
    %dep ui [words]             find packages, look at them, choose, add: a small form under the cell
    %dep search words           find packages by name or by what they are for
    %dep update [numpy]         newer versions of everything, or of what is named
    %dep undo                   take the last change back (`%dep undo --redo` does it again)
    %dep show                   every package with its version
    %dep why urllib3            what needs it
    %dep lock                   lock what the block declares
    %dep sync                   move this kernel to what the lock says
    %dep python 3.12            run on another Python
    %dep doctor                 what is wrong, and how to put it right

    A list of requirements, one a line:

    %%dep add
    numpy
    pandas>=2; python_version >= "3.11"
    """
    if not _session:
        raise DepFailure("not-started", "`%dep` is not loaded", hint="run `%load_ext jupyter_dep_magics`")
    _session[0].run(line.strip() or "status", cell or "")


# `>=2`, `{…}` and `$…` are meant as they are typed; the attribute is what IPython's `no_var_expand` sets.
dep._ipython_magic_no_var_expand = True  # type: ignore[attr-defined]
