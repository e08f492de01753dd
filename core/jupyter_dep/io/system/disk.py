"""Disks: how much room folders take, and which kind of file system holds one."""

from __future__ import annotations

import os
from pathlib import Path

from jupyter_dep.base.fast_dataclass import frozen_dataclass

from .presence import ABSENT_ERRORS

NETWORK = {
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "smbfs",
    "afs",
    "ceph",
    "glusterfs",
    "lustre",
    "beegfs",
    "gpfs",
    "9p",
    "fuse.sshfs",
}
"""Types of file systems that other machines write to as well."""


@frozen_dataclass
class Size:
    """Bytes of a folder's files. `alone` counts files that nothing else links to: what removing the folder gives back.

    Environments share files with the engine's cache, so totals do not add up.
    """

    files: int = 0
    total: int = 0
    alone: int = 0


def measure(folder: Path) -> Size:
    """Measure a folder, zero where it does not exist. Links are not followed, unreadable parts are skipped."""
    files = total = alone = 0
    pending = [os.fspath(folder)]
    while pending:
        try:
            entries = list(os.scandir(pending.pop()))
        except OSError:
            continue
        for entry in entries:
            try:
                if entry.is_dir(follow_symlinks=False):
                    pending.append(entry.path)
                    continue
                # an entry of a folder's listing does not know the number of links everywhere
                status = os.stat(entry.path, follow_symlinks=False)
            except OSError:
                continue
            files += 1
            total += status.st_size
            alone += status.st_size if status.st_nlink <= 1 else 0
    return Size(files=files, total=total, alone=alone)


def file_system(folder: Path, mounts: str = "/proc/self/mountinfo") -> str | None:
    """Give the type of the file system that holds a folder, None where the system has no such list (only Linux has).

    Errors: OSError where the list is there and cannot be read.
    """
    try:
        lines = Path(mounts).read_text(encoding="utf-8", errors="replace").splitlines()
    except ABSENT_ERRORS:
        return None
    where = os.path.realpath(folder)
    best, kind = "", None
    for line in lines:
        fields, _, rest = line.partition(" - ")
        point = fields.split(" ")[4].replace("\\040", " ")
        inside = where == point or where.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best):
            best, kind = point, rest.split(" ", 1)[0]
    return kind
