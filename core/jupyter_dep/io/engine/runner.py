"""Runs `uv` as a subprocess with an explicit command line, a scrubbed environment and no configuration files.

The program comes from its wheel by an absolute path and works in an empty temporary folder; it downloads no Python and builds
nothing unless a call says so. The builders of arguments (`args`) are pure.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.base.progress import CancelToken
from jupyter_dep.io.files.read_write import read_cached, write_state
from jupyter_dep.io.index.settings import IndexSettings, redact
from jupyter_dep.io.system.os_errors import explain_os_error
from jupyter_dep.io.system.process import Completed, run

from . import errors
from .args import scrubbed

_FINDING = threading.Lock()


@frozen_dataclass
class EngineCall:
    """One run of the engine in the working folder `folder`, for at most `timeout` seconds.

    `on_line` gets each line of its stderr; `variables` are given to this run alone.
    """

    arguments: list[str]
    folder: Path
    timeout: float
    on_line: Callable[[str], None] | None = None
    variables: Mapping[str, str] | None = None


@frozen_dataclass
class EngineRunner:
    """Starts the engine with the user's `settings`, our own `cache`, and what of `environ` the scrubbed environment keeps."""

    cache: Path
    settings: IndexSettings
    environ: Mapping[str, str]

    def program(self) -> str:
        """Give the engine's absolute path."""
        from uv import find_uv_bin

        with _FINDING:  # several notebooks at once: the first look into `sysconfig` is not safe in threads
            return os.fspath(find_uv_bin())

    def call(self, call: EngineCall, *, cancel: CancelToken | None = None) -> Completed:
        """Run the engine to its end. Errors: `cancelled`, `engine-timeout`, `program-missing`."""
        env = {**scrubbed(self.environ, self.settings, self.cache), **(call.variables or {})}
        argv = [self.program(), *call.arguments]
        return run(argv, cwd=call.folder, env=env, timeout=call.timeout, on_line=call.on_line, cancel=cancel)

    @contextmanager
    def scratch_dir(self) -> Iterator[Path]:
        """Make an empty working folder, removed at the end: the engine obeys files that lie where it runs."""
        try:
            self.cache.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder = Path(tempfile.mkdtemp(prefix="jupyter-dep-"))
        except OSError as error:
            raise explain_os_error(error, self.cache, "making a working folder") from error
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def default_index(self) -> str:
        """Give the index that is asked for a name: the user's default, else the engine's own; without credentials."""
        return redact(self.settings.default) if self.settings.default else self.builtin_index()

    def builtin_index(self) -> str:
        """Give the index that the engine asks where nothing is configured; asked of the engine once and remembered."""
        memo = self.cache.parent / "default-index.json"
        if isinstance(known := read_cached(memo), dict) and known.get("program") == self._stamp():
            return str(known["index"])
        bare = replace(self, settings=IndexSettings())
        with self.scratch_dir() as folder:
            (folder / "empty.in").write_text("")
            arguments = ["pip", "compile", "--no-config", "--emit-index-url", "--no-header", "empty.in"]
            asked = bare.call(EngineCall(arguments=arguments, folder=folder, timeout=20))
        match = re.search(r"^--index-url (\S+)$", asked.stdout, re.MULTILINE)
        if match is None:
            raise errors.explain(asked.stderr, doing="lock")
        write_state(memo, {"program": self._stamp(), "index": match[1]})
        return match[1]

    def _stamp(self) -> list[Any]:
        program = Path(self.program())
        return [str(program), program.stat().st_mtime_ns]
