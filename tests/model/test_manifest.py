"""A folder's `pyproject.toml`, read: what it declares, and what is wrong with it."""

from __future__ import annotations

import random

import pytest
from packaging.dependency_groups import DependencyGroupResolver
from packaging.utils import canonicalize_name
from support.notebooks import block

from jupyter_dep.base.errors import DepError
from jupyter_dep.model.declaration import script_block
from jupyter_dep.model.lock.audit import declared_items
from jupyter_dep.model.manifest import manifest
from jupyter_dep.model.manifest.manifest import Manifest, is_project

PROJECT = '[project]\nname = "Mine"\nversion = "1.0"\n'


def parsed(text: str) -> Manifest:
    return manifest.parse(PROJECT + text)


def refusal(text: str) -> DepError:
    with pytest.raises(DepError) as caught:
        manifest.parse(text, context={"file": "pyproject.toml"})
    assert caught.value.hint
    assert caught.value.context["file"] == "pyproject.toml"
    return caught.value


def texts(parts: object) -> dict[str, list[str]]:
    assert isinstance(parts, dict)
    return {name: [str(item) for item in listed] for name, listed in parts.items()}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (PROJECT, True),
        ("[tool.jupyter-dep]\n", True),
        ("[project.scripts]\na = 'b:c'\n", True),
        ('project = { name = "a" }\n', True),
        ("[tool.ruff]\nline-length = 100\n", False),
        ("[tool]\njupyter = 1\n", False),
        ("tool = 3\n", False),
        ("", False),
        ("[project]\nname = \n", True),
        ("[ tool . 'jupyter-dep' ]\nname = \n", True),
        ("# [project]\nname = \n", False),
    ],
)
def test_a_folder_is_a_project_by_two_tables(text: str, expected: bool) -> None:
    assert is_project(text) is expected


def test_everything_that_is_declared_is_read() -> None:
    found = parsed(
        """requires-python = ">=3.11"
dependencies = ["alpha>=1", "beta[x]; sys_platform == 'linux'"]
dynamic = ["readme"]

[project.optional-dependencies]
Plot_Lib = ["gamma"]

[dependency-groups]
Dev = ["pytest"]

[build-system]
requires = ["hatchling>=1"]
build-backend = "hatchling.build"
backend-path = ["."]

[tool.uv]
package = true
prerelease = "allow"

[tool.uv.sources]
alpha = { path = "../alpha", editable = true }
beta = { git = "https://code.example/beta", tag = "v1" }

[tool.jupyter-dep]
widgets = false
"""
    )
    assert (found.name, found.version, found.requires_python) == ("Mine", "1.0", ">=3.11")
    assert [str(item) for item in found.dependencies] == ["alpha>=1", 'beta[x]; sys_platform == "linux"']
    assert (texts(found.extras), texts(found.groups)) == ({"plot-lib": ["gamma"]}, {"dev": ["pytest"]})
    assert found.dynamic == {"readme"}
    assert found.build_system is not None
    assert (str(found.build_system.requires[0]), found.build_system.backend) == ("hatchling>=1", "hatchling.build")
    assert found.uv.keys() == {"prerelease", "sources"}, "what only uv's own commands use is passed over"
    assert found.settings.widgets is False


def test_a_folder_of_notebooks_needs_no_project_table() -> None:
    found = manifest.parse('[tool.jupyter-dep]\n[dependency-groups]\nstudy = ["alpha"]\n')
    assert (found.has_project, found.name, found.version, found.build_system) == (False, None, None, None)
    assert texts(found.groups) == {"study": ["alpha"]}


# Groups and extras


def test_an_included_group_is_there_with_all_that_it_includes() -> None:
    found = parsed(
        """[dependency-groups]
all = ["a", {include-group = "Test_Tools"}, {include-group = "docs"}, "b"]
test-tools = ["t", {include-group = "docs"}]
docs = ["d"]
"""
    )
    assert texts(found.groups)["all"] == ["a", "t", "d", "b"]


def test_the_projects_own_extras_are_what_they_ask_for() -> None:
    found = parsed(
        """dependencies = ["base"]
[project.optional-dependencies]
plot = ["p", "q; python_version < '3.12' or sys_platform == 'win32'"]
all = ["mine[plot,web]", "z"]
web = ["w"]
[dependency-groups]
dev = ["MINE[Plot]; sys_platform == 'linux'", "mine"]
"""
    )
    assert texts(found.extras)["all"][0] == "p"
    assert {"w", "z"} < set(texts(found.extras)["all"])
    assert texts(found.groups)["dev"] == [
        'p; sys_platform == "linux"',
        'q; (python_version < "3.12" or sys_platform == "win32") and sys_platform == "linux"',
    ]


