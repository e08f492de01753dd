"""What the engine is told, word by word: a difference here is a decision, not an accident."""

from __future__ import annotations

import os
import stat
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.index import Index
from support.notebooks import block

from jupyter_dep.base.engine_port import Build, Install, LockRequest, Pin, Upload
from jupyter_dep.base.errors import DepError
from jupyter_dep.io.engine import args, project_files
from jupyter_dep.io.engine.runner import EngineRunner
from jupyter_dep.io.engine.uv import Uv
from jupyter_dep.io.index.settings import IndexSettings
from jupyter_dep.model.declaration import script_block
from jupyter_dep.model.lock.select import Artifact

CAREFUL = ["--no-config", "--no-python-downloads", "--no-progress", "--color", "never"]
SHA = "0" * 64


def request(text: str = "", **changes: object) -> LockRequest:
    made = LockRequest(declaration=script_block.parse(text or block("alpha")), requires_python=">=3.11", python="/opt/python")
    return replace(made, **changes)  # type: ignore[arg-type]


# Arguments


@pytest.mark.parametrize(
    ("asked", "more"),
    [
        ({"upgrade": False, "offline": False}, []),
        ({"upgrade": True, "offline": False}, ["--upgrade"]),
        ({"upgrade": (), "offline": False}, []),
        ({"upgrade": ("a", "b"), "offline": True}, ["--upgrade-package", "a", "--upgrade-package", "b", "--offline"]),
        ({"upgrade": False, "offline": False, "no_index": True}, ["--no-index"]),
        ({"upgrade": False, "offline": False, "build": ("delta",)}, ["--no-binary-package", "delta"]),
    ],
)
def test_lock(asked: dict[str, Any], more: list[str]) -> None:
    built = args.lock_arguments("/opt/python", **asked)
    assert built == ["lock", *CAREFUL, "--no-build", "--python", "/opt/python", *more]


def build(**changes: object) -> Build:
    made = Build(folder=Path("/w/mine"), into=Path("/t/made"), python="/opt/python", log=Path("/s/log"))
    return replace(made, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "kinds", "network"),
    [
        ({}, [], []),
        ({"wheel": False}, ["--sdist"], []),
        ({"sdist": False, "offline": True}, ["--wheel"], ["--offline"]),
    ],
)
def test_build(changes: dict[str, Any], kinds: list[str], network: list[str]) -> None:
    assert args.build_arguments(build(**changes)) == [
        "build", *CAREFUL, "--no-create-gitignore", "--python", "/opt/python", "--out-dir", "/t/made",
        *kinds, *network, "/w/mine",
    ]  # fmt: skip


def test_a_build_is_told_of_compilers_and_of_no_secret() -> None:
    told = {"CC": "clang", "CMAKE_GENERATOR": "Ninja", "SETUPTOOLS_SCM_PRETEND_VERSION_FOR_MINE": "1"}
    secret = {"GITHUB_TOKEN": "x", "UV_PUBLISH_TOKEN": "x", "JUPYTER_DEP_PUBLISH_PASSWORD": "x", "PYTHONPATH": "/x"}
    assert args.build_environment({**told, **secret}) == told


def test_publish_has_neither_address_nor_password_among_its_arguments() -> None:
    upload = Upload(
        files=(Path("/w/a [1]/mine-1.whl"),),
        url="https://index.example/legacy/",
        check="https://me:pa55@index.example/simple/",
        username="me",
        password="pa55",
    )
    careful = ["publish", *CAREFUL, "--no-cache", "--keyring-provider", "disabled", "--trusted-publishing"]
    assert args.publish_arguments(upload) == [*careful, "never", "/w/a [[]1]/mine-1.whl"]
    assert args.publish_arguments(upload, dry_run=True) == [*careful, "never", "--dry-run", "/w/a [[]1]/mine-1.whl"]
    assert args.publish_environment(upload, {"GITLAB_CI": "1", "PYPI_ID_TOKEN": "x"}) == {
        "UV_PUBLISH_URL": "https://index.example/legacy/",
        "UV_PUBLISH_CHECK_URL": "https://me:pa55@index.example/simple/",
        "UV_PUBLISH_USERNAME": "me",
        "UV_PUBLISH_PASSWORD": "pa55",
    }
    assert "pa55" not in repr(upload)


