"""Making a lock: the right Python, the pins to keep, the kernel's packages beside the user's, one engine run."""

from __future__ import annotations

import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from ..engine import EngineAnswer, LockRequest, Pin
from ..errors import ConflictError, DepError
from ..model import lockfile
from ..model.composition import compose
from ..model.declaration import Declaration
from ..model.graph import from_engine_tree
from ..model.interpreter import Interpreter
from ..model.lockfile import Lock, LockTable
from ..model.membership import KERNEL_GROUP
from ..model.plan import Change, changes
from ..model.policy import declared_items
from ..model.selection import reference_tags, without_wheels
from ..model.summary import Summary
from ..progress import Cancel, Progress, Reporter, silent
from ..services import Services
from .consenting import unusual_needs_consent
from .pinning import check_same_files, pins_of, readable_sides
from .state import State

KERNEL_FLOOR = "ipykernel>=6.29"
"""The oldest ipykernel that the launcher is tested with."""
WIDGETS = "ipywidgets>=8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """A new lock, not yet written. `notes` say what a user should know about it."""

    data: bytes
    summary: Summary
    interpreter: Interpreter
    changes: tuple[Change, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LockOptions:
    """`upgrade`: names that may move, True for all. `python`: a request for another Python. `prefer`: the minor of the
    kernel that asks, taken where nothing else decides."""

    upgrade: bool | tuple[str, ...] = False
    python: str | None = None
    prefer: str | None = None
    offline: bool = False


def make_lock(
    declaration: Declaration,
    services: Services,
    *,
    notebook: str,
    old: bytes | None = None,
    seed: bytes | None = None,
    old_summary: Summary | None = None,
    options: LockOptions = LockOptions(),
    reporter: Reporter = silent,
    cancel: Cancel | None = None,
) -> Locked:
    """Resolve a declaration into a lock's bytes; `old` is the lock whose pins are kept, `seed` gives pins where there is none.

    Errors: `consent-missing` for unusual sources, `no-matching-python`, `hash-changed`, and the engine's (conflict, …).
    """
    unusual_needs_consent(declared_items(declaration), services, notebook)
    interpreter = choose_interpreter(declaration, services, old_summary, options)
    requires_python = declaration.requires_python or f">={interpreter.minor}"
    kept = old if old is not None else seed
    known = old_summary if old is not None else None
    pins = pins_of(kept, known, declaration, services) if kept is not None else ()
    widgets = [WIDGETS] if declaration.settings.widgets else []
    built = built_sources(declaration, pins if options.upgrade is not True else ())
    metadata = tuple(
        services.engine.built_metadata(text, python=interpreter.executable, offline=options.offline, cancel=cancel)
        for text in built.values()
    )
    request = LockRequest(
        declaration=in_utc(declaration),
        requires_python=requires_python,
        python=interpreter.executable,
        kernel=(KERNEL_FLOOR, *widgets),
        pins=pins,
        upgrade=options.upgrade,
        cutoff=cutoff(declaration),
        offline=options.offline,
        metadata=metadata,
        build=tuple(sorted(set(built) & {canonicalize_name(name) for name in declaration.settings.build})),
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
    lock = lockfile.read(compose(answer.pylock, graph, table), context=context)
    if old is not None:
        check_same_files(before.result(), lock, pins, options.upgrade, context)
    table = replace(table, unavailable=without_wheels(lock, table.python))
    data = compose(answer.pylock, graph, table)
    summary = services.summaries.of(data, context=context)
    if summary.open_ends:
        raise DepError(
            "engine-incomplete",
            f"the engine's answer lacks {', '.join(summary.open_ends)}",
            hint="run `jupyter dep lock --upgrade` on the notebook; if it stays, report it",
            context=context,
        )
    versions = old_summary.versions if old_summary else {}
    return Locked(
        data=data,
        summary=summary,
        interpreter=interpreter,
        changes=changes(versions, summary.versions, graph=graph, declared=frozenset(declaration.names)),
        notes=notes,
    )


def _ahead(old: bytes | None, interpreter: Interpreter) -> list[Lock]:
    """What can be had ready before the answer is there: the lock as it was, and the tags that the new one is held to."""
    interpreter.tags()
    reference_tags(interpreter.name)
    return readable_sides(old) if old is not None else []


def built_sources(declaration: Declaration, pins: tuple[Pin, ...]) -> dict[str, str]:
    """What has to be built before it can be resolved, by name: each alone, after its consent, so that nothing else is.

    Errors: `path-in-notebook`.
    """
    pinned = {pin.name: pin.version for pin in pins}
    found: dict[str, str] = {}
    for name in declaration.settings.build:
        name = str(canonicalize_name(name))
        wanted = next((str(item) for item in declaration.dependencies if canonicalize_name(item.name) == name), name)
        found[name] = f"{name}=={pinned[name]}" if name in pinned else wanted
    for item in declaration.dependencies:
        if item.url and item.url.startswith("file:"):
            raise DepError(
                "path-in-notebook",
                f"`{item.name}` is declared as a path, which means nothing on another machine",
                hint="publish it to an index or name its repository; folders with a `pyproject.toml` may hold paths",
                context={"package": item.name},
            )
        if item.url and not item.url.endswith(".whl"):
            found[str(canonicalize_name(item.name))] = f"{item.name} @ {item.url}"
    return found


def choose_interpreter(declaration: Declaration, services: Services, old: Summary | None, options: LockOptions) -> Interpreter:
    """The Python that a lock is made with: asked for, or the lock's minor, or the newest that the declaration allows."""
    if options.python is not None:
        found = services.interpreters.find(options.python)
        if not allows(declaration, found.minor):
            raise DepError(
                "no-matching-python",
                f'Python {found.version} does not satisfy `requires-python = "{declaration.requires_python}"`',
                hint="change `requires-python` in the notebook's block, or choose another Python",
            )
        return found
    for minor in (old.python if old else None, options.prefer):
        if minor and allows(declaration, minor.rstrip("t")):
            return services.interpreters.find(minor)
    return services.interpreters.find(declaration.requires_python or ">=3.9")


