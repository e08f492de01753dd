"""What the engine is given: its environment, its arguments and the files that we write for it. Pure."""

from __future__ import annotations

import glob
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from ..engine import Build, LockRequest, Upload
from ..errors import DepError
from ..model import toml
from ..model.declaration import Declaration
from ..model.membership import KERNEL_GROUP
from ..model.selection import Artifact
from .indexes import IndexSettings, engine_environment

ROOT = "jupyter-dep-root"
"""Name of the project that we write for the engine; no distribution can have it, since it is never looked up."""


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
    """The engine's whole environment: what an operating system needs, our cache, and the user's index settings."""
    env = {name: environ[name] for name in _KEPT if name in environ}
    env.update(engine_environment(settings))
    env["UV_CACHE_DIR"] = str(cache)
    env["UV_NO_MODIFY_PATH"] = "1"
    return env


def network_flags(*, offline: bool, no_index: bool) -> list[str]:
    """`--no-index` is the one index setting of the user that has no variable."""
    return (["--offline"] if offline else []) + (["--no-index"] if no_index else [])


def lock_arguments(
    python: str, *, upgrade: bool | Sequence[str], offline: bool, build: Sequence[str] = (), no_index: bool = False
) -> list[str]:
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
    """How the declaration wants versions chosen, as flags: `--no-config` makes the engine pass over these keys of a project."""
    uv, flags = request.declaration.uv, []
    if request.cutoff:
        flags += ["--exclude-newer", request.cutoff]
    spared = uv.get("exclude-newer-package")
    for name, moment in sorted(spared.items()) if isinstance(spared, Mapping) else ():
        flags += ["--exclude-newer-package", f"{name}={str(moment).lower() if isinstance(moment, bool) else moment}"]
    for key in ("prerelease", "resolution", "fork-strategy"):
        if key in uv:
            flags += [f"--{key}", str(uv[key])]
    return flags


def export_arguments() -> list[str]:
    return [
        "export", *COMMON, "--frozen", "--format", "pylock.toml", "--no-header", "--no-emit-project", "--all-groups",
        "--all-extras",
    ]  # fmt: skip


def tree_arguments() -> list[str]:
    return [
        "tree", *COMMON, "--frozen", "--universal", "--all-groups", "--format", "json", "--preview-features", "json-output",
    ]  # fmt: skip


def install_arguments(
    python: str,
    lock: str,
    *,
    offline: bool,
    build: bool = False,
    anew: Sequence[str] = (),
    no_index: bool = False,
    prefix: str | None = None,
) -> list[str]:
    """`anew`: distributions that are built whatever the engine remembers of them, as a folder's files have no hash.

    `prefix`: the environment that is filled, where `python` is not its own.
    """
    arguments = ["pip", "sync", "--no-config", "--no-python-downloads", "--no-progress", "--color", "never"]
    arguments += ["--python", python, "--strict"]
    if prefix is not None:
        arguments += ["--prefix", prefix]
    if not build:
        arguments.append("--no-build")
    for name in anew:
        arguments += ["--refresh-package", name]
    return arguments + network_flags(offline=offline, no_index=no_index) + [lock]


def vouch_arguments(python: str, requirements: str, *, offline: bool, no_index: bool = False) -> list[str]:
    return [
        "pip", "compile", *COMMON, "--no-build", "--no-deps", "--no-header", "--python", python,
        "--format", "pylock.toml", *network_flags(offline=offline, no_index=no_index), requirements,
    ]  # fmt: skip


def build_arguments(build: Build, *, no_index: bool = False) -> list[str]:
    """`uv build` of a whole path: the backend's own log is wanted, the engine's `.gitignore` among the results is not."""
    kinds = [flag for flag, wanted in (("--sdist", build.sdist), ("--wheel", build.wheel)) if wanted]
    return [
        "build", *COMMON, "--no-create-gitignore", "--python", build.python, "--out-dir", str(build.into),
        *(kinds if len(kinds) == 1 else []), *network_flags(offline=build.offline, no_index=no_index), str(build.folder),
    ]  # fmt: skip


