"""The empty environment: a virtualenv without seed packages, made in this process."""

from __future__ import annotations

import sys
from pathlib import Path

from ..errors import DepError


def create(folder: Path, interpreter: Path, app_data: Path) -> Path:
    """Make a virtualenv of `interpreter` at `folder`; gives the path of its python. Errors: `environment-failed`."""
    from virtualenv import cli_run

    arguments = [
        str(folder), "--python", str(interpreter), "--no-seed", "--no-vcs-ignore", "--app-data", str(app_data),
        "--no-periodic-update",
    ]  # fmt: skip
    try:
        session = cli_run(arguments, setup_logging=False, env={})
    except (RuntimeError, OSError, SystemExit) as error:
        if isinstance(error, OSError):
            raise
        raise DepError(
            "environment-failed",
            f"virtualenv could not make an environment of `{interpreter}`: {error}",
            hint="`jupyter dep doctor` lists the Pythons and what is wrong with them",
            context={"file": str(interpreter)},
        ) from error
    return Path(str(session.creator.exe))


def script_folder(environment: Path, platform: str = sys.platform) -> Path:
    """The folder of programs of an environment."""
    return environment / ("Scripts" if platform == "win32" else "bin")
