"""Where things of ours lie on this machine: the store, the caches, what is remembered for this user."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Mapping
from pathlib import Path

import platformdirs

from jupyter_dep import environment_variables
from jupyter_dep.base.errors import DepError
from jupyter_dep.base.fast_dataclass import frozen_dataclass


@frozen_dataclass
class UserPaths:
    """Folders, not necessarily there yet. `system_store` is a read-only store under the user's, if an admin named one."""

    store: Path
    engine_cache: Path
    lock_cache: Path
    state: Path
    virtualenv: Path
    config: Path
    system_store: Path | None = None

    @classmethod
    def of_user(cls, environ: Mapping[str, str] | None = None) -> UserPaths:
        """The user's places; `JUPYTER_DEP_HOME` moves all of them together, `JUPYTER_DEP_SYSTEM_STORE` names the other."""
        env = os.environ if environ is None else environ
        system = env.get(environment_variables.SYSTEM_STORE)
        home = env.get(environment_variables.HOME)
        if home:
            root = Path(home).expanduser().absolute()
            data, cache, state, config = root / "data", root / "cache", root / "state", root / "config"
        else:
            dirs = platformdirs.PlatformDirs("jupyter-dep", appauthor=False)
            data, cache, state = Path(dirs.user_data_dir), Path(dirs.user_cache_dir), Path(dirs.user_state_dir)
            config = Path(dirs.user_config_dir)
        return cls(
            store=data / "store",
            # hard links need one file system, so the engine's cache lies beside the environments
            engine_cache=data / "engine",
            lock_cache=cache / "locks",
            state=state,
            virtualenv=cache / "virtualenv",
            config=config,
            system_store=Path(system).absolute() if system else None,
        )


def process_environment() -> Mapping[str, str]:
    """The environment variables of this process."""
    return os.environ


def private_folder(folder: Path) -> Path:
    """The folder, made with mode 0700 if it was not there, as are those above it: `mkdir` alone leaves them to the umask."""
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except FileNotFoundError:
        if folder.parent == folder:
            raise
        private_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def require_owned(folder: Path) -> Path:
    """The folder, which need not be there; what lies in it will be believed, so it has to be this user's.

    An administrator's (root's) is as good. Errors: `foreign-folder` if another user made it, or its link, or all may write.
    """
    if sys.platform == "win32":  # there a home is closed to others by what it inherits
        return folder
    for look in (os.lstat, os.stat):
        try:
            status = look(folder)
        except OSError:
            return folder
        if status.st_uid not in (os.geteuid(), 0):
            raise _foreign(folder, f"belongs to another user of this machine (number {status.st_uid})")
        if stat.S_ISDIR(status.st_mode) and status.st_mode & stat.S_IWOTH:
            raise _foreign(folder, "may be written by every user of this machine")
    return folder


def _foreign(folder: Path, why: str) -> DepError:
    return DepError(
        "foreign-folder",
        f"the folder {why}, so nothing in it is believed",
        hint="remove it if you do not need it, or give it to yourself alone (`chown`, `chmod go-w`); "
        "`JUPYTER_DEP_HOME` names another place",
        context={"file": str(folder)},
    )


def script_folder(environment: Path, platform: str = sys.platform) -> Path:
    """The folder of programs of an environment."""
    return environment / ("Scripts" if platform == "win32" else "bin")
