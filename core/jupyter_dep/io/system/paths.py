"""The user's folders on this machine: the store, the caches, the state."""

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

from .presence import ABSENT_ERRORS


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
        """Find the user's folders; `JUPYTER_DEP_HOME` moves all of them, `JUPYTER_DEP_SYSTEM_STORE` names the system's store.

        Errors: `no-home`.
        """
        env = os.environ if environ is None else environ
        system = env.get(environment_variables.SYSTEM_STORE)
        home = env.get(environment_variables.HOME)
        if home:
            root = expand_home(home).absolute()
            data, cache, state, config = root / "data", root / "cache", root / "state", root / "config"
        else:
            dirs = platformdirs.PlatformDirs("jupyter-dep", appauthor=False)
            try:
                data, cache, state = Path(dirs.user_data_dir), Path(dirs.user_cache_dir), Path(dirs.user_state_dir)
                config = Path(dirs.user_config_dir)
            except RuntimeError as error:
                raise _no_home() from error
            # older versions of platformdirs give `~` back, which would become a folder of that name
            if not all(folder.is_absolute() for folder in (data, cache, state, config)):
                raise _no_home()
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


def expand_home(text: str) -> Path:
    """Expand a leading `~`; text stays as it is where that names no home, as in `~=3.12` or for a user without an entry."""
    return Path(os.path.expanduser(text))


def home_folder(environ: Mapping[str, str], platform: str = sys.platform) -> Path | None:
    """Return the user's home; None in a container whose user has neither a variable nor an entry in the user database."""
    named = environ.get("USERPROFILE" if platform == "win32" else "HOME")
    home = Path(named) if named else expand_home("~")
    return home if home.is_absolute() else None


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

    An administrator's (root's) is as good. Errors: `foreign-folder` if another user made it, or its link, all may write,
    or it cannot be looked at.
    """
    if sys.platform == "win32":  # there a home is closed to others by what it inherits
        return folder
    for look in (os.lstat, os.stat):
        try:
            status = look(folder)
        except ABSENT_ERRORS:
            return folder
        except OSError as error:
            raise _foreign(folder, f"cannot be looked at ({error.strerror or error})") from error
        if status.st_uid not in (os.geteuid(), 0):
            raise _foreign(folder, f"belongs to another user of this machine (number {status.st_uid})")
        if stat.S_ISDIR(status.st_mode) and status.st_mode & stat.S_IWOTH:
            raise _foreign(folder, "may be written by every user of this machine")
    return folder


def _no_home() -> DepError:
    return DepError(
        "no-home",
        "this user's home folder is unknown: `HOME` is not set and the user database has no entry",
        hint="set `JUPYTER_DEP_HOME` to a folder that you can write to",
    )


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
