"""The base environment: the kernel's own packages, for a project without a lock."""

from __future__ import annotations

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.progress import CancelToken, Reporter, silent
from jupyter_dep.io.files import read_write
from jupyter_dep.io.store.store import Sealed
from jupyter_dep.io.system.paths import private_folder
from jupyter_dep.model.lock.digest import LockDigest
from jupyter_dep.operations.consent.evaluate import Trust
from jupyter_dep.operations.project.context import CommandContext
from jupyter_dep.services import Services

from .select import EnvironmentRequest, ensure_environment, select_for


def ensure_base_environment(
    services: Services,
    *,
    minor: str | None = None,
    reporter: Reporter = silent,
    cancel: CancelToken | None = None,
) -> Sealed:
    """Return the environment with the kernel's packages only, built if needed; its lock is kept per Python minor."""
    from jupyter_dep.model.declaration.declaration import Declaration
    from jupyter_dep.operations.lock.python_choice import LockOptions
    from jupyter_dep.operations.lock.resolve import LockTask, make_lock

    context = CommandContext(reporter=reporter, cancel=cancel)
    interpreter = services.interpreters.find(minor or ">=3.9")
    file = services.base_environments / f"{interpreter.minor}.toml"
    data = read_write.read_if_there(file)
    summary = _read_digest(data, services)
    if data is None or summary is None:
        declaration = Declaration(requires_python=f"=={interpreter.minor}.*")
        task = LockTask(declaration=declaration, options=LockOptions(python=interpreter.minor))
        locked = make_lock(task, services, context)
        data, summary = locked.data, locked.summary
        private_folder(file.parent)
        read_write.replace(file, data, expected=read_write.read_if_there(file))
    selected = select_for(data, summary, services, context={"file": file.name})
    read_write.write_state(services.base_environments / "latest.json", {"minor": interpreter.minor, "key": selected.key})
    request = EnvironmentRequest(selected=selected, trust=Trust(basis="own"), file="")
    return ensure_environment(request, services, context)


def _read_digest(data: bytes | None, services: Services) -> LockDigest | None:
    if data is None:
        return None
    try:
        return services.lock_cache.digest(data, context={})
    except DepError:
        return None


def sealed_base_environment(services: Services) -> Sealed | None:
    """Return the base environment that was used last, if it is still sealed. Errors: those of reading it."""
    key = base_environment_key(services)
    return services.store.sealed(key) if key is not None else None


def base_environment_key(services: Services) -> str | None:
    """The key of the base environment that was used last. Errors: those of reading it."""
    latest = read_write.read_state(services.base_environments / "latest.json")
    return str(latest["key"]) if isinstance(latest, dict) and "key" in latest else None
