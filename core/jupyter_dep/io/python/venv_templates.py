"""The empty environment: a virtualenv without seed packages.

virtualenv makes one per interpreter, the template; each environment is a copy of it, with its own path in the place of the
template's. Importing virtualenv takes longer than everything else of a small environment, and its answer for one
interpreter never differs but for the path.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.steps import DOCTOR, Hint
from jupyter_dep.io.files import read_write
from jupyter_dep.io.system.paths import private_folder


@dataclass(frozen=True, slots=True)
class Templates:
    """The templates below `folder`, each with a record of its files; `app_data` is virtualenv's own cache."""

    folder: Path
    app_data: Path

    def create(self, target: Path, interpreter: Path, identity: str) -> Path:
        """Make an empty environment of `interpreter` at `target`; gives the path of its python.

        `identity` says which interpreter the file is now. `target` has a random name of its own, which is what differs
        between two environments of one folder. Errors: `environment-failed`, OSError.
        """
        record = self._record(target.parent, interpreter, identity)
        known = read_write.read_cached(record)
        if isinstance(known, dict) and _copy_template(self.folder, known, target):
            return target / str(known["python"])
        python = make(target, interpreter, self.app_data)
        self._keep(target, python, record)
        return python

    def python(self, beside: Path, interpreter: Path, identity: str) -> Path | None:
        """The python of the template that environments in the folder `beside` are copied from, where there is one.

        Not on Windows, where programs hold the path of their interpreter in a form of their own (`io/scripts`).
        """
        known = read_write.read_cached(self._record(beside, interpreter, identity)) if sys.platform != "win32" else None
        if not isinstance(known, dict) or not {"folder", "python"} <= known.keys():
            return None
        python = self.folder / str(known["folder"]) / str(known["python"])
        return python if python.exists() else None

    def _record(self, beside: Path, interpreter: Path, identity: str) -> Path:
        name = hashlib.sha256(f"{identity}\0{interpreter}\0{beside}\0{_virtualenv()}".encode()).hexdigest()[:20]
        return self.folder / f"{name}.json"

    def _keep(self, made: Path, python: Path, record: Path) -> None:
        """Keep a copy of a fresh environment; where that fails, virtualenv makes the next one, too."""
        copy = self.folder / os.urandom(5).hex()
        try:
            private_folder(self.folder)
            shutil.copytree(made, copy, symlinks=True, ignore=shutil.ignore_patterns(".lock"))
            entries = _entries(copy)
            read_write.write_state(
                record,
                {"folder": copy.name, "name": made.name, "python": python.relative_to(made).as_posix(), "entries": entries},
            )
        except (OSError, shutil.Error, DepError):
            shutil.rmtree(copy, ignore_errors=True)


def make(folder: Path, interpreter: Path, app_data: Path) -> Path:
    """A virtualenv by virtualenv itself; gives the path of its python. Errors: `environment-failed`."""
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
            hint=Hint(DOCTOR, " lists the Pythons and what is wrong with them"),
            context={"file": str(interpreter)},
        ) from error
    # virtualenv follows links; where the store lies behind one, its paths are to stay those that it was asked for
    python, real = Path(str(session.creator.exe)), folder.resolve()
    return folder / python.relative_to(real) if python.is_relative_to(real) else python


def _virtualenv() -> str:
    """Which virtualenv is installed, without importing it."""
    spec = find_spec("virtualenv")
    origin = spec.origin if spec else None
    return f"{origin} {os.stat(os.path.join(os.path.dirname(origin), 'version.py')).st_mtime_ns}" if origin else ""


def _entries(root: Path) -> dict[str, list[Any]]:
    """Relative path with `/` → how it is made again: `["folder"]`, `["link", target]`, `["file", mode, sha256]`."""
    found: dict[str, list[Any]] = {}
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if path.is_symlink():
            found[name] = ["link", os.readlink(path)]
        elif path.is_dir():
            found[name] = ["folder"]
        else:
            found[name] = ["file", path.stat().st_mode & 0o777, hashlib.sha256(path.read_bytes()).hexdigest()]
    return found


def _copy_template(folder: Path, known: Mapping[str, Any], target: Path) -> bool:
    """Copy a template to `target`; False, and nothing left there, if it is not as its record says."""
    target.mkdir(parents=True)
    try:
        template = folder / str(known["folder"])
        was, now = str(known["name"]).encode(), target.name.encode()
        for name, entry in known["entries"].items():
            path = target / name
            if entry[0] == "folder":
                path.mkdir()
            elif entry[0] == "link":
                path.symlink_to(entry[1])
            else:
                content = (template / name).read_bytes()
                if hashlib.sha256(content).hexdigest() != entry[2]:
                    raise ValueError(name)
                # what holds the environment's path (activation scripts) is text
                path.write_bytes(content if b"\0" in content else content.replace(was, now))
                path.chmod(entry[1])
    except (OSError, KeyError, ValueError, TypeError, IndexError, AttributeError):
        shutil.rmtree(target, ignore_errors=True)
        return False
    return True
