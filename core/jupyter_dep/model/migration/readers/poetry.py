"""Poetry's project files: `[tool.poetry]` alone (Poetry 1), or beside `[project]` and `[dependency-groups]` (Poetry 2)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Mapping

from packaging.utils import canonicalize_name

from jupyter_dep.base.toml import loads
from jupyter_dep.model.declaration import requirement
from jupyter_dep.model.migration.builder import ManifestBuilder, license_text, unreadable
from jupyter_dep.model.migration.manifest_value import ImportedManifest, ProjectFacts

from . import poetry_entry
from .constraints import specifier

_URLS = {"homepage": "Homepage", "repository": "Repository", "documentation": "Documentation"}
_CARRIED = {
    *("name", "version", "description", "license", "authors", "maintainers", "readme", "keywords", "classifiers", "urls"),
    *("scripts", "plugins", "dependencies", "dev-dependencies", "group", "extras", "source", "package-mode", *_URLS),
}
_FOR_BACKEND = {"packages", "include", "exclude", "build"}
_OWN = {"requires-poetry", "requires-plugins", "build-constraints", "installer"}
_PROJECT = ("authors", "maintainers", "license", "license-files", "readme", "keywords", "classifiers", "urls", "scripts")


def is_poetry(text: str) -> bool:
    """Whether a `pyproject.toml` has Poetry's tables."""
    try:
        tool = loads(text).get("tool")
    except tomllib.TOMLDecodeError:
        return False
    return isinstance(tool, Mapping) and isinstance(tool.get("poetry"), Mapping)


def poetry(text: str, *, origin: str = "pyproject.toml", known_indexes: Collection[str] = ()) -> ImportedManifest:
    """What a `pyproject.toml` with Poetry's tables declares.

    `[project]` wins over `[tool.poetry]` as it does for Poetry: its requirements only take their sources from there, unless
    it calls them dynamic. Errors: `unreadable-import`.
    """
    try:
        document = loads(text)
    except tomllib.TOMLDecodeError as error:
        raise unreadable(origin, "TOML", error) from error
    builder = ManifestBuilder(origin, known_indexes)
    project = builder.table(document.get("project"), "[project]")
    table = builder.table(builder.table(document.get("tool"), "[tool]").get("poetry"), "[tool.poetry]")
    _read_sources(builder, table.get("source"))
    requires_python = _read_dependencies(builder, project, table)
    _read_groups(builder, builder.table(document.get("dependency-groups"), "[dependency-groups]"), table)
    _report_unknown(builder, table)
    mode = table.get("package-mode")
    return builder.build(
        ProjectFacts(
            name=_read_text(project, table, "name"),
            version=_read_text(project, table, "version"),
            description=_read_text(project, table, "description"),
            requires_python=requires_python,
            metadata=_read_metadata(builder, project, table),
            package=False if mode is False else True if "build-system" in document else None,
        )
    )


def _read_text(project: Mapping[str, object], table: Mapping[str, object], key: str) -> str | None:
    value = project.get(key, table.get(key))
    return value if isinstance(value, str) and value else None


def _read_sources(builder: ManifestBuilder, listed: object) -> None:
    for entry in listed if isinstance(listed, list) else []:
        source = builder.table(entry, "[[tool.poetry.source]]")
        name, url = str(source.get("name", "")), source.get("url")
        priority = str(source.get("priority", "default" if source.get("default") else "primary"))
        if not isinstance(url, str):
            if name.lower() != "pypi" or priority == "explicit":
                builder.leave(f"the source {name}", f"its priority `{priority}` has no meaning without an address of its own")
            continue
        chosen = builder.index(url, name=name)
        if chosen is None or priority == "explicit":
            continue
        builder.leave(
            f"the priority `{priority}` of the source {name}",
            "an index that a project names is asked only for the packages that are assigned to it under `[tool.uv.sources]`; "
            "what everybody here should ask first belongs in your own index configuration",
        )


