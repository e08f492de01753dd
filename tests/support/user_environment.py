"""Variables of the environment: what a fresh user has, and what of who runs the tests must not reach one."""

from __future__ import annotations

import os
from pathlib import Path

SYSTEM = ("PATH", "SYSTEMROOT", "TMPDIR", "TEMP", "TMP", "LANG")
"""The variables of the machine, without which programs do not start."""

_HOME_FOLDERS = {
    "HOME": ".",
    "USERPROFILE": ".",
    "XDG_CACHE_HOME": ".cache",
    "XDG_CONFIG_HOME": ".config",
    "XDG_DATA_HOME": ".local/share",
    "XDG_STATE_HOME": ".local/state",
    "XDG_RUNTIME_DIR": ".run",
    "XDG_CONFIG_DIRS": ".system/config",
    "XDG_DATA_DIRS": ".system/share",
    "JUPYTER_DATA_DIR": ".local/share/jupyter",
    "JUPYTER_CONFIG_DIR": ".jupyter",
    "JUPYTER_RUNTIME_DIR": ".run/jupyter",
    "IPYTHONDIR": ".ipython",
    "APPDATA": "AppData/Roaming",
    "LOCALAPPDATA": "AppData/Local",
}
_FOREIGN_PREFIXES = ("UV_", "PIP_", "JUPYTER_", "JPY_", "XDG_")
_FOREIGN = {"VIRTUAL_ENV", "PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "PYTHONHOME", "NETRC", "CI", "PYENV_ROOT", "PYENV_VERSION"}


def foreign_variables() -> list[str]:
    """The variables of this process that configure tools of who runs the tests."""
    return [name for name in os.environ if name in _FOREIGN or name.startswith(_FOREIGN_PREFIXES)]


def home_variables(home: Path) -> dict[str, str]:
    """Every variable that names a folder of the user, below this home."""
    return {name: str(home / folder) for name, folder in _HOME_FOLDERS.items()}


def user_environment(home: Path, index_url: str, **more: str) -> dict[str, str]:
    """The environment of a user with this home, who has configured this index and sees only this test's Python."""
    home.mkdir(parents=True, exist_ok=True)
    foreign = set(foreign_variables())
    kept = {name: value for name, value in os.environ.items() if name not in foreign}
    return {**kept, **home_variables(home), "PATH": "/usr/bin:/bin", "UV_DEFAULT_INDEX": index_url, **more}
