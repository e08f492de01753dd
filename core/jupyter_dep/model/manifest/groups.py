"""The parts of a folder's project: extras, and groups of PEP 735 with what they include; a circle is refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from jupyter_dep.base.errors import DepError
from jupyter_dep.model.declaration import requirement
from jupyter_dep.model.declaration.requirement import Context
from jupyter_dep.model.declaration.tool_tables import texts, wrong
from jupyter_dep.model.lock.group_markers import KERNEL_GROUP, no_such_part

Parts = dict[str, tuple[Requirement, ...]]
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")


def extras_of(given: Mapping[str, object], project: str | None, where: Context) -> Parts:
    """The extras by normalised name. One that asks for the project's other extras has their requirements in their place."""
    key = "project.optional-dependencies"
    named = _normalize_names(given, key, where)
    own: dict[str, list[Requirement]] = {}
    for name, value in named.items():
        place = {**where, "key": f"{key}.{name}"}
        listed = texts(value, f"{key}.{name}", where)
        own[name] = [requirement.parse(text, context={**place, "entry": number}) for number, text in enumerate(listed, 1)]

    def expand(name: str, opened: tuple[str, ...]) -> list[Requirement]:
        if name not in own:
            raise no_such_part("extra", name, own.keys(), {**where, "key": f"{key}.{opened[-1]}" if opened else key})
        _refuse_circle(name, opened, "extra", where)
        return _expand_own(own[name], project, lambda extra: expand(extra, (*opened, name)))

    return {name: _drop_duplicates(expand(name, ())) for name in own}


def groups_of(given: Mapping[str, object], project: str | None, extras: Parts, where: Context) -> Parts:
    """The groups by normalised name, with all that they include."""
    named = _normalize_names(given, "dependency-groups", where)
    if KERNEL_GROUP in named:
        raise _refuse_name(KERNEL_GROUP, "is the group of the kernel's packages in every lock", "dependency-groups", where)

    def extra(name: str, of: str) -> list[Requirement]:
        if name not in extras:
            raise no_such_part("extra", name, extras.keys(), {**where, "key": f"dependency-groups.{of}"})
        return list(extras[name])

    def expand(name: str, opened: tuple[str, ...]) -> list[Requirement]:
        key = f"dependency-groups.{opened[-1] if opened else name}"
        if name not in named:
            raise no_such_part("group", name, named.keys(), {**where, "key": key})
        _refuse_circle(name, opened, "group", where)
        value = named[name]
        if not isinstance(value, list):
            raise wrong(f"dependency-groups.{name}", "a list of requirements", where)
        found: list[Requirement] = []
        for number, entry in enumerate(value, 1):
            place: Context = {**where, "key": f"dependency-groups.{name}", "entry": number}
            if isinstance(entry, str):
                found += _expand_own([requirement.parse(entry, context=place)], project, lambda one: extra(one, name))
            elif isinstance(entry, dict) and entry.keys() == {"include-group"} and isinstance(entry["include-group"], str):
                found += expand(str(canonicalize_name(entry["include-group"])), (*opened, name))
            else:
                raise wrong(f"dependency-groups.{name}", 'requirements, or `{include-group = "name"}`', place)
        return found

    return {name: _drop_duplicates(expand(name, ())) for name in named}


def _normalize_names(given: Mapping[str, object], key: str, where: Context) -> dict[str, object]:
    """By normalised name; two spellings of one name are refused, as PEP 735 wants it."""
    found: dict[str, object] = {}
    for name, value in given.items():
        if not _NAME.fullmatch(name):
            raise _refuse_name(name, "must consist of letters, digits, `-`, `_` and `.`", key, where)
        if (normal := str(canonicalize_name(name))) in found:
            raise _refuse_name(name, f"is there twice: both spellings mean `{normal}`", key, where)
        found[normal] = value
    return found


def _expand_own(
    listed: Iterable[Requirement], project: str | None, extra: Callable[[str], list[Requirement]]
) -> list[Requirement]:
    """The requirements, with `project[extra]` replaced by what the extra asks for; the project alone asks for nothing."""
    found: list[Requirement] = []
    for item in listed:
        if project is None or item.url is not None or canonicalize_name(item.name) != canonicalize_name(project):
            found.append(item)
            continue
        for name in sorted(item.extras):
            found += [_add_marker(one, item.marker) for one in extra(str(canonicalize_name(name)))]
    return found


def _add_marker(item: Requirement, marker: Marker | None) -> Requirement:
    if marker is None:
        return item
    under = Requirement(str(item))
    under.marker = marker if item.marker is None else item.marker & marker
    return under


def _drop_duplicates(listed: Iterable[Requirement]) -> tuple[Requirement, ...]:
    return tuple({str(item): item for item in listed}.values())


def _refuse_circle(name: str, opened: tuple[str, ...], kind: str, where: Context) -> None:
    if name in opened:
        chain = " → ".join(f"`{one}`" for one in (*opened[opened.index(name) :], name))
        raise DepError(
            "group-cycle",
            f"the {kind} {chain} includes itself" if len(opened) == 1 else f"{kind}s include each other: {chain}",
            hint=f"take one of these includes out of its {kind}",
            context={**where, kind: name},
        )


def _refuse_name(name: str, why: str, key: str, where: Context) -> DepError:
    return DepError("bad-group-name", f"`{name}` {why}", hint="rename it", context={**where, "key": key})
