"""A folder for a new project: whether it may be made, and its first files, all or none."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.steps import Hint, step
from jupyter_dep.io.system.os_errors import explain_os_error
from jupyter_dep.io.system.presence import Presence, presence

from .atomic import Write
from .read_write import replace_all


def refuse_taken(folder: Path) -> None:
    """Refuse where a folder cannot be made or holds something. Errors: `not-a-folder`, `folder-not-empty`."""
    above = next(place for place in (folder, *folder.parents) if os.path.lexists(place))
    if not above.is_dir():
        raise _not_a_folder(above)
    try:
        empty = above != folder or not os.listdir(folder)
    except OSError as error:
        raise explain_os_error(error, folder, "reading") from error
    if not empty:
        raise DepError(
            "folder-not-empty",
            "the folder exists and is not empty",
            hint=Hint(step("init", "--project", str(folder), target=None), " makes a project of what is in it"),
            context={"file": str(folder)},
        )


def refuse_missing(folder: Path) -> None:
    """Refuse a path that is not a folder. Errors: `no-such-folder`, `not-a-folder`."""
    if not os.path.lexists(folder):
        raise DepError(
            "no-such-folder",
            "folder not found",
            hint=Hint("check the path, or make one with ", step("new", str(folder), target=None)),
            context={"file": str(folder)},
        )
    if not folder.is_dir():
        raise _not_a_folder(folder)


def _not_a_folder(path: Path) -> DepError:
    return DepError(
        "not-a-folder", "there is a file where the folder should be", hint="name a folder", context={"file": str(path)}
    )


def write(texts: Mapping[Path, bytes]) -> None:
    """All files or none; folders that were made for them go again."""
    made: list[Path] = []
    try:
        for folder in dict.fromkeys(path.parent for path in texts):
            missing = [place for place in (folder, *folder.parents) if presence(place) is Presence.ABSENT]
            for place in reversed(missing):
                try:
                    place.mkdir()
                except OSError as error:
                    raise explain_os_error(error, place, "making the folder") from error
                made.append(place)
        replace_all([Write(path=path, content=content, expected=None) for path, content in texts.items()])
    except BaseException:
        for place in reversed(made):
            with suppress(OSError):
                place.rmdir()
        raise
