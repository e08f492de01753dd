"""The one careful hand that runs the engine: what it is told, and nothing that it could pick up by itself.

Absolute program from its wheel, an empty working folder of ours, no configuration files, a scrubbed environment, an
explicit interpreter, no Python download, no build. The builders of arguments are pure.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_dep.base.engine_port import Build, EngineAnswer, Install, LockRequest, PublishedFiles, Upload
from jupyter_dep.base.errors import DepError
from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.base.progress import CancelToken, Progress, Reporter, silent
from jupyter_dep.io.files.read_write import explain
from jupyter_dep.io.index.settings import IndexSettings
from jupyter_dep.io.store.relocate_scripts import rewrite_shebangs
from jupyter_dep.io.system.process import Completed, run
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
    scrubbed,
    tree_arguments,
)
from .output import Listener
from .project_files import derived_lock, manifest, pins_stub

if TYPE_CHECKING:
    from . import publish_output

INSTALL_DEADLINE = 1800.0
BUILD_DEADLINE = 3600.0
PUBLISH_DEADLINE = 3600.0
CLEAN_DEADLINE = 600.0
_FINDING = threading.Lock()


@frozen_dataclass
class Uv:
    """The real engine. `settings` are the user's; `cache` is ours; `environ` is what the scrubbed environment is cut from."""

    cache: Path
    settings: IndexSettings
    environ: Mapping[str, str]

    def program(self) -> str:
        from uv import find_uv_bin

        with _FINDING:  # several notebooks at once: the first look into `sysconfig` is not safe in threads
            return os.fspath(find_uv_bin())

    def version(self) -> str:
        with self.workshop() as folder:
            return self.call(["--version"], folder, 20).stdout.strip()

    def default_index(self) -> str:
        """The index that the engine asks for a name, told by itself unless the user configured one; no credentials."""
        if self.settings.default:
            from jupyter_dep.io.index.settings import redact

            return redact(self.settings.default)
        return self.own_index()

    def own_index(self) -> str:
        """The index that the engine would ask if the user had configured none, told by itself."""
        memo = self.cache.parent / "default-index.json"
        from jupyter_dep.io.files.read_write import read_cached, write_state

        if isinstance(known := read_cached(memo), dict) and known.get("program") == self._stamp():
            return str(known["index"])
        with self.workshop() as folder:
            (folder / "empty.in").write_text("")
            asked = replace(self, settings=IndexSettings()).call(
                ["pip", "compile", "--no-config", "--emit-index-url", "--no-header", "empty.in"], folder, 20
            )
        match = re.search(r"^--index-url (\S+)$", asked.stdout, re.MULTILINE)
        if match is None:
            raise errors.explain(asked.stderr, doing="lock")
        write_state(memo, {"program": self._stamp(), "index": match[1]})
        return match[1]

    def _stamp(self) -> list[Any]:
        program = Path(self.program())
        return [str(program), program.stat().st_mtime_ns]

    def lock(self, request: LockRequest, *, reporter: Reporter = silent, cancel: CancelToken | None = None) -> EngineAnswer:
        """Resolve a declaration for every platform. Errors: `conflict` and its kin, `unknown-package`, network codes."""
        self._check_index_urls()
        reporter(Progress(phase="resolving"))
        with self.workshop() as folder:
            (folder / "pyproject.toml").write_text(manifest(request), encoding="utf-8")
            if (stub := pins_stub(request)) is not None:
                (folder / "uv.lock").write_text(stub, encoding="utf-8")
            arguments = lock_arguments(
                request.python,
                upgrade=request.upgrade,
                offline=request.offline,
                build=request.build,
                no_index=self.settings.no_index,
            )
            resolved = self.call([*arguments, *resolution_flags(request)], folder, LOCK_DEADLINE, cancel=cancel)
            if resolved.returncode != 0:
                raise errors.explain(resolved.stderr, doing="lock", request=request)
            from concurrent.futures import ThreadPoolExecutor

            with ThreadPoolExecutor(1) as beside:  # both only read the lock that is there now
                telling = beside.submit(self.call, tree_arguments(), folder, 60)
                exported = self.call(export_arguments(), folder, LOCK_DEADLINE, cancel=cancel)
                tree = telling.result()
            for done in (tree, exported):
                if done.returncode != 0:
                    raise errors.explain(done.stderr, doing="lock", request=request)
        return EngineAnswer(pylock=exported.stdout, tree=json.loads(tree.stdout))

    def _check_index_urls(self) -> None:
        for url in [self.settings.default or "", *self.settings.extra]:
            if "?" in url:
                raise DepError(
                    "token-in-index-url",
                    "your package index is configured with a query in its URL, which would be written into every lock",
                    hint="configure the token as user name or password of the URL instead",
                )

    def vouch(
        self, artifacts: Sequence[Artifact], *, python: str, offline: bool = False, cancel: CancelToken | None = None
    ) -> dict[str, Artifact]:
        """Those artifacts that the user's own index serves under the same filename and hash, by name, at its URL."""
        from .index_check import verify_against_index

        return verify_against_index(self, artifacts, python, offline=offline, cancel=cancel)

    def built_metadata(
        self, requirement: str, *, python: str, offline: bool = False, cancel: CancelToken | None = None
    ) -> Mapping[str, Any]:
        """Build one distribution, and nothing that it needs at run time, into a folder that is thrown away."""
        from email.parser import HeaderParser

        with self.workshop() as folder:
            (folder / "build.in").write_text(requirement + "\n", encoding="utf-8")
            arguments = [
                "pip", "install", *COMMON, "--no-deps", "--target", "built", "--python", python,
                *network_flags(offline=offline, no_index=self.settings.no_index), "--requirement", "build.in",
            ]  # fmt: skip
            done = self.call(arguments, folder, INSTALL_DEADLINE, cancel=cancel)
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
        with self.workshop() as folder:
            listen = Listener(sizes, reporter)
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
                    anew=[item.name for item in artifacts if item.kind == "directory"],
                    no_index=self.settings.no_index,
                    prefix=_root(install.python) if install.through else None,
                )
                done = self.call(arguments, folder, INSTALL_DEADLINE, on_line=listen, cancel=cancel)
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

        with self.workshop() as folder:
            arguments = build_arguments(build, no_index=self.settings.no_index)
            more = build_environment(self.environ)
            done = self.call(arguments, folder, BUILD_DEADLINE, on_line=listen, cancel=cancel, more=more)
        if done.returncode != 0:
            from jupyter_dep.io.files.dist_files import build_failed

            raise build_failed(done.stderr, build)

    def served(self, upload: Upload, *, cancel: CancelToken | None = None) -> PublishedFiles:
        """Which of the files the index has, by name and hash; uploads nothing. Errors: network codes."""
        listener, done = self._publish(upload, silent, cancel, dry_run=True)
        if done.returncode != 0 and not listener.other:
            from .publish_output import explain as explained

            raise explained(done, upload, listener)
        return PublishedFiles(same=tuple(listener.there), other=tuple(listener.other))

    def publish(self, upload: Upload, *, reporter: Reporter = silent, cancel: CancelToken | None = None) -> tuple[str, ...]:
        """Upload the files; gives those that went up. Errors: those of `uploading.explain`."""
        listener, done = self._publish(upload, reporter, cancel)
        if done.returncode != 0:
            from .publish_output import explain as explained

            raise explained(done, upload, listener)
        return tuple(listener.started)

    def _publish(
        self, upload: Upload, reporter: Reporter, cancel: CancelToken | None, *, dry_run: bool = False
    ) -> tuple[publish_output.Listener, Completed]:
        from .publish_output import Listener as Uploads

        listener = Uploads(len(upload.files), reporter)
        # the indexes that packages are installed from, and their passwords, have no part in this
        bare = replace(self, settings=replace(self.settings, default=None, extra=(), keyring=False))
        with self.workshop() as folder:
            arguments = publish_arguments(upload, dry_run=dry_run)
            more = publish_environment(upload, self.environ)
            return listener, bare.call(arguments, folder, PUBLISH_DEADLINE, on_line=listener, cancel=cancel, more=more)

    def forget(self, names: Sequence[str]) -> None:
        """Drop what the engine's cache holds of these distributions."""
        with self.workshop() as folder:
            self.call(["cache", "clean", "--no-config", *names], folder, 120)

    def clear(self, *, cancel: CancelToken | None = None) -> None:
        """Empty the cache; waits for engines that are at work. Errors: `cache-busy`, `cancelled`."""
        with self.workshop() as folder:
            done = self.call(["cache", "clean", "--no-config"], folder, CLEAN_DEADLINE, cancel=cancel)
        if done.returncode != 0:
            raise DepError(
                "cache-busy",
                "the engine's cache could not be emptied: " + (done.stderr.strip().splitlines() or ["it did not say why"])[-1],
                hint="wait until what installs or locks is done, then run the same again",
                context={"file": str(self.cache)},
            )

    def call(
        self,
        arguments: list[str],
        folder: Path,
        timeout: float,
        *,
        on_line: Any = None,
        cancel: CancelToken | None = None,
        more: Mapping[str, str] | None = None,
    ) -> Completed:
        """Run the engine in an empty working folder of ours; `more` are variables that this call alone is given."""
        env = {**scrubbed(self.environ, self.settings, self.cache), **(more or {})}
        return run([self.program(), *arguments], cwd=folder, env=env, timeout=timeout, on_line=on_line, cancel=cancel)

    @contextmanager
    def workshop(self) -> Iterator[Path]:
        """An empty working folder: the engine obeys files that lie where it runs."""
        try:
            self.cache.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder = Path(tempfile.mkdtemp(prefix="jupyter-dep-"))
        except OSError as error:
            raise explain(error, self.cache, "making a working folder") from error
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _root(python: str) -> str:
    """The folder of the environment that an interpreter belongs to."""
    return os.path.dirname(os.path.dirname(python))
