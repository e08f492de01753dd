"""The running kernels of ours, as this server's managers know them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jupyter_core.utils import ensure_async
from tornado.web import HTTPError

from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep_kernels.start.provisioner import DepProvisioner
from jupyter_dep_server.api.paths import Root

from .events import Events

ACTIONS = "https://events.jupyter.org/jupyter_server/kernel_actions/v1"
"""The server's own event about its kernels."""


@frozen_dataclass
class Running:
    """A live kernel as it was started: `path` is its session's, "" without one; `key` its environment, if it was known."""

    id: str
    path: str
    holding: bool
    starter: bool
    key: str | None


class Kernels:
    """What runs. `kernels` and `sessions` are the server's managers; only for the thread of its loop."""

    def __init__(self, kernels: Any, sessions: Any, root: Root | None) -> None:
        self._kernels, self._sessions, self._root = kernels, sessions, root
        self._known: dict[str, str] = {}

    async def running(self) -> tuple[Running, ...]:
        """Every kernel of ours, with the path of its session."""
        ours = {identity: found for identity in self._kernels.list_kernel_ids() if (found := self._ours(identity))}
        if not ours:
            return ()
        sessions = await ensure_async(self._sessions.list_sessions())
        paths = {session["kernel"]["id"]: session["path"] for session in sessions if session.get("kernel")}
        return tuple(
            Running(
                id=identity,
                path=paths.get(identity) or self._notebook(found),
                holding=found.placeholder,
                starter=found.base,
                key=found.key,
            )
            for identity, found in ours.items()
        )

    def _ours(self, identity: str) -> DepProvisioner | None:
        try:
            found = self._kernels.get_kernel(identity).provisioner
        except (AttributeError, KeyError, HTTPError):  # a gateway's kernel has none; another one has just ended
            return None
        return found if isinstance(found, DepProvisioner) else None

    def _notebook(self, found: DepProvisioner) -> str:
        return (self._root.relative(found.notebook) or "") if found.notebook and self._root else ""

    def follow(self, logger: Any, events: Events) -> Callable[[], None]:
        """Tell of every start, restart and end of a kernel of ours; what is given back stops that."""

        async def listen(logger: Any, schema_id: str, data: dict[str, Any]) -> None:
            identity = str(data.get("kernel_id"))
            if data.get("status") != "success" or data.get("action") == "interrupt":
                return
            found = self._ours(identity)
            path = self._notebook(found) if found else self._known.pop(identity, "")
            if found and path:
                self._known[identity] = path
            if path:
                events.project(path, "kernel")

        logger.add_listener(schema_id=ACTIONS, listener=listen)
        return lambda: logger.remove_listener(schema_id=ACTIONS, listener=listen)
