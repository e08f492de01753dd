"""The only writer of consents: each function says what is granted and where the grant comes from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path

from jupyter_dep.model.lock.audit import ConsentScope
from jupyter_dep.services import Services


class GrantOrigin(StrEnum):
    """Where a grant comes from. The values are stored, and shown by `trust list`.

    Only `OWN_LOCK` changes what is checked later: the addresses in a lock that this user's own command wrote are the user's.
    """

    OWN_LOCK = "own"
    """This user's command wrote the lock, or made the project."""
    COMMAND = "command"
    """`trust allow`, or an `--allow` of a command that succeeded."""
    NAMED_IN_COMMAND = "named in a command"
    """A command that names the notebook and means "run this"."""
    PROMPT = "asked"
    """A yes at a command's question."""
    DECLARED = "declared"
    """The user's own lock asks for what its declaration names."""
    KERNEL_START = "asked at the kernel's start"
    """The code typed at the placeholder kernel's question."""


def grant_lock(fingerprint: str, services: Services, origin: GrantOrigin) -> None:
    """Record a yes to the lock with this fingerprint."""
    services.consent.allow("fingerprint", [fingerprint], by=origin)


def grant_scopes(scopes: Iterable[ConsentScope], services: Services, origin: GrantOrigin) -> None:
    """Record a yes to each build, repository, path or host."""
    services.consent.allow("item", sorted(str(scope) for scope in scopes), by=origin)


def grant_folder(folder: Path, services: Services, origin: GrantOrigin) -> None:
    """Record a yes to hashed wheels for every notebook below an absolute folder."""
    services.consent.allow("folder", [str(folder)], by=origin)


@contextmanager
def grant_while(scopes: Iterable[ConsentScope], services: Services) -> Iterator[None]:
    """Grant scopes for what happens inside, and keep the new ones only if that succeeds."""
    before = {grant.value for grant in services.consent.grants() if grant.kind == "item"}
    fresh = [scope for scope in scopes if str(scope) not in before]
    grant_scopes(fresh, services, GrantOrigin.COMMAND)
    try:
        yield
    except BaseException:
        revoke((str(scope) for scope in fresh), services)
        raise


def revoke(values: Iterable[str], services: Services) -> tuple[str, ...]:
    """Take back every grant with one of these values; return those that existed."""
    return services.consent.revoke(values)
