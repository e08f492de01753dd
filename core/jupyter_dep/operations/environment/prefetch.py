"""Speculative install: while the engine resolves, what is locked already is linked into the next environment.

An `add` keeps every other pin, so most of the next environment is known before the resolution is there, and linking it
takes as long as everything else that follows the resolution. The folder is used only if all that was linked into it is a
part of the answer, file for file; else it is thrown away and the environment is built as ever.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from types import TracebackType

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.progress import CancelToken, cancelled
from jupyter_dep.io.files import look, read_write
from jupyter_dep.io.store.build_dir import StagingEnvironment
from jupyter_dep.model.lock.select import DEFAULT_SELECTION
from jupyter_dep.operations.consent.evaluate import trust_of
from jupyter_dep.operations.project.context import CommandContext
from jupyter_dep.operations.project.state import State
from jupyter_dep.services import Services

from .local_sources import install_selection
from .select import Selected, install_order, recipe, select_cached


class SpeculativeInstall:
    """A context manager that drops the folder at its end unless it was claimed."""

    def __init__(self, state: State, services: Services, context: CommandContext, *, minor: str | None) -> None:
        self._state, self._services, self._context = state, services, context
        self._minor = minor
        self._cancel = CancelToken()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="head-start")
        self._through: str | None = None
        self._work: Future[tuple[Selected, StagingEnvironment] | None] | None = None

    def __enter__(self) -> SpeculativeInstall:
        if not self._context.dry_run and self._context.sync:
            self._work = self._pool.submit(self._install)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._cancel.set()
        if self._work is not None:  # do not block; drop the result when it arrives
            self._work.add_done_callback(_drop_result)
        self._pool.shutdown(wait=False)

    def claim(self, selected: Selected) -> StagingEnvironment | None:
        """Return the folder, if what it holds is a part of `selected`. The caller seals it or drops it."""
        if self._work is None:
            return None
        while not wait([self._work], timeout=0.2).done:
            if self._context.cancel is not None and self._context.cancel.is_set:
                raise cancelled()
        try:
            begun = self._work.result()
        except (DepError, OSError):  # the build itself will report it
            return None
        if begun is None:
            return None
        if self._through is not None and not look.is_there(Path(self._through)):
            return None  # the rest would have to be linked by asking an interpreter that has packages already
        head, unsealed = begun
        wanted = {(item.name, item.filename, item.sha256) for item in selected.artifacts}
        same = head.interpreter.identity == selected.interpreter.identity
        if not same or any((item.name, item.filename, item.sha256) not in wanted for item in head.artifacts):
            return None
        self._work = None
        return unsealed

    def _install(self) -> tuple[Selected, StagingEnvironment] | None:
        head = self._select_ahead()
        if head is None or any(item.kind != "wheel" for item in head.artifacts):
            return None
        services = self._services
        order = recipe(head, services, lambda python: self._link(head, python))
        unsealed = services.store.begin(order.create)
        try:
            return head, unsealed.link_ahead(order, network=services.store.on_network())
        except BaseException:
            unsealed.discard_unattended()
            raise

    def _link(self, head: Selected, python: Path) -> None:
        # offline: a download that the next environment does not need would hold up those that it does
        install = install_order(head.artifacts, python, head.interpreter, self._services, offline=True)
        self._through = install.through
        self._services.engine.install(install, cancel=self._cancel)

    def _select_ahead(self) -> Selected | None:
        """What is locked: by the project, if its lock may be used, or by the base environment."""
        state, services = self._state, self._services
        data = state.lock_data
        if data is None and self._minor is not None:
            data = read_write.read_if_there(services.base_environments / f"{self._minor}.toml")
        if data is None:
            return None
        summary = state.summary if state.lock_data is not None else services.lock_cache.digest(data, context={})
        if summary is None or summary.missing_dependencies:
            return None
        choice = (
            install_selection(state, services).choice
            if state.lock_data is not None and state.project.folder
            else DEFAULT_SELECTION
        )
        selected = select_cached(data, summary, services, context={}, choice=choice)
        if selected is None or state.lock_data is None:
            return selected
        trust = trust_of(summary, state.project.file, services, selected.artifacts)
        return selected if trust.basis == "own" and not trust.missing else None


def _drop_result(work: Future[tuple[Selected, StagingEnvironment] | None]) -> None:
    if work.exception() is None and (begun := work.result()) is not None:
        begun[1].discard_unattended()
