"""Queries to the configured index: the versions of one name, and the list of all names."""

from __future__ import annotations

from collections.abc import Iterator
from email.parser import HeaderParser
from urllib.parse import urlsplit

from packaging.tags import sys_tags
from packaging.utils import canonicalize_name

from jupyter_dep.base.errors import IndexUnreachableError
from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.base.progress import CancelToken, Progress, Reporter, silent
from jupyter_dep.base.steps import DOCTOR, Hint
from jupyter_dep.io.index.http import Limits, Page, page_url
from jupyter_dep.io.index.name_cache import StoredList
from jupyter_dep.io.index.settings import redact
from jupyter_dep.io.index.simple_api import File, files_of_page, names_of_root, no_package_page
from jupyter_dep.model.declaration.requirement import parse
from jupyter_dep.model.packages.catalogue import entries
from jupyter_dep.model.packages.import_map import meant_by
from jupyter_dep.model.packages.similarity import similar_names
from jupyter_dep.services import Services

from .search_result import PackageDetails

MOST_VERSIONS = 50

_ROOT = Limits(size=300 << 20, seconds=600.0)
_PAGE = Limits(size=50 << 20, seconds=30.0)
_METADATA = Limits(size=4 << 20, seconds=10.0)
_LONGEST_SUMMARY = 300


def details(name: str, services: Services, cancel: CancelToken | None = None) -> PackageDetails:
    """What the configured index says of exactly one name: one request a configured index, and one for the summary.

    For Enter or a selection, never for a key stroke. Errors: `bad-requirement`, `unknown-package`, `no-index`, the
    network's, `cancelled`.
    """
    wanted = str(canonicalize_name(parse(name).name))
    indexes = _list_indexes(services)
    files = next((found for index in indexes if (found := _fetch_files(index, wanted, services, cancel))), ())
    if not files:
        meant = meant_by(wanted) or ((similar_names(wanted),) if similar_names(wanted) else ())
        raise IndexUnreachableError(
            "unknown-package",
            f"no package index that you have configured knows `{wanted}`",
            hint=f"did you mean {' or '.join(f'`{other}`' for other in meant)}?"
            if meant
            else Hint("check the spelling; an organisation's own package needs its index in your settings (", DOCTOR, ")"),
            context={"package": wanted},
        )
    offered = [file for file in files if not file.yanked] or list(files)
    final = [file for file in offered if not file.version.is_prerelease] or offered
    versions = sorted({file.version for file in final}, reverse=True)
    newest = [file for file in final if file.version == versions[0]]
    entry = entries().get(wanted)
    return PackageDetails(
        name=wanted,
        versions=tuple(str(version) for version in versions[:MOST_VERSIONS]),
        summary=_fetch_summary(newest, indexes, services, cancel) or (entry.summary if entry else ""),
        requires_python=next((file.requires_python for file in newest if file.requires_python), ""),
        size=_choose_file(newest).size,
        near=similar_names(wanted),
    )


def _list_indexes(services: Services) -> tuple[str, ...]:
    """The URLs to ask, with credentials, in the engine's order. Errors: `no-index`."""
    settings = services.indexes
    if settings.no_index:
        raise IndexUnreachableError(
            "no-index",
            "your own settings switch package indexes off (`no-index`), so nothing can be looked up",
            hint=Hint(DOCTOR, " shows where that is set"),
        )
    return (*settings.extra, settings.default or services.engine.default_index())


def _fetch_files(index: str, name: str, services: Services, cancel: CancelToken | None) -> tuple[File, ...]:
    """The files of a name on one index, () where it has no such name."""
    try:
        page = Page(page_url(index, name), services.indexes, _PAGE, cancel)
        content = b"".join(page.pieces())
    except IndexUnreachableError as error:
        if error.code == "index-missing-file":
            return ()
        raise
    return files_of_page(page.head.kind, content, page.head.url, name)


def _choose_file(files: list[File]) -> File:
    """Guess the file that this machine would take, without its Pythons: of wheels that fit, the best."""
    order = {tag: at for at, tag in enumerate(sys_tags())}
    wheels = [(min(order[tag] for tag in file.tags & order.keys()), file) for file in files if file.tags & order.keys()]
    if wheels:
        return min(wheels, key=lambda item: item[0])[1]
    return max(files, key=lambda file: (file.is_wheel, file.size))


def _fetch_summary(files: list[File], indexes: tuple[str, ...], services: Services, cancel: CancelToken | None) -> str:
    """The summary in the metadata that the index serves beside a wheel; "" where it serves none."""
    schemes = {"https", *(urlsplit(index).scheme for index in indexes)}  # nothing is fetched less safely than the page was
    served = next((file for file in files if file.metadata and urlsplit(file.url).scheme in schemes), None)
    if served is None:
        return ""
    url = served.url.partition("#")[0] + ".metadata"
    try:
        page = Page(_add_credentials(url, indexes), services.indexes, _METADATA, cancel, accept="*/*")
        content = b"".join(page.pieces())
    except IndexUnreachableError:
        return ""
    said = HeaderParser().parsestr(content.decode("utf-8", errors="replace"), headersonly=True)["Summary"]
    return " ".join(str(said or "").split())[:_LONGEST_SUMMARY]


def _add_credentials(url: str, indexes: tuple[str, ...]) -> str:
    """A file's address with the credentials of the index at the same origin, and of no other."""
    target = urlsplit(url)
    for index in indexes:
        source = urlsplit(index)
        user, at, host = source.netloc.rpartition("@")
        if at and (source.scheme, host) == (target.scheme, target.netloc):
            return target._replace(netloc=f"{user}@{host}").geturl()
    return url


@frozen_dataclass
class Synced:
    """A list that was stored, and the indexes that were left out, each with why."""

    stored: StoredList
    left_out: tuple[str, ...] = ()


def sync_names(services: Services, reporter: Reporter = silent, cancel: CancelToken | None = None) -> Synced:
    """Store the list of names of the configured indexes, for `search`; what was stored before stays until it is there.

    An extra index without such a list is left out and named. Errors: `no-index`, the network's, `disk-full`, `cancelled`.
    """
    *extra, default = _list_indexes(services)
    left_out: list[str] = []

    def texts() -> Iterator[str]:
        yield from _fetch_names(default, services, reporter, cancel)
        for index in extra:
            try:
                yield from _fetch_names(index, services, reporter, cancel)
            except IndexUnreachableError as error:
                left_out.append(f"{redact(index)}: {error.message}")
        reporter(Progress(phase="sealing", detail="the list of names"))

    shown = tuple(redact(url) for url in (default, *extra))
    stored = services.names.store(services.indexes.identity, shown, texts())
    return Synced(stored=stored, left_out=tuple(left_out))


def _fetch_names(index: str, services: Services, reporter: Reporter, cancel: CancelToken | None) -> Iterator[str]:
    host = urlsplit(index).hostname or index
    try:
        page = Page(page_url(index), services.indexes, _ROOT, cancel)
    except IndexUnreachableError as error:
        if error.code == "index-missing-file":
            raise no_package_page(f"`{host}` has no list of names at its root") from error
        raise
    done = 0

    def report_pieces() -> Iterator[bytes]:
        nonlocal done
        for piece in page.pieces():
            done += len(piece)
            reporter(Progress(phase="downloading", detail=f"names of {host}", bytes_done=done, bytes_total=page.head.length))
            yield piece

    yield from names_of_root(page.head.kind, report_pieces(), host)