def build_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """What of the user's variables a build program is told: compilers, flags, the version; nothing that is a secret."""
    return {name: text for name, text in environ.items() if name in _FOR_BUILDS or name.startswith(_FOR_BUILDS_LIKE)}


def publish_arguments(upload: Upload, *, dry_run: bool = False) -> list[str]:
    """`uv publish` of whole paths. Addresses and credentials go by the environment, since everybody can read arguments."""
    return [
        "publish", *COMMON, "--no-cache", "--keyring-provider", "disabled",
        "--trusted-publishing", "always" if upload.trusted and not dry_run else "never",
        *(["--dry-run"] if dry_run else []), *(glob.escape(str(file)) for file in upload.files),
    ]  # fmt: skip


def publish_environment(upload: Upload, environ: Mapping[str, str]) -> dict[str, str]:
    """The variables for one upload; those of the build service only where its identity is what is asked."""
    told = {
        "UV_PUBLISH_URL": upload.url or "",
        "UV_PUBLISH_CHECK_URL": upload.check or "",
        "UV_PUBLISH_USERNAME": upload.username,
        "UV_PUBLISH_PASSWORD": upload.password,
    }
    if upload.trusted:
        told |= {name: text for name, text in environ.items() if name in _TRUSTED or name.endswith("_ID_TOKEN")}
    return {name: text for name, text in told.items() if text}


def manifest(request: LockRequest) -> str:
    """The project that the engine resolves, written from the validated declaration only."""
    declaration = request.declaration
    uv: dict[str, Any] = {key: value for key, value in declaration.uv.items() if key not in ("index", "exclude-newer")}
    uv["package"] = False
    for name, listed_sources in _table(uv.get("sources")).items():
        for source in listed_sources if isinstance(listed_sources, list) else [listed_sources]:
            for key in ("path", "git", "url"):
                if key in _table(source):
                    _refuse_relative(str(source[key]), name)
    if request.cutoff:
        uv["exclude-newer"] = request.cutoff
    environments = [*_texts(uv.get("environments")), *declaration.settings.platforms]
    if environments:
        uv["environments"] = environments
    listed = [
        # explicit whatever the declaration says: only packages assigned to it are asked of it
        {"name": str(index.get("name") or f"declared-{position}"), "url": str(index["url"]), "explicit": True}
        for position, index in enumerate(declaration.indexes, 1)
    ]
    if listed:
        uv["index"] = listed
    if request.metadata:
        uv["dependency-metadata"] = [dict(entry) for entry in request.metadata]
    project: dict[str, Any] = {
        "name": request.project or ROOT,
        "version": request.version or "0",
        "requires-python": request.requires_python,
        "dependencies": [str(requirement) for requirement in declaration.dependencies],
    }
    if declaration.extras:
        project["optional-dependencies"] = {name: list(map(str, listed)) for name, listed in declaration.extras.items()}
    groups = {name: list(map(str, listed)) for name, listed in declaration.groups.items()}
    return "\n".join(
        [
            toml.table("[project]", project),
            toml.table("[dependency-groups]", {**groups, KERNEL_GROUP: list(request.kernel)}),
            toml.table("[tool.uv]", uv),
        ]
    )


def anchored(declaration: Declaration, folder: Path, members: Mapping[str, Path] | None = None) -> Declaration:
    """A folder's declaration with whole paths, since the engine works elsewhere: a lock's are made relative again.

    `members` are the folders of the workspace's packages, by normalised name. Errors: `workspace-source`.
    """
    sources: dict[str, Any] = {}
    for name, listed in _table(declaration.uv.get("sources")).items():
        found = [_whole(name, _table(one), folder, members or {}) for one in (listed if isinstance(listed, list) else [listed])]
        sources[name] = found if isinstance(listed, list) else found[0]
    return replace(declaration, uv={**declaration.uv, "sources": sources}) if sources else declaration


