"""An engine without programs and network: it resolves over a catalogue in memory, good enough for tests of operations.

It knows releases, pins, upgrades, cutoffs, markers of whole requirements, and hashes; it does not know extras, forks of
one name, or Pythons. The contract suite holds it to what the real engine does.
"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from email.parser import BytesHeaderParser
from pathlib import Path
from typing import Any

import tomlkit
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from jupyter_dep.base.engine_port import EngineAnswer, Install, LockRequest
from jupyter_dep.base.errors import ConflictError, DepError, IndexUnreachableError
from jupyter_dep.base.progress import CancelToken, Progress, Reporter, silent
from jupyter_dep.model.lock.group_markers import KERNEL_GROUP
from jupyter_dep.model.lock.select import Artifact

from .pages import SUFFIXES, UPLOAD_TIME, read_offer
from .wheels import escaped

URL = "http://fake.example/simple"
ROOT = "jupyter-dep-root"
Node = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    name: str
    sha256: str
    size: int
    upload_time: str = UPLOAD_TIME

    @property
    def is_wheel(self) -> bool:
        return self.name.endswith(".whl")


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    name: str
    version: str
    requires: tuple[str, ...] = ()
    files: tuple[File, ...] = ()

    @property
    def node(self) -> Node:
        return self.name, self.version


def release(name: str, version: str, *requires: str, upload_time: str = UPLOAD_TIME, content: str = "") -> Release:
    """A release with one wheel that fits everywhere; another `content` gives other bytes."""
    file = f"{escaped(name)}-{version}-py3-none-any.whl"
    digest = hashlib.sha256(f"{file} {content}".encode()).hexdigest()
    wheel = File(name=file, sha256=digest, size=1000, upload_time=upload_time)
    return Release(name=name, version=version, requires=requires, files=(wheel,))


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What an index has: releases by name, newest first."""

    releases: Mapping[str, tuple[Release, ...]]

    @classmethod
    def of(cls, releases: Iterable[Release]) -> Catalogue:
        found: dict[str, list[Release]] = {}
        for one in releases:
            found.setdefault(one.name, []).append(one)
        return cls(
            {name: tuple(sorted(all_, key=lambda one: Version(one.version), reverse=True)) for name, all_ in found.items()}
        )

    @classmethod
    def of_folders(cls, folders: Iterable[Path], upload_times: Mapping[str, str] | None = None) -> Catalogue:
        """What a loopback index would serve from the same folders."""
        found: dict[Node, Release] = {}
        paths = (path for folder in folders if folder.is_dir() for path in sorted(folder.iterdir()))
        for path in paths:
            if not path.name.endswith(SUFFIXES):
                continue
            offer = read_offer(path)
            file = File(
                name=path.name,
                sha256=offer.sha256,
                size=offer.size,
                upload_time=(upload_times or {}).get(path.name, UPLOAD_TIME),
            )
            headers = BytesHeaderParser().parsebytes(offer.metadata)
            known = found.get((offer.project, offer.version))
            if known is not None and file.name in {other.name for other in known.files}:
                continue  # the first folder that has a file serves it
            found[(offer.project, offer.version)] = Release(
                name=offer.project,
                version=offer.version,
                requires=tuple(headers.get_all("Requires-Dist", [])),
                files=(*(known.files if known else ()), file),
            )
        return cls.of(found.values())

    def file(self, name: str) -> File | None:
        files = (file for all_ in self.releases.values() for one in all_ for file in one.files)
        return next((file for file in files if file.name == name), None)


