"""Merge what other tools' files declare into a folder's `pyproject.toml`.

What is declared there stays, and what could not be carried over is listed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field, replace
from functools import partial
from typing import Any

from packaging.utils import canonicalize_name

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.base.steps import Hint, Text
from jupyter_dep.base.toml import loads
from jupyter_dep.model.declaration import requirement
from jupyter_dep.model.manifest import edit as manifest_edit
from jupyter_dep.model.manifest import manifest, templates
from jupyter_dep.model.manifest.document import edit_document, spelling, table
from jupyter_dep.model.manifest.manifest import Manifest

from . import ImportedManifest, Unsupported
from .merge_log import Imported, MergeLog, in_tool_uv

_BY_US = ("dependencies", "optional-dependencies", "requires-python")
"""What a lock is made from: it has to stand in the file, and cannot be left to a build backend."""
_SINGLE_KEYS = ("name", "version", "description", "requires-python")


@frozen_dataclass
class Merged:
    """The new text; `assumed` are the keys of `[project]` that no file gives, with the value that was taken."""

    text: str
    taken: tuple[Imported, ...] = ()
    unsupported: tuple[tuple[str, Unsupported], ...] = ()
    assumed: Mapping[str, str] = field(default_factory=dict)


def merge(
    text: str,
    found: Sequence[ImportedManifest],
    *,
    given: Mapping[str, str] | None = None,
    defaults: Mapping[str, str] | None = None,
) -> Merged:
    """The manifest with what the files declare, those named first before the others, and what is declared there before all.

    An empty text gets a `[project]` table, one with such a table is completed. `given` are keys of `[project]` that the user's
    command says, `defaults` those that nothing else gives. Errors: those of `manifest.parse` for the text.
    """
    before = manifest.parse(text)
    raw = loads(text)
    project: Mapping[str, Any] = raw.get("project", {})
    builder = _Merge([MergeLog(one) for one in found])
    values = builder.project_values(project, given or {}, before.dynamic)
    for log in builder.logs:  # a version that only the build backend knows
        if log.imported.package and log.imported.version is None and {"version", "dynamic"}.isdisjoint(project):
            values.setdefault("dynamic", ["version"])
    untold = {"version"} if "version" in before.dynamic or "dynamic" in values else set()
    assumed = {key: value for key, value in (defaults or {}).items() if key not in {*project, *values, *untold}}
    values |= assumed
    result = builder.with_project(text, project, values)
    if "build-system" not in raw and any(one.imported.package for one in builder.logs):
        result = _join(result, templates.build_system(templates.SETUPTOOLS))
    for log in builder.logs:
        result = builder.with_requirements(result, log)
    for log in builder.logs:
        result = builder.with_rest(result, log, has_build="build-system" in raw)
    return Merged(text=result, taken=builder.taken(), unsupported=tuple(builder.unsupported), assumed=assumed)


def unknown(texts: Iterable[str], declared: Iterable[str]) -> tuple[list[str], list[tuple[str, str]]]:
    """Of a file's requirements those of names that are not declared, and the others that differ, each with what is declared."""
    known: dict[str, list[str]] = {}
    for text in declared:
        known.setdefault(str(canonicalize_name(requirement.parse(text).name)), []).append(text)
    fresh: list[str] = []
    differing: list[tuple[str, str]] = []
    for text in texts:
        parsed = requirement.parse(text)
        there = known.get(str(canonicalize_name(parsed.name)))
        if there is None:
            fresh.append(text)
        elif requirement.canonical(parsed) not in [requirement.canonical(requirement.parse(one)) for one in there]:
            differing.append((text, there[0]))
    return fresh, differing