def _whole(name: str, source: Mapping[str, Any], folder: Path, members: Mapping[str, Path]) -> dict[str, Any]:
    whole = dict(source)
    if whole.pop("workspace", False):
        member = members.get(str(canonicalize_name(name)))
        if member is None:
            raise DepError(
                "workspace-source",
                f"`{name}` is to be taken from a workspace, and no package of it has that name",
                hint=f'name its folder: `{name} = {{ path = "../{name}", editable = true }}` under `[tool.uv.sources]`',
                context={"package": name, "key": "tool.uv.sources"},
            )
        whole["path"] = member.as_posix()
        whole.setdefault("editable", True)
    for key in ("path", "git"):
        address = str(whole.get(key, ""))
        if address and "://" not in address and (key == "path" or address.startswith((".", "/"))):
            whole[key] = Path(os.path.normpath(folder / address)).as_posix()
    return whole


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _refuse_relative(address: str, name: str) -> None:
    """The engine works in a folder of ours among other users' folders, where `../x` is somebody else's."""
    if "://" not in address and not os.path.isabs(address):
        raise DepError(
            "relative-path",
            f"`{name}` is to be taken from `{address}`, and a path that is not absolute has no meaning here",
            hint="write the whole path, or publish the package to your index",
            context={"package": name},
        )


def _texts(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list | tuple) else [str(value)] if value else []


def pins_stub(request: LockRequest) -> str | None:
    """A minimal engine lock that seeds the versions to keep; None without pins. No cached engine file decides content."""
    if not request.pins:
        return None
    packages = []
    for pin in request.pins:
        entry: dict[str, Any] = {"name": pin.name, "version": pin.version, "source": {"registry": pin.index}}
        if pin.markers:
            entry["resolution-markers"] = list(pin.markers)
        packages.append(entry)
    stub: dict[str, Any] = {"version": 1, "revision": 3, "requires-python": request.requires_python}
    if request.cutoff:
        stub["options"] = {"exclude-newer": request.cutoff}
    return "\n".join([toml.table("", stub), *(toml.table("[[package]]", entry) for entry in packages)])


def derived_lock(artifacts: Sequence[Artifact], python: str) -> str:
    """A lock of exactly these artifacts, for one sync on this machine."""
    packages: list[dict[str, Any]] = []
    for item in artifacts:
        if item.kind != "vcs":
            _refuse_relative(item.url, item.name)
        entry: dict[str, Any] = {"name": item.name}
        if item.version:
            entry["version"] = item.version
        if item.index and item.kind in ("wheel", "sdist"):
            entry["index"] = item.index
        if item.kind in ("wheel", "sdist"):
            place = "url" if "://" in item.url else "path"
            file: dict[str, Any] = {"name": item.filename, place: item.url, "hashes": {"sha256": item.sha256}}
            if item.size is not None:
                file["size"] = item.size
            entry["wheels" if item.kind == "wheel" else "sdist"] = [file] if item.kind == "wheel" else file
        elif item.kind == "archive":
            entry["archive"] = {"url" if "://" in item.url else "path": item.url, "hashes": {"sha256": item.sha256}}
        elif item.kind == "vcs":
            address, _, commit = item.url.removeprefix("git+").rpartition("@")
            entry["vcs"] = {"type": "git", "url": address, "commit-id": commit}
        else:
            entry["directory"] = {"path": item.url, "editable": item.editable}
        if item.subdirectory and item.kind in ("archive", "vcs", "directory"):
            entry[item.kind]["subdirectory"] = item.subdirectory
        packages.append(entry)
    head: dict[str, Any] = {"lock-version": "1.0", "created-by": "jupyter-dep", "requires-python": f">={python}"}
    if not packages:
        head["packages"] = []
    return "\n".join([toml.table("", head), *(toml.table("[[packages]]", entry) for entry in packages)])
