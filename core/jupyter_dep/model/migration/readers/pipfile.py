"""A `Pipfile`: packages, dev-packages and other categories, its sources, and the Python that it asks for."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping

from packaging.markers import InvalidMarker, Marker

from jupyter_dep.base.steps import Hint, step
from jupyter_dep.base.toml import loads
from jupyter_dep.model.migration.builder import ManifestBuilder, redacted, unreadable
from jupyter_dep.model.migration.manifest_value import ImportedManifest, ProjectFacts

_MARKERS = (
    *("os_name", "sys_platform", "platform_machine", "platform_python_implementation", "platform_release"),
    *("platform_system", "platform_version", "python_version", "python_full_version", "implementation_name"),
    "implementation_version",
)
_TABLES = {"source", "packages", "requires", "scripts", "pipenv"}
_KNOWN = {
    *("version", "extras", "markers", "index", "git", "ref", "path", "file", "editable", "subdirectory", *_MARKERS),
}


def pipfile(text: str, *, origin: str = "Pipfile", known_indexes: Collection[str] = ()) -> ImportedManifest:
    """What a Pipfile declares; `dev-packages` becomes the group `dev`, another category the group of its name.

    The first source, if it is called `pypi`, is taken for the default that everybody's settings ask. Errors:
    `unreadable-import`.
    """
    try:
        document = loads(text)
    except tomllib.TOMLDecodeError as error:
        raise unreadable(origin, "TOML", error) from error
    builder = ManifestBuilder(origin, known_indexes)
    indexes = _read_sources(builder, document.get("source"))
    _read_packages(builder, document.get("packages"), builder.dependencies, indexes)
    for name, table in document.items():
        if name in _TABLES:
            continue
        if not isinstance(table, Mapping):
            builder.leave(f"{name} = {table!r}", "a Pipfile has no such key")
            continue
        group = "dev" if name == "dev-packages" else name
        _read_packages(builder, table, builder.groups.setdefault(group, []), indexes)
    for name in builder.table(document.get("scripts"), "[scripts]"):
        builder.leave(f"the script {name}", Hint("a shell line; run it with ", step("run"), ", or keep it in a Makefile"))
    settings = builder.table(document.get("pipenv"), "[pipenv]")
    for key in sorted(set(settings) - {"allow_prereleases"}):
        builder.leave(f"[pipenv] {key}", "it says how Pipenv itself behaves")
    return builder.build(
        ProjectFacts(
            requires_python=_read_python(builder, document.get("requires")),
            prerelease="allow" if settings.get("allow_prereleases") is True else None,
            package=False,
        )
    )


def _read_sources(builder: ManifestBuilder, listed: object) -> dict[str, str | None]:
    """Names of the Pipfile's sources to names of declared indexes; None is the user's default."""
    found: dict[str, str | None] = {}
    for position, entry in enumerate(listed if isinstance(listed, list) else []):
        source = builder.table(entry, "[[source]]")
        name, url = str(source.get("name", "")), str(source.get("url", ""))
        if position == 0 and name == "pypi":
            found[name] = None
            continue
        found[name] = builder.index(url, name=name)
        if source.get("verify_ssl") is False:
            builder.leave(f"`verify_ssl` of the source {name}", "name its certificate in `SSL_CERT_FILE` instead")
        if position == 0 and found[name] is not None:
            builder.leave(
                f"the source {name} for all packages",
                "an index that a project names is asked only for the packages that are assigned to it; make it the default of "
                "your own index configuration",
            )
    return found


def _read_packages(builder: ManifestBuilder, table: object, into: list[str], indexes: Mapping[str, str | None]) -> None:
    for name, value in builder.table(table, "[packages]").items():
        entry = {"version": value} if isinstance(value, str) else value
        if not isinstance(entry, Mapping):
            builder.leave(f"{name} = {value!r}", "it is neither a version nor a table")
            continue
        text = _read_requirement(builder, name, entry, indexes)
        if text is not None:
            builder.require(text, into)


def _read_requirement(
    builder: ManifestBuilder, name: str, entry: Mapping[str, object], indexes: Mapping[str, str | None]
) -> str | None:
    what = redacted(f"{name} = {dict(entry)!r}")
    try:
        marker = _read_marker(entry)
    except InvalidMarker:
        builder.leave(what, "its marker cannot be read")
        return None
    for key in sorted(set(entry) - _KNOWN):
        builder.leave(f"`{key}` of {name}", "no key of a declaration says this")
    extras = builder.texts(entry.get("extras"), f"the extras of {name}")
    named = name + (f"[{','.join(extras)}]" if extras else "")
    source = _read_source(entry, indexes)
    if source:
        if marker:
            source["marker"] = marker
        if not builder.source(name, source, what):
            return None
    version = str(entry.get("version", "*")).strip()
    bound = "" if version == "*" or {"git", "path", "file"} & set(entry) else version
    if bound[:1].isdigit():
        bound = f"=={bound}"
    return named + bound + (f" ; {marker}" if marker else "")


def _read_source(entry: Mapping[str, object], indexes: Mapping[str, str | None]) -> dict[str, object]:
    source: dict[str, object] = {}
    if "git" in entry:
        source["git"] = str(entry["git"])
        if entry.get("ref"):
            source["rev"] = str(entry["ref"])
    elif "path" in entry or "file" in entry:
        place = str(entry.get("path", entry.get("file")))
        source["url" if "://" in place else "path"] = place
        if entry.get("editable") is True and "://" not in place:
            source["editable"] = True
    elif entry.get("index"):
        index = indexes.get(str(entry["index"]))
        return {"index": index} if index else {}
    if source and entry.get("subdirectory"):
        source["subdirectory"] = str(entry["subdirectory"])
    return source


def _read_marker(entry: Mapping[str, object]) -> str:
    clauses = [f"{key} {entry[key]}" for key in _MARKERS if entry.get(key)]
    if entry.get("markers"):
        clauses.append(str(entry["markers"]))
    markers = [str(Marker(clause)) for clause in clauses]
    if len(markers) > 1:
        markers = [f"({marker})" if " or " in marker else marker for marker in markers]
    return " and ".join(markers)


def _read_python(builder: ManifestBuilder, value: object) -> str | None:
    requires = builder.table(value, "[requires]")
    for key in sorted(set(requires) - {"python_version", "python_full_version"}):
        builder.leave(f"[requires] {key}", "a declaration asks for a Python and nothing else")
    if requires.get("python_full_version"):
        return f"=={requires['python_full_version']}"
    version = str(requires.get("python_version", ""))
    if not version or version == "*":
        return None
    return f"=={version}.*" if version[0].isdigit() else version
