"""Hint under a cell that failed on a missing module: its distribution, and what to type. Installs nothing."""

from __future__ import annotations

import ast
import importlib.util
import os
import re
import sys
from typing import Any, Callable, Collection, Dict, Iterator, NamedTuple, Optional, Sequence, Tuple

from .document import line_bundle
from .names import distribution_for, distributions_under, names_by_path

MIME = "application/vnd.jupyter-dep.missing+json"
"""What the page reads instead of the sentence: `{"module", "names"}`, see the wire's `MissingImport`."""

_NOT_IN_PACKAGE = re.compile(r"cannot import name '(?P<name>\w+)' from '(?P<package>[\w.]+)'")
# standard modules that some builds leave out, for Python before 3.10, which has no list of its own modules
_OPTIONAL_STDLIB = {"curses", "dbm", "ensurepip", "idlelib", "lib2to3", "readline", "sqlite3", "tkinter", "turtle", "venv"}


def missing_module(error: Optional[BaseException]) -> str:
    """Return the dotted name of the module that was not found, empty for other errors.

    Libraries wrap a missing optional dependency in an `ImportError`: its cause is considered too.
    """
    for candidate in (error, getattr(error, "__cause__", None)):
        if isinstance(candidate, ModuleNotFoundError) and candidate.name:
            return candidate.name
        if isinstance(candidate, ImportError):
            # `from google.cloud import bigquery`: the namespace is installed, but not this part of it
            found = _NOT_IN_PACKAGE.match(str(candidate))
            if found and _is_namespace(found.group("package")):
                return "{}.{}".format(found.group("package"), found.group("name"))
    return ""


class MissingImport(NamedTuple):
    """A hint for the user; `names` are the distributions that may be meant, empty if that would be a guess."""

    text: str
    module: str
    names: Tuple[str, ...] = ()

    def bundle(self) -> Dict[str, Any]:
        """Return the MIME bundle that the cell displays."""
        return {**line_bundle(self.text), MIME: {"module": self.module, "names": list(self.names)}}


def hint_for(
    missing: str, source: str, *, declared: Collection[str] = (), folders: Sequence[str] = ()
) -> Optional[MissingImport]:
    """Return the hint for a missing module, None where there is nothing certain or useful to say.

    `source` is the cell as Python, `declared` the normalized names that the project declares, `folders` where
    the user's own modules may be.
    """
    module = _full_name(missing, source)
    top = missing.partition(".")[0]
    if _is_standard_or_private(missing) or _is_local(top, folders):
        return None
    match = distribution_for(module)
    if match.distribution in declared or (not match.distribution and set(names_by_path(module)).intersection(declared)):
        return None
    if "." in missing and not (match.certain and _is_namespace(missing.rpartition(".")[0])):
        # its package is installed: the submodule is misspelt or has moved, and no other distribution contains it
        return None
    shown = missing if "." in missing else top
    if not match.distribution:
        text = "`{}` is shared by several distributions: name the one you need, `%dep add NAME`".format(top)
        return MissingImport(text, shown, distributions_under(top))
    if match.certain:
        text = "`{}` comes with the distribution `{}`: run `%dep add {}`".format(shown, match.distribution, match.distribution)
        return MissingImport(text, shown, (match.distribution,))
    text = (
        "`{}` is not installed; its distribution may have the same name or another one: "
        "look it up, then run `%dep add NAME`".format(top)
    )
    return MissingImport(text, shown)


def import_watcher(
    show: Callable[[MissingImport], None],
    declared: Callable[[], Collection[str]],
    folders: Callable[[], Sequence[str]],
    to_python: Callable[[str], str],
) -> Callable[[Any], None]:
    """Return a callback for IPython's `post_run_cell` that shows the hint; it never raises into the user's cell."""

    def after_cell(result: Any) -> None:
        missing = missing_module(getattr(result, "error_in_exec", None))
        if not missing:
            return
        raw = str(getattr(getattr(result, "info", None), "raw_cell", "") or "")
        try:
            source = to_python(raw)
        except Exception:  # noqa: BLE001  input transformers are the user's, and the cell has run already
            source = raw
        hint = hint_for(missing, source, declared=declared(), folders=folders())
        if hint is not None:
            show(hint)

    return after_cell


def _full_name(missing: str, source: str) -> str:
    """Return the whole dotted name that the cell imports: the error names only the first missing part."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return missing
    names = [name for name in _iter_imports(tree) if name == missing or name.startswith(missing + ".")]
    return max(names, key=len, default=missing)


def _iter_imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                yield "{}.{}".format(node.module, alias.name)


def _is_standard_or_private(module: str) -> bool:
    """Check for parts of Python that this build lacks and for private modules, which no distribution contains."""
    top = module.partition(".")[0]
    return top.startswith("_") or top in getattr(sys, "stdlib_module_names", _OPTIONAL_STDLIB)


def _is_local(top: str, folders: Sequence[str]) -> bool:
    return any(
        os.path.isfile(os.path.join(folder, top + ".py")) or os.path.isfile(os.path.join(folder, top, "__init__.py"))
        for folder in folders
        if folder
    )


def _is_namespace(package: str) -> bool:
    """Check whether other distributions may extend a package: it has no file, or its code extends its path."""
    try:
        spec = importlib.util.find_spec(package)
    except (ImportError, ValueError, AttributeError):
        return False
    if spec is None or spec.origin is None or spec.loader is None:
        return spec is not None
    try:
        with open(spec.origin, "rb") as file:
            code = file.read(4096)
    except OSError:
        return False
    return b"extend_path" in code or b"declare_namespace" in code
