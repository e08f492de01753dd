"""Long work: one job at a time for a project, two projects at a time, readable for an hour after the end.

Everything here belongs to the thread of the server's loop but `Work`, which waits in a thread for a worker (`workers`).
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.progress import CancelToken, Progress, Reporter
from jupyter_dep.messages import Failure, Outcome
from jupyter_dep.messages.web import Job, JobProgress, JobRequest

from .sparing import throttle

Work = Callable[[JobRequest, Path, Reporter, CancelToken], Outcome | Failure]
"""Does what is asked for; what goes wrong comes back as a `Failure`."""
Tell = Callable[[Job], None]
"""Is called with every change of a job."""

PARALLEL = 2
WAITING = 50
"""Jobs that may wait or run at a time; more are refused."""
KEPT = 100
KEPT_SECONDS = 3600.0
TICK = 0.1
"""Seconds between two events about progress."""
GRACE = 2.5
"""Seconds that running jobs get to clean up behind themselves when the server ends; whoever ended it waits for it."""


@dataclass(slots=True, kw_only=True)
class _Entry:
    job: Job
    request: JobRequest
    notebook: Path
    turn: str
    """Jobs with the same one wait for each other."""
    cancel: CancelToken = field(default_factory=CancelToken)
    task: asyncio.Task[None] | None = None
    ended: float = 0.0


class Jobs:
    """The jobs of a server. `work` runs in a thread, `tell` in the loop's."""

    def __init__(
        self, work: Work, tell: Tell, *, parallel: int = PARALLEL, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._work, self._tell, self._clock = work, tell, clock
        self._pool = ThreadPoolExecutor(parallel, thread_name_prefix="jupyter-dep-job")
        self._places = asyncio.Semaphore(parallel)
        self._turns: dict[str, asyncio.Lock] = {}
        self._entries: dict[str, _Entry] = {}
        self._closing = False

    def submit(self, request: JobRequest, notebook: Path, turn: str) -> Job:
        """Queue a job for a notebook; `turn` is its real path. Errors: `too-many-jobs`, `server-stopping`."""
        self._forget()
        if self._closing:
            raise DepError("server-stopping", "the server is ending", hint="ask again when it is back")
        if sum(not entry.ended for entry in self._entries.values()) >= WAITING:
            raise DepError("too-many-jobs", f"{WAITING} jobs are waiting already", hint="wait for some of them, or cancel them")
        job = Job(id=secrets.token_hex(8), kind=request.kind, path=request.path, state="queued", created=_now())
        entry = _Entry(job=job, request=request, notebook=notebook, turn=turn)
        self._entries[job.id] = entry
        self._change(entry)
        entry.task = asyncio.ensure_future(self._run(entry))
        return job

    def get(self, identity: str) -> Job:
        """A job, also after its end. Errors: `no-such-job`."""
        return self._entry(identity).job

    def all(self, path: str | None = None) -> tuple[Job, ...]:
        """The jobs of a project, or all, the newest first."""
        self._forget()
        return tuple(entry.job for entry in reversed(self._entries.values()) if path is None or entry.job.path == path)

    def cancel(self, identity: str) -> Job:
        """Cancel a job: at once while it waits, as soon as its work can stop while it runs. Errors: `no-such-job`,
        `job-over`."""
        entry = self._entry(identity)
        if entry.ended:
            raise DepError(
                "job-over", f"the job is over: {entry.job.state}", hint="undo takes back what it did, if it did something"
            )
        entry.cancel.set()
        if entry.job.state == "queued" and entry.task is not None:
            entry.task.cancel()
            self._end(entry, _cancelled(entry))
        return entry.job

    async def close(self) -> None:
        """Cancel everything and wait for it, but not for ever."""
        self._closing = True
        running = [entry for entry in self._entries.values() if not entry.ended]
        for entry in running:
            self.cancel(entry.job.id)
        tasks = [entry.task for entry in running if entry.task is not None]
        if tasks:
            await asyncio.wait(tasks, timeout=GRACE)
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _run(self, entry: _Entry) -> None:
        turn = self._turns.setdefault(entry.turn, asyncio.Lock())
        async with turn, self._places:
            self._change(entry, state="running")
            loop = asyncio.get_running_loop()

            def tell(progress: Progress) -> None:
                loop.call_soon_threadsafe(self._progress, entry, progress)

            seen = throttle(tell, tick=TICK, clock=self._clock)
            result = await loop.run_in_executor(self._pool, self._work, entry.request, entry.notebook, seen, entry.cancel)
            self._end(entry, result)

    def _progress(self, entry: _Entry, progress: Progress) -> None:
        if not entry.ended:
            self._change(entry, progress=_told(progress))

    def _end(self, entry: _Entry, result: Outcome | Failure) -> None:
        entry.ended = self._clock() or 1e-9
        ended = replace(entry.job, ended=_now())
        if isinstance(result, Outcome):
            entry.job = replace(ended, state="done", outcome=result)
        else:
            state = "cancelled" if result.code == "cancelled" else "failed"
            entry.job = replace(ended, state=state, failure=result)  # type: ignore[arg-type]
        self._tell(entry.job)
        if not any(other.turn == entry.turn and not other.ended for other in self._entries.values()):
            self._turns.pop(entry.turn, None)

    def _change(self, entry: _Entry, **changes: object) -> None:
        entry.job = replace(entry.job, **changes)  # type: ignore[arg-type]
        self._tell(entry.job)

    def _entry(self, identity: str) -> _Entry:
        self._forget()
        if identity not in self._entries:
            raise DepError(
                "no-such-job",
                "this server knows no such job (any more)",
                hint=f"jobs are kept for {KEPT_SECONDS / 3600:.0f} h, and not over a restart of the server; read the project",
            )
        return self._entries[identity]

    def _forget(self) -> None:
        over = [identity for identity, entry in self._entries.items() if entry.ended]
        limit = self._clock() - KEPT_SECONDS
        for place, identity in enumerate(over):
            if len(over) - place > KEPT or self._entries[identity].ended < limit:
                del self._entries[identity]


def _told(progress: Progress) -> JobProgress:
    return JobProgress(
        text=progress.text(),
        phase=progress.phase,
        done=progress.done,
        total=progress.total,
        bytes_done=progress.bytes_done,
        bytes_total=progress.bytes_total,
    )


def _cancelled(entry: _Entry) -> Failure:
    return Failure(
        verb=entry.request.kind,
        code="cancelled",
        message="cancelled before it began",
        context={"file": entry.notebook.name},
        hint="nothing was changed; ask again when you like",
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