class _Merge:
    def __init__(self, logs: Sequence[MergeLog]) -> None:
        self.logs = logs
        self.unsupported: list[tuple[str, Unsupported]] = [
            (one.imported.origin, item) for one in logs for item in one.imported.unsupported
        ]

    def taken(self) -> tuple[Imported, ...]:
        empty = Imported(origin="")
        return tuple(one for one in (each.taken() for each in self.logs) if replace(one, origin="") != empty)

    def leave(self, origin: str, what: str, why: Text) -> None:
        self.unsupported.append((origin, Unsupported(what=what, why=why)))

    def project_values(
        self, project: Mapping[str, Any], given: Mapping[str, str], dynamic: frozenset[str]
    ) -> dict[str, object]:
        """The keys of `[project]` that are still to be written, by the first who tells each."""
        values: dict[str, object] = {}
        for key, text in given.items():
            if key not in project:
                values[key] = text
            elif project[key] != text:
                self.leave("the command", f"{key} `{text}`", f"`[project]` says `{project[key]}` already")
        for log in self.logs:
            imported = log.imported
            given = {key: getattr(imported, key.replace("-", "_")) for key in _SINGLE_KEYS}
            for key, value in {**given, **imported.metadata}.items():
                if not value or (key in dynamic and key not in _BY_US):
                    continue
                present = project.get(key, values.get(key))
                if present is None:
                    values[key] = value
                    log.keys.append(key)
                elif present != value:
                    what = f"{key} `{value}`" if isinstance(value, str) else f"`{key}`"
                    self.leave(
                        imported.origin, what, f"it is `{present}` already" if key in _SINGLE_KEYS else "it has a value already"
                    )
        return values

    def with_project(self, text: str, project: Mapping[str, Any], values: Mapping[str, object]) -> str:
        """The text with these keys in `[project]`, which is appended where there is none."""
        if not project:
            complete = {"dependencies": [], **values}
            return _join(_drop_empty_project(text), templates.project_table(complete))
        needed = {
            "dependencies": any(one.imported.dependencies for one in self.logs),
            "optional-dependencies": any(one.imported.extras for one in self.logs),
            "requires-python": "requires-python" in values,
        }

        def edit(document: Any, _: Manifest) -> None:
            listed = document["project"].get("dynamic", [])
            for key in [key for key in listed if needed.get(key)]:
                listed.remove(key)
            if "dynamic" in document["project"] and not listed:
                del document["project"]["dynamic"]
            templates.fill(document["project"], values)

        return edit_document(text, edit) if values or any(needed.values()) else text

    def with_requirements(self, text: str, log: MergeLog) -> str:
        """The text with a file's requirements in their parts; a part that cannot be written is left."""
        imported = log.imported
        parts: list[tuple[str, str, Sequence[str]]] = [("", "", imported.dependencies)]
        parts += [("extra", name, texts) for name, texts in imported.extras.items()]
        parts += [("group", name, group.requirements) for name, group in imported.groups.items()]
        for kind, name, texts in parts:
            fresh, differing = unknown(texts, _declared(text, kind, name))
            for one, there in differing:
                self.leave(imported.origin, one, f"`{there}` is declared already{f' in the {kind} {name}' if kind else ''}")
            group, extra = (name if kind == "group" else None), (name if kind == "extra" else None)
            add = partial(manifest_edit.add, requirements=fresh, group=group, extra=extra)
            done = self._try_edit(text, add, imported.origin, f"the {kind} {name}" if kind else "the dependencies")
            if done != text:
                log.parts[kind, name] = tuple(fresh)
            text = done
        return text

    def with_rest(self, text: str, log: MergeLog, *, has_build: bool) -> str:
        """The text with what groups include, and with what goes into `[tool.uv]`."""
        imported = log.imported
        for name, group in imported.groups.items():
            for other in group.includes:
                including = partial(edit_document, edit=_including(name, other))
                text = self._try_edit(text, including, imported.origin, f"the group {other} in the group {name}")
        no_package = imported.package is False and has_build and imported.origin.endswith("pyproject.toml")
        steps: list[tuple[object, str, Callable[[Any], object]]] = [
            (no_package, "`package`", lambda uv: uv.setdefault("package", False)),
            (imported.prerelease, "`prerelease`", lambda uv: uv.setdefault("prerelease", imported.prerelease)),
            (imported.constraints, "the constraints", log.constrain),
            (imported.indexes, "the package indexes", partial(log.index, self.leave)),
            (imported.sources, "the sources", partial(log.source, self.leave)),
        ]
        for wanted, what, step in steps:
            if wanted:
                text = self._try_edit(text, partial(edit_document, edit=in_tool_uv(step)), imported.origin, what)
        return text

    def _try_edit(self, text: str, edit: Callable[[str], str], origin: str, what: str) -> str:
        """The text after an edit; as it was where that would not be a valid manifest, which is then reported."""
        try:
            return edit(text)
        except DepError as error:
            self.leave(origin, what, Hint(error.message, "; ", error.hint))
            return text


def _declared(text: str, kind: str, name: str) -> list[str]:
    """The requirement texts of one part, as they stand there."""
    raw = loads(text)
    if kind == "":
        listed = raw.get("project", {}).get("dependencies", [])
    else:
        parts = raw.get("dependency-groups", {}) if kind == "group" else raw.get("project", {}).get("optional-dependencies", {})
        listed = parts.get(spelling(parts, name) or name, [])
    return [text for text in listed if isinstance(text, str)]


def _including(name: str, other: str) -> Callable[[Any, Manifest], None]:
    def edit(document: Any, _: Manifest) -> None:
        groups = table(document, ("dependency-groups",))
        spelled = spelling(groups, name) or name
        listed = groups.get(spelled, [])
        if any(isinstance(one, Mapping) and one.get("include-group") == other for one in listed):
            return
        groups[spelled] = templates.listed([{"include-group": other}, *listed])

    return edit


def _drop_empty_project(text: str) -> str:
    """The text without a `[project]` table that says nothing, so that another can be appended."""
    if "project" not in loads(text):
        return text

    def edit(document: Any, _: Manifest) -> None:
        del document["project"]

    return edit_document(text, edit)


def _join(text: str, more: str) -> str:
    """The text with another table behind it, in its own line ends."""
    if not text.strip():
        return more
    ending = "\r\n" if "\r\n" in text else "\n"
    return text + ("" if text.endswith("\n") else ending) + ending + more.replace("\n", ending)
