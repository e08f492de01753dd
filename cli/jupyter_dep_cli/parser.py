"""The tree of verbs: what can be typed after `jupyter dep` and after `%dep`. One tree, so that both mean the same."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import NoReturn

from jupyter_dep.base.errors import UsageError
from jupyter_dep.base.fast_dataclass import frozen_dataclass

from .command_table import COMMANDS, PROJECT, Command

BY_NAME = {verb.name: verb for verb in COMMANDS}


@frozen_dataclass
class Parsed:
    """One line, understood. `targets` are notebooks as typed; `command` is what follows `--`, or what `run` becomes."""

    verb: Command
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
    for option in (*verb.options, *((PROJECT,) if verb.folder else ())):
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


def _first_word(verb: Command, words: Sequence[str], at: int, end: int) -> int:
    """Where the first word behind a verb stands that is neither an option nor an option's value."""
    valued = {flag for option in (*verb.options, PROJECT) if option.metavar for flag in option.flags}
    while at < end and words[at].startswith("-"):
        at += 2 if words[at] in valued else 1
    return min(at, end)


def _targets(verb: Command, words: list[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
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
    for verb in COMMANDS:
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
