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

    def usage(self) -> str:
        target = {"one": " NOTEBOOK", "many": " NOTEBOOK…", "two": " NOTEBOOK NEW", "none": ""}[self.targets]
        target = f" [{target.strip()}]" if self.optional else target
        action = " " + "|".join(self.actions) if self.actions else ""
        options = "".join(f" [{'|'.join(o.flags)}{' ' + o.metavar if o.metavar else ''}]" for o in self.options)
        return f"jupyter dep {self.name}{action}{target}{' ' + self.words if self.words else ''}{options}"


_DRY = Option(flags=("--dry-run",), help="show what would change, write nothing")
_OFFLINE = Option(flags=("--offline",), help="use what is cached, ask no index")
_ALLOW = Option(flags=("--allow",), help="allow something unusual, such as build:NAME", metavar="ITEM", repeat=True)
_OVERWRITE = Option(flags=("--overwrite",), help="replace a lock that another tool wrote")

VERBS: tuple[Verb, ...] = (
    Verb(
        name="init",
        summary="make a notebook a project: a declaration in its first cell",
        targets="many",
        options=(
            Option(flags=("--python",), help="the Python to use, such as 3.12", metavar="SPEC"),
            Option(flags=("--imports",), help="declare what the notebook imports and what its %%pip lines name"),
        ),
    ),
    Verb(
        name="add",
        summary="declare packages, lock, install",
        targets="one",
        words="REQUIREMENT…",
        options=(
            Option(flags=("-r", "--requirements"), help="add what a requirements file names", metavar="FILE", repeat=True),
            _DRY,
            _OFFLINE,
            _OVERWRITE,
        ),
        names="popular",
    ),
    Verb(
        name="remove",
        summary="take packages out of the declaration",
        targets="one",
        words="NAME…",
        options=(_DRY, _OFFLINE),
        names="declared",
    ),
    Verb(
        name="update",
        summary="lock newer versions of all, or of the named ones",
        targets="one",
        words="[NAME…]",
        options=(_DRY, _OFFLINE),
        names="locked",
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
    ),
    Verb(name="sync", summary="build the locked environment", targets="many", options=(_ALLOW, _OFFLINE)),
    Verb(name="status", summary="what is declared, locked, in use", targets="many"),
    Verb(
        name="show",
        summary="the locked packages",
        targets="one",
        options=(
            Option(flags=("--tree",), help="as a tree, from what is declared"),
            Option(flags=("--outdated",), help="with what an update would bring"),
            _OFFLINE,
        ),
    ),
    Verb(name="why", summary="who needs a package", targets="one", words="NAME", names="locked"),
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
        ),
    ),
    Verb(
        name="python",
        summary="show the Pythons to choose from, or change",
        targets="one",
        words="[SPEC]",
        options=(_OFFLINE,),
    ),
    Verb(
        name="run",
        summary="execute the notebook in its exact environment; the exit code tells",
        targets="one",
        options=(
            Option(flags=("-o", "--output"), help="where to write the executed notebook", metavar="OUT"),
            Option(flags=("--timeout",), help="seconds that one cell may take", metavar="SECONDS"),
            _ALLOW,
            _OFFLINE,
        ),
        in_cell=False,
    ),
    Verb(
        name="exec",
        summary="run a command in the environment",
        targets="one",
        words="-- COMMAND…",
        options=(_ALLOW, _OFFLINE),
        in_cell=False,
    ),
    Verb(
        name="env",
        summary="environments of the store",
        targets="one",
        optional=True,
        actions=("info", "list", "gc"),
        options=(_DRY,),
    ),
    Verb(
        name="kernel",
        summary="registered kernels, for pickers that need one per project",
        targets="one",
        optional=True,
        words="[NAME]",
        actions=("install", "list", "remove"),
        options=(Option(flags=("--stale",), help="remove those whose notebook or Python is gone"),),
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
    ),
    Verb(
        name="undo",
        summary="take back the last change of declaration and lock",
        targets="one",
        options=(Option(flags=("--redo",), help="bring it again"),),
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
    Verb(name="mv", summary="rename a notebook together with its lock", targets="two", in_cell=False),
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
    """One line, understood. `targets` are notebooks as typed; `command` is what follows `--`."""

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
    arguments, command = _split(list(argv))
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
    for option in verb.options:
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


def _split(argv: list[str]) -> tuple[list[str], tuple[str, ...]]:
    if "--" in argv:
        at = argv.index("--")
        return argv[:at], tuple(argv[at + 1 :])
    return argv, ()


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
