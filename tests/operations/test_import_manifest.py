"""`import FILE`: what another tool's file declares, in a folder's declaration or in a notebook's."""

from __future__ import annotations

import json
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.index import Index
from support.notebooks import raw_notebook
from support.sandbox import UserSandbox, terminal_at

from jupyter_dep.model.notebook.notebook import Notebook
from jupyter_dep.operations.project.context import CommandContext
from jupyter_dep.operations.scaffold import import_manifest

MINOR = ".".join(map(str, sys.version_info[:2]))
PROJECT = f"""\
# ours
[project]
name = "work"
version = "1.0"
requires-python = ">={MINOR}"
dependencies = [
    "alpha>=1",  # the first
]
"""


@pytest.fixture
def sandbox(tmp_path: Path, toy_index: Index) -> UserSandbox:
    sandbox = terminal_at(tmp_path, toy_index)
    (sandbox.folder / "pyproject.toml").write_text(PROJECT)
    return sandbox


@pytest.fixture
def old(sandbox: UserSandbox) -> Path:
    """A folder beside the project, where somebody worked with another tool."""
    folder = sandbox.folder.parent / "old"
    folder.mkdir()
    return folder


def document(sandbox: UserSandbox) -> dict[str, Any]:
    return tomllib.loads((sandbox.folder / "pyproject.toml").read_text("utf-8"))


def dependencies(notebook: Path) -> list[str]:
    found = Notebook.parse(notebook.read_bytes()).declaration()
    assert found is not None
    return [str(item) for item in found.dependencies]


def left(entry: dict[str, Any]) -> str:
    return "\n".join(f"{item['what']}: {item['why']}" for item in entry["left"])


# Into a folder


def test_requirements_are_added_and_what_is_declared_stays(sandbox: UserSandbox, old: Path) -> None:
    (old / "requirements.txt").write_text("alpha>=2\n-r more.txt\n-c limits.txt\ngamma; os_name == 'nt'\n")
    (old / "more.txt").write_text("beta==1.0 --hash=sha256:aa\n")
    (old / "limits.txt").write_text("delta<2\n")
    ran = sandbox.dep("import", "../old/requirements.txt", "--json")
    assert ran.entry["changed"] and "alpha>=2: `alpha>=1` is declared already" in left(ran.entry)
    text = (sandbox.folder / "pyproject.toml").read_text("utf-8")
    assert "# ours\n" in text and '    "alpha>=1",  # the first\n' in text
    assert document(sandbox)["project"]["dependencies"] == ["alpha>=1", "beta==1.0", "gamma; os_name == 'nt'"]
    assert document(sandbox)["tool"]["uv"]["constraint-dependencies"] == ["delta<2"]


def test_a_file_goes_into_the_group_that_its_name_or_the_option_tells(sandbox: UserSandbox, old: Path) -> None:
    (old / "requirements-dev.txt").write_text("beta\n")
    sandbox.dep("import", old / "requirements-dev.txt")
    assert document(sandbox)["dependency-groups"] == {"dev": ["beta"]}
    (old / "extra.txt").write_text("gamma\n")
    sandbox.dep("import", old / "extra.txt", "--group", "docs")
    assert document(sandbox)["dependency-groups"] == {"dev": ["beta"], "docs": ["gamma"]}


def test_paths_are_told_from_the_project(sandbox: UserSandbox, old: Path) -> None:
    (old / "lib").mkdir()
    (old / "lib" / "pyproject.toml").write_text('[project]\nname = "inner"\n')
    (old / "requirements.txt").write_text("-e ./lib\n")
    sandbox.dep("import", old / "requirements.txt")
    assert document(sandbox)["tool"]["uv"]["sources"] == {"inner": {"path": "../old/lib", "editable": True}}


def test_poetrys_tables_of_another_folder_are_imported_without_its_name(sandbox: UserSandbox, old: Path) -> None:
    (old / "pyproject.toml").write_text(
        '[tool.poetry]\nname = "elder"\nversion = "3.0"\n[tool.poetry.dependencies]\npython = "^3.9"\nbeta = "^1"\n'
        '[tool.poetry.group.dev.dependencies]\ngamma = "*"\n'
    )
    entry = sandbox.dep("import", old / "pyproject.toml", "--json").entry
    found = document(sandbox)
    assert (found["project"]["name"], found["project"]["version"]) == ("work", "1.0")
    assert found["project"]["dependencies"] == ["alpha>=1", "beta>=1,<2.0"] and found["dependency-groups"] == {"dev": ["gamma"]}
    assert "name `elder`" in left(entry) and "version `3.0`" in left(entry) and "requires-python" in left(entry)


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("Pipfile", '[packages]\nbeta = "*"\n', ["alpha>=1", "beta"]),
        ("environment.yml", "dependencies:\n- numpy\n- pip: [beta]\n", ["alpha>=1", "beta"]),
        ("setup.cfg", "[metadata]\nname = elder\n[options]\ninstall_requires = beta\n", ["alpha>=1", "beta"]),
        ("any-name.in", "beta\n", ["alpha>=1", "beta"]),
    ],
)
def test_every_kind_of_file_is_imported(sandbox: UserSandbox, old: Path, name: str, text: str, expected: list[str]) -> None:
    (old / name).write_text(text)
    assert sandbox.dep("import", old / name).code == 0
    assert document(sandbox)["project"]["dependencies"] == expected
    assert "build-system" not in document(sandbox), "what builds the project is not another file's to say"


