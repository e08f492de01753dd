"""`jupyter dep`: the command line. Parses, works on the notebooks in parallel, reports one by one, tells by exit code."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from jupyter_dep import __version__
from jupyter_dep.errors import DepError
from jupyter_dep.messages import Failure, Outcome
from jupyter_dep.operations.editing import Asking
from jupyter_dep.progress import Cancel
from jupyter_dep.services import Services

from . import tree
from .call import Call
from .dispatch import carry_out, failure
from .terminal import Telling, Terminal
from .tree import Parsed, parse

_WORKERS = 4


def main(argv: Sequence[str] | None = None) -> int:
    """Run one line; gives the exit code (0 done, 1 failed, 2 usage, 3 stale, 4 conflict, 5 network, 6 consent)."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    terminal = Terminal()
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        terminal.out.write(help_text(arguments[1] if len(arguments) > 1 else None))
        return 0 if arguments else 2
    if arguments[0] in ("-V", "--version"):
        terminal.out.write(f"jupyter-dep {__version__}\n")
        return 0
    if any(word in ("-h", "--help") for word in arguments[: arguments.index("--") if "--" in arguments else None]):
        terminal.out.write(help_text(arguments[0]))
        return 0
    as_json = "--json" in arguments
    try:
        parsed = parse(arguments)
        results = _work(parsed, terminal)
    except DepError as error:
        results = [failure(error)]
    except KeyboardInterrupt:
        terminal.err.write("stopped; what was written is whole\n")
        return 130
    except BrokenPipeError:
        return 1
    if as_json:
        terminal.out.write(json.dumps({"schema": 1, "results": [entry(result) for result in results]}, indent=1) + "\n")
    else:
        for result in results:
            terminal.show(result)
    return next((result.exit_code for result in results if result.exit_code), 0)


def entry(result: Outcome | Failure) -> dict[str, object]:
    """One target's entry of `--json`."""
    if isinstance(result, Failure):
        error = {
            "code": result.code,
            "message": result.message,
            "context": dict(result.context),
            "hint": result.hint,
        }
        return {"verb": result.verb, "ok": False, "exit_code": result.exit_code, "error": error}
    return {"verb": result.verb, "ok": result.exit_code == 0, "exit_code": result.exit_code, **result.data}


def _work(parsed: Parsed, terminal: Terminal) -> list[Outcome | Failure]:
    services = Services.of_user()
    cwd = Path.cwd()
    cancel = Cancel()
    notebooks = [Path(os.path.abspath(cwd / target)) for target in dict.fromkeys(parsed.targets)]
    with Telling(terminal, quiet=parsed.json) as telling:

        def one(notebook: Path | None) -> Outcome | Failure:
            name = notebook.name if notebook and len(notebooks) > 1 else ""
            asking = Asking(
                command=" ".join([parsed.verb.name, *parsed.words]),
                dry_run=parsed.flag("dry_run"),
                offline=parsed.flag("offline"),
                overwrite=parsed.flag("overwrite"),
                reporter=lambda progress: telling.about(name, progress),
                cancel=cancel,
            )
            ask = _ask if sys.stdin.isatty() and terminal.live and not parsed.json else None
            return carry_out(Call(parsed=parsed, services=services, cwd=cwd, notebook=notebook, asking=asking, ask=ask))

        if parsed.verb.targets == "many" and len(notebooks) > 1:
            with ThreadPoolExecutor(_WORKERS) as pool:
                try:
                    return list(pool.map(one, notebooks))
                except KeyboardInterrupt:
                    cancel.set()
                    raise
        return [one(notebooks[0] if notebooks else None)]


def _ask(question: str) -> bool:
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def help_text(verb: str | None) -> str:
    """The help of a verb, or of all."""
    if verb in tree.BY_NAME:
        found = tree.BY_NAME[str(verb)]
        lines = [f"usage: {found.usage()} [--json]", "", f"  {found.summary}", ""]
        for option in found.options:
            flags = ", ".join(option.flags) + (f" {option.metavar}" if option.metavar else "")
            lines.append(f"  {flags:28} {option.help.replace('%%', '%')}")
        return "\n".join(lines).rstrip() + "\n"
    lines = [
        "usage: jupyter dep VERB NOTEBOOK.ipynb …",
        "",
        "A notebook's declaration, its lock, and the environment that is exactly that lock.",
        "",
        *(f"  {item.name:8} {item.summary}" for item in tree.VERBS),
        "",
        "`jupyter dep VERB --help` tells more. Every verb takes `--json`.",
        "Exit codes: 0 done, 1 failed, 2 usage, 3 stale, 4 conflict, 5 network or index, 6 consent missing.",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
