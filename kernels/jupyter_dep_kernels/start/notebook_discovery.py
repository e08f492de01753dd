"""Which notebook a kernel is started for: front ends tell it in four different ways, or not at all."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FrameType

from jupyter_dep.base.fast_dataclass import frozen_dataclass

NOTEBOOK = "JUPYTER_DEP_NOTEBOOK"
SESSION = "JPY_SESSION_NAME"
OUTER_SESSION = "JUPYTER_DEP_OUTER_SESSION"
"""What `SESSION` was in the kernel that this process was started from: such a name is an heirloom, not an answer."""

KERNEL_NAME = "dep"
_MANY = 200
"""More notebooks than this in one folder are not opened to guess by: it would hold up the start."""


@frozen_dataclass
class NotebookMatch:
    """The notebook, or why it is not known; `cwd` is the folder that the kernel runs in."""

    notebook: Path | None
    cwd: Path
    why: str = ""


@frozen_dataclass
class Engine:
    """What a batch engine knows: the notebook's path, or only its code and the folder that it runs in."""

    notebook: Path | None = None
    folder: Path | None = None
    code: tuple[str, ...] = ()


def find_notebook(
    env: Mapping[str, str],
    cwd: Path,
    *,
    explicit: Path | None = None,
    engine: Engine | None = None,
    inherited: Mapping[str, str] | None = None,
) -> NotebookMatch:
    """The notebook that the kernel belongs to; never raises.

    Asked in turn: `explicit`, `JUPYTER_DEP_NOTEBOOK`, `JPY_SESSION_NAME` (absolute, or relative to `cwd` or a folder
    above it), the batch engine, the only notebook in `cwd` that names this kernel. `inherited` is the environment of
    the process that starts the kernel: a session's name that comes from there belongs to somebody else.
    """
    named = explicit or (Path(env[NOTEBOOK]) if env.get(NOTEBOOK) else None)
    if named is not None:
        return NotebookMatch(notebook=_absolute(named, cwd), cwd=cwd)
    session = env.get(SESSION, "")
    heirlooms = {env.get(OUTER_SESSION, ""), (inherited or {}).get(SESSION, ""), ""}
    if session not in heirlooms:
        notebook = _session(session, cwd)
        if notebook is not None:
            return NotebookMatch(notebook=notebook, cwd=cwd)
    if engine is not None:
        notebook = engine.notebook or _same_code(engine.code, engine.folder or cwd)
        if notebook is not None:
            return NotebookMatch(notebook=_absolute(notebook, cwd), cwd=cwd)
    return _only_one(cwd)


def batch_engine() -> Engine | None:
    """The notebook client up the stack that is starting this kernel, None if a person is.

    nbclient hands over nothing but a folder and papermill not even that, so the stack is all there is. Call it before
    the first `await`.
    """
    for frame in _frames():
        client = frame.f_locals.get("self")
        if any(base.__name__ == "NotebookClient" for base in type(client).__mro__):
            engine = _client(client)
            if engine.notebook is not None:
                return engine
            return next((outer for outer in map(_command, _frames(frame)) if outer), engine)
    return None


def _frames(frame: FrameType | None = None) -> Iterator[FrameType]:
    frame = frame or sys._getframe(1)
    while frame is not None:
        yield frame
        frame = frame.f_back


def _command(frame: FrameType) -> Engine | None:
    path = frame.f_locals.get("input_path")
    if frame.f_globals.get("__name__") == "nbclient.cli" and isinstance(path, Path):
        return Engine(notebook=path.absolute())
    return None


def _client(client: object) -> Engine:
    try:
        book = client.nb  # type: ignore[attr-defined]
        about = dict(client.resources.get("metadata", {}))  # type: ignore[attr-defined]
        folder = Path(about["path"]).absolute() if about.get("path") else None
        given = dict(book.metadata.get("papermill", {})).get("input_path")
        if isinstance(given, str) and Path(given).is_file():
            return Engine(notebook=Path(given).absolute())
        # nbconvert gives the file's name without its ending
        if about.get("name") and folder is not None and (folder / f"{about['name']}.ipynb").is_file():
            return Engine(notebook=folder / f"{about['name']}.ipynb")
        code = tuple(str(cell.source) for cell in book.cells if cell.cell_type == "code")
    except (AttributeError, KeyError, TypeError, ValueError):
        return Engine()
    return Engine(folder=folder, code=code)


def _absolute(path: Path, cwd: Path) -> Path:
    return Path(os.path.normpath(cwd / path.expanduser()))


def _session(name: str, cwd: Path) -> Path | None:
    """A session may belong to a console: only a notebook that is on disk counts."""
    if not name.endswith(".ipynb"):
        return None
    path = Path(name)
    if path.is_absolute():
        return path if path.is_file() else None
    # older servers give the path below their root folder, which is at or above the kernel's folder
    places = [cwd / path, cwd / path.name, *(above / path for above in cwd.parents)]
    return next((_absolute(place, cwd) for place in places if place.is_file()), None)


def _notebooks(folder: Path) -> dict[Path, Mapping[str, object]]:
    try:
        paths = sorted(folder.glob("*.ipynb"))
    except OSError:
        return {}
    books: dict[Path, Mapping[str, object]] = {}
    for path in paths[:_MANY]:
        try:
            book = json.loads(path.read_bytes())
        except (OSError, ValueError):
            continue
        if isinstance(book, dict):
            books[path] = book
    return books


def _code(book: Mapping[str, object]) -> tuple[str, ...]:
    cells = book.get("cells")
    return tuple(
        "".join(cell.get("source", ""))
        for cell in (cells if isinstance(cells, list) else [])
        if isinstance(cell, dict) and cell.get("cell_type") == "code"
    )


def _same_code(code: tuple[str, ...], folder: Path) -> Path | None:
    if not code:
        return None
    same = [path for path, book in _notebooks(folder).items() if _code(book) == code]
    return same[0] if len(same) == 1 else None


def _names_us(book: Mapping[str, object]) -> bool:
    metadata = book.get("metadata")
    spec = metadata.get("kernelspec") if isinstance(metadata, dict) else None
    return isinstance(spec, dict) and spec.get("name") == KERNEL_NAME


def _only_one(cwd: Path) -> NotebookMatch:
    ours = [path for path, book in _notebooks(cwd).items() if _names_us(book)]
    if len(ours) == 1:
        return NotebookMatch(notebook=ours[0], cwd=cwd)
    many = f"{len(ours)} notebooks of this folder name this kernel" if ours else "no notebook here names this kernel"
    return NotebookMatch(
        notebook=None,
        cwd=cwd,
        why=f"which notebook this kernel belongs to is not known: the front end did not say, and {many} "
        f"(set `{NOTEBOOK}` to its path)",
    )
