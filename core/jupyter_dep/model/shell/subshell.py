"""Subshells in an environment: the user's own start-up files are read first, ours after them."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import field

from jupyter_dep.base.fast_dataclass import frozen_dataclass

from .activation import Activation, script
from .quoting import Shell, quote


@frozen_dataclass
class Session:
    """How a subshell is started: its arguments, more variables, and texts of files by name.

    The files are read from a private folder that only this user can write to.
    """

    arguments: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)


def session(shell: Shell, activation: Activation, folder: str, variables: Mapping[str, str]) -> Session:
    """How a subshell is started that reads its user's own files first; `folder` is where the files will lie.

    `variables` are those that the subshell is started with.
    """
    inside = script(shell, activation)
    match shell:
        case "bash":
            lines = [_write_removal(folder), "[ -f ~/.bashrc ] && . ~/.bashrc", inside]
            return Session(arguments=("--rcfile", f"{folder}/rc", "-i"), files={"rc": "\n".join(lines)})
        case "zsh":
            return _zsh_session(inside, folder, variables)
        case "sh":
            own = variables.get("ENV")
            back = f'ENV={quote("sh", own)}\n[ -f "$ENV" ] && . "$ENV"' if own else "unset ENV"
            return Session(
                arguments=("-i",),
                variables={"ENV": f"{folder}/rc"},
                files={"rc": "\n".join([_write_removal(folder), back, inside])},
            )
        case "fish":
            return Session(arguments=("-i", "-C", inside))
        case "nu":
            return Session(arguments=("--execute", inside))
        case "pwsh":
            encoded = base64.b64encode(inside.encode("utf-16-le")).decode("ascii")
            return Session(arguments=("-NoLogo", "-NoExit", "-EncodedCommand", encoded))
        case "cmd":
            return Session(arguments=("/K", f"{folder}\\enter.bat"), files={"enter.bat": inside.replace("\n", "\r\n")})


def _write_removal(folder: str) -> str:
    """The first line of a generated file: when it runs, the shell has read what it needs from the folder."""
    return f"command rm -rf -- {quote('sh', folder)}"


def _zsh_session(inside: str, folder: str, variables: Mapping[str, str]) -> Session:
    """Start zsh, which reads its files from `ZDOTDIR`; the user may have set it, and may set it in their own `.zshenv`."""
    ours, own = quote("zsh", folder), variables.get("ZDOTDIR")
    environment = [
        f"ZDOTDIR={quote('zsh', own)}" if own is not None else "unset ZDOTDIR",
        '[[ -f "${ZDOTDIR:-$HOME}/.zshenv" ]] && source "${ZDOTDIR:-$HOME}/.zshenv"',
        "typeset -g _jupyter_dep_dotdir=${ZDOTDIR-}",
        f"ZDOTDIR={ours}",
    ]
    interactive = [
        'if [[ -n "$_jupyter_dep_dotdir" ]]; then ZDOTDIR=$_jupyter_dep_dotdir; else unset ZDOTDIR; fi',
        "unset _jupyter_dep_dotdir",
        # a system's own zshrc may have put the history beside the file that it thought to be the user's
        f'[[ "${{HISTFILE-}}" == {ours}/* ]] && HISTFILE="${{ZDOTDIR:-$HOME}}/.zsh_history"',
        _write_removal(folder),
        '[[ -f "${ZDOTDIR:-$HOME}/.zshrc" ]] && source "${ZDOTDIR:-$HOME}/.zshrc"',
        inside,
    ]
    return Session(
        arguments=("-i",),
        variables={"ZDOTDIR": folder},
        files={".zshenv": "\n".join(environment) + "\n", ".zshrc": "\n".join(interactive)},
    )
