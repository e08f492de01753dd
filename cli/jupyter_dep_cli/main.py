"""`jupyter dep`: the command line. Parses, works on notebooks in parallel, reports each, returns an exit code."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from jupyter_dep import __version__
from jupyter_dep.base.errors import DepError
from jupyter_dep.base.progress import CancelToken
from jupyter_dep.base.steps import Hint, step
from jupyter_dep.io.files import look
from jupyter_dep.messages import Failure, Outcome
from jupyter_dep.operations.project.context import CommandContext
from jupyter_dep.services import Services

from .call import Call
from .dispatch import carry_out, failure
from .parser import BY_NAME, Parsed, help_text, parse, split
from .terminal import ProgressDisplay, Terminal

_WORKERS = 4
_HELP = ("-h", "--help")

Finished = tuple[Path | None, Outcome | Failure]
"""A target, absolute, and what came of it."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one line; gives the exit code (0 done, 1 failed, 2 usage, 3 stale, 4 conflict, 5 network, 6 consent)."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    terminal = Terminal()
    try:
        if (text := _answer_option(arguments)) is not None:
            terminal.out.write(text)
            code = 0 if arguments else 2
        else:
            code = _run_line(arguments, terminal)
        terminal.out.flush()  # here, where a full disk can still be reported
        return code
    except KeyboardInterrupt:
        terminal.err.write("stopped; what was written is whole\n")
        return 130
    except BrokenPipeError:
        # the interpreter flushes once more at its end, and would complain
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        unsaid = DepError(
            "output",
            f"failed to write output: {error.strerror or error}",
            hint=Hint("free some space or send the output elsewhere; ", step("status"), " shows what was done"),
        )
        try:
            terminal.show(failure(unsaid, ""))
        except OSError:  # nor can this: the exit code says it
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
        return 1


def _answer_option(arguments: list[str]) -> str | None:
    """The answer to `--help` and `--version`, None for a line that is to be carried out."""
    ours, _ = split(arguments)
    if not ours and not arguments:
        return help_text()
    if ours and ours[0] in ("-V", "--version"):
        return f"jupyter-dep {__version__}\n"
    if ours[:1] == ["help"] or any(word in _HELP for word in ours):
        return help_text(next((word for word in ours if word in BY_NAME), None))
    return None


def _run_line(arguments: list[str], terminal: Terminal) -> int:
    as_json = "--json" in split(arguments)[0]
    finished: list[Finished] = []
    try:
        parsed = parse(arguments)
    except DepError as error:
        finished.append((None, failure(error, next((word for word in arguments if word in BY_NAME), ""))))
        if not as_json:
            terminal.show(finished[0][1])
    else:
        with ProgressDisplay(terminal, quiet=as_json) as display:
            for target, result in _run_targets(parsed, terminal, display):
                finished.append((target, result))
                if not as_json:
                    with display.paused():
                        terminal.show(result)
    if as_json:
        entries = [entry(result, target) for target, result in finished]
        terminal.out.write(json.dumps({"schema": 1, "results": entries}, indent=1) + "\n")
    return next((result.exit_code for _, result in finished if result.exit_code), 0)


def entry(result: Outcome | Failure, target: Path | None = None) -> dict[str, object]:
    """One target's entry of `--json`."""
    if isinstance(result, Failure):
        error = {
            "code": result.code,
            "message": result.message,
            "context": dict(result.context),
            "hint": result.hint,
            "steps": [asdict(each) for each in result.steps],
        }
        project = {"project": str(target)} if target is not None else {}
        return {"verb": result.verb, "ok": False, "exit_code": result.exit_code, **project, "error": error}
    return {"verb": result.verb, "ok": result.exit_code == 0, "exit_code": result.exit_code, **result.data}


def _run_targets(parsed: Parsed, terminal: Terminal, display: ProgressDisplay) -> Iterator[Finished]:
    """The results in the order of the arguments, each as soon as it and those before it are there."""
    try:
        services = Services.of_user()
    except DepError as error:
        yield None, failure(error, parsed.command.name)
        return
    try:
        cwd = Path.cwd()
    except OSError:
        gone = DepError("no-such-folder", "the working folder no longer exists", hint="`cd` to an existing folder")
        yield None, failure(gone, parsed.command.name)
        return
    cancel = CancelToken()
    notebooks = [look.absolute_path(cwd / target) for target in dict.fromkeys(parsed.targets)]
    several = parsed.command.targets == "many" and len(notebooks) > 1

    def run_one(notebook: Path | None) -> Outcome | Failure:
        name = notebook.name if notebook and several else ""
        context = CommandContext(
            command=" ".join([parsed.command.name, *parsed.words]),
            dry_run=parsed.flag("dry_run"),
            offline=parsed.flag("offline"),
            overwrite=parsed.flag("overwrite"),
            reporter=lambda progress: display.about(name, progress),
            cancel=cancel,
        )
        ask = display.ask if sys.stdin.isatty() and terminal.live and not parsed.json and not several else None
        return carry_out(
            Call(
                parsed=parsed,
                services=services,
                cwd=cwd,
                notebook=notebook,
                context=context,
                ask=ask,
                still=display.still,
            )
        )

    if not several:
        target = notebooks[0] if notebooks else None
        yield target, run_one(target)
        return
    from concurrent.futures import ThreadPoolExecutor

    # `status` never waits: threads would only compete for the interpreter, twice as slowly
    with ThreadPoolExecutor(1 if parsed.command.name == "status" else _WORKERS) as pool:
        try:
            yield from zip(notebooks, pool.map(run_one, notebooks), strict=True)
        except BaseException:
            cancel.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


if __name__ == "__main__":
    sys.exit(main())
