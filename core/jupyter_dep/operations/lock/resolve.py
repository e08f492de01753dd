"""Resolve a declaration into a lock, with the kernel's packages beside the user's, in one engine run."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import field, replace
from pathlib import Path

from packaging.utils import canonicalize_name

from jupyter_dep.base.engine_port import EngineAnswer, LockRequest, Pin
from jupyter_dep.base.errors import ConflictError, DepError
from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.base.progress import Progress
from jupyter_dep.base.steps import Hint, step
from jupyter_dep.io.engine.project_files import anchored
from jupyter_dep.io.files.read_write import read_if_there
from jupyter_dep.model.declaration.declaration import Declaration
from jupyter_dep.model.declaration.exclude_newer import cutoff, in_utc
from jupyter_dep.model.lock import lockfile
from jupyter_dep.model.lock.compose import compose
from jupyter_dep.model.lock.diff import Change, changes
from jupyter_dep.model.lock.digest import LockDigest
from jupyter_dep.model.lock.graph import Graph, from_engine_tree
from jupyter_dep.model.lock.group_markers import KERNEL_GROUP
from jupyter_dep.model.lock.group_markers import from_engine_tree as membership_of
from jupyter_dep.model.lock.lockfile import Lock, LockTable
from jupyter_dep.model.lock.select import reference_tags, without_wheels
from jupyter_dep.model.packages.interpreter import Interpreter
from jupyter_dep.operations.consent.evaluate import declaration_scopes, require_scopes
from jupyter_dep.operations.project.context import CommandContext
from jupyter_dep.operations.project.state import State
from jupyter_dep.services import Services

from .pins import check_same_files, pins_of, readable_sides
from .python_choice import LockOptions, choose_interpreter
from .sources import built_sources

KERNEL_FLOOR = "ipykernel>=6.29"
"""The oldest ipykernel that the launcher is tested with."""
WIDGETS = "ipywidgets>=8"
KERNEL_PACKAGES = (
    "appnope",
    "asttokens",
    "comm",
    "debugpy",
    "executing",
    "ipykernel",
    "ipython",
    "ipython-pygments-lexers",
    "ipywidgets",
    "jedi",
    "jupyter-client",
    "jupyter-core",
    "jupyterlab-widgets",
    "matplotlib-inline",
    "nest-asyncio",
    "parso",
    "pexpect",
    "platformdirs",
    "prompt-toolkit",
    "psutil",
    "ptyprocess",
    "pure-eval",
    "pyzmq",
    "stack-data",
    "tornado",
    "traitlets",
    "widgetsnbextension",
)
"""What the kernel needs and little else does. A cutoff is for what the user declares: where it would leave no kernel that the
launcher works with, these are spared from it."""


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


@frozen_dataclass
class LockTask:
    """What is to be locked: `file` is the name of the declaration's file, `folder` makes it a folder's lock.

    `old` is the lock whose pins are kept and `old_summary` what it says; `seed` gives pins where there is none.
    """

    declaration: Declaration
    options: LockOptions = field(default_factory=LockOptions)
    file: str = ""
    folder: FolderContext | None = None
    old: bytes | None = None
    old_summary: LockDigest | None = None
    seed: bytes | None = None

    @property
    def path(self) -> Path | None:
        """The folder whose lock it is, None for a notebook's."""
        return self.folder.folder if self.folder is not None else None

    @property
    def context(self) -> dict[str, str | int]:
        """The context of errors."""
        return {"file": self.file}


def make_lock(task: LockTask, services: Services, context: CommandContext) -> Locked:
    """Resolve a declaration into a lock's bytes.

    Errors: `consent-missing` for unusual sources, `no-matching-python`, `hash-changed`, and the engine's (conflict, …).
    """
    require_scopes(declaration_scopes(task.declaration, task.path), services, task.file)
    interpreter = choose_interpreter(task.declaration, services, task.old_summary, task.options)
    request = _make_request(task, interpreter, services, context)
    with ThreadPoolExecutor(1) as beside:  # while the engine asks the index
        before = beside.submit(_prepare, task.old, interpreter)
        answer, notes = _resolve(request, services, context)
    context.reporter(Progress(phase="checking"))
    graph = from_engine_tree(answer.tree, kernel_group=KERNEL_GROUP)
    table = LockTable(
        notebook=task.file,
        python=interpreter.minor + ("t" if interpreter.abi.endswith("t") else ""),
        declaration=task.declaration.canonical(),
        cutoff=request.cutoff,
        kernel=tuple(sorted(graph.kernel_only())),
    )
    lock = lockfile.read(_compose(answer, graph, table, task), context=task.context)
    if task.old is not None:
        check_same_files(before.result(), lock, request.pins, upgrade=task.options.upgrade, context=task.context)
    data = _compose(answer, graph, replace(table, unavailable=without_wheels(lock, table.python)), task)
    summary = services.lock_cache.digest(data, context=task.context)
    if summary.missing_dependencies:
        raise DepError(
            "engine-incomplete",
            f"the engine's answer lacks {', '.join(summary.missing_dependencies)}",
            hint=Hint("run ", step("lock", "--upgrade"), "; if it stays, report it"),
            context=task.context,
        )
    versions = task.old_summary.versions if task.old_summary else {}
    return Locked(
        data=data,
        summary=summary,
        interpreter=interpreter,
        changes=changes(versions, summary.versions, graph=graph, declared=frozenset(task.declaration.places)),
        notes=notes,
    )


