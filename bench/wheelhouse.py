"""The wheels that the mirror serves: real ones, brought once from the user's package index, and made ones of any number."""

from __future__ import annotations

import hashlib
import random
import shutil
import subprocess
import sys
import zipfile
from email.parser import BytesHeaderParser
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))  # the same wheels and servers as the tests have

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version
from support.wheels import build_wheel

from .peers import cache_folder

KERNEL = ("ipykernel>=6.29", "ipywidgets>=8")
"""What every side's environment has, as a notebook needs it."""
DECLARED = ("pandas", "httpx")
OLD, NEW = "toolz==1.0.0", "toolz==1.1.0"
"""The package that is upgraded: two releases of one size."""
_PYTHONS = ("cp311", "cp312", "cp313", "cp314")
_PLATFORMS = (
    "manylinux_2_17_x86_64.manylinux2014_x86_64", "manylinux_2_17_aarch64.manylinux2014_aarch64", "musllinux_1_2_x86_64",
    "musllinux_1_2_aarch64", "macosx_11_0_arm64", "macosx_10_13_x86_64", "win_amd64", "win_arm64",
)  # fmt: skip
_BROUGHT = ("ipykernel", "ipywidgets", "pandas", "httpx", "six")


def real() -> Path:
    """The folder with the wheels of the kernel's packages, of what is declared and of what is added.

    Brought once, by pip, from the index that the user has configured. What other platforms and Pythons would get has empty
    stand-ins: without them nobody could make a universal lock, and locks would be far shorter than in life. Raises
    RuntimeError with what pip said last.
    """
    text = "\n".join([sys.version, *_BROUGHT, OLD, NEW])
    folder = cache_folder() / f"wheels-{hashlib.sha256(text.encode()).hexdigest()[:12]}"
    if (folder / "complete").exists():
        return folder / "files"
    shutil.rmtree(folder, ignore_errors=True)
    files = folder / "files"
    for wanted in ([*_BROUGHT, OLD], [NEW]):
        argv = [sys.executable, "-m", "pip", "download", "--quiet", "--only-binary", ":all:", "--dest", str(files), *wanted]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(
                f"the wheels could not be brought: {(done.stderr.strip().splitlines() or ['no reason told'])[-1]}"
            )
    _for_others(files)
    _stand_in(files)
    (folder / "complete").touch()
    return files


def _for_others(folder: Path) -> None:
    """Beside each wheel that is for this Python or platform only, those that a release has for others."""
    for path in sorted(folder.glob("*.whl")):
        name, version, tag, *_ = path.stem.split("-")
        if path.stem.endswith("-any"):
            continue
        with zipfile.ZipFile(path) as archive:
            metadata = archive.read(f"{name}-{version}.dist-info/METADATA")
        stable = "abi3" in path.name
        for python, platform in [(python, platform) for python in ([tag] if stable else _PYTHONS) for platform in _PLATFORMS]:
            abi = "abi3" if stable else python
            other = folder / f"{name}-{version}-{python}-{abi}-{platform}.whl"
            if "manylinux" in path.name and "manylinux" in platform and "x86_64" in platform and python == tag:
                continue
            _write(other, f"{name}-{version}", metadata, f"{python}-{abi}-{platform}")


def _write(path: Path, stem: str, metadata: bytes, tag: str) -> None:
    info = f"{stem}.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{info}/METADATA", metadata)
        archive.writestr(f"{info}/WHEEL", f"Wheel-Version: 1.0\nGenerator: bench\nRoot-Is-Purelib: false\nTag: {tag}\n")
        archive.writestr(f"{info}/RECORD", f"{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n")


def _stand_in(folder: Path) -> None:
    """Empty wheels for what is needed elsewhere only: on other systems, by other Pythons."""
    there = {canonicalize_name(path.name.partition("-")[0]) for path in folder.glob("*.whl")}
    elsewhere: dict[str, SpecifierSet] = {}
    for path in sorted(folder.glob("*.whl")):
        for text in _requires(path):
            requirement = Requirement(text)
            name = canonicalize_name(requirement.name)
            if name not in there and (requirement.marker is None or "extra" not in str(requirement.marker)):
                elsewhere[name] = elsewhere.get(name, SpecifierSet()) & requirement.specifier
    for missing, allowed in elsewhere.items():
        named = sorted((Version(clause.version.removesuffix(".*")) for clause in allowed), reverse=True)
        version = next((str(each) for each in named if allowed.contains(each)), "999")
        build_wheel(folder, missing, version)


def _requires(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [each for each in archive.namelist() if each.endswith(".dist-info/METADATA") and each.count("/") == 1]
        found: list[str] = BytesHeaderParser().parsebytes(archive.read(name)).get_all("Requires-Dist", [])
    return found


SMALL = tuple(f"small-{number}" for number in range(10))
"""Packages of one module that need nothing: what near-equal environments differ by."""
MADE = tuple(f"made-{number:03}" for number in range(200))
"""Packages of forty modules, each of which needs up to two of those before it."""


def made(folder: Path) -> Path:
    """Write the wheels of `SMALL` and `MADE` into a folder; bytes are those of a fixed seed."""
    dice = random.Random(7)
    text = "# " + "".join(dice.choices("abcdefgh \n#", k=4_000)).replace("\n", "\n# ") + "\n"
    for number, name in enumerate(MADE):
        module = name.replace("-", "_")
        body = {f"{module}/m{at}.py": f"{text}VALUE = {number * 40 + at}\n" for at in range(40)}
        needed = sorted({MADE[number - 1], MADE[number // 2]} - {name}) if number else []
        build_wheel(folder, name, "1.0", requires=needed, files=body)
    for name in SMALL:
        build_wheel(folder, name, "1.0")
    return folder


def subset(number: int) -> list[str]:
    """The small packages of notebook `number`: another selection for each number below 1,024."""
    return [name for at, name in enumerate(SMALL) if number >> at & 1]
