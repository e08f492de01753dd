"""Edits of a `pyproject.toml`: what is asked for is there, and every other byte is as it was."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from typing import Any

import pytest

from jupyter_dep.base.errors import DepError
from jupyter_dep.model.manifest.edit import add, remove, set_requires_python, set_version
from jupyter_dep.model.manifest.sources import add_source, remove_source, set_package_source

URL = "https://two.example/simple"
TEXT = """\
# a project
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]  # the project
name = "mine"   # its name
version = "1.0"
requires-python = ">=3.11"
dependencies = [
    "alpha>=1",  # why
    # about beta
    'beta[x]',
]  # end

[project.scripts]
m = "mine:main"

[tool.ruff]
line-length   =   100

[project.optional-dependencies]
Plot_Lib = ["gamma"]

[dependency-groups]
test = ["pytest", {include-group = "docs"}]
docs = [
  "sphinx",
]

[tool.uv.sources]
alpha = { index = "corp" }

# where we publish
[[tool.uv.index]]
name = "corp"
url = "https://index.example/simple"
explicit = true

# the end
"""
Edit = Callable[[str], str]


def lines(before: str, after: str) -> tuple[list[str], list[str]]:
    """The lines that went and those that came."""
    import difflib

    found = [line for line in difflib.ndiff(before.splitlines(), after.splitlines()) if line[0] in "-+"]
    return [line[2:] for line in found if line[0] == "-"], [line[2:] for line in found if line[0] == "+"]


def refusal(edit: Edit, text: str = TEXT) -> DepError:
    with pytest.raises(DepError) as caught:
        edit(text)
    assert caught.value.hint
    return caught.value


EDITS: dict[str, tuple[Edit, list[str], list[str]]] = {
    "a new one": (lambda text: add(text, ["new"]), [], ['    "new",']),
    "another bound": (lambda text: add(text, ["Alpha>=2"]), ['    "alpha>=1",  # why'], ['    "Alpha>=2",  # why']),
    "nothing new": (lambda text: add(text, ["beta", "alpha"]), [], []),
    "another extra": (lambda text: add(text, ["beta[y]"]), ["    'beta[x]',"], ['    "beta[x,y]",']),
    "in a group": (
        lambda text: add(text, ["new>1"], group="Test"),
        ['test = ["pytest", {include-group = "docs"}]'],
        ['test = ["pytest", {include-group = "docs"}, "new>1"]'],
    ),
    "in a group of several lines": (lambda text: add(text, ["new"], group="docs"), [], ['  "new",']),
    "a new group": (lambda text: add(text, ["new"], group="dev"), [], ["dev = [", '    "new",', "]"]),
    "in an extra": (
        lambda text: add(text, ["new"], extra="plot-lib"),
        ['Plot_Lib = ["gamma"]'],
        ['Plot_Lib = ["gamma", "new"]'],
    ),
    "a new extra": (lambda text: add(text, ["new"], extra="web"), [], ["web = [", '    "new",', "]"]),
    "one less": (lambda text: remove(text, ["Beta"]), ["    'beta[x]',"], []),
    "one less with its source": (
        lambda text: remove(text, ["alpha"]),
        ['    "alpha>=1",  # why', "[tool.uv.sources]", 'alpha = { index = "corp" }', ""],
        [],
    ),
    "one less in a group": (
        lambda text: remove(text, ["pytest"], group="test"),
        ['test = ["pytest", {include-group = "docs"}]'],
        ['test = [{include-group = "docs"}]'],
    ),
    "the last of an extra": (
        lambda text: remove(text, ["gamma"], extra="plot_lib"),
        ['Plot_Lib = ["gamma"]'],
        ["Plot_Lib = []"],
    ),
    "another Python": (
        lambda text: set_requires_python(text, ">=3.12"),
        ['requires-python = ">=3.11"'],
        ['requires-python = ">=3.12"'],
    ),
    "another version": (lambda text: set_version(text, "1.1.dev0"), ['version = "1.0"'], ['version = "1.1.dev0"']),
    "another index": (
        lambda text: add_source(text, "two", URL),
        [],
        ["", "[[tool.uv.index]]", 'name = "two"', f'url = "{URL}"', "explicit = true"],
    ),
    "an index moves": (
        lambda text: add_source(text, "corp", URL),
        ['url = "https://index.example/simple"'],
        [f'url = "{URL}"'],
    ),
    "another source": (
        lambda text: set_package_source(text, "beta", {"path": "../beta", "editable": True}),
        [],
        ['beta = {path = "../beta", editable = true}'],
    ),
    "a source changes": (
        lambda text: set_package_source(text, "Alpha", {"path": "../alpha"}),
        ['alpha = { index = "corp" }'],
        ['alpha = {path = "../alpha"}'],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", EDITS)
def test_only_what_is_asked_for_changes(name: str) -> None:
    edit, gone, come = EDITS[name]
    assert lines(TEXT, edit(TEXT)) == (gone, come)


@pytest.mark.parametrize("name", EDITS)
def test_line_ends_are_those_of_the_file(name: str) -> None:
    edit, _, _ = EDITS[name]
    assert edit(TEXT.replace("\n", "\r\n")) == edit(TEXT).replace("\n", "\r\n")
    open_ended = edit(TEXT.removesuffix("\n"))
    assert open_ended == edit(TEXT).removesuffix("\n")


def test_lines_of_both_kinds_keep_their_ends() -> None:
    mixed = TEXT.replace('name = "mine"   # its name\n', 'name = "mine"   # its name\r\n')
    assert set_version(mixed, "2.0") == mixed.replace('version = "1.0"', 'version = "2.0"')


def test_comments_stay_when_the_table_above_them_goes() -> None:
    bare = set_package_source(TEXT, "alpha", None)
    assert "[tool.uv.sources]" not in bare
    after = remove_source(bare, "corp")
    assert "tool.uv" not in after
    assert after.endswith("# where we publish\n# the end\n") or after.endswith("# where we publish\n\n# the end\n")


MINIMAL = '[project]\nname = "a"\nversion = "1"\n'


@pytest.mark.parametrize(
    ("text", "edit", "path", "expected"),
    [
        (MINIMAL, lambda text: add(text, ["x"]), "project.dependencies", ["x"]),
        (MINIMAL + '\n[project.scripts]\na = "b:c"\n', lambda text: add(text, ["x"]), "project.dependencies", ["x"]),
        (MINIMAL, lambda text: add(text, ["x"], extra="e"), "project.optional-dependencies.e", ["x"]),
        (MINIMAL, lambda text: add(text, ["x"], group="g"), "dependency-groups.g", ["x"]),
        ("[tool.jupyter-dep]\n", lambda text: add(text, ["x"], group="g"), "dependency-groups.g", ["x"]),
        ("project.name = 'a'\nproject.dependencies = []\n", lambda text: add(text, ["x"]), "project.dependencies", ["x"]),
        ('[project]\nname = "a"\noptional-dependencies.h = ["y"]\n[tool.b]\n',
         lambda text: add(text, ["x"], extra="e"), "project.optional-dependencies.e", ["x"]),
        ('[project.scripts]\na = "b:c"\n[tool.x]\ny = 1\n[project]\nname = "a"\n[tool.z]\nq = 1\n',
         lambda text: add(text, ["x"]), "project.dependencies", ["x"]),
        ('dependency-groups = {a = ["b"]}\n', lambda text: add(text, ["x"], group="g"), "dependency-groups.g", ["x"]),
        (MINIMAL, lambda text: set_requires_python(text, ">=3.12"), "project.requires-python", ">=3.12"),
        (MINIMAL, lambda text: add_source(text, "two", URL), "tool.uv.index",
         [{"name": "two", "url": URL, "explicit": True}]),
        (MINIMAL + f'[tool.uv]\nindex = [{{name = "a", url = "{URL}"}}]\n', lambda text: add_source(text, "b", URL),
         "tool.uv.index", [{"name": "a", "url": URL}, {"name": "b", "url": URL, "explicit": True}]),
        (MINIMAL, lambda text: set_package_source(text, "x", {"git": "https://code.example/x"}), "tool.uv.sources.x",
         {"git": "https://code.example/x"}),
        (MINIMAL + "[tool.uv]\npackage = false\n", lambda text: set_package_source(text, "x", {"path": "x"}),
         "tool.uv.sources.x", {"path": "x"}),
    ],
)  # fmt: skip
def test_tables_that_are_not_there_are_made(text: str, edit: Edit, path: str, expected: object) -> None:
    after = edit(text)
    found: Any = tomllib.loads(after)
    before = tomllib.loads(text)
    assert all(key in found for key in before)
    for key in path.split("."):
        found = found[key]
    assert found == expected
    gone, _ = lines(text, after)
    assert all(line.split("=")[0].strip() == path.split(".")[-1] or "=" in line for line in gone)
    assert "[tool.uv]\n[" not in after


# What cannot be edited


DYNAMIC = '[project]\nname = "a"\ndynamic = ["dependencies", "version", "optional-dependencies", "requires-python"]\n'


@pytest.mark.parametrize(
    ("edit", "tables", "told"),
    [
        (lambda text: add(text, ["x"]), "", "out of `dynamic`"),
        (lambda text: remove(text, ["x"]), "", "out of `dynamic`"),
        (lambda text: add(text, ["x"], extra="e"), "", "out of `dynamic`"),
        (lambda text: set_requires_python(text, ">=3.12"), "", "out of `dynamic`"),
        (lambda text: add(text, ["x"]), '[tool.setuptools.dynamic]\ndependencies = {file = ["requirements.txt"]}\n',
         "it comes from `requirements.txt`"),
        (lambda text: set_version(text, "2"), '[tool.setuptools.dynamic]\nversion = {attr = "a.__version__"}\n',
         "`a.__version__`"),
        (lambda text: set_version(text, "2"), '[tool.hatch.version]\npath = "a/about.py"\n', "`a/about.py`"),
        (lambda text: set_version(text, "2"), "[tool.setuptools_scm]\n", "`[tool.setuptools_scm]`"),
    ],
)  # fmt: skip
def test_what_a_backend_tells_is_refused_with_where_it_comes_from(edit: Edit, tables: str, told: str) -> None:
    error = refusal(edit, DYNAMIC + tables)
    assert error.code == "dynamic-metadata"
    assert told in str(error.hint)


@pytest.mark.parametrize(
    ("edit", "text", "code", "told"),
    [
        (lambda text: add(text, ["x"]), "[tool.jupyter-dep]\n", "no-project-table", "init"),
        (lambda text: set_version(text, "1..2"), TEXT, "bad-version", "1.2.0"),
        (lambda text: set_requires_python(text, "3.12"), TEXT, "bad-requires-python", ">=3.12"),
        (lambda text: add(text, ["x=>2"]), TEXT, "bad-requirement", "x>=2"),
        (lambda text: add(text, ["x"], group="a b"), TEXT, "bad-group-name", "rename"),
        (lambda text: remove(text, ["sphinx"]), TEXT, "not-declared", "`--group docs`"),
        (lambda text: remove(text, ["alpha"], group="docs"), TEXT, "not-declared", "among the dependencies"),
        (lambda text: remove(text, ["sphnx"], group="docs"), TEXT, "not-declared", "`sphinx`"),
        (lambda text: remove(text, ["a"], group="dosc"), TEXT, "no-such-group", "`docs`"),
        (lambda text: remove(text, ["a"], extra="web"), TEXT, "no-such-extra", "`plot-lib`"),
        (lambda text: remove_source(text, "cop"), TEXT, "no-such-source", "`corp`"),
        (lambda text: remove_source(text, "corp"), TEXT, "source-in-use", "tool.uv.sources"),
        (lambda text: add_source(text, "x", "https://me:secret@two.example"), TEXT, "credentials-in-declaration", ""),
        (lambda text: add(text, ["x"], extra="e"), 'project = {name = "a"}\n', "bad-toml", "by hand"),
    ],
)  # fmt: skip
def test_what_does_not_work_says_what_would(edit: Edit, text: str, code: str, told: str) -> None:
    error = refusal(edit, text)
    assert error.code == code
    assert told in str(error.hint)
    assert "secret" not in str(error)
