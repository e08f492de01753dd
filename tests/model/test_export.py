"""What goes out of a lock: read again by those who are meant to read it."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.markers import Marker
from packaging.pylock import Pylock
from packaging.requirements import Requirement
from support import locks
from support.index import Index
from support.user_environment import user_environment
from uv import find_uv_bin

from jupyter_dep.base.errors import DepError
from jupyter_dep.model import export
from jupyter_dep.model.declaration import script_block
from jupyter_dep.model.declaration.declaration import Declaration, Settings
from jupyter_dep.model.lock import lockfile
from jupyter_dep.model.lock.lockfile import Lock
from jupyter_dep.model.lock.select import Selection
from jupyter_dep.model.migration.readers.pins import pins
from jupyter_dep.model.notebook.notebook import Notebook, blank
from jupyter_dep.model.packages.markers import partial_evaluate


def lock(*packages: str, head: str = "", ours: str | None = None) -> Lock:
    return lockfile.read(locks.document(*packages, head=head, ours=ours), context={"file": "pylock.toml"})


HEAD = 'extras = ["plot"]\ndependency-groups = ["dev", "docs", "jupyter-dep-kernel"]\ndefault-groups = ["jupyter-dep-kernel"]\n'


def grouped() -> Lock:
    """A project's lock: an extra, two groups, the kernel's, and markers that mix them with a platform."""
    return lock(
        locks.package("alpha", needs=["beta"]),
        locks.package("beta"),
        locks.package("pict", more="marker = \"'plot' in extras\"", needs=["beta"]),
        locks.package("wine", more="marker = \"sys_platform == 'win32'\""),
        locks.package("test-it", more="marker = \"'dev' in dependency_groups and sys_platform != 'win32'\""),
        locks.package("both", more="marker = \"'dev' in dependency_groups or 'docs' in dependency_groups\""),
        locks.package("ipykernel", more="marker = \"'jupyter-dep-kernel' in dependency_groups\""),
        head=HEAD,
        ours=locks.table(declared=["alpha"]).replace("kernel = []", 'kernel = ["ipykernel"]')
        + "[tool.jupyter-dep.declaration.extras]\nplot = ['pict']\n"
        + "[tool.jupyter-dep.declaration.groups]\ndev = ['both', 'test-it', 'beta>=1']\ndocs = ['both']\n",
    )


def names(text: str) -> list[str]:
    return [Requirement(line).name for line in text.splitlines()]


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (Selection(), ["alpha", "beta", "both", "ipykernel", "test-it", "wine"]),
        (Selection(groups=()), ["alpha", "beta", "ipykernel", "wine"]),
        (Selection(groups=(), kernel=False), ["alpha", "beta", "wine"]),
        (Selection(groups=(), extras=("plot",)), ["alpha", "beta", "ipykernel", "pict", "wine"]),
        (Selection(groups=("docs",)), ["alpha", "beta", "both", "ipykernel", "wine"]),
        (Selection(groups=("dev",), default=False, kernel=False), ["beta", "both", "test-it"]),
        (Selection(groups=("dev",), default=False), ["beta", "both", "ipykernel", "test-it"]),
        (Selection(groups=(), extras=("plot",), default=False, kernel=False), ["beta", "pict"]),
    ],
)
def test_a_choice_takes_the_groups_and_extras_that_it_names(choice: Selection, expected: list[str]) -> None:
    assert names(export.requirements_txt(grouped(), choice, hashes=False)) == expected


def test_the_platform_stays_open_where_the_group_is_decided() -> None:
    text = export.requirements_txt(grouped(), Selection(groups=("dev",)), hashes=False)
    assert 'test-it==1.0 ; sys_platform != "win32"' in text
    assert "both==1.0\n" in text
    assert "dependency_groups" not in text


@pytest.mark.parametrize(("kind", "choice"), [("group", Selection(groups=("nope",))), ("extra", Selection(extras=("nope",)))])
def test_a_name_that_the_lock_does_not_have_is_told_with_those_it_has(kind: str, choice: Selection) -> None:
    with pytest.raises(DepError) as caught:
        export.requirements_txt(grouped(), choice)
    assert caught.value.code == f"no-such-{kind}"
    assert ("`plot`" if kind == "extra" else "`docs`") in str(caught.value.hint)


@pytest.mark.parametrize(
    ("marker", "expected"),
    [
        ("'a' in extras", True),
        ("'b' in extras", False),
        ("'b' not in extras", True),
        ("'a' in extras and os_name == 'nt'", "os_name == 'nt'"),
        ("'b' in extras or os_name == 'nt'", "os_name == 'nt'"),
        ("'b' in extras and os_name == 'nt'", False),
        (
            "('b' in extras or 'g' in dependency_groups) and (os_name == 'nt' or os_name == 'x')",
            "os_name == 'nt' or os_name == 'x'",
        ),
        (
            "'a' in extras and (os_name == 'nt' or os_name == 'x') and python_version >= '3.9'",
            "(os_name == 'nt' or os_name == 'x') and python_version >= '3.9'",
        ),
        ("os_name == 'nt' and os_name == 'nt'", "os_name == 'nt'"),
        ("platform_machine not in 'arm64 aarch64'", "platform_machine not in 'arm64 aarch64'"),
        ("'3.9' ~= python_version", "'3.9' ~= python_version"),
    ],
)
def test_only_the_choice_is_answered_in_a_marker(marker: str, expected: bool | str) -> None:
    found = partial_evaluate(marker, extras={"a"}, groups={"g"})
    assert found == (Marker(expected) if isinstance(expected, str) else expected)


@pytest.mark.parametrize("marker", ["os_name ==", "(os_name == 'nt'", "os_name == 'nt' )", "os_name = $"])
def test_what_is_no_marker_is_refused(marker: str) -> None:
    with pytest.raises(ValueError, match="marker"):
        partial_evaluate(marker, extras=(), groups=())


def test_an_index_is_written_without_its_secrets_and_only_if_asked() -> None:
    made = lock(
        locks.package("a", index="https://index.example/simple"),
        locks.package("b", index="https://index.example/simple"),
        locks.package("c", index="https://ann:secret@corp.example/simple?token=secret"),
    )
    text = export.requirements_txt(made, indexes=True)
    assert text.startswith("--index-url https://index.example/simple\n--extra-index-url https://corp.example/simple\n")
    assert "secret" not in text
    assert "index" not in export.requirements_txt(made)


REPOSITORY = 'vcs = { type = "git", url = "https://git.example/r.git", commit-id = "abc", subdirectory = "py" }'


def test_sources_that_are_no_files_go_out_with_their_address_but_not_with_hashes() -> None:
    made = lock(
        locks.package("repo", wheels=(), index=None, more=REPOSITORY),
        locks.package("here", "", wheels=(), index=None, more='directory = { path = "lib", editable = true }'),
    )
    assert export.requirements_txt(made, hashes=False) == (
        "-e ./lib\nrepo @ git+https://git.example/r.git@abc#subdirectory=py\n"
    )
    for write in (export.requirements_txt, lambda lock: export.dockerfile(lock, python="3.12")):
        with pytest.raises(DepError) as caught:
            write(made)
        assert caught.value.code == "no-hash"


def test_a_part_of_a_lock_is_a_lock() -> None:
    text = export.pylock(grouped(), Selection(groups=(), extras=("plot",), kernel=False))
    parsed = Pylock.from_dict(tomllib.loads(text))
    assert [str(package.name) for package in parsed.packages] == ["alpha", "beta", "pict", "wine"]
    assert {str(package.name): str(package.marker or "") for package in parsed.packages}["wine"] == 'sys_platform == "win32"'
    assert parsed.packages[2].marker is None
    assert (parsed.dependency_groups, parsed.extras, parsed.tool) == (None, None, None)
    original = {package.name: package for package in grouped().packages}
    for package in parsed.packages:
        assert package.wheels == original[package.name].wheels
        assert package.index == original[package.name].index
    assert [dict(needed) for needed in parsed.packages[0].dependencies or ()] == [{"name": "beta"}]


def test_a_lock_part_keeps_moments_sources_and_several_versions() -> None:
    wheel = locks.wheel("a", "1.0").replace("size = 10", "size = 10, upload-time = 2024-05-01T10:00:00Z")
    made = lock(
        locks.package("a", "1.0", wheels=[wheel], more="marker = \"python_version < '3.12'\""),
        locks.package("a", "2.0", more="marker = \"python_version >= '3.12'\""),
        locks.package("repo", wheels=(), index=None, more=REPOSITORY),
    )
    parsed = Pylock.from_dict(tomllib.loads(export.pylock(made)))
    assert [str(package.version) for package in parsed.packages[:2]] == ["1.0", "2.0"]
    assert parsed.packages[0].wheels is not None
    assert parsed.packages[0].wheels[0].upload_time is not None
    assert parsed.packages[2].vcs is not None
    assert parsed.packages[2].vcs.subdirectory == "py"
    assert Pylock.from_dict(tomllib.loads(export.pylock(lock(ours="")))).packages == []


def test_an_environment_of_conda_holds_the_python_and_the_pins() -> None:
    import yaml

    document = yaml.safe_load(export.environment_yml(grouped(), Selection(groups=(), kernel=False), name="no", python="3.10"))
    assert document == {
        "name": "no",
        "channels": ["conda-forge", "nodefaults"],
        "dependencies": ["python=3.10", "pip", {"pip": ["alpha==1.0", "beta==1.0", 'wine==1.0 ; sys_platform == "win32"']}],
    }


def test_a_dockerfile_runs_as_nobody_special_on_hashed_files_only() -> None:
    text = export.dockerfile(grouped(), python="3.12", command=("ipython", 'my "book".ipynb'))
    lines = text.splitlines()
    assert "FROM python:3.12-slim" in lines
    assert any("--require-hashes --only-binary :all:" in line for line in lines)
    assert lines.index("USER app") < next(place for place, line in enumerate(lines) if line.startswith("CMD"))
    assert json.loads(lines[-1].removeprefix("CMD ")) == ["ipython", 'my "book".ipynb']
    sdist = f'sdist = {{ url = "https://index.example/old-1.0.tar.gz", hashes = {{ {locks.good("old")} }} }}'
    assert "--only-binary" not in export.dockerfile(lock(locks.package("old", wheels=(), more=sdist)), python="3.12")
    with pytest.raises(DepError) as caught:
        export.dockerfile(grouped(), python="3.13t")
    assert caught.value.code == "no-container-image"


def test_a_bill_of_materials_has_the_shape_of_cyclonedx() -> None:
    made = lock(
        locks.package("alpha", needs=["beta"]),
        locks.package("beta", wheels=[locks.wheel("beta"), locks.wheel("beta", tag="cp311-cp311-win_amd64")]),
        locks.package("beta", "2.0", more="marker = \"sys_platform == 'win32'\""),
        locks.package("repo", wheels=(), index=None, more=REPOSITORY),
        ours=locks.table(declared=["alpha", "repo"]),
    )
    text = export.cyclonedx(made, name="shop", version="1.0")
    document = json.loads(text)
    assert (document["bomFormat"], document["specVersion"], document["version"]) == ("CycloneDX", "1.5", 1)
    assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", document["serialNumber"])
    by_ref = {component["bom-ref"]: component for component in document["components"]}
    assert set(by_ref) == {
        "pkg:pypi/alpha@1.0",
        "pkg:pypi/beta@1.0",
        "pkg:pypi/beta@2.0",
        "pkg:pypi/repo@1.0?vcs_url=git%2Bhttps%3A%2F%2Fgit.example%2Fr.git%40abc",
    }
    alpha = by_ref["pkg:pypi/alpha@1.0"]
    assert alpha["hashes"] == [{"alg": "SHA-256", "content": locks.sha256("alpha-1.0-py3-none-any.whl")}]
    assert "hashes" not in by_ref["pkg:pypi/beta@1.0"]
    assert len(by_ref["pkg:pypi/beta@1.0"]["externalReferences"]) == 2
    depends = {entry["ref"]: entry["dependsOn"] for entry in document["dependencies"]}
    assert depends["pkg:pypi/alpha@1.0"] == ["pkg:pypi/beta@1.0", "pkg:pypi/beta@2.0"]
    assert depends["root"] == sorted(["pkg:pypi/alpha@1.0", *(ref for ref in by_ref if "repo" in ref)])
    # every reference is one of a component, and none stands twice: what the schema cannot say
    assert set(depends) == {*by_ref, "root"}
    assert len(document["dependencies"]) == len(depends)
    assert {ref for needs in depends.values() for ref in needs} <= set(by_ref)
    assert text == export.cyclonedx(made, name="shop", version="1.0")
    assert document["serialNumber"] != json.loads(export.cyclonedx(made, name="other"))["serialNumber"]


def notebook(*cells: str) -> Notebook:
    block = script_block.new(["pandas>=2"], ">=3.11")
    document = json.loads(blank(block, "dep", "Python (dep)"))
    document["cells"] += [
        {"cell_type": "code", "execution_count": None, "id": f"c{n}", "metadata": {}, "outputs": [], "source": cell}
        for n, cell in enumerate(cells)
    ]
    return Notebook.parse(json.dumps(document).encode())


def test_a_notebook_becomes_a_script_with_its_block() -> None:
    text = export.script(
        notebook(
            "import pandas as pd\ntext = '''\n%not a magic\n'''",
            "%matplotlib inline\nx = !ls\nif x:\n    %time y = 1\ny?",
            "%%bash\necho hi",
            "this is no Python",
            "  \n",
        )
    )
    compile(text, "script.py", "exec")
    declared = script_block.parse(text)
    assert [str(one) for one in declared.dependencies] == ["pandas>=2"]
    assert "\n%not a magic\n" in text
    for line in (
        "# %matplotlib inline",
        "# x = !ls",
        "    pass  # %time y = 1",
        "# y?",
        "# %%bash",
        "# echo hi",
        "# this is no Python",
    ):
        assert f"\n{line}\n" in text, line
    assert text.count("# %%\n") == 4
    assert export.script(notebook("x = 1"), code=False) == script_block.new(["pandas>=2"], ">=3.11") + "\n"


def test_a_declaration_becomes_a_block_that_says_the_same() -> None:
    declaration = Declaration(
        requires_python=">=3.11,<3.14",
        dependencies=(Requirement("pandas>=2"), Requirement("six ; os_name == 'nt'")),
        uv={"exclude-newer": "2026-01-31", "sources": {"six": {"index": "corp"}},
            "index": [{"name": "corp", "url": "https://corp.example/simple", "explicit": True}]},
        settings=Settings(widgets=False, build=("old",), platforms=("sys_platform == 'linux'",)),
    )  # fmt: skip
    assert script_block.parse(export.block(declaration, requires_python=">=3.9")).canonical() == {
        **declaration.canonical(),
        "platforms": ['sys_platform == "linux"'],
    }
    assert 'requires-python = ">=3.9"' in export.block(Declaration(), requires_python=">=3.9")


@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_requirements_with_hashes_are_what_installers_take(
    installer: str, toy_index: Index, toys: Path, tmp_path: Path
) -> None:
    def locked(project: str) -> str:
        file = f"{project}-2.0-py3-none-any.whl"
        hashes = f'sha256 = "{hashlib.sha256((toys / file).read_bytes()).hexdigest()}"'
        wheel = locks.wheel(project, "2.0", url=f"{toy_index.files_url}/{file}", hashes=hashes)
        return locks.package(project, "2.0", index=toy_index.url, wheels=[wheel])

    nowhere = locks.package("elsewhere", index=toy_index.url, more="marker = \"sys_platform == 'never'\"")
    text = export.requirements_txt(lock(locked("alpha"), locked("beta"), nowhere), indexes=True)
    wanted = ["install", "--no-deps", "--require-hashes", "-r", "requirements.txt", "--target", "there"]
    argv = {
        "uv": [os.fspath(find_uv_bin()), "pip", *wanted, "--python", sys.executable, "--no-config"],
        "pip": [sys.executable, "-m", "pip", *wanted, "--disable-pip-version-check"],
    }[installer]
    env = user_environment(tmp_path / "home", toy_index.url)
    (tmp_path / "requirements.txt").write_text(text)
    done = subprocess.run(argv, cwd=tmp_path, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert {path.name for path in (tmp_path / "there").glob("*.dist-info")} == {"alpha-2.0.dist-info", "beta-2.0.dist-info"}
    (tmp_path / "requirements.txt").write_text(re.sub("sha256:[0-9a-f]{8}", "sha256:00000000", text))
    shutil.rmtree(tmp_path / "there")
    assert subprocess.run(argv, cwd=tmp_path, env=env, capture_output=True).returncode != 0


def test_exported_requirements_come_in_again_as_the_same_versions() -> None:
    text = export.requirements_txt(grouped(), Selection(groups=(), extras=("plot",)))
    assert dict(pins(text, origin="requirements.txt")) == dict.fromkeys(["alpha", "beta", "ipykernel", "pict", "wine"], "1.0")
