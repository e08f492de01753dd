"""add, remove, update, lock, python, undo: from a wanted declaration to notebook, lock and environment, all or nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import DepError, StaleError
from ..io import files
from ..io.history import Pending, Step
from ..io.store import Sealed
from ..messages import Edit
from ..model import inline
from ..model.declaration import Declaration
from ..model.notebook import Notebook
from ..model.plan import Change
from ..model.policy import declared_items
from ..model.requirement import parse as parse_requirement
from ..model.summary import Summary
from ..progress import Cancel, Reporter, silent
from ..services import Services
from .consenting import Trust, consent_missing, covered, trust_of
from .environments import Selected, ensure_environment, select_for
from .locking import Locked, LockOptions, lock_for_state, sides
from .state import State, check_lock_name, foreign_lock, read_state

KERNEL_NAME = "dep"
KERNEL_DISPLAY = "Python (dep)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Who asks, and how the work is reported.

    `environment` is the key that the asking kernel runs on (None: no kernel of ours). `live_block` is a front end's block,
    `in_kernel` that the file belongs to an editor and is not written. `command` is the line for the history.
    """

    command: str = ""
    environment: str | None = None
    in_kernel: bool = False
    live_block: str | None = None
    dry_run: bool = False
    offline: bool = False
    sync: bool = True
    overwrite: bool = False
    reporter: Reporter = field(default=silent)
    cancel: Cancel | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """What a verb did. `sealed` is the environment that answers now, None where it was not built and `unbuilt` says why.

    `redeclared`, `relocked`, `built`: the declaration, the lock's bytes are others than before, the environment was made now.
    """

    state: State
    summary: Summary | None
    changes: tuple[Change, ...] = ()
    notes: tuple[str, ...] = ()
    edit: Edit | None = None
    sealed: Sealed | None = None
    selected: Selected | None = None
    unbuilt: str = ""
    dry_run: bool = False
    redeclared: bool = False
    relocked: bool = False
    built: bool = False


def load(notebook: Path, services: Services, asking: Asking) -> State:
    state = read_state(notebook, services, live_block=asking.live_block)
    if state.data is None and not asking.in_kernel:
        raise DepError(
            "no-such-notebook",
            "there is no such notebook",
            hint=f"check the path, or make one with `jupyter dep init {notebook}`",
            context={"file": str(notebook)},
        )
    return state


def new_block(services: Services, asking: Asking, requirements: Sequence[str] = (), python: str | None = None) -> str:
    """A fresh block for the newest stable Python, or the asking kernel's, or the one asked for."""
    minor = kernel_minor(services, asking)
    found = services.interpreters.find(python or minor or ">=3.9")
    return inline.new(list(requirements), f">={found.minor}")


def kernel_minor(services: Services, asking: Asking) -> str | None:
    sealed = services.store.sealed(asking.environment) if asking.environment else None
    return ".".join(sealed.interpreter.split()[1].split(".")[:2]) if sealed else None


def add(notebook: Path, requirements: Sequence[str], services: Services, asking: Asking) -> Changed:
    """Declare requirements, lock and build. What the user types by hand is consented to by typing it."""
    state = load(notebook, services, asking)
    parsed = [parse_requirement(text) for text in requirements]
    if state.block is None:
        block = new_block(services, asking, list(requirements))
    else:
        block = inline.add(state.block, list(requirements))
    typed = declared_items(Declaration(dependencies=tuple(parsed)))
    if typed and not asking.dry_run:
        services.consent.allow("item", [str(item) for item in typed], by="typed")
    return change(state, block, services, asking)


def remove(notebook: Path, names: Sequence[str], services: Services, asking: Asking) -> Changed:
    state = load(notebook, services, asking)
    if state.block is None:
        raise DepError(
            "nothing-declared",
            "the notebook declares nothing",
            hint="`jupyter dep add NOTEBOOK NAME` declares a package",
            context=state.project.context,
        )
    return change(state, inline.remove(state.block, list(names)), services, asking)


def relock(
    notebook: Path,
    services: Services,
    asking: Asking,
    *,
    upgrade: bool | tuple[str, ...] = False,
    python: str | None = None,
    edit: Callable[[str], str] | None = None,
) -> Changed:
    """Lock what is declared, keeping pins except `upgrade`'s; `edit` changes the block first. `update`, `lock`, `python`."""
    state = load(notebook, services, asking)
    if state.block is None:
        raise DepError(
            "nothing-declared",
            "the notebook declares nothing that could be locked",
            hint=f"`jupyter dep init {notebook.name}` or `jupyter dep add {notebook.name} NAME`",
            context=state.project.context,
        )
    if upgrade and not isinstance(upgrade, bool):
        _must_be_locked(state, upgrade)
    block = edit(state.block) if edit else state.block
    return change(state, block, services, asking, upgrade=upgrade, python=python, force=True)


