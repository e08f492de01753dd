"""Whether what an environment holds satisfies a requirement."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from jupyter_dep.base.fast_dataclass import frozen_dataclass

_LONGEST_CHAIN = 20
_VCS = re.compile(r"\A(?:git|hg|svn|bzr)\+")
_WITH_REVISION = re.compile(r"(?P<address>[a-z]+://(?:[^@/]*@)?[^@]*)@(?P<revision>[^@]*)")


@frozen_dataclass
class Distribution:
    """One installed distribution; `requires` are the lines of its metadata, `url` where it came from, if not an index."""

    name: str
    version: str
    requires: tuple[str, ...] = ()
    url: str = ""
    revisions: tuple[str, ...] = ()
    """The branch, tag and commit of a repository."""


@frozen_dataclass
class Installed:
    """The distributions of an environment by normalised name, and its marker variables."""

    distributions: Mapping[str, Distribution]
    markers: Mapping[str, str]

    @property
    def python(self) -> str:
        """The full version of its Python."""
        return self.markers["python_full_version"]

    def find(self, requirement: Requirement) -> Distribution | None:
        """The installed distribution that a requirement names."""
        return self.distributions.get(canonicalize_name(requirement.name))

    def satisfies(self, requirement: Requirement, *, depth: int = 0) -> bool:
        """Whether an installer would have nothing to do; a requirement whose marker is false is always satisfied."""
        if requirement.marker is not None and not requirement.marker.evaluate(dict(self.markers)):
            return True
        found = self.find(requirement)
        if found is None:
            return False
        if requirement.url is not None and not _is_from(found, requirement.url):
            return False
        if not requirement.specifier.contains(found.version, prereleases=True):
            return False
        needed = [] if depth > _LONGEST_CHAIN else list(self._required_by_extras(found, requirement.extras))
        return all(self.satisfies(one, depth=depth + 1) for one in needed)

    def _required_by_extras(self, found: Distribution, extras: set[str]) -> Iterator[Requirement]:
        for line in found.requires if extras else ():
            try:
                requirement = Requirement(line)
            except InvalidRequirement:
                continue
            marker, requirement.marker = requirement.marker, None
            if marker is not None and any(marker.evaluate({**self.markers, "extra": extra}) for extra in sorted(extras)):
                yield requirement

    def from_url(self, url: str) -> Distribution | None:
        """The distribution that was installed from an address."""
        return next((one for one in self.distributions.values() if _is_from(one, url)), None)


def _is_from(found: Distribution, url: str) -> bool:
    wanted, revision = _split_url(url)
    return bool(found.url) and _split_url(found.url)[0] == wanted and (not revision or revision in found.revisions)


def _split_url(url: str) -> tuple[str, str]:
    """The address of a repository or file without its spelling's freedom, and the revision that is asked for."""
    plain = url.strip().partition("#")[0]
    address = _VCS.sub("", plain)
    match = _WITH_REVISION.fullmatch(address) if address != plain else None
    bare, revision = (match["address"], match["revision"]) if match else (address, "")
    return bare.rstrip("/").removesuffix(".git"), revision
