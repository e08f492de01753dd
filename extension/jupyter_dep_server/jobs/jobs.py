"""The job queue: one job at a time for a project, several projects at a time, readable for a while after the end.

Everything here runs in the thread of the server's loop except `Work`, which waits in a thread for a worker process.
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
from jupyter_dep.messages.jobs import Job, JobProgress, JobRequest

Work = Callable[[JobRequest, Path, Reporter, CancelToken], Outcome | Failure]
"""Executes a job; errors come back as a `Failure`."""
Publish = Callable[[Job], None]
"""Called with every change of a job."""

PROGRESS_INTERVAL = 0.1
"""Seconds between two events about progress."""
SHUTDOWN_SECONDS = 2.5
"""Seconds that running jobs get to clean up when the server ends, which waits for them."""


@dataclass(frozen=True, kw_only=True)
class JobLimits:
    """How much work a server takes.

    `parallel` jobs run at once, `queued` may wait or run; of those that have ended, `kept` can be read for `kept_seconds`.
    """

    parallel: int = 2
    queued: int = 50
    kept: int = 100
    kept_seconds: float = 3600.0


@dataclass(slots=True, kw_only=True)
class _Entry:
    job: Job
    request: JobRequest
    notebook: Path
    lock: str
    """Jobs with the same one wait for each other."""
    cancel: CancelToken = field(default_factory=CancelToken)
    task: asyncio.Task[None] | None = None
    ended: float = 0.0


class Jobs:
    """The jobs of a server. `work` runs in a thread, `publish` in the loop's."""

    def __init__(
        self,
        work: Work,
        publish: Publish,
        *,
        limits: JobLimits = JobLimits(),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._work, self._publish, self._clock = work, publish, clock
        self._limits = limits
        self._pool = ThreadPoolExecutor(limits.parallel, thread_name_prefix="jupyter-dep-job")
        self._slots = asyncio.Semaphore(limits.parallel)
        self._locks: dict[str, asyncio.Lock] = {}
        self._entries: dict[str, _Entry] = {}
        self._closing = False

    @property
    def active(self) -> tuple[Job, ...]:
        """The jobs that wait or run."""
        return tuple(entry.job for entry in self._entries.values() if not entry.ended)

    def submit(self, request: JobRequest, notebook: Path, lock: str) -> Job:
        """Queue a job for a notebook; jobs with the same `lock`, its real path, wait for each other.

        Errors: `too-many-jobs`, `server-stopping`.
        """
        self._forget()
        if self._closing:
            raise DepError("server-stopping", "the server is ending", hint="try again when it is back")
        if len(self.active) >= self._limits.queued:
            raise DepError(
                "too-many-jobs", f"{self._limits.queued} jobs are waiting already", hint="wait for some of them, or cancel them"
            )
        job = Job(id=secrets.token_hex(8), kind=request.kind, path=request.path, state="queued", created=_now())
        entry = _Entry(job=job, request=request, notebook=notebook, lock=lock)
        self._entries[job.id] = entry
        self._change(entry)
        entry.task = asyncio.ensure_future(self._run(entry))
        return job

    def get(self, identity: str) -> Job:
        """Return a job, also after its end. Errors: `no-such-job`."""
        return self._entry(identity).job

    def all(self, path: str | None = None) -> tuple[Job, ...]:
        """List the jobs of a project, or all, the newest first."""
        self._forget()
        return tuple(entry.job for entry in reversed(self._entries.values()) if path is None or entry.job.path == path)

    def cancel(self, identity: str) -> Job:
        """Cancel a job: at once while it waits, as soon as its work can stop while it runs.

        Errors: `no-such-job`, `job-over`.
        """
        entry = self._entry(identity)
        if entry.ended:
            raise DepError(
                "job-over", f"the job is over: {entry.job.state}", hint="undo takes back what it did, if it did something"
            )
        entry.cancel.set()
        if entry.job.state == "queued" and entry.task is not None:
            entry.task.cancel()
            self._end(entry, _fail_queued(entry))
        return entry.job

    async def close(self) -> None:
        """Cancel every job and wait `SHUTDOWN_SECONDS` at most for those that run."""
        self._closing = True
        running = [entry for entry in self._entries.values() if not entry.ended]
        for entry in running:
            self.cancel(entry.job.id)
        tasks = [entry.task for entry in running if entry.task is not None]
        if tasks:
            await asyncio.wait(tasks, timeout=SHUTDOWN_SECONDS)
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _run(self, entry: _Entry) -> None:
        lock = self._locks.setdefault(entry.lock, asyncio.Lock())
        async with lock, self._slots:
            self._change(entry, state="running")
            loop = asyncio.get_running_loop()

            def forward(progress: Progress) -> None:
                loop.call_soon_threadsafe(self._advance, entry, progress)

            reporter = throttle(forward, interval=PROGRESS_INTERVAL, clock=self._clock)
            result = await loop.run_in_executor(self._pool, self._work, entry.request, entry.notebook, reporter, entry.cancel)
            self._end(entry, result)

    def _advance(self, entry: _Entry, progress: Progress) -> None:
        if not entry.ended:
            self._change(entry, progress=_convert_progress(progress))

    def _end(self, entry: _Entry, result: Outcome | Failure) -> None:
        entry.ended = self._clock() or 1e-9
        ended = replace(entry.job, ended=_now())
        if isinstance(result, Outcome):
            entry.job = replace(ended, state="done", outcome=result)
        else:
            state = "cancelled" if result.code == "cancelled" else "failed"
            entry.job = replace(ended, state=state, failure=result)  # type: ignore[arg-type]
        self._publish(entry.job)
        if not any(other.lock == entry.lock and not other.ended for other in self._entries.values()):
            self._locks.pop(entry.lock, None)

    def _change(self, entry: _Entry, **changes: object) -> None:
        entry.job = replace(entry.job, **changes)  # type: ignore[arg-type]
        self._publish(entry.job)

    def _entry(self, identity: str) -> _Entry:
        self._forget()
        if identity not in self._entries:
            raise DepError(
                "no-such-job",
                "this server has no such job (any more)",
                hint=f"ended jobs are kept for {self._limits.kept_seconds / 60:.0f} min, and not over a restart of the server; "
                "read the project",
            )
        return self._entries[identity]

    def _forget(self) -> None:
        over = [identity for identity, entry in self._entries.items() if entry.ended]
        limit = self._clock() - self._limits.kept_seconds
        for place, identity in enumerate(over):
            if len(over) - place > self._limits.kept or self._entries[identity].ended < limit:
                del self._entries[identity]


def throttle(reporter: Reporter, *, interval: float, clock: Callable[[], float] = time.monotonic) -> Reporter:
    """Pass on every change of the phase, and one other report every `interval` seconds."""
    phase, last = "", 0.0

    def report(progress: Progress) -> None:
        nonlocal phase, last
        now = clock()
        if progress.phase == phase and now - last < interval:
            return
        phase, last = progress.phase, now
        reporter(progress)

    return report


def _convert_progress(progress: Progress) -> JobProgress:
    return JobProgress(
        text=progress.text(),
        phase=progress.phase,
        done=progress.done,
        total=progress.total,
        bytes_done=progress.bytes_done,
        bytes_total=progress.bytes_total,
    )


def _fail_queued(entry: _Entry) -> Failure:
    return Failure(
        verb=entry.request.kind,
        code="cancelled",
        message="cancelled before it began",
        context={"file": entry.notebook.name},
        hint="nothing was changed; try again when you like",
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
