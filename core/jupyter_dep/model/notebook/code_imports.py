"""Imports and install commands in a notebook's cells."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator, Sequence
from functools import lru_cache

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.model.declaration.install_command import InstallCommand, parse_install_command
from jupyter_dep.model.declaration.requirement import canonical, parse
from jupyter_dep.model.declaration.requirement_lines import logical_lines
from jupyter_dep.model.notebook.standard_modules import is_standard

# Cell magics whose body is Python that runs in the kernel, and those whose body is a shell script.
_PYTHON_MAGIC = re.compile(r"%%(?:time|timeit|capture|prun|python3?|debug|memit|mprun|lprun|snakeviz)\b")
_SHELL_MAGIC = re.compile(r"%%(?:bash|sh|script\s+(?:\S*/)?(?:ba|z)?sh|cmd)\b")
_TIMING = re.compile(r"(\s*)%(?:time|timeit|prun|memit)\s+(?:-\S+\s+)*(?=import\b|from\b)")
_ESCAPED = re.compile(r"\s*(?:[%!?](?!=)|[^#'\"]*\?\??\s*$)")
_ASSIGNED = re.compile(r"(\s*[A-Za-z_][\w.,\s\[\]]*=\s*)[%!]")
_AUTOMAGIC = re.compile(r"\s*(?:pip[\d.]*|conda|mamba|uv|cd|ls|pwd)\s+[\w./~-]")
_SEGMENT = re.compile(r"""(?:"[^"]*"|'[^']*'|[^;&|"'])+""")
_IMPORT_LINE = re.compile(
    r"""\s*(?:import\s+(?P<plain>[\w.]+(?:[ \t]*(?:as[ \t]+\w+)?[ \t]*,[ \t]*[\w.]+)*)
    |from\s+(?P<source>\w[\w.]*)\s+import\b)""",
    re.VERBOSE,
)

# Magics that import what they name; `%matplotlib` imports the package of its own name.
_LOADING = re.compile(r"^[ \t]*%(?:(?:re)?load_ext[ \t]+(?P<extension>[\w.]+)|(?P<plotting>matplotlib)\b)", re.MULTILINE)
_CAUGHT = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})


@frozen_dataclass
class Import:
    """One imported module. `optional`: the code goes on without it, or only a type checker imports it."""

    module: str
    line: int
    optional: bool = False


def imports_of(source: str) -> tuple[Import, ...]:
    """What a cell or a module imports, by line; the standard library and relative imports are left out."""
    return tuple(found for found in _imports(source) if not is_standard(found.module))


def loaded_by_magics(source: str) -> tuple[str, ...]:
    """Modules that a cell's `%load_ext` and `%matplotlib` lines import."""
    found = [match["extension"] or match["plotting"] for match in _LOADING.finditer(source)]
    return tuple(module for module in found if not is_standard(module))


def is_python(source: str) -> bool:
    """Whether this Python reads a module's text as Python."""
    return _parse(source) is not None


def parse_code(source: str) -> ast.Module | None:
    """The syntax tree of a cell or a module, with what only IPython understands taken out; None where it is no Python."""
    text = _strip_magics(source)
    return None if text is None else _parse(text) or _parse(_neutralize(text))


