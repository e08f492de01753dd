"""Next steps as values, and how each front end writes them.

A hint is a text in which commands stand as `Step` values, so that a terminal gets a line for its shell, a cell gets `%dep …`
and a page can offer a button. Finished text is never taken apart again.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import PurePath
from typing import Literal

from .fast_dataclass import frozen_dataclass

TERMINAL_ONLY = frozenset(
    {
        "new",
        "run",
        "exec",
        "version",
        "build",
        "publish",
        "shell",
        "config",
        "cache",
        "trust",
        "index",
        "mv",
        "setup",
    }
)
"""Commands that a cell refuses."""

_BARE_IN_CELL = r"[^\s'\"]+"
_BARE_ON_WINDOWS = r"[\w.:/\\=+@-]+"
_LITERAL_IN_DOUBLE_QUOTES = r'[^"$`%!]*'


@frozen_dataclass
class Placeholder:
    """A word that the user has to fill in, such as `NAME`."""

    name: str

    def __str__(self) -> str:
        return self.name


NOTEBOOK = Placeholder(name="NOTEBOOK")
"""As a target: the project that the message is about, which the front end knows, or the user fills in."""
NAME = Placeholder(name="NAME")

Target = PurePath | Placeholder | None
"""What a command works on: a notebook or a folder's `pyproject.toml`; None for a command that takes neither."""


@frozen_dataclass
class Step:
    """One command to type. `arguments` follow the target, and are quoted by the front end."""

    command: str
    target: Target = NOTEBOOK
    arguments: tuple[str | Placeholder, ...] = ()
    terminal: bool = False
    """A cell refuses this line, or cannot ask what it has to ask."""

    @property
    def in_cell(self) -> bool:
        """Whether a cell may use it."""
        consent = "--allow" in self.arguments  # which only a terminal can give
        return not (self.terminal or consent or self.command.partition(" ")[0] in TERMINAL_ONLY)

    @property
    def complete(self) -> bool:
        """Whether it can be carried out as it stands, without a word to fill in."""
        return not any(isinstance(one, Placeholder) for one in self.arguments)

    def map(self, change: Callable[[str], str]) -> Step:
        """Change every argument."""
        arguments = tuple(change(one) if isinstance(one, str) else one for one in self.arguments)
        return Step(command=self.command, target=self.target, arguments=arguments, terminal=self.terminal)


def step(command: str, *arguments: str | Placeholder, target: Target = NOTEBOOK, terminal: bool = False) -> Step:
    """A step on the project that the message is about, or on another `target`."""
    return Step(command=command, target=target, arguments=arguments, terminal=terminal)


def allow_options(items: Iterable[object]) -> tuple[str, ...]:
    """The arguments that allow each of the items."""
    return tuple(word for item in items for word in ("--allow", str(item)))


DOCTOR = step("doctor", target=None)


class Hint:
    """A text with steps in it. Front ends write it; `str` gives it as a terminal that knows no project would."""

    __slots__ = ("parts",)

    def __init__(self, *parts: str | Step | Hint) -> None:
        self.parts: tuple[str | Step, ...] = tuple(_flatten(parts))

    @property
    def steps(self) -> tuple[Step, ...]:
        """Its steps, in the order in which it names them."""
        return tuple(part for part in self.parts if isinstance(part, Step))

    def map(self, change: Callable[[str], str]) -> Hint:
        """The hint with every text and every argument changed, such as to hide secrets."""
        return Hint(*(change(part) if isinstance(part, str) else part.map(change) for part in self.parts))

    def __str__(self) -> str:
        return FrontEnd().write(self)

    def __repr__(self) -> str:
        return f"Hint({', '.join(map(repr, self.parts))})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Hint) and other.parts == self.parts

    def __hash__(self) -> int:
        return hash(self.parts)


Text = str | Hint


def _flatten(parts: tuple[str | Step | Hint, ...]) -> Iterator[str | Step]:
    for part in parts:
        if isinstance(part, Hint):
            yield from part.parts
        elif part:
            yield part


def map_text(text: Text, change: Callable[[str], str]) -> Text:
    """Change a text, or every part of a hint."""
    return change(text) if isinstance(text, str) else text.map(change)


def steps_of(text: Text) -> tuple[Step, ...]:
    """The steps that a text names."""
    return text.steps if isinstance(text, Hint) else ()


