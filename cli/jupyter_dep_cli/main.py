"""`jupyter dep`: the command line. Parses, works on the notebooks in parallel, reports one by one, tells by exit code."""

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
from jupyter_dep.messages import Failure, Outcome
from jupyter_dep.operations.project.context import CommandContext
from jupyter_dep.services import Services

from .call import Call
from .dispatch import carry_out, failure
from .parser import BY_NAME, Parsed, help_text, parse, split
from .terminal import ProgressDisplay, Terminal

_WORKERS = 4
_HELP = ("-h", "--help")

Told = tuple[Path | None, Outcome | Failure]
"""A target, absolute, and what came of it."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one line; gives the exit code (0 done, 1 failed, 2 usage, 3 stale, 4 conflict, 5 network, 6 consent)."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    terminal = Terminal()
    try:
        if (text := _asked_about_us(arguments)) is not None:
            terminal.out.write(text)
            code = 0 if arguments else 2
        else:
            code = _run(arguments, terminal)
        terminal.out.flush()  # here, where a full disk can still be told
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


def _asked_about_us(arguments: list[str]) -> str | None:
    """The answer to `--help` and `--version`, None for a line that is to be carried out."""
    ours, _ = split(arguments)
    if not ours and not arguments:
        return help_text()
    if ours and ours[0] in ("-V", "--version"):
        return f"jupyter-dep {__version__}\n"
    if ours[:1] == ["help"] or any(word in _HELP for word in ours):
        return help_text(next((word for word in ours if word in BY_NAME), None))
    return None


def _run(arguments: list[str], terminal: Terminal) -> int:
    as_json = "--json" in split(arguments)[0]
    told: list[Told] = []
    try:
        parsed = parse(arguments)
    except DepError as error:
        told.append((None, failure(error, next((word for word in arguments if word in BY_NAME), ""))))
        if not as_json:
            terminal.show(told[0][1])
    else:
        with ProgressDisplay(terminal, quiet=as_json) as telling:
            for target, result in _work(parsed, terminal, telling):
                told.append((target, result))
                if not as_json:
                    with telling.paused():
                        terminal.show(result)
    if as_json:
        entries = [entry(result, target) for target, result in told]
        terminal.out.write(json.dumps({"schema": 1, "results": entries}, indent=1) + "\n")
    return next((result.exit_code for _, result in told if result.exit_code), 0)


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


def _work(parsed: Parsed, terminal: Terminal, telling: ProgressDisplay) -> Iterator[Told]:
    """The results in the order of the arguments, each as soon as it and those before it are there."""
    try:
        services = Services.of_user()
    except DepError as error:
        yield None, failure(error, parsed.command.name)
        return
    try:
        cwd = Path.cwd()
    except OSError:
        gone = DepError("no-such-folder", "the folder that you stand in is gone", hint="`cd` to one that is there")
        yield None, failure(gone, parsed.command.name)
        return
    cancel = CancelToken()
    notebooks = [Path(os.path.abspath(cwd / target)) for target in dict.fromkeys(parsed.targets)]
    several = parsed.command.targets == "many" and len(notebooks) > 1

    def one(notebook: Path | None) -> Outcome | Failure:
        name = notebook.name if notebook and several else ""
        asking = CommandContext(
            command=" ".join([parsed.command.name, *parsed.words]),
            dry_run=parsed.flag("dry_run"),
            offline=parsed.flag("offline"),
            overwrite=parsed.flag("overwrite"),
            reporter=lambda progress: telling.about(name, progress),
            cancel=cancel,
        )
        ask = telling.ask if sys.stdin.isatty() and terminal.live and not parsed.json and not several else None
        return carry_out(
            Call(
                parsed=parsed,
                services=services,
                cwd=cwd,
                notebook=notebook,
                asking=asking,
                ask=ask,
                still=telling.still,
            )
        )

    if not several:
        target = notebooks[0] if notebooks else None
        yield target, one(target)
        return
    from concurrent.futures import ThreadPoolExecutor

    # `status` waits for nobody: threads would only take turns at the interpreter, twice as slowly
    with ThreadPoolExecutor(1 if parsed.command.name == "status" else _WORKERS) as pool:
        try:
            yield from zip(notebooks, pool.map(one, notebooks), strict=True)
        except BaseException:
            cancel.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


if __name__ == "__main__":
    sys.exit(main())