def test_publish_with_the_build_service_s_identity() -> None:
    upload = Upload(files=(Path("/w/mine-1.whl"),), trusted=True)
    service = {"GITHUB_ACTIONS": "true", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "x", "PYPI_ID_TOKEN": "y"}
    assert args.publish_environment(upload, {**service, "OTHER": "z"}) == service
    assert "always" in args.publish_arguments(upload)
    assert "always" not in args.publish_arguments(upload, dry_run=True), "a look asks for no identity"


def test_export_and_tree_look_at_what_was_resolved_and_at_nothing_else() -> None:
    assert args.export_arguments() == [
        "export", *CAREFUL, "--frozen", "--format", "pylock.toml", "--no-header", "--no-emit-project", "--all-groups",
        "--all-extras",
    ]  # fmt: skip
    assert args.tree_arguments() == [
        "tree", *CAREFUL, "--frozen", "--universal", "--all-groups", "--format", "json", "--preview-features", "json-output",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "more"),
    [
        ({"offline": False}, ["--no-build"]),
        ({"offline": True}, ["--no-build", "--offline"]),
        ({"offline": False, "no_index": True}, ["--no-build", "--no-index"]),
        ({"offline": False, "build": True}, []),
    ],
)
def test_install(asked: dict[str, bool], more: list[str]) -> None:
    start = ["pip", "sync", *CAREFUL, "--python", "/env/bin/python", "--strict"]
    assert args.install_arguments("/env/bin/python", "lock.toml", **asked) == [*start, *more, "lock.toml"]


def test_an_install_through_another_interpreter_names_the_environment() -> None:
    arguments = args.install_arguments("/t/bin/python", "lock.toml", offline=False, prefix="/e/0")
    assert arguments[arguments.index("--python") + 1] == "/t/bin/python"
    assert arguments[arguments.index("--prefix") + 1] == "/e/0"


@pytest.mark.parametrize(
    ("asked", "more"), [({"offline": False}, []), ({"offline": True, "no_index": True}, ["--offline", "--no-index"])]
)
def test_vouch(asked: dict[str, bool], more: list[str]) -> None:
    assert args.index_check_arguments("/opt/python", "names.in", **asked) == [
        "pip", "compile", *CAREFUL, "--no-build", "--no-deps", "--no-header", "--python", "/opt/python",
        "--format", "pylock.toml", *more, "names.in",
    ]  # fmt: skip


def test_how_versions_are_chosen_is_said_in_flags() -> None:
    text = block(
        "alpha",
        toml="""
[tool.uv]
exclude-newer = "2026-01-31"
resolution = "lowest-direct"
prerelease = "allow"
fork-strategy = "fewest"
exclude-newer-package = { beta = "2026-02-01T00:00:00Z", alpha = "2026-03-01T00:00:00Z" }
""",
    )
    assert args.resolution_flags(request(text, cutoff="2026-02-01T00:00:00Z")) == [
        "--exclude-newer", "2026-02-01T00:00:00Z",
        "--exclude-newer-package", "alpha=2026-03-01T00:00:00Z", "--exclude-newer-package", "beta=2026-02-01T00:00:00Z",
        "--prerelease", "allow", "--resolution", "lowest-direct", "--fork-strategy", "fewest",
    ]  # fmt: skip
    assert args.resolution_flags(request()) == []


# Files


def written(made: LockRequest) -> dict[str, Any]:
    return tomllib.loads(project_files.manifest(made))


