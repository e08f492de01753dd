"""What is remembered of each project, per user: its last commands (for undo), its environments, a pending edit."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.io.files.read_write import (
    damaged_state,
    list_folder,
    read_if_there,
    read_state,
    replace,
    write_state,
)
from jupyter_dep.io.system.locks import exclusive_lock
from jupyter_dep.io.system.os_errors import explain_os_error
from jupyter_dep.io.system.paths import private_folder
from jupyter_dep.io.system.presence import Presence, exists, mount_point, presence, presence_of_project

KEPT = 20
KEPT_ENVIRONMENTS = 3


@frozen_dataclass
class Step:
    """One command's doing: the block's text, and the digest of the lock's bytes, before and after (None: there was none)."""

    command: str
    block_before: str | None
    block_after: str | None
    lock_before: str | None
    lock_after: str | None


@frozen_dataclass
class Pending:
    """A wanted declaration that could not be written into the notebook: `base` is the block that it edits."""

    base: str | None
    wanted: str | None


@frozen_dataclass
class Consented:
    """The lock of a project that had the last yes: its fingerprint, its versions by name, and when (ISO 8601, UTC)."""

    fingerprint: str
    versions: Mapping[str, str]
    when: str


@frozen_dataclass
class ProjectUse:
    """The environments that a project used last, the newest last, and whether the project is still there."""

    project: Path
    environments: tuple[str, ...]
    presence: Presence


