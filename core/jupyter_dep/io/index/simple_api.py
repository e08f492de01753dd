"""What an index's pages say: the names on its root, the versions and files on a name's page (PEP 503, 691, 700).

An index is not trusted: nothing of it counts as a name, a version or a number before it was checked.
"""

from __future__ import annotations

import codecs
import html
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.tags import Tag
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import Version

from jupyter_dep.base.errors import IndexUnreachableError
from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.base.steps import DOCTOR, Hint

_LONGEST_ENTRY = 1 << 16
_LONGEST_NAME = 1000
_LONGEST_TAG = 1 << 13
_PROJECTS = re.compile(r'"projects"\s*:\s*\[')
_OPENING = re.compile(r"<a[\s>]", re.IGNORECASE)
# Neither can pass a `<`, so that a page of opened tags is read in time that is in proportion to its size.
_ANCHOR = re.compile(r"""<a\s((?:[^<>"']|"[^"<]*"|'[^'<]*')*)>""", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""([\w-]+)\s*=\s*("[^"]*"|'[^']*')""")
_CLOSING = re.compile(r"</a\b", re.IGNORECASE)
_SEPARATORS = re.compile(r"[, \t\r\n]*")
_DECODER = json.JSONDecoder()


@frozen_dataclass
class File:
    """One wheel (with its tags) or source archive of a name's page. `size` in bytes, 0 where the page does not tell it."""

    filename: str
    url: str
    version: Version
    requires_python: str = ""
    size: int = 0
    yanked: bool = False
    metadata: bool = False
    """Whether the index serves the wheel's metadata beside it (PEP 658)."""
    tags: frozenset[Tag] = frozenset()

    @property
    def is_wheel(self) -> bool:
        """Whether the file is a wheel."""
        return bool(self.tags)


def is_json(kind: str) -> bool:
    """Whether a media type is JSON."""
    return kind.endswith("json")


def names_of_root(kind: str, pieces: Iterable[bytes], host: str) -> Iterator[str]:
    """The texts that stand where a root page has names, one after the other while it arrives; what they are is not checked.

    Errors: `no-package-page` for an answer that has no such place.
    """
    text = codecs.iterdecode(pieces, "utf-8", errors="replace")
    names = _json_names(text) if is_json(kind) else _html_names(text)
    some = False
    for name in names:
        some = True
        yield name
    if not some:
        raise no_package_page(f"`{host}` has no list of names at its root")


def _json_names(pieces: Iterable[str]) -> Iterator[str]:
    """The names in `projects`. Entries are decoded one by one: the whole of a big index would take a gigabyte."""
    buffer, inside = "", False
    for piece in pieces:
        buffer += piece
        if not inside:
            start = _PROJECTS.search(buffer)
            if start is None:
                buffer = buffer[-_LONGEST_ENTRY:]
                continue
            inside, buffer = True, buffer[start.end() :]
        at = 0
        while True:
            at = _SEPARATORS.match(buffer, at).end()  # type: ignore[union-attr]  # it matches nothing, too
            if buffer.startswith("]", at):
                return
            try:
                entry, at = _DECODER.raw_decode(buffer, at)
            except ValueError:  # the rest of it is still to come
                break
            except RecursionError:
                return
            if isinstance(entry, dict) and isinstance(name := entry.get("name"), str):
                yield name
        buffer = buffer[at:]
        if len(buffer) > _LONGEST_ENTRY * 4:
            return


def _html_names(pieces: Iterable[str]) -> Iterator[str]:
    """The texts of the anchors. Each closing tag is looked at once: a pattern over whole anchors could take for ever."""
    buffer = ""
    for piece in pieces:
        buffer += piece
        done = 0
        for closing in _CLOSING.finditer(buffer):
            anchor, done = buffer[done : closing.start()], closing.end()
            end = anchor.rfind(">")
            if _OPENING.match(anchor, max(anchor.rfind("<", 0, end), 0)):
                yield html.unescape(anchor[end + 1 : end + _LONGEST_NAME]).strip()
        buffer = buffer[max(done, len(buffer) - _LONGEST_ENTRY) :]


def files_of_page(kind: str, content: bytes, url: str, name: str) -> tuple[File, ...]:
    """The files on the page of a name that belong to it. Errors: `no-package-page`."""
    host = urlsplit(url).hostname or url
    found: list[dict[str, Any]]
    if is_json(kind):
        try:
            page = json.loads(content)
            found = [entry for entry in page["files"] if isinstance(entry, dict)]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise no_package_page(f"`{host}` did not answer with a package page") from error
    else:
        found = list(_anchors(content.decode("utf-8", errors="replace")))
    return tuple(file for entry in found if (file := _file(entry, url, name)) is not None)


def _anchors(text: str) -> Iterator[dict[str, Any]]:
    """The anchors of an HTML page as entries of the JSON form."""
    for tag in _ANCHOR.finditer(text):
        if len(tag[1]) > _LONGEST_TAG:
            continue
        values = {found[1].lower(): html.unescape(found[2][1:-1]) for found in _ATTRIBUTE.finditer(tag[1])}
        names = {word.lower() for word in re.findall(r"[\w-]+", _ATTRIBUTE.sub(" ", tag[1]))} | values.keys()
        url = values.get("href", "")
        yield {
            "url": url,
            "filename": unquote(urlsplit(url).path.rsplit("/", 1)[-1]) if _is_url(url) else "",
            "requires-python": values.get("data-requires-python"),
            "yanked": "data-yanked" in names,
            "core-metadata": bool({"data-core-metadata", "data-dist-info-metadata"} & names),
        }


def _is_url(url: str) -> bool:
    try:
        urlsplit(url)
    except ValueError:
        return False
    return True


def _file(entry: dict[str, Any], page: str, name: str) -> File | None:
    filename, url = entry.get("filename"), entry.get("url")
    if not isinstance(filename, str) or not isinstance(url, str) or not _is_url(url):
        return None
    tags: frozenset[Tag] = frozenset()
    try:
        if filename.endswith(".whl"):
            project, version, _, tags = parse_wheel_filename(filename)
        else:
            project, version = parse_sdist_filename(filename)
    except (InvalidWheelFilename, InvalidSdistFilename):
        return None
    if project != canonicalize_name(name):
        return None
    size = entry.get("size")
    return File(
        filename=filename,
        url=urljoin(page, url),
        version=version,
        requires_python=_specifier(entry.get("requires-python")),
        size=size if isinstance(size, int) and not isinstance(size, bool) and 0 < size < 1 << 50 else 0,
        yanked=bool(entry.get("yanked")),
        metadata=bool(entry.get("core-metadata") or entry.get("dist-info-metadata")),
        tags=tags,
    )


def _specifier(text: object) -> str:
    try:
        return str(SpecifierSet(text)) if isinstance(text, str) else ""
    except InvalidSpecifier:
        return ""


def no_package_page(message: str) -> IndexUnreachableError:
    """Give the error for an answer that is not a page of a package index."""
    return IndexUnreachableError(
        "no-package-page",
        message,
        hint=Hint(
            "open any web page to see whether a network's login page stands in between (hotel, train, office); ",
            "if not, check the index's URL with ",
            DOCTOR,
        ),
    )
