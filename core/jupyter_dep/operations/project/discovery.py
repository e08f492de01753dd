"""Find the project of a notebook: its own block, else the nearest folder that is a project, else none."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.io.files import read_write
from jupyter_dep.io.files.manifest_paths import MANIFEST, manifest_candidates
from jupyter_dep.services import Services

from .state import parsed_notebook

Why = Literal["own", "folder", "none"]


@frozen_dataclass
class ProjectMatch:
    """A notebook's project: `file` holds its declaration, which is the notebook itself or a folder's `pyproject.toml`.

    `why` is `own` for a block of its own, `folder` for the folder's, `none` where nothing is declared. `looked` are the
    manifests that were looked for on the way up, the found one last.
    """

    file: Path
    why: Why
    looked: tuple[Path, ...] = ()

    def sentence(self, notebook: Path) -> str:
        """Why it is this project, for `status`."""
        if self.why == "folder":
            return f"{notebook.name} has no declaration of its own and belongs to the folder {self.file.parent}"
        if self.why == "own":
            return f"{notebook.name} has a declaration of its own"
        return f"{notebook.name} declares nothing, and no folder above it is a project"


def find_project_root(folder: Path) -> Path | None:
    """The `pyproject.toml` of the nearest folder that is a project, None if there is none."""
    for file in manifest_candidates(folder):
        if _is_project(file):
            return file
    return None


def find_project(notebook: Path, services: Services, *, live_block: str | None = None) -> ProjectMatch:
    """Find the declaration that counts for a notebook; `live_block` is the block that an editor holds.

    Errors: those of reading the notebook and the manifests above it.
    """
    if notebook.name == MANIFEST:
        return ProjectMatch(file=notebook, why="folder")
    if live_block is not None or _declares(notebook, services):
        return ProjectMatch(file=notebook, why="own")
    looked = []
    for file in manifest_candidates(notebook.parent):
        looked.append(file)
        if _is_project(file):
            return ProjectMatch(file=file, why="folder", looked=tuple(looked))
    return ProjectMatch(file=notebook, why="none", looked=tuple(looked))


def _declares(notebook: Path, services: Services) -> bool:
    pending = services.history.pending(notebook)
    if pending is not None and pending.wanted is not None:
        return True
    data = read_write.read_if_there(notebook)
    if data is None:
        return False
    try:
        return parsed_notebook(data, notebook.name).block is not None
    except DepError:  # its next reader reports what is wrong with it
        return True


def _is_project(file: Path) -> bool:
    """Whether a manifest makes its folder a project. Errors: those of reading it, but for a folder of that name.

    One that cannot be read may be the project: the next one above would be another.
    """
    try:
        data = read_write.read_if_there(file)
    except DepError as error:
        if error.code == "is-a-folder":
            return False
        raise
    if data is None:
        return False
    from jupyter_dep.model.manifest.manifest import is_project

    # one that is not UTF-8 is found too, so that reading it says what is wrong with it
    return is_project(data.decode("utf-8", "replace"))
