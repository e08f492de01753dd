"""Talking with the pages that hold the notebook, over the comm target `jupyter-dep`.

A page announces itself by opening a comm with the data `{"holds": true, "block": <live text of the declaration's cell>
| null, "path": <the notebook's path as the server names it>}`, and sends the same again whenever block or path change.
It may send `{"type": "switch", "switch": {...}}`: move to that environment. What the kernel has to say goes out as the
data of a fresh comm to the page's target of the same name, closed at once: every open page gets it, so that all of it
is idempotent. Nothing is waited for: no reply can reach a busy kernel. Without a page nothing is sent, since a front
end reports a comm to a target that it does not know as an error.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Callable, List, Mapping, Optional

from .wire import Switch, switch_of

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

TARGET = "jupyter-dep"


class PageComm:
    """`block` is the live text that a page sent last, None where there is none or the page that sent it has left.

    `on_held` is called when a page has announced itself, `on_switch` with what it asks for; both in whatever thread the
    front end's messages are read in, which may be another than the one that runs cells.
    """

    def __init__(self, shell: InteractiveShell, *, on_held: Callable[[], None], on_switch: Callable[[Switch], None]) -> None:
        self._shell = shell
        self._on_held = on_held
        self._on_switch = on_switch
        self._comms: List[Any] = []
        self._speaker: Any = None
        self._first_path = self._path = ""
        self.block: Optional[str] = None

    @property
    def held(self) -> bool:
        """Whether a page holds the notebook and edits it for us."""
        return bool(self._comms)

    def register(self) -> None:
        """Let pages announce themselves; without a kernel there are none."""
        manager = self._manager()
        if manager is not None:
            manager.register_target(TARGET, self._opened)

    def close(self) -> None:
        manager = self._manager()
        if manager is not None:
            manager.unregister_target(TARGET, self._opened)

    def send(self, message: Mapping[str, Any]) -> None:
        """To every page, if there is one."""
        if self._comms:
            # The class of the comm that was announced: the package that defines it is not ours to import.
            comm = type(self._comms[-1])(target_name=TARGET, data=dict(message))
            comm.close()

    def renamed(self, notebook: str) -> str:
        """Where the notebook that was at this absolute path is now, if a page was told of a new name; else the same."""
        first, now = self._first_path.replace("/", os.sep), self._path.replace("/", os.sep)
        if not first or first == now or not notebook.endswith(os.sep + first) or os.path.exists(notebook):
            return notebook
        moved = notebook[: -len(first)] + now
        return moved if os.path.exists(moved) else notebook

    def _manager(self) -> Any:
        return getattr(getattr(self._shell, "kernel", None), "comm_manager", None)

    def _opened(self, comm: Any, message: Mapping[str, Any]) -> None:
        comm.on_msg(lambda later: self._read(comm, later))
        comm.on_close(lambda _: self._drop(comm))
        self._read(comm, message)

    def _read(self, comm: Any, message: Mapping[str, Any]) -> None:
        data = message.get("content", {}).get("data")
        if not isinstance(data, dict):
            return
        if data.get("type") == "switch":
            try:
                wanted = switch_of(data["switch"])
            except (KeyError, TypeError, ValueError, AttributeError):
                return
            self._on_switch(wanted)
        elif data.get("holds", True):
            self._hold(comm, data)
        else:
            self._drop(comm)

    def _hold(self, comm: Any, data: Mapping[str, Any]) -> None:
        block, path = data.get("block"), data.get("path")
        new = comm not in self._comms
        if new:
            self._comms.append(comm)
        self._speaker = comm
        self.block = block if isinstance(block, str) else None
        if isinstance(path, str) and path:
            self._first_path, self._path = self._first_path or path, path
        if new:
            self._on_held()

    def _drop(self, comm: Any) -> None:
        self._comms = [held for held in self._comms if held is not comm]
        if comm is self._speaker or not self._comms:
            # What another page said before may be older than what was saved since.
            self._speaker = self.block = None
