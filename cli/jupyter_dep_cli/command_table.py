"""The table of commands: what each is called, takes and is for. One table, for the terminal and for cells.

A table of data: it may be longer than a module of code.
"""

from __future__ import annotations

from typing import Literal

from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.base.steps import TERMINAL_ONLY

Targets = Literal["one", "many", "none", "two"]
Names = Literal["declared", "locked", "popular", "none"]
_TARGET_USAGE = {"one": " NOTEBOOK", "many": " NOTEBOOK…", "two": " NOTEBOOK NEW", "none": ""}


@frozen_dataclass
class Option:
    """One option of a command; `metavar` is empty for a switch."""

    flags: tuple[str, ...]
    help: str
    metavar: str = ""
    repeat: bool = False

    @property
    def name(self) -> str:
        """The name under which a parsed line has it."""
        return self.flags[-1].lstrip("-").replace("-", "_")

    @property
    def usage(self) -> str:
        """The option as a usage line shows it."""
        return f" [{'|'.join(self.flags)}{' ' + self.metavar if self.metavar else ''}]"


@frozen_dataclass
class Command:
    """One command: how many notebooks it takes (`optional`: or none), what else, and what it works on."""

    name: str
    summary: str
    targets: Targets
    words: str = ""
    options: tuple[Option, ...] = ()
    actions: tuple[str, ...] = ()
    names: Names = "none"
    optional: bool = False
    folder: bool = False
    """Works on a folder where no notebook is named: the nearest one that is a project, or `--project DIR`."""
    itself: bool = False
    """Is about a named notebook itself, also where its declaration is its folder's."""
    runs_program: bool = False
    """What follows is a program and its own arguments, unless it is a notebook."""

    @property
    def in_cell(self) -> bool:
        """Whether a cell may use it."""
        return self.name not in TERMINAL_ONLY

    @property
    def all_options(self) -> tuple[Option, ...]:
        """The options, with `--project` where it takes a folder."""
        return (*self.options, PROJECT) if self.folder else self.options

    def usage(self, *, cell: bool = False, notebook: str = "") -> str:
        """The form of a line, with the `notebook` that was named. A cell names none, since its own is meant."""
        cell = cell and self.in_cell
        target = "" if cell else _TARGET_USAGE[self.targets]
        target = f" [{target.strip()}]" if target and (self.optional or self.folder) else target
        if notebook and self.targets in ("one", "many"):
            target = f" {notebook}"
        action = " " + "|".join(self.actions) if self.actions else ""
        words = "| COMMAND…" if self.runs_program else self.words
        options = "".join(option.usage for option in self.all_options)
        return f"{'%dep' if cell else 'jupyter dep'} {self.name}{action}{target}{' ' + words if words else ''}{options}"

    def usage_hint(self, *, cell: bool = False, notebook: str = "") -> str:
        """The hint of a line that lacks something or has too much."""
        return f"usage: {self.usage(cell=cell, notebook=notebook)}"


_DRY = Option(flags=("--dry-run",), help="show what would change, write nothing")
_OFFLINE = Option(flags=("--offline",), help="use what is cached, ask no index")
_ALLOW = Option(flags=("--allow",), help="allow an unusual source or build, such as build:NAME", metavar="ITEM", repeat=True)
PROJECT = Option(flags=("--project",), help="work on this folder (default: the nearest project)", metavar="DIR")
_GROUP = Option(flags=("--group",), help="use a dependency group of the project", metavar="GROUP")
_OPTIONAL = Option(flags=("--optional",), help="use an extra of the project", metavar="EXTRA")
_SHELL = Option(flags=("--shell",), help="bash, zsh, sh, fish, nu, pwsh or cmd (default: the current shell)", metavar="NAME")
_OVERWRITE = Option(flags=("--overwrite",), help="replace a lock written by another tool")

