"""`environment.yml` of conda: the pip part is carried over, the Python too; conda's own packages are proposed or left.

conda's names are another index's: a package is proposed where the catalogue knows a distribution in the same role, and
declared only after a look at it.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from importlib import import_module
from typing import Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from jupyter_dep.base.steps import Hint, step
from jupyter_dep.model.migration.builder import ManifestBuilder, redacted, unreadable
from jupyter_dep.model.migration.manifest_value import ImportedManifest, ProjectFacts, Read
from jupyter_dep.model.packages import catalogue

from .requirements_txt import requirements_txt

# What conda calls differently; "" has no distribution in the same role, whatever an index has under that name.
_NAMES = {
    "pytorch": "torch", "pytorch-cpu": "torch", "pytorch-gpu": "torch", "opencv": "opencv-python", "py-opencv": "opencv-python",
    "matplotlib-base": "matplotlib", "seaborn-base": "seaborn", "msgpack-python": "msgpack", "py-xgboost": "xgboost",
    "py-lightgbm": "lightgbm", "pytables": "tables", "dask-core": "dask", "python-graphviz": "graphviz", "pyqt": "pyqt5",
    "tensorflow-base": "tensorflow", "tensorflow-gpu": "tensorflow", "faiss": "faiss-cpu",
    "ray-core": "ray", "jupyter_client": "jupyter-client", "brotli-python": "brotli", "python-duckdb": "duckdb",
    **dict.fromkeys(("graphviz", "gdal", "mkl", "git", "cmake", "ninja", "make", "nodejs", "ffmpeg", "tk", "zlib"), ""),
    **dict.fromkeys(("openssl", "sqlite", "hdf5", "geos", "proj", "r-base", "openjdk", "pandoc", "tesseract", "poppler"), ""),
    **dict.fromkeys(("cudatoolkit", "cudnn", "nccl", "blas", "openblas", "nomkl", "java", "boost", "libxml2", "snappy"), ""),
}  # fmt: skip
_INSTALLERS = {"pip", "setuptools", "wheel", "conda", "mamba"}
_BUILDER = "it belongs to conda itself; an environment of a lock needs none"


def environment_yml(
    text: str, *, read: Read, origin: str = "environment.yml", known_indexes: Collection[str] = ()
) -> ImportedManifest:
    """What an `environment.yml` declares. Errors: `unreadable-import`, and what `read` raises for files of the pip part."""
    document = _read_document(text, origin)
    builder = ManifestBuilder(origin, known_indexes)
    pip_lines: list[str] = []
    requires_python = None
    listed = document.get("dependencies") or []
    for entry in listed if isinstance(listed, list) else [listed]:
        if isinstance(entry, str):
            python = _read_package(builder, entry)
            requires_python = python or requires_python
        elif isinstance(entry, dict) and set(entry) == {"pip"}:
            pip_lines += builder.texts(entry["pip"] or None, "the pip part")
        else:
            builder.leave("an entry of the dependencies", "it is neither a package nor the pip part")
    for key, why in (
        ("channels", "channels are conda's; packages come from your package index"),
        ("variables", "set them where the notebook is run; a declaration has no variables"),
        ("prefix", "environments live in the store"),
    ):
        if document.get(key):
            builder.leave(key if key == "variables" else f"{key} {_flatten(document[key])}", why)
    for key in sorted(set(document) - {"name", "channels", "dependencies", "variables", "prefix"}):
        builder.leave(f"`{key}`", "it has no counterpart")
    pip = requirements_txt("\n".join(pip_lines), read=read, origin=origin, known_indexes=known_indexes)
    name = str(document.get("name") or "")
    return _add_pip(
        builder.build(
            ProjectFacts(
                name=name if re.fullmatch(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?", name) and name != "base" else None,
                requires_python=requires_python,
                package=False,
            )
        ),
        pip,
    )


def _add_pip(conda: ImportedManifest, pip: ImportedManifest) -> ImportedManifest:
    from dataclasses import replace

    return replace(
        pip,
        name=conda.name,
        requires_python=conda.requires_python,
        package=False,
        proposed=conda.proposed,
        unsupported=(*conda.unsupported, *pip.unsupported),
    )


def _read_document(text: str, origin: str) -> dict[str, Any]:
    # by its name, since it has no types
    yaml = import_module("yaml")
    try:
        # everything a text: YAML takes `1.10` for a number and `3.10` for 3.1. This loader makes no object but str, list, dict
        document = yaml.load(text, Loader=yaml.BaseLoader)
    except (yaml.YAMLError, RecursionError) as error:
        raise unreadable(origin, "YAML", error) from error
    if not isinstance(document, dict):
        raise unreadable(origin, "an environment of conda", ValueError("it has no `dependencies`"))
    return document


def _read_package(builder: ManifestBuilder, entry: str) -> str | None:
    """Propose or leave one of conda's packages; the Python range where it is Python."""
    spec = entry.rpartition("::")[2].strip()
    match = re.fullmatch(r"(?P<name>[A-Za-z0-9._-]+)\s*(?:\[(?P<keys>[^\]]*)\])?\s*(?P<rest>.*)", spec)
    if match is None:
        builder.leave(entry, "it is not a conda package")
        return None
    name, rest = match["name"].lower(), match["rest"].strip()
    keyed = re.search(r"version\s*=\s*['\"]?([^'\"]+)['\"]?", match["keys"] or "")
    bound, lost = _read_bound(keyed[1] if keyed else rest)
    if name == "python":
        if re.fullmatch(r"==\d+\.\d+(?:\.\d+)+(?:\.\*)?", bound):
            builder.leave(entry, "the Python minor is carried over, the patch release is the machine's")
            bound = "==" + ".".join(bound.removeprefix("==").split(".")[:2]) + ".*"
        elif lost:
            builder.leave(entry, lost)
        return bound or None
    if name in _INSTALLERS:
        builder.leave(entry, _BUILDER)
        return None
    known = _NAMES.get(name, name if name in catalogue.entries() else None)
    if not known:
        why = (
            "conda's own: a program or library of the operating system"
            if known == "" or re.match(r"(?:lib|r-|_|cuda|gcc|gxx|binutils|sysroot|ld_impl)", name)
            else Hint("only conda is known to have it; ", step("search", name, target=None), " may find another name")
        )
        builder.leave(entry, why)
        return None
    proposal = known + ("" if lost else bound)
    builder.proposed.append(proposal)
    builder.leave(
        entry, f"conda's package; `{proposal}` from your package index is in the same role" + (f" ({lost})" if lost else "")
    )
    return None


