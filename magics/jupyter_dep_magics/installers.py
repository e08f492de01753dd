"""Other installers in a sealed environment: what it holds already goes on, what it lacks is refused with the line to type.

Magics (`%pip`, `%conda`, …) are replaced. Commands (`!pip`, `!!pip`, `x = !pip`, `%sx pip`) are checked where IPython
expands the variables in them, the only place that all of them pass. `jupyter_dep_cli.pip` decides; it also stands for
`pip` on PATH, for programs that call it by name.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple, cast

from .failure import DepFailure

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

MAGICS = ("pip", "uv", "conda", "mamba", "micromamba")

_TOOL = re.compile(r"(pip|conda|mamba|micromamba|uv)[\d.]*(\.exe|\.bat|\.cmd)?\Z", re.IGNORECASE)
_PYTHON = re.compile(r"(python|pypy|py)[\d.]*w?(\.exe)?\Z", re.IGNORECASE)
_KEYWORDS = {"if", "then", "else", "elif", "do", "while", "until", "!", "{"}
_PREFIXES = _KEYWORDS | {"sudo", "env", "command", "exec", "time", "nohup", "call"}
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
_UV_COMMANDS = {"pip", "add", "remove", "sync", "lock", "venv"}
_REDIRECT = re.compile(r"\d*>")
_TOKEN = re.compile(
    r"""(?:[^\S\n]|\\\r?\n)*                                                     # blanks, and lines that go on
    (?:(?P<comment>\#[^\n]*)|(?P<end>[;&|()`\n]+)
    |(?P<word>(?:'[^']*'|"(?:\\.|[^"\\])*"|\\[^\n]|[^\s;&|()`'"\\]|['"\\])+))""",
    re.VERBOSE,
)
_QUOTED = re.compile(r"'([^']*)'|\"((?:\\.|[^\"\\])*)\"|\\(.)|(['\"\\])", re.DOTALL)
_EXPANDS = {"system_piped", "system_raw", "getoutput"}
_STAND_IN = "jupyter_dep_cli.pip"
_ANSWERED, _OTHER = 3, 4  # exit codes of the stand-in, see there
_SECONDS = 60.0


class Installer(NamedTuple):
    """One call of an installer in a shell command: `start` to `program_end` is its program, `end` is before a redirection."""

    tool: str
    arguments: Tuple[str, ...]
    start: int
    program_end: int
    end: int


class Decision(NamedTuple):
    """What to do with an installer's line: `done`, `refused`, `answered` by the stand-in, or `other`."""

    kind: str
    text: str = ""


Decide = Callable[[str, Sequence[str]], Decision]


class StandIn:
    """Asks the program that stands for the installers; `environ` are the variables to start it with."""

    def __init__(self, context: Mapping[str, Any], environ: Callable[[], Mapping[str, str]]) -> None:
        self._agent = list(context.get("agent") or ())
        self._shim = os.path.join(str(context.get("pip_shim") or ""), "pip.cmd" if sys.platform == "win32" else "pip")
        self._environ = environ

    def decide(self, tool: str, arguments: Sequence[str]) -> Decision:
        """Ask what to do with a line; without an answer it is refused."""
        if not self._agent:
            return _refuse_blindly(tool)
        argv = [*self._agent[:-1], _STAND_IN, "--cell", "--check", "--as", tool, *arguments]
        variables = {**self._environ(), "VIRTUAL_ENV": os.environ.get("VIRTUAL_ENV", "") or sys.prefix}
        try:
            done = subprocess.run(  # noqa: S603  the launcher's argument list
                argv,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=variables,
                timeout=_SECONDS,
                check=False,
                encoding="utf-8",
                errors="replace",
            )
        except (OSError, subprocess.SubprocessError):
            return _refuse_blindly(tool)
        text = (done.stdout or done.stderr).strip()
        kinds: Dict[int, str] = {0: "done", _ANSWERED: "answered", _OTHER: "other"}
        if done.returncode == 1 and text:
            return Decision("refused", text)
        kind = kinds.get(done.returncode)
        return Decision(kind, text) if kind is not None else _refuse_blindly(tool)

    def program(self, tool: str) -> str:
        """The words that start the stand-in in a shell."""
        return "{} --as {}".format(_quote(self._shim), tool)


def _refuse_blindly(tool: str) -> Decision:
    return Decision("refused", "`{}` cannot change this environment: use `%dep add NAME` or `%dep remove NAME`".format(tool))


def guard(shell: InteractiveShell, stand_in: StandIn) -> None:
    """Replace the magics and check the commands of `shell`."""
    for name in MAGICS:
        cast(Any, shell).register_magic_function(_make_magic(shell, name, stand_in), "line", name)
    expand: Callable[..., str] = shell.var_expand

    def var_expand(cmd: str, depth: int = 0, **options: Any) -> str:
        expanded = expand(cmd, depth=depth + 1, **options)
        # line magics pass here too: the caller's name tells the methods that start a program
        if sys._getframe(1).f_code.co_name in _EXPANDS:
            return rewrite(expanded, stand_in)
        return expanded

    # IPython has no hook for commands. The method is replaced on the instance, where the shell's own methods find it; a
    # wrapper around `system` would add a frame, in which local variables are not found.
    cast(Any, shell).var_expand = var_expand


