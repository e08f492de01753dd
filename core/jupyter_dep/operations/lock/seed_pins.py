"""Pins for a first lock, taken from another tool's lock in the same folder."""

from __future__ import annotations

from pathlib import Path

from jupyter_dep.base.engine_port import Pin
from jupyter_dep.base.errors import DepError
from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.io.files.foreign_text import read_foreign_text
from jupyter_dep.model.declaration.declaration import Declaration
from jupyter_dep.model.migration import LOCKS
from jupyter_dep.model.migration.readers.pins import pins


@frozen_dataclass
class SeedPins:
    """Versions for a first lock: the file that they stand in, and pairs of normalised name and version."""

    origin: str
    versions: tuple[tuple[str, str], ...]

    def as_pins(self, declaration: Declaration, default_index: str) -> tuple[Pin, ...]:
        """What `LockRequest.pins` takes: each from the index that the declaration assigns its package to, else the default."""
        urls = {str(index.get("name", "")): str(index.get("url", "")) for index in declaration.indexes}
        sources = declaration.uv.get("sources", {})
        found = []
        for name, version in self.versions:
            source = sources.get(name) if isinstance(sources, dict) else None
            if source is None or (isinstance(source, dict) and source.get("index") in urls):
                index = urls[str(source["index"])] if source is not None else default_index
                found.append(Pin(name=name, version=version, index=index))
        return tuple(found)


def seed_pins(folder: Path) -> SeedPins | None:
    """Read the versions that another tool's lock in a folder pins, None if none can be read.

    For the first lock: our own `pylock.toml` decides if there is one.
    """
    for name in (*LOCKS, "pylock.toml", "requirements.txt"):
        try:
            text = read_foreign_text(folder / name)
            versions = pins(text, origin=name) if text is not None else ()
        except DepError:  # an unreadable lock must not prevent a new one
            continue
        if versions:
            return SeedPins(origin=name, versions=versions)
    return None
