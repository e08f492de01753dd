"""Names to search while a person types, without a network: stored lists of indexes, and what this user has locked before.

Per user, and readable by that user only. A stored list is one SQLite file for one set of configured indexes. Rows are
numbered from short to long names, so that every look stops at its limit with the shortest; trigrams find a part of a name, an
index over the names read backwards finds what has a slip near its beginning. Measured at 500,000 names: at most 12 ms a
search, 3 s to make, 55 MB.
"""

from __future__ import annotations

import hashlib
import os
import re
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.fast_dataclass import frozen_dataclass
from jupyter_dep.io.files.read_write import read_cached, read_state, remove, write_state
from jupyter_dep.io.system.os_errors import FREE_SPACE, explain_os_error
from jupyter_dep.io.system.paths import private_folder
from jupyter_dep.model.packages.similarity import one_edit

KEPT_LOCKED = 5000
LONGEST = 128
"""Characters of a name; longer ones are not searched."""

_VERSION = 1
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?", re.IGNORECASE | re.ASCII)
_SEPARATORS = re.compile(r"[-_.]+")
_LAST = "\x7f"
"""Sorts after every character of a name."""
_LONGER = 40
"""By how many characters a name may be longer than what was typed of it."""


@frozen_dataclass
class StoredList:
    """A stored list.

    `indexes` are its sources without credentials, `names` how many names it has, `dropped` how many entries were not names and
    left out, `made` when it was stored (ISO 8601, UTC), `size` its bytes on disk.
    """

    indexes: tuple[str, ...]
    names: int
    dropped: int
    made: str
    size: int
    path: str


def normalised(text: str) -> str | None:
    """A name of PEP 508 in its normalised form, None for anything else: markup, control characters, other scripts."""
    if len(text) > LONGEST or not _NAME.fullmatch(text):
        return None
    return _SEPARATORS.sub("-", text).lower()


