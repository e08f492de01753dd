"""The Pythons of this machine: found once, asked once without running anybody's packages, remembered.

What was found stays known while its file is unchanged, from whatever `PATH` it was found, so that a desktop
and a terminal choose the same one. Folders that changed since they were searched are searched again.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from jupyter_dep.base.errors import DepError
from jupyter_dep.io.files import read_write
from jupyter_dep.io.system.paths import expand_home
from jupyter_dep.model.packages.interpreter import Interpreter, matcher, newest_first, no_match, of_minor, order

from . import discovery

if TYPE_CHECKING:
    from jupyter_dep.io.system.process import Completed

__all__ = ["Interpreter", "Interpreters", "Run"]

_FORMAT = 1
_PROBE = Path(__file__).with_name("probe_script.py")
_PROBE_SECONDS = 20.0
_AT_ONCE = 4
"""Pythons that are asked at the same time."""


class Run(Protocol):
    """How a program is run: `process.run`, or a test's stand-in."""

    def __call__(self, argv: Sequence[str], *, cwd: Path, env: Mapping[str, str], timeout: float) -> Completed:
        """Run a program to its end."""


class Interpreters:
    """The Pythons that environments can be built on. `cache_file` lies in a private folder.

    `broken` holds, after `all()`, each Python that was passed over and why. `host` is what runs us.
    """

    def __init__(
        self,
        cache_file: Path,
        *,
        environ: Mapping[str, str],
        run: Run | None = None,
        discover: discovery.Discover = discovery.discover,
        host: str | None = None,
        platform: str = sys.platform,
    ) -> None:
        self._cache_file = cache_file
        self._environ = discovery.clean_environment(environ)
        self._managed = discovery.version_folders(environ, platform)
        self._run = run
        self._discover = discover
        self._host = discovery.base_interpreter(Path(host or getattr(sys, "_base_executable", None) or sys.executable))
        self.broken: dict[str, str] = {}

    def all(self, *, refresh: bool = False) -> tuple[Interpreter, ...]:
        """Every CPython from 3.8 on, newest first; starts nothing if no folder has changed.

        `refresh` searches in any case, and asks those again that were broken.
        """
        memory = _InterpreterCache.load(self._cache_file)
        folders = self._folders()
        if refresh or not memory.known or any(memory.searched.get(name) != at for name, at in folders.items()):
            if refresh:
                memory.broken.clear()
            self._search(memory)
            memory.searched = {**{k: v for k, v in memory.searched.items() if Path(k).is_dir()}, **folders}
            memory.save(self._cache_file)
        self.broken = {name: reason for name, (_, reason) in memory.broken.items()}
        return self._sorted(memory)

    def cached_minor(self, minor: str) -> Interpreter | None:
        """The Python that `find(minor)` would choose among what is remembered; None if none of it is there.

        The fast path of a kernel's start: it searches nothing, starts nothing, imports no other package.
        """
        return of_minor(minor, self._sorted(_InterpreterCache.load(self._cache_file)))

    def find(self, wanted: str) -> Interpreter:
        """The best Python for `3.11`, `3.11.7`, `3.13t`, `>=3.11,<3.13` (newest stable) or a path.

        Errors: `no-matching-python` names what there is, `bad-python` a request that means nothing.
        """
        text = wanted.strip()
        if "/" in text or os.sep in text or text == "~" or text.lower().endswith(".exe"):
            return self._at(expand_home(text).absolute())
        best = matcher(text)
        found = best(self.all()) or best(self.all(refresh=True))  # a registry tells no time of change
        if found is None:
            raise no_match(text, self.all())
        return found

    def _at(self, path: Path) -> Interpreter:
        memory = _InterpreterCache.load(self._cache_file)
        base = discovery.base_interpreter(path)
        memory.broken.pop(str(base), None)
        found = self._learn(base, memory)
        memory.save(self._cache_file)
        if found is None:
            _, why = memory.broken.get(str(base), (None, "file not found"))
            raise no_match(str(path), self.all(), why)
        return found

    def _learn(self, candidate: Path, memory: _InterpreterCache) -> Interpreter | None:
        """What a candidate is: remembered, or asked and then remembered, as is why it is unfit."""
        path = discovery.base_interpreter(candidate)
        known = memory.known.get(os.path.realpath(path))
        stamp = _stamp(path)
        if known is not None or stamp is None or str(path) in memory.broken:
            return known[1] if known else None
        try:
            interpreter = self._ask(path)
        except _UnfitError as error:
            memory.broken[str(path)] = (stamp, str(error))
            return None
        return memory.known.setdefault(interpreter.real, (_stamp(Path(interpreter.real)) or stamp, interpreter))[1]

    def _ask(self, path: Path) -> Interpreter:
        from . import probe_script

        if self._run is None:
            from jupyter_dep.io.system.process import run

            self._run = run
        argv = [str(path), "-I", "-S", "-B", str(_PROBE)]
        folder = self._cache_file.parent
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            done = self._run(argv, cwd=folder, env=self._environ, timeout=_PROBE_SECONDS)
        except DepError as error:
            raise _UnfitError(error.message) from error
        lines = [line for line in done.stdout.splitlines() if line.startswith(probe_script.MARK)]
        if done.returncode != 0 or not lines:
            said = done.stderr.strip().splitlines()
            raise _UnfitError(f"it ended with exit code {done.returncode}" + (f": {said[-1]}" if said else ""))
        try:
            facts = json.loads(lines[-1].removeprefix(probe_script.MARK))
            why_not = _unfit(facts, probe_script.describe())
            if why_not:
                raise _UnfitError(why_not)
            # a shim or a launcher answers for another file: that one is the interpreter
            real = os.path.realpath(facts["executable"])
            executable = str(path) if os.path.realpath(path) == real else facts["executable"]
            del facts["libc"]
            return Interpreter(**{**facts, "executable": executable, "real": real})
        except (KeyError, TypeError, ValueError) as error:
            raise _UnfitError("it does not answer like a Python") from error

    def _search(self, memory: _InterpreterCache) -> None:
        """Learn what there is. Most of the time each Python is waited for, so several are asked at once.

        Of two paths to one Python the first is kept: what runs us, what a version manager has, what else is found.
        """
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="search") as pool:
            others = pool.submit(lambda: list(self._discover(self._environ, self._cache_file.parent)))
            near: dict[str, Path] = {}
            for candidate in (self._host, *discovery.managed_pythons(self._managed)):
                near.setdefault(os.path.realpath(discovery.base_interpreter(candidate)), candidate)
            list(pool.map(lambda candidate: self._learn(candidate, memory), near.values()))
            for candidate in others.result():
                self._learn(candidate, memory)

    def _folders(self) -> dict[str, int]:
        """The folders that a search looks into, with their times of modification in nanoseconds."""
        on_path = [Path(entry) for entry in self._environ["PATH"].split(os.pathsep) if entry]
        stamps = {str(folder): _stamp(folder) for folder in (*on_path, *self._managed)}
        return {name: stamp[0] for name, stamp in stamps.items() if stamp is not None}

    def _sorted(self, memory: _InterpreterCache) -> tuple[Interpreter, ...]:
        return newest_first((one for _, one in memory.known.values()), os.path.realpath(self._host))


