"""The ports of one user, wired to the real things. Everything here is made when it is first asked for: opening a
notebook whose environment is sealed needs neither the engine nor a search for Pythons."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from .io.consent import ConsentBook
from .io.history import History
from .io.places import Places, own
from .io.store import Store
from .io.summaries import Summaries

if TYPE_CHECKING:
    from .engine import Engine
    from .io.indexes import IndexSettings
    from .io.interpreters import Interpreters
    from .io.names import Names
    from .io.venv import Templates


@dataclass(frozen=True)
class Services:
    """Where `operations` reach the outside. `environ` is the process's environment at the start.

    Each port may raise `foreign-folder`: what another user of this machine laid out is not believed.
    """

    places: Places
    environ: Mapping[str, str]

    @classmethod
    def of_user(cls, environ: Mapping[str, str] | None = None) -> Services:
        env = dict(os.environ if environ is None else environ)
        return cls(places=Places.of_user(env), environ=env)

    @cached_property
    def store(self) -> Store:
        return Store(own(self.places.store), self.places.system_store)

    @cached_property
    def templates(self) -> Templates:
        from .io.venv import Templates

        return Templates(own(self.places.store) / "t", own(self.places.virtualenv))

    @cached_property
    def consent(self) -> ConsentBook:
        return ConsentBook(own(self.places.state) / "consent.json", self.environ)

    @cached_property
    def history(self) -> History:
        return History(own(self.places.state) / "projects")

    @cached_property
    def summaries(self) -> Summaries:
        return Summaries(own(self.places.summaries))

    @cached_property
    def names(self) -> Names:
        from .io.names import Names

        return Names(own(self.places.state) / "names")

    @cached_property
    def interpreters(self) -> Interpreters:
        from .io.interpreters import Interpreters

        return Interpreters(own(self.places.state) / "pythons.json", environ=self.environ)

    @cached_property
    def indexes(self) -> IndexSettings:
        from .io import indexes

        return indexes.read(self.environ)

    @cached_property
    def engine(self) -> Engine:
        from .io.uv import Uv

        return Uv(cache=own(self.places.engine_cache), settings=self.indexes, environ=self.environ)

    @property
    def starters(self) -> Path:
        return own(self.places.state) / "starters"
