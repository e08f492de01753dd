"""Match locks to notebooks that were renamed or that took another notebook's name."""

from __future__ import annotations

from pathlib import Path

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.steps import Hint, Placeholder, step
from jupyter_dep.io.files import look, read_write
from jupyter_dep.model.declaration.declaration import Declaration
from jupyter_dep.model.lock.digest import LockDigest
from jupyter_dep.model.lock.lockfile import lock_name
from jupyter_dep.model.notebook.notebook import Notebook
from jupyter_dep.services import Services

from .formats import FOLDER
from .project import LOCK_LIMIT, Project


def lock_for_notebook(project: Project, data: bytes, services: Services) -> tuple[Project, bytes | None]:
    """Return the lock under a notebook's name, unless the notebook is a new one that took the name of a renamed one."""
    try:
        summary = services.lock_cache.digest(data, context=project.lock_context)
    except DepError:
        return project, data
    owner = _find_owner(project, summary)
    if owner is None:
        return project, data
    if services.history.last(owner) is None:
        services.history.rename(project.file, owner)
    return Project(file=project.file, lock=project.lock, owner=owner), None


def _find_owner(project: Project, summary: LockDigest) -> Path | None:
    """Find the renamed notebook that a lock belongs to, if `project` only happens to have the lock's name now.

    That is one without a lock of its own whose file holds a block which the lock answers.
    """
    folder = project.file.parent
    names = set(read_write.list_folder(folder))
    for name in sorted(names):
        if not name.endswith(".ipynb") or name == project.file.name or lock_name(name.removesuffix(".ipynb")) in names:
            continue
        try:
            data = read_write.read_if_there(folder / name)
            declaration = Notebook.parse(data).declaration() if data is not None else None
        except DepError:
            continue
        if declaration is not None and declaration.digest() == summary.declaration_digest:
            return folder / name
    return None


def adopt_orphaned_lock(project: Project, declaration: Declaration, services: Services) -> tuple[Project, bytes | None]:
    """Find the one lock beside a renamed notebook that answers its declaration and that no other notebook claims."""
    digest = declaration.digest()
    found: list[tuple[Path, bytes]] = []
    folder = project.file.parent
    names = read_write.list_folder(folder)
    claimed = {lock_name(name.removesuffix(".ipynb")) for name in names if name.endswith(".ipynb")}
    for name in names:
        if not (name.startswith("pylock.") and name.endswith(".toml")):
            continue
        lock = folder / name
        if name in claimed and not _is_new_notebook(lock, names):
            continue
        try:
            data = read_write.read_if_there(lock, limit=LOCK_LIMIT)
            if data is None:
                continue
            summary = services.lock_cache.digest(data, context={"file": lock.name})
        except DepError:
            continue
        if summary.ours and summary.declaration_digest == digest:
            found.append((lock, data))
    if len(found) != 1:
        return project, None
    _take_over(project, found[0][0], services)
    return Project(file=project.file, lock=project.lock, orphan=found[0][0]), found[0][1]


def _is_new_notebook(lock: Path, names: list[str]) -> bool:
    """True if the notebook matching this lock's file name has no declaration: it reused the name of a renamed notebook."""
    for name in names:
        if name.endswith(".ipynb") and lock_name(name.removesuffix(".ipynb")) == lock.name:
            try:
                data = read_write.read_if_there(lock.with_name(name))
                if data is None or Notebook.parse(data).block is not None:
                    return False
            except DepError:
                return False
    return True


def _take_over(project: Project, orphan: Path, services: Services) -> None:
    """Move the history of a notebook's former name to its new one."""
    if services.history.last(project.file) is not None:
        return
    for former in list(services.history.projects()):
        if former.parent == look.real_path(project.file.parent) and lock_name(former.stem) == orphan.name:
            services.history.rename(former, project.file)


def check_lock_name(project: Project, *, leaving: Path | None = None) -> None:
    """Refuse a name that no lock can hold, or if another notebook of the folder wants its lock's (`a.b.ipynb` and `a_b.ipynb`).

    `leaving` is a notebook that is just being renamed, so that its name is free.
    """
    if project.form is FOLDER:
        return
    try:
        project.file.name.encode()
    except UnicodeEncodeError:
        raise DepError(
            "name-not-text",
            "the notebook's file name is not valid UTF-8",
            hint="rename the notebook with `mv`",
            context=project.context,
        ) from None
    for name in read_write.list_folder(project.file.parent):
        other = project.file.with_name(name)
        if not name.endswith(".ipynb") or name == project.file.name or other == leaving:
            continue
        if lock_name(other.stem) == project.lock.name:
            raise DepError(
                "lock-name-taken",
                f"`{project.file.name}` and `{other.name}` would both be locked in `{project.lock.name}`",
                hint=Hint("rename one of the two notebooks: ", step("mv", Placeholder(name="NEW"))),
                context={"file": project.lock.name},
            )
