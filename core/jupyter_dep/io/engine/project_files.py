"""The files that we write for the engine: the project that it resolves, the pins that it keeps, what it installs. Pure."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from jupyter_dep.base import toml
from jupyter_dep.base.engine_port import LockRequest
from jupyter_dep.base.errors import DepError
from jupyter_dep.model.declaration.declaration import Declaration
from jupyter_dep.model.lock.group_markers import KERNEL_GROUP
from jupyter_dep.model.lock.select import Artifact

NO_WORKSPACE: dict[str, list[str]] = {"members": []}
"""Makes a project a root of its own. Else the engine looks for one in every folder above, and a `pyproject.toml` that another
user put into the shared folder for temporary files could say where packages come from."""
ROOT = "jupyter-dep-root"
"""Name of the project that we write for the engine; no distribution can have it, since it is never looked up."""


def manifest(request: LockRequest) -> str:
    """Write the project that the engine resolves, from the validated declaration only."""
    declaration = request.declaration
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
            toml.table("[tool.uv]", _uv_table(request)),
        ]
    )


def _uv_table(request: LockRequest) -> dict[str, Any]:
    declaration = request.declaration
    _refuse_relative_sources(declaration)
    uv: dict[str, Any] = {key: value for key, value in declaration.uv.items() if key not in ("index", "exclude-newer")}
    uv |= {"package": False, "workspace": NO_WORKSPACE}
    optional: dict[str, Any] = {
        "exclude-newer": request.cutoff,
        "exclude-newer-package": package_cutoffs(request),
        "environments": [*_texts(uv.get("environments")), *declaration.settings.platforms],
        # explicit whatever the declaration says: only packages assigned to it are asked of it
        "index": [
            {"name": str(index.get("name") or f"declared-{position}"), "url": str(index["url"]), "explicit": True}
            for position, index in enumerate(declaration.indexes, 1)
        ],
        "dependency-metadata": [dict(entry) for entry in request.metadata],
    }
    return uv | {key: value for key, value in optional.items() if value}


def _refuse_relative_sources(declaration: Declaration) -> None:
    for name, listed in _table(declaration.uv.get("sources")).items():
        for source in listed if isinstance(listed, list) else [listed]:
            for key in ("path", "git", "url"):
                if key in _table(source):
                    _refuse_relative(str(source[key]), name)


def anchored(declaration: Declaration, folder: Path, members: Mapping[str, Path] | None = None) -> Declaration:
    """A folder's declaration with whole paths, since the engine works elsewhere: a lock's are made relative again.

    `members` are the folders of the workspace's packages, by normalised name. Errors: `workspace-source`.
    """
    sources: dict[str, Any] = {}
    for name, listed in _table(declaration.uv.get("sources")).items():
        found = [
            _resolve_source(name, _table(one), folder, members or {})
            for one in (listed if isinstance(listed, list) else [listed])
        ]
        sources[name] = found if isinstance(listed, list) else found[0]
    return replace(declaration, uv={**declaration.uv, "sources": sources}) if sources else declaration


def _resolve_source(name: str, source: Mapping[str, Any], folder: Path, members: Mapping[str, Path]) -> dict[str, Any]:
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
    """The engine works in a temporary folder among those of other users, where `../x` belongs to one of them."""
    if "://" not in address and not os.path.isabs(address):
        raise DepError(
            "relative-path",
            f"`{name}` is to be taken from `{address}`, and a path that is not absolute has no meaning here",
            hint="write the whole path, or publish the package to your index",
            context={"package": name},
        )


def _texts(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list | tuple) else [str(value)] if value else []


def package_cutoffs(request: LockRequest) -> dict[str, str | bool]:
    """Cutoffs of single packages: those that the declaration names, and none (False) for those that are spared."""
    declared = _table(request.declaration.uv.get("exclude-newer-package"))
    spared: dict[str, str | bool] = dict.fromkeys(request.spared, False) if request.cutoff else {}
    return spared | {name: moment if isinstance(moment, bool) else str(moment) for name, moment in declared.items()}


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
    # the engine drops the pins of a lock that was made with other cutoffs
    options: dict[str, Any] = {"exclude-newer": request.cutoff} if request.cutoff else {}
    if cutoffs := package_cutoffs(request):
        options["exclude-newer-package"] = cutoffs
    if options:
        stub["options"] = options
    return "\n".join([toml.table("", stub), *(toml.table("[[package]]", entry) for entry in packages)])


def derived_lock(artifacts: Sequence[Artifact], python: str) -> str:
    """A lock of exactly these artifacts, for one sync on this machine."""
    packages: list[dict[str, Any]] = []
    for item in artifacts:
        packages.append(_locked_package(item))
    head: dict[str, Any] = {"lock-version": "1.0", "created-by": "jupyter-dep", "requires-python": f">={python}"}
    if not packages:
        head["packages"] = []
    return "\n".join([toml.table("", head), *(toml.table("[[packages]]", entry) for entry in packages)])


def _locked_package(item: Artifact) -> dict[str, Any]:
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
    return entry
