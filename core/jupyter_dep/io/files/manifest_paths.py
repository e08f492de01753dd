"""The folders above a place in which a project's file may lie. Light: what runs a command looks here before anything else."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from jupyter_dep.io.system.presence import Presence, presence

MANIFEST = "pyproject.toml"


def manifest_candidates(folder: Path) -> Iterator[Path]:
    """The manifests that could make a folder part of a project: its own and those above, up to the repository's root.

    Outside a repository only the folder itself and what lies above it below the home folder (or the file system's root).
    """
    home = Path(os.path.expanduser("~"))
    here = Path(os.path.abspath(folder))
    for each in (here, *here.parents):
        if each == home and each != here:
            return
        yield each / MANIFEST
        if presence(each / ".git") is not Presence.ABSENT:  # what lies above a repository belongs to others
            return
