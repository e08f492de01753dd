"""Read what the engine writes: while it installs, as progress; after a failed build, as an error with the log kept."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from jupyter_dep.base.engine_port import Build
from jupyter_dep.base.errors import DepError
from jupyter_dep.base.progress import Progress, Reporter
from jupyter_dep.io.files.read_write import list_readable
from jupyter_dep.io.system.paths import private_folder

from .errors import explain

LOGS = 20
"""How many logs of failed builds are kept."""

_SIZE = re.compile(r"^\s*(Downloading|Downloaded) (\S+)")
_LAST = 12
_BEFORE_LAST = 4
_FAILURE = re.compile(r"error|exception|fatal|cannot|not found|no such|failed", re.IGNORECASE)
_FRAME = re.compile(
    r"Building (?:source distribution|wheel)\b.*\.\.\.|error: Failed to build `|\s*cause: The build backend returned an error"
    r"|\s*cause: Call to `[^`]+` failed|hint: Build failures usually|Using CPython"
)
"""What the engine prints around the backend's own lines."""
_REQUIREMENTS = ("Failed to resolve requirements from `build-system", "Failed to install requirements from `build-system")
_CREDENTIALS = re.compile(r"(https?://)[^\s/@]*@")


class InstallProgress:
    """Turn the lines of an installation into progress; the engine announces only files of over a megabyte."""

    def __init__(self, sizes: Mapping[str, int], reporter: Reporter) -> None:
        self._sizes = sizes
        self._reporter = reporter
        self._started: dict[str, int] = {}
        self._ended: dict[str, int] = {}

    def __call__(self, line: str) -> None:
        """Read one line of stderr."""
        match = _SIZE.match(line)
        if match:
            into = self._started if match[1] == "Downloading" else self._ended
            into[match[2]] = self._sizes.get(match[2], 0)
            self._reporter(
                Progress(
                    phase="downloading",
                    detail=match[2],
                    done=len(self._ended),
                    total=len(self._started),
                    bytes_done=sum(self._ended.values()),
                    bytes_total=sum(self._started.values()),
                )
            )
        elif line.startswith("Prepared "):
            self._reporter(Progress(phase="linking"))


def explain_build(stderr: str, build: Build) -> DepError:
    """Give the error of a build that failed, and keep all of `stderr` in the build's log.

    What the backend itself requires and cannot be installed has the codes of any package (`unknown-package`, network codes …).
    """
    text = _CREDENTIALS.sub(r"\1", stderr)
    kept = _write_log(text, build.log)
    if any(phrase in text for phrase in _REQUIREMENTS):
        error = explain("\n".join(line for line in text.splitlines() if not _FRAME.match(line)), doing="lock")
        kind: Callable[..., DepError] = type(error)
        message = f"the build's own requirements (`[build-system] requires`) are not available: {error.message}"
        return kind(error.code, message, hint=error.hint, context=error.context)
    lines = [line.rstrip() for line in text.splitlines() if line.strip() and not _FRAME.match(line)]
    last = "\n".join(_last_lines(lines)) or "(no output)"
    where = f"the whole log is in {build.log}" if kept else "the log could not be kept"
    return DepError(
        "build-failed",
        f"the build backend failed; its last lines:\n{last}",
        hint=f"{where}; correct what it names, then run the same again",
        context={"file": "pyproject.toml"},
    )


def _last_lines(lines: list[str]) -> list[str]:
    """Give the end of a log; where that shows no failure, put the last lines before it that do in front.

    What a backend writes to its two outputs arrives in no fixed order, so its error may stand above the end.
    """
    last = lines[-_LAST:]
    if any(_FAILURE.search(line) for line in last):
        return last
    failures = [line for line in lines[:-_LAST] if _FAILURE.search(line)][-_BEFORE_LAST:]
    return [*failures, "…", *last[_BEFORE_LAST:]] if failures else last


def _write_log(text: str, log: Path) -> bool:
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
