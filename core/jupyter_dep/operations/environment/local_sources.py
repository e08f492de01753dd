"""Installable local sources: the project itself and its path dependencies, which have no artifact hash.

They are used where they lie or built from it, so the environment's key holds what their `pyproject.toml` says (an editable
one), or every byte of theirs (one that is built).
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.io.files import look, read_write
from jupyter_dep.io.files.manifest_paths import MANIFEST
from jupyter_dep.io.files.tree_digest import tree_digest
from jupyter_dep.model.lock.digest import LockDigest
from jupyter_dep.model.lock.keys import environment_key
from jupyter_dep.model.lock.select import DEFAULT_SELECTION, Artifact, Selection
from jupyter_dep.operations.consent.build_backend import build_backend_scope
from jupyter_dep.operations.project.state import LockedState, State
from jupyter_dep.services import Services

from .select import Selected, select_cached, select_for


@frozen_dataclass
class InstallSelection:
    """Which part of a folder's lock its environment holds, as last installed. `root`: the project itself, too."""

    choice: Selection = DEFAULT_SELECTION
    root: bool = True

    def as_json(self) -> dict[str, Any]:
        """The selection as it is remembered."""
        return asdict(self)

    @classmethod
    def from_json(cls, raw: Any) -> InstallSelection:
        """Read a remembered selection, the default if it cannot be read."""
        try:
            known = raw["choice"]
            groups = known["groups"]
            choice = Selection(
                extras=tuple(known["extras"]),
                groups=tuple(groups) if groups is not None else None,
                default=bool(known["default"]),
                kernel=bool(known["kernel"]),
            )
            return cls(choice=choice, root=bool(raw["root"]))
        except (KeyError, TypeError):
            return cls()


def install_selection(state: State, services: Services) -> InstallSelection:
    """Return what was last chosen for a folder."""
    return InstallSelection.from_json(services.history.installed(state.project.file))


def select_state(state: LockedState, services: Services, *, chosen: InstallSelection | None = None) -> Selected:
    """Select what a project's lock installs here, with all that its folder adds.

    `chosen` replaces what was chosen last. Errors: `no-matching-python`, `not-installable-here`, `no-such-folder`.
    """
    return select_lock(state, state.lock_data, state.summary, services, chosen=chosen)


def select_lock(
    state: State, data: bytes, summary: LockDigest, services: Services, *, chosen: InstallSelection | None = None
) -> Selected:
    """The same for a lock that may be another than the one that was read."""
    context = state.project.lock_context if data == state.lock_data else state.project.context
    if state.project.folder is None:
        return select_for(data, summary, services, context=context)
    chosen = chosen or install_selection(state, services)
    selected = select_for(data, summary, services, context=context, choice=chosen.choice)
    return _add_folders(selected, state, chosen, services)


def select_state_cached(state: LockedState, services: Services) -> Selected | None:
    """The same as `select_state` without a search for Pythons: None where none of the lock's minor is remembered."""
    context = state.project.lock_context
    if state.project.folder is None:
        return select_cached(state.lock_data, state.summary, services, context=context)
    chosen = install_selection(state, services)
    selected = select_cached(state.lock_data, state.summary, services, context=context, choice=chosen.choice)
    return _add_folders(selected, state, chosen, services) if selected is not None else None


def _add_folders(selected: Selected, state: State, chosen: InstallSelection, services: Services) -> Selected:
    """A selection with its folders at whole paths, and with the project itself.

    The project is a part only where it has a build system and its build is allowed (`build_backend_scope`).
    """
    folder = state.project.folder
    if folder is None:
        return selected
    artifacts = [_locate_folder(item, folder) if item.kind == "directory" else item for item in selected.artifacts]
    root = project_artifact(state) if chosen.root else None
    if root is not None and not services.consent.missing([build_backend_scope(folder)]):
        artifacts.append(root)
    if artifacts == list(selected.artifacts):
        return selected
    artifacts.sort(key=lambda item: item.name)
    key = environment_key(artifacts, selected.interpreter.identity)
    return replace(selected, key=key, artifacts=tuple(artifacts))


def project_artifact(state: State) -> Artifact | None:
    """Return the project itself as an editable artifact, None if it has no build system."""
    folder = state.project.folder
    manifest = state.manifest
    if folder is None or manifest is None or manifest.name is None:
        return None
    if manifest.build_system is None or not manifest.package:
        return None
    path = str(look.real_path(folder))
    return Artifact(
        name=str(canonicalize_name(manifest.name)),
        version="",
        kind="directory",
        filename="",
        url=path,
        sha256=manifest_digest(path, state.block or ""),
        editable=True,
    )


def _locate_folder(item: Artifact, folder: Path) -> Artifact:
    """Resolve a locked folder to its whole path, with the digest of what it is built from."""
    path = look.joined_path(folder, item.url)
    if not look.is_folder(path):
        raise DepError(
            "no-such-folder",
            f"`{item.name}` is locked as the folder `{item.url}`, which is not there",
            hint="check it out beside this project, or declare the package from an index",
            context={"package": item.name, "file": str(path)},
        )
    if not item.editable:
        return replace(item, url=str(path), sha256=tree_digest(path))
    data = read_write.read_if_there(path / MANIFEST) or b""
    return replace(item, url=str(path), sha256=manifest_digest(str(path), data.decode("utf-8", "replace")))


def manifest_digest(folder: str, manifest: str) -> str:
    """A digest of the path and of all that its `pyproject.toml` says, comments and order aside."""
    try:
        content: Any = tomllib.loads(manifest)
    except tomllib.TOMLDecodeError:
        content = manifest
    text = json.dumps([folder, content], sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