@dataclass(frozen=True, slots=True)
class History:
    """Everything remembered below `folder`, one file a project. What cannot be read is an error: it is never written over."""

    folder: Path

    def file(self, project: Path) -> Path:
        """Where a project is remembered."""
        digest = hashlib.sha256(os.fsencode(os.path.realpath(project))).hexdigest()[:24]
        return self.folder / f"{digest}.json"

    def _load(self, project: Path) -> dict[str, Any]:
        raw = read_state(self.file(project))
        return raw if isinstance(raw, dict) else {}

    @contextmanager
    def _changing(self, project: Path) -> Iterator[dict[str, Any]]:
        """What is known of a project, to be changed in place: a kernel's agent and a terminal may be at it together."""
        file = self.file(project)
        private_folder(file.parent)
        with exclusive_lock(file):
            known = {"project": os.path.realpath(project), **self._load(project)}
            yield known
            write_state(file, {**known, **_mount(project, known)})

    def _save(self, project: Path, **changes: Any) -> None:
        with self._changing(project) as known:
            known.update(changes)

    def record_step(self, project: Path, step: Step, locks: Iterable[bytes]) -> None:
        """Append a step, and keep the bytes of the locks that it names; what had been undone can no longer be redone."""
        with self._changing(project) as known:
            blobs = private_folder(self._blobs(project))
            for lock in locks:
                file = blobs / hashlib.sha256(lock).hexdigest()
                if not exists(file):
                    replace(file, lock, expected=None)
            known["steps"] = [*known.get("steps", []), asdict(step)][-KEPT:]
            known["undone"] = []
            named = {item[end] for item in known["steps"] for end in ("lock_before", "lock_after")}
            for file in blobs.iterdir():
                if file.name not in named:
                    file.unlink(missing_ok=True)

    def lock_bytes(self, project: Path, digest: str | None) -> bytes | None:
        """The kept bytes of a lock. Errors: `history-incomplete` if they are gone."""
        if digest is None:
            return None
        data = read_if_there(self._blobs(project) / digest)
        if data is None or hashlib.sha256(data).hexdigest() != digest:
            raise DepError(
                "history-incomplete",
                "the lock from before that command was not kept",
                hint="take it from your version control, or lock again",
            )
        return data

    def _blobs(self, project: Path) -> Path:
        return self.file(project).with_suffix(".locks")

    def _steps(self, project: Path, kind: str = "steps") -> list[Step]:
        return [Step(**{name: raw[name] for name in Step.__dataclass_fields__}) for raw in self._load(project).get(kind, [])]

    def last(self, project: Path, *, redo: bool = False) -> Step | None:
        """Give the last step, or the last one that was undone."""
        steps = self._steps(project, "undone" if redo else "steps")
        return steps[-1] if steps else None

    def move_step(self, project: Path, *, redo: bool = False) -> None:
        """Note that the last step was undone (or redone)."""
        with self._changing(project) as known:
            done, undone = known.setdefault("steps", []), known.setdefault("undone", [])
            source, target = (undone, done) if redo else (done, undone)
            target.append(source.pop())

    def record_use(self, project: Path, key: str) -> None:
        """Note the environment that a project runs on; the last few are kept by garbage collection."""
        if self.environments(project)[-1:] != (key,):
            with self._changing(project) as known:
                others = [other for other in known.get("environments", []) if other != key]
                known["environments"] = [*others, key][-KEPT_ENVIRONMENTS:]

    def environments(self, project: Path) -> tuple[str, ...]:
        """Give the environments that a project used last, the newest last."""
        return tuple(self._load(project).get("environments", ()))

    def pending(self, project: Path) -> Pending | None:
        """Give the edit that could not be written into the notebook."""
        raw = self._load(project).get("pending")
        return Pending(**raw) if raw else None

    def set_pending(self, project: Path, pending: Pending | None) -> None:
        """Remember an edit that could not be written, or forget it."""
        if pending is not None or self._load(project).get("pending"):
            self._save(project, pending=asdict(pending) if pending else None)

    def python(self, project: Path) -> str | None:
        """The minor that `init` was asked for; it decides until there is a lock."""
        return self._load(project).get("python")

    def set_python(self, project: Path, minor: str) -> None:
        """Remember the minor that `init` was asked for."""
        self._save(project, python=minor)

    def installed(self, project: Path) -> Mapping[str, Any]:
        """What `install` last chose of a folder's lock, empty where it was never asked to choose."""
        raw = self._load(project).get("installed")
        return raw if isinstance(raw, dict) else {}

    def set_installed(self, project: Path, choice: Mapping[str, Any]) -> None:
        """Remember what `install` chose."""
        if dict(choice) != self.installed(project):
            self._save(project, installed=dict(choice))

    def consented(self, project: Path) -> Consented | None:
        """What was said yes to last, so that the next question can say what is different."""
        raw = self._load(project).get("consented")
        try:
            return Consented(**raw) if isinstance(raw, dict) else None
        except TypeError:
            return None

    def set_consented(self, project: Path, fingerprint: str, versions: Mapping[str, str]) -> None:
        """Remember the lock that was consented to last."""
        when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        self._save(project, consented={"fingerprint": fingerprint, "versions": dict(versions), "when": when})

    def forget(self, project: Path) -> None:
        """Forget a project."""
        self.file(project).unlink(missing_ok=True)
        shutil.rmtree(self._blobs(project), ignore_errors=True)

    def rename(self, project: Path, new: Path) -> None:
        """Carry what is remembered over to a new name."""
        known = self._load(project)
        if known:
            self.forget(new)  # of a project that had this name before
            write_state(self.file(new), {**known, "project": os.path.realpath(new), **_mount(new, known)})
            if exists(self._blobs(project)):
                self._blobs(project).rename(self._blobs(new))
            self.forget(project)

    def fingerprint(self) -> frozenset[tuple[str, int]]:
        """Differs after every change of what is remembered: each is a new file. A thousand projects take a millisecond."""
        try:
            with os.scandir(self.folder) as entries:
                return frozenset((entry.name, entry.inode()) for entry in entries)
        except FileNotFoundError:
            return frozenset()
        except OSError as error:
            raise explain_os_error(error, self.folder, "reading") from error

    def uses(self) -> Iterator[ProjectUse]:
        """What each project used last: all of it, or an error. Errors: `damaged-state`, and those of reading."""
        for file in self._files():
            raw = read_state(file)
            if isinstance(raw, dict) and "project" in raw:
                project, mount = Path(raw["project"]), raw.get("mount")
                there = presence_of_project(project, Path(mount) if mount is not None else None)
                yield ProjectUse(project=project, environments=tuple(raw.get("environments", ())), presence=there)
            elif presence(file) is not Presence.ABSENT:  # not just forgotten by another process
                raise damaged_state(file)

    def projects(self) -> Iterator[Path]:
        """The projects that are remembered, without those whose file cannot be read."""
        for file in self._files():
            with suppress(DepError):
                raw = read_state(file)
                if isinstance(raw, dict) and "project" in raw:
                    yield Path(raw["project"])

    def _files(self) -> list[Path]:
        return [self.folder / name for name in list_folder(self.folder) if name.endswith(".json")]


def _mount(project: Path, known: Mapping[str, Any]) -> dict[str, str]:
    """Where a project's file system is mounted; what is known of one that is not there now is kept."""
    if "mount" in known and presence(project) is not Presence.PRESENT:
        return {}
    return {"mount": str(mount_point(Path(os.path.realpath(project))))}
