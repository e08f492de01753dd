"""Resolve what a kernel starts on, in milliseconds, without network and without a write in the project."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.base.progress import CancelToken, Reporter
from jupyter_dep.base.steps import DOCTOR, FrontEnd, Hint, step
from jupyter_dep.io.files import read_write
from jupyter_dep.io.store.store import Sealed
from jupyter_dep.operations.consent.build_backend import build_backend_scope
from jupyter_dep.operations.consent.evaluate import Trust, trust_of
from jupyter_dep.operations.environment.base_environment import ensure_base_environment, sealed_base_environment
from jupyter_dep.operations.environment.gc import pop_integrity_report
from jupyter_dep.operations.environment.local_sources import (
    install_selection,
    project_artifact,
    select_state,
    select_state_cached,
)
from jupyter_dep.operations.environment.select import EnvironmentRequest, Selected, ensure_environment
from jupyter_dep.operations.project.context import CommandContext
from jupyter_dep.operations.project.discovery import find_project, find_project_root
from jupyter_dep.operations.project.project import Project
from jupyter_dep.operations.project.state import LockedState, State, UnlockedState, read_state
from jupyter_dep.services import Services

from .cache import StartCache
from .result import ConsentPrompt, NeedsBuild, Ready, Refused, StartResult

_CELL = FrontEnd(kind="cell", own=True)


def resolve_environment(
    notebook: Path | None, cwd: Path, *, reuse_key: str | None = None, services: Services | None = None
) -> StartResult:
    """Decide what to start for a notebook (None: unknown). Never raises; what is wrong comes back as `Refused`.

    `reuse_key`: the environment that a kernel which is restarted automatically was started on; it goes back to the one
    that it had switched to since, or to this.
    """
    try:
        services = services or Services.of_user()
        if reuse_key is not None:
            since = services.history.environments(find_project(notebook, services).file)[-1:] if notebook else ()
            for key in (*since, reuse_key):
                if (sealed := services.store.sealed(key)) is not None:
                    return _make_ready(sealed, notebook)
        # a front end that does not say which notebook it is may still stand in a folder that is a project
        target = notebook or find_project_root(cwd)
        if target is None:
            note = "the front end did not say which notebook this is: `%dep` works on the notebooks that you name"
            return _start_base_environment(None, services, (note,))
        return _Resolver(notebook=target, services=services).answer()
    except DepError as error:
        return refused(error, notebook)
    except OSError as error:
        return Refused(
            code="system",
            message=f"operating system error: {error}",
            steps=(FrontEnd().write(Hint("run ", DOCTOR, " in a terminal")),),
        )


def refused(error: DepError, project: Path | None, question: ConsentPrompt | None = None) -> Refused:
    """The error, and its next steps for a terminal: where the kernel does not run, no cell does."""
    front_end = FrontEnd(project=project, cwd=project.parent if project is not None else None)
    steps = (front_end.write(error.hint), "then restart the kernel")
    return Refused(code=error.code, message=str(error), steps=steps, question=question, error=error)


def _make_ready(
    sealed: Sealed,
    notebook: Path | None,
    *,
    base: bool = False,
    notes: tuple[str, ...] = (),
    lock: Path | None = None,
) -> Ready:
    return Ready(
        key=sealed.key,
        path=sealed.path,
        python=sealed.python,
        notebook=str(notebook) if notebook else None,
        base=base,
        notes=notes,
        lease=sealed.lock_file,
        lock=str(lock or (Project.of(notebook).lock if notebook else "")),
    )


def _start_base_environment(
    notebook: Path | None, services: Services, notes: tuple[str, ...], lock: Path | None = None
) -> StartResult:
    """The base environment, built first if need be; `notes` say why it is this one."""
    if (sealed := sealed_base_environment(services)) is not None:
        return _make_ready(sealed, notebook, base=True, notes=notes, lock=lock)

    def build(reporter: Reporter, cancel: CancelToken) -> Ready:
        sealed = ensure_base_environment(services, reporter=reporter, cancel=cancel)
        return _make_ready(sealed, notebook, base=True, notes=notes, lock=lock)

    return NeedsBuild(key="base", headline="preparing the kernel's own packages", build=build)


@frozen_dataclass
class _Resolver:
    notebook: Path
    services: Services

    def answer(self) -> StartResult:
        owned = find_project(self.notebook, self.services)
        cache = StartCache.of_owned(self.notebook, owned, self.services)
        data = read_write.read_if_there(self.notebook)
        state = read_state(owned.file, self.services)
        if not isinstance(state, LockedState):
            return self._without_lock(state)
        if state.summary.missing_dependencies:
            raise DepError(
                "unmerged-lock",
                f"the lock lacks {', '.join(state.summary.missing_dependencies)}, as after a bad merge",
                hint=Hint(
                    "run ", step("lock", target=state.project.file), ": it rebuilds the lock with the pins of both sides"
                ),
                context=state.project.lock_context,
            )
        found = self._select(state)
        if isinstance(found, Ready):
            self._cache(found, state, data, cache)
        return found

    def _without_lock(self, state: UnlockedState) -> StartResult:
        error = state.lock_error
        if error is not None and error.code != "foreign-lock":
            raise error
        notes = (str(error),) if error is not None else self._list_notes(state)
        return _start_base_environment(self.notebook, self.services, notes, state.project.lock)

    def _cache(self, found: Ready, state: LockedState, data: bytes | None, cache: StartCache) -> None:
        """Cache the answer if all that it rests on is compared the next time; `data` are the notebook's bytes."""
        paths = any(kind == "path" for kind, _ in state.summary.items)  # what lies in other folders may change unseen
        base = self.services.interpreters.cached_minor(state.summary.python)
        if paths or state.name != "fresh" or state.project.orphan is not None or base is None or state.data is None:
            return
        if state.project.folder is None:
            cache.keep(found, base.executable, state.data, state.lock_data)
        elif data is not None:
            cache.keep(found, base.executable, data, state.lock_data, (state.project.file, state.data))

    def _list_notes(self, state: State) -> tuple[str, ...]:
        notes = notes_of(state)
        if state.project.folder is None or state.summary is None or not install_selection(state, self.services).root:
            return notes
        if project_artifact(state) is None or not self.services.consent.missing([build_backend_scope(state.project.folder)]):
            return notes
        return (
            *notes,
            _CELL.write(Hint("the project itself is not installed: ", step("install", terminal=True), " does that")),
        )

    def _select(self, state: LockedState) -> StartResult:
        selected = select_state_cached(state, self.services)
        return self._start(state, selected) if selected is not None else self._find_python(state)

    def _start(self, state: LockedState, selected: Selected) -> StartResult:
        file = state.project.file
        trust = trust_of(state.summary, file, self.services, selected.artifacts)
        if not trust.given:
            return self._prompt(state, trust, selected)
        with suppress(DepError):  # a full disk must not keep a kernel from starting
            self.services.history.record_use(file, selected.key)
        if (sealed := self.services.store.sealed(selected.key)) is not None:
            lock = state.project.orphan or state.project.lock
            return _make_ready(sealed, self.notebook, notes=self._list_notes(state), lock=lock)
        return self._build(state, selected, trust)

    def _build(self, state: LockedState, selected: Selected, trust: Trust) -> NeedsBuild:
        request = EnvironmentRequest(selected=selected, trust=trust, file=state.project.file.name)

        def build(reporter: Reporter, cancel: CancelToken) -> Ready:
            context = CommandContext(reporter=reporter, cancel=cancel)
            sealed = ensure_environment(request, self.services, context)
            why = pop_integrity_report(selected.key, self.services)
            return _make_ready(sealed, self.notebook, notes=(*([why] if why else ()), *self._list_notes(state)))

        count = len(selected.artifacts)
        return NeedsBuild(key=selected.key, headline=f"building the locked environment ({count} packages)", build=build)

    def _find_python(self, state: LockedState) -> StartResult:
        """No Python of the lock's minor is remembered: look for one behind the placeholder kernel, then go on."""
        python = state.summary.python
        trust = trust_of(state.summary, state.project.file, self.services)
        if not trust.given:
            return self._prompt(state, trust, None)

        def build(reporter: Reporter, cancel: CancelToken) -> Ready:
            again = self._start(state, select_state(state, self.services))
            if isinstance(again, NeedsBuild):
                return again.build(reporter, cancel)
            if isinstance(again, Refused):
                assert again.error is not None
                raise again.error
            return again

        return NeedsBuild(key="", headline=f"looking for Python {python}", build=build)

    def _prompt(self, state: LockedState, trust: Trust, selected: Selected | None) -> Refused:
        from secrets import token_hex

        from jupyter_dep.operations.consent.evaluate import consent_missing
        from jupyter_dep.operations.consent.grant import build_question
        from jupyter_dep.operations.consent.record import GrantOrigin, grant_lock

        error = consent_missing(state.summary, trust.missing, state.project.file.name, known=trust.basis != "none")
        if trust.missing:  # each of these wants a grant of its own, which one code cannot be
            return refused(error, state.project.file)
        shown = build_question(state, self.services, selected.artifacts if selected is not None else None)

        def accept() -> None:
            grant_lock(shown.fingerprint, self.services, GrantOrigin.KERNEL_START)

        prompt = ConsentPrompt(fingerprint=shown.fingerprint, code=token_hex(2), lines=shown.lines(), accept=accept)
        return refused(error, state.project.file, prompt)


