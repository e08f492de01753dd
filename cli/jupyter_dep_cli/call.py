"""One command on one target, with everything that a handler needs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import field, replace
from pathlib import Path

from jupyter_dep.base.errors import DepError, UsageError
from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.base.steps import FrontEnd, Hint, Placeholder, Step, Text, step
from jupyter_dep.io.files import look
from jupyter_dep.io.files.manifest_paths import MANIFEST
from jupyter_dep.io.system.paths import expand_home
from jupyter_dep.messages import Outcome
from jupyter_dep.operations.project.context import CommandContext, no_project
from jupyter_dep.operations.project.discovery import find_project, find_project_root
from jupyter_dep.services import Services

from .parser import Parsed


@frozen_dataclass
class Call:
    """A parsed line with the place that it came from.

    `notebook` is the one that was named (or whose kernel asks), absolute, None without one. `project` is the file of the
    project that it belongs to, where that is a folder's. `ask` puts a yes/no question to a person at a terminal and is None
    without a terminal. `still` ends what moves on the terminal, for a program that takes it over. `body` is the rest
    of a `%%dep` cell, `in_cell` says that the notebook is the one whose kernel asks.
    """

    parsed: Parsed
    services: Services
    cwd: Path
    notebook: Path | None = None
    project: Path | None = None
    context: CommandContext = field(default_factory=CommandContext)
    ask: Callable[[str], bool] | None = None
    still: Callable[[], None] = lambda: None
    body: str = ""
    in_cell: bool = False

    def placed(self) -> Call:
        """Point the call at the project that its notebook belongs to. Errors: the notebook's.

        A folder's files may be written also where a page holds the notebook.
        """
        if self.notebook is None or self.parsed.command.itself or not self.parsed.command.folder:
            return self
        found = find_project(self.notebook, self.services, live_block=self.context.live_block)
        if found.why != "folder":
            return self
        return replace(self, project=found.file, context=replace(self.context, in_kernel=False, live_block=None))

    @property
    def front_end(self) -> FrontEnd:
        """How results of this call name its project and write next steps."""
        try:
            project = self.project or self.notebook or self._folder()
        except DepError:  # the command itself says what is wrong, if it needs the folder
            project = None
        cell = self.context.from_cell
        own = cell and (self.in_cell if self.notebook is not None else self.parsed.text("project") is None)
        return FrontEnd(kind="cell" if cell else "terminal", project=project, cwd=self.cwd, own=own)

    @property
    def usage(self) -> str:
        """The hint of a line that lacks something or has too much."""
        notebook = "" if self.context.from_cell else " ".join(self.front_end.target_words(self.notebook))
        return self.parsed.command.usage_hint(cell=self.context.from_cell, notebook=notebook)

    def write(self, text: Text | Step) -> str:
        """A text with its steps as they are typed where this call came from."""
        return self.front_end.write(text)

    def title(self, project: Path, name: str | None = None) -> str:
        """A project's name in a heading."""
        return self.front_end.title(project, name or project.name)

    def target(self) -> Path:
        """Find the file of the project that the command works on: a notebook, or a folder's `pyproject.toml`.

        Errors: `no-notebook`, `no-project`.
        """
        if self.project is not None:
            return self.project
        if self.notebook is not None:
            return self.notebook
        if self.parsed.command.folder and (found := self._folder()) is not None:
            return found
        if self.parsed.command.folder and not self.context.from_cell:
            raise no_project(self.start)
        if self.context.from_cell:
            raise UsageError(
                "no-notebook",
                "this kernel does not know its notebook: the front end did not pass it",
                hint=Hint(
                    "name it: ",
                    step(self.parsed.command.name, Placeholder(name="…"), target=Placeholder(name="NOTEBOOK.ipynb")),
                    ", or set `JUPYTER_DEP_NOTEBOOK`",
                ),
            )
        raise UsageError(
            "no-notebook",
            f"`{self.parsed.command.name}` needs a notebook",
            hint=self.usage,
        )

    def folder(self) -> Path:
        """The folder's `pyproject.toml`: of `--project`, or the nearest one. Errors: `no-project`."""
        found = self._folder()
        if found is None:
            raise no_project(self.start)
        return found

    def heading(self, project: Path, text: str, name: str | None = None) -> str:
        """A headline about a project."""
        return self.front_end.heading(project, name or project.name, text)

    @property
    def allowed(self) -> tuple[str, ...]:
        """What `--allow` names.

        A path counts from the working folder, and is allowed by its real name too; a notebook's lock may name one as it stands.
        """
        return spellings(self.cwd, self.parsed.texts("allow"), typed=self.notebook is not None)

    @property
    def start(self) -> Path:
        """The folder that the search for a project starts in: `--project`, or the working folder."""
        named = self.parsed.text("project")
        return look.absolute_path(self.cwd / named) if named is not None else self.cwd

    def _folder(self) -> Path | None:
        if not self.parsed.command.folder:
            return None
        if self.parsed.text("project") is not None:  # this one, and none above it
            file = self.start if self.start.name == MANIFEST else self.start / MANIFEST
            return file if find_project_root(file.parent) == file else None
        return find_project_root(self.cwd)


def spellings(cwd: Path, items: Iterable[str], *, typed: bool = True) -> tuple[str, ...]:
    """Spell the items with every name that a path of theirs may be known by; as it was `typed` too, if that counts."""
    found: list[str] = []
    for item in items:
        path = item.removeprefix("path:") if item.startswith("path:") and "://" not in item else None
        if path is None or typed:
            found.append(item)
        if path is not None:
            whole = look.absolute_path(cwd / expand_home(path))
            found += [f"path:{whole}", f"path:{look.real_path(whole)}"]
    return tuple(dict.fromkeys(found))


Handler = Callable[[Call], Outcome]
