"""`init` in a folder: what other tools' files declare becomes the folder's declaration, and nothing is lost in silence."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.index import Index
from support.sandbox import UserSandbox, terminal_at

from jupyter_dep.base.errors import DepError
from jupyter_dep.model.manifest import manifest
from jupyter_dep.operations.lock import seed_pins
from jupyter_dep.operations.scaffold import init_folder, other_tools
from jupyter_dep.operations.scaffold.result import ScaffoldResult

MINOR = ".".join(map(str, sys.version_info[:2]))
BOM = "\ufeff"

POETRY_1 = f"""\
# of the shop
[tool.poetry]
name = "shop"
version = "0.3.0"
description = "Sells things."
authors = ["Ann Lee <ann@example.org>"]
packages = [{{ include = "shop" }}]

[tool.poetry.dependencies]
python = "^{MINOR}"
alpha = "^1.0"  # the first one
beta = {{ version = "~2.0", extras = ["fast"], optional = true }}
shared = {{ path = "../shared", develop = true }}
tool = {{ git = "https://git.example/tool.git", tag = "v1" }}
corp-lib = {{ version = "^1.0", source = "corp" }}
either = "<1.2 || >=2"

[tool.poetry.extras]
quick = ["beta"]

[tool.poetry.group.dev.dependencies]
gamma = "^1"

[tool.poetry.scripts]
shop = "shop.cli:main"

[[tool.poetry.source]]
name = "corp"
url = "https://ann:secret@corp.example/simple/"
priority = "explicit"