@frozen_dataclass
class FrontEnd:
    """How one front end writes steps and names projects.

    `project` is the notebook or the folder's `pyproject.toml` that a command works on, None where it is not known; `cwd` the
    folder that paths are typed in. `own`: the cell belongs to the project, so that no step has to name it. A page shows one
    project, which is meant in all of its steps.
    """

    kind: Literal["terminal", "cell", "page"] = "terminal"
    project: PurePath | None = None
    cwd: PurePath | None = None
    own: bool = False
    windows: bool = sys.platform == "win32"

    def write(self, text: Text | Step) -> str:
        """The text with its steps as they are typed here. A step alone stands without quotation marks."""
        if isinstance(text, str):
            return text
        if isinstance(text, Step):
            return self._line(text)
        if len(text.parts) == 1 and isinstance(text.parts[0], Step):
            return self._line(text.parts[0])
        return "".join(part if isinstance(part, str) else self._quoted(part) for part in text.parts)

    def show_path(self, path: PurePath) -> str:
        """A path as it is typed in this folder: relative where it lies below."""
        if self.cwd is not None and path.is_relative_to(self.cwd):
            return str(path.relative_to(self.cwd))
        return str(path)

    def show_file(self, file: PurePath) -> str:
        """A file's name in a message; a terminal shows where it lies."""
        return self.show_path(file) if self.kind == "terminal" and self.cwd is not None else file.name

    def title(self, project: PurePath, name: str) -> str:
        """A project's name in a sentence: a notebook's is its file's; a cell's own may be renamed."""
        if self.own and project == self.project:
            return "this notebook" if project.suffix == ".ipynb" else "this project"
        return self.show_file(project) if project.suffix == ".ipynb" else name

    def heading(self, project: PurePath, name: str, text: str) -> str:
        """A text about a project; a cell's own needs no name."""
        return text if self.own and project == self.project else f"{self.title(project, name)}: {text}"

    def command_line(self, step: Step) -> str:
        """The step alone, as it is typed in a cell or in a shell."""
        cell = self.kind != "terminal" and step.in_cell
        words = [f"%dep {step.command}" if cell else f"jupyter dep {step.command}", *self.target_words(step.target, cell=cell)]
        words += [one.name if isinstance(one, Placeholder) else self._quote(one, cell=cell) for one in step.arguments]
        return " ".join(words)

    def _line(self, step: Step) -> str:
        return self.command_line(step) + self._where(step)

    def _quoted(self, step: Step) -> str:
        return f"`{self.command_line(step)}`{self._where(step)}"

    def _where(self, step: Step) -> str:
        return " in a terminal" if self.kind != "terminal" and not step.in_cell else ""

    def target_words(self, target: Target, *, cell: bool = False) -> list[str]:
        """The words that name what a command works on; none where it needs no name."""
        if target is None:
            return []
        project = self.project if target is NOTEBOOK or target == NOTEBOOK else target
        if isinstance(project, Placeholder):
            return [project.name]
        if project is None:
            return [] if cell else [NOTEBOOK.name]
        if cell and (self.kind == "page" or (self.own and project == self.project)):
            return []
        if project.suffix == ".ipynb":
            return [self._quote(self.show_path(project), cell=cell)]
        if self.cwd is None or self.cwd.is_relative_to(project.parent):
            return []
        return ["--project", self._quote(self.show_path(project.parent), cell=cell)]

    def _quote(self, word: str, *, cell: bool) -> str:
        if cell:
            return quote_in_cell(word)
        if self.windows:
            return quote_on_windows(word)
        import shlex

        return shlex.quote(word)


def quote_in_cell(word: str) -> str:
    """A word of a `%dep` line, which knows quotes and no backslashes."""
    if re.fullmatch(_BARE_IN_CELL, word):
        return word
    return f"'{word}'" if '"' in word else f'"{word}"'


def quote_on_windows(word: str) -> str:
    """A word that cmd and PowerShell both take literally, if it holds nothing that double quotes leave active.

    Else it is quoted for PowerShell, which is what a new terminal of Windows runs.
    """
    if re.fullmatch(_BARE_ON_WINDOWS, word):
        return word
    if re.fullmatch(_LITERAL_IN_DOUBLE_QUOTES, word):
        return f'"{word}"'
    return "'" + re.sub("(['\u2018-\u201b])", r"\1\1", word) + "'"
