"""What `check` finds by texts and values alone: manifests, requirements that exclude each other, locks, imports."""

from __future__ import annotations

import ast
import copy
import json
import random
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from jupyter_dep.model.checking import Finding, Findings
from jupyter_dep.model.checking.conflicts import conflicting_requirements
from jupyter_dep.model.checking.imports import Declared, ImportUse, usage_findings
from jupyter_dep.model.checking.lock_drift import stale
from jupyter_dep.model.checking.manifest_errors import faults
from jupyter_dep.model.checking.notebooks import notebook_findings
from jupyter_dep.model.checking.project_metadata import named_files, project_findings, source_findings
from jupyter_dep.model.manifest import manifest
from jupyter_dep.model.notebook import code_imports
from jupyter_dep.model.notebook.notebook import Notebook
from jupyter_dep.model.packages.import_origin import NOTHING, ModuleProviders

HEAD = '[project]\nname = "mine"\nversion = "1"\n'


def faulty(text: str) -> tuple[manifest.Manifest | None, list[tuple[str, Mapping[str, str | int]]]]:
    read, found = faults(manifest.document(text), {})
    return read, [(error.code, error.context) for error in found]


def codes(found: Any) -> list[tuple[str, str]]:
    return [(item.level, item.code) for item in found]


# A manifest's faults


def test_every_fault_is_told_and_what_is_right_is_read_all_the_same() -> None:
    read, found = faulty(
        HEAD
        + """requires-python = "3.11"
dependencies = ["good", "bad one", "fine", "worse =", "=="]
[tool.uv]
mystery = 1
[tool.jupyter-dep]
widgets = "yes"
[dependency-groups]
dev = ["bad too =", "tool"]
"""
    )
    assert read is not None
    assert [str(item) for item in read.dependencies] == ["good", "fine"]
    assert [str(item) for item in read.groups["dev"]] == ["tool"]
    assert [code for code, _ in found] == ["bad-requires-python", *["bad-requirement"] * 4, "unsupported-key", "bad-value"]


def test_an_entry_s_number_is_the_one_in_the_file_though_others_were_left_out() -> None:
    _, found = faulty(HEAD + 'dependencies = ["a b", "good", "c d", "good2", "e f"]\n')
    assert [context["entry"] for _, context in found] == [1, 3, 5]


def test_a_missing_group_and_a_circle_do_not_hide_what_the_other_groups_ask_for() -> None:
    read, found = faulty(
        HEAD
        + """[dependency-groups]
one = [{include-group = "two"}, "first"]
two = [{include-group = "one"}, "second"]
three = [{include-group = "nowhere"}, "third"]
"""
    )
    assert sorted(code for code, _ in found) == ["group-cycle", "no-such-group"]
    assert read is not None
    assert {str(item) for part in read.groups.values() for item in part} == {"first", "second", "third"}


def test_an_extra_of_the_project_that_is_not_there_is_one_fault() -> None:
    read, found = faulty(HEAD + '[project.optional-dependencies]\nall = ["mine[plot]", "good"]\n')
    assert [code for code, _ in found] == ["no-such-extra"]
    assert read is not None
    assert [str(item) for item in read.extras["all"]] == ["good"]


@pytest.mark.parametrize(
    "text",
    [
        'project = "x"',
        "dependency-groups = 3",
        '[dependency-groups]\n"bad name!" = []\ngood = ["x"]',
        "tool = 1",
        "build-system = []",
    ],
)
def test_tables_of_the_wrong_kind_are_faults_and_not_the_end(text: str) -> None:
    read, found = faulty(text)
    assert len(found) == 1
    assert read is not None


ALL_KEYS = """[project]
name = "mine"
version = "1"
requires-python = ">=3.11"
dependencies = ["a", "b>2; python_version>'3'"]
readme = {file = "x.md", content-type = "text/markdown"}
license-files = ["L*"]
authors = [{name = "x"}]
dynamic = ["urls"]
scripts = {a = "b:c"}
entry-points = {g = {a = "b"}}
optional-dependencies = {all = ["mine[plot]"], plot = ["p"]}
[dependency-groups]
dev = ["x", {include-group = "t"}]
t = ["mine[plot]"]
[build-system]
requires = ["h"]
backend-path = ["."]
[tool.uv]
index = [{name = "c", url = "https://index.example"}]
sources = {a = {index = "c"}, b = [{path = "../b"}]}
constraint-dependencies = ["x<1"]
[tool.jupyter-dep]
platforms = ["sys_platform=='linux'"]
"""
STRANGE: list[Any] = [1, True, "", "x y", [], {}, [1], ["a b"], {"x": 1}, [[]], [{}], {"include-group": "dev"}, ["mine[no]"]]


