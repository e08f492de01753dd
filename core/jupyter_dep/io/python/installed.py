"""Read what is installed in an environment."""

from __future__ import annotations

import json
import sys
from importlib.metadata import PathDistribution
from pathlib import Path
from typing import Any

from packaging.markers import default_environment
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from jupyter_dep.io.files.read_write import list_readable, read_if_there
from jupyter_dep.model.checking.installed import Distribution, Installed


def read_installed(environment: Path) -> Installed:
    """Read an environment's distributions; what is damaged counts as not installed."""
    python = _read_version(environment)
    minor = ".".join(python.split(".")[:2])
    own = {name: str(value) for name, value in default_environment().items()}
    markers = {**own, "python_full_version": python, "python_version": minor}
    found: dict[str, Distribution] = {}
    for folder in _site_folders(environment, minor):
        for name in list_readable(folder):
            if name.endswith(".dist-info") and (one := _read_distribution(folder / name)) is not None:
                found.setdefault(canonicalize_name(one.name), one)
    return Installed(distributions=found, markers=markers)


def _site_folders(environment: Path, minor: str) -> tuple[Path, ...]:
    if sys.platform == "win32":
        return (environment / "Lib" / "site-packages",)
    return (environment / "lib" / f"python{minor}" / "site-packages",)


def _read_version(environment: Path) -> str:
    data = read_if_there(environment / "pyvenv.cfg") or b""
    pairs = [line.partition("=") for line in data.decode("utf-8", "replace").splitlines()]
    values = {name.strip().lower(): value.strip() for name, _, value in pairs}
    version = ".".join((values.get("version_info") or values.get("version") or "").split(".")[:3])
    return version or ".".join(map(str, sys.version_info[:3]))


def _read_distribution(folder: Path) -> Distribution | None:
    found = PathDistribution(folder)
    try:
        name, version = found.metadata["Name"], found.version
        Version(version)
    except (OSError, KeyError, TypeError, InvalidVersion):
        return None
    url, revisions = _read_origin(folder)
    requires = tuple(found.requires or ())
    return Distribution(name=name, version=version, requires=requires, url=url, revisions=revisions)


def _read_origin(folder: Path) -> tuple[str, tuple[str, ...]]:
    try:
        origin: Any = json.loads(read_if_there(folder / "direct_url.json") or b"null")
    except ValueError:
        return "", ()
    if not isinstance(origin, dict):
        return "", ()
    source = origin.get("vcs_info")
    revisions = [source.get(key) for key in ("requested_revision", "commit_id")] if isinstance(source, dict) else []
    return str(origin.get("url") or ""), tuple(str(one) for one in revisions if one)
