"""Hint under a cell that failed on a missing module: its distribution, and what to type. Installs nothing."""

from __future__ import annotations

import ast
import importlib.metadata
import importlib.util
import os
import re
import sys
from typing import Any, Callable, Dict, FrozenSet, Iterator, NamedTuple, Optional, Sequence, Tuple

from .document import line_bundle
from .names import distribution_for, distributions_under, names_by_path
from .stale_modules import normalize_name

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
    """A hint for the user; `names` are the distributions that may be meant, empty if that would be a guess.

    `fix` is what brings a declared one: `lock`, `sync` or `restart`.
    """

    text: str
    module: str
    names: Tuple[str, ...] = ()
    fix: str = ""

    def bundle(self) -> Dict[str, Any]:
        """Return the MIME bundle that the cell displays."""
        return {**line_bundle(self.text), MIME: {"module": self.module, "names": list(self.names), "fix": self.fix}}


class Standing(NamedTuple):
    """How the project stands, as `status` says: `declared` names, normalized, the lock's `state` and its environment's `key`.

    `next` is the step that `status` advises. An empty `state` is not known. `kernel` is the key that this kernel runs on,
    None for a kernel that runs on no sealed environment.
    """

    declared: FrozenSet[str] = frozenset()
    state: str = ""
    key: Optional[str] = None
    kernel: Optional[str] = None
    next: str = ""


def hint_for(
    missing: str, source: str, *, standing: Callable[[], Standing] = Standing, folders: Sequence[str] = ()
) -> Optional[MissingImport]:
    """Return the hint for a missing module, None where there is nothing certain or useful to say.

    `source` is the cell as Python, `standing` is asked once there is a module to speak of, `folders` is where the user's own
    modules may be.
    """
    module = _full_name(missing, source)
    top = missing.partition(".")[0]
    if _is_standard_or_private(missing) or _is_local(top, folders):
        return None
    match = distribution_for(module)
    now = standing()
    declared = [name for name in (match.distribution, *names_by_path(module), top) if normalize_name(name) in now.declared]
    if declared:
        return _hint_for_declared(declared[0], missing if "." in missing else top, now)
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


_LOCK_FIRST = {
    "unlocked": "`{}` is declared, but not locked yet: run `%dep lock`",
    "stale": "`{}` is declared, but the lock is out of date: run `%dep lock`",
    "unmerged": "`{}` is declared, but the lock was merged badly: run `%dep lock`",
}


def _hint_for_declared(name: str, module: str, now: Standing) -> Optional[MissingImport]:
    """Return what brings a declared distribution into this kernel."""
    if now.state in _LOCK_FIRST:
        return MissingImport(_LOCK_FIRST[now.state].format(name), module, fix="lock")
    if now.state == "invalid":
        return MissingImport("`{}` is declared, but the lock cannot be used: {}".format(name, now.next), module)
    if now.state not in ("fresh", "pending"):
        return None
    if now.kernel is None:
        return MissingImport('`{}` is declared: switch to the kernel "Python (dep)" to use it'.format(name), module)
    if now.key != now.kernel:
        return MissingImport("`{}` is locked, but not in this kernel: run `%dep sync`".format(name), module, fix="sync")
    try:
        importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return MissingImport("`{}` is declared, but not for this platform or Python".format(name), module)
    return MissingImport("`{}` is installed: restart the kernel to use it".format(name), module, fix="restart")


def import_watcher(
    show: Callable[[MissingImport], None],
    standing: Callable[[], Standing],
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
        hint = hint_for(missing, source, standing=standing, folders=folders())
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
