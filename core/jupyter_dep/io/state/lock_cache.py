"""What was found out about a lock, remembered by the digest of its bytes: opening does not parse a big lock again."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from jupyter_dep.base.errors import DepError
from jupyter_dep.io.files.read_write import read_cached, write_state
from jupyter_dep.model.lock.digest import VERSION, LockDigest
from jupyter_dep.model.lock.graph import Graph
from jupyter_dep.model.lock.select import DEFAULT_SELECTION, Artifact, Selection
from jupyter_dep.model.packages.interpreter import Interpreter


@dataclass(frozen=True, slots=True)
class LockCache:
    """The cache at `folder` (0700: only its user may write what is believed about a lock)."""

    folder: Path

    def digest(self, data: bytes, *, context: Mapping[str, str | int]) -> LockDigest:
        """The summary of a lock's bytes. Errors: those of `lockfile.read` and `policy.examine`."""
        digest = hashlib.sha256(data).hexdigest()
        file = self.folder / f"v{VERSION}" / f"{digest}.json"
        known = LockDigest.from_json(read_cached(file))
        if known is not None:
            return known
        from jupyter_dep.model.lock import lockfile
        from jupyter_dep.model.lock.digest import digest_lock

        lock = lockfile.read(data, context=context)
        found = digest_lock(lock, context=context)
        self._remember(file, found.as_json())
        self._remember(self._graph(digest), lock.graph().as_json())
        return found

    def graph(self, data: bytes, *, context: Mapping[str, str | int]) -> Graph:
        """The graph that a lock's bytes carry. Errors: those of `lockfile.read`."""
        file = self._graph(hashlib.sha256(data).hexdigest())
        known = Graph.from_json(read_cached(file))
        if known is not None:
            return known
        from jupyter_dep.model.lock import lockfile

        found = lockfile.read(data, context=context).graph()
        self._remember(file, found.as_json())
        return found

    def select(
        self, data: bytes, interpreter: Interpreter, *, context: Mapping[str, str | int], choice: Selection = DEFAULT_SELECTION
    ) -> tuple[str, tuple[Artifact, ...]]:
        """The environment key and the artifacts of a lock on an interpreter. Errors: those of `selection.select`."""
        digest = hashlib.sha256(data).hexdigest()
        who = hashlib.sha256(interpreter.identity.encode()).hexdigest()[:16]
        file = self.folder / f"v{VERSION}" / f"{digest}.{who}{choice.key()}.json"
        raw = read_cached(file)
        if isinstance(raw, dict) and "key" in raw:
            return str(raw["key"]), tuple(Artifact.from_json(item) for item in raw["artifacts"])
        from jupyter_dep.model.lock import lockfile
        from jupyter_dep.model.lock.keys import environment_key
        from jupyter_dep.model.lock.select import select

        artifacts = select(
            lockfile.read(data, context=context),
            environment=interpreter.environment(),
            tags=interpreter.tags(),
            context=context,
            choice=choice,
        )
        key = environment_key(artifacts, interpreter.identity)
        self._remember(file, {"key": key, "artifacts": [item.as_json() for item in artifacts]})
        return key, artifacts

    def _graph(self, digest: str) -> Path:
        return self.folder / f"v{VERSION}" / f"{digest}.graph.json"

    def _remember(self, file: Path, value: object) -> None:
        try:
            write_state(file, value)
        except DepError:
            pass  # a full disk must not stop a kernel from starting
