"""Whether a Python lies within `requires-python`."""

from __future__ import annotations

from packaging.specifiers import SpecifierSet


def allows_minor(requires_python: str | None, minor: str) -> bool:
    """Whether `requires-python` allows some version of the minor `3.12`, or of the free-threaded `3.12t`.

    Pre-releases count: `==3.15.0rc1` allows 3.15. Which versions were released is not known here, so a range between two
    neighbours, such as `>3.12.4,<3.12.5`, allows the minor. Errors: `InvalidSpecifier`.
    """
    wanted = SpecifierSet(requires_python or "").to_range()
    return not wanted.is_disjoint(SpecifierSet(f"=={minor.removesuffix('t')}.*").to_range())


def allows_version(requires_python: str | None, version: str) -> bool:
    """Whether `requires-python` allows the full version `3.12.7`, a pre-release too. Errors: `InvalidSpecifier`."""
    return SpecifierSet(requires_python or "").contains(version, prereleases=True)
