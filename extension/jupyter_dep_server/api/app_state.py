"""What the extension holds while the server runs, wired once; the endpoints work on it."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jupyter_dep.base.progress import CancelToken, Reporter
from jupyter_dep.messages import Failure, Outcome
from jupyter_dep.messages.jobs import Job, JobRequest
from jupyter_dep.services import Services
from jupyter_dep_server.jobs.jobs import JobLimits, Jobs
from jupyter_dep_server.jobs.protocol import HostScopes, JobOrder, ReadAnswer, ReadOrder, ViewName
from jupyter_dep_server.jobs.workers import Runner
from jupyter_dep_server.state.events import Events
from jupyter_dep_server.state.kernels import Kernels
from jupyter_dep_server.state.nonces import Nonces
from jupyter_dep_server.state.paths import Root, ServedNotebook, find_notebook
from jupyter_dep_server.state.reader import Reader


@dataclass(kw_only=True)
class ExtensionState:
    """What the endpoints share.

    `root` is None where the server's notebooks are not files. `services` makes new ones for each call, so that changed
    settings count. `mark_active` is called with every change of a job.
    """

    root: Root | None
    services: Callable[[], Services]
    events: Events
    kernels: Kernels
    log: logging.Logger
    runner: Runner
    limits: JobLimits = field(default_factory=JobLimits)
    readers: int = 2
    """Pages that are made at the same time."""
    mark_active: Callable[[], None] = lambda: None
    nonces: Nonces = field(default_factory=Nonces)
    hosts: dict[str, HostScopes] = field(default_factory=dict)
    """By a lock's fingerprint: the hosts that a consent to it has to name."""

    def __post_init__(self) -> None:
        self.jobs = Jobs(self._work, self._publish, limits=self.limits)
        self.reader = Reader(self.readers)
        # what asks an index may take its time: no other reading waits for it
        self.index_reader = Reader(self.readers)

    @property
    def folder(self) -> Path | None:
        """The folder that the server shows."""
        return self.root.folder if self.root else None

    async def find_notebook(self, path: str) -> ServedNotebook:
        """Look up the notebook of a contents path, beside the loop. Errors: those of `state.paths.find_notebook`."""
        return await self.reader.read(("notebook", path), lambda: find_notebook(self.root, path, self.services()))

    async def read(self, view: ViewName, **options: Any) -> ReadAnswer:
        """Have a page made in a worker; callers who ask for the same at the same time share one. Options: see `ReadOrder`."""
        order = self._order(view, **options)
        reader = self.index_reader if view == "details" else self.reader
        return self._log_trouble(order, await reader.read(order, lambda: self.runner.read(order)))

    async def revoke(self, path: str) -> ReadAnswer:
        """Have the consent to a notebook's lock taken back; each caller's request is done once."""
        order = self._order("revoke", path=path)
        return self._log_trouble(order, await self.reader.read(object(), lambda: self.runner.read(order)))

    async def close(self) -> None:
        """Cancel the jobs, and end the workers."""
        await self.jobs.close()
        await asyncio.to_thread(self.runner.close)
        self.reader.close()
        self.index_reader.close()

    def _work(self, request: JobRequest, notebook: Path, reporter: Reporter, cancel: CancelToken) -> Outcome | Failure:
        """Wait for a job, in a thread of the queue."""
        folder = os.fsencode(self.folder) if self.folder else None
        done = self.runner.run(JobOrder(request=request, notebook=os.fsencode(notebook), folder=folder), reporter, cancel)
        if done.hosts is not None:  # the next question names them, each to be ticked
            self.hosts[done.hosts.fingerprint] = done.hosts
        if done.trouble:
            self.log.error("jupyter-dep: the job `%s` failed\n%s", request.kind, done.trouble)
        return done.result

    def _order(self, view: ViewName, **options: Any) -> ReadOrder:
        root = self.root
        folder = os.fsencode(root.folder) if root is not None else None
        return ReadOrder(view=view, folder=folder, hidden=root is not None and root.hidden, **options)

    def _log_trouble(self, order: ReadOrder, answer: ReadAnswer) -> ReadAnswer:
        if answer.trouble:
            self.log.error("jupyter-dep: reading `%s` failed\n%s", order.view, answer.trouble)
        return answer

    def _publish(self, job: Job) -> None:
        self.mark_active()
        try:
            self.events.job(job)
            if job.state == "done" and job.kind != "outdated" and not _is_dry_run(job):
                self.events.project(job.path, job.kind)
        except Exception:
            self.log.exception("jupyter-dep: an event could not be sent")


def _is_dry_run(job: Job) -> bool:
    return job.outcome is not None and bool(job.outcome.data.get("dry_run"))


@dataclass(frozen=True, kw_only=True)
class ProjectCall:
    """A request that is authenticated, authorised and decoded.

    `query` and `parts` (of the address) are texts; nonces are bound to `user`; `may_execute` asks whether this user may
    run things here.
    """

    state: ExtensionState
    query: Mapping[str, str]
    parts: Mapping[str, str]
    body: Any
    user: str
    may_execute: Callable[[], Awaitable[bool]]
