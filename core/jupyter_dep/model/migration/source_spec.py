"""Requirements that name a folder, an archive or a repository, with the package's name.

The forms are those of pip's "Requirement Specifiers" and "VCS Support".
"""

from __future__ import annotations

import posixpath
import re
import tomllib
from urllib.parse import parse_qs, unquote, urlsplit

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import InvalidSdistFilename, InvalidWheelFilename, parse_sdist_filename, parse_wheel_filename

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.steps import Hint, step
from jupyter_dep.base.toml import loads

from .builder import ManifestBuilder
from .manifest_value import Read

REMOTE = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]+:)?//|file:")
_ARCHIVE = re.compile(r"\.(?:whl|zip|tar\.(?:gz|bz2|xz)|tgz)$", re.IGNORECASE)


def editable(builder: ManifestBuilder, read: Read, value: str, folder: str) -> None:
    """Declare `-e PLACE`: a folder beside the file stays editable, a repository does not."""
    if REMOTE.match(value) or re.match(r"\w+\+", value):
        builder.leave(f"`-e` of {value}", "a package from a repository is not installed editable; clone it for that")
        declared = named(builder, read, value, folder)
        if declared is not None:
            builder.require(declared, builder.dependencies)
        return
    _add_folder(builder, read, value, folder, in_place=True)


def _add_folder(builder: ManifestBuilder, read: Read, value: str, folder: str, *, in_place: bool) -> None:
    match = re.fullmatch(r"(?P<path>[^\[;]+?)(?P<extras>\[[^\]]*\])?\s*(?:;\s*(?P<marker>.*))?", value)
    if match is None:
        builder.leave(f"-e {value}" if in_place else value, "it is not a path")
        return
    place = posixpath.normpath(posixpath.join(folder, match["path"].replace("\\", "/")))
    if place == ".":
        extras = f" with its extras {match['extras']}" if match["extras"] else ""
        builder.leave(
            f"{'-e ' if in_place else ''}{value}", Hint("the project itself is installed by ", step("install"), extras)
        )
        return
    name = _find_name(read, place)
    if name is None:
        builder.leave(
            f"{'-e ' if in_place else ''}{value}", Hint("its name is unknown; add its folder: ", step("add", f"./{place}"))
        )
        return
    source: dict[str, object] = {"path": place} | ({"editable": True} if in_place else {})
    if match["marker"]:
        source["marker"] = match["marker"]
    marker = f" ; {match['marker']}" if match["marker"] else ""
    if builder.source(name, source, value):
        builder.require(f"{name}{match['extras'] or ''}{marker}", builder.dependencies)


def _find_name(read: Read, folder: str) -> str | None:
    """The name of the project in a folder beside the file, None where its files do not say it."""
    try:
        project = loads(read(posixpath.join(folder, "pyproject.toml"))).get("project")
        if isinstance(project, dict) and isinstance(project.get("name"), str):
            return str(project["name"])
    except (DepError, tomllib.TOMLDecodeError):
        pass
    try:
        match = re.search(r"^name\s*=\s*([\w.-]+)\s*$", read(posixpath.join(folder, "setup.cfg")), re.MULTILINE)
    except DepError:
        return None
    return match[1] if match else None


def named(builder: ManifestBuilder, read: Read, text: str, folder: str) -> str | None:
    """The line as a requirement with a name; None where it was left or declared otherwise."""
    try:
        Requirement(text)
    except InvalidRequirement:
        pass
    else:
        if not _ARCHIVE.search(text):
            return text
    address, _, marker = text.partition(" ;") if " ;" in text else text.partition("; ")
    address = address.strip()
    suffix = f" ; {marker.strip()}" if marker.strip() else ""
    if re.match(r"(?:\w+\+)?[A-Za-z][\w+.-]+://", address):
        return _name_of_url(builder, address, suffix)
    filename = posixpath.basename(address.replace("\\", "/"))
    if _ARCHIVE.search(filename):
        name = _name_of_file(filename)
        place = posixpath.normpath(posixpath.join(folder, address.replace("\\", "/")))
        if name is not None and builder.source(name, {"path": place}, address):
            return name + suffix
        if name is None:
            builder.leave(text, "its file name does not contain the package's name")
        return None
    if re.match(r"\.{1,2}(?:[/\\]|$)|[/~]|[A-Za-z]:\\", address) or "/" in address:
        _add_folder(builder, read, text, folder, in_place=False)
        return None
    builder.require(text, [])  # leaves it, with what was probably meant
    return None


def _name_of_url(builder: ManifestBuilder, address: str, suffix: str) -> str | None:
    """`git+https://…#egg=name`, or an archive's address, with its name before it."""
    bare, _, fragment = address.partition("#")
    values = parse_qs(fragment)
    egg = unquote(values.get("egg", [""])[0])
    name = egg or _name_of_file(unquote(posixpath.basename(urlsplit(bare).path)))
    if not name:
        builder.leave(address, "the package's name is unknown; write `NAME @ ` before it")
        return None
    kept = "&".join(f"{key}={texts[0]}" for key, texts in values.items() if key != "egg")
    if re.match(r"\d", egg.partition("-")[2]):
        name = egg.partition("-")[0]
    return f"{name} @ {bare}{'#' + kept if kept else ''}{suffix}"


def _name_of_file(filename: str) -> str | None:
    try:
        return str(parse_wheel_filename(filename)[0])
    except InvalidWheelFilename:
        pass
    try:
        return str(parse_sdist_filename(filename)[0])
    except InvalidSdistFilename:
        return None
