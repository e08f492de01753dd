"""One table of install commands holds the parsers of the core, of the magics and (in `installLine.spec.ts`) of the page."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from jupyter_dep.base.errors import DepError
from jupyter_dep.model.declaration import install_command
from jupyter_dep.model.declaration.install_command import InstallCommand, parse_install_command
from jupyter_dep.model.declaration.requirement_lines import logical_lines, parse_lines
from jupyter_dep_magics import installers
from jupyter_dep_magics.failure import DepFailure


@contextmanager
def suppress_failure() -> Iterator[list[DepFailure]]:
    """Gather a refusal where there is one: some of these lines are other commands of an installer."""
    found: list[DepFailure] = []
    try:
        yield found
    except DepFailure as failure:
        found.append(failure)


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


@pytest.mark.parametrize("case", [case for case in CASES if "cell" in case], ids=lambda case: case["line"])
def test_a_cell_is_advised_to_type_the_same_requirements(case: dict[str, Any]) -> None:
    with pytest.raises(DepFailure) as caught:
        installers.refuse(re.sub(r"^[\s$>!%]+", "", case["line"]))
    assert caught.value.hint == f"type `{case['cell']}`"


OTHERS = [case for case in CASES if case["requirements"] is None and "uninstall" not in case["line"]]


@pytest.mark.parametrize("case", OTHERS, ids=lambda case: case["line"])
def test_a_cell_s_other_lines_are_no_install_command(case: dict[str, Any]) -> None:
    with suppress_failure() as failures:
        installers.refuse(case["line"])
    assert all("%dep add" not in failure.hint for failure in failures)


def test_the_magics_know_the_core_s_tables() -> None:
    assert installers.WITH_VALUE >= install_command.WITH_VALUE
    assert installers.CONDA_NAMES == install_command.CONDA_NAMES
