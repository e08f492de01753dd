"""The arguments of a mark wherever a test carries it, read off the sources: what is marked counts even where it is skipped."""

from __future__ import annotations

import ast
from pathlib import Path

TESTS = Path(__file__).parents[1]


def marked(name: str) -> list[tuple[str, ...]]:
    """Arguments of every `@pytest.mark.NAME(…)` in the suite, with the test's name appended."""
    found = []
    for file in sorted(TESTS.rglob("test_*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            for decorator in getattr(node, "decorator_list", []):
                if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == f"pytest.mark.{name}":
                    found.append((*(str(ast.literal_eval(argument)) for argument in decorator.args), node.name))
    return found
