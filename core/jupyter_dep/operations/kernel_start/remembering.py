"""Noting what a command in a folder runs in, so that the next one finds it without looking at everything again."""

from __future__ import annotations

from pathlib import Path

from jupyter_dep.base.errors import DepError
from jupyter_dep.io.files.ancestry import MANIFEST
from jupyter_dep.io.store.store import Sealed
from jupyter_dep.operations.consent.evaluate import trust_of
from jupyter_dep.operations.environment.local_sources import select_state
from jupyter_dep.operations.project.state import read_state
from jupyter_dep.services import Services

from .cache import StartCache
from .result import Ready


def cache_folder_environment(target: Path, sealed: Sealed, services: Services) -> None:
    """Note that `sealed` answers a folder's lock, if it still does and nothing that it rests on could change unseen."""
    try:
        state = read_state(target, services)
        if state.project.folder is None or state.name != "fresh" or state.data is None or state.lock_data is None:
            return
        selected = select_state(state, services, search=False)
        if selected is None or selected.key != sealed.key or state.summary is None:
            return
        folders = [item for item in selected.artifacts if item.kind == "directory"]
        if not all(item.editable for item in folders):
            return  # every file of one that is built is a part of the key
        memory = StartCache(target, services, [Path(item.url) / MANIFEST for item in folders])
        # only now, with the notes taken, does what was read count
        again = read_state(target, services)
        if (again.data, again.lock_data) != (state.data, state.lock_data):
            return
        trusted = trust_of(state.summary, target, services, [item for item in selected.artifacts if item not in folders])
        if trusted.given:
            memory.keep(
                _ready(target, sealed, again.project.lock), selected.interpreter.executable, state.data, state.lock_data
            )
    except (DepError, OSError):
        pass  # it is found the long way again


def _ready(target: Path, sealed: Sealed, lock: Path) -> Ready:
    return Ready(
        key=sealed.key, path=sealed.path, python=sealed.python, notebook=str(target), lease=sealed.lease, lock=str(lock)
    )
