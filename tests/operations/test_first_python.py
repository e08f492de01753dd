"""Kind: a Python that the product chose for the user, and that something declared has no wheel for."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.index import Index
from support.notebooks import raw_notebook
from support.sandbox import PYTHONS, UserSandbox, other_python, terminal_at
from support.wheels import build_sdist, build_wheel

from jupyter_dep.model.lock import lockfile


@pytest.fixture
def sandbox(toy_index: Index, tmp_path: Path) -> UserSandbox:
    return terminal_at(tmp_path, toy_index)


def minors(sandbox: UserSandbox) -> list[str]:
    """Stable minors of this machine, the newest first; skips where there is only one."""
    _, known = other_python()
    (sandbox.home / "dep" / "state" / PYTHONS).write_bytes(known)
    found = sandbox.services().interpreters.all()
    names = list(dict.fromkeys(one.minor for one in found if not one.prerelease and one.name == one.minor))
    assert len(names) >= 2
    return names


def undeclared(sandbox: UserSandbox) -> None:
    """An ordinary notebook."""
    raw_notebook(sandbox.folder, ["print(1)"], name="new")


def only_for(index: Index, name: str, minor: str) -> None:
    """A package with a wheel for one minor and a source archive for all."""
    tag = "cp" + minor.replace(".", "")
    build_wheel(index.folder, name, "1.0", tag=f"{tag}-none-any")
    build_sdist(index.folder, name, "1.0")


def test_the_newest_python_with_wheels_for_everything_is_taken(sandbox: UserSandbox, toy_index: Index) -> None:
    older = minors(sandbox)[1]
    only_for(toy_index, "snug", older)
    undeclared(sandbox)
    ran = sandbox.dep("add", "new.ipynb", "snug")
    assert ran.code == 0, ran.said
    table = lockfile.read((sandbox.folder / "pylock.new.toml").read_bytes(), context={}).table
    assert table is not None and table.python == older
    assert f">={older},<" in (sandbox.folder / "new.ipynb").read_text("utf-8"), "a newer Python would need a build"
    assert older in ran.said and "snug" in ran.said, "the choice is explained"


def test_without_such_a_python_the_first_error_stands_and_nothing_is_written(sandbox: UserSandbox, toy_index: Index) -> None:
    build_sdist(toy_index.folder, "sourced", "1.0")
    undeclared(sandbox)
    sandbox.refused("add", "new.ipynb", "sourced", code="needs-build", exit_code=4)


def test_a_python_that_the_user_chose_stays(sandbox: UserSandbox, toy_index: Index) -> None:
    newest, older = minors(sandbox)[:2]
    only_for(toy_index, "snug", older)
    assert sandbox.dep("init", "new.ipynb", "--python", newest).code == 0
    assert sandbox.dep("add", "new.ipynb", "snug").code == 4
