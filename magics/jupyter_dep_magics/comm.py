"""The comm between the kernel and the pages that have the notebook open, with the target `jupyter-dep`.

A page announces itself by opening a comm with the data `{"holds": true, "block": <live text of the declaration's cell>
| null, "path": <the notebook's path as the server names it>}`, and sends the same again whenever block or path change.
It may send `{"type": "switch", "switch": {...}}`: switch to that environment. The kernel sends its messages as the data
of a new comm to the page's target of the same name, closed at once. Every open page gets them, so they are idempotent.
The kernel waits for no reply: none can reach it while it is busy. Without a page it sends nothing, since a front end
reports a comm to an unknown target as an error.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Callable, Iterator, List, Mapping, Optional

from .wire import Switch, parse_switch

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

TARGET = "jupyter-dep"


def _absent(path: str) -> bool:
    """Whether a file is not there: one that cannot be looked at may well be."""
    try:
        os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except (OSError, ValueError):
        pass
    return False


class PageComm:
    """The open pages. `block` is the live text that a page sent last, None without one or once that page has closed.

    `on_open` is called when a page has announced itself, `on_switch` with the environment that it asks for; both in the
    thread that reads the front end's messages, which may not be the one that runs cells.
    """

    def __init__(self, shell: InteractiveShell, *, on_open: Callable[[], None], on_switch: Callable[[Switch], None]) -> None:
        self._shell = shell
        self._on_open = on_open
        self._on_switch = on_switch
        self._comms: List[Any] = []
        self._last_sender: Any = None
        self._held: Optional[List[Mapping[str, Any]]] = None
        self._first_path = self._path = ""
        self.block: Optional[str] = None

    @property
    def connected(self) -> bool:
        """Whether a page is open, which edits the notebook on the kernel's behalf."""
        return bool(self._comms)

    def register(self) -> None:
        """Register the comm target; outside a kernel there is none."""
        manager = self._comm_manager()
        if manager is not None:
            manager.register_target(TARGET, self._accept)

    def close(self) -> None:
        """Unregister the comm target."""
        manager = self._comm_manager()
        if manager is not None:
            manager.unregister_target(TARGET, self._accept)

    @contextmanager
    def delayed(self) -> Iterator[None]:
        """Hold back what is sent until the end of the block."""
        self._held = []
        try:
            yield
        finally:
            held, self._held = self._held, None
            for message in held:
                self.send(message)

    def send(self, message: Mapping[str, Any]) -> None:
        """Send a message to every open page."""
        if self._held is not None:
            self._held.append(message)
        elif self._comms:
            # the class of an accepted comm: which package defines it depends on the version of ipykernel
            comm = type(self._comms[-1])(target_name=TARGET, data=dict(message))
            comm.close()

    def current_path(self, notebook: str) -> str:
        """Return where the notebook with this absolute path is now, if a page has reported a new name."""
        first, now = self._first_path.replace("/", os.sep), self._path.replace("/", os.sep)
        if not first or first == now or not notebook.endswith(os.sep + first) or not _absent(notebook):
            return notebook
        moved = notebook[: -len(first)] + now
        return moved if os.path.exists(moved) else notebook

    def _comm_manager(self) -> Any:
        return getattr(getattr(self._shell, "kernel", None), "comm_manager", None)

    def _accept(self, comm: Any, message: Mapping[str, Any]) -> None:
        comm.on_msg(lambda later: self._read(comm, later))
        comm.on_close(lambda _: self._disconnect(comm))
        self._read(comm, message)

    def _read(self, comm: Any, message: Mapping[str, Any]) -> None:
        data = message.get("content", {}).get("data")
        if not isinstance(data, dict):
            return
        if data.get("type") == "switch":
            try:
                wanted = parse_switch(data["switch"])
            except (KeyError, TypeError, ValueError, AttributeError):
                return
            self._on_switch(wanted)
        elif data.get("type"):
            return  # an order to a kernel that has not started
        elif data.get("holds", True):
            self._connect(comm, data)
        else:
            self._disconnect(comm)

    def _connect(self, comm: Any, data: Mapping[str, Any]) -> None:
        block, path = data.get("block"), data.get("path")
        new = comm not in self._comms
        if new:
            self._comms.append(comm)
        self._last_sender = comm
        self.block = block if isinstance(block, str) else None
        if isinstance(path, str) and path:
            self._first_path, self._path = self._first_path or path, path
        if new:
            self._on_open()

    def _disconnect(self, comm: Any) -> None:
        self._comms = [other for other in self._comms if other is not comm]
        if comm is self._last_sender or not self._comms:
            # what another page sent earlier may be older than the saved file
            self._last_sender = self.block = None