def _must_be_locked(state: State, names: Sequence[str]) -> None:
    from difflib import get_close_matches

    from packaging.utils import canonicalize_name

    locked = state.summary.versions if state.summary else {}
    for name in names:
        if canonicalize_name(name) not in locked:
            near = get_close_matches(canonicalize_name(name), locked, 3)
            raise DepError(
                "not-locked",
                f"`{name}` is not in the lock",
                hint=f"did you mean {' or '.join(f'`{other}`' for other in near)}?" if near else "`show` lists what is",
                context=state.project.context,
            )


def check(notebook: Path, services: Services) -> State:
    """`lock --check`: raises `stale` unless the lock answers the declaration; changes nothing and asks nobody."""
    state = load(notebook, services, Asking())
    if state.lock_error is not None:
        raise state.lock_error
    if state.declaration is not None and not state.lock_answers:
        wanted, gone = state.lacking()
        words = [f"declared but not locked: {', '.join(wanted)}"] if wanted else []
        words += [f"locked but not declared: {', '.join(gone)}"] if gone else []
        raise StaleError(
            "stale" if state.summary else "unlocked",
            "the lock does not answer the declaration" + (f" ({'; '.join(words)})" if words else "")
            if state.summary
            else "the notebook is not locked",
            hint=f"run `jupyter dep lock {notebook.name}`",
            context=state.project.context,
        )
    return state


def change(
    state: State,
    block: str,
    services: Services,
    asking: Asking,
    *,
    upgrade: bool | tuple[str, ...] = False,
    python: str | None = None,
    force: bool = False,
) -> Changed:
    """The one way in which a declaration changes: resolve, then write notebook and lock, then build.

    Nothing is written before the resolution is there; a file that changed meanwhile stops everything.
    """
    declaration = inline.parse(block, context=state.project.context)
    if state.lock_error is not None and state.lock_error.code == "foreign-lock" and not asking.overwrite:
        raise foreign_lock(state.project)
    if state.lock_error is not None and state.lock_error.code == "lock-too-new":
        raise state.lock_error
    _refuse_link(state)
    check_lock_name(state.project)
    if not force and block == state.block and state.lock_answers and state.project.orphan is None:
        return _settle(state, state.summary, services, asking)
    if (
        force
        and block == state.block
        and state.lock_answers
        and not upgrade
        and python is None
        and state.project.orphan is None
    ):
        return _settle(state, state.summary, services, asking)
    if not asking.dry_run:
        _check_writable(state, block, asking)
    options = LockOptions(
        upgrade=upgrade,
        python=python,
        prefer=kernel_minor(services, asking) or services.history.python(state.project.notebook),
        offline=asking.offline,
    )
    locked = lock_for_state(state, declaration, services, options=options, reporter=asking.reporter, cancel=asking.cancel)
    if asking.dry_run:
        return Changed(
            state=state,
            summary=locked.summary,
            changes=locked.changes,
            notes=locked.notes,
            dry_run=True,
            redeclared=block != state.block,
            relocked=locked.data != state.lock_data,
        )
    own = _becomes_own(state, declaration, services)
    selected, sealed, unbuilt, built = _build(state, locked.data, locked.summary, own, services, asking, declaration)
    if own:  # first, so that a kill between the two never leaves the user's own lock as a stranger's
        services.consent.allow("fingerprint", [locked.summary.fingerprint], by="own")
    edit = _write(state, block, locked, services, asking)
    _remember(state, block, locked.data, services, asking)
    if sealed is not None:
        services.history.used(state.project.notebook, sealed.key)
    after = read_state(state.project.notebook, services, live_block=block if state.live else None)
    return Changed(
        state=after,
        summary=locked.summary,
        changes=locked.changes,
        notes=locked.notes,
        edit=edit,
        sealed=sealed,
        selected=selected,
        unbuilt=unbuilt,
        redeclared=block != state.block,
        relocked=locked.data != state.lock_data,
        built=built,
    )


