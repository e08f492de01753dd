"""Choose the Python that a lock is made with."""

from __future__ import annotations

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.model.declaration.declaration import Declaration
from jupyter_dep.model.lock.digest import LockDigest
from jupyter_dep.model.packages.interpreter import Interpreter
from jupyter_dep.model.packages.python_range import allows_minor
from jupyter_dep.services import Services


@frozen_dataclass
class LockOptions:
    """What a lock may change: `upgrade` names what may move (True: all), `python` requests another Python.

    `prefer` is the minor of the kernel that asks, taken where nothing else decides.
    """

    upgrade: bool | tuple[str, ...] = False
    python: str | None = None
    prefer: str | None = None


def choose_interpreter(
    declaration: Declaration, services: Services, old: LockDigest | None, options: LockOptions
) -> Interpreter:
    """The Python that a lock is made with: asked for, or the lock's minor, or the newest that the declaration allows."""
    if options.python is not None:
        found = services.interpreters.find(options.python)
        if not allows_minor(declaration.requires_python, found.minor):
            raise DepError(
                "no-matching-python",
                f'Python {found.version} does not satisfy `requires-python = "{declaration.requires_python}"`',
                hint="change `requires-python` in the notebook's block, or choose another Python",
            )
        return found
    for minor in (old.python if old else None, options.prefer):
        if minor and allows_minor(declaration.requires_python, minor):
            return services.interpreters.find(minor)
    return services.interpreters.find(declaration.requires_python or ">=3.9")
