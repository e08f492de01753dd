"""The texts of a new project's first files, and the names that they carry."""

from __future__ import annotations

import keyword
import re
import sys
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from packaging.utils import InvalidName, canonicalize_name

from jupyter_dep.base.errors import UsageError

VERSION = "0.1.0"
HATCHLING: Mapping[str, object] = {"requires": ["hatchling"], "build-backend": "hatchling.build"}
SETUPTOOLS: Mapping[str, object] = {"requires": ["setuptools>=77"], "build-backend": "setuptools.build_meta"}
"""77 is the first that reads a licence as PEP 639 writes it."""

_ORDER = (
    *("name", "version", "description", "readme", "requires-python", "license", "license-files", "authors", "maintainers"),
    *("keywords", "classifiers", "dynamic", "dependencies", "urls", "scripts", "gui-scripts", "entry-points"),
)
_WIDTH = 100
_IGNORED = ("__pycache__/", "*.py[cod]", ".ipynb_checkpoints/", ".venv/")
_IGNORED_OF_PACKAGE = ("build/", "dist/", "*.egg-info/")


def name_of_folder(folder: str) -> str:
    """The name of a distribution for a folder's name: `Übung 3` gives `ubung-3`.

    Errors: `bad-project-name` where letters have no counterpart in ASCII, since half a name is worse than a question.
    """
    parts = unicodedata.normalize("NFKD", folder)
    bare = "".join(character for character in parts if not unicodedata.category(character).startswith("M"))
    plain = re.sub(r"[^A-Za-z0-9]+", "-", bare).strip("-")
    if not plain or any(character.isalnum() and not character.isascii() for character in bare):
        raise _refuse_name(folder, "has no spelling in the letters that a project's name may have")
    return str(canonicalize_name(plain))


def checked_name(name: str) -> str:
    """A name that was typed, as it is. Errors: `bad-project-name`."""
    try:
        canonicalize_name(name, validate=True)
    except InvalidName:
        raise _refuse_name(name, "is not a valid project name") from None
    return name


def module_name(name: str) -> str:
    """The name that a distribution's package is imported by. Errors: `bad-project-name` where none can be."""
    module = str(canonicalize_name(name)).replace("-", "_")
    if not module.isidentifier() or keyword.iskeyword(module):
        raise _refuse_name(name, f"gives the package `{module}`, which no `import` could name")
    if module in sys.stdlib_module_names:
        raise _refuse_name(name, f"gives the package `{module}`, which is a module of Python itself")
    return module


def new_manifest(name: str, requires_python: str, *, library: bool) -> str:
    """The `pyproject.toml` of a new folder; a `library` has a build system."""
    text = project_table(
        {
            "name": name,
            "version": VERSION,
            "description": "",
            "readme": "README.md",
            "requires-python": requires_python,
            "dependencies": [],
        }
    )
    return text + "\n" + build_system(HATCHLING) if library else text


def project_table(values: Mapping[str, object]) -> str:
    """A `[project]` table with its sub-tables, keys in the usual order."""
    import tomlkit

    document = tomlkit.document()
    table = tomlkit.table()
    document["project"] = table
    fill(table, values)
    return tomlkit.dumps(document)


def build_system(values: Mapping[str, object]) -> str:
    """A `[build-system]` table."""
    import tomlkit

    return tomlkit.dumps({"build-system": dict(values)})


def fill(table: Any, values: Mapping[str, object]) -> None:
    """Put values into a `[project]` table of tomlkit, keys in the usual order and tables last."""
    for key in sorted(values, key=lambda key: _ORDER.index(key) if key in _ORDER else len(_ORDER)):
        table[key] = _item(values[key])


def listed(values: Sequence[object]) -> Any:
    """A list of texts and tables: an entry a line where it would be long, or where there are tables in it."""
    import tomlkit

    array = tomlkit.array()
    for entry in values:
        array.append(in_line(entry) if isinstance(entry, Mapping) else entry)
    return array.multiline(len(array.as_string()) > _WIDTH or any(isinstance(entry, Mapping) for entry in values))


def in_line(values: Mapping[str, object]) -> Any:
    """A table on one line."""
    import tomlkit

    inline = tomlkit.inline_table()
    inline.update(dict(values))
    return inline


def _item(value: object) -> Any:
    import tomlkit

    if isinstance(value, list | tuple):
        return listed(value)
    if isinstance(value, Mapping):
        nested = tomlkit.table(is_super_table=bool(value) and all(isinstance(one, Mapping) for one in value.values()))
        for key, entry in value.items():
            nested[key] = _item(entry)
        return nested
    return value


def readme(name: str, *, library: bool) -> str:
    """A first `README.md`: what it is called, and the line that makes it run."""
    does = "sets up the environment with this package in it" if library else "sets up the environment of its notebooks"
    return f"# {name}\n\n`jupyter dep install` {does}.\n"


def gitignore(*, library: bool) -> str:
    """A first `.gitignore`; the lock is not in it, since it belongs into version control."""
    return "\n".join((*_IGNORED, *(_IGNORED_OF_PACKAGE if library else ()))) + "\n"


def package_source(name: str) -> str:
    """A first `__init__.py`."""
    return f'"""{name}."""\n'


def first_test(module: str) -> str:
    """A first test: the package can be imported."""
    return f"import {module}\n\n\ndef test_it_can_be_imported() -> None:\n    assert {module}.__doc__\n"


def _refuse_name(name: str, why: str) -> UsageError:
    return UsageError(
        "bad-project-name",
        f"`{name}` {why}",
        hint="say one of letters, digits and `-` with `--name`, such as `--name my-analysis`",
        context={"name": name},
    )
