"""One rule for whether a Python lies within `requires-python`."""

from __future__ import annotations

from itertools import product

import pytest

from jupyter_dep.model.packages.python_range import allows_minor, allows_version


@pytest.mark.parametrize(
    ("requires_python", "allowed"),
    [
        (None, True),
        ("", True),
        ("==3.12.*", True),
        ("!=3.12.*", False),
        ("==3.12", True),
        ("!=3.12.3", True),
        (">=3.12,!=3.12.0", True),
        (">3.12", True),
        (">=3.12", True),
        ("<=3.12", True),
        ("<3.12", False),
        ("<3.13", True),
        (">=3.13", False),
        ("~=3.12", True),
        ("~=3.12.4", True),
        ("~=3.11.2", False),
        ("~=3.11", True),
        (">3.12.7,<3.13", True),
        (">=3.12.70", True),
        (">=3.12.5,<3.12.5", False),
        (">=3.11,<3.12 ", False),
        ("===3.12.3", True),
        ("===3.11.2", False),
        ("==3.12.0rc1", True),
        (">=3.12.0rc1", True),
        (">=3.12.0rc1,<3.12.0", False),
        (">=3.13.0a1", False),
        ("<3.12.0a2", True),
        ("==3.*", True),
        (">=4", False),
    ],
)
def test_a_minor_is_allowed_if_one_of_its_versions_is(requires_python: str | None, allowed: bool) -> None:
    assert allows_minor(requires_python, "3.12") is allowed
    assert allows_minor(requires_python, "3.12t") is allowed


def test_the_algebra_agrees_with_trying_each_version() -> None:
    bounds = [
        f"{operator}{version}"
        for operator in (">=", ">", "<", "<=", "==", "!=", "~=")
        for version in ("3.11", "3.12", "3.12.0", "3.12.3", "3.13")
    ]
    bounds += [f"{operator}{version}.*" for operator in ("==", "!=") for version in ("3", "3.11", "3.12", "3.13")]
    versions = [f"3.12.{patch}{suffix}" for patch in range(6) for suffix in ("", "rc1", ".1")]
    for one, other in product(bounds, bounds):
        text = f"{one},{other}"
        assert allows_minor(text, "3.12") == any(allows_version(text, version) for version in versions), text


@pytest.mark.parametrize(
    ("requires_python", "version", "allowed"),
    [
        (None, "3.12.7", True),
        (">=3.12", "3.12.7", True),
        (">=3.12.8", "3.12.7", False),
        ("==3.12.*", "3.12.7", True),
        (">=3.14", "3.15.0rc1", True),
        ("<3.15", "3.15.0rc1", False),
        (">=3.15", "3.15.0rc1", False),
    ],
)
def test_a_full_version_is_allowed_by_its_patch(requires_python: str | None, version: str, allowed: bool) -> None:
    assert allows_version(requires_python, version) is allowed
