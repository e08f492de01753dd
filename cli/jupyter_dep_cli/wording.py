"""Fits the words of a result to where they are read: what is to be typed next can be typed as it stands.

Below, a notebook is known by its file name and a step is told as `jupyter dep VERB NAME`. A terminal may stand in another
folder, a name may hold spaces, and a cell says `%dep VERB` without naming the notebook that it is in.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, replace
from pathlib import Path

from jupyter_dep.io.files.manifest_paths import MANIFEST
from jupyter_dep.messages import Failure, Outcome

from .parser import BY_NAME

_COMMAND = re.compile(r"jupyter dep ([a-z]+)")
_PLACEHOLDER = "NOTEBOOK"
_FOLDER_STEP = re.compile(rf"jupyter dep ([a-z]+)( (?:{re.escape(MANIFEST)}|{_PLACEHOLDER})(?![\w.]))?")


def shown(path: Path, cwd: Path) -> str:
    """A path as a person in `cwd` would type it: relative where it lies below."""
    try:
        return str(path.relative_to(cwd))
    except ValueError:
        return str(path)


@dataclass(frozen=True, slots=True)
class Wording:
    """How one project is spoken of: `notebook` is its file. `cell`: its kernel asks, and the words appear in a cell of it.

    A folder's steps need no name where the folder is the one that a person stands in.
    """

    notebook: Path
    cwd: Path
    cell: bool = False

    def fitted(self, result: Outcome | Failure) -> Outcome | Failure:
        if isinstance(result, Failure):
            context = dict(result.context)
            if context.get("file") in (self.notebook.name, str(self.notebook)):
                context["file"] = self._name
            return replace(
                result, message=self._commands(self._told(result.message)), hint=self._typed(result.hint), context=context
            )
        report = result.report
        return replace(
            result,
            report=replace(
                report,
                headline=self._told(report.headline),
                lines=tuple(self._commands(self._told(line)) for line in report.lines),
                notes=tuple(self._typed(note) for note in report.notes),
                next=tuple(self._typed(step) for step in report.next),
            ),
        )

    @property
    def _name(self) -> str:
        return self.notebook.name if self.cell else shown(self.notebook, self.cwd)

    def _told(self, text: str) -> str:
        return self._renamed(text, self._name)

    def _typed(self, text: str) -> str:
        if self._folder:
            return self._commands(_FOLDER_STEP.sub(self._step, text))
        quoted = shlex.quote(self._name)
        text = self._renamed(text, quoted)
        text = re.sub(rf"\[{_PLACEHOLDER}…?\]|\b{_PLACEHOLDER}\b", lambda _: quoted, text)
        return self._commands(text)

    @property
    def _folder(self) -> bool:
        return self.notebook.name == MANIFEST

    def _step(self, match: re.Match[str]) -> str:
        """A step on the folder: nothing names it where it is the nearest, else `--project` does."""
        verb = BY_NAME.get(match[1])
        if verb is None or not verb.folder or match[2] is None:
            return match[0]
        here = self.cell or self.notebook.parent == self.cwd or self.notebook.parent in self.cwd.parents
        return f"jupyter dep {match[1]}" + ("" if here else f" --project {shlex.quote(str(self.notebook.parent))}")

    def _renamed(self, text: str, name: str) -> str:
        """The text with every mention of the notebook, quoted or not, replaced."""
        if self._folder:
            return _FOLDER_STEP.sub(self._step, text)
        spellings = {str(self.notebook), shlex.quote(str(self.notebook)), self.notebook.name, shlex.quote(self.notebook.name)}
        pattern = "|".join(re.escape(spelling) for spelling in sorted(spellings, key=len, reverse=True))
        return re.sub(rf"(?<![\w./-])(?:{pattern})(?![\w/-]|\.\w)", lambda _: name, text)

    def _commands(self, text: str) -> str:
        if not self.cell:
            return text
        name = re.escape(shlex.quote(self._name))
        return re.sub(rf"{_COMMAND.pattern}(?: (?:{name}|{_PLACEHOLDER})(?=[\s`]|$))?", _magic, text)


def _magic(match: re.Match[str]) -> str:
    verb = BY_NAME.get(match[1])
    return f"%dep {match[1]}" if verb is not None and verb.in_cell else match[0]
