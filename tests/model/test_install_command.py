"""One table of install commands holds the parsers of the core, of the magics and (in `installLine.spec.ts`) of the page."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.steps import FrontEnd
from jupyter_dep.model.declaration.install_command import InstallCommand, parse_install_command
from jupyter_dep.model.declaration.requirement_lines import logical_lines, parse_lines
from jupyter_dep_cli.installer_line import parse_installer_line
from jupyter_dep_magics import installers

CASES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "data" / "install_lines.json").read_text(encoding="utf-8")
)["cases"]


def command_in(text: str) -> InstallCommand | None:
    """The command in the text's one logical line."""
    lines = [line for _, line in logical_lines(text)] or [""]
    assert len(lines) == 1
    return parse_install_command(lines[0])


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["line"])
def test_the_core_reads_the_words_of_an_install_command(case: dict[str, Any]) -> None:
    command = command_in(case["line"])
    if case["requirements"] is None:
        assert command is None
        return
    assert command is not None
    assert list(command.requirements) == case["requirements"]
    assert list(command.others) == case["others"]
    assert list(command.options) == case["options"]


@pytest.mark.parametrize("case", [case for case in CASES if case["requirements"]], ids=lambda case: case["line"])
def test_what_a_pasted_command_says_beyond_names_is_refused(case: dict[str, Any]) -> None:
    if case["refusal"] is None:
        assert [str(one) for one in parse_lines(case["line"])] == [
            str(one) for word in case["requirements"] for one in parse_lines(word)
        ]
        return
    with pytest.raises(DepError) as caught:
        parse_lines(case["line"])
    assert caught.value.code == case["refusal"]


def advice_for(line: str) -> list[str]:
    """What a cell is told to type for each installer in a line, with nothing installed."""
    advised = []
    for found in installers.find_installers(line):
        parsed = parse_installer_line(found.tool, found.arguments)
        if parsed.action != "answer":
            step = parsed.advise(parsed.requirements, parsed.files, parsed.others)
            advised.append(FrontEnd(kind="cell", own=True).write(step))
    return advised


@pytest.mark.parametrize("case", [case for case in CASES if "cell" in case], ids=lambda case: case["line"])
def test_a_cell_is_advised_to_type_the_same_requirements(case: dict[str, Any]) -> None:
    assert advice_for(re.sub(r"^[\s$>!%]+", "", case["line"]))[0] == case["cell"]


OTHERS = [case for case in CASES if case["requirements"] is None and "uninstall" not in case["line"]]


@pytest.mark.parametrize("case", OTHERS, ids=lambda case: case["line"])
def test_a_cell_s_other_lines_are_no_install_command(case: dict[str, Any]) -> None:
    assert not [one for one in advice_for(case["line"]) if "%dep add" in one]
