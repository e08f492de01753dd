"""`check`: find what is wrong with a project by reading its files, without starting or writing anything."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.base.steps import Hint, step
from jupyter_dep.io.files import look, project_files, read_write
from jupyter_dep.io.store.module_index import module_providers
from jupyter_dep.model.checking import Finding, Findings
from jupyter_dep.model.checking.conflicts import conflicting_requirements
from jupyter_dep.model.checking.imports import Declared, names_of, usage_findings
from jupyter_dep.model.checking.lock_drift import other_python, stale
from jupyter_dep.model.checking.manifest_errors import faults
from jupyter_dep.model.checking.project_metadata import (
    NamedFile,
    named_files,
    named_folders,
    project_findings,
    source_findings,
)
from jupyter_dep.model.declaration.requirement import Context
from jupyter_dep.model.lock import lockfile
from jupyter_dep.model.lock.digest import LockDigest
from jupyter_dep.model.manifest import manifest
from jupyter_dep.model.manifest.manifest import Manifest
from jupyter_dep.model.packages.import_origin import NOTHING, ModuleProviders
from jupyter_dep.operations.environment.local_sources import select_state_cached
from jupyter_dep.operations.project.context import CommandContext, load_state
from jupyter_dep.operations.project.discovery import find_project
from jupyter_dep.operations.project.formats import FOLDER, decode_text, format_of
from jupyter_dep.operations.project.project import LOCK_LIMIT, Project
from jupyter_dep.operations.project.state import LockedState, State, read_state
from jupyter_dep.services import Services

from .check_files import FileScanner

_NAMELESS = ("no-such-notebook", "not-a-notebook-name")
"""Errors that are about the command, and not about what was to be checked."""


def check(target: Path, services: Services, context: CommandContext, *, kernels: Collection[str] = ()) -> Findings:
    """Find everything that is wrong with a folder (`target` is its `pyproject.toml`) and its files, or with one notebook.

    `kernels` are the names of kernels that are registered for the project. What is wrong inside the project is a finding;
    errors: `no-such-notebook`, `no-such-file`, `not-a-notebook-name`.
    """
    if format_of(target) is FOLDER:
        return _Folder.read(target, services).checked(context, kernels)
    return _check_notebook(target, services, context, kernels)


@frozen_dataclass
class _Folder:
    """A folder's manifest, read as far as it can be, with what was wrong with it; `state` is None where anything was."""

    file: Path
    services: Services
    document: Mapping[str, object] | None
    manifest: Manifest | None
    state: State | None
    faults: tuple[DepError, ...]

    @classmethod
    def read(cls, file: Path, services: Services) -> _Folder:
        where: Context = {"file": file.name}
        data = read_write.read(file)
        state = None
        try:
            document = manifest.document(decode_text(data, context=where), context=where)
        except DepError as error:
            return cls(file=file, services=services, document=None, manifest=None, state=None, faults=(error,))
        parsed, found = faults(document, where)
        if parsed is not None:
            found = (*found, *_find_dynamic(parsed, where))
        if not found:
            try:
                state = read_state(file, services)
            except DepError as error:
                found = (error,)
        return cls(file=file, services=services, document=document, manifest=parsed, state=state, faults=found)

    @property
    def where(self) -> Context:
        return {"file": self.file.name}

    def checked(self, context: CommandContext, kernels: Collection[str]) -> Findings:
        found = [Finding.of(error) for error in self.faults]
        if self.document is not None:
            found += project_findings(self.document, self.where)
            found += _find_missing(self.file.parent, named_files(self.document), self.where)
            found += conflicting_requirements(
                self.document, self.manifest.requires_python if self.manifest else None, self.where
            )
        if self.manifest is not None:
            found += source_findings(self.manifest, self.where)
            found += _find_missing(self.file.parent, named_folders(self.manifest), self.where)
        summary = self.state.summary if self.state else None
        found += _lock_findings(self.state, self.file) if self.state else _find_damage(self.file, self.services)
        looking = FileScanner(
            tree=project_files.find_project_files(self.file.parent),
            context=context,
            manifest=self.manifest,
            document=self.document,
        )
        declared = self.declared(summary)
        found += looking.everything(declared.everything, kernels)
        if self.manifest is not None and "dependencies" not in self.manifest.dynamic:
            known = _read_providers(self.state, self.services)
            found += usage_findings(looking.uses, declared, known, where=self.where)
        return Findings.sorted(found, notebooks=looking.notebooks, modules=looking.modules)

    def declared(self, summary: LockDigest | None) -> Declared:
        read = self.manifest or Manifest(has_project=False)
        extras = [item for part in read.extras.values() for item in part]
        groups = [item for part in read.groups.values() for item in part]
        return Declared(
            name=str(canonicalize_name(read.name or "")),
            parts={"default": names_of(read.dependencies), "extra": names_of(extras), "group": names_of(groups)},
            **_describe_lock(self.state),
        )


def _find_dynamic(parsed: Manifest, where: Context) -> tuple[DepError, ...]:
    """Report metadata that only a build provides and that a lock needs."""
    keys = ("dependencies", "optional-dependencies", "requires-python")
    return tuple(manifest.dynamic(key, where) for key in keys if key in parsed.dynamic)


