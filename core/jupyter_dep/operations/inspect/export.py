"""export: what is locked (or declared), as a text that other tools read. Reads the project, writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from jupyter_dep.base.errors import UsageError
from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.model.export import FORMATS, cyclonedx, dockerfile, environment_yml, pylock, requirements_txt, script
from jupyter_dep.model.lock import lockfile
from jupyter_dep.model.lock.lockfile import Lock
from jupyter_dep.model.lock.select import Selection
from jupyter_dep.operations.environment.install import names_in
from jupyter_dep.operations.project.context import CommandContext, load_state, require_lock
from jupyter_dep.services import Services


@frozen_dataclass
class ExportOptions:
    """What an export holds: `hashes` of files, what only the `kernel` needs, and of a folder these groups and extras."""

    hashes: bool = True
    kernel: bool = False
    groups: Sequence[str] = ()
    extras: Sequence[str] = ()


def export(target: Path, format_: str, services: Services, context: CommandContext, options: ExportOptions) -> str:
    """Export a project's lock in one of `FORMATS`.

    Errors: `bad-usage` for another format, `unlocked`, those of the formats (`no-hash`, `no-container-image`, …).
    """
    if format_ not in FORMATS:
        raise UsageError("bad-usage", f"unknown format `{format_}`", hint=f"one of {', '.join(FORMATS)}")
    if format_ == "script":
        state = load_state(target, services, context)
        if state.notebook is None:
            raise UsageError(
                "bad-usage", "a folder cannot be exported as a script", hint="name the notebook that is to become one"
            )
        return script(state.notebook)
    state = require_lock(target, services, context)
    if state.project.folder is None and (options.groups or options.extras):
        raise UsageError("bad-usage", "a notebook has no groups and no extras", hint="leave `--with` and `--extras` out")
    choice = Selection(kernel=options.kernel)
    if state.project.folder is not None:
        choice = Selection(
            kernel=options.kernel,
            groups=tuple(sorted(names_in(options.groups))),
            extras=tuple(sorted(names_in(options.extras))),
        )
    python, called = state.summary.python, state.project.called
    lock = lockfile.read(state.lock_data, context=state.project.lock_context)
    made: dict[str, Callable[[Lock], str]] = {
        "requirements": lambda lock: requirements_txt(lock, choice, hashes=options.hashes),
        "pylock": lambda lock: pylock(lock, choice),
        "environment-yml": lambda lock: environment_yml(lock, choice, name=called, python=python),
        "dockerfile": lambda lock: dockerfile(lock, choice, python=python),
        "cyclonedx": lambda lock: cyclonedx(lock, choice, name=called),
    }
    return made[format_](lock)