def _places(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if place:
        yield place
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in members:
        yield from _places(inner, (*place, key))


@pytest.mark.parametrize("seed", range(4))
def test_whatever_stands_in_the_place_of_a_value_the_rest_is_read(seed: int) -> None:
    whole, chance = manifest.document(ALL_KEYS), random.Random(seed)
    for place in _places(whole):
        for strange in chance.sample(STRANGE, 4):
            document: Any = copy.deepcopy(whole)
            here = document
            for key in place[:-1]:
                here = here[key]
            here[place[-1]] = strange
            read, _ = faults(document, {})
            assert read is not None, (place, strange)
            list(project_findings(document, {}))
            named_files(document)
            list(conflicting_requirements(document, read.requires_python, {}))
            list(source_findings(read, {}))


# The project table


def project(text: str) -> list[tuple[str, str]]:
    return codes(project_findings(manifest.document(text), {}))


def test_a_whole_project_table_has_no_faults() -> None:
    assert not project(
        HEAD
        + """description = "One line"
readme = "README.md"
license = "MIT OR Apache-2.0"
license-files = ["LICENSE"]
authors = [{name = "Ada", email = "ada@example.org"}]
keywords = ["a"]
classifiers = ["Framework :: Jupyter"]
urls = {Home = "https://index.example"}
scripts = {run = "mine.cli:main", again = "mine.cli:App.main"}
entry-points = {"pkg.plugins" = {one = "mine.plugin", two = "mine.plugin:Two [extra]"}}
"""
    )


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ('scripts = {run = "mine.cli"}', "bad-entry-point"),
        ('scripts = {run = "mine cli:main"}', "bad-entry-point"),
        ('scripts = {run = "mine.cli:main()"}', "bad-entry-point"),
        ('entry-points = {console_scripts = {run = "a:b"}}', "bad-entry-point"),
        ('license = "Mine"', "bad-value"),
        ('license = "MIT"\nclassifiers = ["License :: OSI Approved :: MIT License"]', "bad-value"),
        ('readme = "README"', "bad-value"),
        ('readme = {file = "README.md"}', "bad-value"),
        ("authors = ['Ada']", "bad-value"),
        ("description = 'two\\nlines'".replace("'", '"'), "bad-value"),
        ("keywords = 'one'", "bad-value"),
    ],
)
def test_what_a_build_backend_would_refuse_is_an_error(line: str, code: str) -> None:
    assert ("error", code) in project(HEAD + line + "\n")


def test_a_name_and_a_version_are_needed_and_a_backend_may_tell_the_version() -> None:
    assert project("[project]\n") == [("error", "no-name"), ("error", "no-version")]
    assert project('[project]\nname = "a"\ndynamic = ["version"]\n[build-system]\nrequires = []\n') == []
    assert project('[project]\nname = "a"\ndynamic = ["version"]\n') == [("warning", "no-backend")]


def test_an_unknown_key_is_a_warning_that_names_the_near_one() -> None:
    (found,) = project_findings(manifest.document(HEAD + 'licence = "MIT"\n'), {})
    assert (found.level, found.code) == ("warning", "unknown-key")
    assert "`license`" in found.hint


def test_tables_of_poetry_alone_are_told() -> None:
    assert project('[tool.poetry]\nname = "a"\n') == [("warning", "poetry-tables")]


def test_the_files_that_a_manifest_names_are_listed() -> None:
    text = HEAD + 'readme = {file = "a.md", content-type = "text/markdown"}\nlicense-files = ["L*"]\n'
    assert [(one.path, one.pattern) for one in named_files(manifest.document(text))] == [("a.md", False), ("L*", True)]


# Clashes


def clash(dependencies: str, groups: str = "", python: str | None = None) -> list[Finding]:
    return list(
        conflicting_requirements(
            manifest.document(f"{HEAD}dependencies = [{dependencies}]\n[dependency-groups]\n{groups}\n"), python, {}
        )
    )


def test_bounds_that_cannot_both_hold_are_named_with_their_parts() -> None:
    (found,) = clash('"numpy<2"', 'dev = ["numpy>=2.1"]')
    assert "`numpy<2` in the dependencies" in found.message
    assert "`numpy>=2.1` in the group `dev`" in found.message
    assert found.level == "error"


def test_two_groups_may_exclude_each_other_too() -> None:
    (found,) = clash("", 'a = ["x==1"]\nb = [{include-group = "a"}, "X==2"]')
    assert "group `a`" in found.message
    assert "group `b`" in found.message


def test_bounds_that_overlap_are_no_clash() -> None:
    assert not clash('"numpy>=1,<3"', 'dev = ["numpy~=2.0"]\nmore = ["numpy"]')


