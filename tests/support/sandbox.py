"""One user in a sandbox: a home, a folder of notebooks, a package index, and every way to run a command as this user."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import pytest
from uv import find_uv_bin

from jupyter_dep.base.engine_port import Engine
from jupyter_dep.io.python.interpreters import Interpreters
from jupyter_dep.model.lock import lockfile
from jupyter_dep.model.lock.lockfile import Lock
from jupyter_dep.operations.edit import relock
from jupyter_dep.operations.project.context import CommandContext
from jupyter_dep.services import Services

from .index import Index
from .notebooks import MINOR, PINNED, lock_path, notebook
from .user_environment import SYSTEM, user_environment

PYTHONS = "pythons.json"
CLI = (sys.executable, "-P", "-c", "import sys; from jupyter_dep_cli.main import main; sys.exit(main())")
"""What the installed `jupyter-dep` does, without asking where its script lies."""

SECONDS = 60
"""More than any single command needs; a hostile file that keeps one busy makes its test fail."""

_SECOND = re.compile(r"\d{8}T\d{6}-[0-9a-f]{4}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """One call of the command line."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        return self.out + self.err

    @property
    def entry(self) -> dict[str, Any]:
        """The first result of `--json`."""
        found: dict[str, Any] = json.loads(self.out)["results"][0]
        return found

    @property
    def error(self) -> dict[str, Any]:
        found: dict[str, Any] = self.entry["error"]
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class UserSandbox:
    """`folder` holds the notebooks, `home` everything that is remembered; `settings` are further variables of this user.

    `requires_python` is what the notebooks that are written here declare.
    """

    home: Path
    folder: Path
    index_url: str
    index_server: Index | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    requires_python: str = f">={MINOR}"

    @property
    def index(self) -> Index:
        """The server of the index, where this test runs it."""
        assert self.index_server is not None
        return self.index_server

    @property
    def dep_home(self) -> Path:
        return self.home / "dep"

    @property
    def consent_file(self) -> Path:
        return self.dep_home / "state" / "consent.json"

    def environ(self, **more: str) -> dict[str, str]:
        """All variables that a command of this user sees: nothing of who runs the tests; an empty one is left out."""
        kept = {name: os.environ[name] for name in SYSTEM if name in os.environ}
        mine = {
            "HOME": str(self.home),
            "USERPROFILE": str(self.home),
            "JUPYTER_DEP_HOME": str(self.dep_home),
            "UV_DEFAULT_INDEX": self.index_url,
        }
        return {name: text for name, text in {**kept, **mine, **self.settings, **more}.items() if text}

    def services(self, engine: Engine | None = None, **more: str) -> Services:
        """Fresh services, as each command makes them; with `engine` they never start the real one."""
        if engine is None:
            return Services.of_user(self.environ(**more))
        return Services.of_user(self.environ(**more), engine_factory=lambda _: engine)

    def cli(self, *arguments: object, cwd: Path | None = None, **more: str) -> Ran:
        """One line of the command line in a process of its own."""
        done = subprocess.run(
            [*CLI, *map(str, arguments)],
            cwd=cwd or self.folder,
            env=self.environ(**more),
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Ran(code=done.returncode, out=done.stdout, err=done.stderr)

    def dep(self, *arguments: object, cwd: Path | None = None, **more: str) -> Ran:
        """The same in this process: a tenth of the time, for tests that are not about the process itself."""
        from jupyter_dep_cli.main import main

        out, err = io.StringIO(), io.StringIO()
        with (
            chdir(cwd or self.folder),
            patch.dict(os.environ, self.environ(**more), clear=True),
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            code = main([str(argument) for argument in arguments])
        assert "Traceback" not in err.getvalue(), err.getvalue()
        return Ran(code=code, out=out.getvalue(), err=err.getvalue())

    def run(self, *argv: str, code: int = 0, stdin: str | None = None) -> str:
        """Any program in the user's folder, which must end with this code; returns all that it printed."""
        done = subprocess.run(
            argv, cwd=self.folder, env=self.environ(), input=stdin, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def uv(self, *arguments: str | Path, cwd: Path | None = None, **env: str) -> subprocess.CompletedProcess[str]:
        """The engine as it comes, without anything that the product sets for it."""
        cache = str(self.home / "raw-cache")
        base = {"PATH": os.environ["PATH"], "HOME": str(self.home), "UV_CACHE_DIR": cache}
        quiet = {"UV_PYTHON_DOWNLOADS": "never", "UV_HTTP_RETRIES": "0"}
        return subprocess.run(
            [find_uv_bin(), *map(str, arguments)],
            cwd=cwd or self.folder,
            env={**base, **quiet, **env},
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    def uv_lock(self, name: str, *dependencies: str, toml: str = "", options: Sequence[str] = (), **env: str) -> str:
        """What the engine as it comes locks for the project `name`; its complaint if it cannot."""
        folder = self.home / "raw" / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "pyproject.toml").write_text(
            f'[project]\nname = "raw"\nversion = "0"\nrequires-python = ">={MINOR}"\n'
            f"dependencies = {json.dumps(dependencies)}\n{toml}\n"
        )
        (folder / "uv.lock").unlink(missing_ok=True)
        env.setdefault("UV_DEFAULT_INDEX", self.index_url)
        done = self.uv("lock", "--python", sys.executable, *options, cwd=folder, **env)
        return (folder / "uv.lock").read_text("utf-8") if done.returncode == 0 else done.stderr

    def notebook(self, *dependencies: str, name: str = "nb", toml: str = "", python: str | None = None) -> Path:
        """A notebook in the folder that declares these; `toml` follows them."""
        return notebook(self.folder, *dependencies, name=name, toml=toml, python=python or self.requires_python)

    def lock(self, path: Path, **more: str) -> Path:
        """Lock a notebook as its author does, without building its environment; returns the lock."""
        relock.relock(path, self.services(**more), CommandContext(command="lock", sync=False))
        return lock_path(path)

    def lock_path(self, path: Path) -> Path:
        return lock_path(path)

    def read_lock(self, path: Path) -> Lock:
        return lockfile.read(lock_path(path).read_bytes(), context={})

    def listing(self) -> dict[str, bytes]:
        """Every file in the folder: what must be as it was."""
        return {path.name: path.read_bytes() for path in sorted(self.folder.iterdir()) if path.is_file()}

    def contents(self) -> dict[str, bytes]:
        """Every file in the folder, and every sealed record of the store."""
        sealed = self.services().paths.store / "k"
        return {**self.listing(), **{path.name: path.read_bytes() for path in sealed.glob("*.json")}}

    def refused(self, *arguments: object, code: str, exit_code: int, **more: str) -> dict[str, Any]:
        """The line fails with this code, on a terminal and in JSON alike, and leaves every file as it was."""
        before = self.contents()
        plain = self.dep(*arguments, **more)
        told = self.dep(*arguments, "--json", **more)
        assert self.contents() == before, "something was changed"
        assert plain.code == exit_code, plain.said
        assert plain.out == "", "an error belongs on stderr"
        lines = plain.err.splitlines()
        first = next(line for line in lines if line.startswith("error: "))
        assert lines[-1].startswith("  next: "), plain.err
        assert told.error["code"] == code, told.out
        assert told.code == told.entry["exit_code"] == exit_code
        assert told.error["message"].splitlines()[0] in first
        # the two ran one after the other, and a log has a name of its own
        assert told.error["hint"] and _SECOND.sub("", told.error["hint"]) in _SECOND.sub("", lines[-1])
        assert "jupyter-dep-root" not in plain.said, "the name of the engine's project is not for users"
        return told.error


def user_at(home: Path, index: Index | str, *, folder: Path | None = None, **settings: str) -> UserSandbox:
    """A user of this home, whose machine has been searched for Pythons already: that is the same for every test."""
    url, server = (index, None) if isinstance(index, str) else (index.url, index)
    sandbox = UserSandbox(home=home, folder=folder or home / "work", index_url=url, index_server=server, settings=settings)
    sandbox.folder.mkdir(parents=True, exist_ok=True)
    memory = sandbox.dep_home / "state" / PYTHONS
    if not memory.exists():
        memory.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        memory.write_bytes(_search_pythons(os.environ.get("PATH", "")))
    return sandbox


def sandbox_at(root: Path, index: Index | str, *, home: str = "home", **settings: str) -> UserSandbox:
    """A user whose home and folder `work` lie side by side."""
    return user_at(root / home, index, folder=root / "work", **settings)


def terminal_at(root: Path, index: Index) -> UserSandbox:
    """A user at a terminal: notebooks for the running Python alone, and an engine that gives up at the first failure."""
    return replace(sandbox_at(root, index, home="me", UV_HTTP_RETRIES="0"), requires_python=PINNED)


def jupyter_user_at(home: Path, index: Index, folder: Path) -> UserSandbox:
    """A user of the programs of Jupyter, whose own folders lie in this home too, as `jupyter-dep` finds them by itself."""
    path = f"{Path(sys.executable).parent}{os.pathsep}/usr/bin:/bin"
    settings = user_environment(home, index.url, PATH=path, JUPYTER_DEP_HOME="")
    folder.mkdir(parents=True, exist_ok=True)
    return UserSandbox(home=home, folder=folder, index_url=index.url, index_server=index, settings=settings)


@cache
def _search_pythons(path: str) -> bytes:
    """Search once: it starts every Python of the machine."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / PYTHONS
        Interpreters(file, environ={"HOME": folder, "PATH": path}).all()
        return file.read_bytes()


def other_python() -> tuple[str, bytes]:
    """Another minor of this machine, and all that is known of its Pythons; skips where there is none."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / PYTHONS
        found = Interpreters(file, environ=dict(os.environ)).all()
        others = [one.minor for one in found if one.minor != MINOR and one.plain and one.minor in ("3.10", "3.12", "3.13")]
        if not others:
            pytest.skip(f"no Python but {MINOR} on this machine")
        return others[0], file.read_bytes()
