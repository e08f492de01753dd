"""Reading and replacing a user's files: whole or not at all, and only what was read is replaced."""

from __future__ import annotations

import errno
import json
import os
import stat
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from jupyter_dep.base.errors import DepError
from jupyter_dep.io.system.os_errors import explain_os_error
from jupyter_dep.io.system.paths import private_folder
from jupyter_dep.io.system.presence import ABSENT_ERRORS, Presence, exists, presence

from .atomic import Staged, Write, publish, stage, sweep, temporary_name


def read(path: Path) -> bytes:
    """Read a regular file. Errors: those of `explain_os_error`."""
    try:
        return _read_regular(path)
    except OSError as error:
        raise explain_os_error(error, path, "reading") from error


def _read_regular(path: Path, limit: int | None = None) -> bytes:
    """A regular file's bytes. A link in a stranger's folder may lead to a device or a pipe, which has no end."""
    handle = os.open(
        path, os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
    )
    with os.fdopen(handle, "rb") as file:
        status = os.fstat(handle)
        if stat.S_ISDIR(status.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "this is a device or a pipe, not a file")
        if limit is not None and status.st_size > limit:
            raise OSError(errno.EFBIG, f"the file is larger than {limit >> 20} MB")
        return file.read()


def read_if_there(path: Path, *, limit: int | None = None) -> bytes | None:
    """A file's bytes, None if it is not there; one of more than `limit` bytes is an error."""
    try:
        return _read_regular(path, limit)
    except ABSENT_ERRORS:
        return None
    except OSError as error:
        raise explain_os_error(error, path, "reading") from error


def list_folder(folder: Path) -> list[str]:
    """The names in a folder, sorted; none if the folder is missing. A glob is ten times slower where there are thousands.

    Errors: those of `explain_os_error`. A folder that cannot be read is not taken for an empty one, as a glob does.
    """
    try:
        return sorted(os.listdir(folder))
    except ABSENT_ERRORS:
        return []
    except OSError as error:
        raise explain_os_error(error, folder, "reading") from error


def list_readable(folder: Path) -> list[str]:
    """The names in a folder, sorted; none if it cannot be read, where that costs no more than a convenience."""
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def replace(path: Path, content: bytes, *, expected: bytes | None) -> None:
    """Replace a file in one step, if it still holds `expected` (None: if it is not there); links are followed.

    Errors: `changed-meanwhile` and those of `explain_os_error`. On any error the file is as it was.
    """
    replace_all([Write(path=path, content=content, expected=expected)])


def replace_all(writes: Sequence[Write]) -> None:
    """Replace several files, or none.

    Every content is on the disk before the first is put in place, so that a full disk or a file that changed meanwhile leaves
    all of them as they were; where a later one cannot be put in place, those before it are put back. What killed writers
    left beside these files is removed. Errors: as `replace`.
    """
    staged: list[Staged] = []
    try:
        for write in writes:
            # a link is written through, and is what is removed
            one = Staged(write=write, target=write.path if write.content is None else Path(os.path.realpath(write.path)))
            staged.append(one)
            _do_step(write.path, stage, one)
        for one in staged:
            if read_if_there(one.target) != one.write.expected:
                raise changed_meanwhile(one.write.path)
        for number, one in enumerate(staged):
            try:
                _do_step(one.write.path, publish, one)
            except BaseException:
                for placed in reversed(staged[:number]):
                    _put_back(placed.write, placed.target)
                raise
    finally:
        for one in staged:
            one.discard()
    for one in staged:
        sweep(one.target)


def _do_step(path: Path, step: Callable[[Staged], None], staged: Staged) -> None:
    try:
        step(staged)
    except FileExistsError as error:
        raise changed_meanwhile(path) from error
    except OSError as error:
        raise explain_os_error(error, path, "writing") from error


def _put_back(write: Write, target: Path) -> None:
    """What a file held before, unless it was changed since. Errors are dropped: the user reads what stopped the writing."""
    back = Write(path=write.path, content=write.expected, expected=write.content, private=write.private)
    one = Staged(write=back, target=target)
    with suppress(OSError, DepError):
        if read_if_there(target) != write.content:
            return
        try:
            stage(one)
            publish(one)
        finally:
            one.discard()


def rename(old: Path, new: Path) -> None:
    """Rename a file without replacing another one. Errors: `name-taken`, those of `explain_os_error`."""
    try:
        os.link(old, new, follow_symlinks=False)
    except FileExistsError as error:
        raise DepError(
            "name-taken",
            "there is already such a file",
            hint="choose another name, or move that file away first",
            context={"file": str(new)},
        ) from error
    except OSError:  # a file system without hard links
        try:
            if exists(new, follow_links=False):
                raise FileExistsError(new)
            old.rename(new)
        except OSError as error:
            raise explain_os_error(error, old, "renaming") from error
        return
    try:
        old.unlink()
    except OSError as error:
        with suppress(OSError):
            new.unlink()
        raise explain_os_error(error, old, "renaming") from error


def rename_all(renames: Sequence[tuple[Path, Path]]) -> None:
    """Give each file its other name, or none of them. Errors: as `rename`."""
    done: list[tuple[Path, Path]] = []
    try:
        for old, new in renames:
            if old != new:
                rename(old, new)
                done.append((old, new))
    except BaseException:
        for old, new in reversed(done):
            with suppress(DepError):
                rename(new, old)
        raise


def remove(path: Path) -> None:
    """Remove a file, if it is there."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise explain_os_error(error, path, "removing") from error


def check_writable(path: Path) -> None:
    """Refuse if `replace` would: the file, if it is there, and its folder have to be writable. Errors: `read-only`."""
    target = Path(os.path.realpath(path))
    if not os.access(target.parent, os.W_OK) or (presence(target) is not Presence.ABSENT and not os.access(target, os.W_OK)):
        raise explain_os_error(PermissionError(errno.EACCES, "read-only"), path, "writing")


def changed_meanwhile(path: Path) -> DepError:
    """Give the error for a file that another program changed meanwhile."""
    return DepError(
        "changed-meanwhile",
        "the file changed meanwhile, so it was left as it is",
        hint="save or reload the file in its editor, then run the same again",
        context={"file": str(path)},
    )


def write_state(path: Path, value: Any) -> None:
    """Write one of our own small JSON files: atomically, readable by its user only."""
    temporary = temporary_name(path)
    try:
        private_folder(path.parent)
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(value, file, indent=1, sort_keys=True)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        try:
            temporary.unlink(missing_ok=True)
        except OSError:
            pass  # what stopped the writing is what the user should read
        raise explain_os_error(error, path, "writing") from error


def read_state(path: Path) -> Any:
    """One of our own JSON files that cannot be made anew; None if it is not there or not JSON.

    Errors: those of `explain_os_error`. An unreadable file is not taken for a missing one: it would be written over.
    """
    data = read_if_there(path)
    try:
        return json.loads(data) if data is not None else None
    except ValueError:
        return None


def damaged_state(file: Path) -> DepError:
    """The error where a decision rests on a state file that is not what was written."""
    return DepError(
        "damaged-state",
        f"`{file}` is not what was written there, so it is not known which environments are in use",
        hint="remove that file: what it remembers is found again when its project is opened",
        context={"file": str(file)},
    )


def read_cached(path: Path) -> Any:
    """One of our own JSON files that can be made anew; None if it is not there or unreadable."""
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
