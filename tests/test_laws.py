"""Laws of the code base that neither the import linter nor the style checker can state."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path, PurePath

ROOT = Path(__file__).parents[1]
PACKAGES = ("core/jupyter_dep", "kernels/jupyter_dep_kernels", "cli/jupyter_dep_cli", "extension/jupyter_dep_server")


def _modules() -> Iterator[tuple[str, ast.Module]]:
    for package in (*PACKAGES, "magics/jupyter_dep_magics"):
        for file in sorted((ROOT / package).rglob("*.py")):
            yield file.relative_to(ROOT).as_posix(), ast.parse(file.read_text("utf-8"))


def test_one_module_writes_consents() -> None:
    """A grant decides what runs, so that each has to name its origin in the one place that knows what origins mean."""
    writers = {
        name
        for name, tree in _modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr in ("allow", "revoke")
        and isinstance(node.value, ast.Attribute)
        and node.value.attr == "consent"
    }
    assert writers == {"core/jupyter_dep/operations/consent/record.py"}


def test_no_folder_of_core_has_more_than_nine_entries() -> None:
    crowded = {}
    for folder in (ROOT / "core/jupyter_dep").rglob("*/"):
        entries = [one.name for one in folder.iterdir() if not one.name.startswith(("__", "py.typed"))]
        if "__pycache__" not in folder.parts and len(entries) > 9:
            crowded[folder.relative_to(ROOT).as_posix()] = sorted(entries)
    assert not crowded


def test_every_place_that_the_architecture_page_names_is_there() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    places = re.findall(r"`((?:core|kernels|cli|magics|extension|labext|tools)/[\w./]+)`", page)
    assert len(places) >= 20
    assert [place for place in places if not (ROOT / place).exists()] == []
    assert len(re.findall(r"^\| .*\? \| `", page, re.MULTILINE)) >= 20


def test_operations_touch_no_disk() -> None:
    """Only `io` does. The import contract forbids `os`, `shutil`, `tempfile`; this forbids what a `Path` offers."""
    shared = {"replace"}  # a text offers it, too
    touching = {name for name in dir(Path) if not name.startswith("_")} - set(dir(PurePath)) - shared
    touched = [
        f"{name}:{node.lineno} {node.func.attr}"
        for name, tree in _modules()
        if name.startswith("core/jupyter_dep/operations/")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        if node.func.attr in touching and not _is_of_io(node.func.value)
    ]
    assert touched == []


def _is_of_io(owner: ast.expr) -> bool:
    """Whether an attribute belongs to a module of `io` or to a service, which do what their names say."""
    return (isinstance(owner, ast.Name) and owner.id in ("look", "read_write", "scaffold")) or (
        isinstance(owner, ast.Attribute) and isinstance(owner.value, ast.Name) and owner.value.id in ("services", "self")
    )


TABLES = {"cli/jupyter_dep_cli/command_table.py", "core/jupyter_dep/base/error_codes.py"}
"""Modules that are data: one entry for each command, one line for each error."""


def test_no_module_has_more_than_300_lines() -> None:
    long = {name: lines for name, _ in _modules() if (lines := (ROOT / name).read_text("utf-8").count("\n")) > 300}
    assert {name: lines for name, lines in long.items() if name not in TABLES} == {}


def test_what_contributors_are_told_exists() -> None:
    pages = [ROOT / name for name in ("CONTRIBUTING.md", "RELEASING.md", "README.md", ".github/PULL_REQUEST_TEMPLATE.md")]
    text = "\n".join(page.read_text("utf-8") for page in pages)
    places = re.findall(r"`((?:core|kernels|cli|magics|extension|labext|tools|tests)/[\w./]+)`", text)
    assert len(places) > 15
    assert [place for place in places if not (ROOT / place).exists() and "TOOL" not in place] == []
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"`?make (?:[A-Z]+=\S+ )?([a-z]+)", text)) - {"sure"}
    assert [target for target in targets if not re.search(rf"^{target}:", makefile, re.MULTILINE)] == []
