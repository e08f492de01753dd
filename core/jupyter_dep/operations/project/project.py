"""A project's files: the one with the declaration, and its lock."""

from __future__ import annotations

from pathlib import Path

from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.model.lock.lockfile import lock_name

from .formats import FOLDER, DeclarationFormat, format_of

LOCK_LIMIT = 16 << 20
"""Bytes; the lock of a very large project has less than one MB."""
FOLDER_LOCK = "pylock.toml"


@frozen_dataclass
class Project:
    """The owner of one declaration and one lock. `orphan` is the lock of a former name that is used in place of `lock`."""

    file: Path
    """What holds the declaration."""
    lock: Path
    orphan: Path | None = None
    owner: Path | None = None
    """The renamed notebook whose lock still lies under this notebook's lock name."""

    @classmethod
    def of(cls, file: Path) -> Project:
        """The project of a notebook or of a `pyproject.toml`. Errors: `not-a-notebook-name`."""
        name = FOLDER_LOCK if format_of(file) is FOLDER else lock_name(file.stem)
        return cls(file=file, lock=file.with_name(name))

    @property
    def form(self) -> DeclarationFormat:
        """How its declaration is written."""
        return format_of(self.file)

    @property
    def folder(self) -> Path | None:
        """The folder that the project is, None for a notebook's."""
        return self.file.parent if self.form is FOLDER else None

    @property
    def title(self) -> str:
        """What the project is called where its file's name says nothing: a folder's own name."""
        return self.file.parent.name if self.form is FOLDER else self.file.name

    @property
    def called(self) -> str:
        """The project's name without a file's ending, for what is made of it."""
        return self.file.parent.name if self.form is FOLDER else self.file.stem

    @property
    def context(self) -> dict[str, str | int]:
        """The context of errors about the declaration."""
        return {"file": self.file.name}

    @property
    def lock_context(self) -> dict[str, str | int]:
        """The context of errors about the lock."""
        return {"file": (self.orphan or self.lock).name}
