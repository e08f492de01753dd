"""Kind: a user, or a text, that names no home folder (containers, `~=3.12`); neither is an internal error."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from support.index import Index
from support.sandbox import UserSandbox, terminal_at

MINOR = f"{sys.version_info[0]}.{sys.version_info[1]}"
WITHOUT_ENTRY = """\
import pwd, sys
def unknown(uid): raise KeyError(uid)
pwd.getpwuid = unknown
from jupyter_dep_cli.entry import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture
def sandbox(toy_index: Index, tmp_path: Path) -> UserSandbox:
    return terminal_at(tmp_path, toy_index)


def run_without_entry(sandbox: UserSandbox, *line: str, **environ: str) -> subprocess.CompletedProcess[str]:
    env = {name: value for name, value in sandbox.environ().items() if name not in ("HOME", "USERPROFILE", "JUPYTER_DEP_HOME")}
    command = [sys.executable, "-P", "-c", WITHOUT_ENTRY, *line]
    return subprocess.run(
        command, cwd=sandbox.folder, env={**env, **environ}, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize(
    "line", [("status", "nb.ipynb"), ("doctor", "--offline"), ("add", "nb.ipynb", "alpha"), ("run", "true")]
)
def test_a_user_without_a_home_is_told_which_variable_helps(sandbox: UserSandbox, line: tuple[str, ...]) -> None:
    sandbox.notebook()
    done = run_without_entry(sandbox, *line)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "JUPYTER_DEP_HOME" in done.stderr and done.stderr.startswith("error: ")
    assert [path.name for path in sandbox.folder.iterdir()] == ["nb.ipynb"], "a folder named `~` was made"


@pytest.mark.parametrize("line", [("status", "nb.ipynb"), ("doctor", "--offline")])
def test_the_variable_is_enough(sandbox: UserSandbox, tmp_path: Path, line: tuple[str, ...]) -> None:
    sandbox.notebook()
    done = run_without_entry(sandbox, *line, JUPYTER_DEP_HOME=str(tmp_path / "dep"))
    assert "Traceback" not in done.stderr and "no-home" not in done.stderr
    assert "nb.ipynb" in done.stdout or "jupyter-dep" in done.stdout, done.stderr


@pytest.mark.parametrize(
    "wanted", [f"~={sys.version_info[0]}.{sys.version_info[1]}", f"~={sys.version_info[0]}.{sys.version_info[1]}.0"]
)
def test_a_compatible_release_is_a_range_not_a_home(sandbox: UserSandbox, wanted: str) -> None:
    sandbox.notebook("alpha", python=wanted)
    assert sandbox.dep("lock", "nb.ipynb").code == 0
    assert sandbox.dep("python", "nb.ipynb", wanted).code == 0


def test_a_name_behind_a_tilde_that_is_no_user_is_a_file_that_is_missing(sandbox: UserSandbox) -> None:
    sandbox.notebook("alpha")
    for text in ("~nobody-of-that-name/bin/python", "~/no/python"):
        ran = sandbox.dep("python", "nb.ipynb", text)
        assert ran.code != 0 and "report" not in ran.err, ran.err
