"""The short way to a notebook's environment: what opening it found the last time, as long as nothing of it has changed.

Most openings are of a notebook that was opened before. The answer then needs neither a parser of requirements nor one of
TOML, whose imports take longer than all the rest: what it rests on is compared, and anything else is looked at anew. The
notebook's block and the lock, which others may write, are compared by digest; files of ours by inode, size and time.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import __version__
from .errors import DepError
from .io import files
from .io.places import Places, private_folder
from .opening import Opening, Ready

if TYPE_CHECKING:
    from .services import Services

try:  # hashlib would load OpenSSL first
    from _blake2 import blake2b
except ImportError:
    from hashlib import blake2b

_FORMAT = 1
_VARIABLES = ("JUPYTER_DEP_TRUST", "JUPYTER_DEP_SYSTEM_STORE")


def look(notebook: Path | None, cwd: Path, *, reuse_key: str | None = None) -> Opening:
    """What a notebook's kernel runs on, as `operations.opening.look` says it. Never raises."""
    if notebook is not None and reuse_key is None:
        ready = remembered(notebook, Places.of_user(os.environ), os.environ)
        if ready is not None:
            return ready
    from .operations.opening import look as look_anew

    return look_anew(notebook, cwd, reuse_key=reuse_key)


def remembered(notebook: Path, places: Places, environ: Mapping[str, str]) -> Ready | None:
    """The last answer, None where there is none or something that it rests on is not as it was."""
    try:
        known = files.read_state(_file(notebook, places))
        if not isinstance(known, dict) or known.get("format") != _FORMAT or known["files"] != _stamps(known["files"]):
            return None
        ready = Ready(**{**known["ready"], "notes": ()})
        lock = files.read_if_there(Path(ready.lock))
        if lock is None or known["basis"] != _basis(notebook, files.read(notebook), lock, environ):
            return None
        return ready if os.path.exists(ready.python) else None
    except (DepError, OSError, KeyError, TypeError, ValueError):
        return None


class Memory:
    """What an answer will rest on, noted before anything is read: what changes meanwhile then makes the note useless."""

    def __init__(self, notebook: Path, services: Services) -> None:
        self._notebook, self._services = notebook, services
        places = services.places
        history = services.history.file(notebook)
        self._stamps = _stamps((history, services.consent.file, places.state / "pythons.json"))

    def keep(self, ready: Ready, interpreter: str, data: bytes, lock: bytes) -> None:
        """Note the answer; `data` and `lock` are the bytes that it was found by, `interpreter` the base Python."""
        seal = self._services.places.store / "k" / f"{ready.key}.json"
        stamps = {**self._stamps, **_stamps((seal, Path(interpreter)))}
        if ready.notes or ready.starter or stamps[str(seal)] is None:
            return
        try:
            basis = _basis(self._notebook, data, lock, self._services.environ)
            file = _file(self._notebook, self._services.places)
            private_folder(file.parent)
            files.write_state(file, {"format": _FORMAT, "basis": basis, "files": stamps, "ready": asdict(ready)})
        except (DepError, OSError, KeyError, TypeError, ValueError):
            pass  # a full disk must not keep a kernel from starting


def _file(notebook: Path, places: Places) -> Path:
    name = blake2b(os.fsencode(os.path.realpath(notebook)), digest_size=12).hexdigest()
    return places.state / "openings" / f"{name}.json"


def _basis(notebook: Path, data: bytes, lock: bytes, environ: Mapping[str, str]) -> dict[str, Any]:
    """What an answer rests on, but for files of ours."""
    return {
        "version": __version__,
        "notebook": str(notebook),
        "block": _blocks(data),
        "lock": blake2b(lock, digest_size=32).hexdigest(),
        "environ": {name: environ.get(name, "") for name in _VARIABLES},
    }


def _stamps(paths: Iterable[str | Path]) -> dict[str, list[int] | None]:
    """Inode, size and time of files, None for those that are not there."""
    found: dict[str, list[int] | None] = {}
    for path in paths:
        try:
            status = os.stat(path)
            found[str(path)] = [status.st_ino, status.st_size, status.st_mtime_ns]
        except OSError:
            found[str(path)] = None
    return found


def _blocks(data: bytes) -> str:
    """A digest of every code cell that could hold a block. Errors: ValueError, KeyError, TypeError."""
    raw = json.loads(data)
    told = [str(raw["nbformat"])]
    for cell in raw["cells"]:
        if cell["cell_type"] == "code":
            source = cell["source"]
            text = source if isinstance(source, str) else "".join(source)
            if "///" in text:
                told.append(text)
    return blake2b(json.dumps(told).encode(), digest_size=32).hexdigest()
