"""Whether something is there: yes, no, or unknown. A look that fails does not show that something is absent."""

from __future__ import annotations

import os
import stat
from enum import Enum
from pathlib import Path

ABSENT_ERRORS = (FileNotFoundError, NotADirectoryError)
"""The only answers of the system that say that something is not there."""


class Presence(Enum):
    """What a look at a path showed. `UNKNOWN`: the look failed, so what depends on the path has to stay as it is."""

    PRESENT = "present"
    ABSENT = "absent"
    UNKNOWN = "unknown"


def presence(path: str | Path, *, follow_links: bool = True) -> Presence:
    """Look at a path once; with `follow_links` a link whose target is missing is absent."""
    try:
        os.stat(path, follow_symlinks=follow_links)
    except ABSENT_ERRORS:
        return Presence.ABSENT
    except (OSError, ValueError):  # a path that holds a zero byte, too
        return Presence.UNKNOWN
    return Presence.PRESENT


def exists(path: str | Path, *, follow_links: bool = True) -> bool:
    """Whether a path is there. Errors: OSError where that is unknown, which `Path.exists` takes for no."""
    return _mode(path, follow_links=follow_links) is not None


def is_folder(path: str | Path) -> bool:
    """Whether a path is a folder or a link to one. Errors: as `exists`."""
    mode = _mode(path)
    return mode is not None and stat.S_ISDIR(mode)


def is_regular_file(path: str | Path) -> bool:
    """Whether a path is a file or a link to one. Errors: as `exists`."""
    mode = _mode(path)
    return mode is not None and stat.S_ISREG(mode)


def is_link(path: str | Path) -> bool:
    """Whether a path is a symbolic link. Errors: as `exists`."""
    mode = _mode(path, follow_links=False)
    return mode is not None and stat.S_ISLNK(mode)


def _mode(path: str | Path, *, follow_links: bool = True) -> int | None:
    try:
        return os.stat(path, follow_symlinks=follow_links).st_mode
    except ABSENT_ERRORS:
        return None


def mount_point(path: Path) -> Path:
    """Where the file system is mounted that holds a path."""
    return next((folder for folder in path.parents if os.path.ismount(folder)), Path(path.anchor))


def presence_of_project(file: Path, mount: Path | None) -> Presence:
    """Whether a project's file is still there; `mount` is where its file system was mounted when it was used.

    The file is absent only if that file system is mounted and the nearest folder above the file that exists was listed and
    does not hold it. So a deleted notebook and a deleted folder are absent, while a home that is not mounted, a folder
    without permission and a disk with errors are unknown.
    """
    found = presence(file)
    if found is not Presence.ABSENT:
        return found
    if mount is not None and not os.path.ismount(mount):
        return Presence.UNKNOWN
    below = file
    for folder in file.parents:
        try:
            names = os.listdir(folder)
        except NotADirectoryError:
            return Presence.ABSENT
        except FileNotFoundError:
            below = folder
            continue
        except OSError:
            return Presence.UNKNOWN
        return Presence.UNKNOWN if below.name in names else Presence.ABSENT
    return Presence.UNKNOWN
