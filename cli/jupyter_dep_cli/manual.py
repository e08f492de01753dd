"""What `--help` says, for all verbs and for one."""

from __future__ import annotations

from . import parser
from .command_table import COMMANDS


def help_text(verb: str | None = None) -> str:
    """The help of a verb, or of all."""
    found = parser.BY_NAME.get(verb or "")
    if found is None:
        lines = [
            "usage: jupyter dep VERB NOTEBOOK.ipynb …",
            "",
            "A notebook's declaration, its lock, and the environment that is exactly that lock.",
            "",
            *(f"  {item.name:8} {item.summary}" for item in COMMANDS),
            "",
            "`jupyter dep VERB --help` tells more. Every verb takes `--json`.",
            "Exit codes: 0 done, 1 failed, 2 usage, 3 stale, 4 conflict, 5 network or index, 6 consent missing.",
        ]
        return "\n".join(lines) + "\n"
    lines = [f"usage: {found.usage()} [--json]", "", f"  {found.summary}", ""]
    for option in found.options:
        flags = ", ".join(option.flags) + (f" {option.metavar}" if option.metavar else "")
        lines.append(f"  {flags:28} {option.help.replace('%%', '%')}")
    return "\n".join(lines).rstrip() + "\n"
