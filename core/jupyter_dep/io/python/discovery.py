"""Where Pythons may lie on this machine, without starting any that belongs to an environment."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from jupyter_dep.io.system.paths import home_folder

OLDEST = (3, 8)

Discover = Callable[[Mapping[str, str], Path], Iterable[Path]]
"""Executables for a cleaned environment; the path is a folder that it may keep a cache in."""

_INSIDE = ("bin/python3", "bin/python", "python.exe", "install/bin/python3", "install/python.exe")


def base_interpreter(executable: Path) -> Path:
    """The interpreter that a virtual environment was made from, by its `pyvenv.cfg`; another path as it is.

    So an environment's Python, which runs what its packages tell it to at every start, need not be started.
    """
    for _ in range(5):  # environments made from environments
        config = find_pyvenv_cfg(executable)
        if config is None:
            break
        keys = {key.strip(): value.strip() for key, _, value in (line.partition("=") for line in _lines(config))}
        home = Path(keys.get("home", ""))
        names = (
            keys.get("base-executable"),
            keys.get("executable"),
            executable.name,
            "python3",
            "python.exe",
        )
        found = next((home / name for name in names if name and (home / name).is_file()), None)
        if found is None or found == executable:
            break
        executable = found
    return executable


def find_pyvenv_cfg(executable: Path) -> Path | None:
    """The `pyvenv.cfg` of the virtual environment that an executable is in, if it is in one."""
    places = (executable.parent, executable.parent.parent)
    # not `is_file`, which raises for a folder on PATH that this user may not read
    return next((place / "pyvenv.cfg" for place in places if os.path.isfile(place / "pyvenv.cfg")), None)


def clean_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment to search and ask with: nothing that steers a Python, a `PATH` without environments.

    Version managers' shims go too: which Python they start depends on the working folder.
    """
    kept = {k: v for k, v in environ.items() if not k.startswith("PYTHON") and k != "__PYVENV_LAUNCHER__"}
    folders = dict.fromkeys(Path(entry) for entry in environ.get("PATH", "").split(os.pathsep) if entry)
    usable = [
        str(folder)
        for folder in folders
        if folder.is_absolute() and folder.name != "shims" and find_pyvenv_cfg(folder / "python") is None
    ]
    return {**kept, "PATH": os.pathsep.join(usable), "PYTHONNOUSERSITE": "1"}


def version_folders(environ: Mapping[str, str], platform: str = sys.platform) -> tuple[Path, ...]:
    """Where pyenv, mise, asdf and uv keep one folder for each Python, whether it is there or not."""
    windows = platform == "win32"
    home = home_folder(environ, platform) or Path(os.sep)
    data = Path(environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    roaming = Path(environ.get("APPDATA") or home / "AppData" / "Roaming")
    pyenv = Path(environ.get("PYENV_ROOT") or home / ".pyenv" / ("pyenv-win" if windows else ""))
    mise = Path(environ.get("MISE_DATA_DIR") or data / "mise")
    asdf = Path(environ.get("ASDF_DATA_DIR") or home / ".asdf")
    uv = Path(environ.get("UV_PYTHON_INSTALL_DIR") or (roaming if windows else data) / "uv" / "python")
    return (pyenv / "versions", mise / "installs" / "python", asdf / "installs" / "python", uv)


def managed_pythons(folders: Iterable[Path]) -> Iterator[Path]:
    """The executables in version managers' folders, without those that are too old by their folder's name."""
    for folder in folders:
        try:
            versions = sorted(folder.iterdir())
        except OSError:
            continue
        for version in versions:
            numbers = re.match(r"(?:cpython-)?(\d+)\.(\d+)", version.name)
            if numbers and (int(numbers[1]), int(numbers[2])) < OLDEST:
                continue
            found = next((version / name for name in _INSIDE if (version / name).is_file()), None)
            if found is not None:
                yield found


def discover(environ: Mapping[str, str], folder: Path) -> Iterator[Path]:
    """What python-discovery finds on `PATH`, in uv's folder and in the Windows registry."""
    import logging

    import python_discovery

    # it warns of what it passes over, and without a handler Python would print that
    logging.getLogger("python_discovery").addHandler(logging.NullHandler())
    cache = python_discovery.DiskCache(folder / "python-discovery")
    for found in python_discovery.iter_interpreters(cache=cache, env=environ):
        if found.implementation == "CPython" and found.version_info[:2] >= OLDEST and found.system_executable:
            yield Path(found.system_executable)


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
