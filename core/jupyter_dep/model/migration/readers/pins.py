"""Exact versions out of another tool's lock, to seed a first lock: what was tested yesterday stays what is installed."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping
from typing import Any

from packaging.utils import canonicalize_name

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.toml import loads
from jupyter_dep.model.declaration import requirement
from jupyter_dep.model.migration.builder import unreadable

_FROM_INDEX = {"registry", "legacy"}


def pins(text: str, *, origin: str) -> tuple[tuple[str, str], ...]:
    """Normalised names and versions, by name, of a `poetry.lock`, `uv.lock`, `Pipfile.lock`, pylock or pinned requirements.

    `origin` is the file's name and tells what it is. Left out are packages from repositories, folders and archives, which no
    index has, and names that are locked in several versions, since nothing tells here which is meant where. Errors:
    `unreadable-import`.
    """
    filename = origin.replace("\\", "/").rpartition("/")[2].lower()
    if filename == "pipfile.lock" or filename.endswith(".json"):
        return _keep_single(_read_pipfile(_read_json(text, origin)))
    if filename.endswith(".lock") or filename.endswith(".toml"):
        try:
            document = loads(text)
        except tomllib.TOMLDecodeError as error:
            raise unreadable(origin, "TOML", error) from error
        return _keep_single(_read_pylock(document) if "packages" in document else _read_packages(document))
    return _keep_single(_read_requirements(text))


def _read_json(text: str, origin: str) -> Mapping[str, Any]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise unreadable(origin, "JSON", error) from error
    return document if isinstance(document, dict) else {}


def _read_pipfile(document: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    for section, packages in document.items():
        if section == "_meta" or not isinstance(packages, dict):
            continue
        for name, entry in packages.items():
            version = entry.get("version") if isinstance(entry, dict) else None
            if isinstance(version, str) and version.startswith("==") and not {"git", "path", "file"} & set(entry):
                yield name, version[2:]


def _read_packages(document: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """`[[package]]` of Poetry (1 and 2: a `source` only where it is not the default index) and of uv (always a `source`)."""
    for package in _read_tables(document.get("package")):
        source = package.get("source")
        if isinstance(source, dict) and not ("registry" in source or source.get("type") in _FROM_INDEX):
            continue
        if isinstance(package.get("name"), str) and isinstance(package.get("version"), str):
            yield package["name"], package["version"]


def _read_pylock(document: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    for package in _read_tables(document.get("packages")):
        if {"vcs", "directory", "archive"} & set(package):
            continue
        if isinstance(package.get("name"), str) and isinstance(package.get("version"), str):
            yield package["name"], package["version"]


def _read_requirements(text: str) -> Iterable[tuple[str, str]]:
    for line in text.replace("\\\n", " ").splitlines():
        words = line.partition(" #")[0].partition(" --")[0].strip()
        if not words or words.startswith(("#", "-")):
            continue
        try:
            parsed = requirement.parse(words)
        except DepError:
            continue
        exact = [spec.version for spec in parsed.specifier if spec.operator == "==" and not spec.version.endswith(".*")]
        if len(exact) == 1:
            yield parsed.name, exact[0]


def _read_tables(value: object) -> list[dict[str, Any]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _keep_single(found: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    versions: dict[str, set[str]] = {}
    for name, version in found:
        versions.setdefault(str(canonicalize_name(name)), set()).add(version)
    return tuple((name, next(iter(several))) for name, several in sorted(versions.items()) if len(several) == 1)
