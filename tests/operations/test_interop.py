"""A lock of ours is everybody's: other installers take the file as it is and arrive at the same packages."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.index import Index
from support.user_environment import user_environment
from uv import find_uv_bin


def run(*argv: str, cwd: Path, env: dict[str, str]) -> str:
    done = subprocess.run(argv, cwd=cwd, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def locked(toy_index: Index, tmp_path: Path) -> tuple[Path, dict[str, str], dict[str, str]]:
    """A folder with a locked notebook, the user's environment, and the locked versions."""
    env = user_environment(tmp_path / "home", toy_index.url)
    work = tmp_path / "work"
    work.mkdir()
    dep = (sys.executable, "-m", "jupyter_dep_cli.main")
    run(*dep, "init", "a.ipynb", cwd=work, env=env)
    run(*dep, "add", "a.ipynb", "alpha", "gamma; sys_platform == 'win32'", cwd=work, env=env)
    shown = json.loads(run(*dep, "sync", "a.ipynb", "--json", cwd=work, env=env))["results"][0]
    environment = Path(json.loads(run(*dep, "env", "info", "a.ipynb", "--json", cwd=work, env=env))["results"][0]["path"])
    assert shown["ok"]
    return work, env, frozen(environment)


def frozen(environment: Path) -> dict[str, str]:
    names = (path.name.removesuffix(".dist-info").rpartition("-") for path in environment.rglob("*.dist-info"))
    return {name: version for name, _, version in names if name not in ("pip", "setuptools")}


def test_the_engine_installs_the_lock_as_it_is(locked: tuple[Path, dict[str, str], dict[str, str]], tmp_path: Path) -> None:
    work, env, expected = locked
    uv = os.fspath(find_uv_bin())
    run(uv, "venv", "-q", "--python", sys.executable, str(tmp_path / "other"), cwd=work, env=env)
    run(uv, "pip", "sync", "-q", "--python", str(tmp_path / "other"), "pylock.a.toml", cwd=work, env=env)
    assert frozen(tmp_path / "other") == expected


def test_pip_installs_the_lock_as_it_is(locked: tuple[Path, dict[str, str], dict[str, str]], tmp_path: Path) -> None:
    work, env, expected = locked
    target = tmp_path / "other"
    run(sys.executable, "-m", "pip", "install", "-q", "-r", "pylock.a.toml", "--target", str(target), cwd=work, env=env)
    assert frozen(target) == expected


def test_the_lock_names_no_tool_that_others_would_trip_over(locked: tuple[Path, dict[str, str], dict[str, str]]) -> None:
    import tomllib

    from packaging.pylock import Pylock, is_valid_pylock_path

    lock = locked[0] / "pylock.a.toml"
    assert is_valid_pylock_path(lock)
    parsed = Pylock.from_dict(tomllib.loads(lock.read_text()))
    assert {package.name for package in parsed.packages} >= {"alpha", "gamma", "ipykernel"}
