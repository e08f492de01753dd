"""`jupyter dep check`: a folder's manifest, lock, notebooks and imports, from its files alone."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
from support.index import Index
from support.notebooks import PINNED
from support.sandbox import UserSandbox, terminal_at
from support.wheels import build_wheel

from jupyter_dep.base.errors import DepError
from jupyter_dep.operations.inspect import check
from jupyter_dep.operations.project.context import CommandContext

MANIFEST = f"""[project]
name = "mine"
version = "1.0"
requires-python = "{PINNED}"
dependencies = ["alpha"]

[dependency-groups]
dev = ["zeta"]
"""


@pytest.fixture
def sandbox(toy_index: Index, tmp_path: Path) -> UserSandbox:
    for name in ("zeta", "solo"):
        build_wheel(toy_index.folder, name, "1.0")
    made = terminal_at(tmp_path, toy_index)
    write(made, "pyproject.toml", MANIFEST)
    return made


def write(sandbox: UserSandbox, path: str, text: str | bytes) -> Path:
    file = sandbox.folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def notebook(sandbox: UserSandbox, path: str, *cells: str, kernel: str = "dep") -> Path:
    listed = [{"cell_type": "code", "source": text, "metadata": {}, "outputs": [], "execution_count": None} for text in cells]
    metadata = {"kernelspec": {"name": kernel, "language": "python", "display_name": "Python"}}
    return write(sandbox, path, json.dumps({"cells": listed, "metadata": metadata, "nbformat": 4, "nbformat_minor": 4}))


def checked(sandbox: UserSandbox, *arguments: str) -> list[tuple[str, str, str]]:
    """What `--json` tells: level, code and file of each finding."""
    told = sandbox.dep("check", *arguments, "--json").entry["findings"]
    return [(item["level"], item["code"], str(item["context"].get("file", ""))) for item in told]


def one(sandbox: UserSandbox, code: str, *arguments: str) -> dict[str, Any]:
    (found,) = [item for item in sandbox.dep("check", *arguments, "--json").entry["findings"] if item["code"] == code]
    return dict(found)


def test_a_folder_that_is_locked_and_imports_what_it_declares_is_found_good(sandbox: UserSandbox) -> None:
    notebook(sandbox, "a.ipynb", "import alpha")
    write(sandbox, "tests/test_it.py", "import zeta, alpha\n")
    assert sandbox.dep("lock").code == 0
    done = sandbox.dep("check")
    assert (done.code, done.out) == (0, "work: no problems\n"), done.said


@pytest.mark.poetry("poetry check --strict")
def test_errors_end_with_one_and_warnings_do_only_when_they_are_strict(sandbox: UserSandbox) -> None:
    notebook(sandbox, "a.ipynb", "import alpha", kernel="python3")
    sandbox.dep("lock")
    assert sandbox.dep("check").code == 0
    strict = sandbox.dep("check", "--strict", "--json")
    assert strict.code == 1 and strict.entry["errors"] == 1 and strict.entry["exit_code"] == 1
    write(sandbox, "pyproject.toml", MANIFEST.replace('version = "1.0"\n', ""))
    assert sandbox.dep("check").code == 1


def test_check_writes_nothing_starts_nothing_and_asks_no_index(sandbox: UserSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    notebook(sandbox, "a.ipynb", "import alpha, gamma", "%pip install beta")
    sandbox.dep("lock")
    sandbox.dep("sync")
    before = {path: path.stat().st_mtime_ns for path in sandbox.folder.rglob("*")}
    sandbox.index.clear()

    def started(*_: object, **__: object) -> None:
        raise AssertionError("a program was started")

    monkeypatch.setattr("subprocess.Popen", started)
    sandbox.dep("check")
    assert sandbox.index.asked() == []
    assert {path: path.stat().st_mtime_ns for path in sandbox.folder.rglob("*")} == before


# The manifest and the lock


@pytest.mark.poetry("poetry check")
def test_several_faults_of_one_manifest_are_told_at_once(sandbox: UserSandbox) -> None:
    write(
        sandbox,
        "pyproject.toml",
        MANIFEST.replace('["alpha"]', '["alpha", "a b"]') + "more = ['alpha<1', {include-group='no'}]\n",
    )
    write(sandbox, "pyproject.toml", (sandbox.folder / "pyproject.toml").read_text().replace('["alpha", ', '["alpha>=2", '))
    found = checked(sandbox)
    assert [code for level, code, _ in found if level == "error"] == ["bad-requirement", "no-such-group", "clash"]


def test_text_that_is_no_toml_is_a_finding_with_its_line_and_the_notebooks_are_read_all_the_same(sandbox: UserSandbox) -> None:
    write(sandbox, "pyproject.toml", "[project]\nname = \n")
    notebook(sandbox, "a.ipynb", "%pip install x")
    assert one(sandbox, "bad-toml")["context"]["line"] == 2
    assert ("warning", "installs-in-cell", "a.ipynb") in checked(sandbox)


def test_a_manifest_that_is_not_utf_8_is_a_finding(sandbox: UserSandbox) -> None:
    write(sandbox, "pyproject.toml", b"[project]\nname = '\xff'\n")
    found = check.check(sandbox.folder / "pyproject.toml", sandbox.services(), CommandContext())
    assert [item.code for item in found.errors] == ["not-utf-8"]


def test_files_that_the_manifest_names_have_to_be_there(sandbox: UserSandbox) -> None:
    text = MANIFEST.replace("dependencies", 'readme = "README.md"\nlicense-files = ["LICENSE*"]\ndependencies', 1)
    write(sandbox, "pyproject.toml", text)
    assert [code for _, code, _ in checked(sandbox)].count("no-such-file") == 2
    write(sandbox, "README.md", "")
    write(sandbox, "LICENSE.txt", "")
    assert "no-such-file" not in [code for _, code, _ in checked(sandbox)]


def test_dynamic_dependencies_cannot_be_locked_and_no_import_is_called_undeclared(sandbox: UserSandbox) -> None:
    write(
        sandbox,
        "pyproject.toml",
        '[project]\nname = "m"\nversion = "1"\ndynamic = ["dependencies"]\n[build-system]\nrequires = []\n',
    )
    write(sandbox, "a.py", "import pandas\n")
    assert [code for _, code, _ in checked(sandbox)] == ["dynamic-metadata"]


def test_a_lock_is_missing_then_fresh_then_stale_with_the_requirement(sandbox: UserSandbox) -> None:
    assert ("warning", "unlocked", "pyproject.toml") in checked(sandbox)
    sandbox.dep("lock")
    assert "unlocked" not in [code for _, code, _ in checked(sandbox)]
    write(sandbox, "pyproject.toml", MANIFEST.replace('"zeta"', '"zeta", "solo"'))
    found = one(sandbox, "stale")
    assert found["level"] == "error" and "`solo`" in found["message"] and "group `dev`" in found["message"]
    assert found["context"]["file"] == "pylock.toml"


def test_a_lock_for_a_python_that_the_project_no_longer_allows_is_told(sandbox: UserSandbox) -> None:
    sandbox.dep("lock")
    write(sandbox, "pyproject.toml", MANIFEST.replace(PINNED, ">=3.99"))
    assert "asks for `>=3.99`" in one(sandbox, "other-python")["message"]


def test_a_lock_with_conflict_markers_and_one_of_another_tool_are_told(sandbox: UserSandbox) -> None:
    write(sandbox, "pylock.toml", "<<<<<<< ours\n=======\n>>>>>>> theirs\n")
    assert ("error", "unmerged-lock", "pylock.toml") in checked(sandbox)
    write(sandbox, "pylock.toml", 'lock-version = "1.0"\ncreated-by = "other"\npackages = []\n')
    assert ("warning", "foreign-lock", "pylock.toml") in checked(sandbox)


# Notebooks


def test_notebooks_that_disagree_with_the_folder_are_named(sandbox: UserSandbox) -> None:
    notebook(sandbox, "sub/own.ipynb", "# /// script\n# dependencies = ['beta']\n# ///", "import beta", kernel="python3")
    notebook(sandbox, "sub/other.ipynb", "import alpha", kernel="python3")
    notebook(sandbox, "sub/installs.ipynb", "%pip install 'gamma>1'")
    write(sandbox, "sub/broken.ipynb", "{")
    found = checked(sandbox)
    assert [item for item in found if item[2].startswith("sub")] == [
        ("error", "unreadable-json", "sub/broken.ipynb"),
        ("warning", "installs-in-cell", "sub/installs.ipynb"),
        ("warning", "other-kernel", "sub/other.ipynb"),
        ("note", "own-declaration", "sub/own.ipynb"),
    ]
    assert "jupyter dep add 'gamma>1'" in one(sandbox, "installs-in-cell")["hint"]


def test_a_broken_notebook_among_the_tests_keeps_nobody_from_publishing(sandbox: UserSandbox) -> None:
    write(sandbox, "tests/data/broken.ipynb", "{")
    assert ("warning", "unreadable-json", "tests/data/broken.ipynb") in checked(sandbox)


def test_a_kernel_that_is_registered_for_the_folder_is_its_own(sandbox: UserSandbox) -> None:
    notebook(sandbox, "a.ipynb", "import alpha", kernel="dep-work-1")
    services = sandbox.services()
    target = sandbox.folder / "pyproject.toml"
    assert "other-kernel" in [item.code for item in check.check(target, services, CommandContext()).found]
    assert "other-kernel" not in [
        item.code for item in check.check(target, services, CommandContext(), kernels={"dep-work-1"}).found
    ]


def test_one_notebook_is_checked_against_the_folder_that_it_belongs_to(sandbox: UserSandbox) -> None:
    notebook(sandbox, "sub/a.ipynb", "import alpha, zeta, pandas")
    notebook(sandbox, "b.ipynb", "import numpy", kernel="x")
    found = [(code, file) for _, code, file in checked(sandbox, "sub/a.ipynb")]
    assert found == [("import-undeclared", "sub/a.ipynb")]


def test_a_notebook_with_a_declaration_is_checked_against_that(sandbox: UserSandbox) -> None:
    notebook(
        sandbox, "a.ipynb", f"# /// script\n# requires-python = '{PINNED}'\n# dependencies = ['beta']\n# ///", "import alpha"
    )
    found = sandbox.dep("check", "a.ipynb", "--json").entry["findings"]
    assert [item["code"] for item in found] == ["unlocked", "import-unclear"]
    sandbox.dep("lock", "a.ipynb")
    assert "unlocked" not in [code for _, code, _ in checked(sandbox, "a.ipynb")]


def test_a_notebook_that_nobody_declares_for_is_told_how_to_begin(toy_index: Index, tmp_path: Path) -> None:
    alone = terminal_at(tmp_path, toy_index)
    notebook(alone, "a.ipynb", "import alpha")
    assert [code for _, code, _ in checked(alone, "a.ipynb")] == ["no-declaration"]


def test_a_notebook_that_is_not_there_is_an_error_of_the_line(sandbox: UserSandbox) -> None:
    sandbox.refused("check", "no.ipynb", code="no-such-notebook", exit_code=1)


# Imports


def test_an_environment_that_is_built_tells_which_package_brings_a_module(sandbox: UserSandbox) -> None:
    notebook(sandbox, "a.ipynb", "import alpha", "import beta")
    sandbox.dep("lock")
    assert sandbox.dep("sync").code == 0
    found = one(sandbox, "import-transitive")
    assert "`beta` is there only because `alpha` needs it" in found["message"]
    assert found["hint"] == "declare it: `jupyter dep add beta`" and found["context"]["cell"] == 2


def test_the_folder_s_own_modules_are_nobody_s_package(sandbox: UserSandbox) -> None:
    write(sandbox, "src/mine/__init__.py", "from mine import inner\n")
    write(sandbox, "src/mine/inner.py", "")
    write(sandbox, "helpers.py", "")
    write(sandbox, "deep/down/beside.py", "import helpers, lib_there\n")
    write(sandbox, "elsewhere/lib_there.py", "")
    write(sandbox, "tests/support/__init__.py", "")
    write(sandbox, "tests/test_x.py", "from support import x\nimport mine\n")
    notebook(sandbox, "deep/a.ipynb", "import mine, helpers\nfrom down import beside", "import alpha, zeta")
    sandbox.dep("lock")
    assert checked(sandbox) == []


def test_what_the_package_imports_from_a_group_is_missing_for_who_installs_it(sandbox: UserSandbox) -> None:
    write(sandbox, "pyproject.toml", MANIFEST + '[build-system]\nrequires = ["backend"]\nbuild-backend = "backend"\n')
    write(sandbox, "src/mine/__init__.py", "import zeta\n")
    write(sandbox, "tests/test_it.py", "import zeta\n")
    assert ("warning", "import-from-group", "src/mine/__init__.py") in checked(sandbox)


def test_a_declared_package_that_nothing_imports_is_only_noted(sandbox: UserSandbox) -> None:
    notebook(sandbox, "a.ipynb", "import zeta")
    assert ("note", "unused", "pyproject.toml") in checked(sandbox)


# What is read, and what not


def test_environments_hidden_folders_and_what_was_built_are_not_read(sandbox: UserSandbox) -> None:
    for folder in (".venv", "venv", ".git", "node_modules/x", ".ipynb_checkpoints", "build", "dist", "sub/__pycache__"):
        write(sandbox, f"{folder}/bad.ipynb", "{")
        write(sandbox, f"{folder}/bad.py", "import pandas\n")
    write(sandbox, "venv/pyvenv.cfg", "")
    notebook(sandbox, "a.ipynb", "import alpha")
    entry = sandbox.dep("check", "--json").entry
    assert entry["read"] == {"notebooks": 1, "modules": 0}


def test_links_that_lead_out_of_the_folder_are_not_followed(sandbox: UserSandbox, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.py").write_text("import pandas\n")
    (outside / "secret.ipynb").write_text("{")
    (sandbox.folder / "sub").symlink_to(outside, target_is_directory=True)
    (sandbox.folder / "link.ipynb").symlink_to(outside / "secret.ipynb")
    (sandbox.folder / "gone.py").symlink_to(outside / "nothing.py")
    (sandbox.folder / "pipe.py").symlink_to("/dev/zero")
    (sandbox.folder / "round").symlink_to(sandbox.folder, target_is_directory=True)
    os.mkfifo(sandbox.folder / "fifo.py")
    assert sandbox.dep("check", "--json").entry["read"] == {"notebooks": 0, "modules": 0}


def test_a_folder_in_the_folder_that_is_a_project_is_passed_over_and_named(sandbox: UserSandbox) -> None:
    write(sandbox, "member/pyproject.toml", '[project]\nname = "member"\nversion = "1"\n')
    notebook(sandbox, "member/a.ipynb", "import pandas", kernel="x")
    assert ("note", "own-project", "pyproject.toml") in checked(sandbox)
    assert not [file for _, _, file in checked(sandbox) if file.startswith("member")]


@pytest.mark.parametrize("data", [b"import (\n", b"# coding: nothing\nimport x\n", b"x = '\xff'\n", b"\0\0"])
def test_a_file_that_is_no_python_is_told_and_not_the_end(sandbox: UserSandbox, data: bytes) -> None:
    write(sandbox, "pyproject.toml", MANIFEST + '[build-system]\nrequires = ["backend"]\nbuild-backend = "backend"\n')
    write(sandbox, "src/mine/__init__.py", data)
    assert ("warning", "unreadable-python", "src/mine/__init__.py") in checked(sandbox)


def test_names_with_spaces_and_accents_are_told_as_they_are(sandbox: UserSandbox) -> None:
    notebook(sandbox, "été 1/naïve plot.ipynb", "%pip install gamma")
    assert ("warning", "installs-in-cell", "été 1/naïve plot.ipynb") in checked(sandbox)


def test_a_thousand_notebooks_take_seconds(sandbox: UserSandbox) -> None:
    for number in range(1000):
        notebook(sandbox, f"n{number % 20}/a{number}.ipynb", *(f"import alpha\nx{cell} = {number}" for cell in range(5)))
    begun = time.monotonic()
    assert sandbox.dep("check", "--json").entry["read"]["notebooks"] == 1000
    assert time.monotonic() - begun < 20


def test_a_cancelled_check_ends(sandbox: UserSandbox) -> None:
    from jupyter_dep.base.progress import CancelToken

    notebook(sandbox, "a.ipynb", "import alpha")
    cancel = CancelToken()
    cancel.set()
    with pytest.raises(DepError, match="cancelled"):
        check.check(sandbox.folder / "pyproject.toml", sandbox.services(), CommandContext(cancel=cancel))
