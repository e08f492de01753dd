"""Where everything is measured: a temporary home with one project on the kernel's packages and one with pandas besides."""

from __future__ import annotations

import atexit
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from jupyter_dep.io.engine.args import scrubbed
from jupyter_dep.io.store.store import Sealed
from jupyter_dep.services import Services

NOTEBOOK = "bench.ipynb"
LOCK = "pylock.bench.toml"
_FOREIGN = {"PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "JUPYTER_PATH", "UV_CACHE_DIR"}
_OURS = ("jupyter-dep", "jupyter", "python")
_ROOT = Path(__file__).resolve().parent.parent


@cache
def installed() -> Path:
    """The scripts of a virtualenv that lasts as long as this run, with this checkout installed as a wheel and all it needs."""
    folder = Path(tempfile.mkdtemp(prefix="jd-installed-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    uv = Path(sys.executable).parent / "uv"
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    for words in (
        ["venv", "--quiet", "--clear", "--python", sys.executable, folder],
        ["pip", "install", "--quiet", "--compile-bytecode", "--python", python, _ROOT],
    ):
        subprocess.run([uv, *words], stdin=subprocess.DEVNULL, check=True)
    return python.parent


@dataclass(frozen=True)
class Sandbox:
    """A temporary folder and the environment variables that keep everything of ours and of Jupyter's inside it."""

    folder: Path
    environ: dict[str, str]
    python: str = ""
    """The Python of its projects, such as `3.12`; the one that `init` takes by itself if empty."""

    @classmethod
    def at(cls, folder: Path) -> Sandbox:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER_DEP_", "JPY_"))}
        for name in _FOREIGN:
            kept.pop(name, None)
        own = {
            "JUPYTER_DEP_HOME": folder / "home",
            "JUPYTER_DATA_DIR": folder / "jupyter" / "data",
            "JUPYTER_CONFIG_DIR": folder / "jupyter" / "config",
            "JUPYTER_RUNTIME_DIR": folder / "jupyter" / "run",
            "IPYTHONDIR": folder / "ipython",
        }
        return cls(folder=folder, environ={**kept, **{name: str(path) for name, path in own.items()}})

    def enter(self) -> None:
        """Take the variables over for this process: a provisioner is measured inside of it."""
        os.environ.clear()
        os.environ.update(self.environ)
        sys.dont_write_bytecode = False

    def services(self) -> Services:
        """Ports that remember nothing from before, as in a new process."""
        return Services.of_user(self.environ)

    # commands

    def run(self, argv: Sequence[str | Path], cwd: Path, env: dict[str, str] | None = None) -> float:
        """Seconds that a program takes; what it says is shown only where it fails."""
        started = time.perf_counter()
        done = subprocess.run(
            [os.fspath(word) for word in argv],
            cwd=cwd,
            env=self.environ if env is None else env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        seconds = time.perf_counter() - started
        if done.returncode != 0:
            words = " ".join(os.path.basename(os.fspath(word)) for word in argv[:4])
            said = " / ".join(f"{done.stdout}{done.stderr}".split("\n")[-6:]).strip(" /")
            raise RuntimeError(f"`{words} …` ended with exit code {done.returncode}: {said}")
        return seconds

    def dep(self, *words: str, cwd: Path) -> float:
        """Seconds of a whole `jupyter-dep` command: the start of its interpreter counts."""
        return self.run([self.program("jupyter-dep"), *words], cwd)

    def uv(self, *words: str, cwd: Path) -> float:
        """Seconds of the engine, with the index settings and the cache that it gets from us."""
        return self.run([self.program("uv"), *words, "--quiet"], cwd, self._engine_environ)

    def program(self, name: str) -> Path:
        """A program beside this Python; our own as people have it, from its wheel.

        The editable install of a checkout imports a hook and four modules more at every start.
        """
        suffix = ".exe" if sys.platform == "win32" else ""
        scripts = installed() if name in _OURS else Path(sys.executable).parent
        return scripts / (name + suffix)

    @cached_property
    def _engine_environ(self) -> dict[str, str]:
        services = self.services()
        return scrubbed(self.environ, services.indexes, services.paths.engine_cache)

    @staticmethod
    def settle() -> None:
        """Let the disk finish what was done so far: what is timed next must not wait for the writes of what was before."""
        if hasattr(os, "sync"):
            os.sync()

    # projects

    def new_folder(self, name: str) -> Path:
        """An empty folder, whose name begins so.

        Nothing is removed before the end: for minutes after a large folder was removed, ext4 makes new ones several times
        slower (it passes over inodes that were freed lately), on whichever side comes next.
        """
        (self.folder / "work").mkdir(exist_ok=True)
        return Path(tempfile.mkdtemp(prefix=f"{name}-", dir=self.folder / "work"))

    def copy_of(self, project: Path, name: str) -> Path:
        """Another project with the same notebook and a lock that says the same in other bytes.

        Else what a running process remembers of the turn before would make the next one faster than anybody's first.
        """
        folder = self.new_folder(name)
        shutil.copyfile(project / NOTEBOOK, folder / NOTEBOOK)
        (folder / LOCK).write_bytes(same_but_for_the_name(project / LOCK, folder.name))
        return folder

    @cached_property
    def stack(self) -> Path:
        """A project that declares nothing, with its lock and its sealed environment: the kernel's packages."""
        folder = self.new_folder("stack")
        self.dep("init", NOTEBOOK, *(["--python", self.python] if self.python else []), cwd=folder)
        self.dep("lock", NOTEBOOK, cwd=folder)
        self._build(folder)
        return folder

    @cached_property
    def pandas(self) -> Path:
        """The same with pandas, and the bytecode that importing it leaves."""
        folder = self.copy_of(self.stack, "pandas")
        self.dep("add", NOTEBOOK, "pandas", cwd=folder)
        self._build(folder)
        self.run([self.sealed(folder).python, "-c", "import pandas"], folder)
        return folder

    def _build(self, folder: Path) -> None:
        self.dep("sync", NOTEBOOK, cwd=folder)
        self.run([self.sealed(folder).python, "-c", "import ipykernel.kernelapp, ipywidgets"], folder)

    def status(self, folder: Path) -> dict[str, Any]:
        """What `status --json` says of a folder's notebook."""
        done = subprocess.run(
            [self.program("jupyter-dep"), "status", NOTEBOOK, "--json"],
            cwd=folder,
            env=self.environ,
            capture_output=True,
            text=True,
            check=True,
        )
        entry: dict[str, Any] = json.loads(done.stdout)["results"][0]
        return entry

    def sealed(self, folder: Path) -> Sealed:
        """The environment of a folder's notebook, which has to be there."""
        found = self.services().store.sealed(str(self.status(folder)["environment"]["key"]))
        if found is None:
            raise RuntimeError(f"the environment of `{folder.name}` is not sealed")
        return found

    @cached_property
    def interpreter(self) -> str:
        """The Python that our environments are built on, for the other side to use."""
        python = str(self.status(self.stack)["python"])
        return self.services().interpreters.find(python).executable

    @contextmanager
    def nothing_stays(self) -> Iterator[None]:
        """Forget afterwards which environments were sealed and which locks were seen inside."""
        paths = self.services().paths
        folders = (paths.store / "k", paths.lock_cache)
        known = {file for folder in folders for file in folder.rglob("*.json")}
        try:
            yield
        finally:
            for file in {file for folder in folders for file in folder.rglob("*.json")} - known:
                file.unlink()

    @contextmanager
    def without(self, folder: Path) -> Iterator[None]:
        """Keep the environment of a folder's notebook out of sight, and what was found out about its lock; both come back."""
        paths = self.services().paths
        sealed = self.sealed(folder)
        digest = hashlib.sha256((folder / LOCK).read_bytes()).hexdigest()
        hidden = [paths.store / "k" / f"{sealed.key}.json", *paths.lock_cache.rglob(f"{digest}.*json")]
        for file in hidden:
            file.rename(file.with_suffix(".hidden"))
        try:
            yield
        finally:
            for file in hidden:
                file.with_suffix(".hidden").replace(file)

    @contextmanager
    def not_built(self, folder: Path) -> Iterator[None]:
        """Forget that the environment of a folder's notebook is there, and make sure that another one was sealed."""
        sealed = self.sealed(folder)
        (self.services().paths.store / "k" / f"{sealed.key}.json").unlink()
        yield
        again = self.services().store.sealed(sealed.key)
        if again is None or again.path == sealed.path:
            raise RuntimeError("the environment was not built again")


def same_but_for_the_name(lock: Path, name: str) -> bytes:
    """A lock's bytes for another notebook: the name in it is a hint, so that the answer and its fingerprint stay."""
    text, count = re.subn(r'(?m)^notebook = ".*"$', f'notebook = "{name}.ipynb"', lock.read_text(encoding="utf-8"))
    if count != 1:
        raise RuntimeError(f"`{lock.name}` names {count} notebooks")
    return text.encode()


def wheels_kernelspec() -> Path:
    """The kernelspec of the wheel, which names the provisioner."""
    return _ROOT / "kernels" / "share" / "kernels" / "dep"