[build-system]
requires = ["poetry-core"]
build-backend = "poetry.core.masonry.api"
"""


@pytest.fixture
def sandbox(tmp_path: Path, toy_index: Index) -> UserSandbox:
    return terminal_at(tmp_path, toy_index)


@pytest.fixture
def given(sandbox: UserSandbox) -> Callable[..., None]:
    """Puts files into the folder."""

    def put(texts: dict[str, str]) -> None:
        for name, text in texts.items():
            path = sandbox.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")

    return put


def document(sandbox: UserSandbox) -> dict[str, Any]:
    text = (sandbox.folder / "pyproject.toml").read_text("utf-8")
    manifest.declaration(manifest.parse(text))
    return tomllib.loads(text)


def init(sandbox: UserSandbox, ask: Callable[[str], bool] | None = None, **more: str) -> ScaffoldResult:
    return init_folder.init(sandbox.folder, sandbox.services(), ask=ask, **more)


def left(entry: dict[str, Any]) -> str:
    return "\n".join(f"{item['file']}: {item['what']}: {item['why']}" for item in entry["left"])


# An empty folder, and one that is a project


def test_an_empty_folder_becomes_a_project(sandbox: UserSandbox) -> None:
    entry = sandbox.dep("init", "--json").entry
    newest = sandbox.services().interpreters.find(">=3.9").minor
    assert document(sandbox) == {
        "project": {"name": "work", "version": "0.1.0", "requires-python": f">={newest}", "dependencies": []}
    }
    assert entry["assumed"] == {"name": "work", "version": "0.1.0", "requires-python": f">={newest}"}
    assert [path.name for path in sandbox.folder.iterdir()] == ["pyproject.toml"], "init writes nothing else"


def test_name_python_and_readme_are_taken_where_they_are_known(sandbox: UserSandbox, given: Callable[..., None]) -> None:
    given({"README.rst": "Work\n"})
    sandbox.dep("init", "--name", "My_Work", "--python", MINOR)
    assert document(sandbox)["project"] == {
        "name": "My_Work",
        "version": "0.1.0",
        "readme": "README.rst",
        "requires-python": f">={MINOR}",
        "dependencies": [],
    }


def test_a_project_that_lacks_nothing_is_told_so_and_left_as_it_is(sandbox: UserSandbox, given: Callable[..., None]) -> None:
    text = f'# mine\n[project]\nname = "a"\nversion = "1"\nrequires-python = ">={MINOR}"\ndependencies = ["alpha"]\n'
    given({"pyproject.toml": text})
    ran = sandbox.dep("init")
    assert "already a complete project" in ran.out
    assert (sandbox.folder / "pyproject.toml").read_text("utf-8") == text
    assert sandbox.dep("init", "--json").entry["changed"] is False


def test_a_project_is_completed_with_comments_and_order_kept(sandbox: UserSandbox, given: Callable[..., None]) -> None:
    text = '# head\n[tool.ruff]\nline-length = 100  # wide\n\n[project]  # ours\nname = "a"\n\n[project.urls]\nHome = "https://a.example"\n'
    given({"pyproject.toml": text, "requirements.txt": "alpha>=1\n"})
    assert "was completed" in sandbox.dep("init").out
    after = (sandbox.folder / "pyproject.toml").read_text("utf-8")
    kept = iter(after.splitlines())
    assert all(line in kept for line in text.splitlines() if line), "a line is gone or moved"
    project = document(sandbox)["project"]
    assert project["version"] == "0.1.0" and project["dependencies"] == ["alpha>=1"] and project["name"] == "a"


def test_line_ends_of_windows_stay(sandbox: UserSandbox) -> None:
    (sandbox.folder / "pyproject.toml").write_bytes(b"[tool.ruff]\r\nline-length = 100\r\n")
    sandbox.dep("init")
    after = (sandbox.folder / "pyproject.toml").read_bytes()
    assert after.startswith(b"[tool.ruff]\r\nline-length = 100\r\n\r\n[project]\r\n")
    assert b"\n" not in after.replace(b"\r\n", b"")


def test_init_works_on_a_folder_that_is_named(sandbox: UserSandbox) -> None:
    (sandbox.folder / "my lab").mkdir()
    ran = sandbox.dep("init", "--project", "my lab")
    assert "next: jupyter dep install --project 'my lab'\n" in ran.out
    assert (sandbox.folder / "my lab" / "pyproject.toml").is_file() and not (sandbox.folder / "pyproject.toml").exists()


def test_a_folder_below_a_project_becomes_one_of_its_own(sandbox: UserSandbox) -> None:
    sandbox.dep("init")
    (sandbox.folder / "part").mkdir()
    assert sandbox.dep("init", "--project", "part", "--json").entry["name"] == "part"


def test_a_notebook_that_is_named_is_made_a_project_as_before(sandbox: UserSandbox) -> None:
    assert sandbox.dep("init", "nb.ipynb").code == 0
    assert [path.name for path in sandbox.folder.iterdir()] == ["nb.ipynb"]
    sandbox.dep("init")
    assert sandbox.dep("init", "other.ipynb", "--notebook").code == 0
    assert "/// script" in (sandbox.folder / "other.ipynb").read_text("utf-8"), "named notebooks get their own declaration"


def test_what_was_taken_over_can_be_locked(sandbox: UserSandbox, given: Callable[..., None]) -> None:
    given({"requirements.txt": "alpha<2\n", "requirements-dev.txt": "-r requirements.txt\nbeta\n"})
    sandbox.dep("init", "--python", MINOR)
    locked = sandbox.dep("lock", "--json")
    assert locked.code == 0, locked.said
    assert locked.entry["locked"]["alpha"] == "1.1" and "beta" in locked.entry["locked"]


# Requirements


def test_requirements_with_files_constraints_hashes_and_markers(sandbox: UserSandbox, given: Callable[..., None]) -> None:
    given(
        {
            "requirements.txt": "-r more/base.txt\n-c limits.txt\nalpha==1.0 --hash=sha256:aa\n"
            'beta; sys_platform == "win32"\n-e ./lib\nnot a requirement\n',
            "more/base.txt": "gamma\n",
            "limits.txt": "delta<2\n",
            "lib/pyproject.toml": '[project]\nname = "inner"\n',
            "requirements-dev.txt": "-r requirements.txt\npytest\n",
            "docs-requirements.txt": "sphinx\n",
            "requirements/test.txt": "-r ../requirements.txt\ncoverage\n",
        }
    )
    entry = sandbox.dep("init", "--json").entry
    found = document(sandbox)
    assert found["project"]["dependencies"] == ["gamma", "alpha==1.0", "beta; sys_platform == 'win32'", "inner"]
    assert found["dependency-groups"] == {"docs": ["sphinx"], "dev": ["pytest"], "test": ["coverage"]}
    assert found["tool"]["uv"] == {
        "constraint-dependencies": ["delta<2"],
        "sources": {"inner": {"path": "lib", "editable": True}},
    }
    assert "not a requirement" in left(entry) and "hashes" in left(entry)
    assert [one["file"] for one in entry["taken"]] == [
        "requirements.txt", "docs-requirements.txt", "requirements-dev.txt", "requirements/test.txt",
    ]  # fmt: skip
    assert {path.name for path in sandbox.folder.iterdir()} >= {"requirements.txt", "requirements-dev.txt"}, "they stay"


def test_of_compiled_requirements_the_source_is_declared(sandbox: UserSandbox, given: Callable[..., None]) -> None:
    given({"requirements.in": "alpha\n", "requirements.txt": "alpha==1.0\nbeta==1.0\n"})
    made = init(sandbox)
    assert document(sandbox)["project"]["dependencies"] == ["alpha"]
    assert made.seed is not None and dict(made.seed.versions) == {"alpha": "1.0", "beta": "1.0"}


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "utf-32"])
def test_a_file_that_a_shell_of_windows_wrote_is_read(sandbox: UserSandbox, encoding: str) -> None:
    (sandbox.folder / "requirements.txt").write_bytes("alpha\r\n# größer\r\nbeta\r\n".encode(encoding))
    init(sandbox)
    assert document(sandbox)["project"]["dependencies"] == ["alpha", "beta"]


# Poetry


@pytest.mark.poetry("poetry init")
def test_poetry_1_is_taken_over_and_left_as_it_is(sandbox: UserSandbox, given: Callable[..., None]) -> None:
    given({"pyproject.toml": POETRY_1})
    entry = sandbox.dep("init", "--json").entry
    after = (sandbox.folder / "pyproject.toml").read_text("utf-8")
    kept = iter(after.splitlines())
    assert all(line in kept for line in POETRY_1.splitlines() if line), "a line of Poetry's is gone or moved"
    found = document(sandbox)
    project = found["project"]
    assert (project["name"], project["version"]) == ("shop", "0.3.0")
    assert project["requires-python"].startswith(f">={MINOR},<")
    assert project["dependencies"] == ["alpha>=1.0,<2.0", "shared", "tool", "corp-lib>=1.0,<2.0", "either"]
    assert project["optional-dependencies"] == {"quick": ["beta[fast]>=2.0,<2.1"]}
    assert project["authors"] == [{"name": "Ann Lee", "email": "ann@example.org"}]
    assert project["scripts"] == {"shop": "shop.cli:main"}
    assert found["dependency-groups"] == {"dev": ["gamma>=1,<2.0"]}
    assert found["tool"]["uv"]["sources"] == {
        "shared": {"path": "../shared", "editable": True},
        "tool": {"git": "https://git.example/tool.git", "tag": "v1"},
        "corp-lib": {"index": "corp"},
    }
    assert found["tool"]["uv"]["index"] == [{"name": "corp", "url": "https://corp.example/simple/", "explicit": True}]
    for what in ("the credentials of", "the bounds of either", "[tool.poetry] packages"):
        assert what in left(entry)
    assert any("Poetry's tables are left" in note for note in entry["notes"])
    assert "secret" not in str(entry)


def test_poetry_1_is_taken_over_once(sandbox: UserSandbox, given: Callable[..., None]) -> None:
    given({"pyproject.toml": POETRY_1})
    init(sandbox)
    once = (sandbox.folder / "pyproject.toml").read_bytes()
    again = init(sandbox)
    assert (sandbox.folder / "pyproject.toml").read_bytes() == once
    assert not again.changed and again.taken == ()


def test_poetry_2_keeps_its_project_and_gains_what_only_poetry_reads(sandbox: UserSandbox, given: Callable[..., None]) -> None:
    given(
        {
            "pyproject.toml": f"""\
