"""Which part of a project a package belongs to: markers that say no more and no less than the tree does."""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest
from packaging.markers import Marker, default_environment

from jupyter_dep.model.lock.group_markers import (
    DEFAULT,
    KERNEL_GROUP,
    GroupMarkers,
    Part,
    from_engine_tree,
)
from jupyter_dep.model.packages.markers import both, environment_part, partial_evaluate

WINDOWS, LINUX, OLD = "sys_platform == 'win32'", "sys_platform == 'linux'", "python_full_version < '3.12'"
DOCS = Part(kind="group", name="docs")
EXTRA = Part(kind="extra", name="x")
KERNEL = Part(kind="kernel", name=KERNEL_GROUP)
ROOTS = {
    DEFAULT: "root==0@virtual",
    DOCS: "root:docs==0@virtual",
    EXTRA: "root[x]==0@virtual",
    KERNEL: "root:kernel==0@virtual",
}
Needs = Mapping[str, list[tuple[str, str]]]
"""Who needs whom under which marker; the parts of the project by `default`, `docs`, `x`, `kernel`."""


def tree(needs: Needs) -> dict[str, Any]:
    kinds: dict[str, tuple[Part, Any]] = {
        "default": (DEFAULT, "package"),
        "docs": (DOCS, {"group": "docs"}),
        "x": (EXTRA, {"extra": "x"}),
        "kernel": (KERNEL, {"group": KERNEL_GROUP}),
    }
    names = {name for listed in needs.values() for name, _ in listed} | (needs.keys() - kinds.keys())

    def listed(name: str) -> list[dict[str, str]]:
        found = [{"id": f"{other}==1", **({"marker": marker} if marker else {})} for other, marker in needs.get(name, ())]
        return [*found, {"id": ROOTS[DEFAULT]}] if name == "x" else found

    resolution: dict[str, Any] = {
        f"{name}==1": {"name": name, "version": "1", "source": {}, "kind": "package", "dependencies": listed(name)}
        for name in names
    }
    for name, (part, kind) in kinds.items():
        entry = {"name": "root", "version": "0", "source": {"virtual": "."}, "kind": kind, "dependencies": listed(name)}
        resolution[ROOTS[part]] = entry
    return {"roots": [{"id": identity} for identity in ROOTS.values()], "resolution": resolution}


def marker(needs: Needs, name: str) -> str:
    return from_engine_tree(tree(needs)).marker((name, "1"))


@pytest.mark.parametrize(
    ("needs", "expected"),
    [
        ({"default": [("a", "")]}, ""),
        ({"docs": [("a", "")]}, "'docs' in dependency_groups"),
        ({"x": [("a", "")]}, "'x' in extras"),
        ({"kernel": [("a", "")]}, "'jupyter-dep-kernel' in dependency_groups"),
        ({"docs": [("a", "")], "x": [("a", "")]}, "'x' in extras or 'docs' in dependency_groups"),
        ({"default": [("a", "")], "docs": [("a", "")]}, ""),
        ({"default": [("b", "")], "b": [("a", "")], "docs": [("a", WINDOWS)]}, ""),
        ({"default": [("a", WINDOWS)], "docs": [("a", WINDOWS)]}, ""),
        ({"docs": [("a", WINDOWS)]}, "'docs' in dependency_groups"),
        ({"default": [("a", WINDOWS)], "docs": [("a", "")]}, f"{WINDOWS} or 'docs' in dependency_groups"),
        (
            {"default": [("a", WINDOWS)], "docs": [("a", LINUX)]},
            f"{WINDOWS} or ('docs' in dependency_groups and {LINUX})",
        ),
        ({"default": [("a", WINDOWS)], "docs": [("b", WINDOWS)], "b": [("a", OLD)]}, ""),
        ({"docs": [("a", "")], "a": [("b", "")], "b": [("a", OLD)]}, "'docs' in dependency_groups"),
    ],
)
def test_the_marker_is_as_short_as_its_meaning(needs: Needs, expected: str) -> None:
    assert marker(needs, "a") == expected


def test_what_nobody_leads_to_is_bound_to_nothing() -> None:
    assert GroupMarkers(ways={}).marker(("a", "1")) == ""


def test_parts_of_a_package() -> None:
    found = from_engine_tree(tree({"default": [("a", "")], "kernel": [("b", "")], "b": [("a", "")]}))
    assert found.parts(("a", "1")) == (DEFAULT, KERNEL)
    assert found.parts(("b", "1")) == (KERNEL,)
    assert found.parts(("root", "0")) == ()


