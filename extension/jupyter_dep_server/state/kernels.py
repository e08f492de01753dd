"""The running kernels of jupyter-dep, as the server's managers know them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jupyter_core.utils import ensure_async
from tornado.web import HTTPError

from jupyter_dep_kernels.start.provisioner import DepProvisioner

from .events import Events
from .live_kernel import LiveKernel
from .paths import Root

ACTIONS = "https://events.jupyter.org/jupyter_server/kernel_actions/v1"
"""The server's own event about its kernels."""


class Kernels:
    """`kernels` and `sessions` are the server's managers. Only for the thread of its loop."""

    def __init__(self, kernels: Any, sessions: Any, root: Root | None) -> None:
        self._kernels, self._sessions, self._root = kernels, sessions, root
        self._known: dict[str, str] = {}

    async def running(self) -> tuple[LiveKernel, ...]:
        """List the kernels that jupyter-dep started, with the path of each one's session."""
        started = {identity: found for identity in self._kernels.list_kernel_ids() if (found := self._find(identity))}
        if not started:
            return ()
        sessions = await ensure_async(self._sessions.list_sessions())
        paths = {session["kernel"]["id"]: session["path"] for session in sessions if session.get("kernel")}
        return tuple(
            LiveKernel(
                id=identity,
                path=paths.get(identity) or self._path_of(found),
                holding=found.placeholder,
                starter=found.base,
                key=found.key,
            )
            for identity, found in started.items()
        )

    def _find(self, identity: str) -> DepProvisioner | None:
        try:
            found = self._kernels.get_kernel(identity).provisioner
        except (AttributeError, KeyError, HTTPError):  # a gateway's kernel has none; another one has just ended
            return None
        return found if isinstance(found, DepProvisioner) else None

    def _path_of(self, found: DepProvisioner) -> str:
        return (self._root.relative(found.notebook) or "") if found.notebook and self._root else ""

    def follow(self, logger: Any, events: Events) -> Callable[[], None]:
        """Send an event at every start, restart and end of such a kernel, until the returned function is called."""

        async def listen(logger: Any, schema_id: str, data: dict[str, Any]) -> None:
            identity = str(data.get("kernel_id"))
            if data.get("status") != "success" or data.get("action") == "interrupt":
                return
            found = self._find(identity)
            path = self._path_of(found) if found else self._known.pop(identity, "")
            if found and path:
                self._known[identity] = path
            if path:
                events.project(path, "kernel")

        logger.add_listener(schema_id=ACTIONS, listener=listen)
        return lambda: logger.remove_listener(schema_id=ACTIONS, listener=listen)
