"""The base environment: the kernel's own packages, for a project without a lock."""

from __future__ import annotations

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.progress import CancelToken, Reporter, silent
from jupyter_dep.io.files import read_write
from jupyter_dep.io.store.store import Sealed
from jupyter_dep.io.system.paths import private_folder
from jupyter_dep.model.lock.digest import LockDigest
from jupyter_dep.operations.consent.evaluate import Trust
from jupyter_dep.services import Services

from .select import base_environment_key, ensure_environment, select_for


def ensure_base_environment(
    services: Services,
    *,
    minor: str | None = None,
    reporter: Reporter = silent,
    cancel: CancelToken | None = None,
) -> Sealed:
    """The environment with the kernel's packages only, for a project without a lock. Its lock is kept per Python minor."""
    from jupyter_dep.model.declaration.declaration import Declaration
    from jupyter_dep.operations.lock.python_choice import LockOptions
    from jupyter_dep.operations.lock.resolve import make_lock

    interpreter = services.interpreters.find(minor or ">=3.9")
    file = services.base_environments / f"{interpreter.minor}.toml"
    data = read_write.read_if_there(file)
    summary = _readable(data, services)
    if data is None or summary is None:
        locked = make_lock(
            Declaration(requires_python=f"=={interpreter.minor}.*"),
            services,
            notebook="",
            options=LockOptions(python=interpreter.minor),
            reporter=reporter,
            cancel=cancel,
        )
        data, summary = locked.data, locked.summary
        private_folder(file.parent)
        read_write.replace(file, data, expected=read_write.read_if_there(file))
    selected = select_for(data, summary, services, context={"file": file.name})
    assert selected is not None
    read_write.write_state(services.base_environments / "latest.json", {"minor": interpreter.minor, "key": selected.key})
    return ensure_environment(selected, Trust(basis="own"), services, file="", reporter=reporter, cancel=cancel)


def _readable(data: bytes | None, services: Services) -> LockDigest | None:
    if data is None:
        return None
    try:
        return services.lock_cache.digest(data, context={})
    except DepError:
        return None


def sealed_base_environment(services: Services) -> Sealed | None:
    """The base environment that was used last, if it is still sealed: no engine, no search. Errors: those of reading it."""
    key = base_environment_key(services)
    return services.store.sealed(key) if key is not None else None
