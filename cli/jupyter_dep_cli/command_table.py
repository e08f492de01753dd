"""The table of verbs: what each is called, takes and is for. One table, for the terminal and for cells."""

from __future__ import annotations

from typing import Literal

from jupyter_dep.base.fast_dataclass import frozen_dataclass

Targets = Literal["one", "many", "none", "two"]
Names = Literal["declared", "locked", "popular", "none"]


@frozen_dataclass
class Option:
    """One option of a verb; `metavar` is empty for a switch."""

    flags: tuple[str, ...]
    help: str
    metavar: str = ""
    repeat: bool = False

    @property
    def name(self) -> str:
        return self.flags[-1].lstrip("-").replace("-", "_")


@frozen_dataclass
class Command:
    """One verb: how many notebooks it takes (`optional`: or none), what else, and whether a cell may say it."""

    name: str
    summary: str
    targets: Targets
    words: str = ""
    options: tuple[Option, ...] = ()
    actions: tuple[str, ...] = ()
    names: Names = "none"
    in_cell: bool = True
    optional: bool = False
    folder: bool = False
    """Works on a folder where no notebook is named: the nearest one that is a project, or `--project DIR`."""
    itself: bool = False
    """Is about a named notebook itself, also where its declaration is its folder's."""
    command: bool = False
    """What follows is a program and its own arguments, unless it is a notebook."""

    def usage(self) -> str:
        target = {"one": " NOTEBOOK", "many": " NOTEBOOK…", "two": " NOTEBOOK NEW", "none": ""}[self.targets]
        target = f" [{target.strip()}]" if target and (self.optional or self.folder) else target
        action = " " + "|".join(self.actions) if self.actions else ""
        listed = (*self.options, PROJECT) if self.folder else self.options
        options = "".join(f" [{'|'.join(o.flags)}{' ' + o.metavar if o.metavar else ''}]" for o in listed)
        words = "| COMMAND…" if self.command else self.words
        return f"jupyter dep {self.name}{action}{target}{' ' + words if words else ''}{options}"


_DRY = Option(flags=("--dry-run",), help="show what would change, write nothing")
_OFFLINE = Option(flags=("--offline",), help="use what is cached, ask no index")
_ALLOW = Option(flags=("--allow",), help="allow something unusual, such as build:NAME", metavar="ITEM", repeat=True)
PROJECT = Option(flags=("--project",), help="the folder to work on (else the nearest one that is a project)", metavar="DIR")
_GROUP = Option(flags=("--group",), help="a dependency group of the folder", metavar="GROUP")
_OPTIONAL = Option(flags=("--optional",), help="an extra of the folder's package", metavar="EXTRA")
_SHELL = Option(flags=("--shell",), help="bash, zsh, sh, fish, nu, pwsh or cmd (else the one you are in)", metavar="NAME")
_OVERWRITE = Option(flags=("--overwrite",), help="replace a lock that another tool wrote")

