"""Cache of what a kernel starts on, valid as long as nothing that the answer rests on has changed.

Most openings are of a notebook that was opened before. The answer then needs neither a parser of requirements nor one of
TOML, whose imports take longer than all the rest: what it rests on is compared, and anything else is looked at anew. The
notebook's block, a folder's `pyproject.toml` and the lock, which others may write, are compared by digest; our own files by
inode, size and time.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_dep import __version__, environment_variables
from jupyter_dep.base.errors import DepError
from jupyter_dep.io.files import look, read_write
from jupyter_dep.io.files.manifest_paths import MANIFEST
from jupyter_dep.io.system.paths import UserPaths, private_folder, require_owned

from .result import Ready

if TYPE_CHECKING:
    from jupyter_dep.io.store.store import Sealed
    from jupyter_dep.operations.project.discovery import ProjectMatch
    from jupyter_dep.services import Services

try:  # hashlib would load OpenSSL first
    from _blake2 import blake2b
except ImportError:
    from hashlib import blake2b

_FORMAT = 2
_VARIABLES = (environment_variables.TRUST, environment_variables.SYSTEM_STORE)


def read_cached_start(notebook: Path, paths: UserPaths, environ: Mapping[str, str]) -> Ready | None:
    """Return the last answer, None if there is none or something that it rests on has changed."""
    try:
        require_owned(paths.store)
        require_owned(paths.state)
        known = read_write.read_cached(_cache_file(notebook, paths))
        if not isinstance(known, dict) or known.get("format") != _FORMAT or known["files"] != look.stamps(known["files"]):
            return None
        ready = Ready(**{**known["ready"], "notes": ()})
        lock = read_write.read_if_there(Path(ready.lock))
        manifest = _read_manifest(known["basis"].get("manifest"))
        if lock is None or known["basis"] != _describe_basis(notebook, read_write.read(notebook), lock, manifest, environ):
            return None
        return ready if look.is_there(Path(ready.python)) else None
    except (DepError, OSError, KeyError, TypeError, ValueError):
        return None


class StartCache:
    """What an answer will rest on, noted before anything is read: what changes meanwhile then makes the note useless.

    `notebook` is a notebook or a folder's `pyproject.toml`; `also` are more files whose change makes the note useless.
    """

    def __init__(self, notebook: Path, services: Services, also: Iterable[Path] = ()) -> None:
        self._notebook, self._services = notebook, services
        paths = services.paths
        history = services.history.file(notebook)
        self._stamps: look.Stamps | None = None
        with suppress(DepError):  # nothing is kept that rests on what cannot be looked at
            self._stamps = look.stamps((history, services.consent.file, paths.state / "pythons.json", *also))

    @classmethod
    def of_owned(cls, notebook: Path, owned: ProjectMatch, services: Services) -> StartCache:
        """For a notebook that may belong to a folder."""
        if owned.file == notebook:
            return cls(notebook, services)
        # a folder that becomes a project nearer to the notebook, or a repository that ends between the two
        between = [place for file in owned.looked[:-1] for place in (file, file.with_name(".git"))]
        return cls(notebook, services, (*between, services.history.file(owned.file)))

    def keep(
        self, ready: Ready, interpreter: str, data: bytes, lock: bytes, manifest: tuple[Path, bytes] | None = None
    ) -> None:
        """Note the answer; `data` and `lock` are the bytes that it was found by, `interpreter` the base Python.

        `manifest` is the folder's that the notebook belongs to.
        """
        seal = self._services.paths.store / "k" / f"{ready.key}.json"
        if ready.notes or ready.base or self._stamps is None:
            return
        try:
            stamps = {**self._stamps, **look.stamps((seal, Path(interpreter)))}
            if stamps[str(seal)] is None:
                return
            basis = _describe_basis(self._notebook, data, lock, manifest, self._services.environ)
            file = _cache_file(self._notebook, self._services.paths)
            private_folder(file.parent)
            read_write.write_state(file, {"format": _FORMAT, "basis": basis, "files": stamps, "ready": asdict(ready)})
        except (DepError, OSError, KeyError, TypeError, ValueError):
            pass  # a full disk must not keep a kernel from starting


def _cache_file(notebook: Path, paths: UserPaths) -> Path:
    name = blake2b(look.path_bytes(look.real_path(notebook)), digest_size=12).hexdigest()
    return paths.state / "openings" / f"{name}.json"


def _read_manifest(known: Any) -> tuple[Path, bytes] | None:
    """A folder's manifest as it is now, where the answer rests on one. Errors: those of reading it."""
    return None if known is None else (Path(known[0]), read_write.read(Path(known[0])))


def _describe_basis(
    notebook: Path, data: bytes, lock: bytes, manifest: tuple[Path, bytes] | None, environ: Mapping[str, str]
) -> dict[str, Any]:
    """Describe what an answer rests on, apart from our own files."""
    return {
        "version": __version__,
        "notebook": str(notebook),
        "block": _digest_declaration(notebook, data),
        "manifest": [str(manifest[0]), _digest_declaration(*manifest)] if manifest is not None else None,
        "lock": blake2b(lock, digest_size=32).hexdigest(),
        "environ": {name: environ.get(name, "") for name in _VARIABLES},
    }


def _digest_declaration(file: Path, data: bytes) -> str:
    """A digest of what could declare something: a manifest's bytes, or every code cell that could hold a block.

    Errors: ValueError, KeyError, TypeError.
    """
    if file.suffix == ".toml":
        return blake2b(data, digest_size=32).hexdigest()
    raw = json.loads(data)
    parts = [str(raw["nbformat"])]
    for cell in raw["cells"]:
        if cell["cell_type"] == "code":
            source = cell["source"]
            text = source if isinstance(source, str) else "".join(source)
            if "///" in text:
                parts.append(text)
    return blake2b(json.dumps(parts).encode(), digest_size=32).hexdigest()


def cache_folder_environment(target: Path, sealed: Sealed, services: Services) -> None:
    """Note that `sealed` answers a folder's lock, if it still does and nothing that it rests on could change unseen."""
    from jupyter_dep.operations.consent.evaluate import trust_of
    from jupyter_dep.operations.environment.local_sources import select_state_cached
    from jupyter_dep.operations.project.state import LockedState, read_state

    try:
        state = read_state(target, services)
        if not isinstance(state, LockedState) or state.name != "fresh" or state.project.folder is None or state.data is None:
            return
        selected = select_state_cached(state, services)
        if selected is None or selected.key != sealed.key:
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
                _make_ready(target, sealed, again.project.lock), selected.interpreter.executable, state.data, state.lock_data
            )
    except (DepError, OSError):
        pass  # it is found the long way again


def _make_ready(target: Path, sealed: Sealed, lock: Path) -> Ready:
    return Ready(
        key=sealed.key, path=sealed.path, python=sealed.python, notebook=str(target), lease=sealed.lock_file, lock=str(lock)
    )
