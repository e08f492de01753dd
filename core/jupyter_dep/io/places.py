"""Where things of ours lie on this machine: the store, the caches, what is remembered for this user."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import platformdirs


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Folders, not necessarily there yet. `system_store` is a read-only store under the user's, if an admin named one."""

    store: Path
    engine_cache: Path
    summaries: Path
    state: Path
    virtualenv: Path
    config: Path
    system_store: Path | None = None

    @classmethod
    def of_user(cls, environ: Mapping[str, str] | None = None) -> Places:
        """The user's places; `JUPYTER_DEP_HOME` moves all of them together, `JUPYTER_DEP_SYSTEM_STORE` names the other."""
        env = os.environ if environ is None else environ
        system = env.get("JUPYTER_DEP_SYSTEM_STORE")
        home = env.get("JUPYTER_DEP_HOME")
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
            summaries=cache / "locks",
            state=state,
            virtualenv=cache / "virtualenv",
            config=config,
            system_store=Path(system).absolute() if system else None,
        )


def private_folder(folder: Path) -> Path:
    """The folder, made with mode 0700 if it was not there."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def script_folder(environment: Path, platform: str = sys.platform) -> Path:
    """The folder of programs of an environment."""
    return environment / ("Scripts" if platform == "win32" else "bin")
