"""`build`: a folder's wheel and sdist, by its own build backend, into `dist`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from packaging.utils import canonicalize_name

from jupyter_dep.base.engine_port import Build
from jupyter_dep.base.errors import DepError
from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.io.files import dist_files, look, read_write
from jupyter_dep.io.files.dist_files import PlacedFiles
from jupyter_dep.model.lock.digest import LockDigest
from jupyter_dep.model.manifest import manifest
from jupyter_dep.model.manifest.manifest import Manifest
from jupyter_dep.model.packages.interpreter import Interpreter
from jupyter_dep.operations.consent.build_backend import (
    build_backend_consent_missing,
    build_backend_granted,
    grant_build_backend,
)
from jupyter_dep.operations.consent.grant import granting
from jupyter_dep.operations.consent.record import GrantOrigin
from jupyter_dep.operations.project.context import CommandContext
from jupyter_dep.operations.project.formats import decode_text
from jupyter_dep.operations.project.project import Project
from jupyter_dep.services import Services

DIST = "dist"


@frozen_dataclass
class BuildResult:
    """What was built: `name` as declared, the files in their places, the Python that the backend ran on."""

    name: str
    files: tuple[PlacedFiles, ...]
    python: str


def read_manifest(target: Path) -> Manifest:
    """The manifest of a folder's `pyproject.toml`. Errors: `no-such-file`, those of `manifest.parse`."""
    context = {"file": target.name}
    return manifest.parse(decode_text(read_write.read(target), context=context), context=context)


@frozen_dataclass
class BuildOptions:
    """What to build; `into` is a whole path, `dist` beside the manifest if there is none."""

    wheel: bool = True
    sdist: bool = True
    into: Path | None = None


def build(
    target: Path,
    services: Services,
    context: CommandContext,
    options: BuildOptions,
    *,
    allowed: Sequence[str] = (),
    confirm: Callable[[str], bool] | None = None,
) -> BuildResult:
    """Build the folder of the `pyproject.toml` at `target`.

    The build program needs its yes: recorded, named in `allowed`, or given to `confirm`. Nothing is written into the folder
    before everything is built. Errors: `no-build-system`, `consent-missing`, `build-failed`, `nothing-built`, network codes.
    """
    folder = target.parent
    found = read_manifest(target)
    if found.build_system is None and not look.is_file(folder / "setup.py"):
        raise DepError(
            "no-build-system",
            "`pyproject.toml` has no `[build-system]`",
            hint='a package needs a `[build-system]`, such as `requires = ["hatchling"]` and '
            '`build-backend = "hatchling.build"`; a folder of notebooks alone needs none, and is not built',
            context={"file": target.name},
        )
    summary = _read_digest(target, services)
    with granting(allowed, services):
        if not build_backend_granted(folder, services):
            if confirm is None or not confirm(f"Building runs the build program of {folder}. Do you trust this folder?"):
                raise build_backend_consent_missing(folder)
            grant_build_backend(folder, services, GrantOrigin.PROMPT)
        python = _find_python(found, summary, services)
        with dist_files.scratch_folder() as made:
            order = Build(
                folder=folder,
                into=made,
                python=python.executable,
                log=dist_files.new_log(services.paths.state, folder.name),
                wheel=options.wheel,
                sdist=options.sdist,
                offline=context.offline,
            )
            services.engine.build(order, reporter=context.reporter, cancel=context.cancel)
            placed = dist_files.place(made, options.into or folder / DIST)
    return BuildResult(name=found.name or folder.name, files=placed, python=python.version)


def _read_digest(target: Path, services: Services) -> LockDigest | None:
    """What the folder's lock says, None where there is none that can be read: a build does not depend on it."""
    lock = Project.of(target).lock
    try:
        data = read_write.read_if_there(lock)
        return services.lock_cache.digest(data, context={"file": lock.name}) if data is not None else None
    except DepError:
        return None


def _find_python(found: Manifest, summary: LockDigest | None, services: Services) -> Interpreter:
    """The locked Python, so that a compiled wheel fits the folder's environment; else one that the folder allows."""
    if summary is not None:
        try:
            return services.interpreters.find(summary.python)
        except DepError:
            pass  # the lock's is not here: any that is allowed builds
    return services.interpreters.find(found.requires_python or ">=3.9")


def normalize_file_name(name: str | None) -> str:
    """A project's name as file names and indexes compare it, empty for none."""
    return str(canonicalize_name(name)) if name else ""
