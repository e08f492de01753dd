"""What an author asks for, as a value: the same for a notebook's block and a folder's manifest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from .requirement import canonical


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """`[tool.jupyter-dep]` of a declaration.

    `widgets`: put ipywidgets beside the kernel. `build`: distributions that may be built from source. `platforms`:
    markers that narrow the universal lock, none for every platform.
    """

    widgets: bool = True
    build: tuple[str, ...] = ()
    platforms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """One declaration, parsed and validated; two that mean the same have the same `canonical()`.

    `uv` holds the allowed keys of `[tool.uv]`, JSON-like values, as the author wrote them.
    """

    requires_python: str | None = None
    dependencies: tuple[Requirement, ...] = ()
    uv: Mapping[str, object] = field(default_factory=dict)
    settings: Settings = field(default_factory=Settings)

    @property
    def names(self) -> tuple[str, ...]:
        """Normalised names of the declared distributions, in the author's order."""
        return tuple(canonicalize_name(requirement.name) for requirement in self.dependencies)

    @property
    def indexes(self) -> tuple[Mapping[str, object], ...]:
        """The package indexes that the declaration names, as its tables."""
        listed = self.uv.get("index", ())
        return tuple(index for index in listed if isinstance(index, Mapping)) if isinstance(listed, list | tuple) else ()

    def canonical(self) -> dict[str, object]:
        """The declaration as JSON-like values without order, spelling or spacing."""
        return {
            "requires-python": ",".join(sorted((self.requires_python or "").replace(" ", "").split(","))),
            "dependencies": sorted({canonical(requirement) for requirement in self.dependencies}),
            "uv": {key: self.uv[key] for key in sorted(self.uv)},
            "widgets": self.settings.widgets,
            "build": sorted(self.settings.build),
            "platforms": sorted(self.settings.platforms),
        }

    def digest(self) -> str:
        """sha256 of `canonical()`, hexadecimal: what a lock and a notebook are compared by."""
        text = json.dumps(self.canonical(), sort_keys=True, separators=(",", ":"), default=str)
        return hashlib.sha256(text.encode()).hexdigest()
