"""The wire of the browser: the bodies of REST, the events, and what page and kernel tell each other over the comm.

Paths are those of the contents API: relative to the server's root, with `/`. Times are ISO 8601 in UTC, sizes are bytes.
Texts are plain text, never markup: a page shows them as they are, with control and bidirectional characters made visible.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Literal

from jupyter_dep.base.fast_dataclass import frozen_dataclass

from . import Failure, NextStep, Outcome, Switch

HEADER = "Jupyter-Dep-Protocol"
"""Every answer carries the server's protocol version under this name, every request of a page the page's."""

StateName = Literal["none", "unlocked", "stale", "pending", "unmerged", "invalid", "fresh"]
JobKind = Literal["init", "add", "remove", "update", "lock", "sync", "undo", "redo", "python", "trust", "outdated"]
JobState = Literal["queued", "running", "done", "failed", "cancelled"]


@frozen_dataclass
class About:
    """Who answers. `allowed`: whether this caller may change things here."""

    protocol: int
    version: str
    allowed: bool


@frozen_dataclass
class Problem:
    """What is wrong, where, and the next step; the body of every answer of status 400 and above."""

    code: str
    message: str
    hint: str
    context: Mapping[str, str | int] = field(default_factory=dict)
    steps: tuple[NextStep, ...] = ()


@frozen_dataclass
class Declared:
    """One declared requirement: `text` as written, `locked` the version it got ("" where it has none)."""

    name: str
    text: str
    locked: str


@frozen_dataclass
class Missing:
    """A module that the notebook imports and nothing provides; `name` is the distribution to add, "" where unknown."""

    module: str
    name: str
    cells: tuple[int, ...]


@frozen_dataclass
class RunningKernel:
    """A running kernel of jupyter-dep. `key`: the environment it began on; `moved_on`: the project has another one now."""

    id: str
    path: str
    holding: bool
    starter: bool
    key: str | None
    moved_on: bool


@frozen_dataclass
class Project:
    """A notebook's status, as read from disk and the caches: no network, no write.

    `block` is the text of the declaration's cell in the file, `difference` what is declared but not locked and the other
    way round, `undo` and `redo` the commands that they would take back and bring again.
    """

    path: str
    name: str
    state: StateName
    trusted: bool
    lock: str | None
    locked_at: str | None
    python: str | None
    requires_python: str
    environment: str | None
    """The key of the environment that answers the lock here, whether it is built or not."""
    sealed: bool
    size: int
    """Bytes of all locked artifacts for this machine."""
    declared: tuple[Declared, ...]
    wanted: tuple[str, ...]
    gone: tuple[str, ...]
    packages: int
    writable: bool
    block: str | None = None
    folder: str | None = None
    """The name of the folder that the notebook belongs to: what is shown here is the folder's, then."""
    undo: str | None = None
    redo: str | None = None
    note: str = ""
    problem: Problem | None = None
    missing: tuple[Missing, ...] = ()
    kernels: tuple[RunningKernel, ...] = ()


@frozen_dataclass
class Package:
    """One locked package. `text` is its bound if it is declared, `cells` those that import it, `unused` where none does."""

    name: str
    version: str
    declared: bool
    text: str
    via: tuple[str, ...]
    kernel: bool
    size: int
    cells: tuple[int, ...]
    unused: bool
    summary: str


@frozen_dataclass
class Packages:
    """Every locked package, declared ones first."""

    path: str
    packages: tuple[Package, ...]


@frozen_dataclass
class Edge:
    """`source` needs `target`."""

    source: str
    target: str


@frozen_dataclass
class GraphPage:
    """The locked graph, from `roots` on."""

    path: str
    roots: tuple[str, ...]
    edges: tuple[Edge, ...]


@frozen_dataclass
class Python:
    """A Python of this machine; `chosen`: the lock was made with its minor, `fits`: the declaration allows it."""

    version: str
    minor: str
    executable: str
    chosen: bool
    fits: bool


@frozen_dataclass
class Pythons:
    """The Pythons of this machine."""

    path: str
    pythons: tuple[Python, ...]


@frozen_dataclass
class Hit:
    """One answer of a search. `source`: where the name is known from. `near`: the popular name it could be mistaken for."""

    name: str
    summary: str
    tier: int
    """1 (known to everyone) to 4 (known in its field); 0 where nothing is known of its popularity."""
    source: Literal["catalogue", "locked", "index"]
    near: str = ""


@frozen_dataclass
class Hits:
    """The answer to `words`, best first. `full`: whether a stored list of the configured index was searched, too.

    `near`: if the words are one name that is not known here, the popular name that it could be mistaken for.
    """

    words: str
    hits: tuple[Hit, ...]
    full: bool
    near: str = ""


@frozen_dataclass
class Details:
    """What the configured index says of one name: newest version first, at most 50 of them."""

    name: str
    versions: tuple[str, ...]
    summary: str
    requires_python: str
    size: int
    near: str = ""


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
class Unusual:
    """One thing that needs a consent of its own: `item` is what `allow` names, `words` says it, `given` whether it has it."""

    item: str
    kind: str
    words: str
    given: bool


@frozen_dataclass
class Artifact:
    """What would be installed, and from where the lock says it comes."""

    name: str
    version: str
    size: int
    host: str
    kind: str


@frozen_dataclass
class ConsentPage:
    """What a consent would cover. `added`, `removed`, `changed`: against the lock of the last consent, if there was one."""

    path: str
    fingerprint: str
    given: bool
    python: str
    artifacts: tuple[Artifact, ...]
    size: int
    unusual: tuple[Unusual, ...]
    before: str | None = None
    """When the last consent for this notebook was given."""
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[tuple[str, str, str], ...] = ()


@frozen_dataclass
class NonceRequest:
    """Open a consent question."""

    path: str


@frozen_dataclass
class Nonce:
    """A nonce that a `trust` job has to bring: good once, for one user, one fingerprint, some minutes."""

    nonce: str
    page: ConsentPage


@frozen_dataclass
class Kernels:
    """The running kernels of jupyter-dep."""

    kernels: tuple[RunningKernel, ...]


@frozen_dataclass
class JobEvent:
    """Goes out at every change of a job."""

    job: Job


@frozen_dataclass
class ProjectEvent:
    """A project is no longer what it was: read it again. `why` is a command, or `kernel`."""

    path: str
    why: str


# Over the comm `jupyter-dep`, from the page to the kernel ...


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


# ... and from the kernel to the page: the data of a `comm_open` to the target `jupyter-dep` on iopub


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
CommIn = Holds | SwitchOrder

MISSING_MIME = "application/vnd.jupyter-dep.missing+json"
"""The bundle beside the note of a missing import: a `MissingImport`."""


@frozen_dataclass
class MissingImport:
    """A module that a cell could not import."""

    module: str
    names: tuple[str, ...]
    """The distributions to choose from, the likeliest first."""
