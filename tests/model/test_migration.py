"""What other tools' files declare, carried over: nothing is lost without a line that says so."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

import pytest
import tomlkit
from packaging.requirements import Requirement

from jupyter_dep.base.errors import DepError
from jupyter_dep.model.manifest import manifest
from jupyter_dep.model.migration import ImportedManifest, read_manifest
from jupyter_dep.model.migration.readers.pins import pins

DEFAULT = "https://index.example/simple"


def files(**texts: str) -> Callable[[str], str]:
    """Reads from these files, `_` for `/` and `__` for `.` in their names."""
    named = {name.replace("__", ".").replace("_", "/"): text for name, text in texts.items()}

    def read(path: str) -> str:
        if path not in named:
            raise DepError("no-such-file", f"`{path}` is not there", hint="check the path")
        return named[path]

    return read


def brought(origin: str, text: str, **others: str) -> ImportedManifest:
    found = read_manifest(origin, text, read=files(**others), known_indexes=(DEFAULT,))
    for one in [*found.dependencies, *found.proposed, *(text for texts in found.extras.values() for text in texts)]:
        Requirement(one)
    manifest.declaration(manifest.parse(tomlkit.dumps(found.tables())))
    return found


def left(found: ImportedManifest) -> str:
    return "\n".join(f"{item.what}: {item.why}" for item in found.unsupported)


POETRY_1 = """
[tool.poetry]
name = "shop"
version = "0.3.0"
description = "Sells things."
authors = ["Ann Lee <ann@example.org>", "Bo"]
license = "MIT"
readme = "README.md"
homepage = "https://shop.example"
keywords = ["shop"]
packages = [{ include = "shop" }]

[tool.poetry.dependencies]
python = "^3.9"
requests = "^2.28"
pandas = { version = "~1.5", extras = ["excel", "aws"], optional = true }
orjson = "*"
lxml = { version = ">=4,<6", python = ">=3.10" }
pywin32 = { version = "^306", platform = "win32" }
torch = [
    { version = "1.13.*", python = "<3.11" },
    { version = "^2.0", python = ">=3.11", markers = "sys_platform == 'linux' or sys_platform == 'darwin'" },
]
shared = { path = "../shared", develop = true }
tool-a = { git = "https://git.example/a.git", branch = "main", subdirectory = "py" }
tool-b = { git = "https://git.example/b.git", tag = "v1", extras = ["x"] }
tool-c = { git = "https://git.example/c.git", rev = "abc123" }
blob = { url = "https://files.example/blob-1.0-py3-none-any.whl" }
corp-lib = { version = "^1.0", source = "corp" }
early = { version = "^1.0", allow-prereleases = true }
either = "<1.2 || >=2"
forgotten = { version = "1", optional = true }

[tool.poetry.extras]
frames = ["pandas", "nowhere"]

[tool.poetry.group.dev.dependencies]
pytest = "^7"

[tool.poetry.group.docs]
optional = true
[tool.poetry.group.docs.dependencies]
sphinx = ">=6"

[tool.poetry.scripts]
shop = "shop.cli:main"
raw = { reference = "bin/raw.sh", type = "file" }

[tool.poetry.plugins."shop.plugins"]
one = "shop.one:One"

[[tool.poetry.source]]
name = "corp"
url = "https://ann:secret@corp.example/simple/"
priority = "supplemental"

