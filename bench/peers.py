"""The programs that are measured beside ours: each from the package index, in a virtualenv of its own, made once.

They lie in the user's cache folder (`JUPYTER_DEP_BENCH` names another), under a name made of all that they were made from, so
that a changed pin makes new ones. A program that cannot be had is told with its reason.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

UV = version("uv")
PINS: dict[str, tuple[str, ...]] = {
    "poetry": ("poetry==2.5.1",),
    "juv": ("juv==0.5.0", f"uv=={UV}"),
    "poetry-kernel": ("poetry-kernel==0.1.3", "jupyter-client==8.10.0"),
    "pixi-kernel": ("pixi-kernel==0.7.1",),
}
"""What is installed for each; juv runs the same engine as we do, or it would be the engines that are compared."""

_NEEDS = {"pixi-kernel": "pixi"}
"""Programs that a peer starts and that no wheel brings."""


class MissingError(RuntimeError):
    """A program that cannot be had here; the message is the reason."""


def cache_folder() -> Path:
    """Where programs and wheels are kept from one run to the next."""
    if named := os.environ.get("JUPYTER_DEP_BENCH"):
        return Path(named)
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "jupyter-dep-bench"


def engine() -> Path:
    """The uv that we run, which is also the peer `uv`."""
    return Path(sys.executable).parent / ("uv.exe" if sys.platform == "win32" else "uv")


@dataclass
class Peers:
    """The programs by name; what could not be had is asked for only once in a run."""

    folder: Path = field(default_factory=cache_folder)
    environ: dict[str, str] = field(default_factory=lambda: dict(os.environ))
    """The user's own variables, from before the race takes others: peers come from the user's index, not from its mirror."""
    _missing: dict[str, str] = field(default_factory=dict)

    @cached_property
    def versions(self) -> dict[str, str]:
        """What is compared, as it is told in the table."""
        pinned = {name: pins[0].partition("==")[2] for name, pins in PINS.items()}
        return {"uv": UV, **pinned}

    def bin(self, name: str) -> Path:
        """The folder of a peer's programs, which is made if need be. Raises `MissingError`."""
        if name in self._missing:
            raise MissingError(self._missing[name])
        try:
            return self._made(name)
        except MissingError as error:
            self._missing[name] = str(error)
            raise

    def program(self, name: str) -> Path:
        """A peer's program of its own name. Raises `MissingError`."""
        return engine() if name == "uv" else self.bin(name) / name

    def _made(self, name: str) -> Path:
        pins = PINS[name]
        if (needed := _NEEDS.get(name)) and shutil.which(needed) is None:
            raise MissingError(
                f"`{name}` starts `{needed}`, which is not on PATH and which no wheel of the package index brings"
            )
        digest = hashlib.sha256("\n".join([sys.version, sys.executable, *pins]).encode()).hexdigest()[:12]
        made = self.folder / f"{name}-{digest}"
        if not (made / "complete").exists():
            shutil.rmtree(made, ignore_errors=True)
            made.parent.mkdir(parents=True, exist_ok=True)
            self._run([engine(), "venv", "--quiet", "--python", sys.executable, made / "venv"], name)
            python = made / "venv" / ("Scripts" if sys.platform == "win32" else "bin") / "python"
            self._run([engine(), "pip", "install", "--quiet", "--python", python, *pins], name)
            # bytecode beforehand: the first run of each would else be another matter than the rest
            subprocess.run([python, "-m", "compileall", "-q", made / "venv"], stdout=subprocess.DEVNULL, check=False)
            (made / "complete").touch()
        return made / "venv" / ("Scripts" if sys.platform == "win32" else "bin")

    def _run(self, argv: list[str | Path], name: str) -> None:
        words = [os.fspath(word) for word in argv]
        done = subprocess.run(words, env=self.environ, capture_output=True, text=True, check=False)
        if done.returncode:
            raise MissingError(
                f"`{name}` could not be installed: {(done.stderr.strip().splitlines() or ['no reason told'])[-1]}"
            )
