"""A folder's `pyproject.toml`: text in, values out, checked key by key where a lock depends on it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import field

from packaging.requirements import Requirement
from packaging.utils import InvalidName, canonicalize_name
from packaging.version import InvalidVersion, Version

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.base.steps import Hint, step
from jupyter_dep.base.toml import loads as read_toml
from jupyter_dep.model.declaration import requirement
from jupyter_dep.model.declaration.declaration import Declaration, Settings
from jupyter_dep.model.declaration.requirement import Context
from jupyter_dep.model.declaration.tool_tables import requires_python, settings, table, texts, uv_table, wrong

from .groups import extras_of, groups_of

_CONFLICT = re.compile(r"^(?:<{7}|>{7})(?: |\r?$)", re.MULTILINE)
_OURS = re.compile(r"^[ \t]*\[[ \t]*(?:project|tool[ \t]*\.[ \t]*[\"']?jupyter-dep[\"']?)[ \t]*\]", re.MULTILINE)
UV_OWN_KEYS = frozenset(
    {"package", "managed", "default-groups", "build-backend", "cache-keys", "required-version", "publish-url", "check-url"}
    | {"trusted-publishing", "pip", "python-preference", "python-downloads", "link-mode", "compile-bytecode", "preview"}
    | {"concurrent-builds", "concurrent-downloads", "concurrent-installs", "cache-dir", "add-bounds"}
)
"""Keys of `[tool.uv]` about how uv's own commands work or build: no resolution depends on them, so they are passed over."""


@frozen_dataclass
class BuildSystem:
    """`[build-system]`: the `backend` is empty where the old default is meant."""

    requires: tuple[Requirement, ...]
    backend: str = ""
    path: tuple[str, ...] = ()


@frozen_dataclass
class Manifest:
    """One `pyproject.toml`. `name` and `version` are as written, `dynamic` the keys that the build backend tells.

    `extras` and `groups` are by normalised name, each with all that it includes; what an extra or a group asks of the project
    itself is replaced by what that means.
    """

    has_project: bool
    name: str | None = None
    version: str | None = None
    requires_python: str | None = None
    dependencies: tuple[Requirement, ...] = ()
    extras: Mapping[str, tuple[Requirement, ...]] = field(default_factory=dict)
    groups: Mapping[str, tuple[Requirement, ...]] = field(default_factory=dict)
    dynamic: frozenset[str] = frozenset()
    uv: Mapping[str, object] = field(default_factory=dict)
    settings: Settings = field(default_factory=Settings)
    build_system: BuildSystem | None = None
    package: bool = True
    """False where `[tool.uv]` says that the folder is none, whatever builds it."""


def is_project(text: str) -> bool:
    """Whether a `pyproject.toml` makes its folder a project: it has `[project]` or `[tool.jupyter-dep]`.

    One that is not TOML is judged by its lines, so that reading it reports what is wrong.
    """
    try:
        document = read_toml(text)
    except tomllib.TOMLDecodeError:
        return _OURS.search(text) is not None
    tool = document.get("tool", {})
    return "project" in document or (isinstance(tool, dict) and "jupyter-dep" in tool)


def parse(text: str, *, context: Context | None = None) -> Manifest:
    """The manifest of a text.

    Raises `DepError`; its context is `context` with `line`, `key` or `entry` (1-based) added: `bad-toml`, `unmerged`,
    `bad-value`, `bad-requires-python`, `unsupported-key`, `bad-marker`, `bad-requirement` and its kin, `bad-group-name`,
    `no-such-group`, `no-such-extra`, `group-cycle`.
    """
    return of_document(document(text, context=context), context=context)


def of_document(document: Mapping[str, object], *, context: Context | None = None) -> Manifest:
    """The manifest of a document as `document` gives it. Errors: those of `parse` that are not about the text."""
    where = context or {}
    project = table(document.get("project", {}), "project", where)
    tool = table(document.get("tool", {}), "tool", where)
    dynamic = frozenset(texts(project.get("dynamic", []), "project.dynamic", where))
    for key in sorted(dynamic & project.keys()):
        raise wrong(f"project.{key}", f"`{key}` in `[project]` or in `dynamic`, not in both", where)
    name = _read_name(project.get("name"), where)
    extras = extras_of(table(project.get("optional-dependencies", {}), "project.optional-dependencies", where), name, where)
    return Manifest(
        has_project="project" in document,
        name=name,
        version=_read_version(project.get("version"), where),
        requires_python=requires_python(project.get("requires-python"), where),
        dependencies=requirements(project.get("dependencies", []), "project.dependencies", where),
        extras=extras,
        groups=groups_of(table(document.get("dependency-groups", {}), "dependency-groups", where), name, extras, where),
        dynamic=dynamic,
        uv=uv_table(_drop_own(table(tool.get("uv", {}), "tool.uv", where)), where),
        settings=settings(table(tool.get("jupyter-dep", {}), "tool.jupyter-dep", where), where),
        build_system=_read_build_system(document.get("build-system"), where),
        package=table(tool.get("uv", {}), "tool.uv", where).get("package") is not False,
    )


