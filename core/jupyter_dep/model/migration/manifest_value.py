"""What a project brings from another tool's files, as a value; what cannot be carried over is listed, never dropped."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field

from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.base.steps import Text

Read = Callable[[str], str]
"""The text of a file beside the imported one, by its relative path with `/`; raises `DepError` where there is none."""


@frozen_dataclass
class Unsupported:
    """One thing that was not carried over: what stood there (without secrets), and why or what to do about it."""

    what: str
    why: Text


@frozen_dataclass
class Group:
    """A dependency group: requirement texts, names of groups that it includes, whether it is installed only on request."""

    requirements: tuple[str, ...] = ()
    includes: tuple[str, ...] = ()
    optional: bool = False


@frozen_dataclass
class ProjectFacts:
    """What a file says of the project itself; the fields are those of `ImportedManifest`."""

    name: str | None = None
    version: str | None = None
    description: str | None = None
    requires_python: str | None = None
    metadata: Mapping[str, object] = field(default_factory=dict)
    prerelease: str | None = None
    package: bool | None = None


@frozen_dataclass
class ImportedManifest:
    """A declaration out of another tool's file; requirements are valid texts of PEP 508, in the file's order.

    `metadata` holds further keys of `[project]` in its own form (`authors`, `license`, `scripts` …). `sources` and
    `indexes` have the form of `[tool.uv]`. `pins` are exact versions that the file names, for a first lock. `proposed` are
    requirements that probably replace what is in `unsupported` (conda's names): they need a yes. `package` is None where
    the file does not say whether the project is one.
    """

    origin: str
    name: str | None = None
    version: str | None = None
    description: str | None = None
    requires_python: str | None = None
    dependencies: tuple[str, ...] = ()
    extras: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    groups: Mapping[str, Group] = field(default_factory=dict)
    sources: Mapping[str, tuple[Mapping[str, object], ...]] = field(default_factory=dict)
    indexes: tuple[Mapping[str, object], ...] = ()
    constraints: tuple[str, ...] = ()
    prerelease: str | None = None
    metadata: Mapping[str, object] = field(default_factory=dict)
    package: bool | None = None
    pins: tuple[tuple[str, str], ...] = ()
    proposed: tuple[str, ...] = ()
    unsupported: tuple[Unsupported, ...] = ()

    def tables(self) -> dict[str, object]:
        """The tables of a `pyproject.toml` that say the same: `project`, `dependency-groups`, `tool.uv`."""
        project: dict[str, object] = {
            key: value
            for key, value in {
                "name": self.name,
                "version": self.version,
                "description": self.description,
                "requires-python": self.requires_python,
            }.items()
            if value is not None
        }
        project["dependencies"] = list(self.dependencies)
        if self.extras:
            project["optional-dependencies"] = {name: list(texts) for name, texts in self.extras.items()}
        tables: dict[str, object] = {"project": {**project, **self.metadata}}
        if self.groups:
            tables["dependency-groups"] = {
                name: [*({"include-group": other} for other in group.includes), *group.requirements]
                for name, group in self.groups.items()
            }
        uv: dict[str, object] = {}
        if self.constraints:
            uv["constraint-dependencies"] = list(self.constraints)
        if self.prerelease:
            uv["prerelease"] = self.prerelease
        if self.sources:
            uv["sources"] = {
                name: dict(listed[0]) if len(listed) == 1 else [dict(source) for source in listed]
                for name, listed in self.sources.items()
            }
        if self.indexes:
            uv["index"] = [dict(index) for index in self.indexes]
        if uv:
            tables["tool"] = {"uv": uv}
        return tables
