"""An environment that is being built: how it is made, what is held to its wheels, and what is carried over into it."""

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
    begun: Callable[[], StagingEnvironment | None] = lambda: None
    """Gives a folder that was begun for this recipe ahead of time: `link` then has only the rest to do."""


@frozen_dataclass
class StagingEnvironment:
    """A folder that its builder works in: `before` is what the empty environment held, `configuration` its `pyvenv.cfg`.

    `checked` is what was linked into it and found right ahead of time.
    """

    folder: Path
    lease: FileLock
    python: Path
    before: snapshots.Listing
    configuration: bytes
    checked: snapshots.Snapshot | None = None

    def drop(self) -> None:
        """Give the folder up."""
        remove_tree(self.folder)
        self.folder.with_name(self.folder.name + ".lease").unlink(missing_ok=True)
        self.lease.release()

    def site(self, recipe: EnvironmentSpec) -> Path:
        """Its site-packages."""
        return record_check.site_packages(self.folder, recipe.python_version, sys.platform)

    def check(self, recipe: EnvironmentSpec) -> snapshots.Snapshot:
        """What the folder holds, if its wheels say the same. Errors: `hostile-wheel`, `incomplete-environment`."""
        if (self.folder / "pyvenv.cfg").read_bytes() != self.configuration:
            raise DepError(
                "hostile-wheel",
                "a package replaced `pyvenv.cfg`, the file that makes the environment what it is",
                hint="remove the package that was added last; nothing of it was started",
            )
        found = snapshots.take(self.folder, self.checked)
        site, checked = self.site(recipe), self.checked.files if self.checked is not None else None
        record_check.check(found.files, self.folder, site, self.before, recipe.packages, own=("virtualenv",), checked=checked)
        return found

    def carry_bytecode(self, recipe: EnvironmentSpec, found: snapshots.Snapshot) -> None:
        """Take over the bytecode that imports have left where the recipe says.

        What wheels brought goes first: Python believes it about any package, in this environment and in those that would take
        it over from here. Nothing was imported yet, so there is no other.
        """
        for cache in found.caches:
            shutil.rmtree(self.folder / cache)
        if recipe.bytecode_from is not None and os.path.isdir(recipe.bytecode_from):
            record_check.carry_bytecode(Path(recipe.bytecode_from), self.folder, self.site(recipe), found.files)

    def linked_ahead(self, recipe: EnvironmentSpec, *, network: bool) -> StagingEnvironment:
        """The same with the recipe's packages linked and checked, for another recipe that has more.

        A file system on the `network` has a clock of its own: what was checked there is not remembered. Errors: those of
        linking and of `check`.
        """
        recipe.link(self.python)
        found = self.check(recipe)
        return self if network else replace(self, checked=found)


def remove_tree(folder: Path) -> None:
    """Remove a folder as far as it goes; read-only files, which Windows keeps, are made writable first."""

    def writable(function: Callable[[str], object], path: str, _: object) -> None:
        if os.name != "nt" or function not in (os.unlink, os.rmdir):
            return  # elsewhere a file's own permissions keep nobody from removing it, and it may be another environment's too
        try:
            Path(path).chmod(0o700)
            function(path)
        except OSError:
            pass

    shutil.rmtree(folder, onerror=writable)