def declaration(manifest: Manifest, *, context: Context | None = None) -> Declaration:
    """What a folder asks for. Errors: `dynamic-metadata` where only a build would tell."""
    for key in ("dependencies", "optional-dependencies", "requires-python"):
        if key in manifest.dynamic:
            raise dynamic(key, context or {})
    return Declaration(
        requires_python=manifest.requires_python,
        dependencies=manifest.dependencies,
        uv=manifest.uv,
        settings=manifest.settings,
        extras=manifest.extras,
        groups=manifest.groups,
    )


def dynamic(key: str, where: Context, *, source: str = "") -> DepError:
    """The error for a key that `dynamic` leaves to the build backend; `source` names the place that defines it."""
    place = f"it comes from {source}; change it there, or" if source else "to have it managed here,"
    return DepError(
        "dynamic-metadata",
        f"`{key}` is left to the build backend (`dynamic` in `[project]`)",
        hint=f"{place} take `{key}` out of `dynamic` and write it into `[project]`",
        context={**where, "key": "project.dynamic"},
    )


def requirements(value: object, key: str, where: Context) -> tuple[Requirement, ...]:
    """Parse a list of requirements under a key. Errors: `bad-value`, and those of `requirement.parse`."""
    return tuple(
        requirement.parse(text, context={**where, "key": key, "entry": number})
        for number, text in enumerate(texts(value, key, where), 1)
    )


def document(text: str, *, context: Context | None = None) -> dict[str, object]:
    """The tables of a text. Errors: `bad-toml` with `line`, `unmerged`."""
    where = context or {}
    try:
        return read_toml(text)
    except tomllib.TOMLDecodeError as error:
        if _CONFLICT.search(text):
            raise DepError(
                "unmerged",
                "`pyproject.toml` holds merge conflict markers",
                hint=Hint("keep the lines that you want, remove the markers, then run ", step("lock")),
                context=where,
            ) from error
        reason = str(error)
        place = re.search(r"\(at line (\d+), column \d+\)$", reason)
        line = int(place[1]) if place else text.count("\n") + 1
        raise DepError(
            "bad-toml",
            f"`pyproject.toml` is not TOML: {re.sub(r' *[(]at .*[)]$', '', reason).lower()}",
            hint=f"correct line {line}",
            context={**where, "line": line},
        ) from error


def _read_name(value: object, where: Context) -> str | None:
    if value is None:
        return None
    try:
        if not isinstance(value, str):
            raise InvalidName
        canonicalize_name(value, validate=True)
    except InvalidName as error:
        raise wrong("project.name", "a name of letters, digits, `-`, `_` and `.`, such as `my-project`", where) from error
    return value


def _read_version(value: object, where: Context) -> str | None:
    if value is None:
        return None
    try:
        if not isinstance(value, str):
            raise InvalidVersion
        Version(value)
    except ValueError as error:  # `InvalidVersion`, and a number of more digits than Python converts
        raise wrong("project.version", 'a version such as `"0.1.0"`', where) from error
    return value


def _drop_own(uv: Mapping[str, object]) -> dict[str, object]:
    return {key: value for key, value in uv.items() if key not in UV_OWN_KEYS}


def _read_build_system(value: object, where: Context) -> BuildSystem | None:
    if value is None:
        return None
    given = table(value, "build-system", where)
    backend = given.get("build-backend", "")
    if not isinstance(backend, str):
        raise wrong("build-system.build-backend", 'a text such as `"hatchling.build"`', where)
    return BuildSystem(
        requires=requirements(given.get("requires", []), "build-system.requires", where),
        backend=backend,
        path=tuple(texts(given.get("backend-path", []), "build-system.backend-path", where)),
    )