@pytest.mark.parametrize(
    ('text', 'code', 'words'),
    [
        ('[dependency-groups]\na = [{include-group = "a"}]\n', "group-cycle", "`a` → `a` includes itself"),
        (
            '[dependency-groups]\na = [{include-group = "b"}]\nb = [{include-group = "c"}]\nc = [{include-group = "b"}]\n',
            "group-cycle",
            "`b` → `c` → `b`",
        ),
        ('[project.optional-dependencies]\na = ["mine[b]"]\nb = ["mine[a]"]\n', "group-cycle", "`a` → `b` → `a`"),
        ('[dependency-groups]\na = [{include-group = "b"}]\n', "no-such-group", "unknown group `b`"),
        ('[dependency-groups]\na = ["mine[b]"]\n', "no-such-extra", "unknown extra `b`"),
        ('[project.optional-dependencies]\na = ["mine[b]"]\n', "no-such-extra", "unknown extra `b`"),
        ('[dependency-groups]\n"a_b" = []\n"A-b" = []\n', "bad-group-name", "both spellings"),
        ('[dependency-groups]\n"a b" = []\n', "bad-group-name", "`a b`"),
        ('[dependency-groups]\nJupyter_Dep_Kernel = []\n', "bad-group-name", "kernel"),
        ('[dependency-groups]\na = "b"\n', "bad-value", "dependency-groups.a"),
        ("[dependency-groups]\na = [{other = 1}]\n", "bad-value", "dependency-groups.a"),
        ('[dependency-groups]\na = ["requests=>2"]\n', "bad-requirement", "requests=>2"),
        ('[project.optional-dependencies]\na = ["b @ https://me:secret@a.example/b.whl"]\n', "credentials-in-declaration", ""),
        ("dependencies = 3\n", "bad-value", "project.dependencies"),
        ('requires-python = "3.11"\n', "bad-requires-python", "3.11"),
        ('dependencies = []\ndynamic = ["dependencies"]\n', "bad-value", "project.dependencies"),
        ("[tool.uv]\nworkspace = { members = [] }\n", "unsupported-key", "tool.uv.workspace"),
        ("[tool.jupyter-dep]\nwidget = true\n", "unsupported-key", "tool.jupyter-dep.widget"),
        ("[build-system]\nbuild-backend = 3\n", "bad-value", "build-backend"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(text: str, code: str, words: str) -> None:
    error = refusal(PROJECT + text)
    assert error.code == code
    assert words in str(error)
    assert "secret" not in str(error)


@pytest.mark.parametrize("line", ['name = "a b"', 'name = "a"\nversion = "one"', "name = 3", 'name = "a"\nversion = 1'])
def test_a_name_and_a_version_are_what_they_should_be(line: str) -> None:
    assert refusal(f"[project]\n{line}\n").code == "bad-value"


def test_broken_toml_names_its_line_and_conflict_markers_themselves() -> None:
    error = refusal(PROJECT + "dependencies = [\n")
    assert (error.code, error.context["line"]) == ("bad-toml", 5)
    assert refusal(PROJECT + "<<<<<<< HEAD\na = 1\n=======\na = 2\n>>>>>>> x\n").code == "unmerged"


# The declaration


def test_a_folders_declaration_is_a_notebooks_with_extras_and_groups() -> None:
    bare = manifest.declaration(parsed('requires-python = ">=3.11"\ndependencies = ["alpha"]\n'))
    assert bare.canonical() == script_block.parse(block("alpha", python=">=3.11")).canonical()
    full = parsed('dependencies = ["alpha"]\n[project.optional-dependencies]\nx = []\n[dependency-groups]\ng = ["Beta", "a"]\n')
    declared = manifest.declaration(full)
    assert declared.names == ("alpha",)
    assert [str(item) for item in declared.every_requirement] == ["alpha", "Beta", "a"]
    assert (declared.canonical()["extras"], declared.canonical()["groups"]) == ({"x": []}, {"g": ["a", "beta"]})


def test_a_version_is_no_reason_to_lock_again() -> None:
    one, other = (manifest.parse(f'[project]\nname = "a"\nversion = "{version}"\n') for version in ("1.0", "2.0"))
    assert manifest.declaration(one).digest() == manifest.declaration(other).digest()


@pytest.mark.parametrize("key", ["dependencies", "optional-dependencies", "requires-python"])
def test_what_only_a_build_would_tell_is_not_guessed(key: str) -> None:
    with pytest.raises(DepError) as caught:
        manifest.declaration(parsed(f'dynamic = ["{key}"]\n'))
    assert caught.value.code == "dynamic-metadata"
    assert key in caught.value.message


def test_what_is_unusual_in_a_group_or_an_extra_asks_for_consent_too() -> None:
    found = parsed(
        '[project.optional-dependencies]\nx = ["a @ https://files.example/a-1.0-py3-none-any.whl"]\n'
        '[dependency-groups]\ng = ["b @ git+https://code.example/b"]\n'
    )
    assert {item.kind for item in declared_items(manifest.declaration(found))} == {"archive", "vcs"}


def test_groups_expand_as_packaging_expands_them() -> None:
    chance = random.Random(735)
    names = ["a", "B", "c-d", "E_f", "g.h"]
    for _ in range(200):
        groups: dict[str, list[str | dict[str, str]]] = {}
        for place, name in enumerate(names):
            requirements: list[str | dict[str, str]] = [f"p{chance.randrange(6)}>={chance.randrange(3)}" for _ in range(2)]
            # only groups that come later are included, so that there is no circle
            later = [{"include-group": other.upper()} for other in names[place + 1 :] if chance.random() < 0.5]
            groups[name] = chance.sample([*requirements, *later], len(requirements) + len(later))
        inline = [
            f"{name!r} = [{', '.join(repr(one) if isinstance(one, str) else str(one).replace(':', ' =') for one in listed)}]"
            for name, listed in groups.items()
        ]
        found = parsed("[dependency-groups]\n" + "\n".join(inline).replace("'include-group' =", "include-group ="))
        resolver = DependencyGroupResolver(groups)
        for name in names:
            expected = dict.fromkeys(map(str, resolver.resolve(name)))
            assert list(map(str, found.groups[canonicalize_name(name)])) == list(expected)
