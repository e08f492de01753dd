"""The main job with real packages from the configured index: pandas, matplotlib, scikit-learn; and on every Python here."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_dep.io.python.interpreters import Interpreters

pytestmark = [pytest.mark.network, pytest.mark.kernel]

EXAMPLES = Path(__file__).parents[2] / "examples"
MINORS = ("3.9", "3.10", "3.11", "3.12", "3.13", "3.14")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One home for the module, so that downloads are shared."""
    return tmp_path_factory.mktemp("dep-home")


def dep(home: Path, cwd: Path, *line: str, code: int = 0) -> dict[str, object]:
    env = {**os.environ, "JUPYTER_DEP_HOME": str(home)}
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    done = subprocess.run(
        [sys.executable, "-m", "jupyter_dep_cli.main", *line, "--json"],
        cwd=cwd, env=env, capture_output=True, text=True, timeout=900,
    )  # fmt: skip
    assert done.returncode == code, done.stdout + done.stderr
    found: dict[str, object] = json.loads(done.stdout)["results"][0]
    return found


def test_a_real_notebook_is_declared_locked_and_executed(home: Path, tmp_path: Path) -> None:
    shutil.copy(EXAMPLES / "temperatures.ipynb", tmp_path)
    assert dep(home, tmp_path, "init", "temperatures.ipynb", "--imports")["declared"] == ["matplotlib", "pandas"]
    dep(home, tmp_path, "lock", "temperatures.ipynb")
    dep(home, tmp_path, "run", "temperatures.ipynb", "-o", "out.ipynb")
    executed = json.loads((tmp_path / "out.ipynb").read_text())
    shown = [output for cell in executed["cells"] for output in cell.get("outputs", ())]
    assert any("image/png" in output.get("data", {}) for output in shown), "no plot"

    lock = (tmp_path / "pylock.temperatures.toml").read_bytes()
    dep(home, tmp_path, "add", "temperatures.ipynb", "scikit-learn")
    status = dep(home, tmp_path, "status", "temperatures.ipynb")
    assert status["state"] == "fresh" and status["trusted"]
    assert lock != (tmp_path / "pylock.temperatures.toml").read_bytes()
    dep(home, tmp_path, "undo", "temperatures.ipynb")
    assert lock == (tmp_path / "pylock.temperatures.toml").read_bytes()
    dep(home, tmp_path, "sync", "temperatures.ipynb", "--offline")


@pytest.mark.parametrize("minor", MINORS)
def test_a_kernel_runs_on_every_python_that_is_here(home: Path, tmp_path: Path, minor: str) -> None:
    here = {found.minor for found in Interpreters(tmp_path / "pythons.json", environ=os.environ).all()}
    if minor not in here:
        pytest.skip(f"counted as absent: Python {minor} is not on this machine")
    dep(home, tmp_path, "init", "n.ipynb", "--python", minor)
    notebook = json.loads((tmp_path / "n.ipynb").read_text())
    for source in (f"import sys, six\nassert sys.version_info[:2] == (3, {minor.split('.')[1]})", "%dep"):
        cell = {"cell_type": "code", "id": f"c{len(notebook['cells'])}", "metadata": {}, "outputs": []}
        notebook["cells"].append({**cell, "execution_count": None, "source": source})
    (tmp_path / "n.ipynb").write_text(json.dumps(notebook))
    dep(home, tmp_path, "add", "n.ipynb", "six")
    ran = dep(home, tmp_path, "run", "n.ipynb", "-o", "out.ipynb")
    assert ran["cells"] == 3
    shown = json.loads((tmp_path / "out.ipynb").read_text())["cells"][-1]["outputs"]
    assert "declared: six" in json.dumps(shown)
