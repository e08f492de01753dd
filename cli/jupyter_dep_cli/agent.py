"""The agent: the process beside a kernel that carries out what `%dep` says. JSON lines in, JSON lines out (`messages`).

stdout belongs to the protocol, stderr to the log. It ends when its input ends, and answers one request after another; a
cancel for the running one may come in between. A `search` changes nothing and is answered at once, while the user types.
"""

from __future__ import annotations

import json
import os
import queue
import shlex
import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TextIO

from jupyter_dep.base.errors import DepError, UsageError
from jupyter_dep.base.progress import CancelToken, Progress, cancelled
from jupyter_dep.base.steps import FrontEnd, Hint, Placeholder, step
from jupyter_dep.io.files import look
from jupyter_dep.messages import PROTOCOL, Failure, Outcome, ProgressLine, Report, Request, encode
from jupyter_dep.operations.project.context import CommandContext
from jupyter_dep.services import Services

from .call import Call
from .cell_output import home_folders, without_home
from .dispatch import carry_out, failure
from .parser import BY_NAME, Parsed, help_text, parse


class Agent:
    """Reads requests from `source`, writes answers to `sink`."""

    def __init__(self, source: TextIO, sink: TextIO, services: Services) -> None:
        self.source, self.sink, self.services = source, sink, services
        self._write = threading.Lock()
        self._cancels: dict[int, CancelToken] = {}

    def serve(self) -> None:
        """Answer requests until the source ends."""
        waiting: queue.Queue[Request | None] = queue.Queue()
        worker = threading.Thread(target=self._work, args=(waiting,), daemon=True)
        worker.start()
        for line in self.source:
            self._receive(line, waiting)
        for cancel in list(self._cancels.values()):
            cancel.set()
        waiting.put(None)
        worker.join(10)

    def _receive(self, line: str, waiting: queue.Queue[Request | None]) -> None:
        raw: Any = None
        try:
            if not line.strip():
                return
            raw = json.loads(line)
            if raw.get("type") == "cancel":
                if (cancel := self._cancels.get(int(raw["id"]))) is not None:
                    cancel.set()
                return
            request = parse_request(raw)
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
            number = raw.get("id") if isinstance(raw, dict) else None
            self._send(
                Failure(
                    id=number if isinstance(number, int) else 0,
                    code="bad-request",
                    message=f"invalid request: {error}",
                    hint="report this as a bug",
                )
            )
            return
        self._cancels[request.id] = CancelToken()
        if request.line.split()[:1] == ["search"]:
            threading.Thread(target=self._carry_out, args=(request,), daemon=True).start()
        else:
            waiting.put(request)

    def _work(self, waiting: queue.Queue[Request | None]) -> None:
        while (request := waiting.get()) is not None:
            self._carry_out(request)

    def _carry_out(self, request: Request) -> None:
        try:
            answer = self._answer_request(request, self._cancels.get(request.id) or CancelToken())
        except Exception as error:  # noqa: BLE001  the kernel waits for an answer to this request, whatever happened
            import traceback

            traceback.print_exc()
            answer = Failure(
                code="internal",
                message=f"something in jupyter-dep is broken: {type(error).__name__}: {error}",
                hint="please report it, with the end of the agent's log",
            )
        self._cancels.pop(request.id, None)
        self._send(replace(without_home(answer, home_folders()), id=request.id))

    def _send(self, message: Outcome | Failure | ProgressLine) -> None:
        with self._write:
            self.sink.write(encode(message) + "\n")
            self.sink.flush()

    def _answer_request(self, request: Request, cancel: CancelToken) -> Outcome | Failure:
        try:
            if cancel.is_set:
                raise cancelled("before it began")
            if request.protocol != PROTOCOL:
                raise DepError(
                    "other-protocol",
                    f"the kernel speaks protocol {request.protocol}, this agent {PROTOCOL}",
                    hint="restart the kernel; if that does not help, upgrade jupyter-dep",
                )
            given = split_words(request.line) or ["status"]
            if given[0] == "help" or {"-h", "--help"} & set(given):
                return _help(given)
            parsed = parse(given, cell=True)
            if not parsed.command.in_cell or parsed.texts("allow"):
                raise refuse_in_cell(parsed)
            notebook = find_target(parsed, request)
        except DepError as error:
            return failure(error, front_end=_cell_of(request))

        def report(progress: Progress) -> None:
            self._send(
                ProgressLine(
                    id=request.id,
                    text=progress.text(),
                    phase=progress.phase,
                    done=progress.done,
                    total=progress.total,
                    bytes_done=progress.bytes_done,
                    bytes_total=progress.bytes_total,
                )
            )

        own = notebook is not None and str(notebook) == request.notebook
        context = CommandContext(
            command=request.line,
            # the kernel moves with its own notebook; a kernel without a known notebook, with the named one
            environment=request.environment if own or request.notebook is None else None,
            in_kernel=own,
            from_cell=True,
            live_block=request.block if own else None,
            dry_run=parsed.flag("dry_run"),
            offline=parsed.flag("offline"),
            overwrite=parsed.flag("overwrite"),
            reporter=report,
            cancel=cancel,
        )
        cwd = Path(request.cwd or ".").absolute()
        return carry_out(
            Call(
                parsed=parsed,
                services=self.services,
                cwd=cwd,
                notebook=notebook,
                context=context,
                body=request.body,
                in_cell=context.in_kernel,
            )
        )


