"""The ports of one user, wired to their real implementations.

Each is made on first use: opening a notebook whose environment is sealed needs neither the engine nor a search for Pythons.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
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


def _uv(services: Services) -> Engine:
    from jupyter_dep.io.engine.runner import EngineRunner
    from jupyter_dep.io.engine.uv import Uv

    cache = require_owned(services.paths.engine_cache)
    return Uv(runner=EngineRunner(cache=cache, settings=services.indexes, environ=services.environ))


@dataclass(frozen=True)
class Services:
    """Where `operations` reach the outside world.

    `environ` is the process's environment at the start, `engine_factory` makes the engine. Each port may raise
    `foreign-folder`: folders that belong to another user of this machine are not trusted.
    """

    paths: UserPaths
    environ: Mapping[str, str]
    engine_factory: Callable[[Services], Engine] = _uv

    @classmethod
    def of_user(
        cls, environ: Mapping[str, str] | None = None, *, engine_factory: Callable[[Services], Engine] = _uv
    ) -> Services:
        """Make the services of the user whose environment variables these are, the process's own by default."""
        env = dict(os.environ if environ is None else environ)
        return cls(paths=UserPaths.of_user(env), environ=env, engine_factory=engine_factory)

    @cached_property
    def store(self) -> Store:
        """The store of sealed environments."""
        return Store(require_owned(self.paths.store), self.paths.system_store)

    @cached_property
    def templates(self) -> Templates:
        """Empty environments to copy."""
        from jupyter_dep.io.python.venv_templates import Templates

        return Templates(require_owned(self.paths.store) / "t", require_owned(self.paths.virtualenv))

    @cached_property
    def consent(self) -> ConsentStore:
        """The consents that this user gave."""
        return ConsentStore(require_owned(self.paths.state) / "consent.json", self.environ)

    @cached_property
    def history(self) -> History:
        """What is remembered of each project."""
        return History(require_owned(self.paths.state) / "projects")

    @cached_property
    def lock_cache(self) -> LockCache:
        """Digests of locks."""
        return LockCache(require_owned(self.paths.lock_cache))

    @cached_property
    def names(self) -> NameCache:
        """Names of packages, for `search`."""
        from jupyter_dep.io.index.name_cache import NameCache

        return NameCache(require_owned(self.paths.state) / "names")

    @cached_property
    def interpreters(self) -> Interpreters:
        """The Pythons of this machine."""
        from jupyter_dep.io.python.interpreters import Interpreters

        return Interpreters(require_owned(self.paths.state) / "pythons.json", environ=self.environ)

    @cached_property
    def indexes(self) -> IndexSettings:
        """The user's own index settings. Errors: `bad-settings`."""
        from jupyter_dep.io.index import settings

        return settings.read(self.environ)

    @cached_property
    def engine(self) -> Engine:
        """The resolver and installer."""
        return self.engine_factory(self)

    @property
    def base_environments(self) -> Path:
        """The folder of the locks of base environments."""
        return require_owned(self.paths.state) / "starters"