ENVIRONMENTS = [
    {**default_environment(), "sys_platform": system, "python_full_version": version}
    for system in ("win32", "linux", "darwin")
    for version in ("3.11.1", "3.13.0")
]
CHOICES = [set(parts) for count in range(4) for parts in itertools.combinations(("docs", "x", "kernel"), count)]


def test_random_graphs_select_what_walking_them_does() -> None:
    """The engine's marker, which stands beside ours, is whether any part at all leads there."""
    picked = random.Random(751)
    for _ in range(80):
        packages = [f"p{number}" for number in range(picked.randint(1, 7))]
        conditions = ("", "", "", WINDOWS, LINUX, OLD, f"{LINUX} and {OLD}", f"{LINUX} or {WINDOWS}")
        needs: dict[str, list[tuple[str, str]]] = {}
        for _ in range(picked.randint(1, 14)):
            who = picked.choice(("default", "docs", "x", "kernel", *packages))
            needs.setdefault(who, []).append((picked.choice(packages), picked.choice(conditions)))
        found = from_engine_tree(tree(needs))
        for environment, choice, package in itertools.product(ENVIRONMENTS, CHOICES, packages):
            expected = package in walked(needs, {"default", *choice}, environment)
            anywhere = package in walked(needs, {"default", "docs", "x", "kernel"}, environment)
            text = found.marker((package, "1"))
            assert (anywhere and holds(text, environment, choice)) == expected, (needs, package, choice, text)


parsed = cache(Marker)


def holds(text: str, environment: Mapping[str, str], choice: set[str]) -> bool:
    groups = {"docs": "docs", "kernel": KERNEL_GROUP}
    full: dict[str, Any] = {
        **environment,
        "extras": frozenset(choice & {"x"}),
        "dependency_groups": frozenset(groups[name] for name in choice & groups.keys()),
    }
    return not text or parsed(text).evaluate(full, context="lock_file")


def walked(needs: Needs, roots: set[str], environment: dict[str, str]) -> set[str]:
    seen, waiting = set(roots), list(roots)
    while waiting:
        for other, condition in needs.get(waiting.pop(), ()):
            if other not in seen and (not condition or parsed(condition).evaluate(environment)):
                seen.add(other)
                waiting.append(other)
    return seen


def test_very_many_ways_end_in_a_package_that_its_part_always_needs() -> None:
    systems = [f"sys_platform == 's{number}'" for number in range(30)]
    needs: dict[str, list[tuple[str, str]]] = {"docs": [(f"p{place}", system) for place, system in enumerate(systems)]}
    needs |= {f"p{place}": [("a", "")] for place in range(30)}
    assert (
        marker({**needs, "kernel": [("a", "")]}, "a")
        == "'docs' in dependency_groups or 'jupyter-dep-kernel' in dependency_groups"
    )


@pytest.mark.parametrize(
    "engines", [WINDOWS, f"{WINDOWS} or {LINUX}", f"{LINUX} and {OLD}", f"({LINUX} or {WINDOWS}) and {OLD}"]
)
@pytest.mark.parametrize(
    "own", ["'x' in extras", "'x' in extras or 'docs' in dependency_groups", f"({LINUX} or 'x' in extras)"]
)
def test_what_was_put_together_comes_apart_after_reading(engines: str, own: str) -> None:
    read = str(Marker(both(engines, own)))
    assert str(Marker(environment_part(read))) == str(Marker(engines))


def test_a_marker_without_parts_of_ours_stays_as_it_is() -> None:
    for text in ("", WINDOWS, f"{WINDOWS} or {LINUX} and {OLD}", "platform_release == 'a and b'"):
        assert both(text, "") == both("", text) == environment_part(text) == text


def test_a_partial_answer_leaves_what_the_whole_marker_says() -> None:
    chance = random.Random(508)

    def marker_of(depth: int) -> str:
        if depth == 0 or chance.random() < 0.3:
            return chance.choice([WINDOWS, LINUX, OLD, "'x' in extras", "'docs' in dependency_groups", "'x' not in extras"])
        inner = f" {chance.choice(['and', 'or'])} ".join(marker_of(depth - 1) for _ in range(chance.randint(1, 3)))
        return f"({inner})" if chance.random() < 0.7 else inner

    for _ in range(60):
        text = marker_of(3)
        for choice in CHOICES[:4]:
            groups = choice & {"docs"}
            answer = partial_evaluate(text, extras=choice & {"x"}, groups=groups)
            for environment in ENVIRONMENTS:
                assert (answer if isinstance(answer, bool) else answer.evaluate(environment)) == holds(
                    text, environment, choice & {"x", "docs"}
                ), text