def _read_bound(text: str) -> tuple[str, str]:
    """A specifier for conda's version text, and why there is none: one `=` means every version that begins so."""
    rest = text.strip()
    if not rest or rest == "*":
        return "", ""
    fuzzy = re.fullmatch(r"=(?!=)\s*(?P<version>\d[\w.]*?)(?:\.?\*)?(?P<build>=[^=\s]+)?", rest)
    if fuzzy is not None:
        # with a build string the version is exact
        return (f"=={fuzzy['version']}" if fuzzy["build"] else f"=={fuzzy['version']}.*"), ""
    plain = re.fullmatch(r"(?:==)?\s*(?P<version>\d[\w.]*?)(?P<wild>\.?\*)?(?:[\s=]+\S+)?", rest)
    if plain is not None:
        return f"=={plain['version']}{'.*' if plain['wild'] else ''}", ""
    try:
        return str(SpecifierSet(re.sub(r"\s*,\s*", ",", rest))), ""
    except InvalidSpecifier:
        return "", f"`{rest}` has no counterpart in PEP 440"


def _flatten(value: object) -> str:
    """The texts in a value; what aliases have nested is not unfolded, since a few lines can stand for gigabytes."""
    return redacted(", ".join(item for item in (value if isinstance(value, list) else [value]) if isinstance(item, str)))
