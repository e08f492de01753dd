"""Finds the notebook that a kernel is started for.

Jupyter does not tell a kernel or its provisioner which notebook it belongs to (jupyter_client#1055), and batch tools set
no session name either (nbconvert#2213). Front ends pass the path in four different ways, or not at all.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FrameType

from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.environment_variables import NOTEBOOK, OUTER_SESSION
from jupyter_dep.io.system.paths import expand_home

SESSION = "JPY_SESSION_NAME"

KERNEL_NAME = "dep"
_MOST_READ = 200
"""The most notebooks of a folder that are read to find the right one: more would delay the start."""


@frozen_dataclass
class NotebookMatch:
    """The notebook, or `why` it is not known; `cwd` is the folder that the kernel runs in."""

    notebook: Path | None
    cwd: Path
    why: str = ""


@frozen_dataclass
class BatchRun:
    """What a batch tool knows: the notebook's path, or only its code and the folder that it runs in."""

    notebook: Path | None = None
    folder: Path | None = None
    code: tuple[str, ...] = ()


def find_notebook(
    env: Mapping[str, str],
    cwd: Path,
    *,
    explicit: Path | None = None,
    batch: BatchRun | None = None,
    inherited: Mapping[str, str] | None = None,
) -> NotebookMatch:
    """Find the notebook that the kernel belongs to; never raises.

    In this order: `explicit`, `JUPYTER_DEP_NOTEBOOK`, `JPY_SESSION_NAME` (absolute, or relative to `cwd` or a folder
    above it), the batch run, the only notebook in `cwd` that names this kernel. `inherited` are the variables of the
    process that starts the kernel: a session name that comes from there belongs to another notebook.
    """
    named = explicit or (Path(env[NOTEBOOK]) if env.get(NOTEBOOK) else None)
    if named is not None:
        return NotebookMatch(notebook=_absolute(named, cwd), cwd=cwd)
    session = env.get(SESSION, "")
    inherited_names = {env.get(OUTER_SESSION, ""), (inherited or {}).get(SESSION, ""), ""}
    if session not in inherited_names:
        notebook = _find_session(session, cwd)
        if notebook is not None:
            return NotebookMatch(notebook=notebook, cwd=cwd)
    if batch is not None:
        notebook = batch.notebook or _find_same_code(batch.code, batch.folder or cwd)
        if notebook is not None:
            return NotebookMatch(notebook=_absolute(notebook, cwd), cwd=cwd)
    return _find_only_one(cwd)


def find_batch_run() -> BatchRun | None:
    """Find the notebook client that starts this kernel, None if a front end does.

    nbclient passes only a folder and papermill not even that, so the client is looked up among the callers' frames, until
    one of the upstream issues named above is resolved. Call it before the first `await`.
    """
    for frame in _iter_frames():
        client = frame.f_locals.get("self")
        if any(base.__name__ == "NotebookClient" for base in type(client).__mro__):
            batch = _read_client(client)
            if batch.notebook is not None:
                return batch
            return next((outer for outer in map(_read_command, _iter_frames(frame)) if outer), batch)
    return None


def _iter_frames(frame: FrameType | None = None) -> Iterator[FrameType]:
    frame = frame or sys._getframe(1)
    while frame is not None:
        yield frame
        frame = frame.f_back


def _read_command(frame: FrameType) -> BatchRun | None:
    path = frame.f_locals.get("input_path")
    if frame.f_globals.get("__name__") == "nbclient.cli" and isinstance(path, Path):
        return BatchRun(notebook=path.absolute())
    return None


def _read_client(client: object) -> BatchRun:
    try:
        book = client.nb  # type: ignore[attr-defined]
        metadata = dict(client.resources.get("metadata", {}))  # type: ignore[attr-defined]
        folder = Path(metadata["path"]).absolute() if metadata.get("path") else None
        input_path = dict(book.metadata.get("papermill", {})).get("input_path")
        if isinstance(input_path, str) and Path(input_path).is_file():
            return BatchRun(notebook=Path(input_path).absolute())
        # nbconvert passes the file's name without its suffix
        if metadata.get("name") and folder is not None and (folder / f"{metadata['name']}.ipynb").is_file():
            return BatchRun(notebook=folder / f"{metadata['name']}.ipynb")
        code = tuple(str(cell.source) for cell in book.cells if cell.cell_type == "code")
    except (AttributeError, KeyError, TypeError, ValueError):
        return BatchRun()
    return BatchRun(folder=folder, code=code)


def _absolute(path: Path, cwd: Path) -> Path:
    return Path(os.path.normpath(cwd / expand_home(str(path))))


def _find_session(name: str, cwd: Path) -> Path | None:
    """Find the notebook of a session name; the session of a console has no such file."""
    if not name.endswith(".ipynb"):
        return None
    path = Path(name)
    if path.is_absolute():
        return path if path.is_file() else None
    # older servers pass the path below their root folder, which is at or above the kernel's folder
    candidates = [cwd / path, cwd / path.name, *(above / path for above in cwd.parents)]
    return next((_absolute(place, cwd) for place in candidates if place.is_file()), None)


def _read_notebooks(folder: Path) -> dict[Path, Mapping[str, object]]:
    try:
        paths = sorted(folder.glob("*.ipynb"))
    except OSError:
        return {}
    books: dict[Path, Mapping[str, object]] = {}
    for path in paths[:_MOST_READ]:
        try:
            book = json.loads(path.read_bytes())
        except (OSError, ValueError):
            continue
        if isinstance(book, dict):
            books[path] = book
    return books


def _read_code(book: Mapping[str, object]) -> tuple[str, ...]:
    cells = book.get("cells")
    return tuple(
        "".join(cell.get("source", ""))
        for cell in (cells if isinstance(cells, list) else [])
        if isinstance(cell, dict) and cell.get("cell_type") == "code"
    )


def _find_same_code(code: tuple[str, ...], folder: Path) -> Path | None:
    if not code:
        return None
    same = [path for path, book in _read_notebooks(folder).items() if _read_code(book) == code]
    return same[0] if len(same) == 1 else None


def _names_this_kernel(book: Mapping[str, object]) -> bool:
    metadata = book.get("metadata")
    spec = metadata.get("kernelspec") if isinstance(metadata, dict) else None
    return isinstance(spec, dict) and spec.get("name") == KERNEL_NAME


def _find_only_one(cwd: Path) -> NotebookMatch:
    found = [path for path, book in _read_notebooks(cwd).items() if _names_this_kernel(book)]
    if len(found) == 1:
        return NotebookMatch(notebook=found[0], cwd=cwd)
    count = f"{len(found)} notebooks in this folder use this kernel" if found else "no notebook in this folder uses it"
    return NotebookMatch(
        notebook=None,
        cwd=cwd,
        why=f"cannot determine this kernel's notebook: the front end did not pass its path, and {count} "
        f"(set `{NOTEBOOK}` to the path)",
    )
