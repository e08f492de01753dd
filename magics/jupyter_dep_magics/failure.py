"""The exception that a cell shows: what went wrong, where, and the next step, without a traceback."""

from __future__ import annotations

from typing import List, Mapping, Optional, Union

from .text import visible

_RED, _PLAIN = "\x1b[31m", "\x1b[0m"


class DepFailure(Exception):  # noqa: N818  (a cell shows this name)
    """A failed command. It makes the cell fail, so that Run All, nbclient and papermill stop there.

    `code` is the kebab-case reference, `context` says where (`file`, `cell`, `key` …), `hint` is the next step.
    """

    def __init__(
        self, code: str, message: str, *, hint: str = "", context: Optional[Mapping[str, Union[str, int]]] = None
    ) -> None:
        self.code = code
        self.message = visible(message, newlines=True)
        self.hint = visible(hint, newlines=True)
        self.context = dict(context or {})
        where = self.where()
        super().__init__("{} ({})".format(self.message, where) if where else self.message)

    def where(self) -> str:
        """Return the place as one phrase, `analysis.ipynb, cell 2`, empty if there is none."""
        parts = [str(self.context["file"])] if "file" in self.context else []
        parts += ["{} {}".format(key, value) for key, value in self.context.items() if key != "file"]
        return visible(", ".join(parts))

    def _render_traceback_(self) -> List[str]:
        """Return what IPython shows instead of a traceback."""
        lines = ["{}{}{}".format(_RED, self, _PLAIN)]
        if self.hint:
            lines.append("next: " + self.hint)
        return lines