[build-system]
requires = ["poetry-core"]
build-backend = "poetry.core.masonry.api"
"""


def test_poetry_1_is_carried_over() -> None:
    found = brought("pyproject.toml", POETRY_1)
    assert (found.name, found.version, found.requires_python, found.package) == ("shop", "0.3.0", ">=3.9,<4.0", True)
    assert found.dependencies == (
        "requests>=2.28,<3.0",
        "orjson",
        "lxml>=4,<6 ; python_version >= '3.10'",
        "pywin32>=306,<307.0 ; sys_platform == 'win32'",
        "torch==1.13.* ; python_version < '3.11'",
        "torch>=2.0,<3.0 ; python_version >= '3.11' and (sys_platform == 'linux' or sys_platform == 'darwin')",
        "shared",
        "tool-a",
        "tool-b[x]",
        "tool-c",
        "blob",
        "corp-lib>=1.0,<2.0",
        "early>=1.0,<2.0",
        "either",
    )
    assert found.extras == {"frames": ("pandas[excel,aws]>=1.5,<1.6",)}
    assert {name: group.requirements for name, group in found.groups.items()} == {
        "dev": ("pytest>=7,<8.0",),
        "docs": ("sphinx>=6",),
    }
    assert (found.groups["docs"].optional, found.groups["dev"].optional) == (True, False)
    assert found.sources == {
        "shared": ({"path": "../shared", "editable": True},),
        "tool-a": ({"git": "https://git.example/a.git", "branch": "main", "subdirectory": "py"},),
        "tool-b": ({"git": "https://git.example/b.git", "tag": "v1"},),
        "tool-c": ({"git": "https://git.example/c.git", "rev": "abc123"},),
        "blob": ({"url": "https://files.example/blob-1.0-py3-none-any.whl"},),
        "corp-lib": ({"index": "corp"},),
    }
    assert found.indexes == ({"name": "corp", "url": "https://corp.example/simple/", "explicit": True},)
    assert found.metadata["authors"] == [{"name": "Ann Lee", "email": "ann@example.org"}, {"name": "Bo"}]
    assert found.metadata["scripts"] == {"shop": "shop.cli:main"}
    assert found.metadata["entry-points"] == {"shop.plugins": {"one": "shop.one:One"}}
    assert found.metadata["license"] == "MIT"


def test_what_poetry_1_says_and_no_declaration_can_is_listed() -> None:
    told = left(brought("pyproject.toml", POETRY_1))
    for what in ("allow-prereleases` of early", "bounds of either", "forgotten", "nowhere", "script raw", "credentials",
                 "supplemental", "[tool.poetry] packages", "`optional` of the group docs"):  # fmt: skip
        assert what in told
    assert "secret" not in told


def test_poetry_2_keeps_its_standard_tables_and_takes_sources_from_its_own() -> None:
    found = brought(
        "pyproject.toml",
        """
        [project]
        name = "shop"
        version = "1.0"
        requires-python = ">=3.9"
        dependencies = ["requests (>=2.28,<3.0)", "shared", "torch>=2"]
        scripts = { shop = "shop:main" }
        [project.optional-dependencies]
        plot = ["matplotlib>=3"]
        [dependency-groups]
        dev = ["pytest>=8", { include-group = "lint" }]
        lint = ["ruff"]
        [tool.poetry]
        requires-poetry = ">=2.0"
        [tool.poetry.dependencies]
        python = ">=3.9,<3.13"
        shared = { path = "../shared", develop = true }
        torch = { source = "cpu" }
        ghost = "^1"
        [tool.poetry.group.lint.dependencies]
        mypy = "^1.5"
        [tool.poetry.group.dev]
        optional = true
        [[tool.poetry.source]]
        name = "cpu"
        url = "https://torch.example/cpu"
        priority = "explicit"
        """,
    )
    assert found.dependencies == ("requests (>=2.28,<3.0)", "shared", "torch>=2")
    assert found.sources == {"shared": ({"path": "../shared", "editable": True},), "torch": ({"index": "cpu"},)}
    assert found.extras == {"plot": ("matplotlib>=3",)}
    assert found.groups["dev"].includes == ("lint",)
    assert found.groups["dev"].optional
    assert found.groups["lint"].requirements == ("ruff", "mypy>=1.5,<2.0")
    assert found.requires_python == ">=3.9"
    assert found.metadata["scripts"] == {"shop": "shop:main"}
    told = left(found)
    assert "ghost" in told
    assert "requires-poetry" in told
    assert ">=3.9,<3.13" in told
    assert "explicit" not in told


def test_poetry_2_with_dynamic_dependencies_takes_them_from_poetrys_table() -> None:
    project = '[project]\nname = "a"\nversion = "1"\ndynamic = ["dependencies"]\n'
    found = brought("pyproject.toml", project + '[tool.poetry.dependencies]\npython = "^3.11"\nx = "^1"')
    assert (found.dependencies, found.requires_python) == (("x>=1,<2.0",), ">=3.11,<4.0")


def test_a_source_of_poetry_is_the_index_that_was_declared_or_the_default() -> None:
    found = brought(
        "pyproject.toml",
        f"""
        [tool.poetry.dependencies]
        a = {{ version = "^1", source = "mirror" }}
        b = {{ version = "^1", source = "my corp" }}
        c = {{ version = "^1", source = "nowhere" }}
        [[tool.poetry.source]]
        name = "mirror"
        url = "{DEFAULT}/"
        [[tool.poetry.source]]
        name = "my corp"
        url = "https://corp.example/simple"
        priority = "explicit"
        """,
    )
    assert found.sources == {"b": ({"index": "my-corp"},)}
    assert [index["name"] for index in found.indexes] == ["my-corp"]
    assert [item.what for item in found.unsupported] == ["c = {version = '^1', source = 'nowhere'}"]


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ('a = { version = "1", markers = "extra == \'cpu\'" }', "depends on an extra"),
        ('a = { version = "1", markers = "nonsense" }', "marker cannot be read"),
        ('a = { version = "1", python = "soon" }', "marker cannot be read"),
        ('a = { git = "https://ann:secret@git.example/a.git" }', "user name, a password"),
        ('a = { git = "anna@git.example:team/a.git" }', "user name, a password"),
        ("a = 3", "neither a version nor a table"),
        ('a = { version = "1", colour = "red" }', "`colour` of a"),
        ('a = "<>1"', "not a version constraint"),
        ('"a b" = "1"', "not a requirement"),
    ],
)
def test_an_entry_of_poetry_that_cannot_be_carried_over_is_told(entry: str, told: str) -> None:
    found = brought("pyproject.toml", f"[tool.poetry.dependencies]\n{entry}\n")
    assert told in left(found)
    assert "secret" not in left(found)


def test_requirements_with_everything_that_pip_reads() -> None:
    found = brought(
        "requirements.txt",
        """\ufeff# of the team