def test_markers_that_never_hold_together_are_no_clash() -> None:
    assert not clash("\"x<2; python_version < '3.12'\", \"x>=2; python_version >= '3.12'\"")
    assert not clash("\"x<2; sys_platform == 'win32'\", \"x>=2; sys_platform == 'linux'\"")
    assert clash("\"x<2; python_version < '3.12'\", \"x>=2; python_version >= '3.11'\"")
    assert not clash("\"x<2; python_version < '3.12'\", \"x>=2; python_version >= '3.11'\"", python=">=3.12")


def test_two_sources_of_one_package_are_a_clash() -> None:
    (found,) = clash('"x @ https://index.example/x-1.zip"', 'dev = ["x @ https://index.example/x-2.zip"]')
    assert "two sources" in found.message


# Sources


def test_a_source_of_nothing_and_one_at_no_index_are_told() -> None:
    text = HEAD + 'dependencies = ["a"]\n[tool.uv.sources]\na = {index = "corp"}\nb = {path = "../b"}\n'
    assert codes(source_findings(manifest.parse(text), {})) == [("error", "no-such-source"), ("warning", "unused-source")]


# Locks


def test_a_stale_lock_says_what_it_does_not_answer_part_by_part() -> None:
    now = {"requires-python": ">=3.12", "dependencies": ["a", "b>2"], "groups": {"dev": ["x"], "new": []}, "uv": {}}
    then = {"requires-python": ">=3.11", "dependencies": ["a", "b>1"], "groups": {"dev": ["y"]}, "uv": {"index": []}}
    said = [item.message for item in stale(now, then, lock="jupyter dep lock", where={})]
    assert said == [
        "`requires-python` is `>=3.12`, and the lock answers `>=3.11`",
        "the group `new` is not in the lock",
        "`b>2` is declared, and the lock does not answer it",
        "`b>1` is locked, and no longer declared",
        "`x` is declared in the group `dev`, and the lock does not answer it",
        "`y` is locked in the group `dev`, and no longer declared",
        "`tool.uv.index` has changed since it was locked",
    ]


# Notebooks


def notebook(*cells: str, kernel: str | None = "dep", language: str = "python") -> Notebook:
    spec = {"kernelspec": {"name": kernel, "language": language, "display_name": "x"}} if kernel else {}
    listed = [{"cell_type": "code", "source": text, "metadata": {}, "outputs": [], "execution_count": None} for text in cells]
    return Notebook.parse(json.dumps({"cells": listed, "metadata": spec, "nbformat": 4, "nbformat_minor": 4}).encode())


def of_notebook(read: Notebook, *declared: str, kernels: frozenset[str] = frozenset()) -> list[Finding]:
    return list(notebook_findings(read, declared=declared, kernels=kernels, target=None, where={"file": "a.ipynb"}))


def test_the_kernel_has_to_be_dep_or_the_project_s_own() -> None:
    assert not of_notebook(notebook())
    assert not of_notebook(notebook(kernel="dep-mine"), kernels=frozenset({"dep-mine"}))
    assert codes(of_notebook(notebook(kernel="python3"))) == [("warning", "other-kernel")]
    assert codes(of_notebook(notebook(kernel=None))) == [("warning", "other-kernel")]


def test_a_notebook_of_another_language_is_only_noted() -> None:
    assert codes(of_notebook(notebook("%pip install x", kernel="ir", language="R"))) == [("note", "not-python")]


def test_an_install_line_is_answered_with_the_add_line_that_replaces_it() -> None:
    found = of_notebook(notebook("x = 1", "%pip install -q 'pandas>=2' ./local numpy", "!pip install numpy"), "numpy")
    assert [item.context["cell"] for item in found] == [2, 3]
    assert str(found[0].hint) == "in its place: `jupyter dep add 'pandas>=2'`"
    assert found[1].hint == "take the line out: what it names is declared"
    (file,) = of_notebook(notebook("!pip install -r requirements.txt"))
    assert "jupyter dep add -r FILE" in str(file.hint)


# Imports


def test_imports_that_the_code_does_without_are_told_apart() -> None:
    source = """
import a
try:
    import b
except ImportError:
    import c
if TYPE_CHECKING:
    import d
else:
    import e
def f():
    import g
with contextlib.suppress(ImportError):
    import h
try:
    import i
finally:
    pass
from . import j
import os
"""
    found = {one.module: one.optional for one in code_imports.imports_of(source)}
    assert found == {"a": False, "b": True, "c": True, "d": True, "e": False, "g": False, "h": True, "i": False}


def use(module: str, role: Any = "notebook", **more: Any) -> ImportUse:
    return ImportUse(module=module, role=role, where={"file": f"{role}.py"}, **more)


