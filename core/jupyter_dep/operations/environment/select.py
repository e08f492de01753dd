"""Select what a lock installs on this machine, and ensure its environment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_dep.base.errors import ConsentError, DepError
from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.base.progress import CancelToken, Progress
from jupyter_dep.base.steps import Hint, allow_options, step
from jupyter_dep.io.store.build_dir import EnvironmentSpec, StagingEnvironment
from jupyter_dep.io.store.store import Sealed
from jupyter_dep.model.lock.audit import ConsentScope
from jupyter_dep.model.lock.digest import LockDigest
from jupyter_dep.model.lock.select import DEFAULT_SELECTION, Artifact, Selection
from jupyter_dep.model.packages.interpreter import Interpreter
from jupyter_dep.operations.consent.evaluate import Trust, host_scope
from jupyter_dep.operations.project.context import CommandContext
from jupyter_dep.services import Services

if TYPE_CHECKING:
    from jupyter_dep.base.engine_port import Install


@frozen_dataclass
class Selected:
    """A lock's answer for one interpreter: the key of the environment and what goes into it."""

    interpreter: Interpreter
    key: str
    artifacts: tuple[Artifact, ...]

    @property
    def download_size(self) -> int:
        """Bytes of all artifacts, as far as the lock has sizes."""
        return sum(item.size or 0 for item in self.artifacts)


def select_for(
    data: bytes,
    summary: LockDigest,
    services: Services,
    *,
    context: Mapping[str, str | int],
    choice: Selection = DEFAULT_SELECTION,
) -> Selected:
    """Select what a lock installs on an interpreter of the minor that it was made with; `choice` is what of it is wanted.

    Errors: `no-matching-python`, `not-installable-here`.
    """
    cached = select_cached(data, summary, services, context=context, choice=choice)
    if cached is not None:
        return cached
    return _select(data, services.interpreters.find(summary.python), services, context, choice)


def select_cached(
    data: bytes,
    summary: LockDigest,
    services: Services,
    *,
    context: Mapping[str, str | int],
    choice: Selection = DEFAULT_SELECTION,
) -> Selected | None:
    """The same without a search for Pythons: None where none of that minor is remembered."""
    interpreter = services.interpreters.cached_minor(summary.python)
    return _select(data, interpreter, services, context, choice) if interpreter is not None else None


def _select(
    data: bytes, interpreter: Interpreter, services: Services, context: Mapping[str, str | int], choice: Selection
) -> Selected:
    key, artifacts = services.lock_cache.select(data, interpreter, context=context, choice=choice)
    return Selected(interpreter=interpreter, key=key, artifacts=artifacts)


@frozen_dataclass
class EnvironmentRequest:
    """An environment that is wanted: `file` is the project's name for messages, `bytecode_from` site-packages to copy from.

    `begun` gives a folder that holds a part of it already.
    """

    selected: Selected
    trust: Trust
    file: str
    bytecode_from: str | None = None
    begun: Callable[[], StagingEnvironment | None] = lambda: None


def ensure_environment(request: EnvironmentRequest, services: Services, context: CommandContext) -> Sealed:
    """Return the sealed environment, built if needed; for another person's lock only from files that the user's index serves.

    Errors: `consent-missing`, the engine's, the store's.
    """
    selected, reporter, cancel = request.selected, context.reporter, context.cancel

    def link(python: Path) -> None:
        artifacts = selected.artifacts
        if request.trust.basis != "own":
            reporter(Progress(phase="checking", detail="what your package index vouches for"))
            artifacts = check_against_index(selected, services, file=request.file, offline=context.offline, cancel=cancel)
        install = install_order(artifacts, python, selected.interpreter, services, offline=context.offline)
        reporter(Progress(phase="linking"))
        services.engine.install(install, reporter=reporter, cancel=cancel)

    spec = recipe(selected, services, link, bytecode_from=request.bytecode_from, begun=request.begun)
    return services.store.ensure(spec, reporter=reporter, cancel=cancel)


def recipe(
    selected: Selected,
    services: Services,
    link: Callable[[Path], None],
    *,
    bytecode_from: str | None = None,
    begun: Callable[[], StagingEnvironment | None] = lambda: None,
) -> EnvironmentSpec:
    """Describe how the environment of a selection is built; `link` fills the empty one of the Python that it is given."""
    interpreter = selected.interpreter
    return EnvironmentSpec(
        key=selected.key,
        interpreter=interpreter.identity,
        python_version=interpreter.minor + ("t" if interpreter.abi.endswith("t") else ""),
        packages={item.name: item.version for item in selected.artifacts},
        create=lambda folder: services.templates.create(folder, Path(interpreter.executable), interpreter.identity),
        link=link,
        bytecode_from=bytecode_from,
        prefetched=begun,
    )


def bytecode_source(file: Path, environment: str | None, selected: Selected, services: Services) -> str | None:
    """Choose the site-packages whose bytecode a new environment takes over.

    They are those of the calling kernel's `environment`, of the last of the project `file`, or of the newest on the same
    interpreter.
    """
    for key in (environment, *reversed(services.history.environments(file))):
        with suppress(DepError):  # bytecode is a convenience
            sealed = services.store.sealed(key) if key else None
            if sealed is not None and sealed.interpreter == selected.interpreter.identity:
                return sealed.site
    same = (sealed.site for sealed in services.store.newest() if sealed.interpreter == selected.interpreter.identity)
    return next(same, None)


def install_order(
    artifacts: tuple[Artifact, ...], python: Path, interpreter: Interpreter, services: Services, *, offline: bool
) -> Install:
    """Order the engine to link artifacts into the empty environment of `python`, which was made of `interpreter`."""
    from jupyter_dep.base.engine_port import Install

    beside = python.parent.parent.parent
    through = services.templates.python(beside, Path(interpreter.executable), interpreter.identity)
    return Install(
        artifacts=artifacts,
        python=str(python),
        python_version=interpreter.minor,
        offline=offline,
        through=str(through) if through else None,
    )


def check_against_index(
    selected: Selected, services: Services, *, file: str, offline: bool = False, cancel: CancelToken | None = None
) -> tuple[Artifact, ...]:
    """Return the artifacts at the URLs of the user's own index; another URL only after consent to its host."""
    known = services.engine.verify_against_index(
        selected.artifacts, python=selected.interpreter.executable, offline=offline, cancel=cancel
    )
    missing: set[ConsentScope] = set()
    found = []
    for item in selected.artifacts:
        if item.name in known:
            found.append(known[item.name])
            continue
        if item.kind in ("wheel", "sdist"):
            missing |= set(services.consent.missing([host_scope(item)]))
        found.append(replace(item, index=None) if item.kind in ("wheel", "sdist") else item)
    if missing:
        names = sorted(item.name for item in selected.artifacts if item.name not in known)
        raise ConsentError(
            "host-not-vouched",
            f"your package index does not serve {', '.join(names)} under the locked name and hash; the lock "
            + "; ".join(item.words() for item in sorted(missing)),
            hint=Hint(
                "if you trust that: ",
                step("trust allow", *allow_options(sorted(missing))),
                "; else ",
                step("update"),
                " locks what your index serves",
            ),
            context={"file": file},
        )
    return tuple(found)
