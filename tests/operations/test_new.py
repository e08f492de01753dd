"""`new`: a folder with a package in it or with a first notebook, whole or not at all."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest
from support.index import Index
from support.sandbox import UserSandbox, terminal_at

from jupyter_dep.base.errors import DepError, UsageError
from jupyter_dep.io.files import scaffold
from jupyter_dep.model.manifest import manifest, templates
from jupyter_dep.operations.consent import build_backend
from jupyter_dep.operations.project import discovery
from jupyter_dep.operations.scaffold import new

MINOR = ".".join(map(str, sys.version_info[:2]))


@pytest.fixture
def sandbox(tmp_path: Path, toy_index: Index) -> UserSandbox:
    return terminal_at(tmp_path, toy_index)


def below(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def read(folder: Path) -> manifest.Manifest:
    return manifest.parse((folder / "pyproject.toml").read_text("utf-8"))


# What is made


@pytest.mark.poetry("poetry new PATH")
def test_new_makes_a_package_with_a_test(sandbox: UserSandbox) -> None:
    entry = sandbox.dep("new", "My Shop", "--python", MINOR, "--json").entry
    folder = sandbox.folder / "My Shop"
    assert below(folder) == [".gitignore", "README.md", "pyproject.toml", "src/my_shop/__init__.py", "tests/test_my_shop.py"]
    assert sorted(entry["files"]) == below(folder) and entry["project"] == str(folder / "pyproject.toml")
    found = read(folder)
    assert (found.name, found.version, found.requires_python) == ("my-shop", "0.1.0", f">={MINOR}")
    assert found.build_system is not None and found.build_system.backend == "hatchling.build"
    assert found.dependencies == ()


def test_the_package_builds_and_its_test_passes(sandbox: UserSandbox) -> None:
    sandbox.dep("new", "shop", "--lib")
    folder = sandbox.folder / "shop"
    for command in (["-m", "hatchling", "build", "-t", "wheel"], ["-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"]):
        done = subprocess.run(
            [sys.executable, *command],
            cwd=folder,
            env={**sandbox.environ(), "PYTHONPATH": "src"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = (folder / "dist").glob("*.whl")
    assert "shop/__init__.py" in zipfile.ZipFile(wheel).namelist()


def test_new_with_a_notebook_has_no_build_system_and_opens_with_our_kernel(sandbox: UserSandbox) -> None:
    sandbox.dep("new", "survey", "--notebook")
    folder = sandbox.folder / "survey"
    assert below(folder) == [".gitignore", "README.md", "analysis.ipynb", "pyproject.toml"]
    assert read(folder).build_system is None
    notebook = nbformat.read(folder / "analysis.ipynb", as_version=4)
    nbformat.validate(notebook)
    assert notebook.metadata.kernelspec.name == "dep" and notebook.cells == []
    owner = discovery.find_project(folder / "analysis.ipynb", sandbox.services())
    assert (owner.why, owner.file) == ("folder", folder / "pyproject.toml")


def test_a_new_folder_can_be_added_to_at_once(sandbox: UserSandbox) -> None:
    sandbox.dep("new", "survey", "--notebook", "--python", MINOR)
    added = sandbox.dep("add", "--project", "survey", "alpha", "--json")
    assert added.code == 0, added.said
    assert added.entry["locked"]["alpha"] == "2.0"
    assert (sandbox.folder / "survey" / "pylock.toml").is_file()


def test_new_fills_the_empty_folder_that_one_stands_in(sandbox: UserSandbox) -> None:
    before = sandbox.folder.stat().st_ino
    entry = sandbox.dep("new", ".", "--notebook", "--json").entry
    assert entry["name"] == "work" and (sandbox.folder / "pyproject.toml").is_file()
    assert sandbox.folder.stat().st_ino == before, "the folder itself was replaced under the person's feet"


def test_new_makes_the_folders_above(sandbox: UserSandbox) -> None:
    assert sandbox.dep("new", "a/b/Ärger Çok", "--notebook", "--json").entry["name"] == "arger-cok"
    assert (sandbox.folder / "a" / "b" / "Ärger Çok" / "pyproject.toml").is_file()


def test_the_next_steps_can_be_typed(sandbox: UserSandbox) -> None:
    said = sandbox.dep("new", "My Shop").out
    assert "next: cd 'My Shop'\n" in said and "next: jupyter dep install\n" in said


def test_a_range_of_pythons_is_declared_as_it_was_typed(sandbox: UserSandbox) -> None:
    sandbox.dep("new", "shop", "--python", f">={MINOR},<4")
    assert read(sandbox.folder / "shop").requires_python == f">={MINOR},<4"


def test_the_python_that_was_asked_for_makes_the_first_lock(sandbox: UserSandbox) -> None:
    sandbox.dep("new", "shop", "--notebook", "--python", MINOR)
    assert sandbox.services().history.python(sandbox.folder / "shop" / "pyproject.toml") == MINOR


def test_who_makes_a_package_may_build_it_and_who_only_adopts_one_is_asked(sandbox: UserSandbox) -> None:
    sandbox.dep("new", "mine")
    sandbox.dep("new", "theirs")
    services = sandbox.services()
    stranger = sandbox.folder / "stranger"
    (sandbox.folder / "theirs").rename(stranger)
    assert build_backend.build_backend_granted(sandbox.folder / "mine", services)
    assert sandbox.dep("init", "--project", "stranger").code == 0
    assert not build_backend.build_backend_granted(stranger, services)


# Names


@pytest.mark.parametrize(
    ("folder", "name"),
    [("Shop", "shop"), ("My  Analysis_2.0", "my-analysis-2-0"), ("Übung é", "ubung-e"), ("a🎉b", "a-b"), ("-x-", "x")],
)
def test_a_folders_name_is_normalised(folder: str, name: str) -> None:
    assert templates.name_of_folder(folder) == name


@pytest.mark.parametrize("folder", ["数据", "straße", "...", "", "data数据"])
def test_letters_that_no_name_has_are_asked_for_and_not_dropped(folder: str) -> None:
    with pytest.raises(UsageError) as caught:
        templates.name_of_folder(folder)
    assert caught.value.code == "bad-project-name" and "--name" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (("new", "数据"), "letters"),
        (("new", "shop", "--name", "a b"), "is not a valid project name"),
        (("new", "shop", "--name", "-x"), "is not a valid project name"),
        (("new", "json"), "module of Python itself"),
        (("new", "class"), "no `import`"),
        (("new", "2024-report"), "no `import`"),
    ],
)
def test_a_name_that_cannot_be_is_refused_before_anything_is_made(
    sandbox: UserSandbox, line: tuple[str, ...], why: str
) -> None:
    if line[-1] == "-x":
        line = (*line[:-2], "--name=-x")
    error = sandbox.refused(*line, code="bad-project-name", exit_code=2)
    assert why in error["message"] and "--name" in error["hint"]
    assert list(sandbox.folder.iterdir()) == []


def test_a_folder_of_notebooks_may_be_called_as_no_package_could(sandbox: UserSandbox) -> None:
    assert sandbox.dep("new", "2024-report", "--notebook", "--json").entry["name"] == "2024-report"
    assert sandbox.dep("new", "数据", "--notebook", "--name", "Daten", "--json").entry["name"] == "Daten"


# What is refused


def test_a_folder_that_holds_something_is_refused(sandbox: UserSandbox) -> None:
    (sandbox.folder / "my shop").mkdir()
    (sandbox.folder / "my shop" / "notes.txt").write_text("mine")
    error = sandbox.refused("new", "my shop", code="folder-not-empty", exit_code=1)
    assert f"jupyter dep init --project '{sandbox.folder / 'my shop'}'" in error["hint"]
    assert below(sandbox.folder / "my shop") == ["notes.txt"]


@pytest.mark.parametrize("path", ["taken", "taken/below", "dangling"])
def test_a_file_in_the_place_of_the_folder_is_refused(sandbox: UserSandbox, path: str) -> None:
    (sandbox.folder / "taken").write_text("mine")
    (sandbox.folder / "dangling").symlink_to(sandbox.folder / "nowhere")
    sandbox.refused("new", path, code="not-a-folder", exit_code=1)
    assert (sandbox.folder / "taken").read_text() == "mine"


@pytest.mark.parametrize(
    ("line", "hint"),
    [(("new",), "PATH"), (("new", "a", "b"), "PATH"), (("new", "a", "--lib", "--notebook"), "one of them")],
)
def test_a_wrong_line_makes_nothing(sandbox: UserSandbox, line: tuple[str, ...], hint: str) -> None:
    assert hint in sandbox.refused(*line, code="bad-usage", exit_code=2)["hint"]
    assert list(sandbox.folder.iterdir()) == []


def test_a_python_that_is_not_here_is_told_with_those_that_are(sandbox: UserSandbox) -> None:
    error = sandbox.refused("new", "shop", "--python", "3.77", code="no-matching-python", exit_code=1)
    assert MINOR in error["hint"]
    assert list(sandbox.folder.iterdir()) == []


def test_where_writing_fails_nothing_is_left(sandbox: UserSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: object) -> None:
        raise DepError("disk-full", "no space left", hint="free some")

    monkeypatch.setattr(scaffold, "replace_all", full)
    with pytest.raises(DepError):
        new.new(sandbox.folder / "a" / "b", sandbox.services())
    assert list(sandbox.folder.iterdir()) == []


def test_the_manifest_is_written_last(sandbox: UserSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    monkeypatch.setattr(scaffold, "replace_all", lambda writes: written.extend(write.path.name for write in writes))
    new.new(sandbox.folder / "shop", sandbox.services())
    assert written[-1] == "pyproject.toml", "what a kill leaves would be a project"


def test_a_cell_cannot_make_folders() -> None:
    from jupyter_dep_cli.parser import BY_NAME

    assert not BY_NAME["new"].in_cell
    assert json.dumps(BY_NAME["new"].usage())