def usage(
    *uses: ImportUse, providers: ModuleProviders = NOTHING, default: str = "", group: str = "", **more: Any
) -> list[tuple[str, str]]:
    parts: Any = {"default": frozenset(default.split()), "group": frozenset(group.split())}
    found = usage_findings(uses, Declared(parts=parts, **more), providers, where={})
    return [(item.code, item.message.split("`")[1]) for item in found]


def test_what_is_declared_under_another_name_than_it_is_imported_by_is_not_missing() -> None:
    assert usage(use("sklearn.tree"), use("yaml"), use("cv2"), default="scikit-learn pyyaml opencv-python") == []


def test_an_import_that_nothing_brings_is_undeclared_and_a_lucky_one_transitive() -> None:
    assert usage(use("pandas")) == [("import-undeclared", "pandas")]
    assert usage(use("pandas"), locked=frozenset({"pandas"})) == [("import-transitive", "pandas")]


def test_an_optional_import_need_not_be_declared_and_counts_as_use() -> None:
    assert usage(use("pandas", optional=True), default="pandas") == []
    assert usage(use("pandas", optional=True)) == []


def test_the_kernel_s_packages_are_there_for_notebooks_and_for_nobody_else() -> None:
    assert usage(use("IPython.display")) == []
    assert usage(use("IPython.display", "package")) == [("import-undeclared", "IPython.display")]


def test_the_package_needs_its_imports_among_the_dependencies_and_tests_may_have_them_from_a_group() -> None:
    assert usage(use("pytest", "other"), group="pytest") == []
    assert usage(use("pytest", "package"), group="pytest") == [("import-from-group", "pytest")]


def test_a_declared_package_that_nothing_imports_is_noted() -> None:
    assert usage(use("numpy"), default="numpy pandas types-requests") == [("unused", "pandas")]
    assert usage(default="pandas") == [], "there is no code yet"


def test_what_the_map_does_not_know_is_said_to_be_unclear_and_nobody_is_called_unused() -> None:
    assert usage(use("corp_things"), default="our-own-lib") == [("import-unclear", "corp_things")]


def test_the_environment_knows_better_than_the_map() -> None:
    known = ModuleProviders(modules={"corp_things": frozenset({"our-own-lib"})}, names=frozenset({"our-own-lib"}))
    assert usage(use("corp_things.x"), default="our-own-lib", providers=known) == []
    assert usage(use("corp_things.x"), locked=frozenset({"our-own-lib"}), providers=known) == [
        ("import-transitive", "corp_things.x")
    ]


def test_a_group_s_tools_are_not_unused_and_its_plain_libraries_are() -> None:
    modules = {"tool": frozenset({"tool"}), "lib": frozenset({"lib"})}
    known = ModuleProviders(modules=modules, plugged=frozenset({"tool"}), names=frozenset({"tool", "lib"}))
    assert usage(use("x", own=True), group="tool lib", providers=known) == [("unused", "lib")]


def test_a_namespace_belongs_to_nobody() -> None:
    assert usage(use("google")) == []


# Findings


def test_findings_come_once_the_gravest_first_and_strict_makes_warnings_errors() -> None:
    def one(level: Any, code: str) -> Finding:
        return Finding(level=level, code=code, message=code, hint="do it")

    found = Findings.sorted([one("note", "a"), one("warning", "b"), one("error", "c"), one("note", "a")])
    assert codes(found.found) == [("error", "c"), ("warning", "b"), ("note", "a")]
    assert codes(found.strict().errors) == [("error", "c"), ("error", "b")]
    assert codes(found.strict().notes) == [("note", "a")]


def _written_codes(tree: ast.AST) -> Iterator[str]:
    """Codes of findings as the sources write them: `Finding(code=…)`, and the makers that take one second."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = (
            node.func.id if isinstance(node.func, ast.Name) else node.func.attr if isinstance(node.func, ast.Attribute) else ""
        )
        given = [keyword.value for keyword in node.keywords if keyword.arg == "code"] if name == "Finding" else []
        given += node.args[1:2] if name in ("_report", "_Missing") else []
        yield from (value.value for value in given if isinstance(value, ast.Constant))


def test_the_page_of_findings_has_every_code_and_no_other() -> None:
    root = Path(__file__).parents[2]
    rooms = [*root.glob("core/jupyter_dep/model/checking/*.py"), *root.glob("core/jupyter_dep/operations/inspect/check*.py")]
    written = {code for file in rooms for code in _written_codes(ast.parse(file.read_text("utf-8")))}
    page = (root / "docs" / "checks.md").read_text("utf-8")
    assert len(written) > 20, "the reader of the sources has gone blind"
    assert written == set(re.findall(r"^\| `([a-z-]+)` \|", page, re.MULTILINE))
