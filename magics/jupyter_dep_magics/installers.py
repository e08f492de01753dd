"""Other installers in a sealed environment: they never run; the user is told what to type instead.

Magics (`%pip`, `%conda`, …) are replaced. Commands (`!pip`, `!!pip`, `x = !pip`, `%sx pip`) are looked at where IPython
expands the variables in them, the one place that all of them pass.
"""

from __future__ import annotations

import re
import shlex
import sys
from typing import TYPE_CHECKING, Any, Callable, List, Optional, Sequence, cast

from .failure import DepFailure

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

MAGICS = ("pip", "uv", "conda", "mamba", "micromamba")

_TOOL = re.compile(r"(pip|conda|mamba|micromamba|uv)[\d.]*(\.exe|\.bat)?\Z", re.IGNORECASE)
_PYTHON = re.compile(r"(python|pypy|py)[\d.]*w?(\.exe)?\Z", re.IGNORECASE)
_PREFIXES = {"sudo", "env", "command", "exec", "time", "nohup", "call"}
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
_UV_VERBS = {"pip", "add", "remove", "sync", "lock", "venv"}
_TAKES_VALUE = {
    "-c", "--constraint", "--channel", "-n", "--name", "-p", "--prefix", "-i", "--index-url", "--extra-index-url",
    "-f", "--find-links", "-t", "--target", "--root", "--platform", "--python-version", "--implementation", "--abi",
    "--proxy", "--timeout", "--retries", "--cert", "--trusted-host", "--cache-dir", "--log", "--src", "--python",
    "--progress-bar", "--upgrade-strategy", "--no-binary", "--only-binary", "--config-settings", "--global-option",
}  # fmt: skip
_EXPANDS = {"system_piped", "system_raw", "getoutput"}


def guard(shell: InteractiveShell) -> None:
    """Replace the magics and watch the commands of `shell`."""
    for name in MAGICS:
        cast(Any, shell).register_magic_function(_refusing_magic(name), "line", name)
    expand: Callable[..., str] = shell.var_expand

    def var_expand(cmd: str, depth: int = 0, **options: Any) -> str:
        expanded = expand(cmd, depth=depth + 1, **options)
        # Line magics pass here too: only the methods that go on to start a program are looked at.
        if sys._getframe(1).f_code.co_name in _EXPANDS:
            refuse(expanded)
        return expanded

    # On the instance: its own methods look it up there, and local variables are still found in the right frame,
    # which a wrapper around `system` would hide.
    cast(Any, shell).var_expand = var_expand


def refuse(command: str) -> None:
    """Raise `DepFailure("installer-refused")` if a part of the shell command is another installer."""
    for words in _commands(command):
        found = _installer(words)
        if found is not None:
            raise _refusal(found[0], found[1:])


def instead(tool: str, arguments: Sequence[str]) -> str:
    """What to type for `tool` with `arguments`: `%dep add a b`; empty if there is nothing that does the same."""
    words = list(arguments)
    if words[:1] == ["pip"]:
        words = words[1:]
    verb = words[0] if words else ""
    files, names = _operands(words[1:], conda=tool not in ("pip", "uv"))
    if verb in ("install", "add", "create", "sync"):
        if verb == "sync" and not names:
            return "%dep sync"
        parts = ["-r {}".format(_quoted(file)) for file in files] + [_quoted(name) for name in names]
        return " ".join(["%dep", "add", *parts]) if parts else "%dep add NAME"
    if verb in ("uninstall", "remove"):
        return " ".join(["%dep", "remove", *(_name(name) for name in names)]) if names else "%dep remove NAME"
    if verb in ("update", "upgrade"):
        return " ".join(["%dep", "update", *(_name(name) for name in names)])
    if verb in ("list", "freeze", "show", "check", "tree", "inspect"):
        return "%dep show"
    if verb == "lock":
        return "%dep lock"
    return ""


