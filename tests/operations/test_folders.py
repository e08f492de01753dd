"""A folder that is a project: one declaration, one lock, one environment, with the real engine over toys."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from support.index import Index
from support.notebooks import MINOR, block, command_context
from support.packages import package
from support.sandbox import PYTHONS, UserSandbox, other_python, sandbox_at

from jupyter_dep.base.errors import ConflictError, ConsentError, DepError, StaleError, UsageError
from jupyter_dep.io.files import read_write
from jupyter_dep.io.store.store import Sealed
from jupyter_dep.model.lock import lockfile
from jupyter_dep.model.lock.lockfile import Lock
from jupyter_dep.model.notebook.notebook import blank
from jupyter_dep.operations.consent.build_backend import build_backend_scope, grant_build_backend
from jupyter_dep.operations.edit import add_remove, relock
from jupyter_dep.operations.edit import relock as environment_relock
from jupyter_dep.operations.edit import undo as edit_undo
from jupyter_dep.operations.edit.requirement_args import SourceOptions
from jupyter_dep.operations.environment import install as environment_install
from jupyter_dep.operations.environment import trust
from jupyter_dep.operations.environment.local_sources import InstallSelection
from jupyter_dep.operations.inspect import status
from jupyter_dep.operations.kernel_start import resolve
from jupyter_dep.operations.kernel_start.cache import read_cached_start
from jupyter_dep.operations.kernel_start.result import Ready, Refused
from jupyter_dep.operations.project.context import ChangeResult
from jupyter_dep.operations.project.discovery import find_project, find_project_root
from jupyter_dep.operations.project.formats import DEPENDENCIES, DependencySection

PLAIN = f"""\
[project]
name = "study"  # our study
version = "0.1.0"
requires-python = ">={MINOR}"
dependencies = ["gamma"]

[project.optional-dependencies]
plot = ["alpha>=1.1"]