def test_the_project_is_the_declaration_and_the_kernel_is_a_group() -> None:
    assert written(
        request(block("alpha>=1", "beta[x] ; sys_platform == 'linux'"), kernel=("ipykernel>=6.29", "ipywidgets>=8"))
    ) == {
        "project": {
            "name": "jupyter-dep-root",
            "version": "0",
            "requires-python": ">=3.11",
            "dependencies": ["alpha>=1", 'beta[x]; sys_platform == "linux"'],
        },
        "dependency-groups": {"jupyter-dep-kernel": ["ipykernel>=6.29", "ipywidgets>=8"]},
        "tool": {"uv": {"package": False, "workspace": {"members": []}}},
    }


def test_an_index_that_is_declared_is_explicit_whatever_it_says() -> None:
    text = block(
        "alpha",
        toml='[[tool.uv.index]]\nname = "corp"\nurl = "https://a.example/simple"\nexplicit = false\ndefault = true\n'
        '[[tool.uv.index]]\nurl = "https://b.example/simple"',
    )
    assert written(request(text))["tool"]["uv"]["index"] == [
        {"name": "corp", "url": "https://a.example/simple", "explicit": True},
        {"name": "declared-2", "url": "https://b.example/simple", "explicit": True},
    ]


def test_platforms_of_both_tables_narrow_the_lock() -> None:
    text = block(
        "alpha",
        toml="[tool.uv]\nenvironments = [\"sys_platform == 'linux'\"]\n"
        "[tool.jupyter-dep]\nplatforms = [\"sys_platform == 'darwin'\"]",
    )
    found = written(request(text))["tool"]["uv"]["environments"]
    assert [item.replace('"', "'") for item in found] == ["sys_platform == 'linux'", "sys_platform == 'darwin'"]


def test_the_cutoff_is_the_full_timestamp_only() -> None:
    text = block("alpha", toml='[tool.uv]\nexclude-newer = "2026-01-31"')
    assert written(request(text, cutoff="2026-02-01T00:00:00Z"))["tool"]["uv"]["exclude-newer"] == "2026-02-01T00:00:00Z"


def test_pins_are_a_lock_of_names_versions_and_sources() -> None:
    pins = (
        Pin(name="alpha", version="1.0", index="https://a.example/simple"),
        Pin(name="beta", version="1.0", index="https://a.example/simple", markers=("sys_platform == 'win32'",)),
    )
    stub = project_files.pins_stub(request(pins=pins))
    assert stub is not None
    assert tomllib.loads(stub) == {
        "version": 1,
        "revision": 3,
        "requires-python": ">=3.11",
        "package": [
            {"name": "alpha", "version": "1.0", "source": {"registry": "https://a.example/simple"}},
            {
                "name": "beta",
                "version": "1.0",
                "source": {"registry": "https://a.example/simple"},
                "resolution-markers": ["sys_platform == 'win32'"],
            },
        ],
    }
    assert project_files.pins_stub(request()) is None


def artifact(kind: str = "wheel", **changes: object) -> Artifact:
    made = Artifact(
        name="alpha",
        version="1.0",
        kind="wheel",
        filename="alpha-1.0-py3-none-any.whl",
        url="https://a.example/alpha-1.0-py3-none-any.whl",
        sha256=SHA,
        size=10,
        index="https://a.example/simple",
    )
    return replace(made, kind=kind, **changes)  # type: ignore[arg-type]


FILE = {"name": "alpha-1.0-py3-none-any.whl", "url": artifact().url, "hashes": {"sha256": SHA}, "size": 10}


