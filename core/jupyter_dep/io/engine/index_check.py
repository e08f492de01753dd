"""Check a lock that another person wrote against the user's own index: a lock's addresses are only claims."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from jupyter_dep.base import toml
from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.base.progress import CancelToken
from jupyter_dep.model.lock.select import Artifact

from . import errors
from .args import LOCK_DEADLINE, export_arguments, index_check_arguments, lock_arguments
from .project_files import NO_WORKSPACE, ROOT
from .runner import EngineCall, EngineRunner


@frozen_dataclass
class IndexCheck:
    """Asks the index that `runner` is configured for, with the interpreter `python`."""

    runner: EngineRunner
    python: str
    offline: bool = False
    cancel: CancelToken | None = None

    def verify(self, artifacts: Sequence[Artifact]) -> dict[str, Artifact]:
        """Give those artifacts that the index serves under the same filename and hash, by name, at its URL.

        Errors: the engine's, for an index that does not answer.
        """
        sources = {item.name: self._find_source(item) for item in artifacts if item.kind == "sdist"}
        found = {name: served for name, served in sources.items() if served is not None}
        wheels = {item.name: item for item in artifacts if item.kind == "wheel"}
        default = self.runner.default_index()
        listing = self._list_wheels(wheels)
        for package in _packages(listing):
            wanted = wheels.get(package["name"])
            for file in package.get("wheels", ()):
                if wanted is not None and _is_same(file, wanted):
                    found[wanted.name] = _served(wanted, file, package.get("index") or default)
        return found

    def _list_wheels(self, wheels: Mapping[str, Artifact]) -> str:
        """Resolve the wheels' exact versions; packages that the index does not have are left out, one answer at a time."""
        asked = dict(wheels)
        while asked:
            with self.runner.scratch_dir() as folder:
                lines = "".join(f"{item.name}=={item.version}\n" for item in asked.values())
                (folder / "names.in").write_text(lines, encoding="utf-8")
                arguments = index_check_arguments(
                    self.python, "names.in", offline=self.offline, no_index=self.runner.settings.no_index
                )
                call = EngineCall(arguments=arguments, folder=folder, timeout=LOCK_DEADLINE)
                done = self.runner.call(call, cancel=self.cancel)
            if done.returncode == 0:
                return done.stdout
            missing = errors.names_not_served(done.stderr) & asked.keys()
            if not missing:
                raise errors.explain(done.stderr, doing="lock")
            for name in missing:
                del asked[name]
        return ""

    def _find_source(self, wanted: Artifact) -> Artifact | None:
        """Find a source archive on the index. Its dependencies are declared as none, so that nothing is built."""
        with self.runner.scratch_dir() as folder:
            (folder / "pyproject.toml").write_text(_source_project(wanted), encoding="utf-8")
            arguments = lock_arguments(
                self.python,
                upgrade=False,
                offline=self.offline,
                build=(wanted.name,),
                no_index=self.runner.settings.no_index,
            )
            locked = self.runner.call(EngineCall(arguments=arguments, folder=folder, timeout=LOCK_DEADLINE), cancel=self.cancel)
            if locked.returncode != 0:
                if wanted.name in errors.names_not_served(locked.stderr):
                    return None
                raise errors.explain(locked.stderr, doing="lock")
            exported = self.runner.call(EngineCall(arguments=export_arguments(), folder=folder, timeout=60), cancel=self.cancel)
            if exported.returncode != 0:
                raise errors.explain(exported.stderr, doing="lock")
        for package in _packages(exported.stdout):
            file = package.get("sdist", {})
            if _is_same(file, wanted):
                return _served(wanted, file, package.get("index"))
        return None


def _source_project(wanted: Artifact) -> str:
    uv = {
        "package": False,
        "workspace": NO_WORKSPACE,
        "dependency-metadata": [{"name": wanted.name, "version": wanted.version}],
    }
    project = {
        "name": ROOT,
        "version": "0",
        "requires-python": ">=3.8",
        "dependencies": [f"{wanted.name}=={wanted.version}"],
    }
    return toml.table("[project]", project) + "\n" + toml.table("[tool.uv]", uv)


def _packages(pylock: str) -> Iterator[Mapping[str, Any]]:
    yield from tomllib.loads(pylock).get("packages", ())


def _is_same(file: Mapping[str, Any], wanted: Artifact) -> bool:
    name = file.get("name") or str(file.get("url", "")).rsplit("/", 1)[-1]
    return bool(file.get("hashes", {}).get("sha256") == wanted.sha256 and name == wanted.filename)


def _served(wanted: Artifact, file: Mapping[str, Any], index: str | None) -> Artifact:
    return Artifact(**{**wanted.as_json(), "url": str(file["url"]), "index": index})