def _becomes_own(state: State, declaration: Declaration, services: Services) -> bool:
    """Whether writing a lock is a yes to it: not where a stranger's lock was only changed, nor for a stranger's sources."""
    if services.consent.lacking(declared_items(declaration)):
        return False
    if state.lock_data is None:
        return True
    if state.summary is None:  # unreadable, or a merge: every side of it must have been the user's
        return all(_was_ours(side, state, services) for side in sides(state.lock_data))
    return trust_of(state.summary, state.project.notebook, services).basis in ("own", "allowed")


def _was_ours(data: bytes, state: State, services: Services) -> bool:
    try:
        summary = services.summaries.of(data, context=state.project.lock_context)
    except DepError:
        return False
    return trust_of(summary, state.project.notebook, services).basis in ("own", "allowed")


def _refuse_link(state: State) -> None:
    """A link in a stranger's folder may lead to any file of this user: only a lock of ours is replaced through one."""
    lock = state.project.lock
    if lock.is_symlink() and (state.summary is None or state.project.orphan is not None):
        raise DepError(
            "linked-lock",
            f"`{lock.name}` is a link to something that is no lock of ours, so nothing is written there",
            hint="look where it leads (`ls -l`), and remove the link",
            context={"file": lock.name},
        )


def _write(state: State, block: str, locked: Locked, services: Services, asking: Asking) -> Edit | None:
    """Notebook first: if the lock then fails to be written, what the user asked for is declared and the lock is stale."""
    project = state.project
    edit = None
    if state.live:
        if block != state.block:
            edit = Edit(project=str(project.notebook), before=state.block, after=block)
    elif asking.in_kernel:
        if block != state.base:
            services.history.set_pending(project.notebook, Pending(base=state.base, wanted=block))
            edit = Edit(project=str(project.notebook), before=state.base, after=block, pending=True)
    elif state.data is not None:
        content = state.data
        if block != state.base:
            content = Notebook.parse(content, context=project.context).with_block(block)
        parsed = Notebook.parse(content, context=project.context)
        if state.base is None and parsed.kernel_name != KERNEL_NAME:
            content = parsed.with_kernelspec(KERNEL_NAME, KERNEL_DISPLAY)
        if content != state.data:
            files.replace(project.notebook, content, expected=state.data)
        services.history.set_pending(project.notebook, None)
    if project.orphan is not None:
        files.replace(project.lock, locked.data, expected=files.read_if_there(project.lock))
        project.orphan.unlink(missing_ok=True)
    elif locked.data != state.lock_data:
        files.replace(project.lock, locked.data, expected=state.lock_data)
    return edit


def _check_writable(state: State, block: str, asking: Asking) -> None:
    """Refuse before the long work what could not be written after it (`read-only`)."""
    project = state.project
    by_us = not state.live and not asking.in_kernel and state.data is not None and block != state.base
    for path in (project.notebook, project.lock) if by_us else (project.lock,):
        files.check_writable(path)


def _remember(state: State, block: str, data: bytes, services: Services, asking: Asking) -> None:
    before = state.lock_data
    if block == state.block and data == before:
        return
    step = Step(
        command=asking.command,
        block_before=state.block,
        block_after=block,
        lock_before=hashlib.sha256(before).hexdigest() if before is not None else None,
        lock_after=hashlib.sha256(data).hexdigest(),
        key_before=asking.environment,
    )
    services.history.record(state.project.notebook, step, [item for item in (before, data) if item is not None])


def _settle(state: State, summary: Summary | None, services: Services, asking: Asking, *, edit: Edit | None = None) -> Changed:
    """Build (or find) the environment of what is locked already."""
    if summary is None or state.lock_data is None:
        return Changed(state=state, summary=summary, edit=edit)
    selected, sealed, unbuilt, built = _build(state, state.lock_data, summary, False, services, asking)
    if sealed is not None:
        services.history.used(state.project.notebook, sealed.key)
    return Changed(state=state, summary=summary, edit=edit, sealed=sealed, selected=selected, unbuilt=unbuilt, built=built)


