"""Which kind of file system a folder lies on."""

from __future__ import annotations

import os
from pathlib import Path

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


def file_system(folder: Path, mounts: str = "/proc/self/mountinfo") -> str | None:
    """The type of the file system that holds a folder; None where the system has no such list (it is Linux's).

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