def _make_request(task: LockTask, interpreter: Interpreter, services: Services, context: CommandContext) -> LockRequest:
    """Make the engine's request; sources that cannot be resolved unbuilt are built here."""
    declaration, options = task.declaration, task.options
    pins = _keep_pins(task, services)
    built = built_sources(declaration, pins if options.upgrade is not True else (), paths=task.folder is not None)
    metadata = tuple(
        services.engine.built_metadata(text, python=interpreter.executable, offline=context.offline, cancel=context.cancel)
        for text in built.values()
    )
    return LockRequest(
        declaration=in_utc(anchored(declaration, task.path) if task.path else declaration),
        requires_python=declaration.requires_python or f">={interpreter.minor}",
        python=interpreter.executable,
        kernel=(KERNEL_FLOOR, WIDGETS) if declaration.settings.widgets else (KERNEL_FLOOR,),
        pins=pins,
        upgrade=options.upgrade,
        cutoff=cutoff(declaration),
        offline=context.offline,
        metadata=metadata,
        build=tuple(sorted(set(built) & {canonicalize_name(name) for name in declaration.settings.build})),
        project=task.folder.name if task.folder else "",
        version=task.folder.version if task.folder else "",
    )


def _keep_pins(task: LockTask, services: Services) -> tuple[Pin, ...]:
    """Take the pins of the old lock, else of the seed, else of another tool's lock."""
    if task.old is not None:
        return pins_of(task.old, task.old_summary, task.declaration, services)
    if task.seed is not None:
        return pins_of(task.seed, None, task.declaration, services)
    return _read_foreign_pins(task.declaration, services, task.path)


def _compose(answer: EngineAnswer, graph: Graph, table: LockTable, task: LockTask) -> bytes:
    membership = membership_of(answer.tree) if task.folder else None
    folder = task.path.as_posix() if task.path is not None else None
    return compose(answer.pylock, graph, table, membership=membership, folder=folder)


def _read_foreign_pins(declaration: Declaration, services: Services, folder: Path | None) -> tuple[Pin, ...]:
    """Read another tool's pins in a folder without a lock, so that moving to jupyter-dep changes no version by itself."""
    if folder is None:
        return ()
    from .seed_pins import seed_pins

    found = seed_pins(folder)
    return found.as_pins(declaration, services.engine.default_index()) if found is not None else ()


def _prepare(old: bytes | None, interpreter: Interpreter) -> list[Lock]:
    """Prepare what is needed once the answer is there: the old lock, and the reference tags."""
    interpreter.tags()
    reference_tags(interpreter.name)
    return readable_sides(old) if old is not None else []


_SPARED = "the cutoff holds for what is declared; the kernel's own packages (ipykernel, ipython, pyzmq …) may be newer"


def _resolve(request: LockRequest, services: Services, context: CommandContext) -> tuple[EngineAnswer, tuple[str, ...]]:
    reporter, cancel = context.reporter, context.cancel
    try:
        return services.engine.lock(request, reporter=reporter, cancel=cancel), ()
    except ConflictError as error:
        if request.cutoff and not request.spared:
            declared = {canonicalize_name(item.name) for item in request.declaration.every_requirement}
            spared = replace(request, spared=tuple(name for name in KERNEL_PACKAGES if name not in declared))
            answer, notes = _resolve(spared, services, context)
            return answer, (*notes, _SPARED)
        if WIDGETS in request.kernel:
            try:
                without = replace(request, kernel=tuple(item for item in request.kernel if item != WIDGETS))
                answer = services.engine.lock(without, reporter=reporter, cancel=cancel)
            except DepError:
                pass
            else:
                return answer, ("ipywidgets does not fit beside what is declared, so it was left out",)
        raise _name_kernel(error, request) from error


def _name_kernel(error: ConflictError, request: LockRequest) -> ConflictError:
    """Name the user's own pin if it keeps the kernel below its floor."""
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
    state: State, declaration: Declaration, services: Services, context: CommandContext, options: LockOptions
) -> Locked:
    """Lock a project as it was read: with its own pins, or the base environment's, so that the running kernel's stay.

    Errors: as `make_lock`.
    """
    seed = None
    if state.lock_data is None and options.prefer:
        seed = read_if_there(services.base_environments / f"{options.prefer}.toml")
    task = LockTask(
        declaration=declaration,
        options=options,
        file=state.project.file.name,
        folder=_read_folder_context(state),
        old=state.lock_data,
        old_summary=state.summary,
        seed=seed,
    )
    return make_lock(task, services, context)


def _read_folder_context(state: State) -> FolderContext | None:
    manifest = state.manifest
    if manifest is None or state.project.folder is None:
        return None
    return FolderContext(folder=state.project.folder, name=manifest.name or "", version=manifest.version or "")