def imported_modules(sources: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """Dotted names of the modules that the cells import, with the 0-based places of those cells in `sources`.

    Order is that of the first import. The standard library and relative imports are left out. A cell that is no
    Python even without its magics is read line by line.
    """
    places: dict[str, list[int]] = {}
    for place, source in enumerate(sources):
        for found in imports_of(source):
            seen = places.setdefault(found.module, [])
            if place not in seen:
                seen.append(place)
    return {module: tuple(seen) for module, seen in places.items()}


def installed_by_lines(sources: Sequence[str]) -> tuple[str, ...]:
    """Requirement texts that the cells' install lines name, in order and each once.

    Read are `%pip install`, `!pip install`, `!python -m pip install`, `%uv pip install`, a bare `pip install` line,
    and the lines of `%%bash` cells. Options, files, paths and variables are skipped, conda's lines too.
    """
    found: dict[str, str] = {}
    for source in sources:
        for command in install_commands(source):
            for text in command.operands:
                try:
                    requirement = parse(text)
                except DepError:
                    continue
                found.setdefault(canonical(requirement), text)
    return tuple(found.values())


def install_commands(source: str) -> Iterator[InstallCommand]:
    """The commands of pip and uv in one cell, in order, whatever they name."""
    if "pip" not in source and "uv" not in source:  # most cells: they need not be parsed for it
        return
    for line in _find_shell_lines(source):
        for segment in _SEGMENT.findall(line):
            command = parse_install_command(segment)
            if command is not None and command.installer in ("pip", "uv"):
                yield command


def _imports(source: str) -> Iterator[Import]:
    if "import" not in source:
        return
    text = _strip_magics(source)
    if text is None:
        return
    tree = _parse(text)
    if tree is None:
        text = _neutralize(text)
        tree = _parse(text)
    if tree is None:
        yield from _scan_lines(text)
        return
    found: list[tuple[ast.Import | ast.ImportFrom, bool]] = []
    _gather(tree, found)
    for node, optional in sorted(found, key=lambda one: one[0].lineno):
        for module in _modules_of(node):
            yield Import(module=module, line=node.lineno, optional=optional)


def _modules_of(node: ast.Import | ast.ImportFrom) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif node.level == 0 and node.module is not None:
        from jupyter_dep.model.packages.import_map import imported_module  # a command that adds a package does not wait for it

        package, names = node.module, [alias.name for alias in node.names if alias.name != "*"]
        yield from dict.fromkeys(imported_module(package, name) for name in names) or (package,)


def _gather(tree: ast.AST, found: list[tuple[ast.Import | ast.ImportFrom, bool]]) -> None:
    """Every import statement below; only statements hold statements, so expressions are not entered."""
    waiting: list[tuple[ast.AST, bool]] = [(tree, False)]
    while waiting:
        here, guarded = waiting.pop()
        if isinstance(here, (ast.Import, ast.ImportFrom)):
            found.append((here, guarded))
            continue
        for name in here._fields:
            listed = getattr(here, name)
            if not isinstance(listed, list) or not listed or not isinstance(listed[0], _BLOCKS):
                continue
            inside = guarded or (name != "orelse" and name != "finalbody" and _guards(here, name))
            waiting += [(statement, inside) for statement in listed]


_BLOCKS = (ast.stmt, ast.ExceptHandler, ast.match_case)


def _guards(node: ast.AST, field: str) -> bool:
    if isinstance(node, (ast.Try, ast.TryStar)):
        return field in ("body", "handlers") and any(_catches(handler.type) for handler in node.handlers)
    if isinstance(node, ast.If):
        return _last_name(node.test) == "TYPE_CHECKING"
    if isinstance(node, ast.With):
        calls = [item.context_expr for item in node.items if isinstance(item.context_expr, ast.Call)]
        return any(_last_name(call.func) == "suppress" and any(_catches(one) for one in call.args) for call in calls)
    return False


def _catches(caught: ast.expr | None) -> bool:
    if caught is None:
        return True
    listed = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    return any(_last_name(one) in _CAUGHT for one in listed)


def _last_name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _strip_magics(source: str) -> str | None:
    """The cell's Python, None for a cell whose magic says that it is something else."""
    text = source.lstrip()
    while text.startswith("%%"):
        if not _PYTHON_MAGIC.match(text):
            return None
        text = text.partition("\n")[2].lstrip("\n")
    return text


@lru_cache(maxsize=1)  # a module's imports are asked for first, then whether it is Python
def _parse(text: str) -> ast.Module | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


def _neutralize(text: str) -> str:
    """Replace what only IPython understands by plain Python, line for line."""
    lines: list[str] = []
    continued = False
    for line in text.splitlines():
        indent = line[: len(line) - len(line.lstrip())]
        timed, assigned = _TIMING.match(line), _ASSIGNED.match(line)
        if continued:
            lines.append("")
        elif timed is not None:
            lines.append(timed[1] + line[timed.end() :])
            continue
        elif assigned is not None:
            lines.append(assigned[1] + "None")
        elif _ESCAPED.match(line) or _AUTOMAGIC.match(line):
            lines.append(f"{indent}pass")
        else:
            lines.append(line)
            continue
        continued = line.rstrip().endswith("\\")
    return "\n".join(lines)


def _scan_lines(text: str) -> Iterator[Import]:
    for number, line in enumerate(text.splitlines(), 1):
        match = _IMPORT_LINE.match(line)
        if match is None:
            continue
        if match["source"] is not None:
            yield Import(module=match["source"], line=number)
        else:
            yield from (Import(module=part.split()[0], line=number) for part in match["plain"].split(","))


def _find_shell_lines(source: str) -> Iterator[str]:
    """Lines that a shell or a magic runs, continued ones joined."""
    text = source.lstrip()
    in_shell = _SHELL_MAGIC.match(text) is not None
    body = text.partition("\n")[2] if in_shell else _strip_magics(source)
    if body is None or (not in_shell and _parse(body) is not None):
        return
    for _, line in logical_lines(body):
        if in_shell or re.match(r"\s*(?:[%!]|pip[\d.]*\s)", line):
            yield line.strip()