[project]
name = "shop"  # the name
version = "1.0"
requires-python = ">={MINOR}"
dependencies = [
    "alpha (>=1,<2)",  # bounded
    "beta",
]

[dependency-groups]
dev = ["gamma"]

[tool.poetry.dependencies]
beta = {{ path = "../beta", develop = true }}

[tool.poetry.group.dev.dependencies]
pytest = "^8"

[tool.poetry.group.lint.dependencies]
ruff = "*"

[tool.poetry]
requires-poetry = ">=2.0"
"""
        }
    )
    entry = sandbox.dep("init", "--json").entry
    found = document(sandbox)
    assert found["project"]["dependencies"] == ["alpha (>=1,<2)", "beta"]
    assert found["dependency-groups"] == {"dev": ["gamma", "pytest>=8,<9.0"], "lint": ["ruff"]}
    assert found["tool"]["uv"]["sources"] == {"beta": {"path": "../beta", "editable": True}}
    assert '    "alpha (>=1,<2)",  # bounded\n' in (sandbox.folder / "pyproject.toml").read_text("utf-8")
    assert "requires-poetry" in left(entry)


def test_dependencies_that_poetry_2_calls_dynamic_are_written_out(sandbox: UserSandbox, given: Callable[..., None]) -> None:
    given(
        {
            "pyproject.toml": '[project]\nname = "a"\ndynamic = ["version", "dependencies", "requires-python"]\n'
            f'[tool.poetry]\nversion = "2.0"\n[tool.poetry.dependencies]\npython = ">={MINOR}"\nalpha = "^1"\n'
        }
    )
    init(sandbox)
    project = document(sandbox)["project"]
    assert project["dependencies"] == ["alpha>=1,<2.0"] and project["requires-python"] == f">={MINOR}"
    assert project["dynamic"] == ["version"] and "version" not in project, "the version is still the backend's"


def test_what_poetry_does_not_package_is_not_installed_as_one(sandbox: UserSandbox, given: Callable[..., None]) -> None:
    build = '[build-system]\nrequires = ["poetry-core"]\nbuild-backend = "poetry.core.masonry.api"\n'
    given({"pyproject.toml": f'[tool.poetry]\npackage-mode = false\n[tool.poetry.dependencies]\nalpha = "*"\n{build}'})
    init(sandbox)
    assert document(sandbox)["tool"]["uv"]["package"] is False and document(sandbox)["project"]["name"] == "work"


def test_a_group_that_no_manifest_may_have_is_listed(sandbox: UserSandbox, given: Callable[..., None]) -> None:
    given({"pyproject.toml": '[tool.poetry.group."my group".dependencies]\nalpha = "*"\n'})
    entry = sandbox.dep("init", "--json").entry
    assert "my group" in left(entry) and "dependency-groups" not in document(sandbox)


def test_requirements_that_were_exported_are_passed_over(sandbox: UserSandbox, given: Callable[..., None]) -> None:
    given(
        {
            "pyproject.toml": POETRY_1,
            "requirements.txt": "alpha==1.0\nzeta==1.0\n",
            "setup.cfg": "[flake8]\nmax-line-length=9\n",
        }
    )
    entry = sandbox.dep("init", "--json").entry
    assert entry["passed"] == ["requirements.txt"] and "zeta" not in str(document(sandbox))
    assert any("jupyter dep import" in note for note in entry["notes"])


# Pipfile, conda, setuptools


def test_a_pipfile_is_taken_over(sandbox: UserSandbox, given: Callable[..., None]) -> None:
    given(
        {
            "Pipfile": f"""
