"""Making a lock: the right Python, the pins to keep, the kernel's packages beside the user's, one engine run."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from packaging.utils import canonicalize_name

from jupyter_dep.base.engine_port import EngineAnswer, LockRequest, Pin
from jupyter_dep.base.errors import ConflictError, DepError
from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.base.progress import CancelToken, Progress, Reporter, silent
from jupyter_dep.base.steps import Hint, step
from jupyter_dep.io.engine.project_files import anchored
from jupyter_dep.model.declaration.declaration import Declaration
from jupyter_dep.model.declaration.exclude_newer import cutoff, in_utc
from jupyter_dep.model.lock import lockfile
from jupyter_dep.model.lock.compose import compose
from jupyter_dep.model.lock.diff import Change, changes
from jupyter_dep.model.lock.digest import LockDigest
from jupyter_dep.model.lock.graph import from_engine_tree
from jupyter_dep.model.lock.group_markers import KERNEL_GROUP
from jupyter_dep.model.lock.group_markers import from_engine_tree as membership_of
from jupyter_dep.model.lock.lockfile import Lock, LockTable
from jupyter_dep.model.lock.select import reference_tags, without_wheels
from jupyter_dep.model.packages.interpreter import Interpreter
from jupyter_dep.operations.consent.evaluate import declaration_scopes, require_scopes
from jupyter_dep.operations.project.state import State
from jupyter_dep.services import Services

from .pins import check_same_files, pins_of, readable_sides
from .python_choice import LockOptions, choose_interpreter
from .sources import built_sources

KERNEL_FLOOR = "ipykernel>=6.29"
"""The oldest ipykernel that the launcher is tested with."""
WIDGETS = "ipywidgets>=8"


@frozen_dataclass
class Locked:
    """A new lock, not yet written. `notes` say what a user should know about it."""

    data: bytes
    summary: LockDigest
    interpreter: Interpreter
    changes: tuple[Change, ...]
    notes: tuple[str, ...] = ()


@frozen_dataclass
class FolderContext:
    """What a folder's lock needs beside its declaration: where it lies, and its own name and version (empty: none)."""

    folder: Path
    name: str = ""
    version: str = ""


def make_lock(
    declaration: Declaration,
    services: Services,
    *,
    notebook: str,
    whole: FolderContext | None = None,
    old: bytes | None = None,
    seed: bytes | None = None,
    old_summary: LockDigest | None = None,
    options: LockOptions = LockOptions(),
    reporter: Reporter = silent,
    cancel: CancelToken | None = None,
) -> Locked:
    """Resolve a declaration into a lock's bytes; `old` is the lock whose pins are kept, `seed` gives pins where there is none.
    `whole` makes it a folder's, with extras, groups and paths.

    Errors: `consent-missing` for unusual sources, `no-matching-python`, `hash-changed`, and the engine's (conflict, …).
    """
    folder = whole.folder if whole else None
    require_scopes(declaration_scopes(declaration, folder), services, notebook)
    interpreter = choose_interpreter(declaration, services, old_summary, options)
    requires_python = declaration.requires_python or f">={interpreter.minor}"
    kept = old if old is not None else seed
    known = old_summary if old is not None else None
    pins = pins_of(kept, known, declaration, services) if kept is not None else _foreign_pins(declaration, services, folder)
    widgets = [WIDGETS] if declaration.settings.widgets else []
    built = built_sources(declaration, pins if options.upgrade is not True else (), paths=whole is not None)
    metadata = tuple(
        services.engine.built_metadata(text, python=interpreter.executable, offline=options.offline, cancel=cancel)
        for text in built.values()
    )
    request = LockRequest(
        declaration=in_utc(anchored(declaration, folder) if folder else declaration),
        requires_python=requires_python,
        python=interpreter.executable,
        kernel=(KERNEL_FLOOR, *widgets),
        pins=pins,
        upgrade=options.upgrade,
        cutoff=cutoff(declaration),
        offline=options.offline,
        metadata=metadata,
        build=tuple(sorted(set(built) & {canonicalize_name(name) for name in declaration.settings.build})),
        project=whole.name if whole else "",
        version=whole.version if whole else "",
    )
    with ThreadPoolExecutor(1) as beside:  # while the engine asks the index
        before = beside.submit(_ahead, old, interpreter)
        answer, notes = _resolve(request, services, reporter, cancel)
    reporter(Progress(phase="checking"))
    graph = from_engine_tree(answer.tree, kernel_group=KERNEL_GROUP)
    table = LockTable(
        notebook=notebook,
        python=interpreter.minor + ("t" if interpreter.abi.endswith("t") else ""),
        declaration=declaration.canonical(),
        cutoff=request.cutoff,
        kernel=tuple(sorted(graph.kernel_only())),
    )
    context = {"file": notebook}
    membership = membership_of(answer.tree) if whole else None

    def composed(table: LockTable) -> bytes:
        return compose(
            answer.pylock, graph, table, membership=membership, folder=folder.as_posix() if folder is not None else None
        )

    lock = lockfile.read(composed(table), context=context)
    if old is not None:
        check_same_files(before.result(), lock, pins, options.upgrade, context)
    table = replace(table, unavailable=without_wheels(lock, table.python))
    data = composed(table)
    summary = services.lock_cache.digest(data, context=context)
    if summary.open_ends:
        raise DepError(
            "engine-incomplete",
            f"the engine's answer lacks {', '.join(summary.open_ends)}",
            hint=Hint("run ", step("lock", "--upgrade"), "; if it stays, report it"),
            context=context,
        )
    versions = old_summary.versions if old_summary else {}
    return Locked(
        data=data,
        summary=summary,
        interpreter=interpreter,
        changes=changes(versions, summary.versions, graph=graph, declared=frozenset(declaration.places)),
        notes=notes,
    )


