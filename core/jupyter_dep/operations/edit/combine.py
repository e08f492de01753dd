"""Requirements of one command that name the same package: joined where they can hold together, refused where not."""

from __future__ import annotations

from collections.abc import Sequence

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from jupyter_dep.base.errors import ConflictError
from jupyter_dep.base.fast_dataclass import frozen_dataclass


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