def _read_dependencies(builder: ManifestBuilder, project: Mapping[str, object], table: Mapping[str, object]) -> str | None:
    """Fill dependencies and extras; the Python range."""
    listed = builder.table(table.get("dependencies"), "[tool.poetry.dependencies]")
    extras = builder.table(table.get("extras"), "[tool.poetry.extras]")
    dynamic = builder.texts(project.get("dynamic"), "[project] dynamic")
    static = "dependencies" in project or bool(project.get("optional-dependencies"))
    mixed = static and bool({"dependencies", "optional-dependencies"} & set(dynamic))
    if static:
        _read_standard_dependencies(builder, project)
    declared = _normalize_names([*builder.dependencies, *(text for texts in builder.extras.values() for text in texts)])
    wanted = _read_extras(builder, extras) if not static or mixed else {}
    for name, value in listed.items():
        if name.lower() == "python":
            continue
        if canonicalize_name(name) in declared:
            poetry_entry.source_only(builder, name, value)
        elif static and not mixed:
            builder.leave(f"{name} in [tool.poetry.dependencies]", "Poetry passes over it: `[project]` does not list it")
        else:
            _add_requirement(builder, name, value, wanted.pop(canonicalize_name(name), []))
    for name, missing in wanted.items():
        builder.leave(f"{name} in the extra {', '.join(missing)}", "it is not among the dependencies, so Poetry ignores it")
    return _read_python(builder, project, listed)


def _read_extras(builder: ManifestBuilder, extras: Mapping[str, object]) -> dict[str, list[str]]:
    """For each name the extras that list it; the extras are there, even if empty."""
    found: dict[str, list[str]] = {}
    for extra, names in extras.items():
        for name in builder.texts(names, f"the extra {extra}"):
            found.setdefault(_strip_extras(name), []).append(extra)
        builder.extras.setdefault(extra, [])
    return found


def _read_standard_dependencies(builder: ManifestBuilder, project: Mapping[str, object]) -> None:
    """What `[project]` declares, as newer versions of Poetry read it."""
    for text in builder.texts(project.get("dependencies"), "[project] dependencies"):
        builder.require(text, builder.dependencies)
    optional = builder.table(project.get("optional-dependencies"), "[project.optional-dependencies]")
    for extra, texts in optional.items():
        into = builder.extras.setdefault(extra, [])
        for text in builder.texts(texts, f"the extra {extra}"):
            builder.require(text, into)


def _add_requirement(builder: ManifestBuilder, name: str, value: object, extras: list[str]) -> None:
    optional = poetry_entry.is_optional(value)
    if optional and not extras:
        builder.leave(f"the optional {name}", "no extra names it, so Poetry never installs it")
        return
    for text in poetry_entry.requirements(builder, name, value):
        if not optional:
            builder.require(text, builder.dependencies)
        for extra in extras:
            builder.require(text, builder.extras[extra])


def _read_python(builder: ManifestBuilder, project: Mapping[str, object], listed: Mapping[str, object]) -> str | None:
    given = next((value for key, value in listed.items() if key.lower() == "python"), None)
    bound = specifier(given, python=True) if isinstance(given, str) else None
    if bound is not None and bound.lost:
        builder.leave("the Python range", bound.lost)
    declared = project.get("requires-python")
    if isinstance(declared, str):
        if bound is not None and bound.text and bound.text.replace(" ", "") != declared.replace(" ", ""):
            builder.leave(
                f'python = "{given}" in [tool.poetry.dependencies]',
                f"`requires-python` says `{declared}`; narrow that one, or set `environments` in `[tool.uv]`",
            )
        return declared
    return bound.text or None if bound is not None else None


def _read_groups(builder: ManifestBuilder, standard: Mapping[str, object], table: Mapping[str, object]) -> None:
    for name, entries in standard.items():
        into = builder.groups.setdefault(name, [])
        for entry in entries if isinstance(entries, list) else [entries]:
            if isinstance(entry, str):
                builder.require(entry, into)
            elif isinstance(entry, Mapping) and isinstance(entry.get("include-group"), str):
                builder.includes.setdefault(name, []).append(entry["include-group"])
            else:
                builder.leave(f"{entry!r} in the group {name}", "it is neither a requirement nor `include-group`")
    same = {canonicalize_name(name): name for name in builder.groups}
    groups = dict(builder.table(table.get("group"), "[tool.poetry.group]"))
    for name, value in groups.items():
        group = builder.table(value, f"[tool.poetry.group.{name}]")
        _read_group(builder, same.get(canonicalize_name(name), name), group, group.get("dependencies"))
    if "dev-dependencies" in table:
        _read_group(builder, same.get(canonicalize_name("dev"), "dev"), {}, table["dev-dependencies"])


