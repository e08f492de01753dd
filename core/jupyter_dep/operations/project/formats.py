"""The two formats of a declaration, a block in a notebook and a folder's `pyproject.toml`, behind one interface."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from jupyter_dep.base.errors import DepError, UsageError
from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.io.files.manifest_paths import MANIFEST
from jupyter_dep.model.declaration import script_block
from jupyter_dep.model.declaration.declaration import Declaration
from jupyter_dep.model.declaration.requirement import Context
from jupyter_dep.model.notebook.notebook import Notebook


@frozen_dataclass
class DependencySection:
    """Where among a folder's declarations something belongs: a group, an extra, or (neither) the dependencies."""

    group: str | None = None
    extra: str | None = None


DEPENDENCIES = DependencySection()


class DeclarationFormat(Protocol):
    """How one kind of declaration is read and edited: text in, text out. `noun` is what its owner is called."""

    noun: str

    def declaration(self, text: str, *, context: Context | None = None) -> Declaration:
        """Parse the text. Errors: those of the format."""

    def add(self, text: str, requirements: Sequence[str], place: DependencySection) -> str:
        """Add requirements to a section, replacing those of the same name."""

    def remove(self, text: str, names: Sequence[str], place: DependencySection) -> str:
        """Remove packages from a section. Errors: `not-declared`."""

    def set_requires_python(self, text: str, wanted: str) -> str:
        """Set the range of Pythons."""

    def set_cutoff(self, text: str, moment: str) -> str:
        """Resolve with what was published before a moment."""

    def same(self, one: str, other: str) -> bool:
        """Whether two texts may stand for each other when a command is taken back."""

    def written(self, data: bytes, text: str, *, context: Context) -> bytes:
        """The file's bytes with this text as its declaration."""


class _Inline:
    noun = "notebook"

    def declaration(self, text: str, *, context: Context | None = None) -> Declaration:
        return script_block.parse(text, context=context)

    def add(self, text: str, requirements: Sequence[str], place: DependencySection) -> str:
        _refuse_section(place)
        return script_block.add(text, requirements)

    def remove(self, text: str, names: Sequence[str], place: DependencySection) -> str:
        _refuse_section(place)
        return script_block.remove(text, names)

    def set_requires_python(self, text: str, wanted: str) -> str:
        return script_block.set_requires_python(text, wanted)

    def set_cutoff(self, text: str, moment: str) -> str:
        return script_block.set_uv(text, "exclude-newer", moment)

    def same(self, one: str, other: str) -> bool:
        try:
            return script_block.parse(one).digest() == script_block.parse(other).digest()
        except DepError:
            return one == other

    def written(self, data: bytes, text: str, *, context: Context) -> bytes:
        return Notebook.parse(data, context=context).with_block(text)


class _Manifest:
    """A folder's `pyproject.toml`; its parser is imported on first use, since most commands are about notebooks."""

    noun = "folder"

    def declaration(self, text: str, *, context: Context | None = None) -> Declaration:
        from jupyter_dep.model.manifest import manifest

        return manifest.declaration(manifest.parse(text, context=context), context=context)

    def add(self, text: str, requirements: Sequence[str], place: DependencySection) -> str:
        from jupyter_dep.model.manifest import edit

        return edit.add(text, requirements, group=place.group, extra=place.extra)

    def remove(self, text: str, names: Sequence[str], place: DependencySection) -> str:
        from jupyter_dep.model.manifest import edit

        return edit.remove(text, names, group=place.group, extra=place.extra)

    def set_requires_python(self, text: str, wanted: str) -> str:
        from jupyter_dep.model.manifest import edit

        return edit.set_requires_python(text, wanted)

    def set_cutoff(self, text: str, moment: str) -> str:
        from jupyter_dep.model.manifest import sources

        return sources.set_cutoff(text, moment)

    def same(self, one: str, other: str) -> bool:
        # the file holds more than the declaration: whatever else was written since must not be lost
        return one == other

    def written(self, data: bytes, text: str, *, context: Context) -> bytes:
        return text.encode()


INLINE: DeclarationFormat = _Inline()
FOLDER: DeclarationFormat = _Manifest()


def format_of(file: Path) -> DeclarationFormat:
    """The format of a declaration by the name of its file. Errors: `not-a-notebook-name`."""
    if file.suffix == ".ipynb":
        return INLINE
    if file.name == MANIFEST:
        return FOLDER
    raise UsageError(
        "not-a-notebook-name",
        f"`{file.name}` does not end in `.ipynb`",
        hint="name a notebook as the first argument, or a folder with `--project`",
        context={"file": str(file)},
    )


def decode_text(data: bytes, *, context: Context) -> str:
    """The text of a `pyproject.toml`. Errors: `not-utf-8`."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DepError(
            "not-utf-8",
            f"`{MANIFEST}` is not UTF-8 (byte {error.start})",
            hint="save it as UTF-8: TOML allows no other encoding",
            context=context,
        ) from error


def _refuse_section(place: DependencySection) -> None:
    if place != DEPENDENCIES:
        raise UsageError(
            "no-groups-in-notebook",
            "a notebook's declaration has no groups and no extras",
            hint="leave the option out, or name a folder with `--project DIR`",
        )
