"""The codes of every error in the sources, read off them: each call that makes one says its code as a literal."""

from __future__ import annotations

import ast
import re
from pathlib import Path

_CODE = re.compile(r"[a-z]+(?:-[a-z]+)*")
_MAKERS = {"bad_lock", "Failure", "Refused"}
"""What takes a code as an argument and is no exception's name."""


def error_codes(*folders: Path) -> set[str]:
    """Codes in the modules below these folders: first arguments of `…Error(…)`, `code` wherever it is assigned or given."""
    found: set[str] = set()
    for folder in folders:
        for path in folder.rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                found |= _codes(node)
    return found


def _codes(node: ast.AST) -> set[str]:
    if isinstance(node, ast.Assign):
        named = any(isinstance(target, ast.Name) and target.id == "code" for target in node.targets)
        return _texts(node.value) if named else set()
    if isinstance(node, ast.FunctionDef):
        defaults = node.args.defaults
        pairs = zip(node.args.args[len(node.args.args) - len(defaults) :], defaults, strict=True)
        return {text for argument, default in pairs if argument.arg == "code" for text in _texts(default)}
    if isinstance(node, ast.Dict):
        keyed = zip(node.keys, node.values, strict=True)
        return {text for key, value in keyed if isinstance(key, ast.Constant) and key.value == "code" for text in _texts(value)}
    if not isinstance(node, ast.Call):
        return set()
    name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr if isinstance(node.func, ast.Attribute) else ""
    if name.endswith(("Error", "DepFailure")) and len(node.args) >= 2:
        return _texts(node.args[0])
    given = [keyword.value for keyword in node.keywords if keyword.arg == "code"]
    if name in _MAKERS:
        return {text for value in (*node.args[2:3], *given) for text in _texts(value)}
    return set()


def _texts(value: ast.expr) -> set[str]:
    if isinstance(value, ast.IfExp):  # its condition is no code
        return _texts(value.body) | _texts(value.orelse)
    if isinstance(value, ast.Constant) and isinstance(value.value, str) and _CODE.fullmatch(value.value):
        return {value.value}
    return set()
