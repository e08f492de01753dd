"""Checks of `[project]` and `[tool.uv.sources]`: what a build backend, an index or the engine would refuse.

Source: the specification of `pyproject.toml` (PEP 621, and PEP 639 for licences). Names of newer keys are not errors.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from packaging.utils import canonicalize_name

from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.base.steps import Hint, Placeholder, step
from jupyter_dep.model.declaration.declaration import Declaration
from jupyter_dep.model.declaration.requirement import Context
from jupyter_dep.model.manifest.manifest import Manifest

from .finding import Finding, Level

_KEYS = frozenset(
    {"name", "version", "description", "readme", "requires-python", "license", "license-files", "authors", "maintainers"}
    | {"keywords", "classifiers", "urls", "scripts", "gui-scripts", "entry-points", "dependencies", "optional-dependencies"}
    | {"dynamic", "import-names", "import-namespaces"}
)
_IDENTIFIER = r"[^\W\d]\w*(?:\.[^\W\d]\w*)*"
_OBJECT = re.compile(rf"\s*{_IDENTIFIER}\s*:\s*{_IDENTIFIER}\s*(?:\[[^\]]*\]\s*)?")
_OBJECT_OR_MODULE = re.compile(rf"\s*{_IDENTIFIER}\s*(?::\s*{_IDENTIFIER}\s*)?(?:\[[^\]]*\]\s*)?")
_SOURCES = "tool.uv.sources"
_README_TYPES = (".md", ".rst", ".txt")


@frozen_dataclass
class NamedFile:
    """A file that the table names, relative to the folder; `pattern`: a glob that has to match one at least."""

    key: str
    path: str
    pattern: bool = False


def project_findings(document: Mapping[str, object], where: Context) -> Iterator[Finding]:
    """Report faults of `[project]` that do not affect a lock; `manifest_errors` reports the others."""
    table = document.get("project")
    if table is None:
        yield from _report_missing_table(document, where)
    elif isinstance(table, dict):
        found = _Table(table, where)
        yield from found.required()
        yield from found.texts()
        yield from found.readme()
        yield from found.licence()
        yield from found.people()
        yield from found.entry_points()
        yield from found.unknown(built="build-system" in document)


def named_files(document: Mapping[str, object]) -> tuple[NamedFile, ...]:
    """The files that `[project]` names: the readme and the licences."""
    table = document.get("project")
    if not isinstance(table, dict):
        return ()
    found: list[NamedFile] = []
    for key in ("readme", "license"):
        value = table.get(key)
        if isinstance(value, str) and key == "readme":
            found.append(NamedFile(key="project.readme", path=value))
        elif isinstance(value, dict) and isinstance(value.get("file"), str):
            found.append(NamedFile(key=f"project.{key}", path=value["file"]))
    listed = table.get("license-files")
    patterns = [one for one in listed if isinstance(one, str)] if isinstance(listed, list) else []
    return (*found, *(NamedFile(key="project.license-files", path=one, pattern=True) for one in patterns))


def source_findings(manifest: Manifest, where: Context) -> Iterator[Finding]:
    """Report faults in the sources of single packages."""
    parts = (manifest.dependencies, *manifest.extras.values(), *manifest.groups.values())
    declared = {str(canonicalize_name(item.name)) for part in parts for item in part}
    indexes = {str(index.get("name", "")) for index in Declaration(uv=manifest.uv).indexes}
    for name, source in _list_sources(manifest):
        place: Context = {**where, "key": _SOURCES, "package": name}
        index = source.get("index")
        if isinstance(index, str) and index not in indexes:
            shown = ", ".join(f"`{one}`" for one in sorted(indexes - {""}))
            yield Finding(
                level="error",
                code="no-such-source",
                message=f"`{name}` comes from the package index `{index}`, which `[[tool.uv.index]]` does not name",
                hint=f"there is {shown}" if shown else Hint(step("source add", index, Placeholder(name="URL")), " names it"),
                context=place,
            )
        if canonicalize_name(name) not in declared:
            yield Finding(
                level="warning",
                code="unused-source",
                message=f"`{name}` has a source, and nothing declares it",
                hint=Hint(f"take its line out of `[{_SOURCES}]`, or declare it: ", step("add", name)),
                context=place,
            )


def named_folders(manifest: Manifest) -> tuple[NamedFile, ...]:
    """The paths that sources name, as written."""
    paths = [(name, source.get("path")) for name, source in _list_sources(manifest)]
    return tuple(NamedFile(key=f"{_SOURCES}.{name}", path=path) for name, path in paths if isinstance(path, str))


def _report_missing_table(document: Mapping[str, object], where: Context) -> Iterator[Finding]:
    tool = document.get("tool", {})
    if isinstance(tool, dict) and "poetry" in tool:
        yield Finding(
            level="warning",
            code="poetry-tables",
            message="the dependencies are only in `[tool.poetry]`, which other tools do not read",
            hint=Hint(step("init"), " carries it over into `[project]`"),
            context={**where, "key": "tool.poetry"},
        )
    elif "build-system" not in document:
        yield Finding(
            level="note",
            code="no-project-table",
            message="the `[project]` table is missing: the folder has no name, version or dependencies of its own",
            hint=Hint(step("init"), " writes one"),
            context=where,
        )


class _Table:
    """Checks of one `[project]` table."""

    def __init__(self, table: Mapping[str, object], where: Context) -> None:
        self._given = table
        self._where = where
        dynamic = table.get("dynamic")
        self._dynamic = {str(key) for key in dynamic} if isinstance(dynamic, list) else set()

    def _report(self, key: str, code: str, message: str, hint: str, level: Level = "error") -> Finding:
        return Finding(level=level, code=code, message=message, hint=hint, context={**self._where, "key": f"project.{key}"})

    def _report_kind(self, key: str, expected: str) -> Finding:
        return self._report(key, "bad-value", f"`project.{key}` has a value of the wrong kind", f"write {expected}")

    def required(self) -> Iterator[Finding]:
        if "name" not in self._given:
            yield self._report("name", "no-name", "`[project]` has no name", 'write one, such as `name = "my-project"`')
        if "name" in self._dynamic:
            yield self._report("dynamic", "bad-value", "a project's name cannot be dynamic", "write `name` into `[project]`")
        if "version" not in self._given and "version" not in self._dynamic:
            hint = 'write `version = "0.1.0"`, or `dynamic = ["version"]` where the build backend sets it'
            yield self._report("version", "no-version", "`[project]` has no version", hint)

    def texts(self) -> Iterator[Finding]:
        description = self._given.get("description", "")
        if not isinstance(description, str):
            yield self._report_kind("description", "one line of text")
        elif "\n" in description.strip():
            yield self._report("description", "bad-value", "the description must be one line", "write one; the readme has room")
        for key in ("keywords", "classifiers"):
            if not _is_texts(self._given.get(key, [])):
                yield self._report_kind(key, "a list of texts")
        urls = self._given.get("urls", {})
        if not isinstance(urls, dict) or not all(isinstance(url, str) for url in urls.values()):
            yield self._report_kind("urls", 'a table such as `Documentation = "https://…"`')

    def readme(self) -> Iterator[Finding]:
        value = self._given.get("readme")
        if value is None:
            return
        if isinstance(value, str):
            if not value.lower().endswith(_README_TYPES):
                yield self._report(
                    "readme",
                    "bad-value",
                    f"cannot determine the content type of `{value}` from its name",
                    f'write `readme = {{ file = "{value}", content-type = "text/plain" }}`',
                )
        elif not isinstance(value, dict) or ("file" in value) == ("text" in value):
            yield self._report_kind("readme", "a file's name, or a table with `file` or `text`, and `content-type`")
        elif not isinstance(value.get("content-type"), str):
            yield self._report(
                "readme", "bad-value", "the readme's `content-type` is missing", 'add `content-type = "text/markdown"`'
            )

    def licence(self) -> Iterator[Finding]:
        value = self._given.get("license")
        classifiers = self._given.get("classifiers")
        if isinstance(value, str):
            try:
                canonicalize_license_expression(value)
            except InvalidLicenseExpression:
                hint = "write one such as `BSD-3-Clause` or `MIT OR Apache-2.0`; another's is `LicenseRef-Name`"
                yield self._report("license", "bad-value", f"`{value}` is not an SPDX licence expression", hint)
            if isinstance(classifiers, list) and any(str(one).startswith("License ::") for one in classifiers):
                message = "a licence expression and a `License ::` classifier exclude each other"
                yield self._report(
                    "classifiers", "bad-value", message, "remove the classifier: the license expression replaces it"
                )
        elif isinstance(value, dict):
            if ("file" in value) == ("text" in value):
                yield self._report_kind("license", "an SPDX expression such as `MIT`")
        elif value is not None:
            yield self._report_kind("license", "an SPDX expression such as `MIT`")
        listed = self._given.get("license-files", [])
        if not _is_texts(listed):
            yield self._report_kind("license-files", 'a list of file names or patterns such as `["LICEN[CS]E*"]`')

    def people(self) -> Iterator[Finding]:
        for key in ("authors", "maintainers"):
            listed = self._given.get(key, [])
            if not isinstance(listed, list) or not all(_is_person(person) for person in listed):
                yield self._report_kind(key, 'a list such as `[{ name = "Ada", email = "ada@example.org" }]`')

    def entry_points(self) -> Iterator[Finding]:
        for key in ("scripts", "gui-scripts"):
            yield from self._check_targets(key, self._given.get(key, {}), _OBJECT, "`module:function`")
        groups = self._given.get("entry-points", {})
        if not isinstance(groups, dict):
            yield self._report_kind("entry-points", "a table of tables")
            return
        for group, table in groups.items():
            if group in ("console_scripts", "gui_scripts"):
                instead = "scripts" if group == "console_scripts" else "gui-scripts"
                message = f"the group `{group}` has a table of its own"
                yield self._report("entry-points", "bad-entry-point", message, f"move it to `[project.{instead}]`")
            yield from self._check_targets(f"entry-points.{group}", table, _OBJECT_OR_MODULE, "`module:name` or `module`")

    def _check_targets(self, key: str, table: object, form: re.Pattern[str], expected: str) -> Iterator[Finding]:
        if not isinstance(table, dict):
            yield self._report_kind(key, f"a table of names with {expected}")
            return
        for name, target in table.items():
            if not isinstance(target, str) or not form.fullmatch(target):
                shown = f"`{target}`" if isinstance(target, str) else "this"
                message = f"`{name}` does not name an object: {shown} is not of the form {expected}"
                yield self._report(key, "bad-entry-point", message, f"write {expected}, such as `my_package.cli:main`")

    def unknown(self, *, built: bool) -> Iterator[Finding]:
        for key in self._given:
            if key not in _KEYS:
                near = get_close_matches(key, _KEYS, 1)
                hint = f"did you mean `{near[0]}`?" if near else "settings of one tool belong under `[tool]`"
                yield self._report(key, "unknown-key", f"`[project]` has no key `{key}`", hint, "warning")
        for key in sorted(self._dynamic - _KEYS):
            yield self._report(
                "dynamic", "unknown-key", f"`[project]` has no key `{key}`", "take it out of `dynamic`", "warning"
            )
        if self._dynamic and not built:
            message = f"{_join_names(self._dynamic)} is left to the build backend, but `[build-system]` is missing"
            yield self._report("dynamic", "no-backend", message, "name a build backend, or write the value here", "warning")


def _list_sources(manifest: Manifest) -> Iterator[tuple[str, Mapping[str, object]]]:
    table = manifest.uv.get("sources")
    for name, listed in table.items() if isinstance(table, Mapping) else ():
        for source in listed if isinstance(listed, list) else [listed]:
            if isinstance(source, Mapping):
                yield str(name), source


def _join_names(names: set[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _is_person(value: object) -> bool:
    return (
        isinstance(value, dict)
        and bool(value)
        and value.keys() <= {"name", "email"}
        and all(isinstance(one, str) for one in value.values())
    )
