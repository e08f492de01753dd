"""Notebooks that share their folder's project: kernels, `%dep` in a cell, the registered kernel, the command line."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from support.index import Index
from support.packages import package
from support.sandbox import CLI, UserSandbox, jupyter_user_at, terminal_at
from support.wheels import build_wheel

MINOR = f"{sys.version_info[0]}.{sys.version_info[1]}"


def book(path: Path, *cells: str, kernel: str = "dep") -> Path:
    """A notebook without a declaration."""
    listed = [
        {"cell_type": "code", "id": f"c{number}", "metadata": {}, "outputs": [], "execution_count": None, "source": source}
        for number, source in enumerate(cells)
    ]
    metadata = {"kernelspec": {"name": kernel, "display_name": kernel, "language": "python"}}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"cells": listed, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}), "utf-8")
    return path


def outputs(notebook: Path) -> str:
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    parts = [part for cell in cells for part in cell.get("outputs", ())]
    return "".join("".join(part.get("text") or part.get("data", {}).get("text/plain", "")) for part in parts)


def manifest(folder: Path, *dependencies: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    listed = ", ".join(f'"{one}"' for one in dependencies)
    text = f'[project]\nname = "study"\nversion = "0.1.0"\nrequires-python = "=={MINOR}.*"\ndependencies = [{listed}]\n'
    (folder / "pyproject.toml").write_text(text, "utf-8")
    return folder / "pyproject.toml"


@pytest.fixture(scope="module")
def shop(wheelhouse: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    folder = tmp_path_factory.mktemp("index")
    for name in ("weather", "climate"):
        build_wheel(folder, name, "1.0", files={f"{name}/__init__.py": f"TALE = '{name} told'\n"})
    with Index(folder, wheelhouse) as served:
        yield served


@pytest.fixture
def user(shop: Index, tmp_path: Path) -> UserSandbox:
    return jupyter_user_at(tmp_path / "home", shop, tmp_path / "work")


@pytest.mark.kernel
def test_two_notebooks_of_a_folder_run_in_its_environment_and_add_to_its_declaration(user: UserSandbox) -> None:
    manifest(user.folder, "weather")
    user.run(*CLI, "install")
    first = book(
        user.folder / "first.ipynb",
        "import weather; print(weather.TALE)",
        "%dep add climate",
        "import climate; print(climate.TALE)",
    )
    second = book(
        user.folder / "deep" / "second.ipynb", "import climate, sys; print(climate.TALE, 'in', sys.prefix)", "%dep status"
    )
    user.run("jupyter", "execute", "--inplace", str(first))
    assert "weather told" in outputs(first)
    assert "climate told" in outputs(first)
    assert "outside this kernel" not in outputs(first)
    assert '"climate"' in (user.folder / "pyproject.toml").read_text("utf-8")
    assert "/// script" not in first.read_text("utf-8")
    user.run("jupyter", "execute", "--inplace", str(second))
    told = outputs(second)
    path = json.loads(user.run(*CLI, "env", "info", "--json"))["results"][0]["path"]
    assert f"climate told in {path}" in told
    assert "belongs to the folder" in told
    assert sorted(one.name for one in user.folder.iterdir()) == ["deep", "first.ipynb", "pylock.toml", "pyproject.toml"]


@pytest.mark.kernel
def test_folder_registers_its_kernel_with_its_first_lock(user: UserSandbox) -> None:
    manifest(user.folder, "weather")
    assert "registered its kernel" in user.run(*CLI, "lock")
    assert "registered its kernel" not in user.run(*CLI, "lock", "--upgrade")
    (kernel,) = json.loads(user.run(*CLI, "kernel", "list", "--json"))["results"][0]["kernels"]
    assert kernel["project"] == str(user.folder / "pyproject.toml")
    user.run(*CLI, "sync")
    elsewhere = book(user.folder.parent / "elsewhere" / "n.ipynb", "import weather; print(weather.TALE)", kernel=kernel["name"])
    user.run("jupyter", "execute", "--inplace", str(elsewhere))
    assert "weather told" in outputs(elsewhere)


@pytest.mark.kernel
def test_run_executes_a_notebook_of_the_folder_in_its_environment(user: UserSandbox) -> None:
    manifest(user.folder, "weather")
    user.run(*CLI, "lock")
    notebook = book(user.folder / "n.ipynb", "import weather; print(weather.TALE)")
    user.run(*CLI, "run", "n.ipynb", "-o", "out.ipynb")
    assert "weather told" in outputs(user.folder / "out.ipynb")
    assert "weather told" not in outputs(notebook)
    assert user.run(*CLI, "run", "python", "-c", "import weather; print(weather.TALE)").strip() == "weather told"


# the command line


@pytest.fixture
def sandbox(toy_index: Index, tmp_path: Path) -> UserSandbox:
    return terminal_at(tmp_path, toy_index)


def test_nearest_project_is_worked_on_from_below_and_another_by_name(sandbox: UserSandbox, tmp_path: Path) -> None:
    manifest(sandbox.folder)
    other = manifest(tmp_path / "other")
    below = sandbox.folder / "a" / "b"
    below.mkdir(parents=True)
    ran = sandbox.dep("add", "alpha", cwd=below)
    assert ran.code == 0, ran.said
    assert '"alpha"' in (sandbox.folder / "pyproject.toml").read_text("utf-8")
    assert sandbox.dep("add", "beta", "--project", other.parent).code == 0
    assert '"beta"' in other.read_text("utf-8")


def test_steps_name_the_folder_only_where_it_is_not_the_nearest(sandbox: UserSandbox, tmp_path: Path) -> None:
    manifest(sandbox.folder, "alpha")
    assert sandbox.dep("status").out.splitlines()[-1] == "  next: jupyter dep lock"
    other = manifest(tmp_path / "an other", "alpha").parent
    assert sandbox.dep("status", "--project", other).out.splitlines()[-1] == f"  next: jupyter dep lock --project '{other}'"


def test_status_says_that_a_notebook_belongs_to_a_folder(sandbox: UserSandbox) -> None:
    manifest(sandbox.folder, "alpha")
    book(sandbox.folder / "n.ipynb")
    told = sandbox.dep("status", "n.ipynb").out
    assert "n.ipynb has no declaration of its own and belongs to the folder" in told
    entry = sandbox.dep("status", "n.ipynb", "--json").entry
    assert (entry["project"], entry["notebook"]) == (str(sandbox.folder / "pyproject.toml"), str(sandbox.folder / "n.ipynb"))


def test_notebook_of_a_folder_that_is_named_to_init_gets_its_own_declaration(sandbox: UserSandbox) -> None:
    manifest(sandbox.folder, "alpha")
    path = book(sandbox.folder / "n.ipynb")
    assert sandbox.dep("init", "n.ipynb").code == 0
    assert "/// script" in path.read_text("utf-8")
    assert sandbox.dep("status", "n.ipynb", "--json").entry["project"] == str(path)


def test_without_a_project_the_line_says_how_to_name_or_make_one(sandbox: UserSandbox) -> None:
    for verb in ("install", "status", "lock", "show", "check"):
        error = sandbox.refused(verb, code="no-project", exit_code=2)
        assert "--project DIR" in error["hint"]
        assert "jupyter dep init" in error["hint"]


def test_show_and_why_name_the_group_and_the_extra(sandbox: UserSandbox) -> None:
    manifest(sandbox.folder, "gamma")
    assert sandbox.dep("add", "--group", "dev", "beta").code == 0
    assert sandbox.dep("add", "--optional", "plot", "alpha").code == 0
    rows = {row["name"]: row["place"] for row in sandbox.dep("show", "--json").entry["packages"]}
    assert (rows["gamma"], rows["beta"], rows["alpha"]) == ("declared", "group dev", "extra plot")
    assert "group dev: beta" in sandbox.dep("why", "beta").out
    assert "gamma" in sandbox.dep("show", "--why").out


def test_update_of_a_group_moves_what_it_declares_and_nothing_else(sandbox: UserSandbox) -> None:
    manifest(sandbox.folder, "alpha")
    sandbox.dep("add", "--group", "dev", "beta<3")
    build_wheel(sandbox.index.folder, "alpha", "2.5")
    build_wheel(sandbox.index.folder, "beta", "2.5")
    assert sandbox.dep("update", "--group", "dev").code == 0
    versions = sandbox.dep("status", "--json").entry["locked"]
    assert (versions["alpha"], versions["beta"]) == ("2.0", "2.5")
    assert sandbox.dep("update", "--group", "nope", "--json").error["code"] == "no-such-group"


def test_export_takes_the_groups_and_extras_that_are_named(sandbox: UserSandbox) -> None:
    manifest(sandbox.folder, "gamma")
    sandbox.dep("add", "--group", "dev", "beta")
    assert "beta==" not in sandbox.dep("export").out
    assert "beta==" in sandbox.dep("export", "--with", "dev").out
    assert sandbox.dep("export", "--with", "nope", "--json").error["code"] == "no-such-group"
    assert sandbox.dep("export", "--format", "script", "--json").error["code"] == "bad-usage"


def test_trust_without_a_notebook_is_about_the_folder(sandbox: UserSandbox, tmp_path: Path) -> None:
    manifest(sandbox.folder, "alpha")
    sandbox.dep("lock")
    stranger = terminal_at(tmp_path / "second", sandbox.index)
    for name in ("pyproject.toml", "pylock.toml"):
        (stranger.folder / name).write_bytes((sandbox.folder / name).read_bytes())
    assert stranger.dep("status", "--json").entry["trusted"] is False
    assert stranger.dep("trust", "allow").code == 0
    assert stranger.dep("status", "--json").entry["trusted"] is True
    assert stranger.dep("trust", "revoke").code == 0
    assert stranger.dep("status", "--json").entry["trusted"] is False


@pytest.mark.parametrize("options", [("--only", "dev", "--with", "dev"), ("--editable", "--index", "x=https://i.example/s")])
def test_options_that_contradict_each_other_are_refused(sandbox: UserSandbox, options: Sequence[str]) -> None:
    manifest(sandbox.folder, "alpha")
    sandbox.dep("add", "--group", "dev", "beta")
    verb = "install" if "--only" in options else "add"
    words = () if verb == "install" else ("gamma",)
    sandbox.refused(verb, *words, *options, code="bad-usage", exit_code=2)


def test_project_itself_needs_a_yes_that_names_the_folder(sandbox: UserSandbox) -> None:
    package(sandbox.folder)
    assert sandbox.dep("lock").code == 0
    error = sandbox.refused("install", code="consent-missing", exit_code=6)
    assert f"--allow path:{sandbox.folder}" in error["hint"].replace("'", "")
    assert sandbox.dep("install", "--allow", "path:.").code == 0
    assert sandbox.dep("install").code == 0, "the yes is remembered"