COMMANDS: tuple[Command, ...] = (
    Command(
        name="new",
        summary="make a folder with a package in it, or with a first notebook",
        targets="none",
        words="PATH",
        options=(
            Option(flags=("--name",), help="what the project is called, if not like its folder", metavar="NAME"),
            Option(flags=("--python",), help="the Python to use, such as 3.12", metavar="SPEC"),
            Option(flags=("--lib",), help="a package with a build system and a test (as without any option)"),
            Option(flags=("--notebook",), help="a first notebook, and no package"),
        ),
        in_cell=False,
    ),
    Command(
        name="init",
        summary="make a notebook a project, or (without one) the folder, with what other tools' files declare",
        targets="many",
        options=(
            Option(flags=("--name",), help="what the folder's project is called", metavar="NAME"),
            Option(flags=("--python",), help="the Python to use, such as 3.12", metavar="SPEC"),
            Option(flags=("--imports",), help="declare what the notebook imports and what its %%pip lines name"),
            Option(flags=("--notebook",), help="give a notebook of a folder's project a declaration of its own"),
        ),
        folder=True,
        itself=True,
    ),
    Command(
        name="import",
        summary="declare what another tool's file does: requirements, Pipfile, environment.yml, setup.cfg, Poetry's pyproject",
        targets="one",
        words="FILE",
        options=(_GROUP,),
        folder=True,
    ),
    Command(
        name="add",
        summary="declare packages, lock, install",
        targets="one",
        words="REQUIREMENT…",
        options=(
            Option(flags=("-r", "--requirements"), help="add what a requirements file names", metavar="FILE", repeat=True),
            _GROUP,
            _OPTIONAL,
            Option(flags=("--editable",), help="the paths are packages that are used where they lie"),
            Option(flags=("--index",), help="take it from this package index only", metavar="NAME=URL"),
            _DRY,
            _OFFLINE,
            _OVERWRITE,
        ),
        names="popular",
        folder=True,
    ),
    Command(
        name="remove",
        summary="take packages out of the declaration",
        targets="one",
        words="NAME…",
        options=(_GROUP, _OPTIONAL, _DRY, _OFFLINE),
        names="declared",
        folder=True,
    ),
    Command(
        name="update",
        summary="lock newer versions of all, or of the named ones",
        targets="one",
        words="[NAME…]",
        options=(_GROUP, _OPTIONAL, _DRY, _OFFLINE),
        names="locked",
        folder=True,
    ),
    Command(
        name="lock",
        summary="make the lock answer the declaration",
        targets="many",
        options=(
            Option(flags=("--check",), help="only say whether it does (exit code 3 if not)"),
            Option(flags=("--upgrade",), help="let every version move"),
            Option(flags=("--exclude-newer",), help="only files from before this date", metavar="DATE"),
            _OFFLINE,
            _OVERWRITE,
        ),
        folder=True,
    ),
    Command(
        name="install",
        summary="the exact environment of a folder, with the project itself",
        targets="none",
        options=(
            Option(flags=("--with",), help="this group, too, where groups were left out", metavar="GROUP", repeat=True),
            Option(flags=("--without",), help="leave out a group", metavar="GROUP", repeat=True),
            Option(flags=("--only",), help="only these groups (`main`: only the dependencies)", metavar="GROUP", repeat=True),
            Option(flags=("--extras",), help="an extra of the folder's package", metavar="EXTRA", repeat=True),
            Option(flags=("--all-extras",), help="every extra"),
            Option(flags=("--no-root",), help="without the project itself"),
            _ALLOW,
            _OFFLINE,
        ),
        folder=True,
    ),
    Command(name="sync", summary="build the locked environment", targets="many", options=(_ALLOW, _OFFLINE), folder=True),
    Command(name="status", summary="what is declared, locked, in use", targets="many", folder=True),
    Command(
        name="check",
        summary="what is wrong with the folder, its lock, its notebooks and imports, or with a notebook",
        targets="many",
        options=(Option(flags=("--strict",), help="warnings count as errors"),),
        folder=True,
        itself=True,
    ),
    Command(
        name="show",
        summary="the locked packages",
        targets="one",
        options=(
            Option(flags=("--tree",), help="as a tree, from what is declared"),
            Option(flags=("--outdated",), help="with what an update would bring"),
            Option(flags=("--why",), help="with who needs each package"),
            _OFFLINE,
        ),
        folder=True,
    ),
    Command(name="why", summary="who needs a package", targets="one", words="NAME", names="locked", folder=True),
    Command(
        name="export",
        summary="what is locked, for other tools",
        targets="one",
        options=(
            Option(
                flags=("--format",),
                help="requirements (the default), pylock, environment-yml, dockerfile, script or cyclonedx",
                metavar="FORMAT",
            ),
            Option(flags=("-o", "--output"), help="write it to a file", metavar="FILE"),
            Option(flags=("--without-hashes",), help="leave the hashes out of requirements"),
            Option(flags=("--with-kernel",), help="with what only the notebook's kernel needs"),
            Option(flags=("--overwrite",), help="replace a file that is there"),
            Option(flags=("--with",), help="with a group of the folder", metavar="GROUP", repeat=True),
            Option(flags=("--extras",), help="with an extra of the folder", metavar="EXTRA", repeat=True),
        ),
        folder=True,
    ),
    Command(
        name="python",
        summary="show the Pythons to choose from, or change",
        targets="one",
        words="[SPEC]",
        options=(_OFFLINE,),
        folder=True,
    ),
    Command(
        name="run",
        summary="run a notebook, or a command, in its exact environment; the exit code tells",
        targets="one",
        options=(
            Option(flags=("-o", "--output"), help="where to write the executed notebook", metavar="OUT"),
            Option(flags=("--timeout",), help="seconds that one cell may take", metavar="SECONDS"),
            _ALLOW,
            _OFFLINE,
        ),
        in_cell=False,
        folder=True,
        command=True,
    ),
    Command(
        name="exec",
        summary="run a command in the environment",
        targets="one",
        words="-- COMMAND…",
        options=(_ALLOW, _OFFLINE),
        in_cell=False,
        folder=True,
    ),
    Command(
        name="version",
        summary="show the folder's version, or raise it",
        targets="none",
        words="[RULE|VERSION]",
        options=(
            Option(flags=("--next-phase",), help="with `prerelease`: from alpha to beta, to rc, to the release"),
            Option(flags=("--short",), help="print the version alone"),
            _DRY,
        ),
        in_cell=False,
        folder=True,
    ),
    Command(
        name="build",
        summary="build the folder's wheel and source archive into dist",
        targets="none",
        options=(
            Option(flags=("--wheel",), help="only the wheel"),
            Option(flags=("--sdist",), help="only the source archive"),
            Option(flags=("-o", "--output"), help="where to put them", metavar="DIR"),
            _ALLOW,
            _OFFLINE,
        ),
        in_cell=False,
        folder=True,
    ),
    Command(
        name="publish",
        summary="upload what was built of the current version",
        targets="none",
        options=(
            Option(flags=("-r", "--repository"), help="a configured repository, or its address", metavar="NAME|URL"),
            Option(flags=("--build",), help="build first"),
            _ALLOW,
            Option(flags=("--dry-run",), help="show what would go where, upload nothing"),
        ),
        in_cell=False,
        folder=True,
    ),
    Command(
        name="shell",
        summary="the project's environment in a shell of your own kind",
        targets="one",
        options=(_SHELL, _ALLOW, _OFFLINE),
        in_cell=False,
        folder=True,
    ),
    Command(
        name="env",
        summary="a project's environments: enter one, list, remove; those of the store",
        targets="one",
        optional=True,
        words="[PYTHON]",
        actions=("info", "list", "use", "activate", "remove", "gc"),
        options=(
            Option(flags=("--path",), help="with `info`: only the environment's folder"),
            Option(flags=("--all",), help="with `list`: every environment of the store"),
            _SHELL,
            _ALLOW,
            _DRY,
            _OFFLINE,
        ),
        folder=True,
    ),
    Command(
        name="config",
        summary="your own settings: where to publish to, and with what",
        targets="none",
        words="[KEY [VALUE]]",
        options=(
            Option(flags=("--stdin",), help="read the value from the terminal, unseen, or from a pipe"),
            Option(flags=("--unset",), help="take the key out"),
            Option(flags=("--list",), help="what is set; secrets are not shown"),
        ),
        in_cell=False,
    ),
    Command(
        name="source",
        summary="the package indexes that a project names for some of its packages",
        targets="one",
        optional=True,
        words="[NAME [URL]]",
        actions=("add", "list", "remove"),
        options=(_OFFLINE,),
        folder=True,
    ),
    Command(
        name="cache",
        summary="how much is kept to be faster, and emptying it",
        targets="none",
        actions=("info", "clear"),
        options=(Option(flags=("--yes",), help="do not ask"),),
        in_cell=False,
    ),
    Command(
        name="kernel",
        summary="registered kernels, for pickers that need one per project",
        targets="one",
        optional=True,
        words="[NAME]",
        actions=("install", "list", "remove"),
        options=(Option(flags=("--stale",), help="remove those whose notebook or Python is gone"),),
        folder=True,
    ),
    Command(
        name="trust",
        summary="allow locks that others wrote, take it back, list",
        targets="many",
        optional=True,
        words="[FINGERPRINT…]",
        actions=("allow", "revoke", "list"),
        options=(
            Option(flags=("--folder",), help="everything in a folder, now and later", metavar="DIR"),
            _ALLOW,
        ),
        in_cell=False,
        folder=True,
    ),
    Command(
        name="undo",
        summary="take back the last change of declaration and lock",
        targets="one",
        options=(Option(flags=("--redo",), help="bring it again"),),
        folder=True,
    ),
    Command(
        name="search",
        summary="find packages by name or by what they are for; asks no network",
        targets="none",
        words="WORDS…",
        options=(
            Option(flags=("-n", "--limit"), help="how many answers (20)", metavar="NUMBER"),
            Option(flags=("--details",), help="ask your package index for the versions of exactly this name"),
        ),
    ),
    Command(
        name="index",
        summary="store the names of your package index for `search`, show or remove them",
        targets="none",
        actions=("sync", "info", "remove"),
        in_cell=False,
    ),
    Command(name="mv", summary="rename a notebook together with its lock", targets="two", in_cell=False, itself=True),
    Command(
        name="setup",
        summary="write the kernel for this user's Jupyters",
        targets="none",
        options=(Option(flags=("--remove",), help="take it away again"),),
        in_cell=False,
    ),
    Command(
        name="doctor",
        summary="what is installed where, and what to do about it",
        targets="none",
        options=(Option(flags=("--quick",), help="leave out the full hashes of every environment, and ask no index"),),
    ),
)