def _read_group(builder: ManifestBuilder, name: str, group: Mapping[str, object], dependencies: object) -> None:
    into = builder.groups.setdefault(name, [])
    declared = _normalize_names(into)
    for package, value in builder.table(dependencies, f"the group {name}").items():
        if package.lower() == "python":
            builder.leave(f"python in the group {name}", "a group has no Python range of its own")
        elif canonicalize_name(package) in declared:
            poetry_entry.source_only(builder, package, value)
        else:
            for text in poetry_entry.requirements(builder, package, value):
                builder.require(text, into)
    for other in builder.texts(group.get("include-groups"), f"include-groups of {name}"):
        builder.includes.setdefault(name, []).append(other)
    if group.get("optional") is True:
        builder.optional.add(name)
    for key in sorted(set(group) - {"dependencies", "optional", "include-groups"}):
        builder.leave(f"`{key}` of the group {name}", "no key of a group says this")


def _read_metadata(builder: ManifestBuilder, project: Mapping[str, object], table: Mapping[str, object]) -> dict[str, object]:
    found: dict[str, object] = {}
    for key in ("authors", "maintainers"):
        found[key] = [_read_person(text) for text in builder.texts(table.get(key), key)]
    given = table.get("license")
    found["license"] = license_text(builder, given if isinstance(given, str) else None) if "license" not in project else None
    readmes = builder.texts(table.get("readme"), "readme")
    found["readme"] = readmes[0] if readmes else None
    for further in readmes[1:]:
        builder.leave(f"the readme {further}", "`[project]` names one readme")
    for key in ("keywords", "classifiers"):
        found[key] = builder.texts(table.get(key), key)
    urls = {label: table[key] for key, label in _URLS.items() if isinstance(table.get(key), str)}
    found["urls"] = {**urls, **builder.table(table.get("urls"), "[tool.poetry.urls]")}
    found["scripts"] = _read_scripts(builder, builder.table(table.get("scripts"), "[tool.poetry.scripts]"))
    found["entry-points"] = dict(builder.table(table.get("plugins"), "[tool.poetry.plugins]"))
    for key in (*_PROJECT, "gui-scripts", "entry-points"):
        if key in project:
            found[key] = project[key]
    return found


def _read_scripts(builder: ManifestBuilder, listed: Mapping[str, object]) -> dict[str, str]:
    found = {}
    for name, value in listed.items():
        if isinstance(value, str):
            found[name] = value
            continue
        script = builder.table(value, f"the script {name}")
        reference = script.get("reference", script.get("callable"))
        if isinstance(reference, str) and script.get("type", "console") == "console":
            found[name] = reference
        else:
            builder.leave(f"the script {name}", "only scripts that call a function are carried over, not files")
        if script.get("extras"):
            builder.leave(f"the extras of the script {name}", "a script is installed with or without its extras")
    return found


def _read_person(text: str) -> dict[str, str]:
    match = re.fullmatch(r"\s*(?P<name>[^<>]*?)\s*(?:<(?P<email>[^<>]+)>)?\s*", text)
    if match is None:
        return {"name": text.strip()}
    return {key: value for key, value in match.groupdict().items() if value}


def _report_unknown(builder: ManifestBuilder, table: Mapping[str, object]) -> None:
    for key in sorted(_FOR_BACKEND & set(table)):
        builder.leave(f"[tool.poetry] {key}", "what goes into the package is the build backend's; poetry-core still reads it")
    for key in sorted(set(table) - _CARRIED - _FOR_BACKEND):
        builder.leave(f"[tool.poetry] {key}", "it says how Poetry itself behaves" if key in _OWN else "it has no counterpart")


def _strip_extras(text: str) -> str:
    return str(canonicalize_name(re.split(r"[\s\[<>=!~;@(]", text.strip(), maxsplit=1)[0]))


def _normalize_names(texts: list[str]) -> set[str]:
    return {str(canonicalize_name(requirement.parse(text).name)) for text in texts}
