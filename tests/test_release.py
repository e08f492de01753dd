"""What a registry and JupyterLab's extension manager read of the distribution."""

from __future__ import annotations

import json
import tomllib
from importlib.metadata import metadata, version
from pathlib import Path

from packaging.version import Version

import jupyter_dep

ROOT = Path(__file__).parents[1]


def test_the_version_has_one_source() -> None:
    assert version("jupyter-dep") == jupyter_dep.__version__
    page = json.loads((ROOT / "labext" / "package.json").read_text("utf-8"))["version"]
    assert page == Version(jupyter_dep.__version__).base_version, "the page's package is of another version"
    assert "version" not in tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def test_the_extension_manager_finds_it() -> None:
    """It lists distributions with this classifier only."""
    about = metadata("jupyter-dep")
    assert "Framework :: Jupyter :: JupyterLab :: Extensions :: Prebuilt" in about.get_all("Classifier", [])
    urls = {line.partition(",")[0] for line in about.get_all("Project-URL", [])}
    assert {"Homepage", "Documentation", "Source", "Issues", "Changelog"} <= urls