class FakeEngine:
    """`catalogue` is asked whenever the network would be; it may raise `ConnectionError`. `calls` are the verbs, in order."""

    def __init__(self, catalogue: Catalogue | Callable[[], Catalogue], url: str = URL) -> None:
        self._catalogue = catalogue
        self._cached = Catalogue({})
        self._fetched: set[str] = set()
        self.url = url
        self.calls: list[str] = []

    def version(self) -> str:
        return "fake 0"

    def default_index(self) -> str:
        return self.url

    def lock(self, request: LockRequest, *, reporter: Reporter = silent, cancel: CancelToken | None = None) -> EngineAnswer:
        self.calls.append("lock")
        reporter(Progress(phase="resolving"))
        _stop_if(cancel)
        available = self._look(request.offline)
        parts = _parts(request)
        solver = _Solver(available, request, offline=request.offline)
        chosen = solver.solve([(item, part.who) for part in parts for item in part.requirements])
        if not request.offline:
            names = {*self._cached.releases, *solver.asked}
            self._cached = Catalogue({name: available.releases[name] for name in sorted(names & available.releases.keys())})
        answer = _Answer(chosen=chosen, url=self.url, requires_python=request.requires_python, name=request.project or ROOT)
        return EngineAnswer(pylock=answer.pylock(parts), tree=answer.tree(parts))

    def _look(self, offline: bool) -> Catalogue:
        if offline:
            return self._cached
        try:
            return self._catalogue() if callable(self._catalogue) else self._catalogue
        except ConnectionError:
            raise IndexUnreachableError("network", "the index cannot be reached", hint="check the network") from None

    def verify_against_index(
        self, artifacts: Sequence[Artifact], *, python: str, offline: bool = False, cancel: CancelToken | None = None
    ) -> dict[str, Artifact]:
        self.calls.append("verify_against_index")
        available = self._look(offline)
        found = {}
        for item in artifacts:
            served = available.file(item.filename)
            if item.kind in ("wheel", "sdist") and served is not None and served.sha256 == item.sha256:
                found[item.name] = replace(item, url=self._address(served), index=self.url)
        return found

    def _address(self, file: File) -> str:
        return f"{self.url.removesuffix('/simple')}/files/{file.name}"

    def built_metadata(
        self, requirement: str, *, python: str, offline: bool = False, cancel: CancelToken | None = None
    ) -> Mapping[str, Any]:
        self.calls.append("built_metadata")
        wanted = Requirement(requirement)
        for one in self._look(offline).releases.get(canonicalize_name(wanted.name), ()):
            if wanted.specifier.contains(one.version):
                return {"name": one.name, "version": one.version, "requires-dist": list(one.requires), "provides-extra": []}
        raise _unknown(wanted.name)

    def install(self, install: Install, *, reporter: Reporter = silent, cancel: CancelToken | None = None) -> None:
        self.calls.append("install")
        reporter(Progress(phase="linking"))
        _stop_if(cancel)
        site = Path(install.python).parent.parent / "lib" / f"python{install.python_version}" / "site-packages"
        available = self._look(install.offline)
        for item in install.artifacts:
            if install.offline and item.filename not in self._fetched:
                raise _offline()
            served = available.file(item.filename)
            if served is None:
                raise IndexUnreachableError("index-missing-file", f"no `{item.filename}`", hint="update")
            if served.sha256 != item.sha256:
                raise DepError("hash-mismatch", f"`{item.filename}` is not the file that was locked", hint="update")
            self._fetched.add(item.filename)
        for item in install.artifacts:
            _put(site, item)

    def forget(self, names: Sequence[str]) -> None:
        self.calls.append("forget")

    def clear(self, *, cancel: CancelToken | None = None) -> None:
        self.calls.append("clear")


def _put(site: Path, item: Artifact) -> None:
    stem = escaped(item.name)
    info = f"{stem}-{item.version}.dist-info"
    files = {
        f"{stem}/__init__.py": f'__version__ = "{item.version}"\n',
        f"{info}/METADATA": f"Metadata-Version: 2.3\nName: {item.name}\nVersion: {item.version}\n",
        f"{info}/INSTALLER": "fake\n",
    }
    rows = []
    for name, text in files.items():
        path = site / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")
        digest = urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")
        rows.append(f"{name},sha256={digest},{len(text.encode())}\n")
    (site / info / "RECORD").write_text("".join([*rows, f"{info}/RECORD,,\n"]), encoding="utf-8", newline="")


def _stop_if(cancel: CancelToken | None) -> None:
    if cancel is not None and cancel.is_set:
        raise DepError("cancelled", "cancelled", hint="run the same again")


def _unknown(name: str) -> IndexUnreachableError:
    return IndexUnreachableError(
        "unknown-package", f"no package index knows `{name}`", hint="check the spelling", context={"package": name}
    )


def _offline() -> IndexUnreachableError:
    return IndexUnreachableError("offline", "it is not in the cache", hint="run once without `--offline`")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """What one part of the project asks for; `kind` is how the engine's tree calls it, `who` how its errors do."""

    kind: str | dict[str, str]
    requirements: list[Requirement]
    who: str = ""


def _parts(request: LockRequest) -> list[_Part]:
    declared = request.declaration
    extras = [({"extra": name}, listed, f"extra `{name}`") for name, listed in declared.extras.items()]
    groups = [({"group": name}, listed, f"group `{name}`") for name, listed in declared.groups.items()]
    kernel = ({"group": KERNEL_GROUP}, [Requirement(text) for text in request.kernel], "the kernel")
    found = [_Part(kind="package", requirements=[Requirement(str(item)) for item in declared.dependencies])]
    for kind, listed, who in (*extras, *groups, kernel):
        found.append(_Part(kind=kind, requirements=[Requirement(str(item)) for item in listed], who=who))
    return found


