"""From a parsed line to its handler. Handlers are imported when they are needed: a short command starts fast."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.steps import FrontEnd
from jupyter_dep.io.system.os_errors import explain_os_error
from jupyter_dep.io.system.paths import private_folder
from jupyter_dep.messages import Failure, Outcome
from jupyter_dep.presentation.hints import next_steps

from .call import Call, Handler

_HANDLERS = {
    "new": "scaffold:new",
    "init": "edit:init",
    "import": "scaffold:import_",
    "add": "edit:add",
    "remove": "edit:remove",
    "update": "edit:update",
    "lock": "edit:lock",
    "sync": "edit:sync",
    "install": "edit:install",
    "python": "edit:python",
    "undo": "edit:undo",
    "mv": "edit:move",
    "status": "inspect:status",
    "check": "check:check",
    "show": "inspect:show",
    "why": "inspect:why",
    "export": "export:export",
    "search": "search:search",
    "index": "search:index",
    "run": "run:run",
    "exec": "run:exec_",
    "version": "publish:version",
    "build": "publish:build",
    "publish": "publish:publish",
    "env": "env:env",
    "shell": "shell:shell",
    "config": "config:config",
    "source": "config:source",
    "cache": "config:cache",
    "kernel": "manage:kernel",
    "trust": "manage:trust",
    "setup": "manage:setup",
    "doctor": "doctor:doctor",
}


def handler(command: str) -> Handler:
    """Import the handler of a command."""
    module, _, name = _HANDLERS[command].partition(":")
    found: Callable[[Call], Outcome] = getattr(import_module(f".commands.{module}", __package__), name)
    return found


def carry_out(call: Call) -> Outcome | Failure:
    """Do it; what goes wrong comes back as a `Failure`, with the code that every face shows."""
    started = time.monotonic()
    verb = call.parsed.command.name
    try:
        call = call.placed()
        found = handler(verb)(call)
        result: Outcome | Failure = replace(found, seconds=round(time.monotonic() - started, 3))
    except DepError as error:
        result = failure(error, verb, call)
    except BrokenPipeError:  # the reader of the output is gone
        raise
    except OSError as error:
        where = Path(os.fsdecode(error.filename)) if isinstance(error.filename, str | bytes) else call.services.paths.state
        result = failure(explain_os_error(error, where, f"doing `{verb}`"), verb, call)
    except ImportError as error:
        unloaded = DepError(
            "not-loadable",
            f"a part of jupyter-dep or of its Python could not be loaded: {error}",
            hint=f"run the same again; if it stays, install jupyter-dep again, or report it {_log_traceback(call)}",
        )
        result = failure(unloaded, verb, call)
    except Exception as error:  # noqa: BLE001  a defect: the user gets a sentence, the log the traceback
        result = failure(_internal_error(error, call), verb, call)
    return result


def _internal_error(error: Exception, call: Call) -> DepError:
    return DepError(
        "internal",
        f"something in jupyter-dep is broken: {type(error).__name__}: {error}",
        hint=f"please report it, {_log_traceback(call)}",
    )


def _log_traceback(call: Call) -> str:
    """Write the traceback of the current error to the log; gives where it is, as a phrase."""
    import traceback

    log = call.services.paths.state / "mistakes.log"
    text = f"{time.strftime('%Y-%m-%dT%H:%M:%S')} {call.parsed.command.name}\n{traceback.format_exc()}\n"
    try:
        private_folder(log.parent)
        with log.open("a", encoding="utf-8") as file:
            file.write(text)
    except OSError:
        return "with what you typed"
    return f"with the end of {log}"


def failure(error: DepError, verb: str = "", call: Call | None = None, front_end: FrontEnd | None = None) -> Failure:
    """The error as a front end shows it: the call's, or the one that is given where no call came about."""
    front_end = call.front_end if call is not None else front_end or FrontEnd()
    context = dict(error.context)
    if call is not None and call.notebook is not None:
        context = {"file": call.notebook.name, **context}
    project = front_end.project
    if project is not None and context.get("file") in (project.name, str(project)):
        context["file"] = front_end.show_file(project)
        if front_end.own:  # it is shown in the file that it is about, which may be renamed
            del context["file"]
    return Failure(
        verb=verb,
        code=error.code,
        message=error.message,
        context=context,
        hint=front_end.write(error.hint),
        steps=next_steps(error.hint, front_end),
        exit_code=error.exit_code,
    )
