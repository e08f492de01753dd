"""The declaration's block where no file may be edited: through the page, or as a cell or text that the user is offered."""

from __future__ import annotations

from typing import TYPE_CHECKING, List, Optional

from .comm import PageComm
from .wire import Edit

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

_CANNOT = "this front end cannot edit the notebook: "


class Edits:
    """Brings wanted declarations to the notebook."""

    def __init__(self, shell: InteractiveShell, page: PageComm) -> None:
        self._shell = shell
        self._page = page
        self._offered: Optional[str] = None

    def carry(self, edit: Edit, *, in_cell: bool = True) -> List[str]:
        """Bring the edit to the notebook; what the user has to know or do, in sentences.

        `in_cell`: a cell runs, below which another can be offered and under which text can be printed.
        """
        if self._page.held:
            self._page.send({"type": "edit", "before": edit.before, "after": edit.after, "project": edit.project})
            self._page.block = edit.after
            return []
        if not edit.pending or edit.after == self._offered:
            return []
        first, self._offered = not self._offered and edit.before is None, edit.after
        if not edit.after.strip():
            return [_CANNOT + "the block in it is no longer wanted, delete its cell"]
        if not in_cell:
            place = "a new first cell" if edit.before is None else "the place of the block that is there"
            return [
                _CANNOT
                + "put the lines below in {}, and save the notebook; until then this kernel remembers them\n\n{}".format(
                    place, edit.after
                )
            ]
        if first:
            self._shell.set_next_input(edit.after, replace=False)
            return [_CANNOT + "the block is in the cell below, save the notebook to keep it"]
        print(edit.after)  # another new cell would be a second block, which no tool could read
        return [
            _CANNOT + "put the lines above in the place of the block that is there, "
            "and save the notebook; until then this kernel remembers them"
        ]
