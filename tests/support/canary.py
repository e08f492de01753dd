"""Hostile artifacts and folders, each of which tells when its code has run.

A `Canary` is a file that must not come to be; what is planted here appends a line to it. What changes files
instead of running leaves `MARK` in them.
"""

from __future__ import annotations

import importlib.util
import json
import marshal
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from .wheels import Content, build_sdist, build_wheel, source_tree

MARK = "overwritten-by-a-wheel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Canary:
    """The file at `path` is there if hostile code ran; its lines say which."""

    path: Path

    @property
    def fired(self) -> bool:
        return self.path.exists()

    @property
    def voices(self) -> list[str]:
        """Who wrote, in order, once for each time."""
        return self.path.read_text("utf-8").split() if self.fired else []

    def reset(self) -> None:
        self.path.unlink(missing_ok=True)

    def python(self, voice: str) -> str:
        """One line of Python that makes the canary sing."""
        return f"open({str(self.path)!r}, 'a').write({voice + chr(10)!r})"

    def program(self, folder: Path, name: str, *, windows: bool = os.name == "nt") -> Path:
        """A program `name` in `folder` that makes the canary sing and fails."""
        folder.mkdir(parents=True, exist_ok=True)
        if windows:
            path = folder / f"{name}.bat"
            path.write_text(f'@echo {name}>>"{self.path}"\r\n@exit /b 1\r\n', "utf-8", newline="")
        else:
            path = folder / name
            path.write_text(f"#!/bin/sh\necho {name} >>'{self.path}'\nexit 1\n", "utf-8")
            path.chmod(0o755)
        return path


def bytecode_wheel(folder: Path, canary: Canary, victim: str) -> Path:
    """`bytebird`: bytecode of this Python for the package `victim`, of the kind that is never held against its source."""
    code = compile(canary.python("bytecode"), f"{victim}/__init__.py", "exec")
    header = importlib.util.MAGIC_NUMBER + (1).to_bytes(4, "little") + bytes(8)  # hashed, not to be checked
    name = f"{victim}/__pycache__/__init__.{sys.implementation.cache_tag}.pyc"
    return build_wheel(folder, "bytebird", "1.0", files={name: header + marshal.dumps(code)})


def pth_wheel(folder: Path, canary: Canary, name: str = "pthbird", version: str = "1.0") -> Path:
    """A wheel with a `.pth` that runs at every start of the environment's interpreter."""
    return build_wheel(folder, name, version, files={f"{name}.pth": f"import os; {canary.python('pth')}\n"})


def setup_sdist(folder: Path, canary: Canary, name: str = "setupbird", version: str = "1.0") -> Path:
    """An sdist whose `setup.py` sings, when it is built and when its metadata is asked for."""
    return build_sdist(folder, name, version, setup_py=canary.python("setup.py") + "\n")


def backend_sdist(folder: Path, canary: Canary, name: str = "backendbird", version: str = "1.0") -> Path:
    """An sdist with reliable metadata whose build backend sings when it is imported."""
    return build_sdist(folder, name, version, files={"backend.py": _backend(canary, "backend")})


def directory_project(folder: Path, canary: Canary, name: str = "dirbird", version: str = "1.0") -> Path:
    """A source folder whose build backend sings when it is imported; returns `folder`."""
    _write(folder, {**source_tree(name, version), "backend.py": _backend(canary, "directory")})
    return folder


def data_wheel(folder: Path, name: str = "databird", version: str = "1.0") -> Path:
    """A wheel that lays its own `pyvenv.cfg` and `activate` over the environment's; see `overwritten`."""
    data = f"{name}-{version}.data"
    return build_wheel(
        folder,
        name,
        version,
        files={
            f"{data}/data/pyvenv.cfg": f"home = /nowhere\n# {MARK}\n",
            f"{data}/data/bin/activate": f"# {MARK}\n",
            f"{data}/data/Scripts/activate": f"# {MARK}\n",
            f"{data}/scripts/deactivate": f"# {MARK}\n",
        },
    )


def kernel_wheel(folder: Path, canary: Canary, name: str = "kernelbird", version: str = "1.0") -> Path:
    """A wheel that adds a kernel `evil` and a server setting under the environment's `share` and `etc`."""
    data = f"{name}-{version}.data/data"
    kernel = {
        "argv": [sys.executable, "-c", canary.python("kernel"), "{connection_file}"],
        "display_name": "Python 3",
        "language": "python",
    }
    setting = {"ServerApp": {"jpserver_extensions": {name: True}}}
    return build_wheel(
        folder,
        name,
        version,
        files={
            f"{data}/share/jupyter/kernels/evil/kernel.json": json.dumps(kernel),
            f"{data}/etc/jupyter/jupyter_server_config.d/{name}.json": json.dumps(setting),
        },
    )


def escaping_wheel(folder: Path, name: str = "escapebird", version: str = "1.0", depth: int = 6) -> Path:
    """A wheel with a member that leads `depth` folders up and out of the environment."""
    return build_wheel(folder, name, version, files={f"{'../' * depth}{MARK}.txt": MARK})


def overwritten(environment: Path) -> list[str]:
    """The files under `environment` that carry `MARK`, relative and with forward slashes, sorted."""
    return sorted(
        path.relative_to(environment).as_posix()
        for path in environment.rglob("*")
        if path.is_file() and MARK.encode() in path.read_bytes()
    )


def trapped_folder(folder: Path, canary: Canary, index_url: str = "http://index.example/simple") -> Path:
    """A working folder whose files an engine would obey (Python pin, settings, environment); returns it."""
    _write(
        folder,
        {
            ".python-version": "2.7\n",
            "uv.toml": f'index-url = "{index_url}"\nkeyring-provider = "subprocess"\n',
        },
    )
    windows = os.name == "nt"
    canary.program(folder / ".venv" / ("Scripts" if windows else "bin"), "python")
    _write(folder / ".venv", {"pyvenv.cfg": "home = /nowhere\nversion = 3.11.0\n"})
    return folder


def fake_keyring(folder: Path, canary: Canary) -> Path:
    """A folder for PATH whose `keyring` sings; returns `folder`."""
    canary.program(folder, "keyring")
    return folder


def netrc(path: Path, host: str, user: str, password: str) -> Path:
    """A netrc file with credentials for `host` (no port); returns `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"machine {host} login {user} password {password}\n", "utf-8")
    path.chmod(0o600)
    return path


def _backend(canary: Canary, voice: str) -> str:
    backend = source_tree("any", "0")["backend.py"]
    assert isinstance(backend, str)
    return f"{canary.python(voice)}\n{backend}"


def _write(folder: Path, files: dict[str, Content]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
