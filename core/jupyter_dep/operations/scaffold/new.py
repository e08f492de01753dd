"""`new`: create a folder project, a library or a first notebook."""

from __future__ import annotations

import re
from pathlib import Path

from jupyter_dep.io.files import look, scaffold
from jupyter_dep.io.files.manifest_paths import MANIFEST
from jupyter_dep.model.manifest import templates
from jupyter_dep.model.notebook.notebook import blank
from jupyter_dep.model.packages.interpreter import Interpreter
from jupyter_dep.operations.consent.build_backend import grant_build_backend
from jupyter_dep.operations.project.context import KERNEL_DISPLAY, KERNEL_NAME
from jupyter_dep.services import Services

from .result import Kind, ScaffoldResult

FIRST_NOTEBOOK = "analysis.ipynb"


def new(
    folder: Path, services: Services, *, kind: Kind = "lib", name: str | None = None, python: str | None = None
) -> ScaffoldResult:
    """Create a folder with a `pyproject.toml` and a package with a test, or a first notebook.

    Errors: `not-a-folder`, `folder-not-empty`, `bad-project-name`, `no-matching-python`.
    """
    scaffold.refuse_taken(folder)
    named = templates.checked_name(name) if name is not None else templates.name_of_folder(folder_name(folder))
    library = kind == "lib"
    module = templates.module_name(named) if library else ""
    found = services.interpreters.find(python or ">=3.9")
    wanted = requires_python_for(python, found)
    texts = {
        folder / ".gitignore": templates.gitignore(library=library).encode(),
        folder / "README.md": templates.readme(named, library=library).encode(),
    }
    if library:
        texts[folder / "src" / module / "__init__.py"] = templates.package_source(named).encode()
        texts[folder / "tests" / f"test_{module}.py"] = templates.first_test(module).encode()
    else:
        texts[folder / FIRST_NOTEBOOK] = blank(None, KERNEL_NAME, KERNEL_DISPLAY)
    # last: without it, an interrupted run leaves no project behind
    texts[folder / MANIFEST] = templates.new_manifest(named, wanted, library=library).encode()
    scaffold.write(texts)
    file = folder / MANIFEST
    if library:
        grant_build_backend(folder, services)
    remember_python(file, services, python, found)
    return ScaffoldResult(file=file, name=named, requires_python=wanted, kind=kind, made=tuple(texts))


def remember_python(file: Path, services: Services, python: str | None, found: Interpreter) -> None:
    """Remember a requested Python, which decides until there is a lock."""
    if python is not None:
        services.history.set_python(file, found.name or python)


def requires_python_for(python: str | None, found: Interpreter) -> str:
    """The `requires-python` of a request: a range as typed, else the minor and newer."""
    return python.strip() if python and re.match(r"\s*[<>=!~]", python) else f">={found.minor}"


def folder_name(folder: Path) -> str:
    """The name of a folder, also for `.`."""
    return look.absolute_path(folder).name