class _UnfitError(Exception):
    """Why environments cannot be built on an executable."""


def _unfit(facts: Mapping[str, Any], ours: Mapping[str, Any]) -> str | None:
    if facts["implementation"] != "cpython":
        return f"it is {facts['implementation']}, not CPython"
    if order(facts["version"])[:2] < discovery.OLDEST:
        return f"it is Python {facts['version']}, older than {'.'.join(map(str, discovery.OLDEST))}"
    kind = ("platform", "bits", "libc")
    if facts["platform"].startswith("linux") and any(facts[key] != ours[key] for key in kind):
        # which wheels load there can only be computed by a process of that kind
        return f"it is built for {facts['platform']}, {facts['libc']}, {facts['bits']} bits, unlike jupyter-dep"
    return None


_Stamp = list[int]
"""Modification time in nanoseconds and size in bytes: another one, and the file has to be asked again."""


def _stamp(path: Path) -> _Stamp | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return [status.st_mtime_ns, status.st_size]


@dataclass(slots=True)
class _InterpreterCache:
    """The cache file: Pythons by real path, unfit ones with the reason, and when folders were searched."""

    known: dict[str, tuple[_Stamp, Interpreter]] = field(default_factory=dict)
    broken: dict[str, tuple[_Stamp, str]] = field(default_factory=dict)
    searched: dict[str, int] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> _InterpreterCache:
        """What is still true of it; empty if it cannot be read."""
        try:
            state = read_write.read_cached(path)
            if state["format"] != _FORMAT:
                return cls()
            known = [(stamp, Interpreter(**value)) for stamp, value in state["known"]]
            broken = [(name, stamp, reason) for name, (stamp, reason) in state["broken"].items()]
            return cls(
                known={one.real: (stamp, one) for stamp, one in known if _stamp(Path(one.real)) == stamp},
                broken={name: (stamp, why) for name, stamp, why in broken if _stamp(Path(name)) == stamp},
                searched=dict(state["searched"]),
            )
        except (AttributeError, KeyError, TypeError, ValueError):
            return cls()

    def save(self, path: Path) -> None:
        known: Iterable[object] = [[stamp, asdict(one)] for stamp, one in self.known.values()]
        value = {"format": _FORMAT, "known": known, "broken": self.broken, "searched": self.searched}
        try:
            read_write.write_state(path, value)
        except (DepError, OSError):  # a read-only home: every process then searches for itself
            pass
