"""An environment under construction: its specification, its folder, its verification."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.io.system.locks import FileLock
from jupyter_dep.io.system.process import start_unattended

from . import record_check, snapshots


@frozen_dataclass
class EnvironmentSpec:
    """How to build one environment: `create` makes the empty one at a folder and gives its python, `link` fills it."""

    key: str
    interpreter: str
    python_version: str
    packages: Mapping[str, str]
    create: Callable[[Path], Path]
    link: Callable[[Path], None]
    bytecode_from: str | None = None
    prefetched: Callable[[], StagingEnvironment | None] = lambda: None
    """Gives a folder that was begun for this environment ahead of time: `link` then adds only the rest."""


@frozen_dataclass
class StagingEnvironment:
    """A folder that its builder works in, under an exclusive `lock`.

    `before` lists what the empty environment held, `configuration` is its `pyvenv.cfg`, `checked` lists what was linked and
    verified ahead of time.
    """

    folder: Path
    lock: FileLock
    python: Path
    before: snapshots.Listing
    configuration: bytes
    checked: snapshots.Snapshot | None = None

    def discard(self) -> None:
        """Remove the folder and give up its lock."""
        remove_tree(self.folder)
        self.folder.with_name(self.folder.name + ".lease").unlink(missing_ok=True)
        self.lock.release()

    def discard_unattended(self) -> None:
        """The same in a process that nobody waits for, where the system has such: a large folder takes most of a second."""
        removal = [sys.executable, "-I", "-S", str(Path(__file__).with_name("removal.py")), str(self.folder)]
        if start_unattended(removal, keep_open=[self.lock.handle]):
            self.lock.hand_over()
        else:
            self.discard()

    def site_packages(self, spec: EnvironmentSpec) -> Path:
        """Give its site-packages."""
        return record_check.site_packages(self.folder, spec.python_version, sys.platform)

    def check(self, spec: EnvironmentSpec) -> snapshots.Snapshot:
        """Verify what the folder holds, and list it. Errors: `hostile-wheel`, `incomplete-environment`."""
        if (self.folder / "pyvenv.cfg").read_bytes() != self.configuration:
            raise DepError(
                "hostile-wheel",
                "a package replaced `pyvenv.cfg`, the file that makes the environment what it is",
                hint="remove the package that was added last; nothing of it was started",
            )
        found = snapshots.take_snapshot(self.folder, self.checked)
        site, checked = self.site_packages(spec), self.checked.files if self.checked is not None else None
        expected = record_check.Expected(before=self.before, packages=spec.packages, own=("virtualenv",))
        record_check.check_environment(found.files, self.folder, site, expected, checked=checked)
        return found

    def carry_bytecode(self, spec: EnvironmentSpec, found: snapshots.Snapshot) -> None:
        """Carry over the bytecode that imports left in the environment that the spec names.

        Bytecode from wheels is removed first: Python believes it about any package, here and in environments that would take
        it over from here. Nothing was imported yet, so this is all of it.
        """
        for cache in found.caches:
            shutil.rmtree(self.folder / cache)
        if spec.bytecode_from is not None and Path(spec.bytecode_from).is_dir():
            record_check.carry_bytecode(Path(spec.bytecode_from), self.folder, self.site_packages(spec), found.files)

    def link_ahead(self, spec: EnvironmentSpec, *, network: bool) -> StagingEnvironment:
        """Link and check the packages of a spec ahead of time, for another spec that has more.

        A file system on the `network` has a clock of its own: what was checked there is not remembered. Errors: those of
        linking and of `check`.
        """
        spec.link(self.python)
        found = self.check(spec)
        return self if network else replace(self, checked=found)


def remove_tree(folder: Path) -> None:
    """Remove a folder as far as possible; read-only files, which Windows keeps, are made writable first."""

    def _make_writable(function: Callable[[str], object], path: str, _: object) -> None:
        if os.name != "nt" or function not in (os.unlink, os.rmdir):
            return  # elsewhere a file's own permissions do not protect it, and it may be another environment's too
        try:
            Path(path).chmod(0o700)
            function(path)
        except OSError:
            pass

    shutil.rmtree(folder, onerror=_make_writable)