def _foreign_pins(declaration: Declaration, services: Services, folder: Path | None) -> tuple[Pin, ...]:
    """What another tool's lock pins in a folder that has none of ours yet: a move to us changes no version by itself."""
    if folder is None:
        return ()
    from .seed_pins import seed_pins

    found = seed_pins(folder)
    return found.as_pins(declaration, services.engine.default_index()) if found is not None else ()


def _ahead(old: bytes | None, interpreter: Interpreter) -> list[Lock]:
    """What can be had ready before the answer is there: the lock as it was, and the tags that the new one is held to."""
    interpreter.tags()
    reference_tags(interpreter.name)
    return readable_sides(old) if old is not None else []


def _resolve(
    request: LockRequest, services: Services, reporter: Reporter, cancel: CancelToken | None
) -> tuple[EngineAnswer, tuple[str, ...]]:
    try:
        return services.engine.lock(request, reporter=reporter, cancel=cancel), ()
    except ConflictError as error:
        if WIDGETS in request.kernel:
            try:
                without = replace(request, kernel=tuple(item for item in request.kernel if item != WIDGETS))
                answer = services.engine.lock(without, reporter=reporter, cancel=cancel)
            except DepError:
                pass
            else:
                return answer, ("ipywidgets does not fit beside what is declared, so it was left out",)
        raise _with_kernel_named(error, request) from error


def _with_kernel_named(error: ConflictError, request: LockRequest) -> ConflictError:
    """Say it plainly where the user's own pin keeps the kernel below its floor."""
    for requirement in request.declaration.every_requirement:
        if requirement.name.lower() == "ipykernel" and "the kernel" in error.message:
            return ConflictError(
                "kernel-pin",
                f"the declaration's `{requirement}` clashes with `{KERNEL_FLOOR}`, which the notebook's kernel needs",
                hint=f"remove the pin or loosen it to allow `{KERNEL_FLOOR}`",
                context=error.context,
            )
    return error


def lock_for_state(
    state: State,
    declaration: Declaration,
    services: Services,
    *,
    options: LockOptions,
    reporter: Reporter = silent,
    cancel: CancelToken | None = None,
) -> Locked:
    """`make_lock` for a project as it was read: its own pins, or the starter's, so that the running kernel's stay."""
    seed = None
    if state.lock_data is None and options.prefer:
        from jupyter_dep.io.files.read_write import read_if_there

        seed = read_if_there(services.base_environments / f"{options.prefer}.toml")
    return make_lock(
        declaration,
        services,
        notebook=state.project.file.name,
        whole=_whole(state),
        old=state.lock_data,
        seed=seed,
        old_summary=state.summary,
        options=options,
        reporter=reporter,
        cancel=cancel,
    )


def _whole(state: State) -> FolderContext | None:
    manifest = state.manifest
    if manifest is None or state.project.folder is None:
        return None
    return FolderContext(folder=state.project.folder, name=manifest.name or "", version=manifest.version or "")
