"""Kind: one command names a package twice; the last one must not win in silence."""

from __future__ import annotations

from pathlib import Path

import pytest
from packaging.requirements import Requirement
from support.index import Index
from support.sandbox import terminal_at

from jupyter_dep.base.errors import ConflictError
from jupyter_dep.operations.edit.requirement_args import combine


def texts(*words: str) -> list[str]:
    return [str(one.requirement) for one in combine([Requirement(word) for word in words])]


@pytest.mark.parametrize(
    ("words", "joined"),
    [
        (("six>=1", "six<2"), "six<2,>=1"),
        (("six", "six==1.16"), "six==1.16"),
        (("Six[a]", "six[b]>1"), "Six[a,b]>1"),
        (("six==1.16", "six==1.16"), "six==1.16"),
        (("six @ https://index.example/six.whl", "six"), "six @ https://index.example/six.whl"),
    ],
)
def test_what_can_hold_together_is_joined(words: tuple[str, ...], joined: str) -> None:
    assert texts(*words) == [joined]


@pytest.mark.parametrize(
    "words",
    [
        ("pandas<1", "pandas>2"),
        ("six==1.16", "six==1.15"),
        ("six!=1", "six==1"),
        ("six @ https://index.example/a.whl", "six @ https://index.example/b.whl"),
        ("six @ https://index.example/a.whl", "six>1"),
    ],
)
def test_what_excludes_each_other_is_refused_with_both_named(words: tuple[str, ...]) -> None:
    with pytest.raises(ConflictError) as caught:
        texts(*words)
    assert caught.value.code == "conflict" and all(word in caught.value.message for word in words)


def test_other_packages_and_markers_stay_apart_and_in_order() -> None:
    words = ("b", "six; python_version < '3.12'", "a", "six>2; python_version >= '3.12'")
    assert len(texts(*words)) == 4 and texts(*words)[0] == "b"


def test_a_command_that_contradicts_itself_changes_nothing(toy_index: Index, tmp_path: Path) -> None:
    sandbox = terminal_at(tmp_path, toy_index)
    sandbox.notebook()
    sandbox.refused("add", "nb.ipynb", "alpha<1.1", "alpha>1.1", code="conflict", exit_code=4)


def test_a_command_that_names_a_package_twice_says_what_became_of_it(toy_index: Index, tmp_path: Path) -> None:
    sandbox = terminal_at(tmp_path, toy_index)
    notebook = sandbox.notebook()
    ran = sandbox.dep("add", "nb.ipynb", "alpha>=1", "alpha<2")
    assert ran.code == 0 and "`alpha>=1`, `alpha<2` became `alpha<2,>=1`" in ran.said
    assert "alpha<2,>=1" in notebook.read_text("utf-8")
