"""What a kernel starts on: ready, to be built, or refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.base.progress import CancelToken, Reporter

if TYPE_CHECKING:
    from jupyter_dep.base.error_codes import ErrorCode
    from jupyter_dep.base.errors import DepError


@frozen_dataclass
class Ready:
    """A sealed environment to start on. `base`: it is the base environment. `notes` are shown in the first cell."""

    key: str
    path: str
    python: str
    notebook: str | None
    base: bool = False
    notes: tuple[str, ...] = ()
    lease: str = ""
    """The file whose shared lock keeps garbage collection away while a process runs on the environment."""
    lock: str = ""
    """The project's lock, so that its kernel can see that it was changed elsewhere."""


@frozen_dataclass
class NeedsBuild:
    """The environment has to be built first: `build` blocks until it is sealed, raises `DepError`, obeys the cancel flag."""

    key: str
    headline: str
    build: Callable[[Reporter, CancelToken], Ready]


@frozen_dataclass
class ConsentPrompt:
    """A question that the user may answer at the front end by typing `code`; `accept` records the consent."""

    fingerprint: str
    code: str
    lines: tuple[str, ...]
    accept: Callable[[], None]


@frozen_dataclass
class Refused:
    """Why this notebook's kernel may or can not start. `steps` are the numbered next steps, `error` is what was raised."""

    code: ErrorCode
    message: str
    steps: tuple[str, ...]
    question: ConsentPrompt | None = None
    error: DepError | None = None


StartResult = Ready | NeedsBuild | Refused
