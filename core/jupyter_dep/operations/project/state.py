"""State of a notebook's or folder's project: its declaration, its lock, and how the two agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.base.steps import Hint, step
from jupyter_dep.io.files import read_write
from jupyter_dep.io.state.history import Pending
from jupyter_dep.model.declaration import script_block
from jupyter_dep.model.declaration.declaration import Declaration
from jupyter_dep.model.declaration.rebase import rebase_edit
from jupyter_dep.model.lock.digest import LockDigest, problem
from jupyter_dep.model.notebook.notebook import Notebook
from jupyter_dep.services import Services

from .formats import FOLDER, INLINE, DeclarationFormat, decode_text
from .project import LOCK_LIMIT, Project
from .rename_tracking import adopt_orphaned_lock, lock_for_notebook

if TYPE_CHECKING:
    from jupyter_dep.model.manifest.manifest import Manifest

StateName = Literal["none", "unlocked", "stale", "pending", "unmerged", "invalid", "fresh"]


@frozen_dataclass
class ProjectState:
    """A project's declaration as it was read, once.

    `block` is the block that counts (a front end's live one, a pending edit's, or the file's), `base` the one in the file;
    a folder's is its whole `pyproject.toml`. `data` is None without a file, `notebook` for a folder.
    """

    project: Project
    data: bytes | None
    notebook: Notebook | None
    base: str | None
    block: str | None
    live: bool
    pending: Pending | None
    declaration: Declaration | None

    @property
    def manifest(self) -> Manifest | None:
        """A folder's manifest as it was read, None for a notebook."""
        if self.project.folder is None or self.block is None:
            return None
        from jupyter_dep.model.manifest.manifest import parse

        return parse(self.block, context=self.project.context)


@frozen_dataclass
class LockedState(ProjectState):
    """A project with a lock that can be read, whether it answers the declaration or not."""

    lock_data: bytes
    summary: LockDigest

    @property
    def lock_error(self) -> None:
        """Nothing is wrong with the lock."""
        return None

    @property
    def name(self) -> StateName:
        """How declaration and lock agree."""
        if self.declaration is None:
            return "none"
        if self.summary.missing_dependencies:
            return "unmerged"
        if self.summary.declaration_digest != self.declaration.digest():
            return "stale"
        return "pending" if self.pending is not None else "fresh"

    @property
    def lock_answers(self) -> bool:
        """Whether the lock is that of the declaration."""
        return self.name in ("fresh", "pending")

    def lacking(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Requirements that are declared but not locked, and locked but no longer declared."""
        wanted = set(_list_requirements(self.declaration.canonical())) if self.declaration else set()
        locked = set(_list_requirements(self.summary.declaration))
        return tuple(sorted(wanted - locked)), tuple(sorted(locked - wanted))


@frozen_dataclass
class UnlockedState(ProjectState):
    """A project without a lock that can be read: there is none, or `lock_error` says what is wrong with `lock_data`."""

    lock_data: bytes | None
    lock_error: DepError | None

    @property
    def summary(self) -> None:
        """Nothing to summarize without a lock."""
        return None

    @property
    def name(self) -> StateName:
        """What keeps the project from being locked."""
        if self.lock_error is not None:
            return problem(self.lock_error)  # type: ignore[return-value]
        return "none" if self.declaration is None else "unlocked"

    @property
    def lock_answers(self) -> bool:
        """Whether the lock is that of the declaration."""
        return False

    def lacking(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Requirements that are declared, none of which is locked, and nothing that is locked."""
        wanted = set(_list_requirements(self.declaration.canonical())) if self.declaration else set()
        return tuple(sorted(wanted)), ()


State = LockedState | UnlockedState


def _list_requirements(canonical: Mapping[str, object]) -> list[str]:
    found = canonical.get("dependencies", [])
    return [str(item) for item in found] if isinstance(found, list | tuple) else []


def read_state(notebook: Path, services: Services, *, live_block: str | None = None, orphans: bool = True) -> State:
    """Read a project's file, its lock and what is remembered of it; starts no program and writes nothing in the project.

    `notebook` is a notebook or a folder's `pyproject.toml`. Errors: those of the file and of its declaration. An unreadable
    lock is not an error here but `lock_error`.
    """
    project = Project.of(notebook)
    if project.form is FOLDER:
        return _read_folder(project, services)
    data = read_write.read_if_there(notebook)
    parsed = parsed_notebook(data, notebook.name) if data is not None else None
    base = parsed.block.source if parsed and parsed.block else None
    pending = None if live_block is not None else _read_pending(project, base, services)
    block = live_block if live_block is not None else pending.wanted if pending else base
    if block is None:
        declaration = None
    elif parsed is not None and block == base:
        declaration = parsed.declaration()
    else:
        declaration = script_block.parse(block, context=project.context)
    lock_data = read_write.read_if_there(project.lock, limit=LOCK_LIMIT)
    if lock_data is None and declaration is not None and orphans:
        project, lock_data = adopt_orphaned_lock(project, declaration, services)
    if lock_data is not None and base is None and data is not None and live_block is None:
        project, lock_data = lock_for_notebook(project, lock_data, services)
        if project.owner is not None:
            pending, block, declaration = None, None, None
    declared = ProjectState(
        project=project,
        data=data,
        notebook=parsed,
        base=base,
        block=block,
        live=live_block is not None,
        pending=pending,
        declaration=declaration,
    )
    return _add_lock(declared, lock_data, services)


@lru_cache(maxsize=1)
def parsed_notebook(data: bytes, name: str) -> Notebook:
    """Parse a notebook; the last one is cached, since its project and its state are read one after the other."""
    return Notebook.parse(data, context={"file": name})


def _read_folder(project: Project, services: Services) -> State:
    data = read_write.read_if_there(project.file)
    text = decode_text(data, context=project.context) if data is not None else None
    lock_data = read_write.read_if_there(project.lock, limit=LOCK_LIMIT)
    declared = ProjectState(
        project=project,
        data=data,
        notebook=None,
        base=text,
        block=text,
        live=False,
        pending=None,
        declaration=FOLDER.declaration(text, context=project.context) if text is not None else None,
    )
    return _add_lock(declared, lock_data, services)


def _add_lock(declared: ProjectState, lock_data: bytes | None, services: Services) -> State:
    """The state with what its lock's bytes say."""
    known = {name: getattr(declared, name) for name in ProjectState.__dataclass_fields__}
    if lock_data is None:
        return UnlockedState(**known, lock_data=None, lock_error=None)
    try:
        summary = services.lock_cache.digest(lock_data, context=declared.project.lock_context)
    except DepError as error:
        return UnlockedState(**known, lock_data=lock_data, lock_error=error)
    if not summary.ours:
        return UnlockedState(**known, lock_data=lock_data, lock_error=foreign_lock(declared.project))
    return LockedState(**known, lock_data=lock_data, summary=summary)


def foreign_lock(project: Project) -> DepError:
    """The refusal to use or replace another tool's lock."""
    return DepError(
        "foreign-lock",
        f"`{project.lock.name}` was written by another tool, so it is neither used nor overwritten",
        hint=Hint(step("lock", "--overwrite", target=project.file), " replaces it"),
        context={"file": project.lock.name},
    )


def _read_pending(project: Project, base: str | None, services: Services) -> Pending | None:
    """Read the pending edit, rebased on the file; it is dropped once the file carries it or contradicts it."""
    pending = services.history.pending(project.file)
    if pending is None or (base is not None and _is_unreadable(base)):
        return None  # a syntax error in the block must not drop the pending edit
    if same_block(base, pending.wanted):
        services.history.set_pending(project.file, None)
        return None
    if same_block(base, pending.base):
        return pending
    wanted = rebase_edit(base, pending.base, pending.wanted) if pending.wanted is not None else None
    rebased = Pending(base=base, wanted=wanted) if wanted is not None else None
    services.history.set_pending(project.file, rebased)
    return rebased


def same_block(one: str | None, other: str | None, form: DeclarationFormat = INLINE) -> bool:
    """Whether two declarations may stand for each other; None is none."""
    if one is None or other is None:
        return one is other
    return form.same(one, other)


def _is_unreadable(block: str) -> bool:
    try:
        script_block.parse(block)
    except DepError:
        return True
    return False


def require_locked(state: State, names: Sequence[str]) -> None:
    """Refuse names that are not in the lock. Errors: `not-locked`."""
    from difflib import get_close_matches

    from packaging.utils import canonicalize_name

    locked = state.summary.versions if state.summary else {}
    for name in names:
        if canonicalize_name(name) not in locked:
            near = get_close_matches(canonicalize_name(name), locked, 3)
            raise DepError(
                "not-locked",
                f"`{name}` is not in the lock",
                hint=f"did you mean {' or '.join(f'`{other}`' for other in near)}?" if near else "`show` lists what is",
                context=state.project.context,
            )
