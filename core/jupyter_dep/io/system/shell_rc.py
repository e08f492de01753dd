"""Temporary start files of a subshell, in a folder that only its user can read; the shell removes them when it reads them."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from .os_errors import explain_os_error
from .paths import UserPaths, private_folder, require_owned


@dataclass(frozen=True, slots=True)
class ShellFolder:
    """One subshell's folder. Its files remove it when they are read; `remove` does so where no shell read them."""

    path: Path

    def remove(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.path, ignore_errors=True)


def write_start_files(paths: UserPaths, texts: Callable[[str], Mapping[str, str]]) -> ShellFolder:
    """Write the files that `texts` gives for a fresh folder's path; without files no folder is made.

    Errors: those of `explain_os_error`.
    """
    # our process number is the shell's too, since we become it: where that process is gone, the files are not needed
    path = _shells_folder(paths) / f"{os.getpid()}-{os.urandom(4).hex()}"
    try:
        for name, text in texts(str(path)).items():
            private_folder(path)
            (path / name).write_text(text, encoding="utf-8", errors="surrogateescape", newline="")
            (path / name).chmod(0o600)
    except OSError as error:
        shutil.rmtree(path, ignore_errors=True)
        raise explain_os_error(error, path, "writing a shell's start files") from error
    return ShellFolder(path)


def sweep(paths: UserPaths) -> None:
    """Remove the folders of shells that ended without reading their files."""
    try:
        names = os.listdir(_shells_folder(paths))
    except OSError:
        return
    for name in names:
        number, _, rest = name.partition("-")
        if rest and number.isdigit() and not _is_running(int(number)):
            shutil.rmtree(_shells_folder(paths) / name, ignore_errors=True)


def _shells_folder(paths: UserPaths) -> Path:
    return require_owned(paths.state) / "shells"


def _is_running(process: int) -> bool:
    if sys.platform == "win32":  # there a signal would end it
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
