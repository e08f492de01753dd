"""The configuration reference: it is generated, and nothing is read that it does not list."""

from __future__ import annotations

import re
from pathlib import Path

from jupyter_dep.environment_variables import PUBLISH, VARIABLES
from jupyter_dep.model.declaration.declaration import Settings
from jupyter_dep.model.declaration.tool_tables import SETTINGS
from tools import configuration

ROOT = Path(__file__).parents[2]
SOURCES = [ROOT / folder for folder in ("core", "kernels", "cli", "magics", "extension", "labext/src")]
NAME = re.compile(r"(?<!_)JUPYTER_DEP_[A-Z_]*[A-Z]")


def test_what_is_generated_is_committed() -> None:
    assert configuration.PAGE.read_text("utf-8") == configuration.page(), "run `python -m tools.configuration`"


def test_every_variable_that_the_sources_name_is_in_the_registry() -> None:
    found = {
        name
        for folder in SOURCES
        for file in folder.rglob("*")
        if file.suffix in (".py", ".ts", ".tsx", "", ".cmd") and file.is_file() and "node_modules" not in file.parts
        for name in NAME.findall(file.read_text("utf-8", errors="replace"))
    }
    known = {each.name for each in VARIABLES}
    assert found - known - {PUBLISH.rstrip("_")} == set()
    assert known - found == set()


def test_every_key_of_the_declaration_s_table_is_read() -> None:
    assert set(SETTINGS) == set(Settings.__dataclass_fields__)  # type: ignore[attr-defined]
