"""export: what is locked (or declared), as a text that other tools read. Reads the project, writes nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ..errors import UsageError
from ..model import lockfile
from ..model.export import FORMATS, cyclonedx, dockerfile, environment_yml, pylock, requirements_txt, script
from ..model.lockfile import Lock
from ..model.selection import Choice
from ..services import Services
from .asking import Asking, load
from .inspecting import locked_state


def export(
    notebook: Path, format_: str, services: Services, asking: Asking, *, hashes: bool = True, kernel: bool = False
) -> str:
    """A notebook's lock in one of `FORMATS`; `kernel`: with what only the notebook's kernel needs.

    Errors: `bad-usage` for another format, `unlocked`, those of the formats (`no-hash`, `no-container-image`, …).
    """
    if format_ not in FORMATS:
        raise UsageError("bad-usage", f"there is no format `{format_}`", hint=f"one of {', '.join(FORMATS)}")
    if format_ == "script":
        state = load(notebook, services, asking)
        assert state.notebook is not None
        return script(state.notebook)
    state = locked_state(notebook, services, asking)
    assert state.summary is not None and state.lock_data is not None
    choice, python = Choice(kernel=kernel), state.summary.python
    lock = lockfile.read(state.lock_data, context=state.project.lock_context)
    made: dict[str, Callable[[Lock], str]] = {
        "requirements": lambda lock: requirements_txt(lock, choice, hashes=hashes),
        "pylock": lambda lock: pylock(lock, choice),
        "environment-yml": lambda lock: environment_yml(lock, choice, name=notebook.stem, python=python),
        "dockerfile": lambda lock: dockerfile(lock, choice, python=python),
        "cyclonedx": lambda lock: cyclonedx(lock, choice, name=notebook.stem),
    }
    return made[format_](lock)
