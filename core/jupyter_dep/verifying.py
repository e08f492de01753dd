"""`python -m jupyter_dep.verifying KEY`: the check behind a kernel's start, in a process of its own that nobody waits for.

It is for users whom read-only files do not stop (root): see `operations.storing.verify`.
"""

from __future__ import annotations

import os
import sys

from .operations.storing import verify
from .services import Services


def main() -> int:
    if hasattr(os, "nice"):
        os.nice(10)
    services = Services.of_user()
    sealed = services.store.sealed(sys.argv[1])
    damaged = verify(sealed, services) if sealed is not None else {}
    for name, files in damaged.items():
        sys.stderr.write(f"{name}: {', '.join(files[:5])}\n")
    return 1 if damaged else 0


if __name__ == "__main__":
    sys.exit(main())
