"""Coming in: what other tools' files declare, read into one value. No file is touched here, texts come from the caller."""

from __future__ import annotations

from collections.abc import Collection

from jupyter_dep.base.errors import UsageError
from jupyter_dep.model.migration.readers.conda import environment_yml
from jupyter_dep.model.migration.readers.pins import pins
from jupyter_dep.model.migration.readers.pipfile import pipfile
from jupyter_dep.model.migration.readers.poetry import is_poetry, poetry
from jupyter_dep.model.migration.readers.requirements_txt import requirements_txt
from jupyter_dep.model.migration.readers.setup_cfg import setup_cfg

from .manifest_value import Group, ImportedManifest, Read, Unsupported

__all__ = ["ADOPTED", "LOCKS", "Group", "ImportedManifest", "Read", "Unsupported", "pins", "read_manifest"]

ADOPTED = ("pyproject.toml", "Pipfile", "requirements.txt", "environment.yml", "environment.yaml", "setup.cfg")
"""File names that a folder's `init` looks for, the most telling first."""

LOCKS = ("poetry.lock", "uv.lock", "Pipfile.lock")
"""File names whose versions seed a first lock (`pins`)."""


def read_manifest(origin: str, text: str, *, read: Read, known_indexes: Collection[str] = ()) -> ImportedManifest:
    """What a file declares; its name tells which tool wrote it, `.txt` and `.in` are requirements.

    `read` gives files that it names, by their path relative to its folder. `known_indexes` are URLs that the user's settings
    ask anyway. Errors: `unknown-import`, `unreadable-import`, and what `read` raises.
    """
    filename = origin.replace("\\", "/").rpartition("/")[2].lower()
    if filename == "pyproject.toml" and is_poetry(text):
        return poetry(text, origin=origin, known_indexes=known_indexes)
    if filename == "pipfile":
        return pipfile(text, origin=origin, known_indexes=known_indexes)
    if filename.endswith((".yml", ".yaml")):
        return environment_yml(text, read=read, origin=origin, known_indexes=known_indexes)
    if filename.endswith((".txt", ".in")):
        return requirements_txt(text, read=read, origin=origin, known_indexes=known_indexes)
    if filename == "setup.cfg":
        return setup_cfg(text, origin=origin)
    raise UsageError(
        "unknown-import",
        f"nothing is known of how `{filename}` declares packages",
        hint="name a requirements file, a Pipfile, an environment.yml, a setup.cfg or a pyproject.toml with Poetry's tables",
        context={"file": origin},
    )
