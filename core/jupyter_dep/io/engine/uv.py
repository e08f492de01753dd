"""The resolver and installer behind the `Engine` port: each operation is one or two runs of `uv`."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_dep.base.engine_port import Build, EngineAnswer, Install, LockRequest, PublishedFiles, Upload
from jupyter_dep.base.errors import DepError
from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.base.progress import CancelToken, Progress, Reporter, silent
from jupyter_dep.io.store.relocate_scripts import rewrite_shebangs
from jupyter_dep.io.system.process import Completed
from jupyter_dep.model.lock.select import Artifact

from . import errors
from .args import (
    COMMON,
    LOCK_DEADLINE,
    build_arguments,
    build_environment,
    export_arguments,
    install_arguments,
    lock_arguments,
    network_flags,
    publish_arguments,
    publish_environment,
    resolution_flags,
    tree_arguments,
)
from .output import InstallProgress, explain_build
from .project_files import derived_lock, manifest, pins_stub
from .runner import EngineCall, EngineRunner

if TYPE_CHECKING:
    from .publish_output import UploadProgress

INSTALL_DEADLINE = 1800.0
BUILD_DEADLINE = 3600.0
PUBLISH_DEADLINE = 3600.0
CLEAN_DEADLINE = 600.0


@frozen_dataclass
class Uv:
    """The real engine, which `runner` starts."""

    runner: EngineRunner

    def version(self) -> str:
        """Give the engine's name and version."""
        with self.runner.scratch_dir() as folder:
            return self._run(["--version"], folder, 20).stdout.strip()

    def default_index(self) -> str:
        """Give the index that is asked for a name, without credentials."""
        return self.runner.default_index()

    def builtin_index(self) -> str:
        """Give the index that belongs to the engine's own place of upload."""
        return self.runner.builtin_index()

    def lock(self, request: LockRequest, *, reporter: Reporter = silent, cancel: CancelToken | None = None) -> EngineAnswer:
        """Resolve a declaration for every platform. Errors: `conflict` and its kin, `unknown-package`, network codes."""
        self._check_index_urls()
        reporter(Progress(phase="resolving"))
        with self.runner.scratch_dir() as folder:
            (folder / "pyproject.toml").write_text(manifest(request), encoding="utf-8")
            if (stub := pins_stub(request)) is not None:
                (folder / "uv.lock").write_text(stub, encoding="utf-8")
            arguments = lock_arguments(
                request.python,
                upgrade=request.upgrade,
                offline=request.offline,
                build=request.build,
                no_index=self.runner.settings.no_index,
            )
            resolved = self._run([*arguments, *resolution_flags(request)], folder, LOCK_DEADLINE, cancel=cancel)
            if resolved.returncode != 0:
                raise errors.explain(resolved.stderr, doing="lock", request=request)
            from concurrent.futures import ThreadPoolExecutor

            with ThreadPoolExecutor(1) as beside:  # both only read the lock that is there now
                listing = beside.submit(self._run, tree_arguments(), folder, 60)
                exported = self._run(export_arguments(), folder, LOCK_DEADLINE, cancel=cancel)
                tree = listing.result()
            for done in (tree, exported):
                if done.returncode != 0:
                    raise errors.explain(done.stderr, doing="lock", request=request)
        return EngineAnswer(pylock=exported.stdout, tree=json.loads(tree.stdout))

    def _check_index_urls(self) -> None:
        for url in [self.runner.settings.default or "", *self.runner.settings.extra]:
            if "?" in url:
                raise DepError(
                    "token-in-index-url",
                    "your package index is configured with a query in its URL, which would be written into every lock",
                    hint="configure the token as user name or password of the URL instead",
                )

    def verify_against_index(
        self, artifacts: Sequence[Artifact], *, python: str, offline: bool = False, cancel: CancelToken | None = None
    ) -> dict[str, Artifact]:
        """Give those artifacts that the user's own index serves under the same filename and hash, by name, at its URL."""
        from .index_check import IndexCheck

        return IndexCheck(runner=self.runner, python=python, offline=offline, cancel=cancel).verify(artifacts)

    def built_metadata(
        self, requirement: str, *, python: str, offline: bool = False, cancel: CancelToken | None = None
    ) -> Mapping[str, Any]:
        """Build one distribution, and nothing that it needs at run time, into a folder that is thrown away."""
        from email.parser import HeaderParser

        with self.runner.scratch_dir() as folder:
            (folder / "build.in").write_text(requirement + "\n", encoding="utf-8")
            arguments = [
                "pip", "install", *COMMON, "--no-deps", "--target", "built", "--python", python,
                *network_flags(offline=offline, no_index=self.runner.settings.no_index), "--requirement", "build.in",
            ]  # fmt: skip
            done = self._run(arguments, folder, INSTALL_DEADLINE, cancel=cancel)
            if done.returncode != 0:
                raise errors.explain(done.stderr, doing="lock")
            (file,) = folder.glob("built/*.dist-info/METADATA")
            headers = HeaderParser().parsestr(file.read_text(encoding="utf-8", errors="replace"))
        found: dict[str, Any] = {"name": str(headers["Name"]), "version": str(headers["Version"])}
        found["requires-dist"] = [str(item) for item in headers.get_all("Requires-Dist", [])]
        found["provides-extra"] = [str(item) for item in headers.get_all("Provides-Extra", [])]
        if headers["Requires-Python"]:
            found["requires-python"] = str(headers["Requires-Python"])
        return found

    def install(self, install: Install, *, reporter: Reporter = silent, cancel: CancelToken | None = None) -> None:
        """Link the artifacts into a fresh environment. Errors: `hash-mismatch`, network codes, `disk-full`, `cancelled`."""
        wheels = [item for item in install.artifacts if item.kind == "wheel"]
        others = [item for item in install.artifacts if item.kind != "wheel"]
        sizes = {item.name: item.size or 0 for item in install.artifacts}
        with self.runner.scratch_dir() as folder:
            listen = InstallProgress(sizes, reporter)
            steps = [(wheels, False)] if wheels or not others else []
            if others:  # consented builds come after the wheels, and one sync states the whole set
                steps.append(([*wheels, *others], True))
            for artifacts, build in steps:
                (folder / "pylock.environment.toml").write_text(
                    derived_lock(artifacts, install.python_version), encoding="utf-8"
                )
                # in no step is the environment's own interpreter asked once something is in it: a `.pth` of a wheel would run
                arguments = install_arguments(
                    install.through or install.python,
                    "pylock.environment.toml",
                    offline=install.offline,
                    build=build,
                    rebuild=[item.name for item in artifacts if item.kind == "directory"],
                    no_index=self.runner.settings.no_index,
                    prefix=_root(install.python) if install.through else None,
                )
                done = self._run(arguments, folder, INSTALL_DEADLINE, on_line=listen, cancel=cancel)
                if done.returncode != 0:
                    raise errors.explain(done.stderr, doing="install")
                if install.through:
                    rewrite_shebangs(Path(_root(install.python)), Path(_root(install.through)))

    def build(self, build: Build, *, reporter: Reporter = silent, cancel: CancelToken | None = None) -> None:
        """Build a folder's distributions by its own backend, in an environment of its own. Errors: `build-failed`, network."""
        reporter(Progress(phase="running", detail="the build"))

        def listen(line: str) -> None:
            if line.startswith("Building "):
                reporter(Progress(phase="running", detail=line.removesuffix("...").lower()))

        with self.runner.scratch_dir() as folder:
            arguments = build_arguments(build, no_index=self.runner.settings.no_index)
            call = EngineCall(
                arguments=arguments,
                folder=folder,
                timeout=BUILD_DEADLINE,
                on_line=listen,
                variables=build_environment(self.runner.environ),
            )
            done = self.runner.call(call, cancel=cancel)
        if done.returncode != 0:
            raise explain_build(done.stderr, build)

    def published_files(self, upload: Upload, *, cancel: CancelToken | None = None) -> PublishedFiles:
        """Look which of the files the index has, by name and hash; uploads nothing. Errors: network codes."""
        progress, done = self._publish(upload, silent, cancel, dry_run=True)
        if done.returncode != 0 and not progress.different:
            from .publish_output import explain as explain_upload

            raise explain_upload(done, upload, progress)
        return PublishedFiles(same=tuple(progress.present), other=tuple(progress.different))

    def publish(self, upload: Upload, *, reporter: Reporter = silent, cancel: CancelToken | None = None) -> tuple[str, ...]:
        """Upload the files; gives those that went up. Errors: those of `publish_output.explain`."""
        progress, done = self._publish(upload, reporter, cancel)
        if done.returncode != 0:
            from .publish_output import explain as explain_upload

            raise explain_upload(done, upload, progress)
        return tuple(progress.started)

    def _publish(
        self, upload: Upload, reporter: Reporter, cancel: CancelToken | None, *, dry_run: bool = False
    ) -> tuple[UploadProgress, Completed]:
        from .publish_output import UploadProgress

        progress = UploadProgress(len(upload.files), reporter)
        # the indexes that packages are installed from, and their passwords, have no part in this
        bare = replace(self.runner, settings=replace(self.runner.settings, default=None, extra=(), keyring=False))
        with self.runner.scratch_dir() as folder:
            call = EngineCall(
                arguments=publish_arguments(upload, dry_run=dry_run),
                folder=folder,
                timeout=PUBLISH_DEADLINE,
                on_line=progress,
                variables=publish_environment(upload, self.runner.environ),
            )
            return progress, bare.call(call, cancel=cancel)

    def forget(self, names: Sequence[str]) -> None:
        """Drop what the engine's cache holds of these distributions."""
        with self.runner.scratch_dir() as folder:
            self._run(["cache", "clean", "--no-config", *names], folder, 120)

    def clear(self, *, cancel: CancelToken | None = None) -> None:
        """Empty the cache; waits for engines that are at work. Errors: `cache-busy`, `cancelled`."""
        with self.runner.scratch_dir() as folder:
            done = self._run(["cache", "clean", "--no-config"], folder, CLEAN_DEADLINE, cancel=cancel)
        if done.returncode != 0:
            raise DepError(
                "cache-busy",
                "the engine's cache could not be emptied: " + (done.stderr.strip().splitlines() or ["no reason given"])[-1],
                hint="wait until what installs or locks is done, then run the same again",
                context={"file": str(self.runner.cache)},
            )

    def _run(
        self,
        arguments: list[str],
        folder: Path,
        timeout: float,
        *,
        on_line: Callable[[str], None] | None = None,
        cancel: CancelToken | None = None,
    ) -> Completed:
        call = EngineCall(arguments=arguments, folder=folder, timeout=timeout, on_line=on_line)
        return self.runner.call(call, cancel=cancel)


def _root(python: str) -> str:
    """Give the folder of the environment that an interpreter belongs to."""
    return os.path.dirname(os.path.dirname(python))
