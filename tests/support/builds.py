"""Environments of no size, for tests of the store; light, since children of tests import it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from jupyter_dep.io.store import record_check
from jupyter_dep.io.store.build_dir import EnvironmentSpec
from jupyter_dep.io.store.store import Store

INTERPRETER = "CPython 3.11.7 cp311 /opt/python3.11"
KEY = "k" * 40


def create(folder: Path) -> Path:
    """An empty environment that takes no time: the store looks at files only."""
    python = folder / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text("#!/bin/sh\n")
    (folder / "pyvenv.cfg").write_text("home = /opt\n")
    (folder / "bin" / "activate").write_text("# ours\n")
    (site(folder)).mkdir(parents=True)
    return python


def site(folder: Path) -> Path:
    return record_check.site_packages(folder, "3.11", sys.platform)


def put(folder: Path, name: str = "alpha", text: str = "x = 1\n", version: str = "1.0") -> None:
    """What linking a wheel of one module leaves."""
    info = site(folder) / f"{name}-{version}.dist-info"
    info.mkdir()
    (site(folder) / f"{name}.py").write_text(text)
    (info / "RECORD").write_text(f"{name}.py,sha256=x,{len(text)}\n{info.name}/RECORD,,\n")


def link(python: Path) -> None:
    put(python.parent.parent)


def recipe(link: Callable[[Path], None] = link, key: str = KEY, **changes: object) -> EnvironmentSpec:
    made = EnvironmentSpec(
        key=key, interpreter=INTERPRETER, python_version="3.11", packages={"alpha": "1.0"}, create=create, link=link
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def build_when_told(root: str, log: str) -> None:
    """Child: builds as soon as it gets a line."""

    def noted(python: Path) -> None:
        with open(log, "a") as file:
            file.write("built\n")
        link(python)

    print("ready", flush=True)
    sys.stdin.readline()
    print(Store(Path(root)).ensure(recipe(noted)).path, flush=True)


def hang_while_building(root: str) -> None:
    """Child: has linked everything but for its last file when it is killed."""

    def forever(python: Path) -> None:
        link(python)
        print("building", flush=True)
        sys.stdin.read()

    Store(Path(root)).ensure(recipe(forever))
