"""Verify environments against the RECORD files of their wheels, and carry bytecode over from one to another."""

from __future__ import annotations

import hashlib
import os
import stat
from base64 import urlsafe_b64encode
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from packaging.version import InvalidVersion, Version

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.base.steps import DOCTOR, Hint
from jupyter_dep.io.files.read_write import list_folder
from jupyter_dep.io.system.os_errors import explain_os_error
from jupyter_dep.io.system.presence import is_regular_file

from .record import RECORD, RecordRow, distribution_of, read_record
from .snapshots import Listing


def site_packages(root: Path, python_version: str, platform: str) -> Path:
    """Give an environment's site-packages; `python_version` is `3.11`, `platform` is `sys.platform`."""
    if platform == "win32":
        return root / "Lib" / "site-packages"
    return root / "lib" / f"python{python_version}" / "site-packages"


@frozen_dataclass
class Expected:
    """What a new environment should hold.

    `before` lists the empty environment's files, which no wheel may change; `packages` maps normalised names to versions; `own`
    names distributions that may be there besides.
    """

    before: Listing
    packages: Mapping[str, str]
    own: Collection[str] = ()


def check_environment(files: Listing, root: Path, site: Path, expected: Expected, *, checked: Listing | None = None) -> None:
    """Verify a newly installed environment against the RECORD files of its wheels.

    `checked` lists files that were found right before more was installed. Errors: `hostile-wheel`, `incomplete-environment`.
    """
    if checked is None or not checked.items() <= files.items():  # what came later replaced some of it
        checked = {}
    for path, known in expected.before.items():
        if files.get(path) != known:
            raise DepError(
                "hostile-wheel",
                f"a package replaced `{path}`, a file that makes the environment what it is",
                hint="remove the package that was added last; nothing of it was started",
                context={"file": path},
            )
    prefix = site.relative_to(root).as_posix() + "/"
    found: dict[str, str] = {}
    for path in files:
        folder, _, file = path[len(prefix) :].partition("/")
        if path.startswith(prefix) and file == RECORD and (distribution := distribution_of(folder)) is not None:
            found[distribution[0]] = distribution[1]
            if path not in checked:
                _check_record(root, prefix, path, files)
    missing = sorted(
        name for name in expected.packages if name not in found or not _same_version(found[name], expected.packages[name])
    )
    extra = sorted(set(found) - set(expected.packages) - set(expected.own))
    if missing or extra:
        what = f"lacks {', '.join(missing)}" if missing else f"holds {', '.join(extra)}, which the lock does not list"
        raise DepError(
            "incomplete-environment",
            f"the environment that was built {what}",
            hint=Hint("run the same again; ", DOCTOR, " checks the store"),
        )


def _same_version(found: str, wanted: str) -> bool:
    """Whether an installed version is the locked one; a source's lock may name none."""
    if not wanted or found == wanted:
        return True
    try:
        return Version(found) == Version(wanted)
    except InvalidVersion:
        return False


def _check_record(root: Path, prefix: str, record: str, files: Listing) -> None:
    for row in read_record(root / record) or [RecordRow(record, "", "unreadable")]:
        if row.path.endswith(".pyc"):
            continue
        path = prefix + row.path
        known = files.get(path)
        if known is None:  # written in another way than a listing does: `../../bin/jupyter`
            path = os.path.normpath(path).replace(os.sep, "/")
            known = files.get(path)
        if known is None or (row.size and path != record and str(known[0]) != row.size):
            raise DepError(
                "incomplete-environment",
                f"`{path}` is missing or has another size than its wheel says",
                hint="run the same again; a full disk or another program may have interfered",
                context={"file": path},
            )


class FileHashes:
    """Hashes of files, each read once however many environments link it."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, int, int, int], str] = {}

    def sha256(self, path: Path) -> str:
        """The hash of a file as RECORD writes it. Errors: OSError."""
        info = path.stat()
        key = (info.st_dev, info.st_ino, info.st_size, info.st_mtime_ns)
        if (known := self._known.get(key)) is None:
            known = self._known[key] = _sha256(path)
        return known


def find_damaged(root: Path, site: Path, hashes: FileHashes | None = None) -> dict[str, list[str]]:
    """List files whose content differs from their RECORD hash, by distribution: the check of `doctor --full`.

    Errors: those of `explain_os_error` for an unreadable file, which is not known to be damaged.
    """
    try:
        return _find_damaged(root, site, hashes or FileHashes())
    except OSError as error:
        raise explain_os_error(error, root, "checking an environment") from error


def _find_damaged(root: Path, site: Path, hashes: FileHashes) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for info in (site / name for name in list_folder(site) if name.endswith(".dist-info")):
        record, distribution = info / RECORD, distribution_of(info.name)
        if distribution is None or not is_regular_file(record):
            continue
        name, rows = distribution[0], read_record(record)
        if not rows:
            found.setdefault(name, []).append(record.relative_to(root).as_posix())
        for row in rows:
            if row.hash.startswith("sha256=") and not row.path.endswith(".pyc"):
                path = Path(os.path.normpath(site / row.path))
                if not is_regular_file(path) or hashes.sha256(path) != row.hash.removeprefix("sha256="):
                    found.setdefault(name, []).append(Path(os.path.relpath(path, root)).as_posix())
    return found


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return urlsafe_b64encode(hashlib.file_digest(file, "sha256").digest()).decode().rstrip("=")


def make_read_only(root: Path, files: Iterable[str]) -> None:
    """Make the files of wheels read-only; folders stay writable for bytecode.

    The files are the engine's cache's own (hard links), so this keeps the cache clean for every later environment too.
    """
    for path in files:
        full = root / path
        full.chmod(stat.S_IMODE(full.lstat().st_mode) & ~0o222)


def carry_bytecode(old: Path, root: Path, site: Path, files: Iterable[str]) -> int:
    """Hard-link the bytecode of modules that are the same file in the new environment; gives how many.

    `old` is the site-packages that has it; `root`, `site` and `files` are the new environment's.
    """
    prefix = site.relative_to(root).as_posix() + "/"
    modules = {path.rpartition("/")[0] + "/" for path in files if path.endswith(".py") and path.startswith(prefix)}
    return sum(_carry_folder(os.path.join(old, folder[len(prefix) :]), os.path.join(root, folder)) for folder in modules)


def _carry_folder(source: str, target: str) -> int:
    cached, cache = os.path.join(source, "__pycache__"), os.path.join(target, "__pycache__")
    try:
        names = os.listdir(cached)
    except OSError:
        return 0
    count = 0
    for name in names:
        module = name.split(".", 1)[0] + ".py"
        try:
            if not name.endswith(".pyc") or not _same_file(
                os.stat(os.path.join(source, module)), os.stat(os.path.join(target, module))
            ):
                continue
            if not count:
                os.makedirs(cache, exist_ok=True)
            os.link(os.path.join(cached, name), os.path.join(cache, name))
            count += 1
        except OSError:
            continue  # bytecode is a convenience: the import writes what is missing
    return count


def _same_file(was: os.stat_result, now: os.stat_result) -> bool:
    return was.st_ino == now.st_ino and was.st_dev == now.st_dev
