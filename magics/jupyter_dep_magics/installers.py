"""Refuses other installers in a sealed environment, and says what to type instead.

Magics (`%pip`, `%conda`, …) are replaced. Commands (`!pip`, `!!pip`, `x = !pip`, `%sx pip`) are checked where IPython
expands the variables in them, the only place that all of them pass.
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
_UV_COMMANDS = {"pip", "add", "remove", "sync", "lock", "venv"}
# The tables below are tested against the core's.
WITH_VALUE = {
    "-r", "-c", "-e", "-i", "-f", "-t", "-b", "-C", "-p", "-P", "-n", "-G", "-E", "--requirement", "--requirements",
    "--constraint", "--constraints", "--editable", "--file", "--index", "--index-url", "--index-strategy",
    "--extra-index-url", "--default-index", "--find-links", "--target", "--build", "--src", "--root", "--prefix",
    "--platform", "--implementation", "--abi", "--python", "--python-version", "--python-platform",
    "--upgrade-strategy", "--upgrade-package", "--no-binary", "--only-binary", "--config-setting", "--config-settings",
    "--global-option", "--report", "--progress-bar", "--root-user-action", "--log", "--proxy", "--retries", "--timeout",
    "--exists-action", "--trusted-host", "--allow-insecure-host", "--cert", "--client-cert", "--cache-dir",
    "--use-feature", "--use-deprecated", "--keyring-provider", "--group", "--hash", "--exclude-newer", "--resolution",
    "--prerelease", "--override", "--overrides", "--build-constraint", "--build-constraints", "--reinstall-package",
    "--refresh-package", "--link-mode", "--extra", "--directory", "--project", "--color", "--name", "--channel",
    "--source", "--feature",
}  # fmt: skip
CONDA_NAMES = {
    "matplotlib-base": "matplotlib",
    "msgpack-python": "msgpack",
    "opencv": "opencv-python",
    "py-opencv": "opencv-python",
    "py-xgboost": "xgboost",
    "pytables": "tables",
    "pytorch": "torch",
    "seaborn-base": "seaborn",
}
_REDIRECT = re.compile(r"(?:\d|&)?>>?&?(?P<target>.*)\Z")
_REQUIREMENT_FILES = ("-r", "--requirement", "--requirements", "--file")
_EDITABLE = ("-e", "--editable")
_ATTACHED = re.compile(r"(-[rceift])=?([^-=].*)\Z")
_EXPANDS = {"system_piped", "system_raw", "getoutput"}


def guard(shell: InteractiveShell) -> None:
    """Replace the magics and check the commands of `shell`."""
    for name in MAGICS:
        cast(Any, shell).register_magic_function(_refusing_magic(name), "line", name)
    expand: Callable[..., str] = shell.var_expand

    def var_expand(cmd: str, depth: int = 0, **options: Any) -> str:
        expanded = expand(cmd, depth=depth + 1, **options)
        # line magics pass here too: the caller's name tells the methods that start a program
        if sys._getframe(1).f_code.co_name in _EXPANDS:
            refuse(expanded)
        return expanded

    # IPython has no hook for commands. The method is replaced on the instance, where the shell's own methods find it; a
    # wrapper around `system` would add a frame, in which local variables are not found.
    cast(Any, shell).var_expand = var_expand


def refuse(command: str) -> None:
    """Raise `DepFailure("installer-refused")` if a part of the shell command is another installer."""
    for words in _split_commands(command):
        found = _find_installer(words)
        if found is not None:
            raise _build_refusal(found[0], found[1:])


def find_replacement(tool: str, arguments: Sequence[str]) -> str:
    """Return the `%dep` line for `tool` with `arguments`, such as `%dep add a b`; empty if there is none."""
    words = list(arguments)
    if words[:1] == ["pip"]:
        words = words[1:]
    action = words[0] if words else ""
    files, names = _read_operands(words[1:], conda=tool not in ("pip", "uv"))
    if action in ("install", "add", "create", "sync"):
        if action == "sync" and not names:
            return "%dep sync"
        parts = ["-r {}".format(_quote(file)) for file in files] + [_quote(name) for name in names]
        return " ".join(["%dep", "add", *parts]) if parts else "%dep add NAME"
    if action in ("uninstall", "remove"):
        return " ".join(["%dep", "remove", *(_requirement_name(name) for name in names)]) if names else "%dep remove NAME"
    if action in ("update", "upgrade"):
        return " ".join(["%dep", "update", *(_requirement_name(name) for name in names)])
    if action in ("list", "freeze", "show", "check", "tree", "inspect"):
        return "%dep show"
    if action == "lock":
        return "%dep lock"
    return ""


def _refusing_magic(name: str) -> Callable[[str], None]:
    def magic(line: str) -> None:
        raise _build_refusal(name, _split_words(line))

    magic.__name__ = name
    magic.__doc__ = "Disabled in this environment: use `%dep add` and `%dep remove`."
    # the hint repeats the requirement as typed; the attribute is what IPython's `no_var_expand` sets
    magic._ipython_magic_no_var_expand = True  # type: ignore[attr-defined]
    return magic


def _build_refusal(tool: str, arguments: Sequence[str]) -> DepFailure:
    replacement = find_replacement(tool, arguments)
    return DepFailure(
        "installer-refused",
        "`{}` is disabled in this environment: only `%dep` changes its packages".format(tool),
        hint="type `{}`".format(replacement) if replacement else "`%dep --help` lists the commands",
    )


def _find_installer(words: Sequence[str]) -> Optional[List[str]]:
    """Return the installer and its arguments if these words start one."""
    rest = list(words)
    while rest and (rest[0] in _PREFIXES or _ASSIGNMENT.match(rest[0]) or _is_prefix_option(words, rest)):
        rest.pop(0)
    if not rest:
        return None
    tool = _TOOL.match(_program_name(rest[0]))
    if tool:
        name = tool.group(1).lower()
        return None if name == "uv" and not _UV_COMMANDS.intersection(rest[1:]) else [name, *rest[1:]]
    if _PYTHON.match(_program_name(rest[0])) and "-m" in rest:
        at = rest.index("-m") + 1
        if at < len(rest):
            return _find_installer(rest[at:])
    return None


def _is_prefix_option(words: Sequence[str], rest: Sequence[str]) -> bool:
    return len(rest) < len(words) and rest[0].startswith("-")


def _split_commands(command: str) -> List[List[str]]:
    """Split a shell line into simple commands, each as words."""
    commands: List[List[str]] = [[]]
    for line in re.sub(r"\\\r?\n", "", command).splitlines():
        for word in _split_words(line, punctuation=True):
            if word and set(word) <= set(";&|()"):
                commands.append([])
            else:
                commands[-1].append(word)
        commands.append([])
    return [words for words in commands if words]


def _split_words(line: str, *, punctuation: bool = False) -> List[str]:
    line = re.sub(r"(?:^|\s+)#.*$", "", line)
    lexer = shlex.shlex(line, posix=True, punctuation_chars=";&|()" if punctuation else "")
    lexer.whitespace_split = True
    lexer.commenters = ""
    if re.search(r"\\\w", line):
        lexer.escape = ""  # a Windows path
    try:
        return list(lexer)
    except ValueError:  # an apostrophe without its pair
        return line.replace('"', " ").replace("'", " ").split()


def _program_name(word: str) -> str:
    return re.split(r"[\\/]", word)[-1]


def _read_operands(words: Sequence[str], *, conda: bool) -> "tuple[List[str], List[str]]":
    """Return the requirement files and the requirements among an installer's arguments."""
    files: List[str] = []
    names: List[str] = []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        redirect = _REDIRECT.match(word)
        if redirect:
            if not redirect.group("target"):
                del rest[:1]
        elif word.startswith("-"):
            option, value = _read_option(word, rest)
            if option in _REQUIREMENT_FILES:
                files.append(value)
            elif option in _EDITABLE:
                names.append(value)
        else:
            names.append(_from_conda(word) if conda else word)
    return [file for file in files if file], [name for name in names if name]


