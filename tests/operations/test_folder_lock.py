"""A folder's lock: groups and extras select what they mean, with the real engine, and for other installers too."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from packaging.markers import default_environment
from packaging.pylock import Pylock
from packaging.tags import sys_tags
from support.index import Index
from support.notebooks import MINOR
from support.user_environment import user_environment
from support.wheels import build_wheel
from uv import find_uv_bin

from jupyter_dep.base.engine_port import LockRequest
from jupyter_dep.base.errors import ConflictError, DepError
from jupyter_dep.io.engine.project_files import anchored
from jupyter_dep.io.engine.runner import EngineRunner
from jupyter_dep.io.engine.uv import Uv
from jupyter_dep.io.index.settings import IndexSettings
from jupyter_dep.io.python.interpreters import Interpreters
from jupyter_dep.io.state.lock_cache import LockCache
from jupyter_dep.model.lock import group_markers, lockfile
from jupyter_dep.model.lock.compose import compose
from jupyter_dep.model.lock.digest import pins
from jupyter_dep.model.lock.graph import from_engine_tree
from jupyter_dep.model.lock.lockfile import Lock, LockTable
from jupyter_dep.model.lock.select import DEFAULT_SELECTION, Selection, select, without_wheels
from jupyter_dep.model.manifest import manifest
from jupyter_dep.model.packages.interpreter import Interpreter

HEAD = f'[project]\nname = "mine"\nversion = "2.1"\nrequires-python = ">={MINOR}"\n'
PARTS = (
    HEAD
    + """
dependencies = ["alpha", "winner; sys_platform == 'win32'"]

[project.optional-dependencies]
plot = ["zeta[fast]"]
all = ["mine[plot]", "solo"]

