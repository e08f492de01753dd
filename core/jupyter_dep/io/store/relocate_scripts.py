"""The programs of an environment that was linked through another one's interpreter: they are to start its own.

The engine writes the interpreter's path into every script, and notes the script's digest in its distribution's RECORD.
"""

from __future__ import annotations

import hashlib
import os
import stat
from base64 import urlsafe_b64encode
from pathlib import Path


def rewrite_shebangs(root: Path, through: Path) -> None:
    """Put `root` in the place of `through` in the scripts of the environment at `root`, and their digests into the RECORDs.

    Both are folders of environments. What is changed is written anew: a file may be the engine's cache's own. Errors: OSError.
    """
    was, now = os.fsencode(through), os.fsencode(root)
    rows: dict[bytes, bytes] = {}
    for entry in os.scandir(root / "bin"):
        if not entry.is_file(follow_symlinks=False):
            continue
        file = Path(entry.path)
        with file.open("rb") as opened:
            content = opened.read(2)
            if content == b"#!":  # else it is no script: programs of tens of megabytes come in wheels, too
                content += opened.read()
        if was in content:
            content = content.replace(was, now)
            _write(file, content, stat.S_IMODE(entry.stat().st_mode))
            digest = urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=")
            rows[b"/bin/" + os.fsencode(entry.name)] = b"sha256=%b,%d" % (digest, len(content))
    for record in (root / "lib").glob("python*/site-packages/*.dist-info/RECORD") if rows else ():
        data = record.read_bytes()
        if b"/bin/" in data:
            lines = [_line(line, rows) for line in data.splitlines(keepends=True)]
            if (made := b"".join(lines)) != data:
                _write(record, made, stat.S_IMODE(record.stat().st_mode))


def _line(line: bytes, rows: dict[bytes, bytes]) -> bytes:
    """A RECORD's line (`../../../bin/jupyter,sha256=…,240`) with what is so now."""
    path, _, _ = line.partition(b",")
    known = rows.get(path[path.rfind(b"/bin/") :]) if path.startswith(b"../") else None
    return line if known is None else b"%b,%b\n" % (path, known)


def _write(file: Path, content: bytes, mode: int) -> None:
    made = file.with_name(f".{file.name}.{os.urandom(4).hex()}")
    made.write_bytes(content)
    made.chmod(mode)
    os.replace(made, file)
