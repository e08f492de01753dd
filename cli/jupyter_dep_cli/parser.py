"""Parse what is typed after `jupyter dep` and after `%dep`: one grammar, so that both mean the same."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import NoReturn

from jupyter_dep.base.errors import UsageError
from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.base.steps import Hint, step

from .command_table import COMMANDS, PROJECT, Command

BY_NAME = {command.name: command for command in COMMANDS}
_LISTED = Hint(step("help", target=None), " lists the commands")


@frozen_dataclass
class Parsed:
    """One parsed line. `targets` are notebooks as typed; `program` is what follows `--`, or what `run` becomes."""

    command: Command
    action: str
    targets: tuple[str, ...]
    words: tuple[str, ...]
    options: dict[str, object]
    program: tuple[str, ...] = ()
    json: bool = False

    def flag(self, name: str) -> bool:
        """Whether a switch is given."""
        return bool(self.options.get(name))

    def text(self, name: str) -> str | None:
        """The value of an option, None without it."""
        value = self.options.get(name)
        return str(value) if value is not None and not isinstance(value, bool | list) else None

    def texts(self, name: str) -> tuple[str, ...]:
        """The values of an option that may be repeated."""
        value = self.options.get(name)
        return tuple(str(item) for item in value) if isinstance(value, list) else ()


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError("bad-usage", message, hint=Hint(step(self.prog, "--help", target=None), " shows its usage"))


def parse(argv: Sequence[str], *, cell: bool = False) -> Parsed:
    """Parse a line of a terminal or of a `cell`. Errors: `bad-usage`, `unknown-verb` (with the nearest commands)."""
    arguments, program = split(argv)
    while arguments[:1] == ["--json"]:  # it may stand before the command, too
        arguments = [*arguments[1:], "--json"] if len(arguments) > 1 else []
    if not arguments:
        raise UsageError("bad-usage", "no command given", hint=_LISTED)
    command = BY_NAME.get(arguments[0])
    if command is None:
        raise _unknown(arguments[0])
    options = vars(_option_parser(command).parse_intermixed_args(arguments[1:]))
    words: list[str] = options.pop("words")
    as_json = bool(options.pop("json"))
    action = ""
    if command.actions:
        action = words.pop(0) if words and words[0] in command.actions else ""
        if not action:
            choices = ", ".join(command.actions)
            raise UsageError("bad-usage", f"`{command.name}` needs one of {choices}", hint=command.usage_hint(cell=cell))
    targets, rest = _split_targets(command, words, cell=cell)
    return Parsed(command=command, action=action, targets=targets, words=rest, options=options, program=program, json=as_json)


def _unknown(name: str) -> UsageError:
    from difflib import get_close_matches

    near = " or ".join(f"`{other}`" for other in get_close_matches(name, BY_NAME, 2))
    return UsageError("unknown-verb", f"unknown command `{name}`", hint=f"did you mean {near}?" if near else _LISTED)


def _option_parser(command: Command) -> argparse.ArgumentParser:
    parser = _Parser(prog=command.name, add_help=False, allow_abbrev=False)
    parser.add_argument("--json", action="store_true")
    for option in command.all_options:
        if not option.metavar:
            parser.add_argument(*option.flags, action="store_true", dest=option.name)
        elif option.repeat:
            parser.add_argument(*option.flags, action="append", dest=option.name)
        else:
            parser.add_argument(*option.flags, dest=option.name)
    parser.add_argument("words", nargs="*")
    return parser


def split(argv: Sequence[str]) -> tuple[list[str], tuple[str, ...]]:
    """Split a line into its own words and the program that it runs: after `--`, or where `run` names no notebook."""
    words = list(argv)
    end = words.index("--") if "--" in words else len(words)
    at = next((number for number, word in enumerate(words[:end]) if word != "--json"), end)
    command = BY_NAME.get(words[at]) if at < end else None
    if command is not None and command.runs_program:
        first = _first_word(command, words, at + 1, end)
        if first < end and not words[first].endswith(".ipynb"):
            return words[:first], tuple(words[first:])
    return words[:end], tuple(words[end + 1 :])


def _first_word(command: Command, words: Sequence[str], at: int, end: int) -> int:
    """The position of the first word that is neither an option nor an option's value."""
    valued = {flag for option in (*command.options, PROJECT) if option.metavar for flag in option.flags}
    while at < end and words[at].startswith("-"):
        at += 2 if words[at] in valued else 1
    return min(at, end)


def _split_targets(command: Command, words: list[str], *, cell: bool) -> tuple[tuple[str, ...], tuple[str, ...]]:
    notebooks = [word for word in words if word.endswith(".ipynb")]
    limit = {"one": 1, "many": len(notebooks), "two": 2, "none": 0}[command.targets]
    chosen = notebooks[:limit]
    rest = list(words)
    for notebook in chosen:
        rest.remove(notebook)
    if rest and not command.words:
        many = rest[0].endswith(".ipynb") and chosen
        what = f"`{command.name}` takes one notebook at a time" if many else f"`{rest[0]}` is not a notebook (`.ipynb`)"
        raise UsageError("bad-usage", what, hint=command.usage_hint(cell=cell))
    return tuple(chosen), tuple(rest)


def completion_data() -> dict[str, object]:
    """What `%dep` completes on Tab; `tools/magics_data.py` writes it where the magics read it."""
    commands: dict[str, object] = {}
    for command in COMMANDS:
        if command.in_cell:
            entry: dict[str, object] = {
                "summary": command.summary,
                "options": sorted(flag for option in command.options for flag in option.flags),
                "names": command.names,
            }
            if command.actions:
                entry["words"] = list(command.actions)
            commands[command.name] = entry
    return {"commands": commands}


def help_text(name: str | None = None, *, cell: bool = False) -> str:
    """The help of a command, or of all."""
    command = BY_NAME.get(name or "")
    return "\n".join(_help_of_all(cell=cell) if command is None else _help_of(command, cell=cell)).rstrip() + "\n"


def _help_of_all(*, cell: bool) -> list[str]:
    lines = [
        "usage: %dep COMMAND …" if cell else "usage: jupyter dep COMMAND NOTEBOOK.ipynb …",
        "",
        "Declare a notebook's packages, lock them, and run in exactly that environment.",
        "",
        *(f"  {each.name:8} {each.summary}" for each in COMMANDS if each.in_cell or not cell),
        "",
    ]
    if cell:
        return [*lines, "`%dep COMMAND --help` shows more."]
    return [
        *lines,
        "`jupyter dep COMMAND --help` shows more. Every command takes `--json`.",
        "Exit codes: 0 done, 1 failed, 2 usage, 3 stale, 4 conflict, 5 network or index, 6 consent missing.",
    ]


def _help_of(command: Command, *, cell: bool) -> list[str]:
    lines = [command.usage_hint(cell=cell) + ("" if cell else " [--json]"), "", f"  {command.summary}", ""]
    for option in command.options:
        flags = ", ".join(option.flags) + (f" {option.metavar}" if option.metavar else "")
        lines.append(f"  {flags:28} {option.help.replace('%%', '%')}")
    return lines