def _refusing_magic(name: str) -> Callable[[str], None]:
    def magic(line: str) -> None:
        raise _refusal(name, _words(line))

    magic.__name__ = name
    magic.__doc__ = "Not in this environment: packages come and go with `%dep add` and `%dep remove`."
    # The requirement in the advice is the one that was typed; see IPython's `no_var_expand`.
    magic._ipython_magic_no_var_expand = True  # type: ignore[attr-defined]
    return magic


def _refusal(tool: str, arguments: Sequence[str]) -> DepFailure:
    advice = instead(tool, arguments)
    return DepFailure(
        "installer-refused",
        "`{}` does not run here: the lock says what this environment holds, and only `%dep` changes it".format(tool),
        hint="type `{}`".format(advice) if advice else "`%dep` lists what it can do; other uses belong in a terminal",
    )


def _installer(words: Sequence[str]) -> Optional[List[str]]:
    """The tool and its arguments if these words start one."""
    rest = list(words)
    while rest and (rest[0] in _PREFIXES or _ASSIGNMENT.match(rest[0]) or _is_option_of_prefix(words, rest)):
        rest.pop(0)
    if not rest:
        return None
    tool = _TOOL.match(_program(rest[0]))
    if tool:
        name = tool.group(1).lower()
        return None if name == "uv" and not _UV_VERBS.intersection(rest[1:]) else [name, *rest[1:]]
    if _PYTHON.match(_program(rest[0])) and "-m" in rest:
        at = rest.index("-m") + 1
        if at < len(rest):
            return _installer(rest[at:])
    return None


def _is_option_of_prefix(words: Sequence[str], rest: Sequence[str]) -> bool:
    return len(rest) < len(words) and rest[0].startswith("-")


def _commands(command: str) -> List[List[str]]:
    """The simple commands of a shell line, each as words."""
    commands: List[List[str]] = [[]]
    for line in command.splitlines():
        for word in _words(line, punctuation=True):
            if word and set(word) <= set(";&|()"):
                commands.append([])
            else:
                commands[-1].append(word)
        commands.append([])
    return [words for words in commands if words]


def _words(line: str, *, punctuation: bool = False) -> List[str]:
    lexer = shlex.shlex(line, posix=True, punctuation_chars=";&|()" if punctuation else "")
    lexer.whitespace_split = True
    lexer.commenters = ""
    if "\\" in line:
        lexer.escape = ""  # a Windows path; nothing that matters here is escaped with a backslash elsewhere
    try:
        return list(lexer)
    except ValueError:
        return line.split()


def _program(word: str) -> str:
    return re.split(r"[\\/]", word)[-1]


def _operands(words: Sequence[str], *, conda: bool) -> "tuple[List[str], List[str]]":
    """Requirement files and requirements among the arguments of an installer."""
    files: List[str] = []
    names: List[str] = []
    at = 0
    while at < len(words):
        word = words[at]
        following = words[at + 1] if at + 1 < len(words) else ""
        if word in ("-r", "--requirement", "--requirements", "--file"):
            files.append(following)
            at += 1
        elif word.startswith("--requirement="):
            files.append(word.partition("=")[2])
        elif word in ("-e", "--editable"):
            names.append(following)
            at += 1
        elif word in _TAKES_VALUE:
            at += 1
        elif not word.startswith("-"):
            names.append(_from_conda(word) if conda else word)
        at += 1
    return [file for file in files if file], [name for name in names if name]


def _from_conda(spec: str) -> str:
    """`numpy=1.26` means any 1.26 there, and exactly that in `numpy==1.26.*` here."""
    found = re.match(r"(?:[\w-]+::)?([\w.-]+)=([\w.]+)(?:=\w+)?\Z", spec)
    return "{}=={}.*".format(*found.groups()) if found else spec.rpartition("::")[2]


def _name(requirement: str) -> str:
    return re.split(r"[\s\[<>=!~;@]", requirement.strip(), maxsplit=1)[0]


def _quoted(word: str) -> str:
    return '"{}"'.format(word) if re.search(r"[\s;]", word) else word
