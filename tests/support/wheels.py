"""Distributions for tests: synthetic wheels and sdists, and wheels made out of what is installed.

Bytes are a function of the arguments (fixed times, stored, not deflated): hashes are the same in every run.
Formats: the binary distribution format, core metadata 2.1 and 2.3, PEP 517 for the sdists.
"""

from __future__ import annotations

import base64
import csv
import gzip
import hashlib
import importlib.metadata
import io
import os
import re
import sys
import tarfile
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from email.parser import HeaderParser
from pathlib import Path, PurePosixPath

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.tags import parse_tag
from packaging.utils import canonicalize_name
from packaging.version import Version

Content = str | bytes

ZIP_TIME = (2020, 1, 1, 0, 0, 0)
TAR_TIME = 1_577_836_800

BACKEND = """\
import pathlib
import shutil

HERE = pathlib.Path(__file__).resolve().parent


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    if (HERE / "setup.py").exists():
        exec(compile((HERE / "setup.py").read_text(), "setup.py", "exec"), {"__name__": "__main__"})
    (wheel,) = HERE.glob("*.whl")
    shutil.copy(wheel, wheel_directory)
    return wheel.name


build_editable = build_wheel
"""
"""A build backend inside the tree: it hands out the wheel beside it, so that builds need no setuptools."""

BACKEND_PYPROJECT = """\
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
"""


def escaped(name: str) -> str:
    """`name` as file names of wheels and sdists carry it: `Zope.Interface` is `zope_interface`."""
    return re.sub(r"[-_.]+", "_", name).lower()


def build_wheel(
    folder: Path,
    name: str,
    version: str,
    *,
    requires: Sequence[str] = (),
    requires_python: str | None = None,
    files: Mapping[str, Content] | None = None,
    extras: Mapping[str, Sequence[str]] | None = None,
    tag: str = "py3-none-any",
    entry_points: str = "",
    summary: str = "",
) -> Path:
    """Write one wheel into `folder` and return its path.

    It holds a package of its own name with `__version__`, and `files` over that: names in the archive,
    taken as they are (`../x`, `evil.pth`, `name-1.0.data/scripts/x`). `entry_points` is the text of
    `entry_points.txt`, `tag` may be compressed (`py2.py3-none-any`).
    """
    stem = f"{escaped(name)}-{Version(version)}"
    contents: dict[str, Content] = {f"{escaped(name)}/__init__.py": f'__version__ = "{Version(version)}"\n'}
    contents |= files or {}
    info = f"{stem}.dist-info"
    contents[f"{info}/METADATA"] = _metadata(
        name,
        version,
        requires=requires,
        requires_python=requires_python,
        extras=extras or {},
        summary=summary,
    )
    contents[f"{info}/WHEEL"] = _wheel_file(tag)
    if entry_points:
        contents[f"{info}/entry_points.txt"] = entry_points
    return _write_wheel(folder / f"{stem}-{tag}.whl", contents, record=f"{info}/RECORD")


def build_sdist(
    folder: Path,
    name: str,
    version: str,
    *,
    setup_py: str | None = None,
    requires: Sequence[str] = (),
    requires_python: str | None = None,
    files: Mapping[str, Content] | None = None,
) -> Path:
    """Write one sdist into `folder` and return its path; `files` replace its own (`backend.py` …).

    It is built without network: the backend lies within and hands out a wheel that lies beside it. With
    `setup_py` the metadata is of the old, unreliable kind: an engine must run the build, and so `setup_py`,
    to learn it.
    """
    stem = f"{escaped(name)}-{Version(version)}"
    folder.mkdir(parents=True, exist_ok=True)
    metadata = _metadata(name, version, requires=requires, requires_python=requires_python)
    contents = source_tree(name, version, requires=requires, requires_python=requires_python)
    if setup_py is not None:
        metadata = metadata.replace("Metadata-Version: 2.3", "Metadata-Version: 2.1")
        contents["setup.py"] = setup_py
    contents["PKG-INFO"] = metadata
    contents |= files or {}
    path = folder / f"{stem}.tar.gz"
    with (
        path.open("wb") as raw,
        gzip.GzipFile("", "wb", fileobj=raw, mtime=TAR_TIME) as zipped,
        tarfile.open(mode="w", fileobj=zipped, format=tarfile.PAX_FORMAT) as archive,
    ):
        for member, content in sorted(contents.items()):
            data = _bytes(content)
            entry = tarfile.TarInfo(f"{stem}/{member}")
            entry.size, entry.mtime, entry.mode = len(data), TAR_TIME, 0o644
            archive.addfile(entry, io.BytesIO(data))
    return path


def source_tree(
    name: str, version: str, *, requires: Sequence[str] = (), requires_python: str | None = None
) -> dict[str, Content]:
    """The files of a source folder that builds into a wheel of `name` without network."""
    stem = f"{escaped(name)}-{Version(version)}"
    metadata = _metadata(name, version, requires=requires, requires_python=requires_python)
    info = f"{stem}.dist-info"
    wheel = _wheel_bytes(
        {
            f"{escaped(name)}/__init__.py": f'__version__ = "{Version(version)}"\n',
            f"{info}/METADATA": metadata,
            f"{info}/WHEEL": _wheel_file("py3-none-any"),
        },
        record=f"{info}/RECORD",
    )
    return {
        "backend.py": BACKEND,
        "pyproject.toml": BACKEND_PYPROJECT,
        f"{stem}-py3-none-any.whl": wheel,
    }


