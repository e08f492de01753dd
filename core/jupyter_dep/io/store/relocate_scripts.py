"""Make the programs of an environment that was linked through another one's interpreter start its own.

The engine writes the interpreter's path into every script, and notes the script's digest in its distribution's RECORD.
"""

from __future__ import annotations

import csv
import hashlib
import os
import stat
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from pathlib import Path

from .record import RECORD, parse_record


def rewrite_shebangs(root: Path, through: Path) -> None:
    """Replace `through` by `root` in the scripts of the environment at `root`, and their digests in the RECORDs.

    Both are folders of environments. Changed files are written anew, as the old ones may be the engine's cache's own.

    Errors: OSError.
    """
    old, new = os.fsencode(through), os.fsencode(root)
    rows: dict[str, str] = {}
    for entry in os.scandir(root / "bin"):
        if not entry.is_file(follow_symlinks=False):
            continue
        file = Path(entry.path)
        with file.open("rb") as opened:
            content = opened.read(2)
            if content == b"#!":  # programs of tens of megabytes come in wheels, too
                content += opened.read()
        if old in content:
            content = content.replace(old, new)
            _write(file, content, stat.S_IMODE(entry.stat().st_mode))
            digest = urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
            rows[f"/bin/{entry.name}"] = f"sha256={digest},{len(content)}"
    for record in (root / "lib").glob(f"python*/site-packages/*.dist-info/{RECORD}") if rows else ():
        data = record.read_bytes()
        if b"/bin/" in data:
            lines = data.decode("utf-8", "surrogateescape").splitlines(keepends=True)
            text = "".join(_update(line, rows) for line in lines)
            if (changed := text.encode("utf-8", "surrogateescape")) != data:
                _write(record, changed, stat.S_IMODE(record.stat().st_mode))


def _update(line: str, rows: Mapping[str, str]) -> str:
    """Give a RECORD's line (`../../../bin/jupyter,sha256=…,240`) with the digest and size that its script has now."""
    if not line.startswith("../"):
        return line
    try:
        (row,) = parse_record([line])
    except (ValueError, csv.Error):
        return line
    known = rows.get(row.path[row.path.rfind("/bin/") :])
    return line if known is None else f"{row.path},{known}\n"


def _write(file: Path, content: bytes, mode: int) -> None:
    temporary = file.with_name(f".{file.name}.{os.urandom(4).hex()}")
    temporary.write_bytes(content)
    temporary.chmod(mode)
    os.replace(temporary, file)
