"""From a contents path to a notebook's file, and back: nothing outside the server's root, nothing hidden."""

from __future__ import annotations

import os
import re
from pathlib import Path

from jupyter_dep.base.errors import DepError, UsageError
from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.model.lock.lockfile import lock_name
from jupyter_dep.operations.project.discovery import find_project
from jupyter_dep.operations.project.project import Project
from jupyter_dep.services import Services

_CONTROLS = re.compile(r"[\x00-\x1f\x7f]")
_LIMIT = 2000


@frozen_dataclass
class ServedNotebook:
    """A notebook, by its contents path and as a file.

    `file` holds its declaration: the notebook itself or its folder's manifest; `real` is that file with links resolved.
    """

    path: str
    notebook: Path
    file: Path
    real: str


@frozen_dataclass
class Root:
    """The folder that the server shows. `hidden`: whether its contents API serves names that begin with a dot."""

    folder: Path
    hidden: bool = False

    def notebook(self, path: str) -> Path:
        """Return the absolute path of a notebook, whether it exists or not; links are followed only within the root.

        Errors: `bad-path`, `not-a-notebook-name`, `hidden-path`, `outside-root` (the lock beside it counts, too).
        """
        parts = self._split(path)
        if not parts[-1].endswith(".ipynb"):
            raise UsageError(
                "not-a-notebook-name",
                "the path does not end in `.ipynb`",
                hint="name a notebook",
                context={"file": parts[-1]},
            )
        found = self.folder.joinpath(*parts)
        self._confine(found)
        self._confine(found.with_name(lock_name(found.stem)))
        return found

    def project(self, notebook: Path, services: Services) -> Path:
        """Find the file with the declaration of a notebook. Errors: `outside-root` for links that lead out of the root."""
        file = find_project(notebook, services).file
        if (
            file != notebook and self.relative(file) is not None
        ):  # a folder above the root was chosen by the one who started the server
            self._confine(file)
            self._confine(Project.of(file).lock)
        return file

    def relative(self, file: str | Path) -> str | None:
        """Return the contents path of a file, None if it is not below the root."""
        path = os.path.abspath(file)  # noqa: PTH100  links are kept: both forms are compared
        for root in (os.path.abspath(self.folder), os.path.realpath(self.folder)):  # noqa: PTH100  as above
            inside = path.removeprefix(root.rstrip(os.sep) + os.sep)
            if inside != path:
                return inside.replace(os.sep, "/")
        return None

    def _split(self, path: str) -> list[str]:
        parts = path.split("/")
        strange = _CONTROLS.search(path) or (os.sep != "/" and (os.sep in path or ":" in path))
        if not path or len(path) > _LIMIT or strange or any(part in ("", ".", "..") for part in parts):
            raise UsageError(
                "bad-path",
                "this is not the path of a notebook below the server's folder",
                hint="use the path that the file browser shows, relative and with `/`",
            )
        self._refuse_hidden(parts)
        return parts

    def _refuse_hidden(self, parts: list[str]) -> None:
        if not self.hidden and any(part.startswith(".") for part in parts):
            raise DepError(
                "hidden-path",
                "hidden files and folders are not served",
                hint="move the notebook, or let this server show hidden files (`ContentsManager.allow_hidden`)",
            )

    def _confine(self, file: Path) -> None:
        root = os.path.realpath(self.folder)
        try:
            real = os.path.realpath(file)
        except (OSError, ValueError) as error:  # a loop of links on some systems
            raise _outside(file) from error
        if not real.startswith(root.rstrip(os.sep) + os.sep):
            raise _outside(file)
        self._refuse_hidden(real[len(root) :].strip(os.sep).split(os.sep))  # noqa: PTH206  the same split as of a contents path


def find_notebook(root: Root | None, path: str, services: Services) -> ServedNotebook:
    """Look up the notebook of a contents path on disk. Errors: those of `Root.notebook` and `Root.project`, `not-files`."""
    if root is None:
        raise DepError(
            "not-files",
            "this server keeps its notebooks elsewhere than in files",
            hint="jupyter-dep needs a server whose contents are files",
        )
    notebook = root.notebook(path)
    file = root.project(notebook, services)
    return ServedNotebook(path=path, notebook=notebook, file=file, real=os.path.realpath(file))


def _outside(file: Path) -> DepError:
    return DepError(
        "outside-root",
        "a link leads out of the server's folder",
        hint="put the notebook and its lock themselves below that folder",
        context={"file": file.name},
    )