def repack(distribution_name: str, folder: Path) -> Path:
    """Make a wheel of a distribution that is installed for this interpreter, unless `folder` has it already.

    Scripts are left out (an installer writes them again from the entry points), files elsewhere under the
    prefix (`share/`, `etc/`) become data files. Raises LookupError for what was not installed from a wheel.
    """
    distribution = importlib.metadata.distribution(distribution_name)
    recorded, wheel_file = distribution.files, distribution.read_text("WHEEL")
    if not recorded or wheel_file is None:
        raise LookupError(f"`{distribution_name}` was not installed from a wheel")
    stem = f"{escaped(distribution.metadata['Name'])}-{Version(distribution.version)}"
    path = folder / f"{stem}-{_compressed_tag(wheel_file)}.whl"
    if path.exists():
        return path
    prefix = Path(os.path.normpath(sys.prefix))
    contents: dict[str, Content] = {}
    for entry in recorded:
        # Not `resolve`: an installer may have linked the files from its cache.
        installed = Path(os.path.normpath(str(entry.locate())))
        if not installed.is_file() or installed.suffix == ".pyc":
            continue
        if ".." not in entry.parts:
            if entry.name not in {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json"}:
                contents[_rooted(entry, stem)] = installed.read_bytes()
        elif installed.is_relative_to(prefix):
            within = installed.relative_to(prefix)
            if within.parts[0] not in {"bin", "Scripts"}:
                contents[f"{stem}.data/data/{within.as_posix()}"] = installed.read_bytes()
    return _write_wheel(path, contents, record=f"{stem}.dist-info/RECORD")


def repack_closure(names: Iterable[str], folder: Path, *, stand_ins: bool = True) -> list[Path]:
    """`repack` the named distributions and all that they need here, sorted by path.

    `stand_ins` adds an empty wheel for what they need on other platforms or Pythons only: without those no
    universal lock can be made of them.
    """
    found: dict[str, Path] = {}
    elsewhere: dict[str, SpecifierSet] = {}
    seen: set[tuple[str, frozenset[str]]] = set()
    todo = [Requirement(name) for name in names]
    while todo:
        wanted = todo.pop()
        key = canonicalize_name(wanted.name)
        extras = frozenset(wanted.extras)
        if (key, extras) in seen:
            continue
        seen.add((key, extras))
        found[key] = repack(wanted.name, folder)
        for text in importlib.metadata.requires(wanted.name) or ():
            requirement = Requirement(text)
            marker = requirement.marker
            if marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *extras)):
                todo.append(requirement)
            elif "extra" not in str(marker):
                name = canonicalize_name(requirement.name)
                elsewhere[name] = elsewhere.get(name, SpecifierSet()) & requirement.specifier
    if stand_ins:
        for missing in elsewhere.keys() - found.keys():
            found[missing] = build_wheel(folder, missing, _version_in(elsewhere[missing]))
    return sorted(found.values())


def _metadata(
    name: str,
    version: str,
    *,
    requires: Sequence[str] = (),
    requires_python: str | None = None,
    extras: Mapping[str, Sequence[str]] | None = None,
    summary: str = "",
) -> str:
    lines = ["Metadata-Version: 2.3", f"Name: {name}", f"Version: {version}"]
    if summary:
        lines.append(f"Summary: {summary}")
    if requires_python is not None:
        lines.append(f"Requires-Python: {requires_python}")
    lines += [f"Requires-Dist: {requirement}" for requirement in requires]
    for extra, requirements in (extras or {}).items():
        lines.append(f"Provides-Extra: {extra}")
        for requirement in requirements:
            text, _, marker = requirement.partition(";")
            condition = f'({marker.strip()}) and extra == "{extra}"' if marker else f'extra == "{extra}"'
            lines.append(f"Requires-Dist: {text.strip()} ; {condition}")
    return "\n".join(lines) + "\n"


def _wheel_file(tag: str) -> str:
    pure = "true" if tag.endswith("-none-any") else "false"
    tags = "".join(f"Tag: {each}\n" for each in sorted(map(str, parse_tag(tag))))
    return f"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: {pure}\n{tags}"


def _compressed_tag(wheel_file: str) -> str:
    """The tag of the file name: what the `Tag` lines say, each of its three places in their order."""
    tags = [tag.split("-") for tag in HeaderParser().parsestr(wheel_file).get_all("Tag", [])]
    return "-".join(".".join(dict.fromkeys(column)) for column in zip(*tags, strict=True))


def _rooted(entry: PurePosixPath, stem: str) -> str:
    """`entry` with the folder of its metadata named as the wheel's file name demands."""
    if entry.parts[0].endswith(".dist-info"):
        return str(PurePosixPath(f"{stem}.dist-info", *entry.parts[1:]))
    return entry.as_posix()


def _version_in(specifier: SpecifierSet) -> str:
    """A version that `specifier` allows: the newest one that it names, or a high one."""
    named = sorted((Version(clause.version.removesuffix(".*")) for clause in specifier), reverse=True)
    return next((str(version) for version in named if specifier.contains(version)), "999")


def _bytes(content: Content) -> bytes:
    return content.encode() if isinstance(content, str) else content


def _write_wheel(path: Path, contents: Mapping[str, Content], *, record: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_wheel_bytes(contents, record=record))
    return path


def _wheel_bytes(contents: Mapping[str, Content], *, record: str) -> bytes:
    rows = io.StringIO()
    table = csv.writer(rows, lineterminator="\n")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:

        def store(name: str, data: bytes) -> None:
            entry = zipfile.ZipInfo(name, ZIP_TIME)
            entry.create_system = 3
            entry.external_attr = (0o100755 if ".data/scripts/" in name else 0o100644) << 16
            archive.writestr(entry, data)

        for name, content in sorted(contents.items()):
            data = _bytes(content)
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            table.writerow((name, f"sha256={digest}", len(data)))
            store(name, data)
        table.writerow((record, "", ""))
        store(record, rows.getvalue().encode())
    return buffer.getvalue()
