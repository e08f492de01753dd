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
def desk(toy_index: Index, tmp_path: Path) -> UserSandbox:
    return terminal_at(tmp_path, toy_index)


def run_without_entry(desk: UserSandbox, *line: str, **environ: str) -> subprocess.CompletedProcess[str]:
    env = {name: value for name, value in desk.environ().items() if name not in ("HOME", "USERPROFILE", "JUPYTER_DEP_HOME")}
    command = [sys.executable, "-P", "-c", WITHOUT_ENTRY, *line]
    return subprocess.run(
        command, cwd=desk.folder, env={**env, **environ}, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize("line", [("status", "nb.ipynb"), ("doctor", "--quick"), ("add", "nb.ipynb", "alpha"), ("run", "true")])
def test_a_user_without_a_home_is_told_which_variable_helps(desk: UserSandbox, line: tuple[str, ...]) -> None:
    desk.notebook()
    done = run_without_entry(desk, *line)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "JUPYTER_DEP_HOME" in done.stderr and done.stderr.startswith("error: ")
    assert [path.name for path in desk.folder.iterdir()] == ["nb.ipynb"], "a folder named `~` was made"


@pytest.mark.parametrize("line", [("status", "nb.ipynb"), ("doctor", "--quick")])
def test_the_variable_is_enough(desk: UserSandbox, tmp_path: Path, line: tuple[str, ...]) -> None:
    desk.notebook()
    done = run_without_entry(desk, *line, JUPYTER_DEP_HOME=str(tmp_path / "dep"))
    assert "Traceback" not in done.stderr and "no-home" not in done.stderr
    assert "nb.ipynb" in done.stdout or "jupyter-dep" in done.stdout, done.stderr


@pytest.mark.parametrize(
    "wanted", [f"~={sys.version_info[0]}.{sys.version_info[1]}", f"~={sys.version_info[0]}.{sys.version_info[1]}.0"]
)
def test_a_compatible_release_is_a_range_not_a_home(desk: UserSandbox, wanted: str) -> None:
    desk.notebook("alpha", python=wanted)
    assert desk.dep("lock", "nb.ipynb").code == 0
    assert desk.dep("python", "nb.ipynb", wanted).code == 0


def test_a_name_behind_a_tilde_that_is_no_user_is_a_file_that_is_missing(desk: UserSandbox) -> None:
    desk.notebook("alpha")
    for text in ("~nobody-of-that-name/bin/python", "~/no/python"):
        ran = desk.dep("python", "nb.ipynb", text)
        assert ran.code != 0 and "report" not in ran.err, ran.err