pandas>=2,<3  # frames
requests[socks] \\
    >=2.28
-r more/base.txt
-c limits.txt
--extra-index-url https://ann:secret@corp.example/simple
--index-url https://index.example/simple/
-f ./wheels
--pre
-e ./libs/tool[fast]
-e git+https://git.example/a.git@v1#egg=tool-a&subdirectory=py
git+https://git.example/b.git#egg=tool_b
tool-c @ git+https://git.example/c.git@abc ; python_version < "3.12"
https://files.example/blob-1.0-py3-none-any.whl
./wheels/local_one-2.0.tar.gz
-e .
colorama==0.4.6; sys_platform == "win32"
pinned==1.0 --hash=sha256:aa --hash=sha256:bb
""",
        more_base__txt="numpy\n-r ../requirements.txt\n-r deeper.txt",
        more_deeper__txt="six",
        limits__txt="urllib3<2\n",
        libs_tool_pyproject__toml='[project]\nname = "fast-tool"\n',
    )
    assert found.dependencies == (
        "pandas>=2,<3",
        "requests[socks] >=2.28",
        "numpy",
        "six",
        "fast-tool[fast]",
        "tool-a @ git+https://git.example/a.git@v1#subdirectory=py",
        "tool_b @ git+https://git.example/b.git",
        "tool-c @ git+https://git.example/c.git@abc ; python_version < '3.12'",
        "blob @ https://files.example/blob-1.0-py3-none-any.whl",
        "local-one",
        "colorama==0.4.6; sys_platform == 'win32'",
        "pinned==1.0",
    )
    assert found.constraints == ("urllib3<2",)
    assert found.prerelease == "allow"
    assert found.sources == {
        "fast-tool": ({"path": "libs/tool", "editable": True},),
        "local-one": ({"path": "wheels/local_one-2.0.tar.gz"},),
    }
    assert [index["url"] for index in found.indexes] == ["https://corp.example/simple"]
    assert found.pins == (("colorama", "0.4.6"), ("pinned", "1.0"))
    told = left(found)
    assert "secret" not in told
    for what in ("credentials of https://corp.example/simple", "2 hashes", "--find-links ./wheels", "-e .:", "`-e` of git+"):
        assert what in told, what


def test_of_a_compiled_file_only_what_was_asked_for_is_declared() -> None:
    found = brought(
        "requirements.txt",
        """# This file is autogenerated
numpy==1.26.4 \\
    --hash=sha256:aa
    # via pandas
pandas==2.1.0 \\
    --hash=sha256:bb
    # via -r requirements.in
six==1.16.0  # via python-dateutil
tzdata==2024.1
    # via
    #   -r requirements.in
    #   pandas