@dataclass(frozen=True, slots=True)
class NameCache:
    """Everything below `folder`."""

    folder: Path

    def file(self, indexes: tuple[str, ...]) -> Path:
        """Where the list of these indexes is, or would be; `indexes` without credentials, "" for the engine's own."""
        return self.folder / f"{hashlib.sha256(chr(10).join(indexes).encode()).hexdigest()[:16]}.sqlite"

    def store(self, indexes: tuple[str, ...], shown: tuple[str, ...], texts: Iterable[str]) -> StoredList:
        """Make the list of `indexes` from an index's texts, in one step; `shown` is how they are displayed."""
        names: set[str] = set()
        dropped = 0
        for text in texts:
            name = normalised(text)
            if name is None:
                dropped += 1
            else:
                names.add(name)
        told = {"indexes": "\n".join(shown), "names": str(len(names)), "dropped": str(dropped)}
        told["made"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        target = self.file(indexes)
        temporary = target.with_name(f".{target.name}.{os.urandom(4).hex()}.tmp")
        try:
            private_folder(self.folder)
            os.close(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            _write(temporary, sorted(names, key=lambda name: (len(name), name)), told)
            os.replace(temporary, target)
        except OSError as error:
            raise explain_os_error(error, target, "storing the list of names") from error
        except sqlite3.Error as error:
            raise _explain_sqlite(error, target) from error
        finally:
            temporary.unlink(missing_ok=True)
        found = _read_list(target)
        assert found is not None
        return found

    def stored(self) -> tuple[StoredList, ...]:
        """Every list that can be read, the newest first."""
        found = [_read_list(path) for path in sorted(self.folder.glob("*.sqlite"))]
        return tuple(sorted((one for one in found if one is not None), key=lambda one: one.made, reverse=True))

    def remove_stored(self) -> tuple[StoredList, ...]:
        """Remove every list, also those that cannot be read; gives those that could."""
        gone = self.stored()
        for path in (*self.folder.glob("*.sqlite"), *self.folder.glob(".*.sqlite.*.tmp")):
            remove(path)
        return gone

    def lookup(self, indexes: tuple[str, ...], name: str, terms: tuple[str, ...], limit: int) -> tuple[str, ...] | None:
        """Names of the stored list that could answer `name` (normalised) or its `terms`: exact, prefix, part, one slip.

        At most a few times `limit`; the ranking is the caller's. None without a list, or with a damaged one.
        """
        path = self.file(indexes)
        if not path.is_file():
            return None
        try:
            with closing(_open(path)) as connection:
                return tuple(dict.fromkeys(_find_matches(connection, name, terms, limit)))
        except sqlite3.Error:
            return None

    def locked(self) -> tuple[str, ...]:
        """The names that this user has locked before, the latest last."""
        return _names(read_cached(self.folder / "locked.json"))

    def add_locked(self, names: Iterable[str]) -> None:
        """Remember names of a lock that the user has just written. A disk that is full must not stop that."""
        file = self.folder / "locked.json"
        try:
            before = _names(read_state(file))  # what cannot be read is not written over
            new = [name for name in names if name not in set(before)]
            if new:
                write_state(file, [*before, *new][-KEPT_LOCKED:])
        except DepError:
            pass


def _names(raw: object) -> tuple[str, ...]:
    """Give the normalised names of a stored list, none where it is not a list."""
    return tuple(name for name in raw if isinstance(name, str) and normalised(name) == name) if isinstance(raw, list) else ()


def as_json(stored: StoredList) -> dict[str, Any]:
    """Give a list as it is printed."""
    return {**asdict(stored), "indexes": list(stored.indexes)}


def _write(path: Path, names: list[str], told: dict[str, str]) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        run = connection.execute
        run("PRAGMA journal_mode = OFF")  # the file is put in place when it is whole, or not at all
        run("BEGIN")
        run(f"PRAGMA user_version = {_VERSION}")
        run("CREATE TABLE told (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID")
        connection.executemany("INSERT INTO told VALUES (?, ?)", told.items())
        run("CREATE TABLE names (id INTEGER PRIMARY KEY, size INTEGER, name TEXT)")
        connection.executemany("INSERT INTO names VALUES (?, ?, ?)", ((at, len(name), name) for at, name in enumerate(names)))
        run("CREATE UNIQUE INDEX forward ON names (size, name)")
        run("CREATE TABLE backward (size INTEGER, name TEXT, PRIMARY KEY (size, name)) WITHOUT ROWID")
        back = sorted((len(name), name[::-1]) for name in names)
        connection.executemany("INSERT INTO backward VALUES (?, ?)", back)
        try:
            run("CREATE VIRTUAL TABLE parts USING fts5 (name, content = '', detail = 'none', tokenize = 'trigram')")
        except sqlite3.OperationalError:
            pass  # SQLite before 3.34: `_with_part` then reads all names
        else:
            connection.executemany("INSERT INTO parts (rowid, name) VALUES (?, ?)", enumerate(names))
        run("COMMIT")


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True, isolation_level=None)
    if connection.execute("PRAGMA user_version").fetchone()[0] != _VERSION:
        connection.close()
        raise sqlite3.DatabaseError("another version's list")
    return connection


def _read_list(path: Path) -> StoredList | None:
    try:
        with closing(_open(path)) as connection:
            told = dict(connection.execute("SELECT key, value FROM told"))
        return StoredList(
            indexes=tuple(told["indexes"].split("\n")),
            names=int(told["names"]),
            dropped=int(told["dropped"]),
            made=told["made"],
            size=path.stat().st_size,
            path=str(path),
        )
    except (sqlite3.Error, KeyError, ValueError, OSError):
        return None


def _find_matches(connection: sqlite3.Connection, name: str, terms: tuple[str, ...], limit: int) -> Iterator[str]:
    if not name:
        return
    yield from (row[0] for row in connection.execute("SELECT name FROM names WHERE size = ? AND name = ?", (len(name), name)))
    yield from _find_prefixed(connection, name, limit)
    parts = tuple(sorted({part for term in terms for part in [_SEPARATORS.sub("-", term).strip("-")] if len(part) > 2}))
    if parts and len(parts) == len(set(terms)):
        yield from _find_parts(connection, parts, limit)
    if len(name) >= 4:
        yield from _find_typos(connection, name)


def _find_prefixed(connection: sqlite3.Connection, name: str, limit: int) -> Iterator[str]:
    """The shortest names that begin so. One range of the index for each length: never more than `limit` rows are read."""
    for size in range(len(name) + 1, len(name) + _LONGER):
        rows = connection.execute(
            "SELECT name FROM names WHERE size = ? AND name >= ? AND name < ? LIMIT ?", (size, name, name + _LAST, limit)
        ).fetchall()
        yield from (row[0] for row in rows)
        limit -= len(rows)
        if limit <= 0:
            return


def _find_parts(connection: sqlite3.Connection, parts: tuple[str, ...], limit: int) -> Iterator[str]:
    """The shortest names that hold all of the parts, somewhere."""
    holds = " AND ".join("instr(names.name, ?)" for _ in parts)
    if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'parts'").fetchone():
        trigrams = sorted({part[at : at + 3] for part in parts for at in range(len(part) - 2)})
        wanted = " AND ".join(f'"{trigram}"' for trigram in trigrams)
        rows = connection.execute(
            f"SELECT names.name FROM parts JOIN names ON names.id = parts.rowid WHERE parts MATCH ? AND {holds} "  # noqa: S608
            "ORDER BY parts.rowid LIMIT ?",
            (wanted, *parts, limit),
        )
    else:
        rows = connection.execute(f"SELECT name FROM names WHERE {holds} ORDER BY id LIMIT ?", (*parts, limit))  # noqa: S608
    yield from (row[0] for row in rows)


def _find_typos(connection: sqlite3.Connection, name: str) -> Iterator[str]:
    """Names that are one edit away: with a single slip one half stays whole, but for a swap across the middle."""
    half = len(name) // 2
    begin, end = name[:half], name[half:][::-1]
    for size in (len(name) - 1, len(name), len(name) + 1):
        for table, part, step in (("names", begin, 1), ("backward", end, -1)):
            rows = connection.execute(
                f"SELECT name FROM {table} WHERE size = ? AND name >= ? AND name < ? LIMIT 2000",  # noqa: S608
                (size, part, part + _LAST),
            )
            yield from (other for row in rows if one_edit(name, other := row[0][::step]))
    swapped = name[: half - 1] + name[half] + name[half - 1] + name[half + 1 :]
    yield from (
        row[0] for row in connection.execute("SELECT name FROM names WHERE size = ? AND name = ?", (len(name), swapped))
    )


def _explain_sqlite(error: sqlite3.Error, path: Path) -> DepError:
    if "full" in str(error):
        return DepError(
            "disk-full",
            "no space left while storing the list of names",
            hint=FREE_SPACE,
            context={"file": str(path)},
        )
    return DepError(
        "system",
        f"the list of names could not be stored: {error}",
        hint="look at the folder's permissions and space",
        context={"file": str(path)},
    )
