"""The ports of one user, wired to the real things. Everything here is made when it is first asked for: opening a
notebook whose environment is sealed needs neither the engine nor a search for Pythons."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_dep.io.state.consent_store import ConsentStore
from jupyter_dep.io.state.history import History
from jupyter_dep.io.state.lock_cache import LockCache
from jupyter_dep.io.store.store import Store
from jupyter_dep.io.system.paths import UserPaths, require_owned

if TYPE_CHECKING:
    from jupyter_dep.base.engine_port import Engine
    from jupyter_dep.io.index.name_cache import NameCache
    from jupyter_dep.io.index.settings import IndexSettings
    from jupyter_dep.io.python.interpreters import Interpreters
    from jupyter_dep.io.python.venv_templates import Templates


@dataclass(frozen=True)
class Services:
    """Where `operations` reach the outside. `environ` is the process's environment at the start.

    Each port may raise `foreign-folder`: what another user of this machine laid out is not believed.
    """

    paths: UserPaths
    environ: Mapping[str, str]

    @classmethod
    def of_user(cls, environ: Mapping[str, str] | None = None) -> Services:
        env = dict(os.environ if environ is None else environ)
        return cls(paths=UserPaths.of_user(env), environ=env)

    @cached_property
    def store(self) -> Store:
        return Store(require_owned(self.paths.store), self.paths.system_store)

    @cached_property
    def templates(self) -> Templates:
        from jupyter_dep.io.python.venv_templates import Templates

        return Templates(require_owned(self.paths.store) / "t", require_owned(self.paths.virtualenv))

    @cached_property
    def consent(self) -> ConsentStore:
        return ConsentStore(require_owned(self.paths.state) / "consent.json", self.environ)

    @cached_property
    def history(self) -> History:
        return History(require_owned(self.paths.state) / "projects")

    @cached_property
    def lock_cache(self) -> LockCache:
        return LockCache(require_owned(self.paths.lock_cache))

    @cached_property
    def names(self) -> NameCache:
        from jupyter_dep.io.index.name_cache import NameCache

        return NameCache(require_owned(self.paths.state) / "names")

    @cached_property
    def interpreters(self) -> Interpreters:
        from jupyter_dep.io.python.interpreters import Interpreters

        return Interpreters(require_owned(self.paths.state) / "pythons.json", environ=self.environ)

    @cached_property
    def indexes(self) -> IndexSettings:
        from jupyter_dep.io.index import settings

        return settings.read(self.environ)

    @cached_property
    def engine(self) -> Engine:
        from jupyter_dep.io.engine.runner import EngineRunner
        from jupyter_dep.io.engine.uv import Uv

        return Uv(
            runner=EngineRunner(cache=require_owned(self.paths.engine_cache), settings=self.indexes, environ=self.environ)
        )

    @property
    def base_environments(self) -> Path:
        return require_owned(self.paths.state) / "starters"