""",
    )
    assert found.dependencies == ("pandas==2.1.0", "tzdata==2024.1")
    assert dict(found.pins) == {"numpy": "1.26.4", "pandas": "2.1.0", "six": "1.16.0", "tzdata": "2024.1"}
    assert "2 requirements that only others need" in left(found)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("not a requirement", "not a requirement"),
        ("./somewhere", "its name is unknown"),
        ("-r https://files.example/base.txt", "nothing is fetched here"),
        ("https://files.example/download", "name is unknown"),
        ("--no-binary numpy", "`build`"),
        ("--unheard-of", "option of pip"),
        ("a @ https://ann:secret@files.example/a-1.0.tar.gz", "user name, a password"),
        ("--index-url https://ann:${TOKEN}@corp.example/simple", "credentials of https://corp.example"),
    ],
)
def test_a_line_of_requirements_that_cannot_be_carried_over_is_told(line: str, told: str) -> None:
    found = brought("requirements.txt", f"six\n{line}\n")
    assert found.dependencies == ("six",)
    assert told in left(found)
    assert "secret" not in left(found)


def test_a_nested_file_that_is_missing_is_an_error_of_the_reader() -> None:
    with pytest.raises(DepError) as caught:
        brought("requirements.txt", "-r gone.txt")
    assert caught.value.code == "no-such-file"


def test_a_pipfile_is_carried_over() -> None:
    found = brought(
        "Pipfile",
        """
        [[source]]
        name = "pypi"
        url = "https://whatever.example/simple"
        verify_ssl = true
        [[source]]
        name = "corp"
        url = "https://corp.example/simple"
        verify_ssl = false
        [packages]
        requests = {extras = ["socks"], version = "*"}
        flask = "==2.0.1"
        pywin = {version = ">=1", sys_platform = "== 'win32'"}
        both = {version = "~=1.0", markers = "python_version < '3.12' or os_name == 'nt'", platform_machine = "!= 'arm64'"}
        inner = {version = "*", index = "corp"}
        repo = {git = "https://git.example/r.git", ref = "abc", editable = true}
        here = {path = "./lib", editable = true}
        [dev-packages]
        pytest = "*"
        [docs]
        sphinx = ">=6"
        [requires]
        python_version = "3.11"
        [scripts]
        serve = "flask run"
        [pipenv]
        allow_prereleases = true
        """,
    )
    assert found.dependencies == (
        "requests[socks]",
        "flask==2.0.1",
        "pywin>=1 ; sys_platform == 'win32'",
        "both~=1.0 ; platform_machine != 'arm64' and (python_version < '3.12' or os_name == 'nt')",
        "inner",
        "repo",
        "here",
    )
    assert found.requires_python == "==3.11.*"
    assert {name: group.requirements for name, group in found.groups.items()} == {"dev": ("pytest",), "docs": ("sphinx>=6",)}
    assert found.sources == {
        "inner": ({"index": "corp"},),
        "repo": ({"git": "https://git.example/r.git", "rev": "abc"},),
        "here": ({"path": "./lib", "editable": True},),
    }
    assert found.prerelease == "allow"
    assert "serve" in left(found)
    assert "verify_ssl" in left(found)


ENVIRONMENT = """
name: lab
channels: [conda-forge, defaults]
dependencies:
  - python=3.10
  - numpy=1.26
  - pandas >=2,<3
  - conda-forge::pytorch=2.1.0=cpu_0
  - scipy 1.11.*
  - cudatoolkit=11.8
  - libstdcxx-ng
  - r-ggplot2
  - nobody-knows-this
  - pip
  - pip:
      - rich>=13
      - -r more.txt
prefix: /opt/lab
variables: {A: b}
"""


def test_of_an_environment_the_pip_part_is_declared_and_condas_is_proposed_or_told() -> None:
    found = brought("environment.yml", ENVIRONMENT, more__txt="six")
    assert (found.name, found.requires_python) == ("lab", "==3.10.*")
    assert found.dependencies == ("rich>=13", "six")
    assert found.proposed == ("numpy==1.26.*", "pandas<3,>=2", "torch==2.1.0", "scipy==1.11.*")
    told = left(found)
    for name in ("numpy=1.26", "pytorch", "cudatoolkit", "libstdcxx-ng", "r-ggplot2", "nobody-knows-this", "pip:", "channels",
                 "prefix", "variables"):  # fmt: skip
        assert name in told, name


def test_an_exact_python_of_conda_keeps_its_minor() -> None:
    found = brought("environment.yml", "dependencies: [python=3.11.4=h1_0]")
    assert found.requires_python == "==3.11.*"
    assert "3.11.4" in left(found)


def test_aliases_in_an_environment_are_not_unfolded() -> None:
    nested = "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" if n else "a0: &a0 [x, x]" for n in range(30))
    found = brought("environment.yml", f"{nested}\nchannels: *a29\ndependencies: *a29\n")
    assert found.dependencies == ()
    assert len(left(found)) < 10_000


def test_a_setup_cfg_is_carried_over() -> None:
    found = brought(
        "setup.cfg",
        """
