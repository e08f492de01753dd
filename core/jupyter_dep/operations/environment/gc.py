"""Garbage collection and integrity of the store: which environments are used, which may be removed, which are damaged."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.io.files import look, read_write
from jupyter_dep.io.state.history import ProjectUse
from jupyter_dep.io.store import record_check
from jupyter_dep.io.store.store import Sealed
from jupyter_dep.io.system.disk import measure
from jupyter_dep.io.system.presence import Presence
from jupyter_dep.operations.project.project import Project
from jupyter_dep.operations.project.state import LockedState, read_state
from jupyter_dep.services import Services

from .base_environment import base_environment_key


@frozen_dataclass
class GcResult:
    """What a collection did: `removed` keys; `kept` sealed environments that stay; `swept` folders of builders that are gone.

    `unreachable` are the projects that cannot be looked at, such as those of a home that is not mounted: they use what they
    used last.
    """

    removed: tuple[str, ...]
    kept: int
    swept: int = 0
    note: str = ""
    unreachable: tuple[Path, ...] = ()


def users(services: Services) -> dict[str, list[Path]]:
    """For each environment key the projects that used it among their last, and that are not known to be gone.

    Errors: `damaged-state`, and those of reading what is remembered: what cannot be looked at is in use.
    """
    return _by_key(services.history.uses())


def _by_key(uses: Iterable[ProjectUse]) -> dict[str, list[Path]]:
    found: dict[str, list[Path]] = {}
    for use in uses:
        if use.presence is not Presence.ABSENT:
            for key in use.environments:
                found.setdefault(key, []).append(use.project)
    return found


def collect(services: Services, *, dry_run: bool = False) -> GcResult:
    """Remove environments that no existing project used last and that no process runs on. Age is not considered.

    Errors: those of `users`, of the store's seals and of the base environment's record; nothing is removed before all of
    them were read.
    """
    store = services.store
    everything = store.claimed()
    if store.on_network():
        return GcResult(
            removed=(),
            kept=len(everything),
            note="the store is on a network file system, where another machine may be using it: nothing is collected",
        )
    mark = services.history.fingerprint()
    uses = tuple(services.history.uses())
    needed = set(_by_key(uses))
    if (base := base_environment_key(services)) is not None:
        needed.add(base)
    removed = []

    def is_needed(key: str) -> bool:
        """Whether a project has begun to use it since: asked while the environment is held, see `build.record_use`."""
        nonlocal mark
        if (now := services.history.fingerprint()) != mark:
            mark = now
            needed.update(users(services))
        return key in needed

    for sealed in everything:
        if sealed.key not in needed and (dry_run or store.remove(sealed, unless=partial(is_needed, sealed.key))):
            removed.append(sealed.key)
    swept = 0 if dry_run else store.sweep()
    unreachable = tuple(use.project for use in uses if use.environments and use.presence is Presence.UNKNOWN)
    return GcResult(removed=tuple(removed), kept=len(everything) - len(removed), swept=swept, unreachable=unreachable)


@frozen_dataclass
class ProjectEnvironment:
    """One environment of a project: whether it is the one of what is `locked` now, and which `others` use it."""

    sealed: Sealed
    locked: bool
    others: tuple[Path, ...] = ()


def of_project(target: Path, services: Services) -> tuple[ProjectEnvironment, ...]:
    """The environments that a project used last and that are still there, the newest first. Errors: those of reading it."""
    current = locked_key(target, services)
    keys = dict.fromkeys([*([current] if current else []), *reversed(services.history.environments(target))])
    used = users(services)
    here = look.real_path(target)
    found = []
    for key in keys:
        sealed = services.store.sealed(key)
        if sealed is not None:
            others = tuple(path for path in used.get(key, ()) if path != here)
            found.append(ProjectEnvironment(sealed=sealed, locked=key == current, others=others))
    return tuple(found)


def locked_key(target: Path, services: Services) -> str | None:
    """The key of what is locked now, None where that is not known without a search."""
    from .local_sources import select_state_cached

    state = read_state(target, services)
    if not isinstance(state, LockedState):
        return None
    try:
        selected = select_state_cached(state, services)
    except DepError:  # what does not fit this machine has no environment here
        return None
    return selected.key if selected is not None else None


@frozen_dataclass
class RemoveResult:
    """What a removal did: `freed` bytes are those that nothing else shares; `kept` pairs an environment that stays with why."""

    removed: tuple[Sealed, ...] = ()
    freed: int = 0
    kept: tuple[tuple[Sealed, str], ...] = ()


def remove_environments(target: Path, services: Services, *, dry_run: bool = False) -> RemoveResult:
    """Remove a project's environments, but for those that another project uses or that a process runs on."""
    base = base_environment_key(services)
    network = services.store.on_network()
    removed, kept, freed = [], [], 0
    for held in of_project(target, services):
        why = ""
        if held.others:
            why = "used by " + ", ".join(Project.of(path).title for path in held.others[:3])
        elif held.sealed.key == base:
            why = "kernels of notebooks without a lock start on it"
        elif network:
            why = "the store is on a network file system, where another machine may be using it"
        elif not Path(held.sealed.path).is_relative_to(services.store.root):
            why = "it belongs to this machine's shared store"
        if not why:
            size = measure(Path(held.sealed.path)).alone
            if not dry_run and not services.store.remove(held.sealed):
                why = "a process runs on it"
            else:
                removed.append(held.sealed)
                freed += size
        if why:
            kept.append((held.sealed, why))
    return RemoveResult(removed=tuple(removed), freed=freed, kept=tuple(kept))


def verify(sealed: Sealed, services: Services, *, hashes: record_check.FileHashes | None = None) -> dict[str, list[str]]:
    """Check an environment behind a start: if names, sizes or times changed, withdraw the seal and drop the cache's copies.

    `hashes`: compare every file's hash, too. Gives the changed files by distribution; the next start builds the environment
    anew and says why.
    """
    changed = services.store.has_changed(sealed)
    if not changed and (hashes is None or not record_check.find_damaged(Path(sealed.path), Path(sealed.site), hashes)):
        return {}
    damaged = services.store.quarantine(sealed, hashes)
    if damaged:
        services.engine.forget(sorted(damaged))
    read_write.write_state(_report_file(sealed.key, services), sorted(damaged))
    return damaged or {"": ["files were added, removed or touched"]}


def _report_file(key: str, services: Services) -> Path:
    return services.paths.state / "withdrawn" / f"{key}.json"


def pop_integrity_report(key: str, services: Services) -> str | None:
    """Return once why the environment of a key is built again."""
    file = _report_file(key, services)
    names = read_write.read_cached(file)
    if names is None:
        return None
    read_write.remove(file)
    what = f" of {', '.join(names)}" if names else ""
    return f"files{what} in the environment had been changed since it was built, so it was withdrawn and built again"
