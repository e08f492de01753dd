"""The page's own checks, run where Node is: types, style, and the tests of its parts."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.alone  # two installations into one `node_modules` would meet

LABEXT = Path(__file__).parents[2] / "labext"
REQUIRED = "JUPYTER_DEP_REQUIRE_NODE"


def jlpm(*arguments: str) -> None:
    """Yarn as JupyterLab's builder brings it; what it says is shown only where it fails."""
    environ = {**os.environ, "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))}
    done = subprocess.run(
        [sys.executable, "-c", "from jupyter_builder.jlpm import main; main()", *arguments],
        cwd=LABEXT,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"jlpm {' '.join(arguments)}\n{done.stdout[-6000:]}\n{done.stderr[-2000:]}"


@pytest.fixture(scope="module")
def packages() -> None:
    if shutil.which("node") is None:
        if os.environ.get(REQUIRED):
            pytest.fail(f"no Node, and {REQUIRED} is set", pytrace=False)
        pytest.skip("no Node on this machine: the page's sources are not checked")
    jlpm("install", "--immutable")


@pytest.mark.timeout(600)
@pytest.mark.parametrize("step", ["check", "lint", "test"])
def test_the_page_s_own_checks_pass(packages: None, step: str) -> None:
    jlpm(step)
