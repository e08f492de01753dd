"""Builds the committed bundle and writes beside it what it was built from: `python labext/bundle.py` (needs Node).

The bundle's own bytes differ between checkouts, so that a test compares the digest of the sources and not the bundle.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
RECORD = HERE / "labextension" / "sources.sha256"
INSTALLED = Path(sys.prefix) / "share" / "jupyter" / "labextensions" / "jupyter-dep"
JLPM = (sys.executable, "-c", "from jupyter_builder.jlpm import main; main()")
"""Yarn as the builder brings it; the module alone, run with `-m`, does nothing."""
SINGLE = ("package.json", "tsconfig.json", "yarn.lock", ".yarnrc.yml")


def sources(root: Path = HERE) -> list[Path]:
    """Everything that the bundle is made from, in a stable order; tests are not."""
    found = [path for folder in ("schema", "src", "style") for path in (root / folder).rglob("*") if path.is_file()]
    kept = [path for path in found if ".spec." not in path.name and "testing" not in path.relative_to(root).parts]
    return sorted([*kept, *(root / name for name in SINGLE)])


def digest(root: Path = HERE) -> str:
    """The digest of the names and texts of the sources, whatever line ends the checkout has."""
    whole = hashlib.sha256()
    for path in sources(root):
        text = path.read_bytes().replace(b"\r\n", b"\n")
        whole.update(f"{path.relative_to(root).as_posix()} {len(text)}\n".encode())
        whole.update(text)
    return whole.hexdigest()


def build() -> None:
    """Install what the build needs, generate the types of the wire, type-check, bundle, record; an installed copy follows.

    That copy is one and no link: pip writes and deletes through links, here into the sources.
    """
    environ = {**os.environ, "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))}
    for step in (("install", "--immutable"), ("wire",), ("build:prod",)):
        subprocess.run([*JLPM, *step], cwd=HERE, env=environ, check=True)  # noqa: S603
    RECORD.write_text(digest() + "\n")
    if INSTALLED.is_symlink():
        INSTALLED.unlink()
    shutil.rmtree(INSTALLED, ignore_errors=True)
    shutil.copytree(HERE / "labextension", INSTALLED)
    shutil.copy(HERE / "install.json", INSTALLED)


if __name__ == "__main__":
    build()