def rewrite(command: str, stand_in: StandIn) -> str:
    """Return the command with its installers replaced. Errors: `installer-refused` for what is not installed."""
    found = find_installers(command)
    decisions = [stand_in.decide(one.tool, one.arguments) for one in found]
    refusals = [one.text for one in decisions if one.kind == "refused"]
    if refusals:
        raise DepFailure("installer-refused", "\n".join(dict.fromkeys(refusals)))
    for one, decision in reversed(list(zip(found, decisions))):  # noqa: B905   Python 3.8 has no `strict`
        if decision.kind == "done":
            command = command[: one.start] + _echo(decision.text) + command[one.end :]
        elif decision.kind == "answered":
            command = command[: one.start] + stand_in.program(one.tool) + command[one.program_end :]
    return command


def _make_magic(shell: InteractiveShell, name: str, stand_in: StandIn) -> Callable[[str], None]:
    def magic(line: str) -> None:
        # the commands of other programs, such as `conda info`, are not known here: `rewrite` leaves them as they are
        cast(Any, shell).system("{} {}".format(name, line))

    magic.__name__ = name
    magic.__doc__ = "Check against this environment: `%dep add` and `%dep remove` change it."
    # the shell expands the variables; the attribute is what IPython's `no_var_expand` sets
    magic._ipython_magic_no_var_expand = True  # type: ignore[attr-defined]
    return magic


def find_installers(command: str) -> List[Installer]:
    """Return the calls of installers in a shell command."""
    return [found for words in _split_commands(command) for found in [_find_installer(words)] if found is not None]


class _Word(NamedTuple):
    text: str
    start: int
    end: int


def _find_installer(words: Sequence[_Word]) -> Optional[Installer]:
    """Return the installer that these words of one simple command start."""
    at = 0
    while at < len(words) and (
        words[at].text in _PREFIXES or _ASSIGNMENT.match(words[at].text) or (at and words[at].text.startswith("-"))
    ):
        at += 1
    first = next((number for number in range(len(words)) if words[number].text not in _KEYWORDS), 0)
    return _read_installer(words, at, words[first].start) if at < len(words) else None


def _read_installer(words: Sequence[_Word], at: int, start: int) -> Optional[Installer]:
    texts = [word.text for word in words]
    tool = _TOOL.match(_program_name(texts[at]))
    if tool:
        name, rest = tool.group(1).lower(), words[at + 1 :]
        if (name == "uv" and not _UV_COMMANDS.intersection(texts[at + 1 :])) or texts[at + 1 : at + 2] == ["--as"]:
            return None
        end = next((word.start for word in rest if _REDIRECT.match(word.text)), words[-1].end)
        return Installer(name, tuple(word.text for word in rest if word.start < end), start, words[at].end, end)
    if _PYTHON.match(_program_name(texts[at])) and "-m" in texts[at:]:
        module = texts.index("-m", at) + 1
        if module < len(words):
            return _read_installer(words, module, start)
    return None


def _split_commands(command: str) -> List[List[_Word]]:
    """Split a shell line into simple commands, each as words."""
    commands: List[List[_Word]] = [[]]
    windows_paths = re.search(r"\\\w", command) is not None
    for token in _TOKEN.finditer(command):
        if token.group("end"):
            commands.append([])
        elif token.group("word"):
            text = token.group("word")
            commands[-1].append(_Word(_unquote(text, windows_paths=windows_paths), token.start("word"), token.end("word")))
    return [words for words in commands if words]


def _unquote(word: str, *, windows_paths: bool) -> str:
    """Remove quotes and backslashes as a shell does; an apostrophe without its pair is dropped."""

    def plain(found: "re.Match[str]") -> str:
        single, double, escaped, _ = found.groups()
        if single is not None or double is not None:
            return single if single is not None else re.sub(r'\\(["\\$`])', r"\1", double)
        if escaped is not None:
            return "\\" + escaped if windows_paths else str(escaped)
        return ""

    return _QUOTED.sub(plain, word)


def _program_name(word: str) -> str:
    return re.split(r"[\\/]", word)[-1]


def _quote(word: str) -> str:
    return '"{}"'.format(word) if sys.platform == "win32" else shlex.quote(word)


def _echo(text: str) -> str:
    """Return a command that only shows this text."""
    if sys.platform == "win32":
        return "echo " + re.sub(r"([&|<>^%])", r"^\1", text) if text else "rem"
    return "echo {}".format(shlex.quote(text)) if text else ":"
