"""The per-user folder of environments: built in a fresh folder, checked, then sealed under their key.

Nothing ever refers to an staging folder, so a kill at any point leaves nothing half-true. Layout:

    e/<id>/            an environment           e/<id>.lease   held by its builder, then by every process on it
    k/<key>.json       the seal: this key's environment is e/<id>      k/<key>.lock   one build at a time
    q/<key>.json       a seal that was withdrawn because files had changed
    t/                 empty environments to copy (`io/venv`)
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeGuard

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.base.progress import CancelToken, Progress, Reporter, silent
from jupyter_dep.io.files.read_write import damaged_state, list_folder, read_cached, read_state, write_state
from jupyter_dep.io.system.disk import NETWORK, file_system
from jupyter_dep.io.system.locks import FileLock, build_lock
from jupyter_dep.io.system.os_errors import explain_os_error
from jupyter_dep.io.system.paths import private_folder
from jupyter_dep.io.system.presence import ABSENT_ERRORS, Presence, presence

from . import record_check, snapshots
from .build_dir import EnvironmentSpec, StagingEnvironment, remove_tree

_REMOVING = 30.0
"""Seconds to wait for who removes an environment: a big one has tens of thousands of files."""


@frozen_dataclass
class Sealed:
    """One sealed environment. `site` is its site-packages, `stamp` the digest of names, sizes and times at sealing."""

    key: str
    path: str
    python: str
    site: str
    interpreter: str
    stamp: str
    files: int
    size: int
    packages: Mapping[str, str]

    @property
    def lock_file(self) -> str:
        """The file whose lock says that the environment is in use."""
        return self.path + ".lease"


@dataclass(frozen=True, slots=True)
class Store:
    """The store at `root`; `under` is a read-only one below it, if an admin set one up."""

    root: Path
    under: Path | None = None

    def sealed(self, key: str) -> Sealed | None:
        """The environment of a key, if it is sealed and its python is there or cannot be looked at.

        Errors: those of reading the seal. A store below this one that cannot be read has nothing for its users.
        """
        found = _seal(read_state(self.root / "k" / f"{key}.json"))
        if not _usable(found) and self.under is not None:
            found = _seal(read_cached(self.under / "k" / f"{key}.json"))
        return found if _usable(found) else None

    def newest(self) -> Iterator[Sealed]:
        """The environments of this store, the one that was sealed last first; a seal is read when it is asked for."""
        try:
            with os.scandir(self.root / "k") as entries:
                seals = [(entry.stat().st_mtime_ns, entry.name) for entry in entries if entry.name.endswith(".json")]
        except OSError:
            return
        for _, name in sorted(seals, reverse=True):
            found = _seal(read_cached(self.root / "k" / name))
            if _usable(found):
                yield found

    def all(self) -> tuple[Sealed, ...]:
        """The environments of this store that can be used. Errors: those of reading the seals."""
        found = [self.sealed(file.stem) for file in self._seals()]
        return tuple(environment for environment in found if environment is not None)

    def claimed(self) -> tuple[Sealed, ...]:
        """What every seal of this store claims, also where its python is missing, as that of a disk that is not mounted.

        Errors: `damaged-state` where a seal does not say what it claims, and those of reading the seals.
        """
        found = []
        for file in self._seals():
            environment = _seal(read_state(file))
            if environment is not None:
                found.append(environment)
            elif presence(file) is not Presence.ABSENT:  # not just removed by another process
                raise damaged_state(file)
        return tuple(found)

    def _seals(self) -> list[Path]:
        folder = self.root / "k"
        return [folder / name for name in list_folder(folder) if name.endswith(".json")]

    def ensure(self, spec: EnvironmentSpec, *, reporter: Reporter = silent, cancel: CancelToken | None = None) -> Sealed:
        """The environment of a spec: the sealed one, or one built now; of several callers one builds.

        Errors: what creating, linking and checking raise; `cancelled`; `build-deadline`.
        """
        if (found := self.sealed(spec.key)) is not None:
            return found
        self._prepare()
        try:
            with build_lock(self.root / "k" / f"{spec.key}.lock", reporter, cancel):
                return self.sealed(spec.key) or self._build(spec, reporter)
        except OSError as error:
            raise explain_os_error(error, self.root, "building an environment") from error

    def _prepare(self) -> None:
        try:
            for folder in ("e", "k"):
                private_folder(self.root / folder)
        except OSError as error:
            raise explain_os_error(error, self.root, "making the store") from error

    def begin(self, create: Callable[[Path], Path]) -> StagingEnvironment:
        """A fresh folder with an empty environment in it, for its builder alone. Errors: what `create` raises, OSError."""
        self._prepare()
        name = os.urandom(5).hex()
        folder = self.root / "e" / name
        lease = FileLock.try_acquire(folder.with_name(name + ".lease"), exclusive=True)
        if lease is None:  # 40 random bits: the same name twice is a broken random source
            raise DepError("store-busy", "could not create a unique environment directory", hint="run the same again")
        try:
            python = create(folder)
            return StagingEnvironment(
                folder=folder,
                lock=lease,
                python=python,
                before=snapshots.take_snapshot(folder).files,
                configuration=(folder / "pyvenv.cfg").read_bytes(),
            )
        except BaseException:
            remove_tree(folder)
            folder.with_name(name + ".lease").unlink(missing_ok=True)
            lease.release()
            raise

    def _build(self, spec: EnvironmentSpec, reporter: Reporter) -> Sealed:
        staging = spec.prefetched() or self.begin(spec.create)
        folder = staging.folder
        try:
            spec.link(staging.python)
            reporter(Progress(phase="checking"))
            found = staging.check(spec)
            reporter(Progress(phase="sealing"))
            staging.carry_bytecode(spec, found)
            if _permissions_bind():
                record_check.make_read_only(folder, [path for path in found.writable if path not in staging.before])
            files = found.files
            sealed = Sealed(
                key=spec.key,
                path=str(folder),
                python=str(staging.python),
                site=str(staging.site_packages(spec)),
                interpreter=spec.interpreter,
                stamp=snapshots.digest(files),
                files=len(files),
                size=sum(size for size, _ in files.values()),
                packages=dict(spec.packages),
            )
            write_state(self.root / "k" / f"{spec.key}.json", asdict(sealed))
        except BaseException:
            staging.discard()
            raise
        staging.lock.release()
        return sealed

    def has_changed(self, environment: Sealed) -> bool:
        """Whether names, sizes or times of a sealed environment's files are not what they were (0.1 s for 14,000 files).

        Errors: what `explain` says of a folder that is there and cannot be read: it is not known to have changed.
        """
        try:
            return snapshots.digest(snapshots.take_snapshot(Path(environment.path)).files) != environment.stamp
        except ABSENT_ERRORS:
            return True
        except OSError as error:
            raise explain_os_error(error, Path(environment.path), "checking an environment") from error

    def quarantine(self, environment: Sealed, hashes: record_check.FileHashes | None = None) -> dict[str, list[str]]:
        """Withdraw the seal of a changed environment, so that the next start builds a fresh one; gives the damaged files."""
        seal = self.root / "k" / f"{environment.key}.json"
        private_folder(self.root / "q")
        try:
            os.replace(seal, self.root / "q" / seal.name)
        except FileNotFoundError:
            pass
        return record_check.find_damaged(Path(environment.path), Path(environment.site), hashes)

    def sweep(self) -> int:
        """Remove staging folders whose builder is gone, and quarantined ones that are not in use; gives how many."""
        known = {environment.path for environment in self.claimed()}
        count = 0
        for folder in self._folders():
            if str(folder) not in known:
                count += self._remove_folder(folder, staging=True)
        return count

    def _folders(self) -> Iterator[Path]:
        for name in list_folder(self.root / "e"):
            entry = self.root / "e" / name
            if entry.is_dir() and not entry.is_symlink():  # what cannot be looked at stays
                yield entry

    def acquire(self, environment: Sealed) -> FileLock | None:
        """Take a shared lock while a use of the environment is recorded; a removal under way is waited for.

        None for one of the store below, which is not ours to remove. It may be gone by then: look again.
        """
        if not Path(environment.path).is_relative_to(self.root):
            return None
        until = time.monotonic() + _REMOVING
        while (lease := FileLock.try_acquire(Path(environment.lock_file))) is None and time.monotonic() < until:
            time.sleep(0.02)
        if lease is not None and presence(environment.path) is Presence.ABSENT:
            Path(environment.lock_file).unlink(missing_ok=True)
        return lease

    def remove(self, environment: Sealed, *, unless: Callable[[], bool] = lambda: False) -> bool:
        """Remove a sealed environment unless a process runs on it, or `unless` says so while it is locked."""
        lease = FileLock.try_acquire(Path(environment.lock_file), exclusive=True)
        if lease is None:
            return False
        with lease:
            if unless():
                return False
            (self.root / "k" / f"{environment.key}.json").unlink(missing_ok=True)
        return self._remove_folder(Path(environment.path))

    def _remove_folder(self, folder: Path, *, staging: bool = False) -> bool:
        file = folder.with_name(folder.name + ".lease")
        lease = FileLock.try_acquire(file, exclusive=True)
        if lease is None:
            return False
        with lease:
            if staging and str(folder) in {environment.path for environment in self.claimed()}:
                return False  # its builder sealed it since we looked
            remove_tree(folder)
            gone = presence(folder) is Presence.ABSENT
            if gone and sys.platform != "win32":  # there an open file cannot be removed
                file.unlink(missing_ok=True)
        return gone

    def on_network(self) -> bool:
        """Whether the store lies on a network file system, where the locks of other machines cannot be trusted.

        Errors: those of `explain_os_error` where that is unknown.
        """
        try:
            return file_system(self.root) in NETWORK
        except OSError as error:
            raise explain_os_error(error, self.root, "looking at the store's file system") from error


def _seal(raw: object) -> Sealed | None:
    try:
        return Sealed(**raw) if isinstance(raw, dict) else None
    except TypeError:
        return None


def _usable(environment: Sealed | None) -> TypeGuard[Sealed]:
    return environment is not None and presence(environment.python) is not Presence.ABSENT


def _permissions_bind() -> bool:
    """Read-only permissions do nothing against root."""
    return sys.platform == "win32" or os.geteuid() != 0
