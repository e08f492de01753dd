"""The Jupyter Server extension app: its settings, its state, its handlers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jupyter_server.extension.application import ExtensionApp
from jupyter_server.services.contents.filemanager import FileContentsManager
from traitlets import Float, Integer

from jupyter_dep.messages.jobs import Job
from jupyter_dep.services import Services
from jupyter_dep_server.api.app_state import ExtensionState
from jupyter_dep_server.api.handlers import handlers
from jupyter_dep_server.jobs.jobs import JobLimits
from jupyter_dep_server.jobs.workers import Runner, Workers
from jupyter_dep_server.state.events import Events
from jupyter_dep_server.state.kernels import Kernels
from jupyter_dep_server.state.paths import Root


class DepExtension(ExtensionApp):
    """`jupyter_dep_server` among the server's extensions."""

    name = "jupyter_dep_server"

    parallel_jobs = Integer(
        2,
        min=1,
        help="How many projects may be changed at the same time. Each one needs a process of about 45 MB, and a program that "
        "resolves or installs.",
    ).tag(config=True)
    queued_jobs = Integer(50, min=1, help="How many jobs may wait or run; more are refused.").tag(config=True)
    kept_jobs = Integer(100, min=0, help="How many ended jobs can still be read.").tag(config=True)
    kept_seconds = Float(3600.0, min=0.0, help="For how many seconds an ended job can still be read.").tag(config=True)
    parallel_reads = Integer(
        2, min=1, help="How many pages are made at the same time. Each one needs a process of about 45 MB."
    ).tag(config=True)
    worker_idle_seconds = Float(
        300.0, min=1.0, help="After how many seconds without work a worker process ends; the next work starts another one."
    ).tag(config=True)

    make_services: Callable[[], Services] = Services.of_user
    """Whose projects these are: the user of the server's process."""

    _unfollow: Callable[[], None] | None = None

    def make_runner(self) -> Runner:
        """Create what does the work."""
        return Workers(self.log, idle=self.worker_idle_seconds)

    def initialize_settings(self) -> None:
        """Create the state, and register the events."""
        server = self.serverapp
        assert server is not None
        root = root_of(server)
        events = Events(server.event_logger)
        kernels = Kernels(server.kernel_manager, server.session_manager, root)
        self.state = ExtensionState(
            root=root,
            services=type(self).make_services,
            events=events,
            kernels=kernels,
            log=self.log,
            runner=self.make_runner(),
            limits=JobLimits(
                parallel=self.parallel_jobs, queued=self.queued_jobs, kept=self.kept_jobs, kept_seconds=self.kept_seconds
            ),
            readers=self.parallel_reads,
            mark_active=self._mark_active,
        )
        self._unfollow = kernels.follow(server.event_logger, events)
        self.settings["jupyter_dep_state"] = self.state

    def initialize_handlers(self) -> None:
        """Register the addresses."""
        self.handlers.extend(handlers(self.state))

    def current_activity(self) -> list[Job]:
        """List the jobs that wait or run: the server does not shut itself down meanwhile."""
        return list(self.state.jobs.active)

    async def stop_extension(self) -> None:
        """Cancel the jobs, and end the workers."""
        if self._unfollow is not None:
            self._unfollow()
            await self.state.close()

    def _mark_active(self) -> None:
        """Note a change of a job where the server's `last_activity` is made from, which cullers elsewhere read."""
        self.settings["last_activity_times"][self.name] = datetime.now(UTC)


def root_of(server: Any) -> Root | None:
    """Return the folder that the server shows, None where its contents are not files."""
    contents = server.contents_manager
    if not isinstance(contents, FileContentsManager):
        return None
    return Root(folder=Path(contents.root_dir), hidden=bool(contents.allow_hidden))
