"""Reading the notebooks and Python files of a project for `check`: what they import, and what disagrees."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.util import decode_source

from packaging.utils import canonicalize_name

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.progress import Progress, cancelled
from jupyter_dep.base.steps import NOTEBOOK, Hint, Placeholder, Target, step
from jupyter_dep.io.files import read_write
from jupyter_dep.io.files.project_files import ProjectFiles
from jupyter_dep.model.checking import Finding
from jupyter_dep.model.checking.imports import ImportUse, Role
from jupyter_dep.model.checking.notebooks import notebook_findings, own_declaration
from jupyter_dep.model.declaration.requirement import Context
from jupyter_dep.model.manifest.manifest import Manifest
from jupyter_dep.model.notebook import code_imports
from jupyter_dep.model.notebook.notebook import Notebook
from jupyter_dep.operations.project.context import CommandContext

_NOTEBOOK_LIMIT = 512 << 20
_MODULE_LIMIT = 8 << 20
_TESTS = frozenset({"test", "tests", "testing"})
_AT_HOME = _TESTS | frozenset({"doc", "docs", "example", "examples", "script", "scripts", "benchmarks"})
_AT_HOME_FILE = re.compile(r"(?:test_.*|.*_test|conftest)\.py")
_MANY = 500
"""Files that take long enough to say so."""


@dataclass(slots=True, kw_only=True)
class FileScanner:
    """One pass over the files of `tree`; `uses` and the counts fill up. `document` is the folder's `pyproject.toml`."""

    tree: ProjectFiles
    context: CommandContext
    manifest: Manifest | None
    document: Mapping[str, object] | None
    target: Target = NOTEBOOK
    uses: list[ImportUse] = field(default_factory=list)
    notebooks: int = 0
    modules: int = 0

    def everything(self, declared: Collection[str], kernels: Collection[str]) -> Iterator[Finding]:
        """Read all; `declared` and `kernels` are as for `notebook_findings`."""
        yield from (Finding.of(error, "warning") for error in self.tree.unread)
        if self.tree.nested:
            yield _report_nested(self.tree.nested)
        for path in self._iterate(self.tree.notebooks):
            self.notebooks += 1
            try:
                data = read_write.read_if_there(self.tree.root / path, limit=_NOTEBOOK_LIMIT)
                if data is None:
                    continue  # it went while we looked
                notebook = Notebook.parse(data, context={"file": path})
                notebook.declaration()
            except DepError as error:
                error.context["file"] = path
                # tests keep broken notebooks on purpose, which must not block publishing
                yield Finding.of(error, "error" if _TESTS.isdisjoint(path.split("/")[:-1]) else "warning")
                continue
            if notebook.block is not None:
                yield own_declaration({"file": path})
            else:
                yield from self.notebook(notebook, path, declared, kernels)
        role = self._roles()
        for path in self._iterate(self.tree.modules):
            self.modules += 1
            yield from self._read_module(path, role(path))

    def notebook(
        self, notebook: Notebook, path: str, declared: Collection[str], kernels: Collection[str], *, own: bool = False
    ) -> Iterator[Finding]:
        """One notebook at a path relative to the tree; `own`: it has a declaration of its own."""
        where: Context = {"file": path}
        yield from notebook_findings(notebook, declared=declared, kernels=kernels, target=self.target, where=where)
        if notebook.language not in (None, "python", "Python"):
            return
        for cell in notebook.code_cells:
            place: Context = {**where, "cell": cell.index + 1}
            self._add_uses(code_imports.imports_of(cell.source), path, "notebook", place)
            for module in code_imports.loaded_by_magics(cell.source):
                self.uses.append(ImportUse(module=module, role="notebook", where=place, optional=True))

    def _read_module(self, path: str, role: Role) -> Iterator[Finding]:
        where: Context = {"file": path}
        try:
            data = read_write.read_if_there(self.tree.root / path, limit=_MODULE_LIMIT)
            if data is None:
                return
            text = decode_source(data)
        except DepError as error:
            error.context["file"] = path
            yield Finding.of(error, "warning")
            return
        except (SyntaxError, UnicodeDecodeError):  # a coding that there is not, or bytes that are not in it
            yield _report_unreadable(path, "is not in the coding that it names", role)
            return
        self._add_uses(code_imports.imports_of(text), path, role, where)
        if role == "package" and not code_imports.is_python(text):
            yield _report_unreadable(path, "is not Python as this Python reads it", role)

    def _add_uses(self, found: Collection[code_imports.Import], path: str, role: Role, place: Context) -> None:
        for one in found:
            if self.tree.is_own(one.module, path):
                continue
            own = one.module.partition(".")[0] in self.tree.stems
            where = place if role == "notebook" else {**place, "line": one.line}
            self.uses.append(ImportUse(module=one.module, role=role, where=where, optional=one.optional, own=own))

    def _roles(self) -> Callable[[str], Role]:
        """Who imports, by path: what is published is below `src`, has the project's name, or is named to the backend."""
        if self.manifest is None or self.manifest.build_system is None:
            return lambda _: "other"
        name = str(canonicalize_name(self.manifest.name or "")).replace("-", "_")
        roots = ["src/", *(f"{folder.strip('/')}/" for folder in _read_hatch_packages(self.document or {}))]
        roots += [f"{name}/", f"{name}.py"] if name else []

        def role(path: str) -> Role:
            *folders, last = path.split("/")
            at_home = not _AT_HOME.isdisjoint(folders) or _AT_HOME_FILE.fullmatch(last) is not None
            return "package" if path.startswith(tuple(roots)) and not at_home else "other"

        return role

    def _iterate(self, paths: Collection[str]) -> Iterator[str]:
        if len(paths) >= _MANY:
            self.context.reporter(Progress(phase="checking", detail=f"{len(paths):,} files"))
        for path in paths:
            if self.context.cancel is not None and self.context.cancel.is_set:
                raise cancelled()
            yield path


def _read_hatch_packages(document: Mapping[str, object]) -> list[str]:
    """Read the folders that hatchling publishes."""
    here: object = document
    for key in ("tool", "hatch", "build", "targets", "wheel", "packages"):
        here = here.get(key) if isinstance(here, Mapping) else None
    return [one for one in here if isinstance(one, str)] if isinstance(here, list) else []


def _report_nested(folders: Collection[str]) -> Finding:
    listed = ", ".join(f"`{folder}`" for folder in list(folders)[:5])
    more = f" and {len(folders) - 5} more" if len(folders) > 5 else ""
    return Finding(
        level="note",
        code="own-project",
        message=f"what has a `pyproject.toml` of its own was passed over: {listed}{more}",
        hint=Hint(step("check", "--project", Placeholder(name="DIR"), target=None), " checks one"),
        context={"file": "pyproject.toml"},
    )


def _report_unreadable(path: str, why: str, role: Role) -> Finding:
    return Finding(
        level="warning" if role == "package" else "note",
        code="unreadable-python",
        message=f"the file {why}, so its imports were not looked at, or line by line",
        hint="correct it, or move it out of the project",
        context={"file": path},
    )