@dataclass(slots=True)
class _Solver:
    """Backtracking, newest first, pins before all: small catalogues only."""

    catalogue: Catalogue
    request: LockRequest
    offline: bool
    asked: set[str] = field(default_factory=set)

    def solve(self, wanted: list[tuple[Requirement, str]]) -> dict[str, Release]:
        for requirement, _ in wanted:
            self._must_have_one(requirement)
        chosen = self._step(wanted, {})
        if chosen is None:
            asked = " and ".join(f"`{requirement}`" for requirement, who in wanted if who != "the kernel")
            raise ConflictError("conflict", f"no versions satisfy {asked}", hint="loosen one of the two, or remove one")
        return chosen

    def _must_have_one(self, requirement: Requirement) -> None:
        name = canonicalize_name(requirement.name)
        self.asked.add(name)
        known = self.catalogue.releases.get(name)
        if known is None:
            raise _offline() if self.offline else _unknown(name)
        fitting = [one for one in known if requirement.specifier.contains(one.version)]
        context = {"package": name}
        if not fitting:
            raise ConflictError(
                "no-such-version", f"`{name}` has no version that fits", hint="loosen the bound", context=context
            )
        in_time = [one for one in fitting if self._in_time(one)]
        if not in_time:
            raise ConflictError("cutoff", f"`{name}` has no version from before the cutoff", hint="later", context=context)
        if not any(self._installable(one) for one in in_time):
            raise ConflictError("needs-build", f"`{name}` has no wheel", hint="permit its build", context=context)

    def _in_time(self, one: Release) -> bool:
        cutoff = self.request.cutoff
        return cutoff is None or any(file.upload_time < cutoff for file in one.files)

    def _installable(self, one: Release) -> bool:
        return one.name in self.request.build or any(file.is_wheel for file in one.files)

    def _step(self, wanted: list[tuple[Requirement, str]], chosen: dict[str, Release]) -> dict[str, Release] | None:
        if not wanted:
            return chosen
        (requirement, _), rest = wanted[0], wanted[1:]
        name = canonicalize_name(requirement.name)
        self.asked.add(name)
        if name in chosen:
            return self._step(rest, chosen) if requirement.specifier.contains(chosen[name].version) else None
        for one in self._candidates(name):
            if requirement.specifier.contains(one.version):
                needs = [(Requirement(text), name) for text in one.requires]
                found = self._step([*rest, *needs], {**chosen, name: one})
                if found is not None:
                    return found
        return None

    def _candidates(self, name: str) -> list[Release]:
        usable = [one for one in self.catalogue.releases.get(name, ()) if self._in_time(one) and self._installable(one)]
        upgrade = self.request.upgrade
        if upgrade is True or (isinstance(upgrade, tuple) and name in upgrade):
            return usable
        pinned = {pin.version for pin in self.request.pins if pin.name == name}
        return sorted(usable, key=lambda one: one.version not in pinned)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """What was chosen, in the engine's two formats."""

    chosen: Mapping[str, Release]
    url: str
    requires_python: str
    name: str

    def _marker(self, parts: list[_Part], name: str) -> str | None:
        """The marker that every way to `name` begins with; None where one way has none."""
        found: set[str | None] = set()
        for root in (item for part in parts for item in part.requirements):
            if name in self._reached(canonicalize_name(root.name)):
                found.add(str(root.marker) if root.marker else None)
        return None if None in found else " or ".join(sorted(str(marker) for marker in found))

    def _reached(self, name: str) -> set[str]:
        seen: set[str] = set()
        waiting = [name]
        while waiting:
            here = waiting.pop()
            if here not in seen:
                seen.add(here)
                waiting += [canonicalize_name(Requirement(text).name) for text in self.chosen[here].requires]
        return seen

    def pylock(self, parts: list[_Part]) -> str:
        lines = ['lock-version = "1.0"', 'created-by = "uv"', f'requires-python = "{self.requires_python}"', ""]
        for name, one in sorted(self.chosen.items()):
            lines += ["[[packages]]", f'name = "{name}"', f'version = "{one.version}"']
            if marker := self._marker(parts, name):
                lines.append("marker = " + tomlkit.string(marker).as_string())
            lines.append(f'index = "{self.url}"')
            sdists = [self._entry(file) for file in one.files if not file.is_wheel]
            lines += [f"sdist = {entry}" for entry in sdists[:1]]
            wheels = sorted(file.name for file in one.files if file.is_wheel)
            by_name = {file.name: file for file in one.files}
            if wheels:
                lines += ["wheels = [", *(f"    {self._entry(by_name[wheel])}," for wheel in wheels), "]"]
            lines.append("")
        return "\n".join(lines)

    def _entry(self, file: File) -> str:
        address = f"{self.url.removesuffix('/simple')}/files/{file.name}"
        return (
            f'{{ url = "{address}", upload-time = {file.upload_time}, size = {file.size}, '
            f'hashes = {{ sha256 = "{file.sha256}" }} }}'
        )

    def tree(self, parts: list[_Part]) -> dict[str, Any]:
        def identity(name: str) -> str:
            return f"{name}=={self.chosen[canonicalize_name(name)].version}@registry+{self.url}"

        def needs(requirements: Iterable[Requirement]) -> list[dict[str, str]]:
            return [
                {"id": identity(canonicalize_name(item.name)), **({"marker": str(item.marker)} if item.marker else {})}
                for item in requirements
            ]

        resolution: dict[str, Any] = {
            identity(name): {
                "name": name,
                "version": one.version,
                "source": {"registry": {"url": self.url}},
                "kind": "package",
                "dependencies": needs(map(Requirement, one.requires)),
            }
            for name, one in self.chosen.items()
        }
        roots = []
        for part in parts:
            roots.append({"id": f"{self.name}:{part.kind}"})
            resolution[f"{self.name}:{part.kind}"] = {
                "name": self.name,
                "version": "0",
                "source": {"virtual": "."},
                "kind": part.kind,
                "dependencies": needs(part.requirements),
            }
        return {"roots": roots, "resolution": resolution}
