"""Several requirements in one text: a requirements file, pasted lines, install commands."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence

from packaging.requirements import Requirement

from jupyter_dep.base.errors import DepError

from .install_command import option_name, parse_install_command, strip_comment
from .requirement import Context, parse

LONGEST = 20_000
"""Characters of a paste that are read."""

# Options of a pasted command that say how to install, not what: dropping them loses nothing.
_HARMLESS = re.compile(
    r"""-(?:U|I|q+|v+) | --(?:upgrade | upgrade-strategy | quiet | verbose | user | system | no-cache(?:-dir)?
    | no-input | force-reinstall | reinstall | ignore-installed | disable-pip-version-check | break-system-packages
    | no-warn-script-location | progress-bar | root-user-action | cache-dir | retries | timeout)""",
    re.VERBOSE,
)
_OPTION = re.compile(r"(?:^|\s)(--?[A-Za-z][\w-]*)")
_COMMENT_LINE = re.compile(r"\s*#")
_NOT_FROM_AN_INDEX = {"python", "pip", "jupyter-dep"}
_SPECIFIC = re.compile(r"[\[<>=~!@]")


def logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Join continued lines as pip does, with the 1-based number of the first one; comments and blank lines are kept.

    A line that holds nothing but a comment ends a continuation and never begins one, even if it ends in a backslash.
    """
    pending: list[str] = []
    first = 0
    for number, line in enumerate(text.splitlines(), start=1):
        is_comment = _COMMENT_LINE.match(line) is not None
        if not pending:
            first = number
        if line.endswith("\\") and not is_comment:
            pending.append(line.strip("\\"))
            continue
        # the space keeps a comment apart from the text before it, where `#` would belong to a word
        pending.append(f" {line}" if is_comment else line)
        yield first, "".join(pending)
        pending = []
    if pending:
        yield first, "".join(pending)


def requirement_lines(text: str) -> Iterator[tuple[int, str]]:
    """The logical lines without comments; blank ones are left out."""
    for number, line in logical_lines(text):
        bare = strip_comment(line)
        if bare:
            yield number, bare


def parse_lines(text: str, *, context: Context | None = None) -> tuple[Requirement, ...]:
    """Parse requirements, one a line, as pasted from a requirements file or an install command.

    Raises `DepError` with `line` (1-based) in its context: `option-in-requirements` for `-r`, `-e`, `--hash` and their
    like, else as `parse` does.
    """
    found: list[Requirement] = []
    for number, line in requirement_lines(text):
        where: Context = {**(context or {}), "line": number}
        command = parse_install_command(line)
        if command is not None and command.installer in ("pip", "uv"):
            for option in command.option_names:
                if not _HARMLESS.fullmatch(option):
                    raise _refuse_option(option, where)
            found += [parse(piece, context=where) for piece in command.operands]
            continue
        option_match = _OPTION.search(line)
        if option_match is not None:
            raise _refuse_option(option_name(option_match[1]), where)
        found.append(parse(line, context=where))
    return tuple(found)


def parse_pasted(text: str) -> tuple[str, ...]:
    """The requirement texts of a paste, in order and once each; () where it is words to search for.

    `pip install 'pandas>=2' rich -U` gives `pandas>=2` and `rich`. Options, paths and the rest of a chain of commands are
    left out. One bare name is a requirement too, several on one line without a command or a bound are words.
    """
    lines = [line for _, line in requirement_lines(text[:LONGEST])]
    found: list[str] = []
    for line in lines:
        found += _parse_pasted_line(line, alone=len(lines) == 1)
    return tuple(dict.fromkeys(found))


def _parse_pasted_line(line: str, *, alone: bool) -> list[str]:
    command = parse_install_command(line)
    if command is not None:
        return _keep_valid(command.requirements)
    whole = _keep_valid([line])
    if whole:
        return whole
    words = _split_words(line)
    found = _keep_valid(words)
    if len(found) == len(words) and (any(_SPECIFIC.search(word) for word in found) or "," in line):
        return found
    return [] if alone else found[:1]


def _split_words(line: str) -> list[str]:
    spread = line if _SPECIFIC.search(line) else line.replace(",", " ")
    try:
        return shlex.split(spread)
    except ValueError:
        return []


def _keep_valid(words: Sequence[str]) -> list[str]:
    found = []
    for word in words:
        if word.endswith(".ipynb"):
            continue
        try:
            requirement = parse(word)
        except DepError:
            continue
        if requirement.name.lower() not in _NOT_FROM_AN_INDEX:
            found.append(word.strip())
    return found


def _refuse_option(option: str, context: Context) -> DepError:
    hint = {
        "-r": "paste the lines of that file instead",
        "--requirement": "paste the lines of that file instead",
        "--hash": "remove it: the lock records the hash of every file",
        "-e": "name the folder under `[tool.uv.sources]` and declare the package by its name",
        "--editable": "name the folder under `[tool.uv.sources]` and declare the package by its name",
        "-c": "put the bounds under `constraint-dependencies` in `[tool.uv]`",
        "--constraint": "put the bounds under `constraint-dependencies` in `[tool.uv]`",
        "--pre": 'set `prerelease = "allow"` in `[tool.uv]`',
    }.get(option)
    if hint is None and "index" in option:
        hint = "name the index under `[[tool.uv.index]]`"
    return DepError(
        "option-in-requirements",
        f"`{option}` is an option, not a requirement",
        hint=hint or "remove it and keep the names and bounds only",
        context=context,
    )
