"""What this user has said yes to: fingerprints of locks, unusual items one by one, and folders. Revocable, 0600."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.environment_variables import TRUST
from jupyter_dep.io.files.read_write import read_state, write_state
from jupyter_dep.io.system.locks import exclusive_lock
from jupyter_dep.io.system.paths import private_folder
from jupyter_dep.model.lock.audit import ConsentScope


@frozen_dataclass
class Grant:
    """One recorded yes: `kind` is fingerprint, item or folder, `by` how it was given."""

    kind: str
    value: str
    by: str
    when: str


@dataclass(frozen=True, slots=True)
class ConsentStore:
    """The record at `file`; `environ` is where `JUPYTER_DEP_TRUST` is looked up."""

    file: Path
    environ: Mapping[str, str]

    def _load(self) -> dict[str, dict[str, Any]]:
        raw = read_state(self.file)
        known = raw if isinstance(raw, dict) and raw.get("format") == 1 else {}
        return {kind: dict(known.get(kind) or {}) for kind in ("fingerprint", "item", "folder")}

    def allows_fingerprint(self, fingerprint: str) -> bool:
        """Whether a lock was consented to."""
        return fingerprint in self._load()["fingerprint"] or fingerprint in self._variable()

    def is_own(self, fingerprint: str) -> bool:
        """Whether this user's own command wrote that lock, so that its addresses are known to be the user's."""
        return bool(self._load()["fingerprint"].get(fingerprint, {}).get("by") == "own")

    def missing(self, items: Iterable[ConsentScope]) -> tuple[ConsentScope, ...]:
        """Those of the items that have no yes of their own."""
        known = self._load()["item"]
        return tuple(item for item in items if str(item) not in known)

    def trusted_folder_for(self, path: Path) -> str | None:
        """The consented folder that holds a path, links resolved."""
        where = os.path.realpath(path)
        folders = [*self._load()["folder"], *(part for part in self._variable() if os.path.isabs(part))]
        for folder in folders:
            real = os.path.realpath(folder)
            if where == real or where.startswith(real.rstrip(os.sep) + os.sep):
                return folder
        return None

    def _variable(self) -> list[str]:
        return [part for part in self.environ.get(TRUST, "").split(os.pathsep) if part]

    def allow(self, kind: str, values: Iterable[str], *, by: str) -> None:
        """Record consents of one kind; `by` is where they come from."""
        private_folder(self.file.parent)
        with exclusive_lock(self.file):
            known = self._load()
            when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
            for value in values:
                before = known[kind].get(value)
                if before is None or (before.get("by") != "own" and by == "own"):
                    known[kind][value] = {"by": by, "when": when}
            write_state(self.file, {"format": 1, **known})

    def revoke(self, values: Iterable[str]) -> tuple[str, ...]:
        """Take back every yes with one of these values; gives those that were there."""
        gone = []
        private_folder(self.file.parent)
        with exclusive_lock(self.file):
            known = self._load()
            for value in values:
                for kind in known.values():
                    if kind.pop(value, None) is not None:
                        gone.append(value)
            write_state(self.file, {"format": 1, **known})
        return tuple(gone)

    def grants(self) -> tuple[Grant, ...]:
        """List all consents that were recorded."""
        return tuple(
            Grant(kind=kind, value=value, by=str(record.get("by", "")), when=str(record.get("when", "")))
            for kind, records in self._load().items()
            for value, record in sorted(records.items())
        )
