"""Remove a folder of the store in a process that nobody waits for: `python -I -S removal.py FOLDER`.

The process inherits the lock of the folder's builder, so nothing else touches the folder until it is gone. If the process is
ended early, the next collection removes the rest. It imports the standard library only, and starts in some milliseconds.
"""

from __future__ import annotations

import os
import shutil
import sys

if __name__ == "__main__":
    folder = sys.argv[1]
    if hasattr(os, "nice"):
        os.nice(10)
    shutil.rmtree(folder, ignore_errors=True)
    if not os.path.lexists(folder):
        os.unlink(folder + ".lease")