[[source]]
name = "pypi"
url = "https://whatever.example/simple"
[[source]]
name = "corp"
url = "https://corp.example/simple"
[packages]
alpha = {{extras = ["fast"], version = "*"}}
inner = {{version = "*", index = "corp"}}
[dev-packages]
gamma = "==1.0"
[scripts]
serve = "flask run"
[requires]
python_version = "{MINOR}"
""",
            "requirements.txt": "alpha==1.0\nzeta==1\n",
        }
    )
    entry = sandbox.dep("init", "--json").entry
    found = document(sandbox)
    assert found["project"]["dependencies"] == ["alpha[fast]", "inner"]
    assert found["project"]["requires-python"] == f"=={MINOR}.*"
    assert found["dependency-groups"] == {"dev": ["gamma==1.0"]}
    assert found["tool"]["uv"]["sources"] == {"inner": {"index": "corp"}}
    assert "serve" in left(entry) and entry["passed"] == ["requirements.txt"]


ENVIRONMENT = f"""
name: lab
channels: [conda-forge]
dependencies:
  - python={MINOR}
  - numpy=1.26
  - cudatoolkit=11.8
  - pip:
    - alpha>=1
    - -r requirements.txt
"""


def test_of_an_environment_the_pip_part_is_taken_and_condas_is_proposed(
    sandbox: UserSandbox, given: Callable[..., None]
) -> None:
    given({"environment.yml": ENVIRONMENT, "requirements.txt": "beta\n"})
    ran = sandbox.dep("init")
    assert document(sandbox)["project"]["dependencies"] == ["beta", "alpha>=1"]
    assert document(sandbox)["project"]["name"] == "lab"
    assert "next: jupyter dep add 'numpy==1.26.*'\n" in ran.out, "nobody could be asked"
    assert "cudatoolkit" in ran.out


def test_what_conda_has_is_declared_with_a_yes(sandbox: UserSandbox, given: Callable[..., None]) -> None:
    given({"environment.yml": ENVIRONMENT, "requirements.txt": "beta\n"})
    asked: list[str] = []
    made = init(sandbox, ask=lambda question: asked.append(question) is None)
    assert len(asked) == 1 and "numpy==1.26.*" in asked[0]
    assert document(sandbox)["project"]["dependencies"] == ["beta", "alpha>=1", "numpy==1.26.*"]
    assert made.proposed == () and "numpy" not in str(made.left) and "cudatoolkit" in str(made.left)


SETUP_CFG = f"""
[metadata]
name = shop
version = attr: shop.__version__
author = Ann
[options]
packages = find:
python_requires = >={MINOR}
install_requires =
    alpha>=1
