"""The port to the engine, as values and a protocol: `io.engine.uv.Uv` is the real one, the tests have a fake."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Any, Protocol

from jupyter_dep.model.declaration.declaration import Declaration
from jupyter_dep.model.lock.select import Artifact

from .fast_dataclass import frozen_dataclass
from .progress import CancelToken, Reporter, silent


@frozen_dataclass
class Pin:
    """A version to keep if it still fits. `markers` tell several versions of one name apart."""

    name: str
    version: str
    index: str
    markers: tuple[str, ...] = ()


@frozen_dataclass
class LockRequest:
    """What is to be resolved.

    `python` is an interpreter's path, `kernel` the kernel's requirements, `upgrade` the names that may move (True: all),
    `cutoff` a full UTC timestamp, `metadata` what builds gave for sources without wheels.
    """

    declaration: Declaration
    requires_python: str
    python: str
    kernel: tuple[str, ...] = ()
    pins: tuple[Pin, ...] = ()
    upgrade: bool | tuple[str, ...] = False
    cutoff: str | None = None
    spared: tuple[str, ...] = ()
    """Names that the cutoff does not hold for."""
    offline: bool = False
    metadata: tuple[Mapping[str, Any], ...] = field(default_factory=tuple)
    build: tuple[str, ...] = ()
    """Names that are taken as source archives; their `metadata` is given, so that resolving builds nothing."""
    project: str = ""
    """A folder's own name and `version`, so that a dependency on it resolves to the folder. A notebook has none."""
    version: str = ""


@frozen_dataclass
class EngineAnswer:
    """`pylock` is the PEP 751 text as the engine exported it, `tree` its JSON graph."""

    pylock: str
    tree: Mapping[str, Any]


@frozen_dataclass
class Install:
    """Artifacts to link into the fresh environment whose interpreter is `python`; `python_version` is `3.11`.

    `through` is the same interpreter in an empty environment that stays: an engine that asks an interpreter what it is
    remembers the answer by its path, and nothing of what is installed runs when it asks.
    """

    artifacts: tuple[Artifact, ...]
    python: str
    python_version: str
    offline: bool = False
    through: str | None = None


@frozen_dataclass
class Build:
    """Distributions to build of a source `folder` by its own backend, into the empty folder `into`; both are whole paths.

    `python` is an interpreter's path, `log` the file that gets all output if the build fails.
    """

    folder: Path
    into: Path
    python: str
    log: Path
    wheel: bool = True
    sdist: bool = True
    offline: bool = False


@frozen_dataclass
class Upload:
    """Distributions to upload to an index. `url` None is the engine's own place of upload.

    `check` is the index that tells what is there already; it may hold credentials. `trusted` asks the build service's identity
    in place of a password.
    """

    files: tuple[Path, ...]
    url: str | None = None
    check: str | None = field(default=None, repr=False)
    username: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    trusted: bool = False


@frozen_dataclass
class PublishedFiles:
    """Of the files of an upload, those that the index has: the `same` bytes, or `other` ones under the name."""

    same: tuple[str, ...] = ()
    other: tuple[str, ...] = ()


class Engine(Protocol):
    """What resolves, installs, builds and publishes."""

    def version(self) -> str:
        """Give the engine's name and version."""

    def default_index(self) -> str:
        """Give the index that is asked for a name, without credentials."""

    def lock(self, request: LockRequest, *, reporter: Reporter = silent, cancel: CancelToken | None = None) -> EngineAnswer:
        """Resolve a declaration for every platform."""

    def verify_against_index(
        self, artifacts: Sequence[Artifact], *, python: str, offline: bool = False, cancel: CancelToken | None = None
    ) -> dict[str, Artifact]:
        """Give those artifacts that the user's own index serves under the same filename and hash, by name."""

    def built_metadata(
        self, requirement: str, *, python: str, offline: bool = False, cancel: CancelToken | None = None
    ) -> Mapping[str, Any]:
        """Build exactly one distribution and give its static metadata, keys as in `tool.uv.dependency-metadata`."""

    def install(self, install: Install, *, reporter: Reporter = silent, cancel: CancelToken | None = None) -> None:
        """Link artifacts into a fresh environment."""

    def forget(self, names: Sequence[str]) -> None:
        """Drop what the engine's cache holds of these distributions."""

    def clear(self, *, cancel: CancelToken | None = None) -> None:
        """Empty the engine's cache; environments keep their files."""

    def builtin_index(self) -> str:
        """The index that belongs to the engine's own place of upload, whatever the user configured to install from."""

    def build(self, build: Build, *, reporter: Reporter = silent, cancel: CancelToken | None = None) -> None:
        """Build a folder's distributions by its own backend."""

    def published_files(self, upload: Upload, *, cancel: CancelToken | None = None) -> PublishedFiles:
        """Look which of the files the index has; uploads nothing."""

    def publish(self, upload: Upload, *, reporter: Reporter = silent, cancel: CancelToken | None = None) -> tuple[str, ...]:
        """Upload the files in order; gives the names of those that went up now, without those that were there."""
