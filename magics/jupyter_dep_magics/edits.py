"""Brings a changed declaration into an open notebook: through the page, or as a cell or text for the user."""

from __future__ import annotations

from typing import TYPE_CHECKING, List, Optional

from .comm import PageComm
from .wire import Edit

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

_CANNOT = "this front end cannot edit the notebook: "


class NotebookEdits:
    """Applies edits of the declaration's cell."""

    def __init__(self, shell: InteractiveShell, page: PageComm) -> None:
        self._shell = shell
        self._page = page
        self._offered: Optional[str] = None

    def apply(self, edit: Edit, *, in_cell: bool = True) -> List[str]:
        """Apply an edit; returns what the user has to know or do.

        `in_cell`: a cell runs, which can offer a new cell below it and print text.
        """
        if self._page.connected:
            self._page.send({"type": "edit", "before": edit.before, "after": edit.after, "project": edit.project})
            self._page.block = edit.after
            return []
        if not edit.pending or edit.after == self._offered:
            return []
        first, self._offered = not self._offered and edit.before is None, edit.after
        if not edit.after.strip():
            return [_CANNOT + "delete the cell with the block, which is not needed any more"]
        if not in_cell:
            place = "into a new first cell" if edit.before is None else "in place of the existing block"
            return [
                _CANNOT
                + "put the lines below {} and save the notebook; until then this kernel keeps them\n\n{}".format(
                    place, edit.after
                )
            ]
        if first:
            self._shell.set_next_input(edit.after, replace=False)
            return [_CANNOT + "the block is in the cell below; save the notebook to keep it"]
        print(edit.after)  # a second new cell would be a second block, which is an error
        return [
            _CANNOT + "put the lines above in place of the existing block and save the notebook; "
            "until then this kernel keeps them"
        ]
