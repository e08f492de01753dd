"""A digest of every file of a folder that a package is built from."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from jupyter_dep.base.errors import DepError

from . import look, read_write

_PASSED_OVER = frozenset({"build", "dist", "node_modules", "__pycache__"})
_MOST_FILES = 20_000


def tree_digest(folder: Path) -> str:
    """A digest of a folder's files; hidden ones and those that builds leave behind do not count.

    Errors: `folder-too-large`, and those of reading.
    """
    digest = hashlib.sha256(os.fsencode(folder))
    for number, path in enumerate(_list_files(folder)):
        if number >= _MOST_FILES:
            raise DepError(
                "folder-too-large",
                f"the folder holds more than {_MOST_FILES:,} files",
                hint="declare it as editable, or publish it to an index",
                context={"file": str(folder)},
            )
        data = read_write.read_if_there(path)
        digest.update(os.fsencode(path.relative_to(folder)) + b"\0")
        digest.update(hashlib.sha256(data if data is not None else b"").digest())
    return digest.hexdigest()


def _list_files(folder: Path) -> Iterator[Path]:
    for name in read_write.list_folder(folder):
        path = folder / name
        if name.startswith(".") or name in _PASSED_OVER or name.endswith(".egg-info"):
            continue
        if look.is_link(path):  # one that leads nowhere, or to itself, holds nothing to build from
            if look.is_there(path) and look.is_file(path):
                yield path
        elif look.is_folder(path):
            yield from _list_files(path)
        elif look.is_file(path):
            yield path