COMMANDS: tuple[Command, ...] = (
    Command(
        name="new",
        summary="create a project folder with a package or a first notebook",
        targets="none",
        words="PATH",
        options=(
            Option(flags=("--name",), help="set the project name (default: the folder name)", metavar="NAME"),
            Option(flags=("--python",), help="declare this Python, such as 3.12", metavar="SPEC"),
            Option(flags=("--lib",), help="create a package with a build system and a test (the default)"),
            Option(flags=("--notebook",), help="create a first notebook and no package"),
        ),
    ),
    Command(
        name="init",
        summary="make a notebook or a folder a project; a folder takes over other tools' files",
        targets="many",
        options=(
            Option(flags=("--name",), help="set the name of the folder's project", metavar="NAME"),
            Option(flags=("--python",), help="declare this Python, such as 3.12", metavar="SPEC"),
            Option(flags=("--imports",), help="declare what the notebook imports and its %%pip lines name"),
            Option(flags=("--guess",), help="the same, also packages of your index that only share the name of an import"),
            Option(flags=("--notebook",), help="give a notebook in a project folder its own declaration"),
        ),
        folder=True,
        itself=True,
    ),
    Command(
        name="import",
        summary="import dependencies from requirements.txt, Pipfile, environment.yml, setup.cfg or Poetry",
        targets="one",
        words="FILE",
        options=(_GROUP,),
        folder=True,
    ),
    Command(
        name="add",
        summary="declare packages, lock and install them",
        targets="one",
        words="REQUIREMENT…",
        options=(
            Option(flags=("-r", "--requirements"), help="add the requirements of a file", metavar="FILE", repeat=True),
            _GROUP,
            _OPTIONAL,
            Option(flags=("--editable",), help="install local packages in editable mode"),
            Option(flags=("--index",), help="take the packages from this index only", metavar="NAME=URL"),
            _DRY,
            _OFFLINE,
            _OVERWRITE,
        ),
        names="popular",
        folder=True,
    ),
    Command(
        name="remove",
        summary="remove packages from the declaration",
        targets="one",
        words="NAME…",
        options=(_GROUP, _OPTIONAL, _DRY, _OFFLINE),
        names="declared",
        folder=True,
    ),
    Command(
        name="update",
        summary="lock newer versions of all packages, or of the named ones",
        targets="one",
        words="[NAME…]",
        options=(_GROUP, _OPTIONAL, _DRY, _OFFLINE),
        names="locked",
        folder=True,
    ),
    Command(
        name="lock",
        summary="lock what is declared",
        targets="many",
        options=(
            Option(flags=("--check",), help="only check whether the lock is up to date (exit code 3 if not)"),
            Option(flags=("--upgrade",), help="allow newer versions of every package"),
            Option(flags=("--exclude-newer",), help="ignore files uploaded after this date", metavar="DATE"),
            _OFFLINE,
            _OVERWRITE,
        ),
        folder=True,
    ),
    Command(
        name="install",
        summary="install the project and its locked dependencies",
        targets="none",
        options=(
            Option(flags=("--with",), help="include a group that was left out", metavar="GROUP", repeat=True),
            Option(flags=("--without",), help="leave out a group", metavar="GROUP", repeat=True),
            Option(
                flags=("--only",),
                help="install only these groups (`main`: only the dependencies)",
                metavar="GROUP",
                repeat=True,
            ),
            Option(flags=("--extras",), help="include an extra of the project", metavar="EXTRA", repeat=True),
            Option(flags=("--all-extras",), help="include every extra"),
            Option(flags=("--no-root",), help="leave out the project itself"),
            _ALLOW,
            _OFFLINE,
        ),
        folder=True,
    ),
    Command(name="sync", summary="build the locked environment", targets="many", options=(_ALLOW, _OFFLINE), folder=True),
    Command(name="status", summary="show declared, locked and active packages", targets="many", folder=True),
    Command(
        name="check",
        summary="check a folder or a notebook: declaration, lock, kernel and imports",
        targets="many",
        options=(Option(flags=("--strict",), help="treat warnings as errors"),),
        folder=True,
        itself=True,
    ),
    Command(
        name="show",
        summary="show the locked packages",
        targets="one",
        options=(
            Option(flags=("--tree",), help="show a tree, from the declared packages down"),
            Option(flags=("--outdated",), help="show packages with a newer version"),
            Option(flags=("--why",), help="show what needs each package"),
            _OFFLINE,
        ),
        folder=True,
    ),
    Command(name="why", summary="show what needs a package", targets="one", words="NAME", names="locked", folder=True),
    Command(
        name="export",
        summary="export the lock for other tools",
        targets="one",
        options=(
            Option(
                flags=("--format",),
                help="requirements (the default), pylock, environment-yml, dockerfile, script or cyclonedx",
                metavar="FORMAT",
            ),
            Option(flags=("-o", "--output"), help="write to a file", metavar="FILE"),
            Option(flags=("--without-hashes",), help="leave out hashes (requirements only)"),
            Option(flags=("--with-kernel",), help="include packages that only the kernel needs"),
            Option(flags=("--overwrite",), help="replace an existing file"),
            Option(flags=("--with",), help="include a group of the project", metavar="GROUP", repeat=True),
            Option(flags=("--extras",), help="include an extra of the project", metavar="EXTRA", repeat=True),
        ),
        folder=True,
    ),
    Command(
        name="python",
        summary="show the available Pythons, or change to another",
        targets="one",
        words="[SPEC]",
        options=(_OFFLINE,),
        folder=True,
    ),
    Command(
        name="run",
        summary="run a notebook or a command in the locked environment",
        targets="one",
        options=(
            Option(flags=("-o", "--output"), help="write the executed notebook to a file", metavar="OUT"),
            Option(flags=("--timeout",), help="stop after this many seconds in one cell", metavar="SECONDS"),
            _ALLOW,
            _OFFLINE,
        ),
        folder=True,
        runs_program=True,
    ),
    Command(
        name="exec",
        summary="run a command in a notebook's environment",
        targets="one",
        words="-- COMMAND…",
        options=(_ALLOW, _OFFLINE),
        folder=True,
    ),
    Command(
        name="version",
        summary="show or raise the project's version",
        targets="none",
        words="[RULE|VERSION]",
        options=(
            Option(flags=("--next-phase",), help="with `prerelease`: go from alpha to beta to rc to the release"),
            Option(flags=("--short",), help="print only the version"),
            _DRY,
        ),
        folder=True,
    ),
    Command(
        name="build",
        summary="build the wheel and the source archive",
        targets="none",
        options=(
            Option(flags=("--wheel",), help="build only the wheel"),
            Option(flags=("--sdist",), help="build only the source archive"),
            Option(flags=("-o", "--output"), help="write to this folder (default: dist)", metavar="DIR"),
            _ALLOW,
            _OFFLINE,
        ),
        folder=True,
    ),
    Command(
        name="publish",
        summary="upload the built distributions of the current version",
        targets="none",
        options=(
            Option(flags=("-r", "--repository"), help="upload to a configured repository or a URL", metavar="NAME|URL"),
            Option(flags=("--build",), help="build first"),
            _ALLOW,
            Option(flags=("--dry-run",), help="show what would be uploaded, upload nothing"),
        ),
        folder=True,
    ),
    Command(
        name="shell",
        summary="start a subshell in the project's environment",
        targets="one",
        options=(_SHELL, _ALLOW, _OFFLINE),
        folder=True,
    ),
    Command(
        name="env",
        summary="list, activate and remove environments",
        targets="one",
        optional=True,
        words="[PYTHON]",
        actions=("info", "list", "use", "activate", "remove", "gc"),
        options=(
            Option(flags=("--path",), help="with `info`: print only the environment's folder"),
            Option(flags=("--all",), help="with `list`: show every environment of the store"),
            _SHELL,
            _ALLOW,
            _DRY,
            _OFFLINE,
        ),
        folder=True,
    ),
    Command(
        name="config",
        summary="show and change your settings: repositories and credentials",
        targets="none",
        words="[KEY [VALUE]]",
        options=(
            Option(flags=("--stdin",), help="read the value from stdin, without echo"),
            Option(flags=("--unset",), help="remove the key"),
            Option(flags=("--list",), help="list what is set, without secrets"),
        ),
    ),
    Command(
        name="source",
        summary="manage the project's package indexes",
        targets="one",
        optional=True,
        words="[NAME [URL]]",
        actions=("add", "list", "remove"),
        options=(_OFFLINE,),
        folder=True,
    ),
    Command(
        name="cache",
        summary="show or clear the cache",
        targets="none",
        actions=("info", "clear"),
        options=(Option(flags=("--yes",), help="do not ask for confirmation"),),
    ),
    Command(
        name="kernel",
        summary="manage per-project kernelspecs",
        targets="one",
        optional=True,
        words="[NAME]",
        actions=("install", "list", "remove"),
        options=(Option(flags=("--stale",), help="remove kernels whose notebook or Python is gone"),),
        folder=True,
    ),
    Command(
        name="trust",
        summary="allow locks written by others, revoke, list",
        targets="many",
        optional=True,
        words="[FINGERPRINT…]",
        actions=("allow", "revoke", "list"),
        options=(
            Option(flags=("--folder",), help="allow a folder, now and later", metavar="DIR"),
            _ALLOW,
        ),
        folder=True,
    ),
    Command(
        name="undo",
        summary="undo the last change of declaration and lock",
        targets="one",
        options=(Option(flags=("--redo",), help="redo the last undone change"),),
        folder=True,
    ),
    Command(
        name="search",
        summary="find packages by name or purpose, offline",
        targets="none",
        words="WORDS…",
        options=(
            Option(flags=("-n", "--limit"), help="show this many results (default: 20)", metavar="NUMBER"),
            Option(flags=("--details",), help="query your package index for the versions of this name"),
        ),
    ),
    Command(
        name="index",
        summary="store the package names of your index for `search`, show or remove them",
        targets="none",
        actions=("sync", "info", "remove"),
    ),
    Command(name="mv", summary="rename a notebook and its lock", targets="two", itself=True),
    Command(
        name="setup",
        summary="register the kernel “Python (dep)” for your user",
        targets="none",
        options=(Option(flags=("--remove",), help="remove it"),),
    ),
    Command(
        name="doctor",
        summary="show what is installed where, and how to fix problems",
        targets="none",
        options=(Option(flags=("--full",), help="read every file of every environment and compare its hash"), _OFFLINE),
    ),
)
