"""Finding a kernel's notebook from what front ends pass."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jupyter_dep_kernels.start.notebook_discovery import BatchRun, NotebookMatch, find_batch_run, find_notebook


def notebook(path: Path, *, kernel: str = "dep", code: str = "1") -> Path:
    book = {
        "cells": [{"cell_type": "code", "source": [code], "outputs": [], "metadata": {}}],
        "metadata": {"kernelspec": {"name": kernel}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    path.write_text(json.dumps(book))
    return path


def test_an_explicit_answer_wins_over_a_session(tmp_path: Path) -> None:
    session = notebook(tmp_path / "b.ipynb")
    env = {"JPY_SESSION_NAME": str(session), "JUPYTER_DEP_NOTEBOOK": "c.ipynb"}
    assert find_notebook(env, tmp_path, explicit=tmp_path / "a.ipynb").notebook == tmp_path / "a.ipynb"
    assert find_notebook(env, tmp_path).notebook == tmp_path / "c.ipynb"


@pytest.mark.parametrize("name", ["sub/a.ipynb", "a.ipynb", "../sub/a.ipynb"])
def test_a_relative_session_is_found_from_the_folder_or_one_above(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "sub"
    folder.mkdir()
    book = notebook(folder / "a.ipynb")
    assert find_notebook({"JPY_SESSION_NAME": name}, folder) == NotebookMatch(notebook=book, cwd=folder)


@pytest.mark.parametrize("name", ["console-1-abc", "/nowhere/a.ipynb", "gone.ipynb", ""])
def test_a_session_name_without_a_notebook_on_disk_is_ignored(tmp_path: Path, name: str) -> None:
    found = find_notebook({"JPY_SESSION_NAME": name}, tmp_path)
    assert found.notebook is None
    assert "cannot determine" in found.why


@pytest.mark.parametrize("how", ["marked", "inherited"])
def test_the_session_name_of_an_outer_kernel_is_ignored(tmp_path: Path, how: str) -> None:
    outer = notebook(tmp_path / "outer.ipynb", kernel="python3")
    env = {"JPY_SESSION_NAME": str(outer)}
    if how == "marked":
        found = find_notebook({**env, "JUPYTER_DEP_OUTER_SESSION": str(outer)}, tmp_path)
    else:
        found = find_notebook(env, tmp_path, inherited=env)
    assert found.notebook is None


def test_a_batch_run_comes_after_the_session_and_before_the_folder(tmp_path: Path) -> None:
    only, other = notebook(tmp_path / "only.ipynb"), notebook(tmp_path / "other.ipynb", kernel="python3")
    batch = BatchRun(notebook=other)
    assert find_notebook({}, tmp_path, batch=batch).notebook == other
    assert find_notebook({"JPY_SESSION_NAME": str(only)}, tmp_path, batch=batch).notebook == only


def test_a_batch_run_that_knows_only_the_code_finds_the_file_with_that_code(tmp_path: Path) -> None:
    book = notebook(tmp_path / "a.ipynb", code="x = 1")
    notebook(tmp_path / "b.ipynb", code="x = 2")
    assert find_notebook({}, tmp_path, batch=BatchRun(code=("x = 1",))).notebook == book


def test_two_files_with_the_same_code_are_no_answer(tmp_path: Path) -> None:
    for name in ("a", "b"):
        notebook(tmp_path / f"{name}.ipynb", code="x = 1")
    assert find_notebook({}, tmp_path, batch=BatchRun(code=("x = 1",))).notebook is None


def test_the_only_notebook_that_names_the_kernel_is_taken(tmp_path: Path) -> None:
    book = notebook(tmp_path / "a.ipynb")
    notebook(tmp_path / "b.ipynb", kernel="python3")
    (tmp_path / "broken.ipynb").write_text("{")
    (tmp_path / "list.ipynb").write_text("[]")
    assert find_notebook({}, tmp_path).notebook == book


def test_several_notebooks_are_counted_with_the_variable_to_set(tmp_path: Path) -> None:
    for name in ("a", "b"):
        notebook(tmp_path / f"{name}.ipynb")
    found = find_notebook({}, tmp_path)
    assert found.notebook is None
    assert "2 notebooks in this folder" in found.why
    assert "`JUPYTER_DEP_NOTEBOOK`" in found.why


def test_a_removed_folder_raises_no_error(tmp_path: Path) -> None:
    assert find_notebook({}, tmp_path / "gone").notebook is None


def test_outside_of_a_batch_run_there_is_no_such_client() -> None:
    assert find_batch_run() is None


class NotebookClient:
    """What the stack shows of nbclient."""

    def __init__(self, nb: object, metadata: dict[str, object]) -> None:
        self.nb = nb
        self.resources = {"metadata": metadata}

    def start(self) -> BatchRun | None:
        return find_batch_run()


class Book:
    def __init__(self, **metadata: object) -> None:
        self.metadata = metadata
        self.cells: list[object] = []


def test_papermills_input_is_the_notebook(tmp_path: Path) -> None:
    book = notebook(tmp_path / "in.ipynb")
    batch = NotebookClient(Book(papermill={"input_path": str(book)}), {}).start()
    assert batch == BatchRun(notebook=book)


def test_nbconvert_gives_name_and_folder(tmp_path: Path) -> None:
    book = notebook(tmp_path / "a.ipynb")
    batch = NotebookClient(Book(), {"name": "a", "path": str(tmp_path)}).start()
    assert batch == BatchRun(notebook=book)


def test_a_client_that_is_not_as_expected_is_a_batch_run_that_knows_nothing() -> None:
    assert NotebookClient(None, {}).start() == BatchRun()
