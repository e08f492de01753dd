"""The next version by a rule."""

from __future__ import annotations

import pytest

from jupyter_dep.base.errors import DepError
from jupyter_dep.model.packages.version_bump import RULES, bump

# what Poetry's own `version` answers
LIKE_POETRY = [
    ("0.0.0", "patch", "0.0.1"),
    ("0.0.0", "minor", "0.1.0"),
    ("0.0.0", "major", "1.0.0"),
    ("1.2.3", "minor", "1.3.0"),
    ("1.2.3", "major", "2.0.0"),
    ("0.0", "major", "1.0"),
    ("0.0", "minor", "0.1"),
    ("0.0", "patch", "0.0.1"),
    ("1", "minor", "1.1"),
    ("1.2.3.4", "patch", "1.2.4.0"),
    ("1.2.3b0", "patch", "1.2.3"),
    ("1.2.0rc1", "minor", "1.2.0"),
    ("1.2.1rc1", "minor", "1.3.0"),
    ("1.0.0.dev5", "major", "1.0.0"),
    ("1.1.0a1", "major", "2.0.0"),
    ("1.2.3.post1", "patch", "1.2.4"),
    ("1.2.3.post1.dev2", "patch", "1.2.4"),
    ("0.0.0", "prepatch", "0.0.1a0"),
    ("0.0.0", "preminor", "0.1.0a0"),
    ("0.0.0", "premajor", "1.0.0a0"),
    ("1.2.3b1", "prerelease", "1.2.3b2"),
    ("1.2.3", "prerelease", "1.2.4a0"),
    ("1.2.3a1.dev0", "prerelease", "1.2.3a2"),
    ("1!1.2.3", "patch", "1!1.2.4"),
    ("1.2.3+local", "patch", "1.2.4"),
]


@pytest.mark.parametrize(("current", "rule", "expected"), LIKE_POETRY)
def test_rules_of_poetry_mean_the_same(current: str, rule: str, expected: str) -> None:
    assert bump(current, rule) == expected


@pytest.mark.parametrize(
    ("current", "expected"), [("1.2.3a7", "1.2.3b0"), ("1.2.3b1", "1.2.3rc0"), ("1.2.3rc2", "1.2.3"), ("1.2.3", "1.2.4a0")]
)
def test_the_next_phase_of_a_prerelease(current: str, expected: str) -> None:
    assert bump(current, "prerelease", next_phase=True) == expected


@pytest.mark.parametrize(
    ("current", "rule", "expected"),
    [
        ("1.2.3rc1", "stable", "1.2.3"),
        ("1.2.3.dev4", "stable", "1.2.3"),
        ("1.2.3", "stable", "1.2.3"),
        ("1.2.3.post1", "stable", "1.2.3.post1"),
        ("1.2.3", "post", "1.2.3.post1"),
        ("1.2.3.post1", "post", "1.2.3.post2"),
        ("1.2.3.post1.dev3", "post", "1.2.3.post1"),
        ("1.2.3a1", "post", "1.2.3a1.post1"),
        ("1.2.3", "dev", "1.2.4.dev0"),
        ("1.2.4.dev0", "dev", "1.2.4.dev1"),
        ("1.2.3a1", "dev", "1.2.3a2.dev0"),
        ("1.2.3.post1", "dev", "1.2.3.post2.dev0"),
        ("1.2.3.dev1", "prerelease", "1.2.3a0"),
        ("1.2.3+cu121", "local-free", "1.2.3"),
        ("1.2.3rc1+cu121", "local-free", "1.2.3rc1"),
        ("1.2.3", "2.0RC1", "2.0rc1"),
    ],
)
def test_rules_beyond_poetrys(current: str, rule: str, expected: str) -> None:
    assert bump(current, rule) == expected


def test_a_rule_that_goes_backwards_is_refused() -> None:
    with pytest.raises(DepError) as caught:
        bump("1.2.0rc1", "preminor")  # Poetry answers 1.2.0a0
    assert caught.value.code == "version-backwards"


def test_every_other_rule_goes_forward_from_everywhere() -> None:
    from packaging.version import Version

    starts = [
        release + suffix for release in ("0", "1.2", "1.2.3") for suffix in ("", "a1", "rc1", ".dev3", ".post1", "a1.dev2")
    ]
    starts += ["1.2.3.post1.dev0", "1.2.3a1.post1"]
    for start in starts:
        for rule in set(RULES) - {"local-free", "stable", "premajor", "preminor", "prepatch"}:
            assert Version(bump(start, rule)) > Version(start), (start, rule)


def test_an_older_version_is_refused_unless_it_is_meant() -> None:
    with pytest.raises(DepError) as caught:
        bump("2.0", "1.9")
    assert (caught.value.code, "`1.9`" in caught.value.message) == ("version-backwards", True)
    assert bump("2.0", "1.9", backwards=True) == "1.9"


def test_a_misspelt_rule_names_the_one_that_was_meant() -> None:
    with pytest.raises(DepError) as caught:
        bump("1.0", "pacth")
    assert (caught.value.code, caught.value.exit_code, "`patch`" in caught.value.hint) == ("bad-version-rule", 2, True)
    with pytest.raises(DepError, match="belongs to"):
        bump("1.0", "patch", next_phase=True)


def test_a_current_version_that_is_none_is_told() -> None:
    with pytest.raises(DepError) as caught:
        bump("one", "patch")
    assert caught.value.code == "bad-version"
