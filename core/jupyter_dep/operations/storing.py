"""Keeping the store small and sound: what is still needed, what may go, what was damaged."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..io import contents, files
from ..io.store import Sealed
from ..services import Services
from .environments import sealed_starter


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """`removed` keys; `kept` sealed environments that stay; `swept` folders of builders that are gone."""

    removed: tuple[str, ...]
    kept: int
    swept: int = 0
    note: str = ""


def users(services: Services) -> dict[str, list[Path]]:
    """For each environment key the projects that used it among their last, and that still exist."""
    found: dict[str, list[Path]] = {}
    for project, keys in services.history.projects():
        if project.exists():
            for key in keys:
                found.setdefault(key, []).append(project)
    return found


def collect(services: Services, *, dry_run: bool = False) -> Collected:
    """Remove environments that no existing project used last and that no process runs on. The clock plays no part."""
    store = services.store
    everything = store.all()
    if store.on_network():
        return Collected(
            removed=(),
            kept=len(everything),
            note="the store is on a network file system, where another machine may be using it: nothing is collected",
        )
    needed = set(users(services))
    if (starter := sealed_starter(services)) is not None:
        needed.add(starter.key)
    removed = []
    for sealed in everything:
        if sealed.key not in needed and (dry_run or store.remove(sealed)):
            removed.append(sealed.key)
    swept = 0 if dry_run else store.sweep()
    return Collected(removed=tuple(removed), kept=len(everything) - len(removed), swept=swept)


def verify(sealed: Sealed, services: Services, *, full: bool = False) -> dict[str, list[str]]:
    """The check behind a start: if names, sizes or times changed, withdraw the seal and drop the cache's copies.

    `full`: every file's hash, too. Gives the changed files by distribution; the next start builds the environment anew
    and says why.
    """
    changed = services.store.changed(sealed)
    if not changed and not (full and contents.damaged(Path(sealed.path), Path(sealed.site))):
        return {}
    damaged = services.store.quarantine(sealed)
    if damaged:
        services.engine.forget(sorted(damaged))
    files.write_state(_report(sealed.key, services), sorted(damaged))
    return damaged or {"": ["files were added, removed or touched"]}


def _report(key: str, services: Services) -> Path:
    return services.places.state / "withdrawn" / f"{key}.json"


def withdrawn(key: str, services: Services) -> str | None:
    """Why the environment of a key is built anew, told once."""
    file = _report(key, services)
    names = files.read_state(file)
    if names is None:
        return None
    file.unlink(missing_ok=True)
    what = f" of {', '.join(names)}" if names else ""
    return f"files{what} in the environment had been changed since it was built, so it was withdrawn and built anew"
