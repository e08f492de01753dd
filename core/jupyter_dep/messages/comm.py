"""The wire of the browser: what page and kernel send each other over the comm, and the note of a missing import."""

from __future__ import annotations

from typing import Literal

from jupyter_dep.base.fast_dataclass import frozen_dataclass

from . import Switch
from .jobs import JobProgress
from .web import Problem


@frozen_dataclass
class Holds:
    """The data of the page's `comm_open`, and again whenever the block or the path changes."""

    holds: bool
    block: str | None
    path: str = ""


@frozen_dataclass
class SwitchOrder:
    """A job of the page made another environment: move to it. Answered by `Switched`."""

    switch: Switch
    type: Literal["switch"] = "switch"


@frozen_dataclass
class RetryOrder:
    """What kept the kernel from starting has changed: the placeholder kernel tries again, with the cells that wait."""

    type: Literal["retry"] = "retry"


@frozen_dataclass
class EditOrder:
    """Replace the text of the declaration's cell, `before` None: there was none; `after` empty: delete the cell."""

    before: str | None
    after: str
    project: str
    type: Literal["edit"] = "edit"


@frozen_dataclass
class Switched:
    """The kernel runs on environment `key` now; `restart` are loaded distributions that differ: name, before, after."""

    key: str
    restart: tuple[tuple[str, str, str], ...] = ()
    starter: bool = False
    type: Literal["switched"] = "switched"


@frozen_dataclass
class Carried:
    """A command was carried out in a cell: the project is to be read again."""

    verb: str
    type: Literal["carried"] = "carried"


@frozen_dataclass
class HoldingState:
    """The placeholder kernel: what it waits for. `state` diagnosis: it will not start, and `problem` says why."""

    state: Literal["building", "asking", "diagnosis", "ready"]
    headline: str = ""
    progress: JobProgress | None = None
    problem: Problem | None = None
    steps: tuple[str, ...] = ()
    kept: int = 0
    """How many cells wait to be run."""
    type: Literal["holding"] = "holding"


CommOut = EditOrder | Switched | Carried | HoldingState

CommIn = Holds | SwitchOrder | RetryOrder

MISSING_MIME = "application/vnd.jupyter-dep.missing+json"
"""The bundle beside the note of a missing import: a `MissingImport`."""


@frozen_dataclass
class MissingImport:
    """A module that a cell could not import."""

    module: str
    names: tuple[str, ...]
    """The distributions to choose from, the likeliest first."""
    fix: Literal["", "lock", "sync", "restart"] = ""
    """What brings a declared one."""
