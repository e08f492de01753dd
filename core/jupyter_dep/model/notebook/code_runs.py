"""What code imports and runs without an import statement: dynamic imports, scripts, folders added to `sys.path`."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from posixpath import join, normpath

from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.model.declaration.requirement_lines import logical_lines

from .code_imports import parse_code

_RUN = re.compile(r"^[ \t]*%run[ \t]+(?P<rest>\S.*)$")
_PYTHON = re.compile(r"^[ \t]*!\s*(?:\S*/)?python[\d.]*[ \t]+(?P<rest>\S.*)$")
_RUN_TAKES = frozenset({"-m", "-N", "-l", "-T", "-M"})
_PYTHON_TAKES = frozenset({"-W", "-X", "-Q"})


@frozen_dataclass
class Script:
    """A file (`path`, as written) or a module (`module`) that a line runs."""

    path: str = ""
    module: str = ""


def dynamic_imports(source: str) -> tuple[str, ...]:
    """Dotted names that `__import__("…")` and `importlib.import_module("…")` import; names that are computed are not known."""
    if "import" not in source:
        return ()
    found = []
    for call in _calls(source):
        if _last_name(call.func) in ("__import__", "import_module") and call.args:
            text = _constant(call.args[0])
            found += [text] if text and not text.startswith(".") else []
    return tuple(dict.fromkeys(found))


def import_targets(source: str) -> tuple[tuple[int, str], ...]:
    """Level and dotted name of everything that import statements may load.

    `import a` gives `(0, "a")`, `from ..a import b` gives `(2, "a")` and `(2, "a.b")`, since `b` may be a module.
    """
    tree = parse_code(source) if "import" in source else None
    found: dict[tuple[int, str], None] = {}
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.Import):
            found.update(dict.fromkeys((0, alias.name) for alias in node.names))
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            found[node.level, base] = None
            found.update(dict.fromkeys((node.level, f"{base}.{alias.name}".lstrip(".")) for alias in node.names))
    return tuple(found)


def run_scripts(source: str) -> tuple[Script, ...]:
    """What `%run` and `!python` lines run, in order."""
    if "%run" not in source and "python" not in source:
        return ()
    found = []
    for _, line in logical_lines(source):
        for pattern, takes in ((_RUN, _RUN_TAKES), (_PYTHON, _PYTHON_TAKES)):
            if (match := pattern.match(line)) and (script := _parse_command(match["rest"], takes)) is not None:
                found.append(script)
    return tuple(found)


def _parse_command(rest: str, takes: frozenset[str]) -> Script | None:
    try:
        words = shlex.split(rest, comments=True)
    except ValueError:
        return None
    while words:
        word = words.pop(0)
        if word == "-m":
            return Script(module=words[0]) if words else None
        if word == "-c" or word.startswith(("$", "{")):
            return None
        if not word.startswith("-"):
            return Script(path=word)
        if word in takes and words:
            words.pop(0)
    return None


def path_additions(source: str) -> tuple[str, ...]:
    """Folders that the code adds to `sys.path`, as far as they are written out, relative to the working folder."""
    if "sys.path" not in source and "addsitedir" not in source:
        return ()
    found = []
    for call in _calls(source):
        target = ast.unparse(call.func)
        if target in ("sys.path.append", "site.addsitedir") and call.args:
            value = _path_of(call.args[0])
        elif target == "sys.path.insert" and len(call.args) > 1:
            value = _path_of(call.args[1])
        elif target == "sys.path.extend" and call.args and isinstance(call.args[0], (ast.List, ast.Tuple)):
            found += [one for item in call.args[0].elts if (one := _path_of(item)) is not None]
            continue
        else:
            continue
        if value is not None:
            found.append(value)
    return tuple(dict.fromkeys(normpath(one) for one in found))


def _calls(source: str) -> Iterator[ast.Call]:
    tree = parse_code(source)
    if tree is not None:
        yield from (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _constant(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


_SAME = frozenset({"abspath", "realpath", "normpath", "expanduser", "str", "fspath", "Path", "PurePath", "resolve", "absolute"})
_HERE = frozenset({"getcwd", "cwd"})


def _path_of(node: ast.expr) -> str | None:
    """The folder that an expression of `os.path` or `pathlib` gives, as far as its parts are written out."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Div, ast.Add)):
        left, right = _path_of(node.left), _constant(node.right)
        if left is None or not right:
            return None
        return normpath(join(left, right) if isinstance(node.op, ast.Div) else left + right)
    if isinstance(node, ast.Attribute):
        if node.attr == "pardir":
            return ".."
        if node.attr == "parent" and (of := _path_of(node.value)) is not None:
            return normpath(join(of, ".."))
        return None
    return _path_of_call(node) if isinstance(node, ast.Call) else None


def _path_of_call(call: ast.Call) -> str | None:
    named = _last_name(call.func)
    method = isinstance(call.func, ast.Attribute) and not call.args
    if named in _HERE:
        return "."
    if named in _SAME:
        arguments = [call.func.value] if method and isinstance(call.func, ast.Attribute) else call.args
        return _path_of(arguments[0]) if arguments else "."
    if named == "dirname" and call.args and (of := _path_of(call.args[0])) is not None:
        return normpath(join(of, ".."))
    if named == "join" and call.args:
        parts = [_path_of(argument) for argument in call.args]
        return None if None in parts else normpath(join(*(part for part in parts if part is not None)))
    return None
