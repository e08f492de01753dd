"""The wire of the browser: jobs, and the events that go out."""

from __future__ import annotations

from typing import Literal

from jupyter_dep.base.fast_dataclass import frozen_dataclass

from . import Failure, Outcome

JobKind = Literal["init", "add", "remove", "update", "lock", "sync", "undo", "redo", "python", "trust", "outdated"]
JobState = Literal["queued", "running", "done", "failed", "cancelled"]


@frozen_dataclass
class JobRequest:
    """Long work to do. `names`: requirements to add, names to remove or update; `python`: for `python` and `init`.

    `held`: the page holds the notebook open and edits it itself; `block` is then the live text of the declaration's cell,
    None without one. `environment` is the key that the page's kernel runs on. `allow`, `nonce` and `fingerprint` belong
    to `trust`.
    """

    kind: JobKind
    path: str
    names: tuple[str, ...] = ()
    python: str | None = None
    held: bool = False
    block: str | None = None
    environment: str | None = None
    dry_run: bool = False
    offline: bool = False
    imports: bool = False
    allow: tuple[str, ...] = ()
    nonce: str = ""
    fingerprint: str = ""


@frozen_dataclass
class JobProgress:
    """How far a job is."""

    text: str
    phase: str
    done: int = 0
    total: int | None = None
    bytes_done: int = 0
    bytes_total: int | None = None


@frozen_dataclass
class Job:
    """Long work, also after its end. `outcome` is there when it is done, `failure` when it failed or was cancelled."""

    id: str
    kind: JobKind
    path: str
    state: JobState
    created: str
    ended: str | None = None
    progress: JobProgress | None = None
    outcome: Outcome | None = None
    failure: Failure | None = None


@frozen_dataclass
class Jobs:
    """The jobs of a server, the newest first."""

    jobs: tuple[Job, ...]


@frozen_dataclass
class JobEvent:
    """Goes out at every change of a job."""

    job: Job


@frozen_dataclass
class ProjectEvent:
    """A project is no longer what it was: read it again. `why` is a command, or `kernel`."""

    path: str
    why: str
