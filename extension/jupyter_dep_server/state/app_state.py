"""What the extension is made of, wired once for a server; the answers of `answers` work on it."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.progress import CancelToken, Reporter
from jupyter_dep.messages import Failure, Outcome
from jupyter_dep.messages.web import Job, JobRequest
from jupyter_dep.model.lock.audit import ConsentScope
from jupyter_dep.services import Services
from jupyter_dep_server.api.paths import Place, Root
from jupyter_dep_server.jobs.jobs import Jobs
from jupyter_dep_server.jobs.protocol import JobOrder
from jupyter_dep_server.jobs.workers import JobRunner
from jupyter_dep_server.jobs.working import MakeServices

from .events import Events
from .kernels import Kernels
from .nonces import Nonces
from .reader import Reader

T = TypeVar("T")


@dataclass(kw_only=True)
class ExtensionState:
    """`root` is None where the server's notebooks are no files. `services` are made anew for each reading, as each command
    makes them, so that changed settings count. `hosts` are those that a lock's fingerprint was found to need a yes for."""

    root: Root | None
    services: MakeServices
    events: Events
    kernels: Kernels
    log: logging.Logger
    carrier: JobRunner
    """Who does the jobs."""
    reader: Reader = field(default_factory=Reader)
    """For what is read from disk."""
    asker: Reader = field(default_factory=Reader)
    """For what asks an index, which may take its time: nobody who reads waits for it."""
    nonces: Nonces = field(default_factory=Nonces)
    hosts: dict[str, tuple[ConsentScope, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.jobs = Jobs(self._work, self._tell)

    @property
    def folder(self) -> Path | None:
        return self.root.folder if self.root else None

    def place(self, path: str) -> Place:
        """The notebook of a contents path; looks at the disk. Errors: those of `Root.notebook`, `not-files`."""
        if self.root is None:
            raise DepError(
                "not-files",
                "this server keeps its notebooks elsewhere than in files",
                hint="jupyter-dep needs a server whose contents are files",
            )
        notebook = self.root.notebook(path)
        file = self.root.project(notebook, self.services())
        return Place(path=path, notebook=notebook, file=file, real=os.path.realpath(file))

    async def close(self) -> None:
        await self.jobs.close()
        await asyncio.to_thread(self.carrier.close)
        self.reader.close()
        self.asker.close()

    def _work(self, request: JobRequest, notebook: Path, reporter: Reporter, cancel: CancelToken) -> Outcome | Failure:
        """In a thread of the jobs, which waits here."""
        folder = os.fspath(self.folder) if self.folder else None
        order = JobOrder(request=request, notebook=os.fspath(notebook), folder=folder)
        done = self.carrier.carry(order, reporter, cancel)
        if done.hosts is not None:  # so that the next question names them, each to be ticked
            self.hosts[done.hosts.fingerprint] = done.hosts.items
        if done.trouble:
            self.log.error("jupyter-dep: the job `%s` failed\n%s", request.kind, done.trouble)
        return done.result

    def _tell(self, job: Job) -> None:
        try:
            self.events.job(job)
            if job.state == "done" and job.kind != "outdated" and not _dry(job):
                self.events.project(job.path, job.kind)
        except Exception:  # somebody else's listener or modifier must not stop the work
            self.log.exception("jupyter-dep: an event could not be sent")


def _dry(job: Job) -> bool:
    return job.outcome is not None and bool(job.outcome.data.get("dry_run"))


@dataclass(frozen=True, kw_only=True)
class ProjectCall:
    """One request that may be answered. `query` and `parts` (of the address) are texts; `user` is who nonces are bound to;
    `allowed` asks whether this user may run things here."""

    desk: ExtensionState
    query: Mapping[str, str]
    parts: Mapping[str, str]
    body: Any
    user: str
    allowed: Callable[[], Awaitable[bool]]

    async def read(self, work: Callable[[Place, Services], T]) -> T:
        """What `work` reads of the notebook that the query names, beside the loop; whoever asks for the same at the same
        time shares it."""
        path, desk = self.query["path"], self.desk
        return await desk.reader.read((work, path), lambda: work(desk.place(path), desk.services()))

    async def place(self, path: str) -> Place:
        """The notebook of a contents path, looked up beside the loop."""
        return await self.desk.reader.read(("place", path), lambda: self.desk.place(path))