def test_an_index_of_another_meaning_is_not_mixed_up(sandbox: UserSandbox, old: Path) -> None:
    (sandbox.folder / "pyproject.toml").write_text(
        PROJECT + '[[tool.uv.index]]\nname = "corp"\nurl = "https://corp.example/simple"\nexplicit = true\n'
    )
    (old / "Pipfile").write_text(
        '[[source]]\nname = "pypi"\nurl = "https://x.example"\n[[source]]\nname = "corp"\nurl = "https://evil.example/simple"\n'
        '[packages]\nbeta = {version = "*", index = "corp"}\n'
    )
    entry = sandbox.dep("import", old / "Pipfile", "--json").entry
    assert [index["url"] for index in document(sandbox)["tool"]["uv"]["index"]] == ["https://corp.example/simple"]
    assert "sources" not in document(sandbox)["tool"]["uv"]
    assert "evil.example" in left(entry) and "where beta comes from" in left(entry)


def test_an_import_can_be_taken_back(sandbox: UserSandbox, old: Path) -> None:
    (old / "requirements.txt").write_text("beta\n")
    sandbox.dep("import", old / "requirements.txt")
    assert sandbox.dep("undo").code == 0
    assert (sandbox.folder / "pyproject.toml").read_text() == PROJECT


def test_what_is_declared_already_changes_nothing(sandbox: UserSandbox, old: Path) -> None:
    (old / "requirements.txt").write_text("Alpha >= 1\n")
    ran = sandbox.dep("import", old / "requirements.txt")
    assert "nothing new" in ran.out and "next:" not in ran.out
    assert (sandbox.folder / "pyproject.toml").read_text() == PROJECT


def test_no_secret_of_a_file_is_shown_or_written(sandbox: UserSandbox, old: Path) -> None:
    (old / "requirements.txt").write_text(
        "--extra-index-url https://ann:hunter2@corp.example/simple\nbeta @ https://ann:hunter2@files.example/b-1.0.tar.gz\ngamma\n"
    )
    for form in ((), ("--json",)):
        assert "hunter2" not in sandbox.dep("import", old / "requirements.txt", *form).said
    assert "hunter2" not in (sandbox.folder / "pyproject.toml").read_text()
    home = sandbox.home.rglob("*")
    assert not [path for path in home if path.is_file() and b"hunter2" in path.read_bytes()]


# Into a notebook


@pytest.fixture
def notebook(sandbox: UserSandbox) -> Path:
    (sandbox.folder / "pyproject.toml").unlink()
    return sandbox.notebook("alpha>=1")


def test_a_notebook_takes_dependencies_constraints_indexes_and_sources(sandbox: UserSandbox, old: Path, notebook: Path) -> None:
    (old / "Pipfile").write_text(
        '[[source]]\nname = "pypi"\nurl = "https://x.example"\n[[source]]\nname = "corp"\nurl = "https://corp.example/simple"\n'
        '[packages]\nalpha = ">=2"\ninner = {version = "*", index = "corp"}\nlib = {path = "./lib"}\nbeta = "*"\n'
        '[dev-packages]\npytest = "*"\n'
    )
    entry = sandbox.dep("import", old / "Pipfile", notebook, "--json").entry
    found = Notebook.parse(notebook.read_bytes()).declaration()
    assert found is not None and [str(item) for item in found.dependencies] == ["alpha>=1", "inner", "beta"]
    assert found.uv["sources"] == {"inner": {"index": "corp"}}
    assert [index["url"] for index in found.indexes] == ["https://corp.example/simple"]
    for what in ("alpha>=2", "lib: it is a path", "the group dev (pytest)"):
        assert what in left(entry)
    (old / "requirements.txt").write_text("-c limits.txt\n--pre\ngamma\n")
    (old / "limits.txt").write_text("delta<2\n")
    sandbox.dep("import", old / "requirements.txt", notebook)
    found = Notebook.parse(notebook.read_bytes()).declaration()
    assert found is not None and found.uv["constraint-dependencies"] == ["delta<2"] and found.uv["prerelease"] == "allow"


