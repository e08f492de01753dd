"""The tree of verbs: what can be typed after `jupyter dep` and after `%dep`. One tree, so that both mean the same."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NoReturn

from jupyter_dep.errors import UsageError

Targets = Literal["one", "many", "none", "two"]
Names = Literal["declared", "locked", "popular", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One option of a verb; `metavar` is empty for a switch."""

    flags: tuple[str, ...]
    help: str
    metavar: str = ""
    repeat: bool = False

    @property
    def name(self) -> str:
        return self.flags[-1].lstrip("-").replace("-", "_")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
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
        listed = (*self.options, _PROJECT) if self.folder else self.options
        options = "".join(f" [{'|'.join(o.flags)}{' ' + o.metavar if o.metavar else ''}]" for o in listed)
        words = "| COMMAND…" if self.command else self.words
        return f"jupyter dep {self.name}{action}{target}{' ' + words if words else ''}{options}"


_DRY = Option(flags=("--dry-run",), help="show what would change, write nothing")
_OFFLINE = Option(flags=("--offline",), help="use what is cached, ask no index")
_ALLOW = Option(flags=("--allow",), help="allow something unusual, such as build:NAME", metavar="ITEM", repeat=True)
_PROJECT = Option(flags=("--project",), help="the folder to work on (else the nearest one that is a project)", metavar="DIR")
_GROUP = Option(flags=("--group",), help="a dependency group of the folder", metavar="GROUP")
_OPTIONAL = Option(flags=("--optional",), help="an extra of the folder's package", metavar="EXTRA")
_SHELL = Option(flags=("--shell",), help="bash, zsh, sh, fish, nu, pwsh or cmd (else the one you are in)", metavar="NAME")
_OVERWRITE = Option(flags=("--overwrite",), help="replace a lock that another tool wrote")

