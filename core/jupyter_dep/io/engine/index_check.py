"""What the user's own index serves of a lock that somebody else wrote: a lock's addresses are claims."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import tomlkit

from jupyter_dep.base.progress import CancelToken
from jupyter_dep.model.lock.select import Artifact

from . import errors
from .args import LOCK_DEADLINE, export_arguments, lock_arguments, vouch_arguments
from .project_files import NO_WORKSPACE, ROOT

if TYPE_CHECKING:
    from .uv import Uv


def verify_against_index(
    uv: Uv, artifacts: Sequence[Artifact], python: str, *, offline: bool, cancel: CancelToken | None
) -> dict[str, Artifact]:
    """Those artifacts that the user's own index serves under the same filename and hash, by name, at its URL."""
    found: dict[str, Artifact] = {}
    for item in artifacts:
        if item.kind == "sdist" and (served := _source(uv, item, python, offline=offline, cancel=cancel)):
            found[item.name] = served
    asked = {item.name: item for item in artifacts if item.kind == "wheel"}
    default = uv.default_index()
    while asked:
        with uv.workshop() as folder:
            lines = "".join(f"{item.name}=={item.version}\n" for item in asked.values())
            (folder / "names.in").write_text(lines, encoding="utf-8")
            arguments = vouch_arguments(python, "names.in", offline=offline, no_index=uv.settings.no_index)
            done = uv.call(arguments, folder, LOCK_DEADLINE, cancel=cancel)
        if done.returncode == 0:
            break
        strangers = errors.names_not_served(done.stderr) & asked.keys()
        if not strangers:
            raise errors.explain(done.stderr, doing="lock")
        for name in strangers:
            del asked[name]
    else:
        return found
    for package in tomllib.loads(done.stdout).get("packages", ()):
        wanted = asked.get(package["name"])
        for file in package.get("wheels", ()):
            name = file.get("name") or str(file.get("url", "")).rsplit("/", 1)[-1]
            if wanted and file.get("hashes", {}).get("sha256") == wanted.sha256 and name == wanted.filename:
                found[wanted.name] = Artifact(
                    **{**wanted.as_json(), "url": str(file["url"]), "index": package.get("index") or default}
                )
    return found


def _source(uv: Uv, wanted: Artifact, python: str, *, offline: bool, cancel: CancelToken | None) -> Artifact | None:
    """A source archive as the user's index serves it: it is told what the archive needs (nothing), so it builds nothing."""
    project = {
        "project": {
            "name": ROOT,
            "version": "0",
            "requires-python": ">=3.8",
            "dependencies": [f"{wanted.name}=={wanted.version}"],
        },
        "tool": {
            "uv": {
                "package": False,
                "workspace": NO_WORKSPACE,
                "dependency-metadata": [{"name": wanted.name, "version": wanted.version}],
            }
        },
    }
    with uv.workshop() as folder:
        (folder / "pyproject.toml").write_text(tomlkit.dumps(project), encoding="utf-8")
        arguments = lock_arguments(python, upgrade=False, offline=offline, build=(wanted.name,), no_index=uv.settings.no_index)
        done = uv.call(arguments, folder, LOCK_DEADLINE, cancel=cancel)
        if done.returncode != 0:
            if wanted.name in errors.names_not_served(done.stderr):
                return None
            raise errors.explain(done.stderr, doing="lock")
        exported = uv.call(export_arguments(), folder, 60, cancel=cancel)
        if exported.returncode != 0:
            raise errors.explain(exported.stderr, doing="lock")
    for package in tomllib.loads(exported.stdout).get("packages", ()):
        file = package.get("sdist", {})
        name = file.get("name") or str(file.get("url", "")).rsplit("/", 1)[-1]
        if file.get("hashes", {}).get("sha256") == wanted.sha256 and name == wanted.filename:
            return Artifact(**{**wanted.as_json(), "url": str(file["url"]), "index": package.get("index")})
    return None