def parse_request(raw: Mapping[str, Any]) -> Request:
    """Parse a request of the wire; unknown keys of a later protocol are left out. Errors: TypeError."""
    known = {key: raw[key] for key in Request.__dataclass_fields__ if key in raw and key != "type"}
    request = Request(**known)
    texts = (request.line, request.body, request.cwd)
    perhaps = (request.notebook, request.environment, request.block)
    if isinstance(request.id, bool) or not isinstance(request.id, int):
        raise TypeError("`id` is not a number")
    if not all(isinstance(text, str) for text in texts) or not all(text is None or isinstance(text, str) for text in perhaps):
        raise TypeError("a text was expected")
    return request


def split_words(line: str) -> list[str]:
    """Split a `%dep` line into words. Quotes group as in a shell; a bare `>=2` stays what it is."""
    try:
        lexer = shlex.shlex(line, posix=True, punctuation_chars=False)
        lexer.whitespace_split, lexer.commenters = True, ""
        lexer.escape = ""  # a backslash is a part of a Windows path, and nothing that people escape belongs here
        return list(lexer)
    except ValueError as error:
        raise UsageError("bad-usage", f"the quotes do not match: {error}", hint='write "pandas>=2" in one pair') from error


def _cell_of(request: Request) -> FrontEnd:
    notebook = Path(request.notebook) if request.notebook is not None else None
    return FrontEnd(kind="cell", project=notebook, cwd=notebook.parent if notebook is not None else None, own=True)


def _help(given: list[str]) -> Outcome:
    usage, *lines = help_text(next((word for word in given if word in BY_NAME), None), cell=True).splitlines()
    return Outcome(verb="help", report=Report(headline=usage, lines=tuple(lines)))


def refuse_in_cell(parsed: Parsed) -> UsageError:
    """The error of a command that a cell may not use."""
    if parsed.command.name == "trust":
        return UsageError(
            "not-from-a-cell",
            "consent cannot be given from a cell: else a notebook could consent for itself",
            hint=Hint("type ", step("trust", Placeholder(name="…"), target=None)),
        )
    return UsageError(
        "not-from-a-cell",
        f"`{parsed.command.name}` is not for a cell",
        hint=f"type `{parsed.command.usage()}` in a terminal",
    )


def find_target(parsed: Parsed, request: Request) -> Path | None:
    """Find the notebook that was named, or the one that asks. Errors: `notebook-moved`, `bad-usage` for several."""
    if len(parsed.targets) > 1:
        raise UsageError(
            "bad-usage",
            "a cell works on one notebook at a time",
            hint=f"name one of them, or type `{parsed.command.usage()}` in a terminal",
        )
    if parsed.targets:
        return look.absolute_path(Path(request.cwd or ".") / parsed.targets[0])
    if request.notebook is None:
        return None
    own = Path(request.notebook)
    if not look.is_there(own):
        raise DepError(
            "notebook-moved",
            f"`{own.name}` was renamed, moved, or never saved",
            hint="save the notebook; after a rename restart the kernel, so that it knows the new name",
            context={"file": str(own)},
        )
    return own


def main() -> None:
    """Serve the kernel that started this process, on stdin and stdout."""
    sink = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
    os.dup2(2, 1)  # what a library prints goes to the log, not into the protocol
    source = os.fdopen(os.dup(0), encoding="utf-8", errors="replace")  # one bad line is answered, it does not end the agent
    Agent(source, sink, Services.of_user()).serve()


if __name__ == "__main__":
    main()