def _build(
    state: State,
    data: bytes,
    summary: Summary,
    own: bool,
    services: Services,
    asking: Asking,
    declaration: Declaration | None = None,
) -> tuple[Selected | None, Sealed | None, str, bool]:
    """The environment of a lock, before anything is written: what cannot be built changes nothing."""
    if not asking.sync:
        return None, None, "", False
    notebook = state.project.notebook
    context = state.project.lock_context if data == state.lock_data else state.project.context
    selected = select_for(data, summary, services, context=context)
    assert selected is not None
    trust = trust_of(summary, notebook, services, selected.artifacts)
    if own:
        declared = declared_items(declaration) if declaration else ()
        named = set(covered(declared, trust.missing))
        services.consent.allow("item", sorted(str(item) for item in named), by="declared")
        trust = Trust(basis="own", missing=tuple(item for item in trust.missing if item not in named))
    if trust.basis == "none" or trust.missing:
        if own and trust.missing:
            raise consent_missing(summary, trust.missing, notebook.name, known=True)
        words = "the lock was somebody else's before, so it is not built until you allow it: "
        return selected, None, words + f"`jupyter dep trust allow {notebook.name}`", False
    sealed = services.store.sealed(selected.key)
    missing = sealed is None
    if sealed is None:
        sealed = ensure_environment(
            selected,
            trust,
            services,
            file=notebook.name,
            bytecode_from=_bytecode_source(state, services, asking, selected),
            offline=asking.offline,
            reporter=asking.reporter,
            cancel=asking.cancel,
        )
    return selected, sealed, "", missing


def _bytecode_source(state: State, services: Services, asking: Asking, selected: Selected) -> str | None:
    """Site-packages of the environment whose bytecode the new one takes over: the asking kernel's, or the project's last."""
    for key in (asking.environment, *reversed(services.history.environments(state.project.notebook))):
        sealed = services.store.sealed(key) if key else None
        if sealed is not None and sealed.interpreter == selected.interpreter.identity:
            return sealed.site
    for sealed in services.store.all():
        if sealed.interpreter == selected.interpreter.identity:
            return sealed.site
    return None


def undo(notebook: Path, services: Services, asking: Asking, *, redo: bool = False) -> Changed:
    """Take back the last command (or bring it again): declaration and lock together, if both are what it left."""
    state = load(notebook, services, asking)
    history = services.history
    step = history.last(notebook, redo=redo)
    if step is None:
        raise DepError(
            "nothing-to-undo",
            f"there is nothing to {'redo' if redo else 'undo'} for this notebook",
            hint="the history starts with the first command and holds the last 20",
            context=state.project.context,
        )
    old_block, new_block_ = (step.block_after, step.block_before) if redo else (step.block_before, step.block_after)
    old_lock, new_lock = (step.lock_after, step.lock_before) if redo else (step.lock_before, step.lock_after)
    lock_now = hashlib.sha256(state.lock_data).hexdigest() if state.lock_data is not None else None
    if not _same_block(state.block, new_block_) or lock_now != new_lock:
        what = "the lock" if _same_block(state.block, new_block_) else "the declaration"
        raise DepError(
            "changed-since",
            f"{what} has changed since `{step.command}`, so nothing was undone",
            hint="compare with your version control, or edit the block by hand and run `jupyter dep lock`",
            context=state.project.context,
        )
    data = history.lock_bytes(notebook, old_lock)
    edit = _restore(state, old_block, data, services, asking)
    history.move(notebook, redo=redo)
    after = read_state(notebook, services, live_block=old_block if state.live else None)
    try:
        return _settle(after, after.summary, services, asking, edit=edit)
    except DepError as error:  # declaration and lock are back, which was asked for: a build can be tried again
        unbuilt = f"its environment is not built: {error.message.splitlines()[0]} (`jupyter dep sync NOTEBOOK` tries again)"
        return Changed(state=after, summary=after.summary, edit=edit, unbuilt=unbuilt)


def _same_block(now: str | None, then: str | None) -> bool:
    if now is None or then is None:
        return now is then
    try:
        return inline.parse(now).digest() == inline.parse(then).digest()
    except DepError:
        return now == then


def _restore(state: State, block: str | None, lock: bytes | None, services: Services, asking: Asking) -> Edit | None:
    project = state.project
    edit = None
    text = block if block is not None else inline.without(state.block or "")
    if state.live:
        edit = Edit(project=str(project.notebook), before=state.block, after=text)
    elif asking.in_kernel:
        wanted = Pending(base=state.base, wanted=text)
        services.history.set_pending(project.notebook, None if _same_block(state.base, block) else wanted)
        edit = Edit(project=str(project.notebook), before=state.base, after=text, pending=True)
    elif state.data is not None and text != state.base:
        parsed = Notebook.parse(state.data, context=project.context)
        content = parsed.with_block(text) if block is not None else parsed.without_block()
        files.replace(project.notebook, content, expected=state.data)
    if lock is None:
        project.lock.unlink(missing_ok=True)
    elif lock != state.lock_data:
        files.replace(project.lock, lock, expected=state.lock_data)
    return edit