@pytest.mark.parametrize(
    ("item", "entry"),
    [
        (artifact(), {"index": "https://a.example/simple", "wheels": [FILE]}),
        (artifact(index=None, size=None), {"wheels": [{key: value for key, value in FILE.items() if key != "size"}]}),
        (artifact("sdist"), {"index": "https://a.example/simple", "sdist": FILE}),
        (artifact("archive", index=None), {"archive": {"url": artifact().url, "hashes": {"sha256": SHA}}}),
        (
            artifact("vcs", url="git+https://a.example/r@abc"),
            {"vcs": {"type": "git", "url": "https://a.example/r", "commit-id": "abc"}},
        ),
        (artifact("directory", url="/somewhere"), {"directory": {"path": "/somewhere", "editable": False}}),
    ],
    ids=lambda value: value.kind if isinstance(value, Artifact) else "",
)
def test_one_sync_states_exactly_the_artifacts(item: Artifact, entry: Mapping[str, object]) -> None:
    assert tomllib.loads(project_files.derived_lock([item], "3.11")) == {
        "lock-version": "1.0",
        "created-by": "jupyter-dep",
        "requires-python": ">=3.11",
        "packages": [{"name": "alpha", "version": "1.0", **entry}],
    }


# Environment


VARIABLES = """
UV_INDEX UV_INDEX_URL UV_DEFAULT_INDEX UV_EXTRA_INDEX_URL UV_EXCLUDE_NEWER UV_CONFIG_FILE
UV_PYTHON UV_PROJECT_ENVIRONMENT UV_FIND_LINKS UV_CONSTRAINT UV_OVERRIDE UV_INDEX_CORP_USERNAME
UV_INDEX_CORP_PASSWORD UV_CACHE_DIR UV_NO_BUILD UV_KEYRING_PROVIDER UV_OFFLINE UV_PRERELEASE
UV_GIT_LFS UV_PUBLISH_TOKEN PIP_INDEX_URL PIP_EXTRA_INDEX_URL PIP_CONFIG_FILE
PIP_REQUIRE_VIRTUALENV PYTHONPATH PYTHONHOME PYTHONSTARTUP PYTHONDONTWRITEBYTECODE
PYTHONWARNINGS VIRTUAL_ENV CONDA_PREFIX NETRC LD_PRELOAD GIT_SSH_COMMAND SSH_AUTH_SOCK
AWS_SECRET_ACCESS_KEY HTTPS_PROXY ALL_PROXY SSL_CERT_FILE REQUESTS_CA_BUNDLE XDG_CONFIG_HOME
XDG_DATA_HOME
"""
HOSTILE = dict.fromkeys(VARIABLES.split(), "hostile")
PLAIN = {"PATH": "/bin", "HOME": "/home/me", "LANG": "C.UTF-8"}


def test_the_environment_holds_nothing_that_was_inherited_but_the_systems_own(tmp_path: Path) -> None:
    assert args.scrubbed({**PLAIN, **HOSTILE}, IndexSettings(), tmp_path) == {
        **PLAIN,
        "UV_CACHE_DIR": str(tmp_path),
        "UV_NO_MODIFY_PATH": "1",
        "UV_KEYRING_PROVIDER": "disabled",
        "NETRC": os.devnull,
    }


def test_the_users_own_settings_are_handed_over_explicitly(tmp_path: Path) -> None:
    settings = IndexSettings(
        default="https://me:secret@a.example/simple",
        extra=("https://b.example/simple", "https://c.example/simple"),
        certificate=tmp_path / "ca.pem",
        proxies={"https_proxy": "http://proxy.example:3128", "no_proxy": "localhost"},
        timeout=30,
    )
    found = args.scrubbed(PLAIN, settings, tmp_path)
    assert found["UV_DEFAULT_INDEX"] == "https://me:secret@a.example/simple"
    assert found["UV_INDEX"] == "https://b.example/simple https://c.example/simple"
    assert found["SSL_CERT_FILE"] == str(tmp_path / "ca.pem")
    assert found["https_proxy"] == "http://proxy.example:3128"
    assert found["no_proxy"] == "localhost"
    assert found["UV_HTTP_TIMEOUT"] == "30"


# The real program, looked at from outside


