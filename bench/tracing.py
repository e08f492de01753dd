"""One command of ours with its larger parts timed: `python -P tracing.py FILE WORD…`; FILE gets seconds by part, as JSON.

A part that runs inside of another is taken out of the outer one, so that the parts add up; what runs beside, in a thread of
its own, is told apart and adds up to nothing.
"""

import functools
import json
import sys
import threading
import time
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

PARTS = (
    ("jupyter_dep.io.store.record_check", "check", "comparing files with their RECORDs"),
    ("jupyter_dep.io.store.snapshots", "take", "comparing files with their RECORDs"),
    ("jupyter_dep.io.store.record_check", "carry_bytecode", "linking bytecode"),
    ("jupyter_dep.io.store.snapshots", "stamp", "comparing files with their RECORDs"),
    ("jupyter_dep.io.store.record_check", "make_read_only", "making files read-only"),
    ("jupyter_dep.io.python.venv_templates", "_copied", "empty environment"),
)
_MAIN = threading.main_thread()
taken: dict[str, float] = {}
_open: list[float] = []


def timed(function: Callable[..., Any], name: Callable[[Sequence[Any]], str]) -> Callable[..., Any]:
    @functools.wraps(function)
    def inner(*words: Any, **named: Any) -> Any:
        beside = threading.current_thread() is not _MAIN
        started = time.perf_counter()
        if not beside:
            _open.append(0.0)
        try:
            return function(*words, **named)
        finally:
            seconds = time.perf_counter() - started
            inside = 0.0 if beside else _open.pop()
            if not beside and _open:
                _open[-1] += seconds
            label = name(words) + (" (beside)" if beside else "")
            taken[label] = taken.get(label, 0.0) + seconds - inside

    return inner


def _always(label: str) -> Callable[[Sequence[Any]], str]:
    return lambda _: label


def engine_verb(words: Sequence[Any]) -> str:
    argv = [str(word) for word in words[0]]
    verbs = [word for word in argv[1:4] if not word.startswith("-")]
    return "engine: " + " ".join(verbs[: 2 if verbs and verbs[0] == "pip" else 1])


def main(file: str, words: Sequence[str]) -> int:
    begun = time.perf_counter()
    process = import_module("jupyter_dep.io.system.process")
    setattr(process, "run", timed(process.run, engine_verb))  # noqa: B010  before anybody has taken it by name
    for module, name, label in PARTS:
        found = import_module(module)
        setattr(found, name, timed(getattr(found, name), _always(label)))
    command = import_module("jupyter_dep_cli.main")
    sys.argv = ["jupyter-dep", *words]
    started = time.perf_counter()
    code = 0
    try:
        code = int(command.main() or 0)
    except SystemExit as error:
        code = int(error.code or 0)
    total = time.perf_counter() - started
    own = total - sum(seconds for label, seconds in taken.items() if not label.endswith("(beside)"))
    with open(file, "w", encoding="utf-8") as written:
        json.dump({**taken, "in our process, imports and all": own + started - begun}, written)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
