"""Conflicting requirements for one package, with the parts that ask for them, found before the engine is asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations

from packaging.markers import Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.model.declaration.requirement import Context
from jupyter_dep.model.packages.markers import PLATFORMS, environment_on

from .finding import Finding

_MINORS = range(8, 17)


@frozen_dataclass
class _Requested:
    part: str
    key: str
    item: Requirement


def conflicting_requirements(document: Mapping[str, object], requires_python: str | None, where: Context) -> Iterator[Finding]:
    """Every pair of requirements of one name whose bounds have no version in common, or that name two sources.

    They have to hold at once somewhere: markers are tried on five platforms and the Pythons that the project allows. Bad
    requirements are passed over.
    """
    by_name: dict[str, list[_Requested]] = {}
    for asked in _read_requests(document):
        by_name.setdefault(str(canonicalize_name(asked.item.name)), []).append(asked)
    for name, listed in by_name.items():
        for one, other in combinations(listed, 2):
            sources = one.item.url and other.item.url and one.item.url != other.item.url
            if not sources and not (one.item.specifier & other.item.specifier).is_unsatisfiable():
                continue
            if not _hold_together(one.item.marker, other.item.marker, requires_python):
                continue
            why = "are two sources of one package" if sources else "have no version in common"
            yield Finding(
                level="error",
                code="clash",
                message=f"`{one.item}` in {one.part} and `{other.item}` in {other.part} {why}",
                hint=f"a lock holds one `{name}` for all parts: loosen one of the two"
                if not sources
                else f"a lock holds one `{name}` for all parts: name one source",
                context={**where, "key": other.key, "package": name},
            )


def _read_requests(document: Mapping[str, object]) -> Iterator[_Requested]:
    """The requirements as written, part by part; what a part includes belongs to the part that it names."""
    project = document.get("project")
    table = project if isinstance(project, dict) else {}
    groups = document.get("dependency-groups")
    extras = table.get("optional-dependencies")
    parts = [("the dependencies", "project.dependencies", table.get("dependencies"))]
    for kind, prefix, named in (("extra", "project.optional-dependencies", extras), ("group", "dependency-groups", groups)):
        if isinstance(named, dict):
            parts += [(f"the {kind} `{name}`", f"{prefix}.{name}", listed) for name, listed in named.items()]
    own = canonicalize_name(str(table.get("name", "")))
    for part, key, listed in parts:
        for text in listed if isinstance(listed, list) else ():
            try:
                item = Requirement(str(text)) if isinstance(text, str) else None
            except InvalidRequirement:
                continue
            if item is not None and canonicalize_name(item.name) != own:
                yield _Requested(part=part, key=key, item=item)


def _hold_together(one: Marker | None, other: Marker | None, requires_python: str | None) -> bool:
    """Whether two markers hold at once on any platform and Python that is allowed."""
    if one is None and other is None:
        return True
    try:
        allowed = SpecifierSet(requires_python or "")
    except InvalidSpecifier:
        allowed = SpecifierSet()
    for environment in _list_environments(allowed):
        if all(marker is None or marker.evaluate(environment) for marker in (one, other)):
            return True
    return False


def _list_environments(allowed: SpecifierSet) -> Iterator[dict[str, str]]:
    for minor in _MINORS:
        for full in (f"3.{minor}.0", f"3.{minor}.20"):
            if not allowed.contains(full):
                continue
            for platform in PLATFORMS:
                yield {**environment_on(platform, full), "extra": ""}
