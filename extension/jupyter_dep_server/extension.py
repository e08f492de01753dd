"""The extension as Jupyter Server loads it: wires the desk, registers the events, hangs up the addresses."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jupyter_server.extension.application import ExtensionApp
from jupyter_server.services.contents.filemanager import FileContentsManager

from jupyter_dep.services import Services
from jupyter_dep_server.api.handlers import handlers
from jupyter_dep_server.api.paths import Root
from jupyter_dep_server.jobs.workers import JobRunner, Workers
from jupyter_dep_server.jobs.working import MakeServices
from jupyter_dep_server.state.app_state import ExtensionState
from jupyter_dep_server.state.events import Events
from jupyter_dep_server.state.kernels import Kernels


class DepExtension(ExtensionApp):
    """`jupyter_dep_server` among the server's extensions."""

    name = "jupyter_dep_server"
    make_services: MakeServices = Services.of_user
    """Who the work is done for: the user of the server's process."""
    make_carrier: Callable[[logging.Logger], JobRunner] = Workers
    """Who does it."""

    _unfollow: Callable[[], None] | None = None

    def initialize_settings(self) -> None:
        server = self.serverapp
        assert server is not None
        root = root_of(server)
        events = Events(server.event_logger)
        kernels = Kernels(server.kernel_manager, server.session_manager, root)
        self.desk = ExtensionState(
            root=root,
            services=type(self).make_services,
            events=events,
            kernels=kernels,
            log=self.log,
            carrier=type(self).make_carrier(self.log),
        )
        self._unfollow = kernels.follow(server.event_logger, events)
        self.settings["jupyter_dep_desk"] = self.desk

    def initialize_handlers(self) -> None:
        self.handlers.extend(handlers(self.desk))

    async def stop_extension(self) -> None:
        if self._unfollow is not None:
            self._unfollow()
            await self.desk.close()


def root_of(server: Any) -> Root | None:
    """The folder that the server shows, None where its contents are no files."""
    contents = server.contents_manager
    if not isinstance(contents, FileContentsManager):
        return None
    return Root(folder=Path(contents.root_dir), hidden=bool(contents.allow_hidden))
