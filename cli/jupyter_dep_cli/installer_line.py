"""What one line of `pip`, `uv` or `conda` asks of an environment, and the command of ours that does it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from typing import Literal

from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.base.steps import NAME, Placeholder, Step, step
from jupyter_dep.model.declaration.install_command import InstallCommand, option_name, parse_install_command

Action = Literal["install", "uninstall", "sync", "lock", "environment", "answer"]

_CONDA = ("conda", "mamba", "micromamba")
_PIP: dict[str, Action] = {"install": "install", "uninstall": "uninstall"}
_ACTIONS: dict[str, dict[str, Action]] = {
    "pip": _PIP,
    "uv pip": {**_PIP, "sync": "install"},
    "uv": {"add": "install", "remove": "uninstall", "sync": "sync", "lock": "lock", "venv": "environment"},
    "conda": {
        **_PIP,
        "update": "install",
        "upgrade": "install",
        "remove": "uninstall",
        "create": "install",
        "env": "environment",
    },
}
_FILES = ("-r", "--requirement", "--requirements", "--file")
_EDITABLE = ("-e", "--editable")
_QUIET = re.compile(r"--quiet|-[a-zA-Z]*q[a-zA-Z]*")


@frozen_dataclass
class InstallerLine:
    """A parsed line: `requirements` begin with a name, `files` hold some, `others` are paths and addresses."""

    tool: str
    action: Action
    requirements: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    quiet: bool = False

    def advise(self, requirements: Sequence[str], files: Sequence[str] = (), others: Sequence[str] = ()) -> Step:
        """The command for what of the line is still to be done."""
        words: list[str | Placeholder] = []
        if self.action == "uninstall":
            words += [re.split(r"[\s\[<>=!~;@]", one.strip(), maxsplit=1)[0] for one in requirements]
            return step("remove", *(words or [NAME]), target=None)
        if self.action in ("sync", "lock"):
            return step(self.action, target=None)
        if self.action == "environment":
            return step("sync", target=None)
        for file in files:
            words += ["-r", file]
        return step("add", *([*words, *others, *requirements] or [NAME]), target=None)


def parse_installer_line(tool: str, arguments: Sequence[str]) -> InstallerLine:
    """Parse the words behind the name of an installer."""
    words = list(arguments)
    if tool == "uv" and words[:1] == ["pip"]:
        tool, words = "uv pip", words[1:]
    verb, rest = _split_verb(words)
    kind = "conda" if tool in _CONDA else tool
    action = _ACTIONS[kind].get(verb, "answer")
    if action not in ("install", "uninstall") or {"-h", "--help"} & set(rest):
        helps = {"-h", "--help"} & set(rest)
        return InstallerLine(tool=tool, action="answer" if helps else action)
    command = parse_install_command(f"{'conda' if kind == 'conda' else 'pip'} install {shlex.join(rest)}")
    if command is None:  # it always matches, but its type says otherwise
        return InstallerLine(tool=tool, action=action)
    values = list(_values(command, _FILES))
    requirements = list(command.requirements)
    if verb == "sync":  # uv's names files without an option
        values += command.others
    return InstallerLine(
        tool=tool,
        action=action,
        requirements=tuple(requirements),
        files=tuple(values),
        others=() if verb == "sync" else (*_values(command, _EDITABLE), *command.others),
        quiet=any(_QUIET.fullmatch(option) for option in command.options),
    )


def _split_verb(words: Sequence[str]) -> tuple[str, list[str]]:
    """The subcommand and what follows; options in front of it belong to it."""
    for at, word in enumerate(words):
        if not word.startswith("-"):
            return word, [*words[:at], *words[at + 1 :]]
    return "", list(words)


def _values(command: InstallCommand, names: Sequence[str]) -> tuple[str, ...]:
    found = []
    for option in command.options:
        name = option_name(option)
        if name in names:
            value = option[len(name) :].lstrip("= ")
            if value:
                found.append(value)
    return tuple(found)
