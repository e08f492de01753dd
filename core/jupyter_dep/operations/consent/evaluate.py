"""Decide whether this user has consented to a lock, and name what still needs consent."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from jupyter_dep.base.errors import ConsentError
from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.base.steps import Hint, allow_options, step
from jupyter_dep.io.engine.project_files import anchored
from jupyter_dep.model.declaration.declaration import Declaration
from jupyter_dep.model.lock.audit import ConsentScope, declared_items
from jupyter_dep.model.lock.digest import LockDigest
from jupyter_dep.model.lock.select import Artifact
from jupyter_dep.services import Services

Basis = Literal["own", "allowed", "folder", "none"]


@frozen_dataclass
class Trust:
    """Why a lock may be used: `basis`; `missing` are the scopes that need a grant of their own and have none."""

    basis: Basis
    missing: tuple[ConsentScope, ...] = ()

    @property
    def given(self) -> bool:
        """Whether the lock may be used here, with all that it asks for."""
        return self.basis != "none" and not self.missing


def trust_of(summary: LockDigest, notebook: Path, services: Services, artifacts: Iterable[Artifact] = ()) -> Trust:
    """Look up what is recorded for a lock; `artifacts` are those that this machine would install."""
    missing = services.consent.missing(artifact_scopes(artifacts))
    if services.consent.is_own(summary.fingerprint):
        return Trust(basis="own", missing=missing)
    if services.consent.allows_fingerprint(summary.fingerprint):
        return Trust(basis="allowed", missing=missing)
    if services.consent.trusted_folder_for(notebook.parent) is not None:
        return Trust(basis="folder", missing=missing)
    return Trust(basis="none", missing=missing)


def declaration_scopes(declaration: Declaration | None, folder: Path | None) -> tuple[ConsentScope, ...]:
    """List what a declaration asks beyond names from the configured index; a folder's paths are made absolute."""
    if declaration is None:
        return ()
    return declared_items(anchored(declaration, folder) if folder is not None else declaration)


def host_scope(artifact: Artifact) -> ConsentScope:
    """Name what has to be allowed to fetch a file from where the lock says it is."""
    parts = urlsplit(artifact.url)
    if parts.scheme in ("http", "https"):
        return ConsentScope(kind="host", value=parts.netloc)
    return ConsentScope(kind="path", value=artifact.url)


def artifact_scopes(artifacts: Iterable[Artifact]) -> tuple[ConsentScope, ...]:
    """List what of a selection runs or fetches more than a hashed wheel does."""
    items = set()
    for item in artifacts:
        if item.kind == "sdist":
            items.add(ConsentScope(kind="build", value=item.name))
        elif item.kind == "vcs":
            items.add(ConsentScope(kind="vcs", value=item.url))
        elif item.kind == "archive":
            items.add(ConsentScope(kind="archive", value=item.url))
        elif item.kind == "directory":
            items.add(ConsentScope(kind="path", value=item.url))
    return tuple(sorted(items))


def covered(declared: Iterable[ConsentScope], found: Iterable[ConsentScope]) -> tuple[ConsentScope, ...]:
    """Keep those found scopes that a declaration names: the same address at any commit, or the same build or folder."""
    addresses = {_strip_revision(item.value) for item in declared if item.kind in ("vcs", "archive")}
    names = {(item.kind, item.value) for item in declared if item.kind in ("build", "path")}
    return tuple(
        item
        for item in found
        if (item.kind in ("vcs", "archive") and _strip_revision(item.value) in addresses) or (item.kind, item.value) in names
    )


def _strip_revision(value: str) -> str:
    """Strip scheme prefix, revision and fragment from a source's address."""
    base = value.split("#", 1)[0].removeprefix("git+")
    head, _, tail = base.rpartition("/")
    return f"{head}/{tail.split('@', 1)[0].removesuffix('.git')}"


def consent_missing(summary: LockDigest, missing: Iterable[ConsentScope], file: str, *, known: bool = False) -> ConsentError:
    """Build the refusal that says what would consent; `known`: the lock itself is allowed, but not all that it asks for."""
    items = tuple(missing)
    words = "; ".join(item.words() for item in items)
    whose = "" if known else "this lock comes from someone else and has not been allowed"
    what = f"{'; it also' if whose else 'this lock'} {words}" if words else ""
    return ConsentError(
        "consent-missing",
        whose + what,
        hint=Hint(
            "look at it with ",
            step("show"),
            ", then ",
            step("trust allow", *allow_options(items)),
            f" (fingerprint {summary.fingerprint[:12]})",
        ),
        context={"file": file},
    )


def require_scopes(items: Iterable[ConsentScope], services: Services, file: str) -> None:
    """Refuse to resolve what asks a foreign index or runs a build before each is granted (`consent-missing`)."""
    missing = services.consent.missing(items)
    if missing:
        raise ConsentError(
            "consent-missing",
            "the declaration " + "; ".join(item.words() for item in missing),
            hint=Hint("if you mean it: ", step("trust allow", *allow_options(missing))),
            context={"file": file},
        )