VERBS: tuple[Verb, ...] = (
    Verb(
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
    Verb(
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
    Verb(
        name="import",
        summary="declare what another tool's file does: requirements, Pipfile, environment.yml, setup.cfg, Poetry's pyproject",
        targets="one",
        words="FILE",
        options=(_GROUP,),
        folder=True,
    ),
    Verb(
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
    Verb(
        name="remove",
        summary="take packages out of the declaration",
        targets="one",
        words="NAME…",
        options=(_GROUP, _OPTIONAL, _DRY, _OFFLINE),
        names="declared",
        folder=True,
    ),
    Verb(
        name="update",
        summary="lock newer versions of all, or of the named ones",
        targets="one",
        words="[NAME…]",
        options=(_GROUP, _OPTIONAL, _DRY, _OFFLINE),
        names="locked",
        folder=True,
    ),
    Verb(
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
    Verb(
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
    Verb(name="sync", summary="build the locked environment", targets="many", options=(_ALLOW, _OFFLINE), folder=True),
    Verb(name="status", summary="what is declared, locked, in use", targets="many", folder=True),
    Verb(
        name="check",
        summary="what is wrong with the folder, its lock, its notebooks and imports, or with a notebook",
        targets="many",
        options=(Option(flags=("--strict",), help="warnings count as errors"),),
        folder=True,
        itself=True,
    ),
    Verb(
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
    Verb(name="why", summary="who needs a package", targets="one", words="NAME", names="locked", folder=True),
    Verb(
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
    Verb(
        name="python",
        summary="show the Pythons to choose from, or change",
        targets="one",
        words="[SPEC]",
        options=(_OFFLINE,),
        folder=True,
    ),
    Verb(
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
    Verb(
        name="exec",
        summary="run a command in the environment",
        targets="one",
        words="-- COMMAND…",
        options=(_ALLOW, _OFFLINE),
        in_cell=False,
        folder=True,
    ),
    Verb(
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
    Verb(
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
    Verb(
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
    Verb(
        name="shell",
        summary="the project's environment in a shell of your own kind",
        targets="one",
        options=(_SHELL, _ALLOW, _OFFLINE),
        in_cell=False,
        folder=True,
    ),
    Verb(
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
    Verb(
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
    Verb(
        name="source",
        summary="the package indexes that a project names for some of its packages",
        targets="one",
        optional=True,
        words="[NAME [URL]]",
        actions=("add", "list", "remove"),
        options=(_OFFLINE,),
        folder=True,
    ),
    Verb(
        name="cache",
        summary="how much is kept to be faster, and emptying it",
        targets="none",
        actions=("info", "clear"),
        options=(Option(flags=("--yes",), help="do not ask"),),
        in_cell=False,
    ),
    Verb(
        name="kernel",
        summary="registered kernels, for pickers that need one per project",
        targets="one",
        optional=True,
        words="[NAME]",
        actions=("install", "list", "remove"),
        options=(Option(flags=("--stale",), help="remove those whose notebook or Python is gone"),),
        folder=True,
    ),
    Verb(
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
    Verb(
        name="undo",
        summary="take back the last change of declaration and lock",
        targets="one",
        options=(Option(flags=("--redo",), help="bring it again"),),
        folder=True,
    ),
    Verb(
        name="search",
        summary="find packages by name or by what they are for; asks no network",
        targets="none",
        words="WORDS…",
        options=(
            Option(flags=("-n", "--limit"), help="how many answers (20)", metavar="NUMBER"),
            Option(flags=("--details",), help="ask your package index for the versions of exactly this name"),
        ),
    ),
    Verb(
        name="index",
        summary="store the names of your package index for `search`, show or remove them",
        targets="none",
        actions=("sync", "info", "remove"),
        in_cell=False,
    ),
    Verb(name="mv", summary="rename a notebook together with its lock", targets="two", in_cell=False, itself=True),
    Verb(
        name="setup",
        summary="write the kernel for this user's Jupyters",
        targets="none",
        options=(Option(flags=("--remove",), help="take it away again"),),
        in_cell=False,
    ),
    Verb(
        name="doctor",
        summary="what is installed where, and what to do about it",
        targets="none",
        options=(Option(flags=("--quick",), help="leave out the full hashes of every environment, and ask no index"),),
    ),
)

BY_NAME = {verb.name: verb for verb in VERBS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """One line, understood. `targets` are notebooks as typed; `command` is what follows `--`, or what `run` becomes."""

    verb: Verb
    action: str
    targets: tuple[str, ...]
    words: tuple[str, ...]
    options: dict[str, object]
    command: tuple[str, ...] = ()
    json: bool = False

    def flag(self, name: str) -> bool:
        return bool(self.options.get(name))

    def text(self, name: str) -> str | None:
        value = self.options.get(name)
        return str(value) if value is not None and not isinstance(value, bool | list) else None

    def texts(self, name: str) -> tuple[str, ...]:
        value = self.options.get(name)
        return tuple(str(item) for item in value) if isinstance(value, list) else ()


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError("bad-usage", message, hint=f"`{self.prog} --help` shows how it is used")


def parse(argv: Sequence[str]) -> Parsed:
    """Understand a line. Errors: `bad-usage`, `unknown-verb` (with the nearest verbs)."""
    arguments, command = split(argv)
    while arguments[:1] == ["--json"]:  # it may stand before the verb, too
        arguments = [*arguments[1:], "--json"] if len(arguments) > 1 else []
    if not arguments:
        raise UsageError("bad-usage", "no verb was given", hint="`jupyter dep --help` lists the verbs")
    name = arguments[0]
    verb = BY_NAME.get(name)
    if verb is None:
        from difflib import get_close_matches

        near = get_close_matches(name, BY_NAME, 2)
        raise UsageError(
            "unknown-verb",
            f"there is no verb `{name}`",
            hint=f"did you mean {' or '.join(f'`{other}`' for other in near)}?" if near else "`jupyter dep --help` lists them",
        )
    parser = _Parser(prog=f"jupyter dep {name}", add_help=False, allow_abbrev=False)
    parser.add_argument("--json", action="store_true")
    for option in (*verb.options, *((_PROJECT,) if verb.folder else ())):
        if not option.metavar:
            parser.add_argument(*option.flags, action="store_true", dest=option.name)
        elif option.repeat:
            parser.add_argument(*option.flags, action="append", dest=option.name)
        else:
            parser.add_argument(*option.flags, dest=option.name)
    parser.add_argument("words", nargs="*")
    found = vars(parser.parse_intermixed_args(arguments[1:]))
    words: list[str] = found.pop("words")
    as_json = bool(found.pop("json"))
    action = ""
    if verb.actions:
        action = words.pop(0) if words and words[0] in verb.actions else ""
        if not action:
            raise UsageError("bad-usage", f"`{name}` needs one of {', '.join(verb.actions)}", hint=f"usage: {verb.usage()}")
    targets, rest = _targets(verb, words)
    return Parsed(verb=verb, action=action, targets=targets, words=rest, options=found, command=command, json=as_json)


def split(argv: Sequence[str]) -> tuple[list[str], tuple[str, ...]]:
    """The words that are ours, and the command behind them: after `--`, or where a verb takes one and no notebook stands."""
    words = list(argv)
    end = words.index("--") if "--" in words else len(words)
    at = next((number for number, word in enumerate(words[:end]) if word != "--json"), end)
    verb = BY_NAME.get(words[at]) if at < end else None
    if verb is not None and verb.command:
        first = _first_word(verb, words, at + 1, end)
        if first < end and not words[first].endswith(".ipynb"):
            return words[:first], tuple(words[first:])
    return words[:end], tuple(words[end + 1 :])


def _first_word(verb: Verb, words: Sequence[str], at: int, end: int) -> int:
    """Where the first word behind a verb stands that is neither an option nor an option's value."""
    valued = {flag for option in (*verb.options, _PROJECT) if option.metavar for flag in option.flags}
    while at < end and words[at].startswith("-"):
        at += 2 if words[at] in valued else 1
    return min(at, end)


def _targets(verb: Verb, words: list[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    notebooks = [word for word in words if word.endswith(".ipynb")]
    limit = {"one": 1, "many": len(notebooks), "two": 2, "none": 0}[verb.targets]
    chosen = notebooks[:limit]
    rest = list(words)
    for notebook in chosen:
        rest.remove(notebook)
    if rest and not verb.words:
        many = rest[0].endswith(".ipynb") and chosen
        what = f"`{verb.name}` takes one notebook at a time" if many else f"`{rest[0]}` is not a notebook (`.ipynb`)"
        raise UsageError("bad-usage", what, hint=f"usage: {verb.usage()}")
    return tuple(chosen), tuple(rest)


def completion_data() -> dict[str, object]:
    """What `%dep` offers on Tab; `python -m jupyter_dep_cli.generate` writes it where the magics read it."""
    verbs: dict[str, object] = {}
    for verb in VERBS:
        if verb.in_cell:
            entry: dict[str, object] = {
                "summary": verb.summary,
                "options": sorted(flag for option in verb.options for flag in option.flags),
                "names": verb.names,
            }
            if verb.actions:
                entry["words"] = list(verb.actions)
            verbs[verb.name] = entry
    return {"verbs": verbs}
