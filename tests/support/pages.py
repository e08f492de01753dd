"""What an index offers, and its pages: the simple API as JSON (PEP 691, 700) and as HTML (PEP 503)."""

from __future__ import annotations

import hashlib
import html
import json
import tarfile
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from email.parser import BytesHeaderParser
from pathlib import Path

from packaging.utils import parse_sdist_filename, parse_wheel_filename

UPLOAD_TIME = "2026-01-01T00:00:00Z"
SUFFIXES = (".whl", ".tar.gz")


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One wheel or sdist; `upload_time` is ISO 8601 in UTC, `yanked` may be the reason."""

    path: Path
    project: str
    version: str
    sha256: str
    size: int
    metadata: bytes
    requires_python: str | None
    upload_time: str = UPLOAD_TIME
    yanked: bool | str = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """How much an index tells about its files."""

    hashes: bool = True
    upload_times: bool = True
    metadata: bool = True


def read_offer(path: Path) -> Offer:
    """The file at `path`, by its name and its metadata; raises ValueError for a name that is none."""
    if path.suffix == ".whl":
        project, version, *_ = parse_wheel_filename(path.name)
    else:
        project, version = parse_sdist_filename(path.name)
    content, metadata = path.read_bytes(), read_metadata(path)
    return Offer(
        path=path,
        project=project,
        version=str(version),
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
        metadata=metadata,
        requires_python=BytesHeaderParser().parsebytes(metadata).get("Requires-Python"),
    )


def read_metadata(path: Path) -> bytes:
    """The core metadata inside a wheel (METADATA) or an sdist (PKG-INFO); LookupError if there is none."""
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                if name.endswith(".dist-info/METADATA") and name.count("/") == 1:
                    return archive.read(name)
    else:
        with tarfile.open(path) as archive:
            for member in archive:
                if member.name.endswith("/PKG-INFO") and member.name.count("/") == 1:
                    file = archive.extractfile(member)
                    assert file is not None
                    return file.read()
    raise LookupError(f"no metadata in `{path.name}`")


def json_list(projects: Sequence[str]) -> bytes:
    names = [{"name": project} for project in projects]
    return json.dumps({"meta": {"api-version": "1.1"}, "projects": names}).encode()


def json_page(project: str, offers: Sequence[Offer], files_url: str, detail: Detail) -> bytes:
    entries = []
    for offer in offers:
        entry: dict[str, object] = {
            "filename": offer.path.name,
            "url": f"{files_url}/{offer.path.name}",
            "hashes": {"sha256": offer.sha256} if detail.hashes else {},
            "size": offer.size,
            "yanked": offer.yanked,
        }
        if offer.requires_python is not None:
            entry["requires-python"] = offer.requires_python
        if detail.upload_times:
            entry["upload-time"] = offer.upload_time
        if has_metadata_file(offer, detail):
            entry["core-metadata"] = {"sha256": hashlib.sha256(offer.metadata).hexdigest()}
        entries.append(entry)
    versions = sorted({offer.version for offer in offers})
    page = {"meta": {"api-version": "1.1"}, "name": project, "versions": versions, "files": entries}
    return json.dumps(page).encode()


def html_list(projects: Sequence[str]) -> bytes:
    return _html(f'<a href="/simple/{project}/">{project}</a>' for project in projects)


def html_page(offers: Sequence[Offer], files_url: str, detail: Detail) -> bytes:
    anchors = []
    for offer in offers:
        fragment = f"#sha256={offer.sha256}" if detail.hashes else ""
        attributes = {"href": f"{files_url}/{offer.path.name}{fragment}"}
        if offer.requires_python is not None:
            attributes["data-requires-python"] = offer.requires_python
        if has_metadata_file(offer, detail):
            attributes["data-core-metadata"] = f"sha256={hashlib.sha256(offer.metadata).hexdigest()}"
        if offer.yanked:
            attributes["data-yanked"] = "" if offer.yanked is True else str(offer.yanked)
        written = " ".join(f'{name}="{html.escape(value)}"' for name, value in attributes.items())
        anchors.append(f"<a {written}>{offer.path.name}</a>")
    return _html(anchors)


def has_metadata_file(offer: Offer, detail: Detail) -> bool:
    """Whether `FILENAME.metadata` is there (PEP 658): wheels only."""
    return detail.metadata and offer.path.suffix == ".whl"


def _html(anchors: Iterable[str]) -> bytes:
    lines = "".join(f"{anchor}<br>\n" for anchor in anchors)
    return f"<!DOCTYPE html><html><body>\n{lines}</body></html>\n".encode()
