"""Check an environment after a kernel has started on it: `python -m jupyter_dep.operations.environment.verify KEY`.

It is for users whom read-only files do not stop (root): see `operations.environment.gc.verify`.
"""

from __future__ import annotations

import sys

from jupyter_dep.io.system.process import lower_priority
from jupyter_dep.services import Services

from .gc import verify


def main() -> int:
    """Verify the environment whose key is the first argument; exit code 1 if files were damaged."""
    lower_priority()
    services = Services.of_user()
    sealed = services.store.sealed(sys.argv[1])
    damaged = verify(sealed, services) if sealed is not None else {}
    for name, files in damaged.items():
        sys.stderr.write(f"{name}: {', '.join(files[:5])}\n")
    return 1 if damaged else 0


if __name__ == "__main__":
    sys.exit(main())
