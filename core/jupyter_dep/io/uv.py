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
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomlkit

from ..engine import EngineAnswer, Install, LockRequest
from ..errors import DepError
from ..model import toml
from ..model.selection import Artifact
from ..progress import Cancel, Progress, Reporter, silent
from . import engine_errors
from .files import explain
from .indexes import IndexSettings, engine_environment
from .process import Completed, run

ROOT = "jupyter-dep-root"
"""Name of the project that we write for the engine; no distribution can have it, since it is never looked up."""
KERNEL_GROUP = "kernel"
LOCK_DEADLINE = 600.0
INSTALL_DEADLINE = 1800.0
_KEPT = (
    "PATH", "HOME", "USERPROFILE", "SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "TEMP", "TMP", "TMPDIR",
    "LANG", "LC_ALL", "LC_CTYPE", "APPDATA", "LOCALAPPDATA", "PROGRAMDATA", "NUMBER_OF_PROCESSORS",
)  # fmt: skip
_COMMON = ("--no-config", "--no-python-downloads", "--no-progress", "--color", "never")
_SIZE = re.compile(r"^\s*(Downloading|Downloaded) (\S+)")


def scrubbed(environ: Mapping[str, str], settings: IndexSettings, cache: Path) -> dict[str, str]:
    """The engine's whole environment: what an operating system needs, our cache, and the user's index settings."""
    env = {name: environ[name] for name in _KEPT if name in environ}
    env.update(engine_environment(settings))
    env["UV_CACHE_DIR"] = str(cache)
    env["UV_NO_MODIFY_PATH"] = "1"
    return env


def _network_flags(*, offline: bool, no_index: bool) -> list[str]:
    """`--no-index` is the one index setting of the user that has no variable."""
    return (["--offline"] if offline else []) + (["--no-index"] if no_index else [])


def lock_arguments(
    python: str, *, upgrade: bool | Sequence[str], offline: bool, build: Sequence[str] = (), no_index: bool = False
) -> list[str]:
    arguments = ["lock", *_COMMON, "--no-build", "--python", python]
    for name in build:
        arguments += ["--no-binary-package", name]
    if upgrade is True:
        arguments.append("--upgrade")
    elif upgrade:
        for name in upgrade:
            arguments += ["--upgrade-package", name]
    return arguments + _network_flags(offline=offline, no_index=no_index)


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
        "export", *_COMMON, "--frozen", "--format", "pylock.toml", "--no-header", "--no-emit-project", "--all-groups",
    ]  # fmt: skip


def tree_arguments() -> list[str]:
    return [
        "tree", *_COMMON, "--frozen", "--universal", "--all-groups", "--format", "json", "--preview-features", "json-output",
    ]  # fmt: skip


def install_arguments(python: str, lock: str, *, offline: bool, build: bool = False, no_index: bool = False) -> list[str]:
    arguments = ["pip", "sync", "--no-config", "--no-python-downloads", "--no-progress", "--color", "never"]
    arguments += ["--python", python, "--strict"]
    if not build:
        arguments.append("--no-build")
    return arguments + _network_flags(offline=offline, no_index=no_index) + [lock]


