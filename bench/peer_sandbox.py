"""Where the peers are measured: one mirror for all, and for each program a home and a cache of its own."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from .mirror import Line, mirror
from .peers import Peers
from .resource_usage import Spent, spend
from .sandbox import Sandbox, installed
from .wheelhouse import KERNEL, real

_OTHERS = ("PIP_", "UV_", "POETRY_", "XDG_", "VIRTUAL_ENV", "CONDA_", "PYENV_", "NO_COLOR", "FORCE_COLOR")
"""Variables of the user that would tell one of the sides something that the others do not hear."""


@dataclass(frozen=True)
class PeerSandbox:
    """A sandbox of its own in the temporary folder; packages come from `line` and nowhere else."""

    sandbox: Sandbox
    line: Line
    peers: Peers

    python: str
    """The interpreter that everybody's environments are made of: the one that ours are."""
    caches: Path
    """Where each peer's caches lie, under its name."""

    @property
    def minor(self) -> str:
        return self.sandbox.python

    def own(self, name: str) -> Path:
        """The folder of what a peer keeps outside of projects."""
        return self.caches / name

    def elsewhere(self, home: Path) -> PeerSandbox:
        """The same for a user who has nothing yet: other caches, another home."""
        environ = {**self.sandbox.environ, "JUPYTER_DEP_HOME": str(home / "ours")}
        return replace(self, sandbox=replace(self.sandbox, environ=environ), caches=home)

    def environ(self, name: str) -> dict[str, str]:
        """The variables of a peer: its files stay in the sandbox, it asks the mirror, it asks nobody else anything."""
        own = self.own(name)
        return {
            **self.sandbox.environ,
            "UV_CACHE_DIR": str(own / "uv"),
            "UV_PYTHON_DOWNLOADS": "never",
            "UV_NO_CONFIG": "1",
            "PIP_CACHE_DIR": str(own / "pip"),
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "POETRY_CACHE_DIR": str(own / "poetry" / "cache"),
            "POETRY_CONFIG_DIR": str(own / "poetry" / "config"),
            "POETRY_DATA_DIR": str(own / "poetry" / "data"),
            "POETRY_VIRTUALENVS_IN_PROJECT": "true",
            "POETRY_KEYRING_ENABLED": "false",
            "POETRY_NO_INTERACTION": "1",
        }

    def run(self, name: str, *words: str | Path, cwd: Path, codes: tuple[int, ...] = (0,)) -> Spent:
        """What a peer's own program takes: `poetry …`, `uv …`, `juv …`. Raises `MissingError`, RuntimeError."""
        return spend([self.peers.program(name), *words], cwd, self.environ(name), codes=codes)

    def ours(self, *words: str, cwd: Path, codes: tuple[int, ...] = (0,)) -> Spent:
        """What a whole `jupyter-dep` command takes."""
        return spend([self.sandbox.program("jupyter-dep"), *words], cwd, self.sandbox.environ, codes=codes)

    def declaration(self, *declared: str, poetry: bool = False) -> str:
        """A folder's `pyproject.toml` for uv or Poetry, with the packages that the kernel needs as a group."""
        names = ", ".join(f'"{each}"' for each in declared)
        kernel = ", ".join(f'"{each}"' for each in KERNEL)
        head = (
            f'[project]\nname = "bench"\nversion = "0"\nrequires-python = ">={self.minor}"\ndependencies = [{names}]\n\n'
            f"[dependency-groups]\nkernel = [{kernel}]\n\n"
        )
        if poetry:
            source = f'[[tool.poetry.source]]\nname = "mirror"\nurl = "{self.line.url}"\npriority = "primary"\n'
            return f"{head}[tool.poetry]\npackage-mode = false\n\n{source}"
        return f'{head}[tool.uv]\npackage = false\ndefault-groups = "all"\n'

    def our_declaration(self, *declared: str) -> str:
        """The same for us, who bring the kernel's packages without being told."""
        names = ", ".join(f'"{each}"' for each in declared)
        return f'[project]\nname = "bench"\nversion = "0"\nrequires-python = ">={self.minor}"\ndependencies = [{names}]\n'


@contextmanager
def peer_sandbox(sandbox: Sandbox, *wheels: Path) -> Iterator[PeerSandbox]:
    """A sandbox for peers whose mirror has the real wheels, and those of more folders."""
    installed()  # while packages still come from the user's own index
    with mirror(real(), *wheels) as line:
        environ = {name: value for name, value in sandbox.environ.items() if not name.startswith(_OTHERS)}
        folder = sandbox.folder / "peer_sandbox"
        folder.mkdir(exist_ok=True)
        minor = f"{sys.version_info[0]}.{sys.version_info[1]}"  # the Python that the wheels were brought for
        own = Sandbox.at(folder).environ
        mine = {name: own[name] for name in own if sandbox.environ.get(name) != own[name] and name in sandbox.environ}
        settings = {
            "HOME": str(folder),
            "PATH": _path(environ.get("PATH", ""), minor, folder / "bin"),
            "UV_DEFAULT_INDEX": line.url,
            "PIP_INDEX_URL": line.url,
            "PIP_CONFIG_FILE": "nul" if sys.platform == "win32" else "/dev/null",
            "XDG_CONFIG_HOME": str(folder / "config"),
            "XDG_CACHE_HOME": str(folder / "cache"),
            "XDG_DATA_HOME": str(folder / "data"),
        }
        own_sandbox = Sandbox(folder, {**environ, **mine, **settings}, minor)
        python = own_sandbox.services().interpreters.find(minor).executable
        yield PeerSandbox(own_sandbox, line, Peers(), python, folder / "peers")


def _path(path: str, minor: str, programs: Path) -> str:
    """`PATH` without the folders that have other Pythons: a lock takes the newest that it finds, and has to find ours.

    What a shell needs is linked into `programs`, since those folders may be the system's own.
    """
    programs.mkdir(exist_ok=True)
    for name in ("sh", "true", "env", "uname", "git"):
        if sys.platform != "win32" and (found := shutil.which(name)) and not (programs / name).exists():
            (programs / name).symlink_to(found)
    other = re.compile(r"python3\.\d+(\.exe)?$")
    kept = [
        each
        for each in path.split(os.pathsep)
        if each
        and os.path.isdir(each)
        and all(not other.match(name) or name.startswith(f"python{minor}") for name in os.listdir(each))
    ]
    return os.pathsep.join([str(programs), *kept])
