"""What runs in a notebook's environment works on every Python that an environment may have, as far as this machine has them."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

import jupyter_dep_magics
from jupyter_dep_kernels.start import launch_spec

OLDEST, NEWEST = 8, 14
PYENV = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")  # read here, before a fixture changes the home
LAUNCHER = Path(launch_spec.__file__).with_name("launcher.py")
MAGICS = Path(jupyter_dep_magics.__file__).parent
COMPILE = (
    "import sys\nfor path in sys.argv[1:]:\n    with open(path, 'rb') as file:\n        compile(file.read(), path, 'exec')\n"
)


def interpreter(minor: int) -> str:
    """The machine's Python 3.`minor`, on PATH or among pyenv's; the test is skipped without one."""
    found = shutil.which(f"python3.{minor}")
    candidates = [*([found] if found else []), *map(str, PYENV.glob(f"versions/3.{minor}.*/bin/python"))]
    for candidate in candidates:
        done = subprocess.run([candidate, "-c", ""], capture_output=True)
        if done.returncode == 0:  # a shim of pyenv's for a version that is not selected fails
            return candidate
    pytest.skip(f"no Python 3.{minor} on this machine")


@pytest.mark.parametrize("minor", range(OLDEST, NEWEST + 1))
def test_launcher_and_magics_compile(minor: int) -> None:
    files = [str(LAUNCHER), *(str(path) for path in sorted(MAGICS.rglob("*.py")))]
    done = subprocess.run([interpreter(minor), "-c", COMPILE, *files], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("minor", range(OLDEST, NEWEST + 1))
def test_magics_can_be_imported_with_the_standard_library_alone(minor: int) -> None:
    needs_widgets = {"picker.view"}
    paths = [path.relative_to(MAGICS).with_suffix("") for path in MAGICS.rglob("*.py") if path.stem != "__init__"]
    names = {".".join(path.parts) for path in paths} - needs_widgets
    code = "import " + ", ".join(f"jupyter_dep_magics.{name}" for name in sorted(names))
    done = subprocess.run(
        [interpreter(minor), "-S", "-c", code],
        env={**os.environ, "PYTHONPATH": str(MAGICS.parent), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