def vouch_arguments(python: str, requirements: str, *, offline: bool, no_index: bool = False) -> list[str]:
    return [
        "pip", "compile", *_COMMON, "--no-build", "--no-deps", "--no-header", "--python", python,
        "--format", "pylock.toml", *_network_flags(offline=offline, no_index=no_index), requirements,
    ]  # fmt: skip


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
    return tomlkit.dumps(
        {
            "project": {
                "name": ROOT,
                "version": "0",
                "requires-python": request.requires_python,
                "dependencies": [str(requirement) for requirement in declaration.dependencies],
            },
            "dependency-groups": {KERNEL_GROUP: list(request.kernel)},
            "tool": {"uv": uv},
        }
    )


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
            entry["directory"] = {"path": item.url, "editable": False}
        packages.append(entry)
    head: dict[str, Any] = {"lock-version": "1.0", "created-by": "jupyter-dep", "requires-python": f">={python}"}
    if not packages:
        head["packages"] = []
    return "\n".join([toml.table("", head), *(toml.table("[[packages]]", entry) for entry in packages)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Uv:
    """The real engine. `settings` are the user's; `cache` is ours; `environ` is what the scrubbed environment is cut from."""

    cache: Path
    settings: IndexSettings
    environ: Mapping[str, str]

    def program(self) -> str:
        from uv import find_uv_bin

        return os.fspath(find_uv_bin())

    def version(self) -> str:
        with self._workshop() as folder:
            return self._run(["--version"], folder, 20).stdout.strip()

    def default_index(self) -> str:
        """The index that the engine asks for a name, told by itself unless the user configured one; no credentials."""
        if self.settings.default:
            from .indexes import redact

            return redact(self.settings.default)
        memo = self.cache.parent / "default-index.json"
        from .files import read_state, write_state

        if isinstance(known := read_state(memo), dict) and known.get("program") == self._stamp():
            return str(known["index"])
        with self._workshop() as folder:
            (folder / "empty.in").write_text("")
            asked = self._run(["pip", "compile", "--no-config", "--emit-index-url", "--no-header", "empty.in"], folder, 20)
        match = re.search(r"^--index-url (\S+)$", asked.stdout, re.MULTILINE)
        if match is None:
            raise engine_errors.explain(asked.stderr, doing="lock")
        write_state(memo, {"program": self._stamp(), "index": match[1]})
        return match[1]

    def _stamp(self) -> list[Any]:
        program = Path(self.program())
        return [str(program), program.stat().st_mtime_ns]

    def lock(self, request: LockRequest, *, reporter: Reporter = silent, cancel: Cancel | None = None) -> EngineAnswer:
        """Resolve a declaration for every platform. Errors: `conflict` and its kin, `unknown-package`, network codes."""
        self._check_index_urls()
        reporter(Progress(phase="resolving"))
        with self._workshop() as folder:
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
            resolved = self._run([*arguments, *resolution_flags(request)], folder, LOCK_DEADLINE, cancel=cancel)
            if resolved.returncode != 0:
                raise engine_errors.explain(resolved.stderr, doing="lock", request=request)
            with ThreadPoolExecutor(1) as beside:  # both only read the lock that is there now
                telling = beside.submit(self._run, tree_arguments(), folder, 60)
                exported = self._run(export_arguments(), folder, LOCK_DEADLINE, cancel=cancel)
                tree = telling.result()
            for done in (tree, exported):
                if done.returncode != 0:
                    raise engine_errors.explain(done.stderr, doing="lock", request=request)
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
        self, artifacts: Sequence[Artifact], *, python: str, offline: bool = False, cancel: Cancel | None = None
    ) -> dict[str, Artifact]:
        """Those artifacts that the user's own index serves under the same filename and hash, by name, at its URL."""
        found: dict[str, Artifact] = {}
        for item in artifacts:
            if item.kind == "sdist" and (served := self._source(item, python, offline=offline, cancel=cancel)):
                found[item.name] = served
        asked = {item.name: item for item in artifacts if item.kind == "wheel"}
        default = self.default_index()
        while asked:
            with self._workshop() as folder:
                lines = "".join(f"{item.name}=={item.version}\n" for item in asked.values())
                (folder / "names.in").write_text(lines, encoding="utf-8")
                arguments = vouch_arguments(python, "names.in", offline=offline, no_index=self.settings.no_index)
                done = self._run(arguments, folder, LOCK_DEADLINE, cancel=cancel)
            if done.returncode == 0:
                break
            strangers = engine_errors.names_not_served(done.stderr) & asked.keys()
            if not strangers:
                raise engine_errors.explain(done.stderr, doing="lock")
            for name in strangers:
                del asked[name]
        else:
            return found
        import tomllib

        for package in tomllib.loads(done.stdout).get("packages", ()):
            wanted = asked.get(package["name"])
            for file in package.get("wheels", ()):
                name = file.get("name") or str(file.get("url", "")).rsplit("/", 1)[-1]
                if wanted and file.get("hashes", {}).get("sha256") == wanted.sha256 and name == wanted.filename:
                    found[wanted.name] = Artifact(
                        **{**wanted.as_json(), "url": str(file["url"]), "index": package.get("index") or default}
                    )
        return found

    def _source(self, wanted: Artifact, python: str, *, offline: bool, cancel: Cancel | None) -> Artifact | None:
        """A source archive as the user's index serves it: it is told what the archive needs (nothing), so it builds nothing."""
        project = {
            "project": {
                "name": ROOT,
                "version": "0",
                "requires-python": ">=3.8",
                "dependencies": [f"{wanted.name}=={wanted.version}"],
            },
            "tool": {"uv": {"package": False, "dependency-metadata": [{"name": wanted.name, "version": wanted.version}]}},
        }
        with self._workshop() as folder:
            (folder / "pyproject.toml").write_text(tomlkit.dumps(project), encoding="utf-8")
            arguments = lock_arguments(
                python, upgrade=False, offline=offline, build=(wanted.name,), no_index=self.settings.no_index
            )
            done = self._run(arguments, folder, LOCK_DEADLINE, cancel=cancel)
            if done.returncode != 0:
                if wanted.name in engine_errors.names_not_served(done.stderr):
                    return None
                raise engine_errors.explain(done.stderr, doing="lock")
            exported = self._run(export_arguments(), folder, 60)
        import tomllib

        for package in tomllib.loads(exported.stdout).get("packages", ()):
            file = package.get("sdist", {})
            name = file.get("name") or str(file.get("url", "")).rsplit("/", 1)[-1]
            if file.get("hashes", {}).get("sha256") == wanted.sha256 and name == wanted.filename:
                return Artifact(**{**wanted.as_json(), "url": str(file["url"]), "index": package.get("index")})
        return None

    def built_metadata(
        self, requirement: str, *, python: str, offline: bool = False, cancel: Cancel | None = None
    ) -> Mapping[str, Any]:
        """Build one distribution, and nothing that it needs at run time, into a folder that is thrown away."""
        from email.parser import HeaderParser

        with self._workshop() as folder:
            (folder / "build.in").write_text(requirement + "\n", encoding="utf-8")
            arguments = [
                "pip", "install", *_COMMON, "--no-deps", "--target", "built", "--python", python,
                *_network_flags(offline=offline, no_index=self.settings.no_index), "--requirement", "build.in",
            ]  # fmt: skip
            done = self._run(arguments, folder, INSTALL_DEADLINE, cancel=cancel)
            if done.returncode != 0:
                raise engine_errors.explain(done.stderr, doing="lock")
            (file,) = folder.glob("built/*.dist-info/METADATA")
            headers = HeaderParser().parsestr(file.read_text(encoding="utf-8", errors="replace"))
        found: dict[str, Any] = {"name": str(headers["Name"]), "version": str(headers["Version"])}
        found["requires-dist"] = [str(item) for item in headers.get_all("Requires-Dist", [])]
        found["provides-extra"] = [str(item) for item in headers.get_all("Provides-Extra", [])]
        if headers["Requires-Python"]:
            found["requires-python"] = str(headers["Requires-Python"])
        return found

    def install(self, install: Install, *, reporter: Reporter = silent, cancel: Cancel | None = None) -> None:
        """Link the artifacts into a fresh environment. Errors: `hash-mismatch`, network codes, `disk-full`, `cancelled`."""
        wheels = [item for item in install.artifacts if item.kind == "wheel"]
        others = [item for item in install.artifacts if item.kind != "wheel"]
        sizes = {item.name: item.size or 0 for item in install.artifacts}
        with self._workshop() as folder:
            listen = _Listener(sizes, reporter)
            steps = [(wheels, False)] if wheels or not others else []
            if others:  # consented builds come after the wheels, and one sync states the whole set
                steps.append(([*wheels, *others], True))
            for artifacts, build in steps:
                (folder / "pylock.environment.toml").write_text(
                    derived_lock(artifacts, install.python_version), encoding="utf-8"
                )
                arguments = install_arguments(
                    install.python,
                    "pylock.environment.toml",
                    offline=install.offline,
                    build=build,
                    no_index=self.settings.no_index,
                )
                done = self._run(arguments, folder, INSTALL_DEADLINE, on_line=listen, cancel=cancel)
                if done.returncode != 0:
                    raise engine_errors.explain(done.stderr, doing="install")

    def forget(self, names: Sequence[str]) -> None:
        """Drop what the engine's cache holds of these distributions."""
        with self._workshop() as folder:
            self._run(["cache", "clean", "--no-config", *names], folder, 120)

    def _run(
        self, arguments: list[str], folder: Path, timeout: float, *, on_line: Any = None, cancel: Cancel | None = None
    ) -> Completed:
        env = scrubbed(self.environ, self.settings, self.cache)
        return run([self.program(), *arguments], cwd=folder, env=env, timeout=timeout, on_line=on_line, cancel=cancel)

    @contextmanager
    def _workshop(self) -> Iterator[Path]:
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


class _Listener:
    """Turns the engine's lines into progress; only files of over a megabyte are announced by it."""

    def __init__(self, sizes: Mapping[str, int], reporter: Reporter) -> None:
        self.sizes = sizes
        self.reporter = reporter
        self.started: dict[str, int] = {}
        self.ended: dict[str, int] = {}

    def __call__(self, line: str) -> None:
        match = _SIZE.match(line)
        if match:
            into = self.started if match[1] == "Downloading" else self.ended
            into[match[2]] = self.sizes.get(match[2], 0)
            self.reporter(
                Progress(
                    phase="downloading",
                    detail=match[2],
                    done=len(self.ended),
                    total=len(self.started),
                    bytes_done=sum(self.ended.values()),
                    bytes_total=sum(self.started.values()),
                )
            )
        elif line.startswith("Prepared "):
            self.reporter(Progress(phase="linking"))
