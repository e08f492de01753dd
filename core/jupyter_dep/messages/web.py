"""The wire of the browser: the bodies of REST. Jobs and events are in `jobs`, the comm is in `comm`.

Paths are those of the contents API: relative to the server's root, with `/`. Times are ISO 8601 in UTC, sizes are bytes.
Texts are plain text, never markup: a page shows them as they are, with control and bidirectional characters made visible.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Literal

from jupyter_dep.base.fast_dataclass import frozen_dataclass

from . import NextStep

HEADER = "Jupyter-Dep-Protocol"
"""Every answer carries the server's protocol version under this name, every request of a page the page's."""

StateName = Literal["none", "unlocked", "stale", "pending", "unmerged", "invalid", "fresh"]


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
