"""Distributions on the disk: listing them, and putting what a build made into `dist`, whole or not at all."""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.io.system.os_errors import explain_os_error
from jupyter_dep.io.system.presence import exists

from .read_write import list_folder

_CHUNK = 1 << 20


@frozen_dataclass
class PlacedFiles:
    """One distribution in its final place.

    `size` is in bytes; `replaced` if other content was there under that name, `same` if the same content was.
    """

    path: Path
    size: int
    sha256: str
    replaced: bool = False
    same: bool = False


def place(built: Path, into: Path) -> tuple[PlacedFiles, ...]:
    """Put every distribution of the folder `built` into `into`, each whole or not at all, replacing those of the same name.

    Every file is on the disk under a temporary name before the first is put in place. Errors: those of `explain_os_error`,
    `nothing-built`.
    """
    names = [name for name in list_folder(built) if name.endswith((".whl", ".tar.gz"))]
    if not names:
        raise DepError(
            "nothing-built",
            "the build backend reported success but made no file",
            hint="check its settings in `pyproject.toml`",
            context={"file": str(into)},
        )
    staged: list[tuple[PlacedFiles, Path]] = []
    try:
        into.mkdir(parents=True, exist_ok=True)
        for name in names:
            temporary = into / f".{name}.{os.urandom(4).hex()}.tmp"
            staged.append((_blank(into / name), temporary))
            size, digest = _copy(built / name, temporary)
            before = sha256_of(into / name) if exists(into / name) else None
            same = before == digest
            placed = PlacedFiles(
                path=into / name, size=size, sha256=digest, replaced=before is not None and not same, same=same
            )
            staged[-1] = (placed, temporary)
        for placed, temporary in staged:
            os.replace(temporary, placed.path)
    except OSError as error:
        raise explain_os_error(error, into, "writing the distributions") from error
    finally:
        for _, temporary in staged:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
    return tuple(placed for placed, _ in staged)


def _blank(path: Path) -> PlacedFiles:
    return PlacedFiles(path=path, size=0, sha256="")


def sha256_of(path: Path) -> str:
    """Compute the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _copy(source: Path, target: Path) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    with source.open("rb") as read, target.open("xb") as write:
        while chunk := read.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
            write.write(chunk)
        write.flush()
        os.fsync(write.fileno())
    return size, digest.hexdigest()


def distributions(folder: Path) -> Sequence[Path]:
    """List the files in a folder that are wheels or source archives by their name, sorted."""
    return [folder / name for name in list_folder(folder) if name.endswith((".whl", ".tar.gz"))]


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder for what a build makes, removed at the end."""
    with tempfile.TemporaryDirectory(prefix="jupyter-dep-build-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def new_log(state: Path, name: str) -> Path:
    """Where the log of a build of the folder `name` goes, if the build fails."""
    return state / "builds" / f"{name}-{time.strftime('%Y%m%dT%H%M%S')}-{os.urandom(2).hex()}.log"