[dependency-groups]
docs = ["docs-tool", "winner"]
test = [{include-group = "docs"}, "mine[plot]"]
empty = []
"""
)
ALWAYS = {"alpha", "beta"}
KERNEL = {"ipykernel", "comm"}


@pytest.fixture
def shop(toy_index: Index) -> Index:
    """The toys, and packages that several parts of a project share."""
    build_wheel(toy_index.folder, "comm", "1.0")
    build_wheel(toy_index.folder, "ipykernel", "7.2.0", requires=["comm"])
    build_wheel(toy_index.folder, "solo", "1.0")
    build_wheel(toy_index.folder, "winner", "1.0")
    build_wheel(toy_index.folder, "fastlib", "1.0")
    build_wheel(toy_index.folder, "zeta", "1.0", extras={"fast": ["fastlib"]})
    build_wheel(toy_index.folder, "docs-tool", "1.0", requires=["comm", "beta", "oldie; python_version < '3.0'"])
    build_wheel(toy_index.folder, "oldie", "1.0")
    return toy_index


def request(text: str) -> LockRequest:
    read = manifest.parse(text)
    return LockRequest(
        declaration=manifest.declaration(read),
        requires_python=read.requires_python or f">={MINOR}",
        python=sys.executable,
        kernel=("ipykernel>=6.29",),
        project=read.name or "",
        version=read.version or "",
    )


def engine(index: Index) -> Uv:
    return Uv(runner=EngineRunner(cache=index.folder.parent / "engine", settings=IndexSettings(default=index.url), environ={}))


def composed(index: Index, made: LockRequest, folder: str | None = None) -> bytes:
    answer = engine(index).lock(made)
    graph = from_engine_tree(answer.tree, kernel_group=group_markers.KERNEL_GROUP)
    table = LockTable(
        notebook="", python=MINOR, declaration=made.declaration.canonical(), kernel=tuple(sorted(graph.kernel_only()))
    )
    return compose(answer.pylock, graph, table, membership=group_markers.from_engine_tree(answer.tree), folder=folder)


def locked(index: Index, text: str = PARTS) -> bytes:
    return composed(index, request(text))


def read(data: bytes) -> Lock:
    return lockfile.read(data, context={})


def names(lock: Lock, choice: Selection = DEFAULT_SELECTION, **environment: str) -> set[str]:
    here: Any = {**default_environment(), **environment}
    return {item.name for item in select(lock, environment=here, tags=list(sys_tags()), context={}, choice=choice)}


def test_groups_and_extras_are_named_and_the_kernel_is_the_default_group(shop: Index) -> None:
    pylock = read(locked(shop)).pylock
    assert pylock.extras == ["all", "plot"]
    assert pylock.dependency_groups == ["docs", "empty", "test", "jupyter-dep-kernel"]
    assert pylock.default_groups == ["jupyter-dep-kernel"]


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (Selection(groups=()), {*ALWAYS, *KERNEL}),
        (Selection(groups=(), kernel=False), ALWAYS),
        (Selection(groups=("docs",), kernel=False), {*ALWAYS, "docs-tool", "comm", "winner"}),
        (Selection(groups=("empty",)), {*ALWAYS, *KERNEL}),
        (Selection(groups=("test",), kernel=False), {*ALWAYS, "docs-tool", "comm", "winner", "zeta", "fastlib"}),
        (Selection(groups=(), extras=("plot",), kernel=False), {*ALWAYS, "zeta", "fastlib"}),
        (Selection(groups=(), extras=("all",), kernel=False), {*ALWAYS, "zeta", "fastlib", "solo"}),
        (Selection(groups=("docs",), default=False, kernel=False), {"docs-tool", "comm", "beta", "winner"}),
        (Selection(groups=("docs",), default=False), {"docs-tool", "beta", "winner", *KERNEL}),
        (DEFAULT_SELECTION, {*ALWAYS, *KERNEL, "docs-tool", "winner", "zeta", "fastlib"}),
    ],
    ids=lambda value: ",".join(sorted(value)) if isinstance(value, set) else str(value),
)
def test_a_choice_selects_exactly_what_it_means(shop: Index, choice: Selection, expected: set[str]) -> None:
    assert names(read(locked(shop)), choice, sys_platform="linux") == expected


def test_a_condition_of_one_part_does_not_hold_for_another(shop: Index) -> None:
    lock = read(locked(shop))
    bare, docs = Selection(groups=(), kernel=False), Selection(groups=("docs",), kernel=False)
    assert "winner" in names(lock, bare, sys_platform="win32")
    assert "winner" not in names(lock, bare, sys_platform="linux")
    assert "winner" in names(lock, docs, sys_platform="linux")


def test_the_engines_condition_holds_beside_that_of_the_part(shop: Index) -> None:
    text = HEAD + "[dependency-groups]\ndocs = [\"solo; sys_platform == 'win32' or sys_platform == 'darwin'\"]\n"
    lock = read(locked(shop, text))
    docs = Selection(groups=("docs",), kernel=False)
    assert names(lock, docs, sys_platform="darwin") == {"solo"}
    assert names(lock, docs, sys_platform="linux") == set()
    assert names(lock, Selection(groups=(), kernel=False), sys_platform="darwin") == set()


def test_a_folder_without_parts_has_the_kernel_as_its_only_group(shop: Index) -> None:
    lock = read(locked(shop, HEAD + 'dependencies = ["beta"]\n'))
    assert lock.pylock.extras == []
    assert lock.pylock.dependency_groups == lock.pylock.default_groups == ["jupyter-dep-kernel"]
    assert names(lock) == {"beta", *KERNEL}
    assert names(lock, Selection(kernel=False)) == {"beta"}


@pytest.mark.parametrize(
    ("choice", "code"), [(Selection(groups=("doc",)), "no-such-group"), (Selection(extras=("plots",)), "no-such-extra")]
)
def test_a_choice_of_what_is_not_there_names_what_is(shop: Index, choice: Selection, code: str) -> None:
    with pytest.raises(DepError) as caught:
        names(read(locked(shop)), choice)
    assert caught.value.code == code
    assert {"no-such-group": "`docs`", "no-such-extra": "`plot`"}[code] in str(caught.value.hint)
    assert "kernel" not in str(caught.value.hint)


def test_the_lock_answers_its_declaration_and_is_whole(shop: Index) -> None:
    lock = read(locked(shop))
    assert lock.table is not None
    assert lock.table.declaration_digest() == manifest.declaration(manifest.parse(PARTS)).digest()
    assert lock.missing_dependencies() == ()
    assert lock.declared_names(conditional=True) == {"alpha", "winner", "zeta", "solo", "docs-tool"}
    assert set(lock.table.kernel) == {"ipykernel"}


def test_a_group_that_a_merge_lost_is_an_open_end(shop: Index) -> None:
    text = locked(shop).decode()
    start = text.index('[[packages]]\nname = "solo"')
    cut = text[:start] + text[text.index("[[packages]]", start + 1) :]
    assert read(cut.encode()).missing_dependencies() == ("solo",)


def test_the_same_project_gives_the_same_bytes_in_any_order(shop: Index) -> None:
    turned = PARTS.replace('["docs-tool", "winner"]', '["winner", "docs-tool"]').replace("empty = []\n", "")
    turned = turned.replace("[dependency-groups]\n", "[dependency-groups]\nempty = []\n")
    assert locked(shop) == locked(shop) == locked(shop, turned)


def test_who_needs_the_project_back_is_answered_by_the_project(shop: Index) -> None:
    build_wheel(shop.folder, "plugin", "1.0", requires=["mine>=2", "beta"])
    build_wheel(shop.folder, "mine", "3.0")
    lock = read(locked(shop, HEAD + 'dependencies = []\n[dependency-groups]\ntest = ["plugin"]\n'))
    assert names(lock, Selection(kernel=False)) == {"plugin", "beta"}
    assert lock.missing_dependencies() == ()


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        (
            '[dependency-groups]\ntest = ["alpha>=2"]\ndocs = ["alpha<2"]\n',
            ("`alpha>=2` (asked by group `test`)", "group `docs`"),
        ),
        (
            'dependencies = ["alpha>=2"]\n[project.optional-dependencies]\nx = ["alpha<2"]\n',
            ("`alpha<2` (asked by extra `x`)",),
        ),
    ],
)
def test_parts_that_exclude_each_other_are_named_with_what_they_ask(shop: Index, parts: str, words: tuple[str, ...]) -> None:
    with pytest.raises(ConflictError) as caught:
        locked(shop, HEAD + parts)
    assert caught.value.code == "conflict"
    for word in words:
        assert word in caught.value.message
    assert "mine:" not in caught.value.message
    assert "notebook" not in caught.value.message


def test_a_kernel_that_does_not_fit_is_still_called_the_kernel(shop: Index) -> None:
    with pytest.raises(ConflictError) as caught:
        locked(shop, HEAD + 'dependencies = ["ipykernel<6"]\n')
    assert "asked by the kernel" in caught.value.message


def test_paths_are_relative_to_the_lock(shop: Index, tmp_path: Path) -> None:
    project, library = tmp_path / "work" / "project", tmp_path / "work" / "library"
    project.mkdir(parents=True)
    library.mkdir()
    (library / "pyproject.toml").write_text(
        '[project]\nname = "library"\nversion = "1.0"\ndependencies = ["beta"]\n'
        '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
    )
    text = HEAD + 'dependencies = ["library"]\n[tool.uv.sources]\nlibrary = { path = "../library", editable = true }\n'
    made = request(text)
    here = anchored(made.declaration, project)
    assert here.uv["sources"] == {"library": {"path": library.as_posix(), "editable": True}}
    data = composed(shop, replace(made, declaration=here), folder=project.as_posix())
    entry = next(item for item in tomllib.loads(data.decode())["packages"] if item["name"] == "library")
    assert entry["directory"] == {"path": "../library", "editable": True}
    assert entry["dependencies"] == [{"name": "beta"}]


def test_a_workspace_source_is_the_members_folder(tmp_path: Path) -> None:
    text = HEAD + 'dependencies = ["library"]\n[tool.uv.sources]\nlibrary = { workspace = true }\n'
    declaration = manifest.declaration(manifest.parse(text))
    whole = anchored(declaration, tmp_path, {"library": tmp_path / "lib"})
    assert whole.uv["sources"] == {"library": {"path": (tmp_path / "lib").as_posix(), "editable": True}}
    with pytest.raises(DepError) as caught:
        anchored(declaration, tmp_path)
    assert caught.value.code == "workspace-source"


def test_each_choice_is_remembered_for_itself(shop: Index, tmp_path: Path) -> None:
    cache, data, here = LockCache(tmp_path / "memory"), locked(shop), this_interpreter(tmp_path)
    docs = Selection(groups=("docs",))
    first = [cache.select(data, here, context={}, choice=choice) for choice in (DEFAULT_SELECTION, docs, Selection(groups=()))]
    assert len({key for key, _ in first}) == 3
    lockfile._read.cache_clear()
    again = [cache.select(data, here, context={}, choice=choice) for choice in (DEFAULT_SELECTION, docs, Selection(groups=()))]
    assert again == first


def this_interpreter(root: Path) -> Interpreter:
    return Interpreters(root / "pythons.json", environ={"HOME": str(root)}).find(sys.executable)


def test_what_has_no_wheel_is_told_for_groups_too(shop: Index) -> None:
    lock = read(locked(shop, HEAD + '[dependency-groups]\ndocs = ["epsilon"]\n'))
    assert without_wheels(lock, MINOR)["macos-arm64"] == ("epsilon",)


def test_versions_that_differ_by_platform_are_pinned_without_the_words_of_parts(shop: Index) -> None:
    either = "[\"alpha<2; sys_platform == 'win32'\", \"alpha>=2; sys_platform != 'win32'\"]"
    lock = read(locked(shop, HEAD + f"[dependency-groups]\ndocs = {either}\n"))
    markers = {version: marker for name, version, _, marker in pins(lock) if name == "alpha"}
    assert markers == {"1.1": 'sys_platform == "win32"', "2.0": 'sys_platform != "win32"'}


# Other installers


def run(*argv: str, cwd: Path, env: dict[str, str]) -> None:
    done = subprocess.run(argv, cwd=cwd, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def installed(folder: Path) -> set[str]:
    found = {path.name.split("-")[0].replace("_", "-") for path in folder.rglob("*.dist-info")}
    return found - {"pip", "setuptools"}


def by_uv(*flags: str) -> Callable[[Path, Path, dict[str, str]], None]:
    def install(work: Path, target: Path, env: dict[str, str]) -> None:
        uv = str(find_uv_bin())
        run(uv, "venv", "-q", "--python", sys.executable, str(target), cwd=work, env=env)
        run(uv, "pip", "sync", "-q", "--python", str(target), *flags, "pylock.toml", cwd=work, env=env)

    return install


def by_pip(work: Path, target: Path, env: dict[str, str]) -> None:
    run(sys.executable, "-m", "pip", "install", "-q", "-r", "pylock.toml", "--target", str(target), cwd=work, env=env)


@pytest.mark.parametrize(
    ("install", "expected"),
    [
        (by_uv(), {*ALWAYS, *KERNEL}),
        (by_uv("--extra", "plot"), {*ALWAYS, *KERNEL, "zeta", "fastlib"}),
        (by_uv("--group", "docs"), {*ALWAYS, "docs-tool", "comm", "winner"}),
        (by_uv("--group", "docs", "--group", "jupyter-dep-kernel"), {*ALWAYS, *KERNEL, "docs-tool", "winner"}),
        (by_pip, {*ALWAYS, *KERNEL}),
    ],
    ids=["uv", "uv extra", "uv group", "uv group and kernel", "pip"],
)
def test_other_installers_arrive_at_the_same_packages(
    shop: Index, tmp_path: Path, install: Callable[[Path, Path, dict[str, str]], None], expected: set[str]
) -> None:
    work = tmp_path / "work"
    work.mkdir()
    (work / "pylock.toml").write_bytes(locked(shop))
    install(work, tmp_path / "target", user_environment(tmp_path / "home", shop.url))
    assert installed(tmp_path / "target") == expected


def test_packaging_selects_the_same_by_default(shop: Index) -> None:
    pylock = Pylock.from_dict(tomllib.loads(locked(shop).decode()))
    assert {package.name for package, _ in pylock.select()} == names(read(locked(shop)), Selection(groups=()))