def allows(declaration: Declaration, minor: str) -> bool:
    """Whether some release of a minor satisfies `requires-python`; its last one is tried, then its first."""
    if declaration.requires_python is None:
        return True
    specifiers = SpecifierSet(declaration.requires_python)
    return any(specifiers.contains(f"{minor}.{patch}") for patch in (99, *range(30)))


def cutoff(declaration: Declaration) -> str | None:
    """`exclude-newer` as a full UTC timestamp: a bare date means that whole day, in UTC everywhere."""
    text = declaration.uv.get("exclude-newer")
    return None if text is None else _timestamp(str(text), "tool.uv.exclude-newer")


def in_utc(declaration: Declaration) -> Declaration:
    """The declaration as the engine is given it: a package's own bare date would end with the day of this machine."""
    own = declaration.uv.get("exclude-newer-package")
    if not isinstance(own, Mapping):
        return declaration
    key = "tool.uv.exclude-newer-package"
    times = {name: value if isinstance(value, bool) else _timestamp(str(value), f"{key}.{name}") for name, value in own.items()}
    return replace(declaration, uv={**declaration.uv, "exclude-newer-package": times})


def _timestamp(text: str, key: str) -> str:
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            day = date.fromisoformat(text) + timedelta(days=1)
            return f"{day.isoformat()}T00:00:00Z"
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise ValueError("no time zone")
        return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except ValueError as error:
        raise DepError(
            "bad-cutoff",
            f"`{text}` is not a date or a timestamp with a time zone",
            hint='write a date like "2026-01-31" or "2026-01-31T12:00:00Z": a lock must mean the same on every day',
            context={"key": key},
        ) from error


def _resolve(
    request: LockRequest, services: Services, reporter: Reporter, cancel: Cancel | None
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
    for requirement in request.declaration.dependencies:
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
    cancel: Cancel | None = None,
) -> Locked:
    """`make_lock` for a project as it was read: its own pins, or the starter's, so that the running kernel's stay."""
    seed = None
    if state.lock_data is None and options.prefer:
        from ..io.files import read_if_there

        seed = read_if_there(services.starters / f"{options.prefer}.toml")
    return make_lock(
        declaration,
        services,
        notebook=state.project.file.name,
        old=state.lock_data,
        seed=seed,
        old_summary=state.summary,
        options=options,
        reporter=reporter,
        cancel=cancel,
    )
