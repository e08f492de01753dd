"""The command lines and the environment that the engine is started with. Pure."""

from __future__ import annotations

import glob
from collections.abc import Mapping, Sequence
from pathlib import Path

from jupyter_dep.base.engine_port import Build, LockRequest, Upload
from jupyter_dep.io.index.settings import IndexSettings, engine_environment

from .project_files import package_cutoffs

_KEPT = (
    "PATH", "HOME", "USERPROFILE", "SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "TEMP", "TMP", "TMPDIR",
    "LANG", "LC_ALL", "LC_CTYPE", "APPDATA", "LOCALAPPDATA", "PROGRAMDATA", "NUMBER_OF_PROCESSORS",
)  # fmt: skip


_FOR_BUILDS = (
    "SOURCE_DATE_EPOCH", "CC", "CXX", "AR", "LD", "CFLAGS", "CXXFLAGS", "CPPFLAGS", "LDFLAGS", "ARCHFLAGS", "MAKEFLAGS",
    "MACOSX_DEPLOYMENT_TARGET", "SDKROOT", "DEVELOPER_DIR", "PKG_CONFIG_PATH", "RUSTFLAGS", "CARGO_HOME", "RUSTUP_HOME",
    "INCLUDE", "LIB", "LIBPATH", "PBR_VERSION",
)  # fmt: skip
_FOR_BUILDS_LIKE = (
    "SETUPTOOLS_SCM_", "HATCH_BUILD_", "HATCH_METADATA_", "PDM_BUILD_", "POETRY_DYNAMIC_VERSIONING_", "CMAKE_", "SKBUILD_",
)  # fmt: skip
_TRUSTED = ("GITHUB_ACTIONS", "ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "GITLAB_CI")


COMMON = ("--no-config", "--no-python-downloads", "--no-progress", "--color", "never")


LOCK_DEADLINE = 600.0
"""Seconds that a resolution may take."""


def scrubbed(environ: Mapping[str, str], settings: IndexSettings, cache: Path) -> dict[str, str]:
    """The engine's whole environment: what the operating system needs, our cache, and the user's index settings."""
    env = {name: environ[name] for name in _KEPT if name in environ}
    env.update(engine_environment(settings))
    env["UV_CACHE_DIR"] = str(cache)
    env["UV_NO_MODIFY_PATH"] = "1"
    return env


def network_flags(*, offline: bool, no_index: bool) -> list[str]:
    """Flags for the network; `--no-index` is the one index setting of the user that has no variable."""
    return (["--offline"] if offline else []) + (["--no-index"] if no_index else [])


def lock_arguments(
    python: str, *, upgrade: bool | Sequence[str], offline: bool, build: Sequence[str] = (), no_index: bool = False
) -> list[str]:
    """Arguments that resolve the project in the working folder; `build` names packages taken as source archives."""
    arguments = ["lock", *COMMON, "--no-build", "--python", python]
    for name in build:
        arguments += ["--no-binary-package", name]
    if upgrade is True:
        arguments.append("--upgrade")
    elif upgrade:
        for name in upgrade:
            arguments += ["--upgrade-package", name]
    return arguments + network_flags(offline=offline, no_index=no_index)


def resolution_flags(request: LockRequest) -> list[str]:
    """How the declaration wants versions chosen, as flags: with `--no-config` the engine does not read these project keys."""
    uv, flags = request.declaration.uv, []
    if request.cutoff:
        flags += ["--exclude-newer", request.cutoff]
    for name, moment in sorted(package_cutoffs(request).items()):
        flags += ["--exclude-newer-package", f"{name}={str(moment).lower() if isinstance(moment, bool) else moment}"]
    for key in ("prerelease", "resolution", "fork-strategy"):
        if key in uv:
            flags += [f"--{key}", str(uv[key])]
    return flags


def export_arguments() -> list[str]:
    """Arguments that print the engine's lock as a `pylock.toml`."""
    return [
        "export", *COMMON, "--frozen", "--format", "pylock.toml", "--no-header", "--no-emit-project", "--all-groups",
        "--all-extras",
    ]  # fmt: skip


def tree_arguments() -> list[str]:
    """Arguments that print the engine's lock as a JSON graph."""
    return [
        "tree", *COMMON, "--frozen", "--universal", "--all-groups", "--format", "json", "--preview-features", "json-output",
    ]  # fmt: skip


def install_arguments(  # noqa: PLR0913  one parameter for each option of the engine
    python: str,
    lock: str,
    *,
    offline: bool,
    build: bool = False,
    rebuild: Sequence[str] = (),
    no_index: bool = False,
    prefix: str | None = None,
) -> list[str]:
    """Arguments that install exactly what the lock file `lock` lists.

    `rebuild` names distributions to build again whatever the engine's cache holds, as a folder's files have no hash.
    `prefix` is the environment to install into, where `python` is not its own.
    """
    arguments = ["pip", "sync", "--no-config", "--no-python-downloads", "--no-progress", "--color", "never"]
    arguments += ["--python", python, "--strict"]
    if prefix is not None:
        arguments += ["--prefix", prefix]
    if not build:
        arguments.append("--no-build")
    for name in rebuild:
        arguments += ["--refresh-package", name]
    return arguments + network_flags(offline=offline, no_index=no_index) + [lock]


def index_check_arguments(python: str, requirements: str, *, offline: bool, no_index: bool = False) -> list[str]:
    """Arguments that resolve exactly the listed versions against the user's index."""
    return [
        "pip", "compile", *COMMON, "--no-build", "--no-deps", "--no-header", "--python", python,
        "--format", "pylock.toml", *network_flags(offline=offline, no_index=no_index), requirements,
    ]  # fmt: skip


def build_arguments(build: Build, *, no_index: bool = False) -> list[str]:
    """Arguments that build the distributions of a folder, without the `.gitignore` that the engine would add to them."""
    kinds = [flag for flag, wanted in (("--sdist", build.sdist), ("--wheel", build.wheel)) if wanted]
    return [
        "build", *COMMON, "--no-create-gitignore", "--python", build.python, "--out-dir", str(build.into),
        *(kinds if len(kinds) == 1 else []), *network_flags(offline=build.offline, no_index=no_index), str(build.folder),
    ]  # fmt: skip


def build_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The user's variables that a build backend gets: compilers, flags, the version; no secrets."""
    return {name: text for name, text in environ.items() if name in _FOR_BUILDS or name.startswith(_FOR_BUILDS_LIKE)}


def publish_arguments(upload: Upload, *, dry_run: bool = False) -> list[str]:
    """Arguments that upload files. Addresses and credentials go by the environment, since all users can read arguments."""
    return [
        "publish", *COMMON, "--no-cache", "--keyring-provider", "disabled",
        "--trusted-publishing", "always" if upload.trusted and not dry_run else "never",
        *(["--dry-run"] if dry_run else []), *(glob.escape(str(file)) for file in upload.files),
    ]  # fmt: skip


def publish_environment(upload: Upload, environ: Mapping[str, str]) -> dict[str, str]:
    """The variables for one upload; those of the build service only for trusted publishing."""
    variables = {
        "UV_PUBLISH_URL": upload.url or "",
        "UV_PUBLISH_CHECK_URL": upload.check or "",
        "UV_PUBLISH_USERNAME": upload.username,
        "UV_PUBLISH_PASSWORD": upload.password,
    }
    if upload.trusted:
        variables |= {name: text for name, text in environ.items() if name in _TRUSTED or name.endswith("_ID_TOKEN")}
    return {name: text for name, text in variables.items() if text}
