"""The tests that count for the battery from elsewhere are there."""

from __future__ import annotations

import ast
from pathlib import Path

from faults.counting import CHECKS
from faults.gathered import GATHERED

TESTS = Path(__file__).parents[1]


def _tests(file: Path) -> set[str]:
    found = set()
    for node in ast.parse(file.read_text("utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.ClassDef):
            found |= {
                f"{node.name}::{one.name}" for one in node.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)
            }
    return found


def test_every_gathered_test_exists_and_counts_once() -> None:
    assert set(GATHERED) <= set(CHECKS)
    named = [test for rows in GATHERED.values() for tests in rows.values() for test in tests]
    assert len(named) == len(set(named)), "a test counts for one row"
    for test in named:
        file, _, name = test.partition("::")
        assert name.startswith(("test_", "Test")) and name in _tests(TESTS / file), f"there is no {test}"
