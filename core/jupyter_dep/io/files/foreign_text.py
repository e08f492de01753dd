"""Read text that another program wrote, in whichever encoding it says."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from jupyter_dep.base.errors import DepError

from . import read_write

_LIMIT = 16 << 20
"""Bytes; a lock of Poetry's for a large application has about one MB."""
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_COOKIE = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")


def read_foreign_text(file: Path) -> str | None:
    """Read a file of another tool; None where it is missing. Errors: `not-utf-8`, those of reading."""
    data = read_write.read_if_there(file, limit=_LIMIT)
    return None if data is None else decode(data, file)


def decode(data: bytes, file: Path) -> str:
    """Decode by the byte-order mark, else by a coding comment in the first two lines as pip does, else as UTF-8.

    PowerShell writes UTF-16 or a mark by default. Errors: `not-utf-8`.
    """
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), None)
    encoding = encoding or _declared_encoding(data) or "utf-8"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise DepError(
            "not-utf-8",
            f"`{file.name}` is not {'UTF-8' if encoding == 'utf-8' else encoding} (byte {error.start})",
            hint="save it as UTF-8",
            context={"file": str(file)},
        ) from error


def _declared_encoding(data: bytes) -> str | None:
    for line in data.split(b"\n", 2)[:2]:
        if (found := _COOKIE.match(line)) is not None:
            try:
                return codecs.lookup(found[1].decode("ascii")).name
            except (LookupError, UnicodeDecodeError):
                return None
    return None
