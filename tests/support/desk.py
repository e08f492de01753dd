"""Somebody at a terminal: a folder with notebooks, a home, a package index, and `jupyter dep` in the test's own process."""

from __future__ import annotations

import io
import os
import re
import sys
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from jupyter_dep_cli.main import main

from .index import Index
from .people import Person, Ran, notebook, person

_SECOND = re.compile(r"\d{8}T\d{6}-[0-9a-f]{4}")
PINNED = f"=={sys.version_info[0]}.{sys.version_info[1]}.*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """`dep` runs one line of the command line; it is the real thing but for the start of a process."""

    folder: Path
    user: Person
    index: Index

    def dep(self, *arguments: str | Path, **more: str) -> Ran:
        out, err = io.StringIO(), io.StringIO()
        with (
            chdir(self.folder),
            patch.dict(os.environ, self.user.environ(**more), clear=True),
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            code = main([str(word) for word in arguments])
        assert "Traceback" not in err.getvalue()
        return Ran(code=code, out=out.getvalue(), err=err.getvalue())

    def notebook(self, *dependencies: str, name: str = "nb", toml: str = "", python: str = PINNED) -> Path:
        return notebook(self.folder, *dependencies, name=name, toml=toml, python=python)

    def contents(self) -> dict[str, bytes]:
        """Every file in the folder, and every sealed record of the store."""
        mine = {path.name: path.read_bytes() for path in self.folder.iterdir() if path.is_file()}
        sealed = self.user.services().paths.store / "k"
        return {**mine, **{path.name: path.read_bytes() for path in sealed.glob("*.json")}}

    def refused(self, *arguments: str | Path, code: str, exit_code: int, **more: str) -> dict[str, Any]:
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
        assert "jupyter-dep-root" not in plain.said, "our name for the engine's project is no word for a user"
        return told.error


def desk_at(folder: Path, index: Index) -> Desk:
    """A new desk below `folder`."""
    work = folder / "work"
    work.mkdir(parents=True)
    user = person(folder / "me", index.url, UV_HTTP_RETRIES="0")
    return Desk(folder=work, user=user, index=index)
