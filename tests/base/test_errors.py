"""The registry of errors: what is generated from it is what is committed, and what is raised is what it says."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import get_args

import pytest

from jupyter_dep.base.error_codes import ErrorCode
from jupyter_dep.base.errors import ConsentError, DepError, UsageError
from jupyter_dep_server.problems import http_status
from tools import errors
from tools.error_registry import KINDS, registry

ROOT = Path(__file__).parents[2]
SOURCES = [ROOT / folder for folder in ("core", "kernels", "cli", "magics", "extension")]


def test_what_is_generated_is_committed() -> None:
    assert errors.CODES.read_text("utf-8") == errors.code_module(), "run `python -m tools.errors`"
    assert errors.PAGE.read_text("utf-8") == errors.page(), "run `python -m tools.errors`"


def test_every_code_of_the_registry_occurs_in_the_sources() -> None:
    """The type checker holds the other direction: a code that is not in the registry cannot be raised."""
    texts = {
        node.value
        for folder in SOURCES
        for file in folder.rglob("*.py")
        if file.name != "error_codes.py"
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert set(registry()) - texts == set()


def test_every_error_has_a_kind_and_two_sentences() -> None:
    assert set(get_args(ErrorCode)) == set(registry())
    for info in registry().values():
        assert set(info.kinds) <= set(KINDS) and info.what and info.next


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (DepError("no-such-notebook", "x", hint="y"), 404),
        (UsageError("bad-usage", "x", hint="y"), 400),
        (ConsentError("consent-missing", "x", hint="y"), 403),
        (DepError("environment-failed", "x", hint="y"), 422),
        (DepError("disk-full", "x", hint="y"), 507),
    ],
)
def test_a_status_follows_from_the_code_else_from_the_kind(error: DepError, status: int) -> None:
    assert http_status(error) == status
