"""Whether a lock may be used by this user, and what a yes would cover."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, cast, get_args

from jupyter_dep.base.errors import ConsentError, DepError
from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.model.lock.audit import ConsentScope, ItemKind
from jupyter_dep.model.lock.digest import LockDigest
from jupyter_dep.model.lock.select import Artifact
from jupyter_dep.services import Services

Basis = Literal["own", "allowed", "folder", "none"]


@frozen_dataclass
class Trust:
    """`basis` is why the lock may be used; `missing` are unusual items without a yes of their own."""

    basis: Basis
    missing: tuple[ConsentScope, ...] = ()

    @property
    def given(self) -> bool:
        return self.basis != "none" and not self.missing


def trust_of(summary: LockDigest, notebook: Path, services: Services, artifacts: Iterable[Artifact] = ()) -> Trust:
    """What is recorded for a lock; `artifacts` are those that this machine would install."""
    missing = services.consent.lacking(unusual_artifacts(artifacts))
    if services.consent.own(summary.fingerprint):
        return Trust(basis="own", missing=missing)
    if services.consent.knows(summary.fingerprint):
        return Trust(basis="allowed", missing=missing)
    if services.consent.folder_of(notebook.parent) is not None:
        return Trust(basis="folder", missing=missing)
    return Trust(basis="none", missing=missing)


def unusual_artifacts(artifacts: Iterable[Artifact]) -> tuple[ConsentScope, ...]:
    """What of a selection runs or fetches more than a hashed wheel does."""
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
    """Those found items that a declaration names: the same address, whatever commit it resolved to, or the same build or
    folder."""
    addresses = {_address(item.value) for item in declared if item.kind in ("vcs", "archive")}
    names = {(item.kind, item.value) for item in declared if item.kind in ("build", "path")}
    return tuple(
        item
        for item in found
        if (item.kind in ("vcs", "archive") and _address(item.value) in addresses) or (item.kind, item.value) in names
    )


def _address(value: str) -> str:
    """A source's address without scheme prefix, revision and fragment."""
    base = value.split("#", 1)[0].removeprefix("git+")
    head, _, tail = base.rpartition("/")
    return f"{head}/{tail.split('@', 1)[0].removesuffix('.git')}"


def consent_missing(summary: LockDigest, missing: Iterable[ConsentScope], file: str, *, known: bool = False) -> ConsentError:
    """The refusal that says what would consent; `known`: the lock itself may run here, but not all that it asks for."""
    items = tuple(missing)
    allow = "".join(f" --allow {shlex.quote(str(item))}" for item in items)
    words = "; ".join(item.words() for item in items)
    whose = "" if known else "this lock was written by somebody else and has not been allowed to run here"
    what = f"{'; it also' if whose else 'this lock'} {words}" if words else ""
    return ConsentError(
        "consent-missing",
        whose + what,
        hint=f"look at it with `jupyter dep show {shlex.quote(file)}`, "
        f"then `jupyter dep trust allow {shlex.quote(file)}{allow}` (fingerprint {summary.fingerprint[:12]})",
        context={"file": file},
    )


def unusual_needs_consent(items: Iterable[ConsentScope], services: Services, file: str) -> None:
    """Refuse to resolve what asks a foreign index or runs a build before each has its yes (`consent-missing`)."""
    missing = services.consent.lacking(items)
    if missing:
        allow = "".join(f" --allow {shlex.quote(str(item))}" for item in missing)
        raise ConsentError(
            "consent-missing",
            "the declaration " + "; ".join(item.words() for item in missing),
            hint=f"if you mean it: `jupyter dep trust allow {shlex.quote(file)}{allow}`",
            context={"file": file},
        )


@contextmanager
def granting(allowed: Sequence[str], services: Services) -> Iterator[tuple[ConsentScope, ...]]:
    """Items allowed for what happens inside, and kept allowed only if it succeeds. Errors: `bad-item`."""
    granted = _items(allowed)
    before = {given.value for given in services.consent.given() if given.kind == "item"}
    fresh = [str(item) for item in granted if str(item) not in before]
    services.consent.allow("item", fresh, by="command")
    try:
        yield granted
    except BaseException:
        services.consent.revoke(fresh)
        raise


def _items(named: Sequence[str]) -> tuple[ConsentScope, ...]:
    found = []
    for text in sorted(set(named)):
        kind, _, value = text.partition(":")
        if kind not in get_args(ItemKind) or not value:
            raise DepError(
                "bad-item",
                f"`{text}` is nothing that could be allowed",
                hint=f"it has the form KIND:VALUE, with KIND one of {', '.join(get_args(ItemKind))}",
            )
        found.append(ConsentScope(kind=cast(ItemKind, kind), value=value))
    return tuple(found)
