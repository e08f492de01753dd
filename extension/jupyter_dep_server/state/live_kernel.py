"""A running kernel as the page's views need it."""

from __future__ import annotations

from jupyter_dep.base.fast_dataclass import frozen_dataclass


@frozen_dataclass
class LiveKernel:
    """A kernel as it was started: `path` is its session's, "" without one; `key` its environment, None if unknown.

    `holding`: it was started as a placeholder, `starter`: on the base environment.
    """

    id: str
    path: str
    holding: bool
    starter: bool
    key: str | None
