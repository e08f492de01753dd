"""Distributions on the disk: what a backend said when it failed, and how what it made gets into `dist` whole."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from jupyter_dep.base.engine_port import Build
from jupyter_dep.base.errors import DepError
from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.io.engine.errors import explain as explain_engine
from jupyter_dep.io.system.paths import private_folder

from .read_write import explain, list_folder, list_readable

LOGS = 20
"""How many logs of failed builds are kept."""
_LAST = 12
_BEFORE_LAST = 4
_TELLING = re.compile(r"error|exception|fatal|cannot|not found|no such|failed", re.IGNORECASE)
_CHUNK = 1 << 20
_FRAME = re.compile(
    r"Building (?:source distribution|wheel)\b.*\.\.\.|error: Failed to build `|\s*cause: The build backend returned an error"
    r"|\s*cause: Call to `[^`]+` failed|hint: Build failures usually|Using CPython"
)
"""What the engine says around the backend's own words."""
_BEFORE = ("Failed to resolve requirements from `build-system", "Failed to install requirements from `build-system")
_CREDENTIALS = re.compile(r"(https?://)[^\s/@]*@")


@frozen_dataclass
class PlacedFiles:
    """One distribution in its place: `size` in bytes; `replaced` if another of that name was there, `same` if the same was."""

    path: Path
    size: int
    sha256: str
    replaced: bool = False
    same: bool = False


def build_failed(said: str, build: Build) -> DepError:
    """The error of a build that did not end well; the whole of what was `said` goes into the build's log.

    What the backend itself needs and does not get is told as for any package (`unknown-package`, network codes …).
    """
    text = _CREDENTIALS.sub(r"\1", said)
    kept = _kept(text, build.log)
    if any(phrase in text for phrase in _BEFORE):
        error = explain_engine("\n".join(line for line in text.splitlines() if not _FRAME.match(line)), doing="lock")
        kind: Callable[..., DepError] = type(error)
        needs = "what the build itself needs (`[build-system] requires`) is not to be had"
        return kind(error.code, f"{needs}: {error.message}", hint=error.hint, context=error.context)
    lines = [line.rstrip() for line in text.splitlines() if line.strip() and not _FRAME.match(line)]
    last = "\n".join(_last_words(lines)) or "it said nothing"
    where = f"the whole log is in {build.log}" if kept else "the log could not be kept"
    return DepError(
        "build-failed",
        f"the build backend failed; its last words:\n{last}",
        hint=f"{where}; correct what it names, then run the same again",
        context={"file": "pyproject.toml"},
    )


def _last_words(lines: list[str]) -> list[str]:
    """The end of a log; where that says nothing of a failure, with the last lines before it that do.

    What a backend writes to its two outputs arrives in no fixed order, so its error may stand above the end.
    """
    last = lines[-_LAST:]
    if any(_TELLING.search(line) for line in last):
        return last
    telling = [line for line in lines[:-_LAST] if _TELLING.search(line)][-_BEFORE_LAST:]
    return [*telling, "…", *last[_BEFORE_LAST:]] if telling else last


def _kept(text: str, log: Path) -> bool:
    try:
        private_folder(log.parent)
        handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text + "\n")
        logs = sorted((log.with_name(name) for name in list_readable(log.parent)), key=lambda path: path.stat().st_mtime_ns)
    except OSError:
        return False
    for old in logs[:-LOGS]:
        with suppress(OSError):
            old.unlink()
    return True


def place(made: Path, into: Path) -> tuple[PlacedFiles, ...]:
    """Bring every distribution in the folder `made` into `into`, each whole or not at all; older ones of that name give way.

    Every file is on the disk under another name before the first is put in place. Errors: those of `files.explain`,
    `nothing-built`.
    """
    names = [name for name in list_folder(made) if name.endswith((".whl", ".tar.gz"))]
    if not names:
        raise DepError(
            "nothing-built",
            "the build backend ended well and made no file",
            hint="look at its settings in `pyproject.toml`",
            context={"file": str(into)},
        )
    staged: list[tuple[PlacedFiles, Path]] = []
    try:
        into.mkdir(parents=True, exist_ok=True)
        for name in names:
            temporary = into / f".{name}.{os.urandom(4).hex()}.tmp"
            staged.append((_blank(into / name), temporary))
            size, digest = _copied(made / name, temporary)
            before = fingerprint(into / name) if (into / name).exists() else None
            same = before == digest
            placed = PlacedFiles(
                path=into / name, size=size, sha256=digest, replaced=before is not None and not same, same=same
            )
            staged[-1] = (placed, temporary)
        for placed, temporary in staged:
            os.replace(temporary, placed.path)
    except OSError as error:
        raise explain(error, into, "writing the distributions") from error
    finally:
        for _, temporary in staged:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
    return tuple(placed for placed, _ in staged)


def _blank(path: Path) -> PlacedFiles:
    return PlacedFiles(path=path, size=0, sha256="")


def fingerprint(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _copied(source: Path, target: Path) -> tuple[int, str]:
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
    """The files in a folder that are wheels or source archives by their name, sorted."""
    return [folder / name for name in list_folder(folder) if name.endswith((".whl", ".tar.gz"))]
