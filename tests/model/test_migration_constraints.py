"""Poetry's constraints as specifiers and markers. The expected versions were checked against poetry-core itself."""

from __future__ import annotations

import pytest
from packaging.markers import Marker
from packaging.specifiers import SpecifierSet

from jupyter_dep.model.migration.readers.constraints import python_marker, specifier

EXACT = [
    ("^1.2.3", ">=1.2.3,<2.0.0"),
    ("^1.2", ">=1.2,<2.0"),
    ("^1", ">=1,<2.0"),
    ("^0.2.3", ">=0.2.3,<0.3.0"),
    ("^0.0.3", ">=0.0.3,<0.0.4"),
    ("^0.0", ">=0.0,<0.1"),
    ("^0", ">=0,<1.0"),
    ("^0.0.0", ">=0.0.0,<0.0.1"),
    ("^1.0.0a1", ">=1.0.0a1,<2.0.0"),
    ("^1!2.0", ">=1!2.0,<1!3.0"),
    ("^ 1.2", ">=1.2,<2.0"),
    ("~1.2.3", ">=1.2.3,<1.3.0"),
    ("~1.2", ">=1.2,<1.3"),
    ("~1", ">=1,<2.0"),
    ("~1.2rc1", ">=1.2rc1,<1.3"),
    ("~=1.2", "~=1.2"),
    ("~=1.2.3.4", ">=1.2.3.4,<1.3.0.0"),
    ("*", ""),
    ("x", ""),
    ("1.*", "==1.*"),
    ("1.2.*", "==1.2.*"),
    ("!=1.2.*", "!=1.2.*"),
    ("!=1.5", "!=1.5"),
    ("1.2.3", "==1.2.3"),
    ("v1.2", "==1.2"),
    ("=1.2", "==1.2"),
    (">=1.2.*", ">=1.2"),
    (">=1.2,<2,!=1.5", ">=1.2,<2,!=1.5"),
    (">= 1.2, < 2", ">=1.2,<2"),
    (">=1 <2", ">=1,<2"),
    (">=1.0,", ">=1.0"),
]


@pytest.mark.parametrize(("text", "expected"), EXACT)
def test_a_constraint_keeps_its_meaning(text: str, expected: str) -> None:
    bound = specifier(text)
    assert (bound.text, bound.lost) == (expected, "")
    SpecifierSet(bound.text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (">=1,<2 || >=3", ">=1,!=2.*"),
        ("^1 || ^3", ">=1,<4.0,!=2.*"),
        ("^1 | ^2", ">=1,<3.0"),
        ("<2 || >=2", ""),
        ("<1.5 || >1.5", "!=1.5"),
        (">=1.2,<1.4 || >=1.6", ">=1.2,!=1.4.*,!=1.5.*"),
        ("~1 || ~2 || ~4", ">=1,<5.0,!=3.*"),
        ("<1 || >=1.0.1,<2", "<2,!=1.0.0.*"),
        ("* || 1.2", ""),
    ],
)
def test_alternatives_become_exclusions_where_whole_series_lie_between(text: str, expected: str) -> None:
    bound = specifier(text)
    assert (bound.text, bound.lost) == (expected, "")


@pytest.mark.parametrize(
    ("text", "around"),
    [
        ("1.2.3 || 1.4.5", ">=1.2.3,<=1.4.5"),
        ("<1.2 || >=2", ""),
        ("<=1 || >=2", ""),
        (">=1a1,<2 || >=3", ">=1a1"),
        ("!=1.5,<2 || >3", ""),
        ("<1 || >=900", ""),
    ],
)
def test_alternatives_that_pep_440_cannot_hold_are_told(text: str, around: str) -> None:
    bound = specifier(text)
    assert bound.text == around
    assert f"`{text}`" in bound.lost


@pytest.mark.parametrize("text", ["<>1", "latest", "^", "1.2.3.x", "", "^1.*", "1..2"])
def test_what_is_no_constraint_is_told_and_bounds_nothing(text: str) -> None:
    bound = specifier(text)
    assert bound.text == ""
    assert "not a version constraint" in bound.lost


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("^3.8", ">=3.8,<4.0"),
        ("3.8", "==3.8.*"),
        ("3.8.1", "==3.8.1"),
        ("~3.9", ">=3.9,<3.10"),
        (">=3.9,<3.13", ">=3.9,<3.13"),
        ("~2.7 || ^3.6", ">=2.7,<4.0,!=3.0.*,!=3.1.*,!=3.2.*,!=3.3.*,!=3.4.*,!=3.5.*"),
        ("3.9.* || 3.11.*", ">=3.9,<3.12,!=3.10.*"),
    ],
)
def test_a_python_range(text: str, expected: str) -> None:
    bound = specifier(text, python=True)
    assert (bound.text, bound.lost) == (expected, "")


@pytest.mark.parametrize(
    "text",
    ["^3.8", "3.8", "3.*", "^3", ">3.8", ">=3.8", "<3.11", "<=3.10", "~=3.8", "~=3.8.1", "!=3.9.*", "3.8.1", "~3.9",
     ">=3.8.5,<3.12", "~2.7 || ^3.6", "3.8.* || >=3.11", "*"],
)  # fmt: skip
def test_a_python_marker_holds_where_the_range_holds(text: str) -> None:
    marker = python_marker(text)
    bound = SpecifierSet(specifier(text, python=True).text)
    for full in ("2.7.18", "3.5.2", "3.6.0", "3.8.0", "3.8.1", "3.8.5", "3.8.20", "3.9.0", "3.9.9", "3.10.0", "3.10.4",
                 "3.11.0", "3.11.7", "3.12.1", "3.14.0"):  # fmt: skip
        # alternatives are held by the marker itself; of the specifier only where they are exact
        environment = {"python_full_version": full, "python_version": ".".join(full.split(".")[:2])}
        expected = any(SpecifierSet(specifier(one, python=True).text).contains(full) for one in text.split("||"))
        assert (not marker or Marker(marker).evaluate(environment)) == expected, (full, marker)
        assert not expected or bound.contains(full)
