"""One entry of Poetry's dependency tables: a version, a table, or several of them for different Pythons."""

from __future__ import annotations

import re
from collections.abc import Mapping

from packaging.markers import InvalidMarker, Marker

from jupyter_dep.model.migration.builder import ManifestBuilder, redacted

from .constraints import python_marker, specifier

_PLACES = ("git", "path", "file", "url")
_KNOWN = {
    *("version", "extras", "markers", "python", "platform", "optional", "source", "allow-prereleases", "develop"),
    *("branch", "tag", "rev", "subdirectory", *_PLACES),
}


def requirements(builder: ManifestBuilder, name: str, value: object) -> list[str]:
    """The requirement texts of one entry; its sources go to the builder, and so does what has no form there."""
    entries = value if isinstance(value, list) else [value]
    found = []
    for entry in entries:
        if isinstance(entry, str):
            entry = {"version": entry}
        if not isinstance(entry, Mapping):
            builder.leave(f"{name} = {entry!r}", "it is neither a version nor a table")
            continue
        text = _read_requirement(builder, name, entry)
        if text is not None:
            found.append(text)
    return found


def is_optional(value: object) -> bool:
    """Whether an entry is installed with an extra only."""
    entries = value if isinstance(value, list) else [value]
    return any(isinstance(entry, Mapping) and entry.get("optional") is True for entry in entries)


def source_only(builder: ManifestBuilder, name: str, value: object) -> None:
    """What an entry adds to a requirement that stands in `[project]`: its source, and nothing else that Poetry reads."""
    entries = value if isinstance(value, list) else [value]
    for entry in entries:
        if isinstance(entry, Mapping):
            marker = _read_marker(builder, name, entry)
            _read_source(builder, name, entry, marker or "")
            _report_rest(builder, name, entry)


def _read_requirement(builder: ManifestBuilder, name: str, entry: Mapping[str, object]) -> str | None:
    marker = _read_marker(builder, name, entry)
    if marker is None:
        return None
    extras = builder.texts(entry.get("extras"), f"the extras of {name}")
    named = name + (f"[{','.join(extras)}]" if extras else "")
    _report_rest(builder, name, entry)
    if _read_source(builder, name, entry, marker) is False:
        return None
    bound = ""
    if not any(place in entry for place in _PLACES):
        converted = specifier(str(entry.get("version", "*")))
        if converted.lost:
            builder.leave(f"the bounds of {name}", converted.lost)
        bound = converted.text
    return named + bound + (f" ; {marker}" if marker else "")


def _read_marker(builder: ManifestBuilder, name: str, entry: Mapping[str, object]) -> str | None:
    """The marker of an entry, "" without one, None (and a line in `unsupported`) where there is none that says it."""
    clauses = []
    try:
        if entry.get("python"):
            clauses.append(python_marker(str(entry["python"])))
        if entry.get("platform"):
            clauses.append(_read_platform(str(entry["platform"])))
        if entry.get("markers"):
            clauses.append(str(Marker(str(entry["markers"]))))
    except (ValueError, InvalidMarker) as error:
        builder.leave(f"{name} = {_show(entry)}", f"its marker cannot be read: {' '.join(str(error).split())}")
        return None
    clauses = [clause for clause in clauses if clause]
    if any(re.search(r"\bextra\b", clause) for clause in clauses):
        builder.leave(
            f"{name} = {_show(entry)}",
            "it depends on an extra by a marker; declare it under that extra, with `conflicts` in `[tool.uv]` if two exclude "
            "each other",
        )
        return None
    if len(clauses) > 1:
        clauses = [f"({clause})" if " or " in clause else clause for clause in clauses]
    return " and ".join(clauses)


def _read_platform(text: str) -> str:
    clauses = []
    for one in re.split(r"\s*\|\|?\s*", text.strip()):
        match = re.fullmatch(r"(?P<op>==|!=|=)?\s*(?P<value>[\w.-]+)", one)
        if match is None:
            raise ValueError(f"`{text}` is not a platform")
        clauses.append(f'sys_platform {"!=" if match["op"] == "!=" else "=="} "{match["value"]}"')
    return " or ".join(clauses)


def _read_source(builder: ManifestBuilder, name: str, entry: Mapping[str, object], marker: str) -> bool | None:
    """Name where a package comes from: None where the index is, False where it was left."""
    what = f"{name} = {_show(entry)}"
    source: dict[str, object] = {}
    if "git" in entry:
        source["git"] = _fix_git_address(str(entry["git"]))
        source |= {key: str(entry[key]) for key in ("branch", "tag", "rev", "subdirectory") if entry.get(key)}
        if entry.get("develop"):
            builder.leave(f"`develop` of {name}", "a package from a repository is not installed editable; clone it for that")
    elif "path" in entry or "file" in entry:
        source["path"] = str(entry.get("path", entry.get("file")))
        if entry.get("develop") is True:
            source["editable"] = True
        if entry.get("subdirectory"):
            source["subdirectory"] = str(entry["subdirectory"])
    elif "url" in entry:
        source["url"] = str(entry["url"])
        if entry.get("subdirectory"):
            source["subdirectory"] = str(entry["subdirectory"])
    elif entry.get("source") and str(entry["source"]).lower() != "pypi":
        source["index"] = str(entry["source"])
    else:
        return None
    if marker:
        source["marker"] = marker
    return builder.source(name, source, what)


def _fix_git_address(address: str) -> str:
    """`git@host:owner/name.git`, as people copy it, is not a URL."""
    match = re.fullmatch(r"(?:(?P<user>[\w.-]+)@)?(?P<host>[\w.-]+):(?!//|\d+/)(?P<path>[^:]+)", address)
    if match is None or len(match["host"]) == 1:
        return address
    return f"ssh://{match['user'] + '@' if match['user'] else ''}{match['host']}/{match['path']}"


def _report_rest(builder: ManifestBuilder, name: str, entry: Mapping[str, object]) -> None:
    if entry.get("allow-prereleases"):
        builder.leave(
            f"`allow-prereleases` of {name}",
            "name a pre-release in its bound (`>=2.0a1`), or allow them for all with `prerelease` in `[tool.uv]`",
        )
    for key in sorted(set(entry) - _KNOWN):
        builder.leave(f"`{key}` of {name}", "no key of a declaration says this")


def _show(entry: Mapping[str, object]) -> str:
    return redacted("{" + ", ".join(f"{key} = {value!r}" for key, value in entry.items()) + "}")
