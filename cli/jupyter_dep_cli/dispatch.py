"""From a parsed line to its handler. Handlers are imported when they are needed: a short verb starts fast."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module

from jupyter_dep.errors import DepError
from jupyter_dep.messages import Failure, Outcome

from .call import Call, Handler

_HANDLERS = {
    "init": "editing_verbs:init",
    "add": "editing_verbs:add",
    "remove": "editing_verbs:remove",
    "update": "editing_verbs:update",
    "lock": "editing_verbs:lock",
    "sync": "editing_verbs:sync",
    "python": "editing_verbs:python",
    "undo": "editing_verbs:undo",
    "mv": "editing_verbs:move",
    "status": "reading_verbs:status",
    "show": "reading_verbs:show",
    "why": "reading_verbs:why",
    "run": "running_verbs:run",
    "exec": "running_verbs:exec_",
    "env": "managing_verbs:env",
    "kernel": "managing_verbs:kernel",
    "trust": "managing_verbs:trust",
    "setup": "managing_verbs:setup",
    "doctor": "doctoring:doctor",
}


def handler(verb: str) -> Handler:
    module, _, name = _HANDLERS[verb].partition(":")
    found: Callable[[Call], Outcome] = getattr(import_module(f".{module}", __package__), name)
    return found


def carry_out(call: Call) -> Outcome | Failure:
    """Do it; what goes wrong comes back as a `Failure`, with the code that every face shows."""
    started = time.monotonic()
    verb = call.parsed.verb.name
    try:
        outcome = handler(verb)(call)
    except DepError as error:
        return failure(error, verb, call)
    return replace(outcome, seconds=round(time.monotonic() - started, 3))


def failure(error: DepError, verb: str = "", call: Call | None = None) -> Failure:
    context = dict(error.context)
    if call is not None and call.notebook is not None:
        context.setdefault("file", call.notebook.name)
    return Failure(
        verb=verb,
        code=error.code,
        message=error.message,
        context=context,
        hint=error.hint,
        exit_code=error.exit_code,
    )
