"""The entry point of the installed program.

`run COMMAND` in a folder whose environment is known takes a short way: it becomes the command before anything that the other
commands need is loaded.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence

_ALLOCATIONS = 50_000
"""Objects between two collections: most objects of a command live until its end, and searching them for garbage takes 5 %."""


def program() -> None:
    """Run the installed `jupyter-dep`. It ends at once: tearing down the interpreter takes longer than a short command."""
    gc.set_threshold(_ALLOCATIONS)
    code = main()
    threads = sys.modules.get("threading")
    if threads is not None and any(one is not threads.main_thread() and not one.daemon for one in threads.enumerate()):
        sys.exit(code)  # a thread still cleans up after an interrupt
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):
        sys.exit(code)
    os._exit(code)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one line; gives the exit code, as `main.main`."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments[:1] == ["run"]:
        from .fast_run import run_fast

        run_fast(arguments[1:])
    try:
        from .main import main as run_line
    except (OSError, ImportError) as error:
        sys.stderr.write(
            f"error: a part of jupyter-dep could not be loaded: {error}\n"
            "  run the same again; if it stays, install jupyter-dep again\n"
        )
        return 1
    return run_line(arguments)


if __name__ == "__main__":
    program()
