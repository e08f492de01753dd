"""No module imports itself through others, imports inside functions and for type checkers counted."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGES = {
    "jupyter_dep": ROOT / "core",
    "jupyter_dep_kernels": ROOT / "kernels",
    "jupyter_dep_cli": ROOT / "cli",
    "jupyter_dep_magics": ROOT / "magics",
    "jupyter_dep_server": ROOT / "extension",
}

Graph = dict[str, set[str]]


def _modules() -> dict[str, Path]:
    found = {}
    for package, root in PACKAGES.items():
        for file in (root / package).rglob("*.py"):
            parts = file.relative_to(root).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return found


def _imports(module: str, file: Path) -> Iterator[tuple[str, ...]]:
    """Dotted names that one import may mean, the likeliest first: `from a import b` is the module `a.b`, or `a`."""
    package = module.split(".") if file.name == "__init__.py" else module.split(".")[:-1]
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name,) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            yield from ((f"{base}.{alias.name}", base) for alias in node.names)


def _graph() -> Graph:
    """Which module imports which. Packages on the way to a module do not count, their own `__init__` does where it is meant."""
    modules = _modules()
    graph: Graph = {}
    for module, file in modules.items():
        meant = (next((name for name in names if name in modules), None) for names in _imports(module, file))
        graph[module] = {name for name in meant if name is not None and name != module}
    return graph


def _cycles(graph: Graph) -> list[list[str]]:
    """The strongly connected components of more than one module (Tarjan, without recursion)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found = []
    for root in graph:
        if root in index:
            continue
        work = [(root, iter(sorted(graph[root])))]
        index[root] = low[root] = len(index)
        stack.append(root)
        while work:
            module, targets = work[-1]
            for target in targets:
                if target not in index:
                    index[target] = low[target] = len(index)
                    stack.append(target)
                    work.append((target, iter(sorted(graph[target]))))
                    break
                if target in stack:
                    low[module] = min(low[module], index[target])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[module])
                if low[module] == index[module]:
                    at = stack.index(module)
                    component, stack[at:] = stack[at:], []
                    if len(component) > 1:
                        found.append(sorted(component))
    return found


def test_cycles_are_found_where_there_are_some() -> None:
    assert _cycles({"a": {"b"}, "b": {"c"}, "c": {"a", "d"}, "d": set(), "e": {"d"}}) == [["a", "b", "c"]]
    assert _cycles({"a": {"b"}, "b": {"c"}, "c": set()}) == []


def test_every_kind_of_import_is_read(tmp_path: Path) -> None:
    file = tmp_path / "module.py"
    file.write_text(
        "import a.b\nfrom . import c\nfrom .d import e\nfrom ..f import g\n"
        "if TYPE_CHECKING:\n    from h import i\ndef late():\n    from j import k\n"
    )
    found = [names[0] for names in _imports("x.y.module", file)]
    assert found == ["a.b", "x.y.c", "x.y.d.e", "x.f.g", "h.i", "j.k"]


def test_no_module_imports_itself_through_others() -> None:
    assert _cycles(_graph()) == []