[metadata]
name = shop
version = attr: shop.__version__
description = Sells things.
author = Ann
author_email = ann@example.org
license = MIT
long_description = file: README.rst, CHANGES.rst
url = https://shop.example
project_urls =
    Docs = https://docs.example
classifiers =
    Framework :: Jupyter

[options]
packages = find:
python_requires = >=3.9
install_requires =
    requests>=2; python_version < "3.12"
    # a comment
    pandas
setup_requires = cython

[options.extras_require]
plot = matplotlib; seaborn
dev = file: dev.txt
older: backport

[options.entry_points]
console_scripts =
    shop = shop.cli:main
shop.plugins =
    one = shop:One

[flake8]
max-line-length = 100
""",
    )
    assert (found.name, found.version, found.requires_python) == ("shop", None, ">=3.9")
    assert found.dependencies == ("requests>=2; python_version < '3.12'", "pandas")
    assert found.extras == {"plot": ("matplotlib", "seaborn"), "older": ("backport",)}
    assert found.metadata == {
        "authors": [{"name": "Ann", "email": "ann@example.org"}],
        "license": "MIT",
        "classifiers": ["Framework :: Jupyter"],
        "urls": {"Homepage": "https://shop.example", "Docs": "https://docs.example"},
        "readme": "README.rst",
        "scripts": {"shop": "shop.cli:main"},
        "entry-points": {"shop.plugins": {"one": "shop:One"}},
    }
    told = left(found)
    for what in ("attr: shop.__version__", "file: dev.txt", "cython", "[options] packages"):
        assert what in told, what


@pytest.mark.parametrize(
    ("origin", "text"),
    [
        ("Pipfile", "[packages"),
        ("environment.yml", "a: [b"),
        ("environment.yml", "- just\n- a list"),
        ("setup.cfg", "no section = 1"),
        ("uv.lock", "= 1"),
        ("Pipfile.lock", "{"),
    ],
)
def test_a_file_that_is_not_of_its_form_is_told(origin: str, text: str) -> None:
    with pytest.raises(DepError) as caught:
        pins(text, origin=origin) if origin.endswith(".lock") else brought(origin, text)
    assert (caught.value.code, caught.value.context["file"]) == ("unreadable-import", origin)


def test_a_file_of_no_known_tool_is_told() -> None:
    with pytest.raises(DepError) as caught:
        brought("pyproject.toml", "[project]\nname = 'a'\n")
    assert caught.value.code == "unknown-import"


LOCKS: Mapping[str, str] = {
    "poetry.lock": """
        [[package]]
        name = "Requests"
        version = "2.31.0"
        category = "main"
        optional = false
        [[package]]
        name = "corp"
        version = "1.0"
        [package.source]
        type = "legacy"
        url = "https://corp.example"
        reference = "corp"
        [[package]]
        name = "repo"
        version = "0.1"
        [package.source]
        type = "git"
        url = "https://git.example/r.git"
        [[package]]
        name = "torch"
        version = "1.13"
        [[package]]
        name = "torch"
        version = "2.0"
        [metadata]
        lock-version = "2.1"
        """,
    "uv.lock": """
        version = 1
        [[package]]
        name = "requests"
        version = "2.31.0"
        source = { registry = "https://index.example/simple" }
        [[package]]
        name = "corp"
        version = "1.0"
        source = { registry = "https://corp.example" }
        [[package]]
        name = "me"
        version = "0.1"
        source = { virtual = "." }
        """,
    "Pipfile.lock": json.dumps(
        {
            "_meta": {"sources": []},
            "default": {"requests": {"version": "==2.31.0"}, "repo": {"git": "x", "ref": "y"}},
            "develop": {"corp": {"version": "==1.0"}, "requests": {"version": "==2.31.0"}},
        }
    ),
    "pylock.toml": """
        lock-version = "1.0"
        [[packages]]
        name = "requests"
        version = "2.31.0"
        [[packages]]
        name = "corp"
        version = "1.0"
        [[packages]]
        name = "repo"
        vcs = { type = "git", url = "https://git.example/r.git", commit-id = "a" }
        """,
    "requirements.txt": "--index-url https://x.example\nrequests==2.31.0 \\\n    --hash=sha256:aa\n"
    "corp==1.0 ; os_name == 'nt'\nfree>=1\n",
}


@pytest.mark.parametrize("origin", LOCKS)
def test_an_existing_lock_gives_its_versions(origin: str) -> None:
    assert pins(LOCKS[origin], origin=origin) == (("corp", "1.0"), ("requests", "2.31.0"))
