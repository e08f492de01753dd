"""Input options and result type shared by all commands that change a project."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import field
from pathlib import Path

from jupyter_dep.base.errors import DepError, StaleError, UsageError
from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.base.progress import CancelToken, Reporter, silent
from jupyter_dep.base.steps import NAME, Hint, Text, step
from jupyter_dep.io.store.store import Sealed
from jupyter_dep.io.system.os_errors import explain_os_error
from jupyter_dep.model.lock.diff import Change
from jupyter_dep.model.lock.digest import LockDigest
from jupyter_dep.model.lock.select import Artifact
from jupyter_dep.services import Services

from .state import LockedState, State, read_state

KERNEL_NAME = "dep"
KERNEL_DISPLAY = "Python (dep)"


@frozen_dataclass
class CommandContext:
    """Where a command comes from, its options, and how its progress is reported.

    `environment` is the key that the calling kernel runs on (None: another kernel). `live_block` is a front end's block,
    `in_kernel` that the file belongs to an editor and is not written. `command` is the line for the history.
    """

    command: str = ""
    environment: str | None = None
    from_cell: bool = False
    in_kernel: bool = False
    live_block: str | None = None
    dry_run: bool = False
    offline: bool = False
    sync: bool = True
    overwrite: bool = False
    reporter: Reporter = field(default=silent)
    cancel: CancelToken | None = None


@frozen_dataclass
class DeclarationEdit:
    """A declaration that a front end writes: the text of the block's cell before (None: there was none) and after.

    `pending`: the file could not be edited, so that the front end or the user has to insert the block.
    """

    project: Path
    before: str | None
    after: str
    pending: bool = False


@frozen_dataclass
class ChangeResult:
    """What a command did. `sealed` is the environment that answers now, None where it was not built and `unbuilt` says why.

    `redeclared`, `relocked`, `built`: the declaration, the lock's bytes are others than before, the environment was made now.
    `declares` are the names that are declared now and were not, or otherwise. `first`: there was no lock before. `artifacts`
    are those of the environment, empty where none was selected. `undone` is the command that was undone or redone.
    """

    state: State
    summary: LockDigest | None
    changes: tuple[Change, ...] = ()
    notes: tuple[Text, ...] = ()
    edit: DeclarationEdit | None = None
    sealed: Sealed | None = None
    artifacts: tuple[Artifact, ...] = ()
    unbuilt: Text = ""
    dry_run: bool = False
    redeclared: bool = False
    declares: frozenset[str] = frozenset()
    relocked: bool = False
    built: bool = False
    first: bool = False
    undone: str = ""


def load_state(notebook: Path, services: Services, context: CommandContext) -> State:
    """Read a project that has to be there. Errors: `no-project`, `no-such-notebook`, those of reading it."""
    state = read_state(notebook, services, live_block=context.live_block)
    if state.data is None and state.project.folder is not None:
        raise no_project(state.project.folder)
    if state.data is None and not context.in_kernel:
        raise DepError(
            "no-such-notebook",
            "notebook not found",
            hint=Hint("check the path, or make one with ", step("init", target=notebook)),
            context={"file": str(notebook)},
        )
    return state


@contextmanager
def downgrade_to_note(notes: list[str], consequence: str, file: Path) -> Iterator[None]:
    """Turn an error after the files are written into a note: what was asked for is done."""
    try:
        yield
    except (DepError, OSError) as error:
        explained = error if isinstance(error, DepError) else explain_os_error(error, file, "remembering it")
        notes.append(f"{consequence}: {explained.message}")


def kernel_minor(services: Services, context: CommandContext) -> str | None:
    """The Python minor of the calling kernel, None where there is none."""
    sealed = services.store.sealed(context.environment) if context.environment else None
    return ".".join(sealed.interpreter.split()[1].split(".")[:2]) if sealed else None


def no_project(folder: Path) -> DepError:
    """The error where neither a notebook was named nor a folder is a project."""
    return UsageError(
        "no-project",
        f"no project in `{folder}` or above it: no `pyproject.toml` with `[project]` or `[tool.jupyter-dep]`",
        hint=Hint(
            "name a notebook, or a folder with `--project DIR`; ", step("init", target=None), " makes this folder a project"
        ),
        context={"file": str(folder)},
    )


def require_current_lock(target: Path, services: Services) -> State:
    """`lock --check`: raises `stale` unless the lock answers the declaration; changes nothing."""
    state = load_state(target, services, CommandContext())
    if state.lock_error is not None:
        raise state.lock_error
    if state.declaration is not None and not state.lock_answers:
        wanted, gone = state.lacking()
        words = [f"declared but not locked: {', '.join(wanted)}"] if wanted else []
        words += [f"locked but not declared: {', '.join(gone)}"] if gone else []
        raise StaleError(
            "stale" if state.summary else "unlocked",
            "the lock is out of date" + (f" ({'; '.join(words)})" if words else "")
            if state.summary
            else f"the {state.project.form.noun} is not locked",
            hint=Hint("run ", step("lock", target=target)),
            context=state.project.context,
        )
    return state


def require_lock(notebook: Path, services: Services, context: CommandContext) -> LockedState:
    """The project's state with a readable lock. Errors: the lock's, `unlocked`."""
    state = load_state(notebook, services, context)
    if state.lock_error is not None:
        raise state.lock_error
    if not isinstance(state, LockedState):
        raise DepError(
            "unlocked",
            f"the {state.project.form.noun} is not locked yet",
            hint=Hint(step("add", NAME, target=notebook), " or ", step("lock", target=notebook)),
            context=state.project.context,
        )
    return state
