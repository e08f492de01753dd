"""What a notebook's cells import, and what their install lines name: the raw material of a first declaration."""

from __future__ import annotations

import ast
import re
import sys
import warnings
from collections.abc import Iterator, Sequence

from ..errors import DepError
from .requirement import canonical, install_line, parse

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

# Namespaces that belong to many distributions: what is imported from them is a module, and names the distribution.
_NAMESPACES = frozenset({"azure", "azure.ai", "azure.mgmt", "google", "google.ai", "google.cloud", "mpl_toolkits", "ruamel"})


def imported_modules(sources: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """Dotted names of the modules that the cells import, with the 0-based places of those cells in `sources`.

    Order is that of the first import. The standard library and relative imports are left out. A cell that is no
    Python even without its magics is read line by line.
    """
    places: dict[str, list[int]] = {}
    for place, source in enumerate(sources):
        for module in _modules(source):
            top = module.partition(".")[0]
            if top in sys.stdlib_module_names or top == "__main__":
                continue
            seen = places.setdefault(module, [])
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
        for line in _shell_lines(source):
            for segment in _SEGMENT.findall(line):
                install = install_line(segment)
                for text in install.requirements if install is not None else ():
                    try:
                        requirement = parse(text)
                    except DepError:
                        continue
                    found.setdefault(canonical(requirement), text)
    return tuple(found.values())


def _modules(source: str) -> Iterator[str]:
    text = _body(source)
    if text is None:
        return
    tree = _tree(text)
    if tree is None:
        text = _neutral(text)
        tree = _tree(text)
    if tree is None:
        yield from _by_line(text)
        return
    nodes = [node for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom))]
    for node in sorted(nodes, key=lambda node: node.lineno):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif node.level == 0 and node.module is not None:
            if node.module in _NAMESPACES:
                yield from (f"{node.module}.{alias.name}" for alias in node.names if alias.name != "*")
            else:
                yield node.module


def _body(source: str) -> str | None:
    """The cell's Python, None for a cell whose magic says that it is something else."""
    text = source.lstrip()
    while text.startswith("%%"):
        if not _PYTHON_MAGIC.match(text):
            return None
        text = text.partition("\n")[2].lstrip("\n")
    return text


def _tree(text: str) -> ast.Module | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


def _neutral(text: str) -> str:
    """The text with what only IPython understands put out of action, line for line."""
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


def _by_line(text: str) -> Iterator[str]:
    for line in text.splitlines():
        match = _IMPORT_LINE.match(line)
        if match is None:
            continue
        if match["source"] is not None:
            yield match["source"]
        else:
            yield from (part.split()[0] for part in match["plain"].split(","))


def _shell_lines(source: str) -> Iterator[str]:
    """Lines that a shell or a magic runs, continued ones joined."""
    text = source.lstrip()
    in_shell = _SHELL_MAGIC.match(text) is not None
    body = text.partition("\n")[2] if in_shell else _body(source)
    if body is None or (not in_shell and _tree(body) is not None):
        return
    for line in re.sub(r"\\\r?\n", " ", body).splitlines():
        if in_shell or re.match(r"\s*(?:[%!]|pip[\d.]*\s)", line):
            yield line.strip()
