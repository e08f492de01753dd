"""Where the installed program begins. `run COMMAND` in a folder whose environment is known takes a short way: it becomes the
command before any of what the other verbs need is loaded."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run one line; gives the exit code, as `main.main`."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments[:1] == ["run"]:
        from .short_way import become

        become(arguments[1:])
    from .main import main as all_verbs

    return all_verbs(arguments)


if __name__ == "__main__":
    sys.exit(main())
