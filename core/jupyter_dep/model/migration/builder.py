"""Collecting what a file declares: each requirement, source and index is checked, and shown without its secrets."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from urllib.parse import urlsplit, urlunsplit

from packaging.utils import canonicalize_name

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.steps import Hint, Text, map_text
from jupyter_dep.model.declaration import requirement

from .manifest_value import Group, ImportedManifest, ProjectFacts, Unsupported

_USERINFO = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*:[/\\]*)[^/\\?#\s'\"]*@")
_QUERY_VALUE = re.compile(r"([?&][^=&\s#]*=)[^&\s#'\"]*")


def redacted(text: str) -> str:
    """The text with userinfo and query values of its URLs blanked, fit to be shown."""
    if requirement.without_login(text) != text:
        return _QUERY_VALUE.sub(r"\1…", text)
    return _QUERY_VALUE.sub(r"\1…", _USERINFO.sub(r"\1…@", text))


def bare_url(url: str) -> str:
    """The URL without userinfo; without its query where that holds a secret."""
    if requirement.without_login(url) != url:
        return url
    parts = urlsplit(url)
    bare = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    try:
        requirement.refuse_secrets(bare)
    except DepError as error:
        if error.code == "credentials-in-declaration":
            bare = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], query=""))
    return bare


class ManifestBuilder:
    """Build one `ImportedManifest`: check each requirement, source and index as it comes, and list what fails with a reason.

    `known_indexes` are URLs that the user's own settings ask anyway; they are not declared again.
    """

    def __init__(self, origin: str, known_indexes: Collection[str] = ()) -> None:
        self.origin = origin
        self.dependencies: list[str] = []
        self.extras: dict[str, list[str]] = {}
        self.groups: dict[str, list[str]] = {}
        self.includes: dict[str, list[str]] = {}
        self.optional: set[str] = set()
        self.constraints: list[str] = []
        self.proposed: list[str] = []
        self.pins: dict[str, str] = {}
        self.unsupported: list[Unsupported] = []
        self._sources: dict[str, list[dict[str, object]]] = {}
        self._indexes: dict[str, dict[str, object]] = {}
        self._named: dict[str, str | None] = {}
        self._known = {url.rstrip("/") for url in known_indexes}

    def leave(self, what: str, why: Text) -> None:
        """List something that is not carried over."""
        item = Unsupported(what=redacted(what), why=why)
        if item not in self.unsupported:
            self.unsupported.append(item)

    def require(self, text: str, into: list[str]) -> bool:
        """Declare a requirement, once; False where it was left."""
        try:
            spelled = requirement.spell(" ".join(text.split()))
            requirement.parse(spelled)
        except DepError as error:
            self.leave(text, Hint(redacted(error.message), "; ", map_text(error.hint, redacted)))
            return False
        if spelled not in into:
            into.append(spelled)
        return True

    def source(self, name: str, table: Mapping[str, object], what: str) -> bool:
        """Say where a package comes from, in the form of `[tool.uv.sources]`; False where it was left.

        An `index` is one that was named before: a package of the user's own default index needs no source.
        """
        wanted = table.get("index")
        if isinstance(wanted, str):
            if wanted not in self._named:
                self.leave(what, f"unknown source `{wanted}`; the package is taken from your default index")
            if self._named.get(wanted) is None:
                return True
            table = {**table, "index": self._named[wanted]}
        try:
            for value in table.values():
                if isinstance(value, str):
                    requirement.refuse_secrets(value)
        except DepError as error:
            self.leave(what, Hint(error.message, "; ", error.hint))
            return False
        listed = self._sources.setdefault(str(canonicalize_name(name)), [])
        if dict(table) in listed:
            return True
        if listed and not ("marker" in table and all("marker" in other for other in listed)):
            self.leave(what, "the package has another source already, and markers do not separate the two")
            return False
        listed.append(dict(table))
        return True

    def index(self, url: str, *, name: str = "") -> str | None:
        """Name an index; its name, None where the user's own settings ask it or where it was left."""
        chosen = self._add_index(url, name)
        self._named |= {known: chosen for known in (name, chosen) if known}
        return chosen

    def _add_index(self, url: str, name: str) -> str | None:
        bare = bare_url(url)
        if bare != url:
            self.leave(
                f"the credentials of {redacted(bare)}", "they belong in your own index configuration, never into a project"
            )
        if not re.match(r"https?://", bare) or "${" in bare:
            self.leave(f"the index {url}", "only an http(s) address without variables can be declared")
            return None
        if bare.rstrip("/") in self._known:
            return None
        same = next((key for key, index in self._indexes.items() if str(index["url"]).rstrip("/") == bare.rstrip("/")), None)
        if same is not None:
            return same
        wanted = re.sub(r"[^A-Za-z0-9_.-]+", "-", name or _name_of_address(bare)).strip("-.") or "index"
        chosen, number = wanted, 2
        while chosen in self._indexes:
            chosen, number = f"{wanted}-{number}", number + 1
        self._indexes[chosen] = {"name": chosen, "url": bare, "explicit": True}
        return chosen

    def table(self, value: object, what: str) -> Mapping[str, object]:
        """A table, an empty one (and a line in `unsupported`) where something else stands there."""
        if isinstance(value, Mapping):
            return value
        if value is not None:
            self.leave(what, "it is not a table")
        return {}

    def texts(self, value: object, what: str) -> list[str]:
        """A list of texts, one text counting as a list; other items are left."""
        if value is None:
            return []
        items: Sequence[object] = value if isinstance(value, list) else [value]
        found = []
        for item in items:
            if isinstance(item, str):
                found.append(item)
            else:
                self.leave(what, "something in it is not a text")
        return found

    def build(self, project: ProjectFacts) -> ImportedManifest:
        """What was collected, with what the file says of the project."""
        for group in sorted(self.optional):
            self.leave(f"`optional` of the group {group}", "every group is installed unless `--without` names it")
        return ImportedManifest(
            origin=self.origin,
            name=project.name,
            version=project.version,
            description=project.description,
            requires_python=project.requires_python,
            dependencies=tuple(self.dependencies),
            extras={key: tuple(texts) for key, texts in self.extras.items()},
            groups={
                key: Group(
                    requirements=tuple(self.groups.get(key, ())),
                    includes=tuple(self.includes.get(key, ())),
                    optional=key in self.optional,
                )
                for key in dict.fromkeys([*self.groups, *self.includes])
            },
            sources={key: tuple(tables) for key, tables in self._sources.items() if tables},
            indexes=tuple(self._indexes.values()),
            constraints=tuple(self.constraints),
            prerelease=project.prerelease,
            metadata={key: value for key, value in project.metadata.items() if value},
            package=project.package,
            pins=tuple(sorted(self.pins.items())),
            proposed=tuple(self.proposed),
            unsupported=tuple(self.unsupported),
        )


def unreadable(origin: str, form: str, error: Exception) -> DepError:
    """A file that is not of its form at all."""
    return DepError(
        "unreadable-import",
        f"the file is not {form}: {redacted(' '.join(str(error).split()))}",
        hint="correct the file with the tool that wrote it, or name another one",
        context={"file": origin},
    )


def license_text(builder: ManifestBuilder, text: str | None) -> str | None:
    """An SPDX expression, as `[project] license` wants it; any other text is left."""
    from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

    if not text:
        return None
    try:
        return str(canonicalize_license_expression(text))
    except InvalidLicenseExpression:
        builder.leave(f"license {text}", "it is not an SPDX expression; write one such as `MIT` or `BSD-3-Clause`")
        return None


def _name_of_address(url: str) -> str:
    parts = urlsplit(url)
    path = re.sub(r"/(?:simple|\+simple)?/?$", "", parts.path)
    return re.sub(r"[^a-z0-9]+", "-", f"{parts.hostname or ''}{path}".lower()).strip("-")
