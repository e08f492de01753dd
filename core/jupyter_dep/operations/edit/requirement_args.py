"""Parse the arguments of `add`: names, URLs, folders, and the index that they come from."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)

from jupyter_dep.base.errors import ConflictError, DepError, UsageError
from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.base.steps import Hint, step
from jupyter_dep.io.files import look, read_write
from jupyter_dep.io.files.manifest_paths import MANIFEST
from jupyter_dep.model.declaration import requirement as requirements
from jupyter_dep.model.declaration import script_block
from jupyter_dep.model.manifest import manifest
from jupyter_dep.model.manifest import sources as manifest_sources
from jupyter_dep.operations.project.formats import FOLDER, DependencySection
from jupyter_dep.operations.project.project import Project

_PATH = re.compile(
    r"(?:(?P<name>[A-Za-z0-9][\w.-]*)(?P<extras>\[[^\]]*\])?\s*@\s*)?(?P<path>(?:\.|~|/|[A-Za-z]:[\\/]).*)", re.ASCII
)
_ADDRESS = re.compile(r"(?:[a-z]+\+)?[a-z]+://\S+")


@frozen_dataclass
class RequestedRequirement:
    """A requirement to declare; `source` is its line under `[tool.uv.sources]`, `index` the index behind it.

    `parts` are the texts that were joined into it, if there were several.
    """

    requirement: Requirement
    source: Mapping[str, object] | None = None
    index: tuple[str, str] | None = None
    parts: tuple[str, ...] = ()


@frozen_dataclass
class SourceOptions:
    """Where requirements come from: `editable` folders that are used where they lie, or the one index `NAME=URL`.

    Paths count from `cwd`, None for the process's own folder.
    """

    editable: bool = False
    index: str | None = None
    cwd: Path | None = None


def parse_requirement_args(words: Sequence[str], project: Project, options: SourceOptions) -> tuple[RequestedRequirement, ...]:
    """Parse what was typed behind `add`.

    Errors: `bad-requirement` and its kin, `bad-source`, `unnamed-source`, `path-in-notebook`.
    """
    editable = options.editable
    if editable and options.index is not None:
        raise UsageError("bad-usage", "`--editable` is for folders, `--index` for names", hint="use one of the two")
    named = _parse_index(options.index) if options.index is not None else None
    cwd = options.cwd or look.absolute_path(Path())
    found = []
    for word in words:
        if (match := _PATH.fullmatch(word.strip())) is not None:
            found.append(_parse_path(match, project, cwd, editable=editable))
        elif editable:
            raise UsageError(
                "bad-source", f"`{word}` is not a folder", hint="`--editable` takes a path, such as `--editable ../library`"
            )
        elif _ADDRESS.fullmatch(word.strip()):
            found.append(RequestedRequirement(requirement=_parse_address(word.strip())))
        else:
            parsed = requirements.parse(word)
            source = {"index": named[0]} if named is not None else None
            found.append(RequestedRequirement(requirement=parsed, source=source, index=named))
    return _combine(found)


def _combine(found: Sequence[RequestedRequirement]) -> tuple[RequestedRequirement, ...]:
    """Join what names one package twice: each keeps the source that it was given."""
    sources = {canonicalize_name(one.requirement.name): one for one in found if one.source is not None}
    joined = []
    for one in combine([each.requirement for each in found]):
        given = sources.get(canonicalize_name(one.requirement.name))
        joined.append(
            RequestedRequirement(
                requirement=one.requirement,
                source=given.source if given else None,
                index=given.index if given else None,
                parts=tuple(map(str, one.parts)) if len(one.parts) > 1 else (),
            )
        )
    return tuple(joined)


def declare_requirements(text: str, asked: Sequence[RequestedRequirement], project: Project, place: DependencySection) -> str:
    """Add the requirements and their sources to a declaration's text, in the format of its project."""
    text = project.form.add(text, [str(one.requirement) for one in asked], place)
    for one in asked:
        if one.source is None:
            continue
        if project.form is FOLDER:
            if one.index is not None:
                text = manifest_sources.add_source(text, *one.index)
            text = manifest_sources.set_package_source(text, one.requirement.name, one.source)
        else:
            text = _write_source(text, one)
    return text


