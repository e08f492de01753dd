"""Supported shells and how to quote a string for each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from jupyter_dep.base.errors import UsageError

Shell = Literal["bash", "zsh", "sh", "fish", "nu", "pwsh", "cmd"]
SHELLS: tuple[Shell, ...] = ("bash", "zsh", "sh", "fish", "nu", "pwsh", "cmd")
_ALIASES: Mapping[str, Shell] = {"dash": "sh", "ash": "sh", "ksh": "sh", "mksh": "sh", "nushell": "nu", "powershell": "pwsh"}
_LABEL = re.compile(r"[^\w.+@ -]")


def shell_of(program: str) -> Shell | None:
    """The shell of a program's name, such as `/usr/bin/zsh`, `-bash` or `pwsh.exe`; None for any other."""
    name = re.split(r"[\\/]", program)[-1].lower().removesuffix(".exe").lstrip("-")
    for known in SHELLS:
        if name == known:
            return known
    return _ALIASES.get(name)


def parse_shell(text: str) -> Shell:
    """The shell of a typed name. Errors: `unknown-shell`."""
    found = shell_of(text)
    if found is None:
        raise UsageError(
            "unknown-shell",
            f"unsupported shell `{text}`",
            hint=f"choose one of {', '.join(SHELLS)}",
        )
    return found


def prompt_label(name: str) -> str:
    """A project's name for a prompt: no character in it means anything to any shell."""
    return _LABEL.sub("_", name).strip() or "project"


def quote(shell: Shell, text: str) -> str:
    """A text as one literal word of a shell."""
    match shell:
        case "fish":
            return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
        case "nu":
            return '"' + "".join(_NU.get(character, character) for character in text) + '"'
        case "pwsh":  # which takes the typographic quotes for quotes, too
            return "'" + re.sub("(['\u2018-\u201b])", r"\1\1", text) + "'"
        case "cmd":  # inside `set "…"` of a batch file; a quote cannot stand in a path of Windows
            return text.replace("%", "%%").replace('"', "")
        case _:
            return "'" + text.replace("'", "'\\''") + "'"


_NU = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
