"""Folders that are packages, with a build backend that lies within: they build without any network."""

from __future__ import annotations

from pathlib import Path

from .wheels import escaped

BACKEND = '''\
"""A build backend of the standard library's own means: it reads name and version, packs `src`, and says what it does."""
import base64, hashlib, io, os, pathlib, tarfile, tomllib, zipfile

HERE = pathlib.Path(__file__).resolve().parent


def _project():
    project = tomllib.loads((HERE / "pyproject.toml").read_text("utf-8"))["project"]
    version = project.get("version") or (HERE / "VERSION").read_text("utf-8").strip()
    name = project["name"].replace("-", "_").replace(".", "_").lower()
    return name + "-" + version, f"Metadata-Version: 2.3\\nName: {project['name']}\\nVersion: {version}\\n"


def build_wheel(folder, settings=None, metadata=None):
    (HERE / "ran.txt").write_text(" ".join(sorted(os.environ)), "utf-8")
    stem, text = _project()
    info = stem + ".dist-info/"
    files = {path.relative_to(HERE / "src").as_posix(): path.read_bytes() for path in (HERE / "src").rglob("*.py")}
    files[info + "METADATA"] = text.encode()
    files[info + "WHEEL"] = b"Wheel-Version: 1.0\\nGenerator: tests\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
    rows = ""
    with zipfile.ZipFile(os.path.join(folder, stem + "-py3-none-any.whl"), "w") as wheel:
        for name, data in files.items():
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            rows += f"{name},sha256={digest},{len(data)}\\n"
            wheel.writestr(zipfile.ZipInfo(name), data)
        wheel.writestr(zipfile.ZipInfo(info + "RECORD"), rows + info + "RECORD,,\\n")
    return stem + "-py3-none-any.whl"


build_editable = build_wheel


def build_sdist(folder, settings=None):
    stem, text = _project()
    members = {path.relative_to(HERE).as_posix(): path.read_bytes() for path in HERE.glob("src/**/*.py")}
    own = [HERE / name for name in ("pyproject.toml", "backend.py", "VERSION")]
    members |= {path.name: path.read_bytes() for path in own if path.exists()}
    members["PKG-INFO"] = text.encode()
    with tarfile.open(os.path.join(folder, stem + ".tar.gz"), "w:gz", format=tarfile.PAX_FORMAT) as archive:
        for name, data in members.items():
            entry = tarfile.TarInfo(stem + "/" + name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return stem + ".tar.gz"
'''


def package(folder: Path, name: str = "mine", version: str | None = "0.1.0", *, backend: str = BACKEND, more: str = "") -> Path:
    """A folder that is a package; `version` None leaves it to the backend, which reads `VERSION`. Returns its manifest."""
    folder.mkdir(parents=True, exist_ok=True)
    said = f'version = "{version}"' if version else 'dynamic = ["version"]'
    text = f"""\
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "{name}"  # a name of ours
{said}
requires-python = ">=3.9"
{more}"""
    (folder / "pyproject.toml").write_text(text, "utf-8")
    (folder / "backend.py").write_text(backend, "utf-8")
    if version is None:
        (folder / "VERSION").write_text("0.7.0\n", "utf-8")
    module = folder / "src" / escaped(name)
    module.mkdir(parents=True, exist_ok=True)
    (module / "__init__.py").write_text(f'__version__ = "{version or "0.7.0"}"\n', "utf-8")
    return folder / "pyproject.toml"
