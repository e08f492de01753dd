"""Activation scripts: the text that a user evaluates so that the running shell uses an environment.

It serves both `env activate` and `shell`: puts the environment's programs first on PATH, shows the project in the prompt and
defines `deactivate`, which takes out what it put in and leaves alone what was changed since. Names that it adds to a user's
shell begin with `_jupyter_dep_`. The scripts of virtualenv are not used: a sealed environment need not have them, they know
nothing of what stands before it on PATH, and they put the whole old PATH back.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.environment_variables import SHELL as MARK

from .activation_scripts import CMD, FISH, HAS_DEACTIVATE, NU_SCRIPT, POSIX, POSIX_PROMPTS, PWSH
from .quoting import Shell, quote


@frozen_dataclass
class Activation:
    """The environment that a shell is to use.

    `environment` is its folder, `programs` come first on PATH, `label` is shown in the prompt. `project` is the file of the
    declaration; it is only named in a subshell.
    """

    environment: str
    programs: tuple[str, ...]
    label: str
    project: str = ""


def script(shell: Shell, activation: Activation) -> str:
    """What a user evaluates to enter the environment in the shell that runs."""
    return _SCRIPTS[shell](shell, activation)


def how_to(shell: Shell) -> str:
    """The line that evaluates it."""
    return _HOW_TO[shell]


def _write_posix(shell: Shell, activation: Activation) -> str:
    into, out = POSIX_PROMPTS[shell]
    keyword = shell != "sh"  # the keyword keeps an alias of that name from being put in its place
    values = {
        "HAS_DEACTIVATE": HAS_DEACTIVATE[shell],
        "FUNCTION": "function" if keyword else "",
        "BRACES": "" if keyword else "()",
        "PROMPT_IN": into,
        "PROMPT_OUT": out,
        "PROGRAMS": quote(shell, ":".join(activation.programs)),
    }
    return _fill(POSIX, shell, activation, values, "export {}={}")


def _write_fish(shell: Shell, activation: Activation) -> str:
    programs = " ".join(quote(shell, entry) for entry in activation.programs)
    return _fill(FISH, shell, activation, {"PROGRAMS": programs}, "set -gx {} {}")


def _write_nu(shell: Shell, activation: Activation) -> str:
    """The plain script for a subshell, else a module, because only an overlay can be left again."""
    programs = ", ".join(quote(shell, entry) for entry in activation.programs)
    body = _fill(NU_SCRIPT, shell, activation, {"PROGRAMS": programs}, "$env.{} = {}")
    if activation.project:
        return body
    indented = "".join(f"    {line}\n" for line in body.splitlines())
    head = f"# the environment of {activation.label}; `deactivate` leaves it\n"
    return f"{head}export-env {{\n{indented}}}\nexport alias deactivate = overlay hide dep\n"


def _write_pwsh(shell: Shell, activation: Activation) -> str:
    programs = ", ".join(quote(shell, entry) for entry in activation.programs)
    return _fill(PWSH, shell, activation, {"PROGRAMS": programs}, "$env:{} = {}")


def _write_cmd(shell: Shell, activation: Activation) -> str:
    programs = ";".join(quote(shell, entry) for entry in activation.programs)
    return _fill(CMD, shell, activation, {"PROGRAMS": programs}, '@set "{}={}"')


def _fill(template: str, shell: Shell, activation: Activation, values: Mapping[str, str], assignment: str) -> str:
    """Fill in the `@WORDS@` of a template; prompts are filled in first, and no inserted value is searched."""
    told = {
        "LABEL": activation.label,
        "NAME": quote(shell, activation.label),
        "SHOWN": f"({activation.label}) ",
        "PROMPT": quote(shell, f"({activation.label}) "),
        "ENVIRONMENT": quote(shell, activation.environment),
        "MARK": MARK,
        "MARKED": assignment.format(MARK, quote(shell, activation.project)) if activation.project else "",
        **values,
    }
    for name in ("PROMPT_IN", "PROMPT_OUT"):
        template = template.replace(f"@{name}@", told.pop(name, ""))
    pattern = re.compile("@(" + "|".join(told) + ")@")
    return pattern.sub(lambda match: told[match[1]], template)


_SCRIPTS: Mapping[Shell, Callable[[Shell, Activation], str]] = {
    "bash": _write_posix,
    "zsh": _write_posix,
    "sh": _write_posix,
    "fish": _write_fish,
    "nu": _write_nu,
    "pwsh": _write_pwsh,
    "cmd": _write_cmd,
}

_COMMAND = "jupyter dep env activate"
_HOW_TO: Mapping[Shell, str] = {
    "bash": f'eval "$({_COMMAND})"',
    "zsh": f'eval "$({_COMMAND})"',
    "sh": f'eval "$({_COMMAND} --shell sh)"',
    "fish": f"{_COMMAND} --shell fish | source",
    "nu": f"{_COMMAND} --shell nu | save --force dep.nu, then overlay use dep.nu",
    "pwsh": f"{_COMMAND} --shell pwsh | Out-String | Invoke-Expression",
    "cmd": f"for /f \"delims=\" %i in ('{_COMMAND} --shell cmd') do %i",
}
