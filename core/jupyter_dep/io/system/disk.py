"""How much room folders of ours take. Environments share files with the engine's cache, so sizes do not add up."""

from __future__ import annotations

import os
from pathlib import Path

from jupyter_dep.base.fast_dataclass import frozen_dataclass


@frozen_dataclass
class Size:
    """Bytes of a folder's files; `alone` are those of files that nothing else shares: what removing it gives back."""

    files: int = 0
    total: int = 0
    alone: int = 0


def measure(folder: Path) -> Size:
    """The size of a folder, nothing where it is not there; links are not followed, and what cannot be read is passed over."""
    files = total = alone = 0
    waiting = [os.fspath(folder)]
    while waiting:
        try:
            entries = list(os.scandir(waiting.pop()))
        except OSError:
            continue
        for entry in entries:
            try:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                    continue
                # an entry of a folder's listing does not know the number of links everywhere
                status = os.stat(entry.path, follow_symlinks=False)
            except OSError:
                continue
            files += 1
            total += status.st_size
            alone += status.st_size if status.st_nlink <= 1 else 0
    return Size(files=files, total=total, alone=alone)
