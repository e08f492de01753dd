"""The declaration's block where no file may be edited: through the front end, or as a cell that the user is offered.

A front end that can edit the notebook announces itself by opening a comm to the target `jupyter-dep` with the data
`{"holds": true, "block": <live text of the block's cell> | null}`, and sends the same again whenever the block changes.
From then on requests carry that text, and a wanted edit goes out as a comm to the front end's target of the same name
with the data `{"type": "edit", "before", "after", "project"}`. Nothing is waited for: no reply can reach a busy
kernel.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, List, Mapping, Optional

from .wire import Edit

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

TARGET = "jupyter-dep"


class Edits:
    """`block` is the live text that a front end sent, None without one."""

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell = shell
        self._comms: List[Any] = []
        self._offered: Optional[str] = None
        self.block: Optional[str] = None

    @property
    def held(self) -> bool:
        """Whether a front end holds the notebook and edits it for us."""
        return bool(self._comms)

    def register(self) -> None:
        """Let front ends announce themselves; without a kernel there are none."""
        manager = getattr(getattr(self._shell, "kernel", None), "comm_manager", None)
        if manager is not None:
            manager.register_target(TARGET, self._opened)

    def carry(self, edit: Edit) -> List[str]:
        """Bring the edit to the notebook; what the user has to know or do, in sentences."""
        if self.held:
            self._send(edit)
            self.block = edit.after
            return []
        if not edit.pending or edit.after == self._offered:
            return []
        first, self._offered = not self._offered and edit.before is None, edit.after
        if not edit.after.strip():
            return ["this front end cannot edit the notebook: the block in it is no longer wanted, delete its cell"]
        if first:
            self._shell.set_next_input(edit.after, replace=False)
            return ["this front end cannot edit the notebook: the block is in the cell below, save the notebook to keep it"]
        print(edit.after)  # another new cell would be a second block, which no tool could read
        return [
            "this front end cannot edit the notebook: put the lines above in the place of the block that is there, "
            "and save the notebook; until then this kernel remembers them"
        ]

    def _send(self, edit: Edit) -> None:
        message = {"type": "edit", "before": edit.before, "after": edit.after, "project": edit.project}
        # The class of the comm that was announced: the package that defines it is not ours to import.
        comm = type(self._comms[-1])(target_name=TARGET, data=message)
        comm.close()

    def _opened(self, comm: Any, message: Mapping[str, Any]) -> None:
        self._read(comm, message)
        comm.on_msg(lambda later: self._read(comm, later))
        comm.on_close(lambda _: self._drop(comm))

    def _read(self, comm: Any, message: Mapping[str, Any]) -> None:
        data = message.get("content", {}).get("data", {})
        if data.get("holds", True):
            if comm not in self._comms:
                self._comms.append(comm)
            block = data.get("block")
            self.block = block if isinstance(block, str) else None
        else:
            self._drop(comm)

    def _drop(self, comm: Any) -> None:
        self._comms = [held for held in self._comms if held is not comm]
        if not self._comms:
            self.block = None
