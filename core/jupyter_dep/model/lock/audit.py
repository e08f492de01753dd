"""Audit of locks and declarations: what is refused, what needs a consent of its own, what is harmless."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.steps import Hint, step
from jupyter_dep.model.declaration.declaration import Declaration
from jupyter_dep.model.declaration.requirement import parse, without_login

from .lockfile import Lock

if TYPE_CHECKING:
    from packaging.pylock import Package, PackageSdist, PackageWheel

ItemKind = Literal["build", "vcs", "path", "archive", "host", "index", "source"]
_STRONG = {"sha256", "sha384", "sha512", "sha3_256", "sha3_384", "sha3_512", "blake2b"}
_SHA256 = re.compile("[0-9a-f]{64}")
_CONTROLS = re.compile(r"[\x00-\x20\x7f]")


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class ConsentScope:
    """Something unusual that needs a consent of its own; `str(item)` is what the user types to allow it."""

    kind: ItemKind
    value: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.value}"

    def words(self) -> str:
        """A sentence on what the consent means."""
        return {
            "build": f"runs the build program of `{self.value}` (it has no wheel for this platform)",
            "vcs": f"fetches and builds source from {self.value}",
            "path": f"uses the folder or file {self.value}",
            "archive": f"fetches {self.value}, which no index vouches for",
            "host": f"fetches files from {self.value}, which your package index does not vouch for",
            "index": f"asks the package index {self.value}, which you have not configured",
            "source": f"takes a package from {self.value}",
        }[self.kind]


def audit_lock(lock: Lock, *, context: Mapping[str, str | int]) -> tuple[ConsentScope, ...]:
    """Refuse what is never installed (`unsafe-lock`), list what is unusual."""
    items: set[ConsentScope] = set()
    for position, package in enumerate(lock.packages):
        where = {**context, "package": package.name}
        if package.index is not None:
            check_url(package.index, where)
        items |= _list_source_items(package, where)
        for artifact in files_of(package):
            _check_artifact(package, artifact, where)
            if artifact.path is not None or urlsplit(artifact.url or "").scheme == "file":
                items.add(ConsentScope(kind="path", value=artifact.path or artifact.url or ""))
        if package.sdist is not None and not package.wheels:
            items.add(ConsentScope(kind="build", value=package.name))
        if position > 20_000:
            raise _refuse_unsafe("the lock has more than 20,000 packages", where)
    return tuple(sorted(items))


def files_of(package: Package) -> list[PackageWheel | PackageSdist]:
    """Every wheel and the source archive of a locked package."""
    sdist = [package.sdist] if package.sdist is not None else []
    return [*(package.wheels or ()), *sdist]


def _list_source_items(package: Package, where: Mapping[str, str | int]) -> set[ConsentScope]:
    if package.vcs is not None:
        address = package.vcs.url or package.vcs.path or ""
        check_url(address, where)
        return {ConsentScope(kind="vcs", value=f"{package.vcs.type}+{address}@{package.vcs.commit_id}")}
    if package.directory is not None:
        return {ConsentScope(kind="path", value=package.directory.path)}
    if package.archive is not None:
        address = package.archive.url or package.archive.path or ""
        check_url(address, where)
        if not _STRONG & set(package.archive.hashes):
            raise _refuse_unsafe("the archive has no strong hash", where)
        if urlsplit(address).scheme in ("", "file"):
            return {ConsentScope(kind="path", value=address)}
        return {ConsentScope(kind="archive", value=address)}
    return set()


def _check_artifact(package: Package, artifact: PackageWheel | PackageSdist, where: Mapping[str, str | int]) -> None:
    filename = artifact.filename  # worked out of the address each time
    sha256 = artifact.hashes.get("sha256")
    if not sha256:
        raise _refuse_unsafe(f"`{filename}` has no sha256 hash", where)
    if not _SHA256.fullmatch(sha256):
        raise _refuse_unsafe(f"`{filename}` has a sha256 hash that is none", where)
    if artifact.url is not None:
        check_url(artifact.url, where)
    is_source = artifact is package.sdist
    try:
        if not is_source:
            name, version, *_ = parse_wheel_filename(filename)
        else:
            name, version = parse_sdist_filename(filename)
    except (InvalidWheelFilename, InvalidSdistFilename) as error:
        if is_source:
            return  # old source archives have names that no rule covers; they are never used without a consent
        raise _refuse_unsafe(str(error), where) from error
    if name != package.name or (package.version is not None and version != package.version):
        raise _refuse_unsafe(f"`{filename}` is not a file of {package.name} {package.version}", where)


def check_url(url: str, where: Mapping[str, str | int]) -> None:
    """Refuse credentials, variables and control characters in an address (`unsafe-lock`)."""
    if "${" in url:
        raise _refuse_unsafe("an address holds `${`, which would put your environment into a request", where)
    if _CONTROLS.search(url):
        raise _refuse_unsafe("an address holds control characters or spaces", where)
    try:
        parts = urlsplit(without_login(url))
    except ValueError as error:
        raise _refuse_unsafe(f"an address is malformed: {error}", where) from error
    if parts.username or parts.password:
        raise _refuse_unsafe("an address holds a user name or a password", where)


def _refuse_unsafe(message: str, where: Mapping[str, str | int]) -> DepError:
    return DepError(
        "unsafe-lock",
        message,
        hint=Hint("nothing of this lock is installed; ", step("lock"), " makes a new one from the declaration"),
        context=where,
    )


def declared_items(declaration: Declaration) -> tuple[ConsentScope, ...]:
    """What a declaration asks beyond names from the configured index."""
    items: set[ConsentScope] = set()
    further = [declaration.uv.get(key, ()) for key in ("constraint-dependencies", "override-dependencies")]
    for requirement in [*declaration.every_requirement, *(parse(str(text)) for texts in further for text in _listed(texts))]:
        if requirement.url:
            items.add(_address_item(requirement.url))
    for index in declaration.indexes:
        items.add(ConsentScope(kind="index", value=str(index.get("url", ""))))
    sources: Any = declaration.uv.get("sources", {})
    for name, listed in sources.items():
        for source in listed if isinstance(listed, list) else [listed]:
            for key in ("git", "url", "path"):
                if key in source:
                    value = str(source[key])
                    items.add(
                        ConsentScope(kind="vcs", value=f"git+{value}")
                        if key == "git"
                        else ConsentScope(kind="path" if key == "path" else "archive", value=value)
                    )
            if "workspace" in source:
                items.add(ConsentScope(kind="source", value=f"workspace:{canonicalize_name(name)}"))
    items |= {ConsentScope(kind="build", value=canonicalize_name(name)) for name in declaration.settings.build}
    return tuple(sorted(items))


def _listed(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else []


def _address_item(url: str) -> ConsentScope:
    scheme = urlsplit(url).scheme
    if "+" in scheme:
        return ConsentScope(kind="vcs", value=url)
    if scheme in ("", "file"):
        return ConsentScope(kind="path", value=url)
    return ConsentScope(kind="archive", value=url)