def _write_source(text: str, one: RequestedRequirement) -> str:
    declaration = script_block.parse(text)
    if one.index is not None:
        name, url = one.index
        requirements.refuse_secrets(url, context={"key": "tool.uv.index"})
        others = [dict(index) for index in declaration.indexes if index.get("name") != name]
        text = script_block.set_uv(text, "index", [*others, {"name": name, "url": url, "explicit": True}])
    sources = declaration.uv.get("sources", {})
    known = dict(sources) if isinstance(sources, Mapping) else {}
    return script_block.set_uv(text, "sources", {**known, one.requirement.name: one.source})


def _parse_index(text: str) -> tuple[str, str]:
    name, equals, url = text.partition("=")
    if not equals or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name) or not re.match(r"https?://", url):
        raise UsageError(
            "bad-source",
            f"`--index {name}{equals}…` names no package index",
            hint="write NAME=URL, such as `--index corp=https://index.example/simple/`",
        )
    return name, url


def _parse_path(match: re.Match[str], project: Project, cwd: Path, *, editable: bool) -> RequestedRequirement:
    if project.folder is None:
        raise DepError(
            "path-in-notebook",
            f"a notebook cannot depend on the local path `{match['path']}`: it does not exist on other machines",
            hint="publish it to an index or name its repository; folders with a `pyproject.toml` may hold paths",
            context=project.context,
        )
    path = look.typed_path(match["path"], cwd)
    name = match["name"] or _read_name(path)
    if editable and not look.is_folder(path):
        raise UsageError("bad-source", f"`{match['path']}` is not a folder", hint="name the folder that holds the package")
    if path == project.folder:
        raise UsageError(
            "bad-source",
            "this is the project itself",
            hint=Hint(step("install", target=project.file), " makes it importable: it needs no line of its own"),
        )
    source: dict[str, object] = {"path": look.relative_path(path, project.folder)}
    if editable:
        source["editable"] = True
    return RequestedRequirement(requirement=requirements.parse(name + (match["extras"] or "")), source=source)


def _read_name(path: Path) -> str:
    """Read the package name of a folder or file, without building it."""
    if look.is_folder(path):
        data = read_write.read_if_there(path / MANIFEST)
        name = manifest.parse(data.decode("utf-8", "replace")).name if data is not None else None
        if name:
            return name
    elif look.is_file(path) and (name := _parse_file_name(path.name)):
        return name
    else:
        raise UsageError("bad-source", f"`{path}` does not exist", hint="check the path; it counts from where you are")
    raise DepError(
        "unnamed-source",
        f"cannot determine the package name of `{path}`",
        hint=f"use `NAME @ {path}`",
        context={"file": str(path)},
    )


def _parse_address(word: str) -> Requirement:
    name = (
        _parse_file_name(word.split("#", 1)[0].split("?", 1)[0].rsplit("/", 1)[-1]) if "+" not in word.split("://")[0] else ""
    )
    if not name:
        raise DepError(
            "unnamed-source",
            f"`{word}` does not say which package it is",
            hint=f'say it: "NAME @ {word}"',
        )
    return requirements.parse(f"{name} @ {word}")


def _parse_file_name(name: str) -> str:
    try:
        return str(parse_wheel_filename(name)[0])
    except InvalidWheelFilename:
        pass
    try:
        return str(parse_sdist_filename(name)[0])
    except InvalidSdistFilename:
        return ""


@frozen_dataclass
class Combined:
    """`requirement` stands for the `parts`, in the place of the first; a single part is unchanged."""

    requirement: Requirement
    parts: tuple[Requirement, ...]


def combine(requirements: Sequence[Requirement]) -> tuple[Combined, ...]:
    """Join requirements of the same package and marker. Errors: `conflict` for bounds or addresses that exclude each other."""
    groups: dict[tuple[str, str], list[Requirement]] = {}
    for one in requirements:
        groups.setdefault((canonicalize_name(one.name), str(one.marker or "")), []).append(one)
    return tuple(Combined(requirement=_join(parts), parts=tuple(parts)) for parts in groups.values())


def _join(parts: Sequence[Requirement]) -> Requirement:
    if len(parts) == 1:
        return parts[0]
    joined = Requirement(str(parts[0]))
    addresses = {one.url for one in parts if one.url is not None}
    for one in parts[1:]:
        joined.extras |= one.extras
        joined.specifier &= one.specifier
    bounded = any(one.specifier for one in parts)
    if len(addresses) > 1 or (addresses and bounded) or joined.specifier.is_unsatisfiable():
        listed = " and ".join(f"`{one}`" for one in dict.fromkeys(map(str, parts)))
        raise ConflictError("conflict", f"{listed} exclude each other", hint="name one of them, or bounds that overlap")
    joined.url = next(iter(addresses), None)
    return joined