def _read_option(word: str, rest: List[str]) -> "tuple[str, str]":
    """Return an option and its value, which is removed from `rest` if it is the next word."""
    attached = _ATTACHED.match(word)
    if attached:
        return attached.group(1), attached.group(2)
    if word in WITH_VALUE:
        return word, rest.pop(0) if rest else ""
    option, _, value = word.partition("=")
    return option, value


def _from_conda(spec: str) -> str:
    """Convert conda's `numpy=1.26`, any release of 1.26, to `numpy==1.26.*`."""
    spec = spec.rpartition("::")[2]
    found = re.match(r"([A-Za-z0-9._-]+)=([0-9][0-9A-Za-z.]*)(?:\.\*)?(?:=\S*)?\Z", spec)
    name, bound = (found.group(1), "=={}.*".format(found.group(2).rstrip("."))) if found else (spec, "")
    bare = re.match(r"[A-Za-z0-9._-]+", name)
    known = CONDA_NAMES.get(bare.group(0).lower(), "") if bare else ""
    return (known + name[bare.end() :] if bare and known else name) + bound


def _requirement_name(requirement: str) -> str:
    return re.split(r"[\s\[<>=!~;@]", requirement.strip(), maxsplit=1)[0]


def _quote(word: str) -> str:
    return '"{}"'.format(word) if re.search(r"[\s;]", word) else word