[options.extras_require]
plot = beta
[options.entry_points]
console_scripts =
    shop = shop.cli:main
"""


def test_a_setup_cfg_is_taken_over_and_its_computed_version_stays_the_backends(
    sandbox: UserSandbox, given: Callable[..., None]
) -> None:
    given({"setup.cfg": SETUP_CFG, "requirements.txt": "alpha==1.0\nzeta==1\n", "requirements-dev.txt": "pytest\n"})
    entry = sandbox.dep("init", "--json").entry
    found = document(sandbox)
    assert found["project"]["dynamic"] == ["version"] and "version" not in found["project"]
    assert found["project"]["dependencies"] == ["alpha>=1"]
    assert found["project"]["optional-dependencies"] == {"plot": ["beta"]}
    assert found["dependency-groups"] == {"dev": ["pytest"]}
    assert found["build-system"]["build-backend"] == "setuptools.build_meta"
    assert entry["passed"] == ["requirements.txt"] and "attr: shop.__version__" in left(entry)


def test_what_no_project_could_say_is_listed(sandbox: UserSandbox, given: Callable[..., None]) -> None:
    given({"setup.cfg": "[metadata]\nname = a b\nversion = soon\n[options]\npython_requires = 3.9\ninstall_requires = alpha\n"})
    told = left(sandbox.dep("init", "--json").entry)
    assert "name `a b`" in told and "version `soon`" in told and "requires-python `3.9`" in told
    assert document(sandbox)["project"]["name"] == "work"


def test_a_setup_py_is_not_run(sandbox: UserSandbox, given: Callable[..., None]) -> None:
    given({"setup.py": "open('ran', 'w')\nfrom setuptools import setup\nsetup(install_requires=['alpha'])\n"})
    told = left(sandbox.dep("init", "--json").entry)
    assert "setup.py" in told and "not" in told
    assert not (sandbox.folder / "ran").exists()


# Several files


def test_the_first_file_that_names_a_package_decides_and_the_other_is_listed(
    sandbox: UserSandbox, given: Callable[..., None]
) -> None:
    given(
        {"requirements.txt": "alpha>=1\nbeta\n", "environment.yml": "name: x\ndependencies:\n- pip: [alpha>=2, beta, gamma]\n"}
    )
    entry = sandbox.dep("init", "--json").entry
    assert document(sandbox)["project"]["dependencies"] == ["alpha>=1", "beta", "gamma"]
    assert "environment.yml: alpha>=2: `alpha>=1` is declared already" in left(entry)
    assert "beta" not in left(entry), "who says the same is no news"


def test_a_project_called_like_what_it_needs_gets_another_name(tmp_path: Path, toy_index: Index) -> None:
    sandbox = terminal_at(tmp_path, toy_index)
    folder = sandbox.folder / "alpha"
    folder.mkdir()
    (folder / "requirements.txt").write_text("Alpha>=1\n")
    assert sandbox.dep("init", "--project", "alpha", "--json").entry["name"] == "alpha-project"


# Versions for the first lock


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("poetry.lock", '[[package]]\nname = "alpha"\nversion = "1.0"\n'),
        ("uv.lock", 'version = 1\n[[package]]\nname = "alpha"\nversion = "1.0"\nsource = { registry = "https://x.example" }\n'),
        ("Pipfile.lock", '{"default": {"alpha": {"version": "==1.0"}}}'),
        ("pylock.toml", 'lock-version = "1.0"\ncreated-by = "x"\n[[packages]]\nname = "alpha"\nversion = "1.0"\n'),
        ("requirements.txt", "alpha==1.0\n"),
    ],
)
def test_another_tools_lock_seeds_the_first_lock(
    sandbox: UserSandbox, given: Callable[..., None], name: str, text: str
) -> None:
    given({name: text})
    seed = seed_pins.seed_pins(sandbox.folder)
    assert seed is not None and (seed.origin, seed.versions) == (name, (("alpha", "1.0"),))
    told = sandbox.dep("init", "--json").entry["seed"]
    assert told == {"file": name, "versions": 1}


def test_a_lock_that_cannot_be_read_is_passed_by(sandbox: UserSandbox, given: Callable[..., None]) -> None:
    given({"poetry.lock": "= no", "uv.lock": '[[package]]\nname = "alpha"\nversion = "1.0"\nsource = {registry = "x"}\n'})
    seed = seed_pins.seed_pins(sandbox.folder)
    assert seed is not None and seed.origin == "uv.lock"
    (sandbox.folder / "uv.lock").unlink()
    assert seed_pins.seed_pins(sandbox.folder) is None


def test_a_seed_is_pinned_to_the_index_that_the_declaration_names() -> None:
    text = (
        '[project]\nname = "a"\n[[tool.uv.index]]\nname = "corp"\nurl = "https://corp.example/simple"\nexplicit = true\n'
        '[tool.uv.sources]\nbeta = { index = "corp" }\ngamma = { path = "../gamma" }\n'
    )
    seed = seed_pins.SeedPins(origin="uv.lock", versions=(("alpha", "1"), ("beta", "2"), ("gamma", "3")))
    found = seed.as_pins(manifest.declaration(manifest.parse(text)), "https://index.example/simple")
    assert [(pin.name, pin.version, pin.index) for pin in found] == [
        ("alpha", "1", "https://index.example/simple"),
        ("beta", "2", "https://corp.example/simple"),
    ]


def test_a_foreign_pylock_is_left_and_told(sandbox: UserSandbox, given: Callable[..., None]) -> None:
    text = 'lock-version = "1.0"\ncreated-by = "other"\npackages = []\n'
    given({"pylock.toml": text})
    entry = sandbox.dep("init", "--json").entry
    assert any("--overwrite" in note for note in entry["notes"])
    assert (sandbox.folder / "pylock.toml").read_text() == text
    assert sandbox.dep("lock", "--json").error["code"] == "foreign-lock"


# Pythons


def test_a_python_that_is_not_here_stops_it_with_the_choices(sandbox: UserSandbox, given: Callable[..., None]) -> None:
    given({"Pipfile": '[packages]\nalpha = "*"\n[requires]\npython_version = "3.2"\n'})
    error = sandbox.refused("init", code="no-matching-python", exit_code=1)
    assert "`==3.2.*`" in error["message"] and MINOR in error["hint"] and "--python" in error["hint"]
    assert not (sandbox.folder / "pyproject.toml").exists()


def test_a_python_that_is_not_here_can_be_overruled(sandbox: UserSandbox, given: Callable[..., None]) -> None:
    given({"Pipfile": '[packages]\nalpha = "*"\n[requires]\npython_version = "3.2"\n'})
    entry = sandbox.dep("init", "--python", MINOR, "--json").entry
    assert document(sandbox)["project"]["requires-python"] == f">={MINOR}"
    assert "==3.2.*" in left(entry)


def test_at_a_terminal_another_python_is_offered(sandbox: UserSandbox, given: Callable[..., None]) -> None:
    given({"Pipfile": '[packages]\nalpha = "*"\n[requires]\npython_version = "3.2"\n'})
    newest = sandbox.services().interpreters.find(">=3.9").minor
    made = init(sandbox, ask=lambda question: "==3.2.*" in question)
    assert made.requires_python == f">={newest}"


def test_a_project_whose_python_is_not_here_is_told_so(sandbox: UserSandbox, given: Callable[..., None]) -> None:
    given({"pyproject.toml": '[project]\nname = "a"\nversion = "1"\nrequires-python = "==3.2.*"\ndependencies = []\n'})
    (note,) = sandbox.dep("init", "--json").entry["notes"]
    assert "==3.2.*" in note and MINOR in note


# Bad input


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("pyproject.toml", b"[project\n", "bad-toml"),
        ("pyproject.toml", b"<<<<<<< a\n[project]\n=======\n>>>>>>> b\n", "unmerged"),
        ("pyproject.toml", b"[project]\nname = '\xff'\n", "not-utf-8"),
        ("pyproject.toml", b"project = 1\n", "bad-value"),
        ("requirements.txt", b"alpha \xff\n", "not-utf-8"),
        ("requirements.txt", b"-r gone.txt\n", "no-such-file"),
        ("Pipfile", b"[packages", "unreadable-import"),
        ("environment.yml", b"a: [b", "unreadable-import"),
        ("setup.cfg", b"nothing = 1\n", "unreadable-import"),
    ],
)
def test_a_file_that_cannot_be_read_stops_it_before_anything_is_written(
    sandbox: UserSandbox, name: str, data: bytes, code: str
) -> None:
    (sandbox.folder / name).write_bytes(data)
    (sandbox.folder / "requirements-dev.txt").write_text("beta\n")
    error = sandbox.refused("init", code=code, exit_code=1)
    assert name in str(error["context"].get("file", "")) or name in error["message"]


@pytest.mark.parametrize(("path", "code"), [("gone", "no-such-folder"), ("file", "not-a-folder")])
def test_what_is_no_folder_is_told(sandbox: UserSandbox, path: str, code: str) -> None:
    (sandbox.folder / "file").write_text("mine")
    sandbox.refused("init", "--project", path, code=code, exit_code=1)


def test_a_folder_without_a_usable_name_asks_for_one(sandbox: UserSandbox) -> None:
    (sandbox.folder / "数据").mkdir()
    sandbox.refused("init", "--project", "数据", code="bad-project-name", exit_code=2)
    assert sandbox.dep("init", "--project", "数据", "--name", "data", "--json").entry["name"] == "data"


@pytest.mark.parametrize("line", [("init", "--imports"), ("init", "nb.ipynb", "--name", "x")])
def test_options_of_the_other_form_are_refused(sandbox: UserSandbox, line: tuple[str, ...]) -> None:
    sandbox.refused(*line, code="bad-usage", exit_code=2)


def test_a_manifest_that_changed_meanwhile_is_left(sandbox: UserSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    file = sandbox.folder / "pyproject.toml"
    file.write_text("[tool.ruff]\n")
    looked = other_tools.detect_files

    def meanwhile(*arguments: Any, **more: Any) -> other_tools.DetectedFiles:
        file.write_text("[tool.ruff]\n# another line\n")
        return looked(*arguments, **more)

    monkeypatch.setattr(other_tools, "detect_files", meanwhile)
    with pytest.raises(DepError) as caught:
        init(sandbox)
    assert caught.value.code == "changed-meanwhile" and file.read_text() == "[tool.ruff]\n# another line\n"


def test_dependencies_that_only_a_build_tells_are_named(sandbox: UserSandbox, given: Callable[..., None]) -> None:
    given(
        {"pyproject.toml": '[project]\nname = "a"\nversion = "1"\ndynamic = ["dependencies"]\n', "requirements.txt": "alpha\n"}
    )
    made = init(sandbox)
    assert any("dynamic" in str(note) for note in made.notes) and made.passed == ("requirements.txt",)
