"""A declaration as a value: the same for a notebook's block and a folder's manifest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import field

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from jupyter_dep.base.fast_dataclass import frozen_dataclass

from .requirement import canonical


@frozen_dataclass
class Settings:
    """`[tool.jupyter-dep]` of a declaration.

    `widgets`: put ipywidgets beside the kernel. `build`: distributions that may be built from source. `platforms`:
    markers that narrow the universal lock, none for every platform.
    """

    widgets: bool = True
    build: tuple[str, ...] = ()
    platforms: tuple[str, ...] = ()


@frozen_dataclass
class Declaration:
    """One declaration, parsed and validated; two that mean the same have the same `canonical()`.

    `uv` holds the allowed keys of `[tool.uv]`, JSON-like values, as the author wrote them. `extras` and `groups` are a
    folder's, by normalised name, each with all that it includes; a notebook has none.
    """

    requires_python: str | None = None
    dependencies: tuple[Requirement, ...] = ()
    uv: Mapping[str, object] = field(default_factory=dict)
    settings: Settings = field(default_factory=Settings)
    extras: Mapping[str, tuple[Requirement, ...]] = field(default_factory=dict)
    groups: Mapping[str, tuple[Requirement, ...]] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """Normalised names of the distributions that are always installed, in the author's order."""
        return tuple(canonicalize_name(requirement.name) for requirement in self.dependencies)

    @property
    def every_requirement(self) -> tuple[Requirement, ...]:
        """All that is asked for: the dependencies, then those of each extra and each group."""
        parts = (*self.extras.values(), *self.groups.values())
        return (*self.dependencies, *(requirement for part in parts for requirement in part))

    @property
    def placed(self) -> tuple[tuple[str, str, str], ...]:
        """Each requirement as its normalised name, its text, and the extra or group that it stands in."""
        parts = [("", self.dependencies), *(("extra " + name, found) for name, found in self.extras.items())]
        parts += [("group " + name, found) for name, found in self.groups.items()]
        return tuple((canonicalize_name(one.name), str(one), where) for where, found in parts for one in found)

    @property
    def places(self) -> dict[str, str]:
        """Where each normalised name is declared first, in words: `declared`, `group dev`, `extra plot`."""
        found: dict[str, str] = dict.fromkeys(map(str, self.names), "declared")
        for kind, parts in (("group", self.groups), ("extra", self.extras)):
            for part, listed in parts.items():
                for requirement in listed:
                    found.setdefault(str(canonicalize_name(requirement.name)), f"{kind} {part}")
        return found

    @property
    def indexes(self) -> tuple[Mapping[str, object], ...]:
        """The package indexes that the declaration names, as its tables."""
        listed = self.uv.get("index", ())
        return tuple(index for index in listed if isinstance(index, Mapping)) if isinstance(listed, list | tuple) else ()

    def canonical(self) -> dict[str, object]:
        """The declaration as JSON-like values without order, spelling or spacing."""
        found: dict[str, object] = {
            "requires-python": ",".join(sorted((self.requires_python or "").replace(" ", "").split(","))),
            "dependencies": _canonicalize(self.dependencies),
            "uv": {key: self.uv[key] for key in sorted(self.uv)},
            "widgets": self.settings.widgets,
            "build": sorted(self.settings.build),
            "platforms": sorted(self.settings.platforms),
        }
        for key, parts in (("extras", self.extras), ("groups", self.groups)):
            if parts:  # a lock that was made before there were any still answers
                found[key] = {name: _canonicalize(parts[name]) for name in sorted(parts)}
        return found

    def digest(self) -> str:
        """sha256 of `canonical()`, hexadecimal: what a lock and a notebook are compared by."""
        text = json.dumps(self.canonical(), sort_keys=True, separators=(",", ":"), default=str)
        return hashlib.sha256(text.encode()).hexdigest()


def _canonicalize(requirements: Iterable[Requirement]) -> list[str]:
    return sorted({canonical(requirement) for requirement in requirements})