[dependency-groups]
dev = ["beta<2"]
"""


@pytest.fixture
def sandbox(toy_index: Index, tmp_path: Path) -> UserSandbox:
    return sandbox_at(tmp_path, toy_index.url)


@pytest.fixture
def project(sandbox: UserSandbox) -> Path:
    return written(sandbox.folder, PLAIN)


def written(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pyproject.toml").write_text(text, "utf-8")
    return folder / "pyproject.toml"


def refused(kind: type[DepError], code: str, call: Callable[[], object]) -> DepError:
    with pytest.raises(kind) as caught:
        call()
    assert caught.value.code == code, caught.value
    assert caught.value.hint
    return caught.value


def locked(project: Path) -> Lock:
    return lockfile.read((project.parent / "pylock.toml").read_bytes(), context={})


def lock(sandbox: UserSandbox, project: Path) -> ChangeResult:
    return relock.relock(project, sandbox.services(), command_context("lock", sync=False))


def add(
    sandbox: UserSandbox, project: Path, *names: str, place: DependencySection = DEPENDENCIES, **changes: object
) -> ChangeResult:
    source = SourceOptions(cwd=project.parent, **changes)  # type: ignore[arg-type]
    return add_remove.add(project, names, sandbox.services(), command_context("add"), place=place, source=source)


def install(sandbox: UserSandbox, project: Path, **named: Sequence[str] | bool) -> Sealed:
    services = sandbox.services()
    options = environment_install.InstallOptions(**named)  # type: ignore[arg-type]
    chosen = environment_install.resolve_install_selection(project, services, options)
    sealed = environment_relock.install(project, services, command_context("install"), chosen=chosen).sealed
    assert sealed is not None
    return sealed


def held(sealed: Sealed) -> set[str]:
    return set(sealed.packages) - {"ipykernel", "ipywidgets"}


def said(sealed: Sealed, code: str) -> str:
    return subprocess.run([sealed.python, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def notebook(folder: Path, name: str = "n.ipynb", text: str | None = None) -> Path:
    path = folder / name
    if text is None:
        path.write_text('{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}', "utf-8")
    else:
        path.write_bytes(blank(text, "dep", "Python (dep)"))
    return path


# declaration and lock


@pytest.mark.poetry("poetry add NAME")
def test_add_writes_into_the_manifest_and_locks_beside_it(sandbox: UserSandbox, project: Path) -> None:
    add(sandbox, project, "beta")
    text = project.read_text("utf-8")
    assert 'name = "study"  # our study' in text
    assert 'dependencies = ["gamma", "beta"]' in text
    assert locked(project).versions()["beta"] == "1.0"  # the group's bound holds for the whole lock
    assert sorted(path.name for path in sandbox.folder.iterdir()) == ["pylock.toml", "pyproject.toml"]


@pytest.mark.poetry("poetry remove --group G NAME")
@pytest.mark.poetry("poetry remove NAME")
@pytest.mark.poetry("poetry add --optional EXTRA NAME")
@pytest.mark.poetry("poetry add --group G NAME")
@pytest.mark.parametrize(
    ("place", "header"),
    [
        (DependencySection(group="test"), "[dependency-groups]"),
        (DependencySection(extra="plot"), "[project.optional-dependencies]"),
    ],
)
def test_add_and_remove_edit_the_part_that_is_named(
    sandbox: UserSandbox, project: Path, place: DependencySection, header: str
) -> None:
    add(sandbox, project, "beta", place=place)
    after = project.read_text("utf-8").split(header)[1].split("\n[")[0]
    assert '"beta"' in after
    add_remove.remove(project, ["beta"], sandbox.services(), command_context("remove"), place=place)
    assert '"beta"' not in project.read_text("utf-8").split(header)[1].split("\n[")[0]


def test_every_group_and_extra_is_in_one_lock_with_markers(sandbox: UserSandbox, project: Path) -> None:
    lock(sandbox, project)
    text = (sandbox.folder / "pylock.toml").read_text("utf-8")
    assert "'dev' in dependency_groups" in text
    assert 'extras = ["plot"]' in text


def test_conflict_between_groups_names_both_requirements(sandbox: UserSandbox, project: Path) -> None:
    project.write_text(PLAIN.replace('dev = ["beta<2"]', 'dev = ["alpha>=2"]'), "utf-8")
    error = refused(ConflictError, "conflict", lambda: lock(sandbox, project))
    assert "alpha>=2" in error.message.replace(" ", "") and "gamma" in error.message
    assert not (sandbox.folder / "pylock.toml").exists()


def test_foreign_lock_is_not_overwritten_without_a_yes(sandbox: UserSandbox, project: Path) -> None:
    foreign = b'lock-version = "1.0"\ncreated-by = "other"\npackages = []\n'
    (sandbox.folder / "pylock.toml").write_bytes(foreign)
    refused(DepError, "foreign-lock", lambda: lock(sandbox, project))
    assert (sandbox.folder / "pylock.toml").read_bytes() == foreign
    relock.relock(project, sandbox.services(), command_context("lock", sync=False, overwrite=True))
    assert locked(project).table is not None


def test_dynamic_dependencies_are_refused_with_the_place(sandbox: UserSandbox, project: Path) -> None:
    project.write_text('[project]\nname = "x"\nversion = "1"\ndynamic = ["dependencies"]\n', "utf-8")
    refused(DepError, "dynamic-metadata", lambda: lock(sandbox, project))


def test_undo_restores_manifest_and_lock_together_and_refuses_what_changed_since(sandbox: UserSandbox, project: Path) -> None:
    lock(sandbox, project)
    before = sandbox.listing()
    add(sandbox, project, "beta")
    edit_undo.undo(project, sandbox.services(), command_context("undo"))
    assert sandbox.listing() == before
    edit_undo.undo(project, sandbox.services(), command_context("undo"), redo=True)
    text = project.read_text("utf-8")
    project.write_text(text.replace("our study", "their study"), "utf-8")
    refused(DepError, "changed-since", lambda: edit_undo.undo(project, sandbox.services(), command_context("undo")))
    assert "their study" in project.read_text("utf-8")


def test_crlf_and_comments_of_the_manifest_stay(sandbox: UserSandbox) -> None:
    project = written(sandbox.folder, "")
    project.write_bytes(PLAIN.replace("\n", "\r\n").encode())
    add(sandbox, project, "beta")
    data = project.read_bytes()
    assert b"# our study\r\n" in data
    assert data.count(b"\n") == data.count(b"\r\n")


@pytest.mark.poetry("poetry update NAME")
def test_update_moves_only_what_is_named(sandbox: UserSandbox, project: Path, toy_index: Index) -> None:
    from support.wheels import build_wheel

    lock(sandbox, project)
    build_wheel(toy_index.folder, "gamma", "1.5", requires=["alpha<2"])
    build_wheel(toy_index.folder, "alpha", "1.9")
    relock.relock(project, sandbox.services(), command_context("update", sync=False), upgrade=("gamma",))
    versions = locked(project).versions()
    assert (versions["gamma"], versions["alpha"]) == ("1.5", "1.1")


def test_first_lock_keeps_what_another_tool_had_locked(sandbox: UserSandbox, project: Path) -> None:
    old = '[[package]]\nname = "alpha"\nversion = "1.0"\n\n[metadata]\nlock-version = "2.1"\n'
    (sandbox.folder / "poetry.lock").write_text(old, "utf-8")
    project.write_text(PLAIN.replace("alpha>=1.1", "alpha"), "utf-8")
    lock(sandbox, project)
    assert locked(project).versions()["alpha"] == "1.0"
    assert (sandbox.folder / "poetry.lock").read_text("utf-8") == old


def test_python_verb_changes_what_the_manifest_requires(sandbox: UserSandbox, project: Path) -> None:
    minor, known = other_python()
    (sandbox.dep_home / "state" / PYTHONS).write_bytes(known)
    mine = {name: os.environ[name] for name in ("HOME", "PYENV_ROOT") if name in os.environ}
    project.write_text(project.read_text("utf-8").replace(f">={MINOR}", f"=={MINOR}.*"), "utf-8")
    relock.use_python(project, minor, sandbox.services(**mine), command_context("python", sync=False))
    assert f'requires-python = ">={minor}"' in project.read_text("utf-8")
    assert locked(project).table.python == minor  # type: ignore[union-attr]


# the environment


@pytest.mark.poetry("poetry install")
def test_install_gives_the_dependencies_and_every_group_but_no_extra(sandbox: UserSandbox, project: Path) -> None:
    lock(sandbox, project)
    assert held(install(sandbox, project)) == {"alpha", "beta", "gamma"}
    assert held(install(sandbox, project, without=["dev"])) == {"alpha", "gamma"}
    assert held(install(sandbox, project, only=["dev"])) == {"beta"}


@pytest.mark.poetry("poetry install --with G")
def test_choice_is_remembered_by_what_runs_in_the_environment(sandbox: UserSandbox, project: Path) -> None:
    lock(sandbox, project)
    sealed = install(sandbox, project, without=["dev"])
    assert environment_install.ensure_installed(project, sandbox.services(), command_context("run")).key == sealed.key
    assert status.status(project, sandbox.services(), command_context()).key == sealed.key
    install(sandbox, project)
    assert "beta" in environment_install.ensure_installed(project, sandbox.services(), command_context("run")).packages


def test_unknown_group_or_extra_is_an_error_with_those_that_are_there(sandbox: UserSandbox, project: Path) -> None:
    lock(sandbox, project)
    error = refused(DepError, "no-such-group", lambda: install(sandbox, project, without=["devv"]))
    assert "dev" in str(error.hint)
    refused(DepError, "no-such-extra", lambda: install(sandbox, project, extras=["plott"]))


def test_install_refuses_a_stale_lock_and_makes_a_missing_one(sandbox: UserSandbox, project: Path) -> None:
    install(sandbox, project)
    assert (sandbox.folder / "pylock.toml").exists()
    project.write_text(PLAIN.replace('["gamma"]', '["gamma", "beta"]'), "utf-8")
    refused(StaleError, "stale", lambda: install(sandbox, project))


def test_same_lock_in_two_folders_without_a_build_system_is_one_environment(
    sandbox: UserSandbox, project: Path, tmp_path: Path
) -> None:
    first = install(sandbox, project)
    second = install(sandbox, written(tmp_path / "other", PLAIN))
    assert first.path == second.path


# the project itself


@pytest.mark.poetry("poetry install --no-root")
def test_project_itself_is_installed_where_it_lies_after_a_yes(sandbox: UserSandbox, tmp_path: Path) -> None:
    project = package(sandbox.folder, more='dependencies = ["beta"]\n')
    lock(sandbox, project)
    refused(ConsentError, "consent-missing", lambda: install(sandbox, project))
    assert not (sandbox.folder / "ran.txt").exists()
    assert "mine" not in install(sandbox, project, root=False).packages
    grant_build_backend(sandbox.folder, sandbox.services())
    sealed = install(sandbox, project)
    assert said(sealed, "import mine; print(mine.__version__)") == "0.1.0"


def test_asked_person_may_let_the_build_run(sandbox: UserSandbox) -> None:
    project = package(sandbox.folder)
    asked: list[str] = []

    def confirm(question: str) -> bool:
        asked.append(question)
        return True

    services = sandbox.services()
    made = environment_relock.install(project, services, command_context("install"), chosen=InstallSelection(), confirm=confirm)
    assert made.sealed is not None and "mine" in made.sealed.packages
    assert len(asked) == 1
    install(sandbox, project)


@pytest.mark.counts("hostile", "sources, folders, editables, git")
def test_a_strangers_copy_of_our_lock_lets_no_build_run(sandbox: UserSandbox, tmp_path: Path) -> None:
    own = package(sandbox.folder)
    grant_build_backend(sandbox.folder, sandbox.services())
    install(sandbox, own)
    stranger = package(tmp_path / "theirs")
    (stranger.parent / "pylock.toml").write_bytes((sandbox.folder / "pylock.toml").read_bytes())
    refused(ConsentError, "consent-missing", lambda: install(sandbox, stranger))
    opened = resolve.resolve_environment(notebook(stranger.parent), stranger.parent, services=sandbox.services())
    assert isinstance(opened, Ready) or not isinstance(opened, Refused)
    assert not (stranger.parent / "ran.txt").exists()


def test_changed_metadata_gives_another_environment_and_a_comment_does_not(sandbox: UserSandbox) -> None:
    project = package(sandbox.folder)
    grant_build_backend(sandbox.folder, sandbox.services())
    first = install(sandbox, project)
    text = project.read_text("utf-8")
    project.write_text(text + "# a remark\n", "utf-8")
    assert install(sandbox, project).key == first.key
    project.write_text(text.replace("0.1.0", "0.2.0"), "utf-8")
    second = install(sandbox, project)
    assert second.key != first.key
    assert said(second, "import importlib.metadata as m; print(m.version('mine'))") == "0.2.0"


def test_failing_build_of_the_project_takes_an_add_back(sandbox: UserSandbox) -> None:
    project = package(sandbox.folder)
    grant_build_backend(sandbox.folder, sandbox.services())
    install(sandbox, project)
    (sandbox.folder / "backend.py").write_text("raise SystemExit('broken on purpose')\n", "utf-8")
    before = sandbox.listing()
    with pytest.raises(DepError) as caught:
        add(sandbox, project, "beta")
    assert "broken on purpose" in str(caught.value)
    assert sandbox.listing() == before


def test_folder_that_says_it_is_no_package_installs_none(sandbox: UserSandbox) -> None:
    project = package(sandbox.folder, more='dependencies = ["beta"]\n\n[tool.uv]\npackage = false\n')
    lock(sandbox, project)
    assert "mine" not in install(sandbox, project).packages


# paths


@pytest.mark.poetry("poetry add --editable PATH")
def test_editable_folder_is_used_where_it_lies(sandbox: UserSandbox, project: Path, tmp_path: Path) -> None:
    library = package(sandbox.folder.parent / "library", "library")
    add(sandbox, project, "../library", editable=True)
    assert 'library = {path = "../library", editable = true}' in project.read_text("utf-8").replace("{ ", "{").replace(
        " }", "}"
    )
    assert '"../library"' in (sandbox.folder / "pylock.toml").read_text("utf-8")
    sealed = install(sandbox, project)
    assert said(sealed, "import library; print(library.__version__)") == "0.1.0"
    library.write_text(library.read_text("utf-8").replace("0.1.0", "0.3.0"), "utf-8")
    again = install(sandbox, project)
    assert said(again, "import importlib.metadata as m; print(m.version('library'))") == "0.3.0"


def test_changed_file_of_a_built_folder_is_built_anew(sandbox: UserSandbox, project: Path) -> None:
    package(sandbox.folder.parent / "library", "library")
    add(sandbox, project, "../library")
    module = sandbox.folder.parent / "library" / "src" / "library" / "__init__.py"
    module.write_text("__version__ = 'changed'\n", "utf-8")
    assert said(install(sandbox, project), "import library; print(library.__version__)") == "changed"


@pytest.mark.counts("hostile", "sources, folders, editables, git")
def test_path_of_a_strangers_manifest_needs_a_yes(sandbox: UserSandbox) -> None:
    package(sandbox.folder.parent / "library", "library")
    text = PLAIN.replace('["gamma"]', '["library"]') + '\n[tool.uv.sources]\nlibrary = { path = "../library" }\n'
    project = written(sandbox.folder, text)
    error = refused(ConsentError, "consent-missing", lambda: lock(sandbox, project))
    assert str(sandbox.folder.parent / "library") in str(error.hint)
    assert not (sandbox.folder.parent / "library" / "ran.txt").exists()


@pytest.mark.parametrize("word", ["git+https://code.example/x", "https://files.example/x.zip"])
def test_address_without_a_name_says_how_to_name_it(sandbox: UserSandbox, project: Path, word: str) -> None:
    error = refused(DepError, "unnamed-source", lambda: add(sandbox, project, word))
    assert "@" in str(error.hint)


def test_path_that_is_not_there_is_an_error(sandbox: UserSandbox, project: Path) -> None:
    refused(UsageError, "bad-source", lambda: add(sandbox, project, "./nowhere"))


def test_path_in_a_notebook_is_refused(sandbox: UserSandbox) -> None:
    refused(DepError, "path-in-notebook", lambda: add(sandbox, sandbox.notebook(name="n"), "../library"))


@pytest.mark.poetry("poetry add --source NAME PACKAGE")
def test_index_is_declared_for_the_named_package_only(sandbox: UserSandbox, project: Path, mirror: Index, index: Index) -> None:
    from support.wheels import build_wheel

    build_wheel(index.folder, "private", "1.0")
    add(sandbox, project, "private", index=f"corp={index.url}")
    text = project.read_text("utf-8")
    assert "explicit = true" in text and 'private = {index = "corp"}' in text.replace("{ ", "{").replace(" }", "}")
    packages = {one.name: one.index for one in locked(project).packages}
    assert packages["private"] == index.url.rstrip("/") or packages["private"] == index.url
    assert packages["gamma"] != packages["private"]


# which project a notebook belongs to


def test_notebook_without_a_block_belongs_to_the_nearest_project(sandbox: UserSandbox, project: Path) -> None:
    below = sandbox.folder / "a" / "b"
    below.mkdir(parents=True)
    services = sandbox.services()
    assert find_project(notebook(below), services).file == project
    assert find_project(notebook(below, "own.ipynb", block("alpha")), services).why == "own"
    inner = written(sandbox.folder / "a", "[tool.jupyter-dep]\nwidgets = false\n")
    assert find_project(notebook(below), services).file == inner


def test_search_for_a_project_ends_at_the_root_of_the_repository(sandbox: UserSandbox, project: Path) -> None:
    inner = sandbox.folder / "clone"
    (inner / ".git").mkdir(parents=True)
    found = find_project(notebook(inner), sandbox.services())
    assert (found.why, found.file) == ("none", inner / "n.ipynb")
    assert find_project_root(inner) is None


def test_manifest_of_another_tool_is_no_project(sandbox: UserSandbox) -> None:
    written(sandbox.folder, "[tool.black]\nline-length = 100\n")
    assert find_project(notebook(sandbox.folder), sandbox.services()).why == "none"


def test_notebook_of_a_folder_opens_on_the_folders_environment(sandbox: UserSandbox, project: Path) -> None:
    sealed = install(sandbox, project)
    path = notebook(sandbox.folder)
    first = resolve.resolve_environment(path, sandbox.folder, services=sandbox.services())
    assert isinstance(first, Ready) and first.key == sealed.key and first.notebook == str(path)
    services = sandbox.services()
    again = read_cached_start(path, services.paths, services.environ)
    assert again is not None and again.key == sealed.key


@pytest.mark.parametrize("change", ["block", "manifest", "nearer"])
def test_remembered_opening_is_not_used_after_what_it_rests_on_changed(
    sandbox: UserSandbox, project: Path, change: str
) -> None:
    install(sandbox, project)
    (sandbox.folder / "sub").mkdir()
    path = notebook(sandbox.folder / "sub")
    assert isinstance(resolve.resolve_environment(path, path.parent, services=sandbox.services()), Ready)
    services = sandbox.services()
    assert read_cached_start(path, services.paths, services.environ) is not None
    if change == "block":
        notebook(sandbox.folder / "sub", text=block("alpha"))
    elif change == "manifest":
        project.write_text(PLAIN.replace('["gamma"]', '["gamma", "beta"]'), "utf-8")
    else:
        written(sandbox.folder / "sub", PLAIN)
    assert read_cached_start(path, services.paths, services.environ) is None


def test_strangers_folder_is_not_opened_without_a_yes(
    sandbox: UserSandbox, project: Path, tmp_path: Path, toy_index: Index
) -> None:
    install(sandbox, project)
    other = sandbox_at(tmp_path / "second", toy_index.url)
    for name in ("pyproject.toml", "pylock.toml"):
        (other.folder / name).write_bytes((sandbox.folder / name).read_bytes())
    path = notebook(other.folder)
    opened = resolve.resolve_environment(path, other.folder, services=other.services())
    assert isinstance(opened, Refused) and opened.code == "consent-missing"
    trust.allow(other.folder / "pyproject.toml", [], other.services(), command_context("trust"))
    assert not isinstance(resolve.resolve_environment(path, other.folder, services=other.services()), Refused)


def test_missing_manifest_is_no_project(sandbox: UserSandbox) -> None:
    refused(DepError, "no-project", lambda: add(sandbox, sandbox.folder / "pyproject.toml", "alpha"))


def test_yes_to_a_folder_is_bound_to_its_real_path(sandbox: UserSandbox, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(sandbox.folder)
    assert build_backend_scope(tmp_path / "link") == build_backend_scope(sandbox.folder)
    assert read_write.read_if_there(sandbox.folder / "pyproject.toml") is None