def notes_of(state: State) -> tuple[str, ...]:
    """What the first cell tells about a kernel that starts on what is locked."""
    notes = []
    if state.project.orphan is not None:
        notes.append(
            Hint(
                f"`{state.project.orphan.name}` answers this notebook's declaration and is used; ", step("lock"), " renames it"
            )
        )
    if state.summary is not None and not state.lock_answers and state.declaration is not None:
        wanted, gone = state.lacking()
        difference = [f"declared but not locked: {', '.join(wanted)}"] if wanted else []
        difference += [f"locked but no longer declared: {', '.join(gone)}"] if gone else []
        notes.append(
            Hint("the lock is stale (", "; ".join(difference) or "other settings", "): ", step("lock"), " brings it up to date")
        )
    elif state.summary is not None and state.declaration is None and state.project.folder is None:
        notes.append(
            Hint(
                "there is a lock, but the notebook declares nothing: ",
                step("undo"),
                " or ",
                step("init"),
                " bring a block back",
            )
        )
    elif state.name == "unlocked" and state.declaration is not None and state.declaration.dependencies:
        noun = state.project.form.noun
        notes.append(Hint(f"the {noun}'s declaration is not locked yet: ", step("lock"), " locks and installs it"))
    return tuple(map(_CELL.write, notes))
