"""What a person is asked before a lock is allowed, and the grants that a command names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import field
from typing import cast, get_args

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.model.lock.audit import ConsentScope, ItemKind
from jupyter_dep.model.lock.select import Artifact
from jupyter_dep.operations.project.state import State
from jupyter_dep.services import Services

from .evaluate import Trust, artifact_scopes, declaration_scopes, trust_of
from .record import grant_while


@frozen_dataclass
class SinceGrant:
    """How a lock differs from the one that was last consented to, at time `when`."""

    when: str
    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[tuple[str, str, str], ...]


@frozen_dataclass
class ConsentQuestion:
    """What a yes to a project's lock covers. Every front end renders this one value.

    `artifacts` is None while no Python for the lock is known: `count` then covers every platform. `declared` are the locked
    names that the project asks for itself, first in every list. `scopes` pairs each unusual scope with whether it is granted.
    """

    title: str
    fingerprint: str
    python: str
    count: int
    size: int
    stale: bool
    trust: Trust
    artifacts: tuple[Artifact, ...] | None
    scopes: tuple[tuple[ConsentScope, bool], ...]
    declared: tuple[str, ...] = ()
    since: SinceGrant | None = None
    versions: Mapping[str, str] = field(default_factory=dict)

    @property
    def given(self) -> bool:
        """Whether nothing is left to ask."""
        return self.trust.basis != "none" and not self.missing

    @property
    def missing(self) -> tuple[ConsentScope, ...]:
        """Scopes that need a grant of their own and have none."""
        return tuple(scope for scope, granted in self.scopes if not granted)

    def lines(self) -> tuple[str, ...]:
        """Render the question as sentences for a cell or a terminal."""
        amount = f"{self.count} packages" if self.artifacts is not None else f"up to {self.count} packages"
        size = f" ({self.size / 1e6:.0f} MB)" if self.artifacts is not None else ""
        names = ", ".join(f"{name} {self.versions[name]}" for name in self.declared[:8])
        more = f" and {len(self.declared) - 8} more" if len(self.declared) > 8 else ""
        return (
            f"{self.title} comes with a lock that you have neither written nor allowed.",
            f"It installs {amount}{size} on Python {self.python}" + (f", among them {names}{more}." if names else "."),
            "Each file is installed only if your own package index serves it with the locked hash.",
            *(("The lock is stale: it does not match what the project declares now.",) if self.stale else ()),
            f"Fingerprint {self.fingerprint}.",
        )


def build_question(
    state: State, services: Services, artifacts: Sequence[Artifact] | None = None, hosts: Iterable[ConsentScope] = ()
) -> ConsentQuestion:
    """Build the question for a project as it was read; no network.

    `artifacts` are those that this machine would install, None where no Python for the lock is known. `hosts` are those
    found not to serve the locked files.
    """
    summary = state.summary
    chosen = tuple(artifacts or ())
    scopes = sorted({*artifact_scopes(chosen), *declaration_scopes(state.declaration, state.project.folder), *hosts})
    lacking = set(services.consent.missing(scopes))
    versions = summary.versions if summary is not None else {}
    names = state.declaration.names if state.declaration is not None else ()
    return ConsentQuestion(
        title=state.project.title,
        fingerprint=summary.fingerprint if summary is not None else "",
        python=summary.python if summary is not None else "",
        count=len(versions) if artifacts is None else len(chosen),
        size=sum(item.size or 0 for item in chosen),
        stale=summary is not None and not state.lock_answers,
        trust=trust_of(summary, state.project.file, services, chosen) if summary is not None else Trust(basis="own"),
        artifacts=None if artifacts is None else chosen,
        scopes=tuple((scope, scope not in lacking) for scope in scopes),
        declared=tuple(name for name in dict.fromkeys(names) if name in versions),
        since=_compare_with_last(state, services),
        versions=versions,
    )


def _compare_with_last(state: State, services: Services) -> SinceGrant | None:
    before = services.history.consented(state.project.file)
    if before is None:
        return None
    old, new = before.versions, (state.summary.versions if state.summary is not None else {})
    return SinceGrant(
        when=before.when,
        added=tuple(sorted(new.keys() - old.keys())),
        removed=tuple(sorted(old.keys() - new.keys())),
        changed=tuple((name, old[name], new[name]) for name in sorted(old.keys() & new.keys()) if old[name] != new[name]),
    )


@contextmanager
def granting(allowed: Sequence[str], services: Services) -> Iterator[tuple[ConsentScope, ...]]:
    """Grant the scopes of `--allow KIND:VALUE` for what happens inside, and keep them only if it succeeds.

    Errors: `bad-item`.
    """
    scopes = parse_scopes(allowed)
    with grant_while(scopes, services):
        yield scopes


def parse_scopes(texts: Iterable[str]) -> tuple[ConsentScope, ...]:
    """Parse `KIND:VALUE` texts. Errors: `bad-item`."""
    found = []
    for text in sorted(set(texts)):
        kind, _, value = text.partition(":")
        if kind not in get_args(ItemKind) or not value:
            raise DepError(
                "bad-item",
                f"invalid --allow value `{text}`; expected KIND:VALUE",
                hint=f"KIND is one of {', '.join(get_args(ItemKind))}",
            )
        found.append(ConsentScope(kind=cast(ItemKind, kind), value=value))
    return tuple(found)