def test_a_notebook_without_a_declaration_gets_one(sandbox: UserSandbox, old: Path) -> None:
    (sandbox.folder / "pyproject.toml").unlink()
    plain = raw_notebook(sandbox.folder, ["print(1)"], name="plain")
    (old / "requirements.txt").write_text("beta\n")
    ran = sandbox.dep("import", old / "requirements.txt", "plain.ipynb")
    assert dependencies(plain) == ["beta"] and "next: jupyter dep lock plain.ipynb\n" in ran.out
    assert json.loads(plain.read_text())["cells"][1]["source"] == "print(1)"


def test_a_notebook_of_the_folder_imports_into_the_folder(sandbox: UserSandbox, old: Path) -> None:
    raw_notebook(sandbox.folder, ["print(1)"], name="member")
    (old / "requirements.txt").write_text("beta\n")
    sandbox.dep("import", old / "requirements.txt", "member.ipynb")
    assert document(sandbox)["project"]["dependencies"] == ["alpha>=1", "beta"]


def test_a_kernels_notebook_is_edited_by_whoever_holds_it(sandbox: UserSandbox, old: Path, notebook: Path) -> None:
    (old / "requirements.txt").write_text("beta\n")
    before = notebook.read_bytes()
    services = sandbox.services()
    made = import_manifest.import_file(
        old / "requirements.txt", notebook, services, CommandContext(command="import", in_kernel=True)
    )
    assert notebook.read_bytes() == before
    assert made.edit is not None and made.edit.pending and '"beta"' in (made.edit.after or "")
    pending = services.history.pending(notebook)
    assert pending is not None and pending.wanted == made.edit.after


def test_an_import_into_a_notebook_can_be_taken_back(sandbox: UserSandbox, old: Path, notebook: Path) -> None:
    (old / "requirements.txt").write_text("beta\n")
    sandbox.dep("import", old / "requirements.txt", notebook)
    assert sandbox.dep("undo", notebook).code == 0 and dependencies(notebook) == ["alpha>=1"]


def test_a_notebook_has_no_groups(sandbox: UserSandbox, old: Path, notebook: Path) -> None:
    (old / "requirements.txt").write_text("beta\n")
    sandbox.refused("import", old / "requirements.txt", notebook, "--group", "dev", code="no-groups-in-notebook", exit_code=2)


# What is refused


@pytest.mark.parametrize(
    ("name", "data", "code", "exit_code"),
    [
        ("gone.txt", None, "no-such-file", 1),
        ("a.txt", b"beta \xff", "not-utf-8", 1),
        ("a.txt", b"-r gone.txt\n", "no-such-file", 1),
        ("a.toml", b"", "unknown-import", 2),
        ("pyproject.toml", b"[project]\nname = 'a'\n", "unknown-import", 2),
        ("Pipfile", b"[packages", "unreadable-import", 1),
        ("environment.yml", b"- a", "unreadable-import", 1),
    ],
)
def test_a_file_that_cannot_be_taken_over_is_told(
    sandbox: UserSandbox, old: Path, name: str, data: bytes | None, code: str, exit_code: int
) -> None:
    if data is not None:
        (old / name).write_bytes(data)
    sandbox.refused("import", old / name, code=code, exit_code=exit_code)


def test_a_folder_is_no_file_to_import(sandbox: UserSandbox, old: Path) -> None:
    sandbox.refused("import", old, code="is-a-folder", exit_code=1)


@pytest.mark.parametrize("line", [("import",), ("import", "a.txt", "b.txt")])
def test_one_file_is_imported_at_a_time(sandbox: UserSandbox, line: tuple[str, ...]) -> None:
    assert "FILE" in sandbox.refused(*line, code="bad-usage", exit_code=2)["hint"]


def test_without_a_project_there_is_nothing_to_import_into(sandbox: UserSandbox, old: Path) -> None:
    (sandbox.folder / "pyproject.toml").unlink()
    (sandbox.folder / "requirements.txt").write_text("beta\n")
    error = sandbox.refused("import", "requirements.txt", code="no-project", exit_code=2)
    assert "jupyter dep init" in error["hint"]


def test_condas_packages_are_declared_with_a_yes(sandbox: UserSandbox, old: Path) -> None:
    (old / "environment.yml").write_text("dependencies: [numpy=1.26]\n")
    services, ask = sandbox.services(), lambda question: "numpy" in question
    yes: Callable[[str], bool] = ask
    made = import_manifest.import_file(
        old / "environment.yml", sandbox.folder / "pyproject.toml", services, CommandContext(command="i"), ask=yes
    )
    assert made.proposed == () and document(sandbox)["project"]["dependencies"] == ["alpha>=1", "numpy==1.26.*"]
