"""Other tools' files beside a project, only read: which are there and what they declare."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path

from packaging.utils import canonicalize_name

from jupyter_dep.base.errors import DepError, UsageError
from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.base.steps import Hint, step
from jupyter_dep.io.files import look, read_write
from jupyter_dep.io.files.foreign_text import read_foreign_text
from jupyter_dep.io.files.manifest_paths import MANIFEST
from jupyter_dep.io.index.settings import redact
from jupyter_dep.model.declaration.requirement import parse as parse_requirement
from jupyter_dep.model.migration import ADOPTED, ImportedManifest, Read, Unsupported, read_manifest, transform
from jupyter_dep.model.migration.readers.poetry import is_poetry
from jupyter_dep.services import Services

_REQUIREMENTS = "requirements.txt"
_SOURCE = "requirements.in"
_OF_GROUP = re.compile(
    r"(?:requirements[-_.](?P<behind>\w+)|(?P<before>\w+)[-_.]requirements|requirements/(?P<below>\w+))\.(?:txt|in)"
)
_GROUPS = {
    **dict.fromkeys(("dev", "devel", "develop", "development"), "dev"),
    **dict.fromkeys(("test", "tests", "testing"), "test"),
    **dict.fromkeys(("doc", "docs"), "docs"),
    **dict.fromkeys(("lint", "typing", "notebook", "notebooks"), None),
}
"""Names of requirements files that stand for a group; None keeps the name."""
_SETUP, _PROGRAM = "setup.cfg", "setup.py"
_TELLING = (MANIFEST, "Pipfile", _SETUP)
"""Files that say what a project needs, where others often hold what was made from them."""


@frozen_dataclass
class DetectedFiles:
    """What the files of a folder declare, those that decide first.

    `passed` are files that were not read, since `authority` declares everything and they may be made from it.
    """

    files: tuple[ImportedManifest, ...]
    passed: tuple[str, ...] = ()
    authority: str = ""


def detect_files(folder: Path, services: Services, *, declared: Collection[str] | None = None) -> DetectedFiles:
    """What the files of a folder declare. `declared` are the names in a `pyproject.toml` that declares everything by itself.

    Errors: `unreadable-import`, `not-utf-8`, `no-such-file` for one that another names.
    """
    names = _list_files(folder)
    found: list[ImportedManifest] = []
    passed: list[str] = []
    authority = MANIFEST if declared is not None else ""
    for name in names:
        text = read_foreign_text(folder / name)
        if text is None or (name == MANIFEST and not is_poetry(text)):
            continue
        others = {other for other in names if other != name}
        if authority and name != MANIFEST and not (authority == _SETUP and _parse_group(name)):
            if _declares_more(partial(parse_file, name, text, folder, services, adopted=others), declared or ()):
                passed.append(name)
            continue
        one = _assign_group(parse_file(name, text, folder, services, adopted=others))
        found.append(one)
        if name in _TELLING and (one.dependencies or one.groups):
            authority = authority or name
    if authority not in (MANIFEST, "Pipfile"):
        found += _report_setup_py(folder, has_setup_cfg=bool(authority))
    return DetectedFiles(files=tuple(found), passed=tuple(passed), authority=authority)


def _declares_more(read: Callable[[], ImportedManifest], declared: Collection[str]) -> bool:
    """Whether a file declares a package that is not declared; one that cannot be read may."""
    try:
        one = read()
    except DepError:
        return True
    groups = (text for group in one.groups.values() for text in group.requirements)
    texts = (*one.dependencies, *groups, *(text for texts in one.extras.values() for text in texts))
    return any(str(canonicalize_name(parse_requirement(text).name)) not in declared for text in texts)


def _report_setup_py(folder: Path, *, has_setup_cfg: bool) -> list[ImportedManifest]:
    text = read_foreign_text(folder / _PROGRAM)
    if text is None or (has_setup_cfg and "install_requires" not in text):
        return []
    why = "it is a program, and nothing of a folder is run here; write what it declares into `[project]`"
    return [ImportedManifest(origin=_PROGRAM, unsupported=(Unsupported(what=_PROGRAM, why=why),))]


def read_file(file: Path, services: Services, *, group: str | None = None) -> ImportedManifest:
    """Read one named file; `group` declares its dependencies as that group's.

    Errors: `unknown-import`, and those of `detect_files`.
    """
    text = read_foreign_text(file)
    if text is None:
        raise DepError("no-such-file", "file not found", hint="check the path and its spelling", context={"file": str(file)})
    found = parse_file(file.name, text, file.parent, services)
    return transform.as_group(found, group) if group else _assign_group(found)


def parse_file(name: str, text: str, folder: Path, services: Services, *, adopted: Collection[str] = ()) -> ImportedManifest:
    """What a file of this name says; others of the folder that are `adopted` by themselves are empty where it names them."""
    if folder.joinpath(name).name == MANIFEST and not is_poetry(text):
        raise UsageError(
            "unknown-import",
            f"`{MANIFEST}` has no tables of Poetry",
            hint=Hint("its `[project]` table is used as it is: ", step("lock")),
            context={"file": name},
        )
    known = _list_indexes(services) if "://" in text or "-r" in text else ()
    found = read_manifest(name, text, read=_make_reader(folder, name, adopted), known_indexes=known)
    return rebase_paths(transform.drop_invalid(found), (folder / name).parent, folder)


def rebase_paths(found: ImportedManifest, source: Path, target: Path) -> ImportedManifest:
    """What a file in the folder `source` declares, with its relative paths as they are from `target`."""
    if look.real_path(source) == look.real_path(target):
        return found

    def moved(table: dict[str, object]) -> dict[str, object]:
        path = table.get("path")
        if not isinstance(path, str) or Path(path).is_absolute():
            return table
        return {**table, "path": look.relative_path(source / path, target)}

    return replace(found, sources={name: tuple(moved(dict(one)) for one in tables) for name, tables in found.sources.items()})


def accept_proposals(found: Iterable[ImportedManifest], ask: Callable[[str], bool] | None) -> list[ImportedManifest]:
    """Take over what the files propose where the user agrees."""
    result = []
    for one in found:
        if one.proposed and ask is not None:
            question = f"{one.origin} names conda's packages: declare {', '.join(one.proposed)} from your package index?"
            one = transform.accept_proposed(one) if ask(question) else one
        result.append(one)
    return result


def _list_files(folder: Path) -> list[str]:
    """The files of a folder that `init` reads, those that decide first. Of compiled requirements the source counts."""
    there = [
        *read_write.list_folder(folder),
        *(f"requirements/{name}" for name in read_write.list_folder(folder / "requirements")),
    ]
    plain = [name for name in ADOPTED if name in there and name not in _TELLING and name != "environment.yaml"]
    if "environment.yaml" in there and "environment.yml" not in there:
        plain.append("environment.yaml")
    grouped = [name for name in there if _parse_group(name)]
    if _SOURCE in there:
        plain = [_SOURCE, *(name for name in plain if name != _REQUIREMENTS)]
    compiled = {name.removesuffix(".in") + ".txt" for name in grouped if name.endswith(".in")}
    return [*(name for name in _TELLING if name in there), *plain, *(name for name in grouped if name not in compiled)]


def _parse_group(name: str) -> str | None:
    match = _OF_GROUP.fullmatch(name.lower())
    named = (match["behind"] or match["before"] or match["below"]) if match else None
    return (_GROUPS[named] or named) if named in _GROUPS else None


def _assign_group(found: ImportedManifest) -> ImportedManifest:
    group = _parse_group(found.origin)
    return transform.as_group(found, group) if group and found.dependencies else found


def _make_reader(folder: Path, origin: str, adopted: Collection[str]) -> Read:
    beside = Path(origin).parent

    def read(path: str) -> str:
        if look.joined_path(beside, path).as_posix() in adopted:
            return ""
        text = read_foreign_text(folder / beside / path)
        if text is None:
            raise DepError(
                "no-such-file",
                f"`{origin}` names `{path}`, which does not exist",
                hint=f"put the file there, or take the line out of `{origin}`",
                context={"file": str(folder / origin)},
            )
        return text

    return read


def _list_indexes(services: Services) -> tuple[str, ...]:
    settings = services.indexes
    return (services.engine.default_index(), *(redact(url) for url in settings.extra))