@pytest.fixture
def spy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program in the engine's place that notes how it was started and fails; gives its notes."""
    notes = tmp_path / "notes"
    program = tmp_path / "uv"
    program.write_text(
        f"#!{sys.executable} -I\n"
        "import json, os, sys\n"
        f"json.dump([sys.argv[1:], dict(os.environ), os.getcwd(), os.listdir()], open({str(notes)!r}, 'w'))\n"
        "sys.exit(2)\n"
    )
    program.chmod(0o755)
    monkeypatch.setattr(EngineRunner, "program", lambda _: str(program))
    return notes


@pytest.mark.skipif(os.name == "nt", reason="the spy is a script")
def test_it_runs_in_a_folder_of_ours_that_is_gone_afterwards(
    spy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import json

    trap = tmp_path / "trap"
    trap.mkdir()
    (trap / "uv.toml").write_text("")
    monkeypatch.chdir(trap)
    engine = Uv(
        runner=EngineRunner(cache=tmp_path / "cache", settings=IndexSettings(no_index=True), environ={**PLAIN, **HOSTILE})
    )
    calls = {
        "lock": lambda: engine.lock(request()),
        "verify_against_index": lambda: engine.verify_against_index([artifact()], python="/opt/python"),
        "install": lambda: engine.install(Install(artifacts=(artifact(),), python="/opt/python", python_version="3.11")),
        "built_metadata": lambda: engine.built_metadata("delta", python="/opt/python"),
    }
    monkeypatch.setattr(EngineRunner, "default_index", lambda _: "https://a.example/simple")
    expected = {
        "lock": ["pyproject.toml"],
        "verify_against_index": ["names.in"],
        "install": ["pylock.environment.toml"],
        "built_metadata": ["build.in"],
    }
    for name, call in calls.items():
        with pytest.raises(DepError):
            call()
        arguments, environment, folder, listing = json.loads(spy.read_text())
        assert listing == expected[name]
        assert Path(folder) != trap
        assert not Path(folder).exists()
        assert {"--no-config", "--no-python-downloads", "--no-index"} <= set(arguments), name
        assert not {key for key, value in environment.items() if value == "hostile"}


@pytest.mark.skipif(os.name == "nt", reason="no permission bits")
def test_the_cache_is_private(toy_index: Index, tmp_path: Path) -> None:
    cache = tmp_path / "a" / "cache"
    engine = Uv(runner=EngineRunner(cache=cache, settings=IndexSettings(default=toy_index.url), environ={}))
    engine.lock(request(python=sys.executable))
    assert stat.S_IMODE(cache.stat().st_mode) == 0o700


def test_a_user_who_switched_indexes_off_is_told_so_and_asks_none(toy_index: Index, tmp_path: Path) -> None:
    engine = Uv(
        runner=EngineRunner(cache=tmp_path / "cache", settings=IndexSettings(default=toy_index.url, no_index=True), environ={})
    )
    with pytest.raises(DepError) as caught:
        engine.lock(request(python=sys.executable))
    assert caught.value.code == "no-index"
    assert toy_index.requests == []


def test_a_token_in_the_query_of_an_index_is_refused_before_it_reaches_a_lock(tmp_path: Path) -> None:
    settings = IndexSettings(default="https://a.example/simple?token=secret")
    with pytest.raises(DepError) as caught:
        Uv(runner=EngineRunner(cache=tmp_path, settings=settings, environ={})).lock(request())
    assert caught.value.code == "token-in-index-url"
    assert "secret" not in caught.value.message


def test_credentials_of_the_index_are_in_no_lock(toy_index: Index, tmp_path: Path) -> None:
    toy_index.require_auth("me", "secret")
    address = toy_index.url.replace("http://", "http://me:secret@")
    engine = Uv(runner=EngineRunner(cache=tmp_path / "cache", settings=IndexSettings(default=address), environ={}))
    answer = engine.lock(request(python=sys.executable))
    assert "alpha" in answer.pylock
    assert "secret" not in answer.pylock
    assert engine.default_index() == toy_index.url


def test_no_artifacts_are_a_lock_too() -> None:
    assert tomllib.loads(project_files.derived_lock([], "3.11"))["packages"] == []
