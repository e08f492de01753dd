"""The start files of a subshell: in a folder that only its user can read, gone as soon as the shell has read them."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from jupyter_dep.io.files import read_write

from .paths import UserPaths, private_folder, require_owned


@dataclass(frozen=True, slots=True)
class ShellFolder:
    """One subshell's folder. Its files remove it when they are read; `remove` does where nothing read them."""

    path: Path

    def remove(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)


def lay_out(paths: UserPaths, texts: Callable[[str], Mapping[str, str]]) -> ShellFolder:
    """A fresh folder with the files whose texts are asked for with its path; none is made where there are no files.

    Errors: what `files.explain` says.
    """
    # our own number is the shell's, too, since we become it: who is gone has left nothing behind that is still read
    path = _base(paths) / f"{os.getpid()}-{os.urandom(4).hex()}"
    try:
        for name, text in texts(str(path)).items():
            private_folder(path)
            (path / name).write_text(text, encoding="utf-8", errors="surrogateescape", newline="")
            (path / name).chmod(0o600)
    except OSError as error:
        shutil.rmtree(path, ignore_errors=True)
        raise read_write.explain(error, path, "writing a shell's start files") from error
    return ShellFolder(path)


def sweep(paths: UserPaths) -> None:
    """Remove what shells left behind that never read their files."""
    for name in read_write.list_readable(_base(paths)):
        number, _, rest = name.partition("-")
        if rest and number.isdigit() and not _runs(int(number)):
            shutil.rmtree(_base(paths) / name, ignore_errors=True)


def _base(paths: UserPaths) -> Path:
    return require_owned(paths.state) / "shells"


def _runs(process: int) -> bool:
    if sys.platform == "win32":  # there a signal would end it
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