def _check_notebook(notebook: Path, services: Services, context: CommandContext, kernels: Collection[str]) -> Findings:
    try:
        state = load_state(notebook, services, context)
    except DepError as error:
        if error.code in _NAMELESS:
            raise
        return Findings.sorted([Finding.of(error)], notebooks=1)
    belongs = find_project(notebook, services, live_block=context.live_block)
    if belongs.why == "folder":
        folder = _Folder.read(belongs.file, services)
        tree = project_files.find_project_files(belongs.file.parent)
        declared, known = (
            folder.declared(folder.state.summary if folder.state else None),
            _read_providers(folder.state, services),
        )
        target, found = belongs.file, [Finding.of(error) for error in folder.faults]
        name = look.real_path(notebook).relative_to(look.real_path(belongs.file.parent)).as_posix()
    else:
        tree, name = project_files.files_beside(notebook), notebook.name
        known, target = _read_providers(state, services), notebook
        own = state.declaration.dependencies if state.declaration else ()
        declared = Declared(parts={"default": names_of(own)}, **_describe_lock(state))
        found = list(_lock_findings(state, target))
        if state.declaration is None:
            found.append(_report_undeclared(notebook))
    looking = FileScanner(tree=tree, context=context, manifest=None, document=None, target=target)
    if state.notebook is not None:
        found += looking.notebook(state.notebook, name, declared.everything, kernels, own=belongs.why == "own")
    if belongs.why != "none":
        where, whole = {"file": notebook.name}, belongs.why == "own"
        found += usage_findings(looking.uses, declared, known, where=where, target=target, whole=whole)
    return Findings.sorted(found, notebooks=1)


def _report_undeclared(notebook: Path) -> Finding:
    return Finding(
        level="warning",
        code="no-declaration",
        message="the notebook declares nothing, and no folder above it is a project",
        hint=Hint(step("init", "--imports", target=notebook), " declares what it imports"),
        context={"file": notebook.name},
    )


def _lock_findings(state: State, target: Path) -> Iterator[Finding]:
    where, lock = state.project.lock_context, step("lock", target=target)
    if state.lock_error is not None:
        level = "warning" if state.lock_error.code == "foreign-lock" else "error"
        yield Finding.of(state.lock_error, level)  # type: ignore[arg-type]
        return
    declaration, summary = state.declaration, state.summary
    if declaration is None:
        return
    if summary is None:
        if declaration.every_requirement:
            yield Finding(
                level="warning",
                code="unlocked",
                message="the declaration is not locked yet, so others get other versions",
                hint=Hint(lock),
                context=state.project.context,
            )
        return
    if summary.missing_dependencies:
        names = ", ".join(f"`{name}`" for name in summary.missing_dependencies[:5])
        yield Finding(
            level="error",
            code="unmerged-lock",
            message=f"the lock was merged badly: it lacks {names}",
            hint=Hint(lock, " makes a new one, with the versions of both sides"),
            context=where,
        )
    elif not state.lock_answers:
        yield from stale(declaration.canonical(), summary.declaration, lock=lock, where=where)
    yield from other_python(summary, declaration.requires_python, lock=lock, where=where)


def _find_damage(file: Path, services: Services) -> Iterator[Finding]:
    """What is wrong with the lock itself, where its declaration cannot be read as a whole."""
    project = Project.of(file)
    try:
        data = read_write.read_if_there(project.lock, limit=LOCK_LIMIT)
        if data is not None:
            services.lock_cache.digest(data, context=project.lock_context)
    except DepError as error:
        yield Finding.of(error)


def _find_missing(folder: Path, named: Collection[NamedFile], where: Context) -> Iterator[Finding]:
    """Files and folders that the manifest names and that are not there."""
    for one in named:
        outside = one.pattern and (".." in one.path.split("/") or one.path.startswith("/"))
        if outside or not (look.matches(folder, one.path) if one.pattern else look.is_there(folder / one.path)):
            what = "nothing in the folder is like" if one.pattern else "there is no"
            yield Finding(
                level="error",
                code="no-such-file",
                message=f"`{one.key}` names `{one.path}`, and {what} {'that' if one.pattern else 'such file or folder'}",
                hint="correct the name, or make the file",
                context={**where, "key": one.key},
            )


def _describe_lock(state: State | None) -> dict[str, Any]:
    """What of a lock `Declared` takes."""
    if not isinstance(state, LockedState):
        return {}
    data, context = state.lock_data, state.project.lock_context

    def via(name: str) -> tuple[str, ...]:
        return lockfile.read(data, context=context).graph().required_by(name)

    return {"locked": frozenset(state.summary.versions), "kernel": frozenset(state.summary.kernel), "via": via}


def _read_providers(state: State | None, services: Services) -> ModuleProviders:
    """What the project's sealed environment brings, nothing where there is none: reading it starts nothing of it."""
    if not isinstance(state, LockedState):
        return NOTHING
    try:
        selected = select_state_cached(state, services)
    except DepError:
        return NOTHING
    sealed = services.store.sealed(selected.key) if selected else None
    return module_providers(Path(sealed.site)) if sealed else NOTHING
